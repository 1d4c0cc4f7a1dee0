//! The graph of the file: what is needed for its outputs, in an order in which it can be computed.

use std::collections::{BTreeSet, HashMap, HashSet};

use rten_onnx::onnx::{DataType, GraphProto, ModelProto, TensorProto, ValueInfoProto};

use super::node::{Node, shown};
use super::problem::{Failure, OpResult, Problem};
use crate::source::{Finding, nearest};
use crate::workload::MAX_LAYERS;

/// Versions of the default operator set that are understood.
pub(super) const OPSETS: std::ops::RangeInclusive<i64> = 7..=21;

/// A graph, reduced to what its outputs need.
pub(super) struct Graph {
    /// Version of the default operator set.
    pub(super) opset: i64,
    /// The program that wrote the file; may be empty.
    pub(super) producer: String,
    /// In an order in which they can be computed.
    pub(super) nodes: Vec<Node>,
    pub(super) initialisers: HashMap<String, TensorProto>,
    pub(super) input: GraphInput,
    /// How often each value is read, by nodes and as an output of the graph.
    pub(super) uses: HashMap<String, usize>,
}

/// The image that the network reads.
pub(super) struct GraphInput {
    pub(super) name: String,
    /// Its batch, if the file fixes it.
    pub(super) batch: Option<u64>,
    /// Its dimensions behind the batch.
    pub(super) dims: Vec<u64>,
}

/// The graph of `model`.
///
/// # Errors
/// Everything wrong with how its parts hang together.
pub(super) fn graph(model: ModelProto) -> Result<Graph, Vec<Finding>> {
    let opset = opset(&model).map_err(|finding| vec![finding])?;
    let producer = model.producer_name.unwrap_or_default();
    let Some(proto) = model.graph else {
        return Err(vec![whole("the file has no graph", "a model with a graph")]);
    };
    let GraphProto {
        node,
        initializer,
        input,
        output,
        ..
    } = proto;
    if node.len() > MAX_LAYERS {
        let message = format!("the graph has {} nodes", node.len());
        return Err(vec![whole(message, format!("at most {MAX_LAYERS}"))]);
    }
    let nodes: Vec<Node> = node.into_iter().map(Node::new).collect();
    let mut initialisers = HashMap::new();
    for tensor in initializer {
        let name = tensor.name.clone().unwrap_or_default();
        initialisers.insert(name, tensor);
    }
    let outputs: Vec<String> = output.into_iter().filter_map(|value| value.name).collect();
    let links = Links::of(&nodes, &initialisers, &input)?;
    let needed = links.needed(&nodes, &outputs)?;
    let input = links.input(&nodes, &needed, input)?;
    let order = links.order(&nodes, &needed)?;
    let uses = uses(&nodes, &needed, &outputs);
    let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    Ok(Graph {
        opset,
        producer,
        nodes: order
            .into_iter()
            .filter_map(|index| nodes[index].take())
            .collect(),
        initialisers,
        input,
        uses,
    })
}

/// A finding about the file as a whole.
pub(super) fn whole(message: impl Into<String>, expected: impl Into<String>) -> Finding {
    Finding {
        part: String::new(),
        message: message.into(),
        note: format!("expected {}", expected.into()),
        help: None,
    }
}

fn opset(model: &ModelProto) -> Result<i64, Finding> {
    let versions = model.opset_import.iter();
    let default =
        versions.filter(|set| matches!(set.domain.as_deref(), None | Some("" | "ai.onnx")));
    let version = default.filter_map(|set| set.version).max();
    let expected = format!("version {} to {}", OPSETS.start(), OPSETS.end());
    match version {
        Some(version) if OPSETS.contains(&version) => Ok(version),
        Some(version) => Err(whole(
            format!("the file uses version {version} of the ONNX operators (opset)"),
            expected,
        )),
        None => Err(whole(
            "the file does not say which version of the ONNX operators (opset) it uses",
            expected,
        )),
    }
}

fn uses(nodes: &[Node], needed: &BTreeSet<usize>, outputs: &[String]) -> HashMap<String, usize> {
    let mut uses = HashMap::new();
    let read = needed.iter().flat_map(|&index| &nodes[index].inputs);
    for name in read.chain(outputs) {
        *uses.entry(name.clone()).or_insert(0) += 1;
    }
    uses
}

/// Which node makes which value, and what comes from outside.
struct Links {
    producers: HashMap<String, usize>,
    initialisers: HashSet<String>,
    inputs: HashSet<String>,
}

impl Links {
    fn of(
        nodes: &[Node],
        initialisers: &HashMap<String, TensorProto>,
        inputs: &[ValueInfoProto],
    ) -> Result<Links, Vec<Finding>> {
        let mut producers = HashMap::new();
        let mut findings = Vec::new();
        let initialisers: HashSet<String> = initialisers.keys().cloned().collect();
        let inputs: HashSet<String> = inputs
            .iter()
            .filter_map(|input| input.name.clone())
            .collect();
        for (index, node) in nodes.iter().enumerate() {
            for output in node.outputs.iter().filter(|name| !name.is_empty()) {
                let again = producers.insert(output.clone(), index).is_some();
                if again || initialisers.contains(output) || inputs.contains(output) {
                    findings.push(Finding {
                        part: node.part(),
                        message: format!("the value `{}` is given twice", shown(output)),
                        note: "expected another name for each value".to_owned(),
                        help: None,
                    });
                }
            }
        }
        match findings.is_empty() {
            true => Ok(Links {
                producers,
                initialisers,
                inputs,
            }),
            false => Err(findings),
        }
    }

    /// The nodes that the outputs need.
    fn needed(&self, nodes: &[Node], outputs: &[String]) -> Result<BTreeSet<usize>, Vec<Finding>> {
        if outputs.is_empty() {
            return Err(vec![whole("the graph has no outputs", "at least one")]);
        }
        let mut findings = Vec::new();
        let mut needed = BTreeSet::new();
        let mut open: Vec<usize> = Vec::new();
        for output in outputs {
            match self.producers.get(output) {
                Some(&index) => open.push(index),
                None => {
                    let part = format!("output `{}`", shown(output));
                    findings.push(self.missing(output, part, findings.len()));
                }
            }
        }
        while let Some(index) = open.pop() {
            if !needed.insert(index) {
                continue;
            }
            for name in nodes[index].inputs.iter().filter(|name| !name.is_empty()) {
                match self.producers.get(name) {
                    Some(&producer) => open.push(producer),
                    None if self.is_given(name) => {}
                    None => findings.push(self.missing(name, nodes[index].part(), findings.len())),
                }
            }
        }
        match findings.is_empty() {
            true => Ok(needed),
            false => Err(findings),
        }
    }

    /// `already`: how many findings there are before it. Comparing with every name is slow, and nobody reads
    /// the hundredth suggestion.
    fn missing(&self, name: &str, part: String, already: usize) -> Finding {
        let mut names: Vec<&str> = match already {
            0..20 => self.producers.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        if !names.is_empty() {
            let given = self.initialisers.iter().chain(&self.inputs);
            names.extend(given.map(String::as_str));
        }
        // Of equally near names always the same.
        names.sort_unstable();
        Finding {
            part,
            message: format!("there is no value `{}`", shown(name)),
            note: "expected an initialiser, an input or an output of a node".to_owned(),
            help: nearest(name, names).map(|near| format!("did you mean `{}`?", shown(near))),
        }
    }

    /// The one input of the graph that is no initialiser.
    fn input(
        &self,
        nodes: &[Node],
        needed: &BTreeSet<usize>,
        inputs: Vec<ValueInfoProto>,
    ) -> Result<GraphInput, Vec<Finding>> {
        let read: HashSet<&str> = needed
            .iter()
            .flat_map(|&index| nodes[index].inputs.iter().map(String::as_str))
            .collect();
        let name = |input: &ValueInfoProto| input.name.clone().unwrap_or_default();
        let mut found: Vec<ValueInfoProto> = inputs
            .into_iter()
            .filter(|input| {
                let name = name(input);
                // Older files list initialisers among the inputs.
                read.contains(name.as_str()) && !self.initialisers.contains(&name)
            })
            .collect();
        let expected = "one input: the image";
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(vec![whole("no node reads an input of the graph", expected)]),
            (Some(last), false) => {
                let names = found.iter().chain([&last]).take(8);
                let names: Vec<String> = names.map(|input| shown(&name(input))).collect();
                let count = found.len() + 1;
                let message = format!("the graph has {count} inputs: `{}`", names.join("`, `"));
                Err(vec![whole(message, expected)])
            }
            (Some(input), true) => {
                let part = format!("input `{}`", shown(&name(&input)));
                image(input).map_err(|failure| match failure {
                    Failure::Said(problem) | Failure::Unsupported(problem) => vec![Finding {
                        part,
                        message: problem.message,
                        note: problem.note,
                        help: problem.help,
                    }],
                    Failure::Silent => Vec::new(),
                })
            }
        }
    }

    fn is_given(&self, name: &str) -> bool {
        self.initialisers.contains(name) || self.inputs.contains(name)
    }

    /// The needed nodes, each behind those it reads; in the order of the file where that is free.
    fn order(&self, nodes: &[Node], needed: &BTreeSet<usize>) -> Result<Vec<usize>, Vec<Finding>> {
        let producers = |index: usize| -> BTreeSet<usize> {
            let inputs = nodes[index].inputs.iter();
            inputs
                .filter_map(|name| self.producers.get(name).copied())
                .collect()
        };
        let mut waiting: HashMap<usize, usize> = HashMap::new();
        let mut readers: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut ready = BTreeSet::new();
        for &index in needed {
            let before = producers(index);
            for &producer in &before {
                readers.entry(producer).or_default().push(index);
            }
            match before.len() {
                0 => {
                    ready.insert(index);
                }
                count => {
                    waiting.insert(index, count);
                }
            }
        }
        let mut order = Vec::with_capacity(needed.len());
        while let Some(index) = ready.pop_first() {
            order.push(index);
            for &reader in readers.get(&index).into_iter().flatten() {
                let Some(count) = waiting.get_mut(&reader) else {
                    continue;
                };
                *count -= 1;
                if *count == 0 {
                    waiting.remove(&reader);
                    ready.insert(reader);
                }
            }
        }
        let Some(&start) = waiting.keys().min() else {
            return Ok(order);
        };
        // From a node that waits, back through nodes that wait: after as many steps it is on the cycle.
        let back: HashMap<usize, usize> = waiting
            .keys()
            .filter_map(|&index| {
                let mut before = producers(index).into_iter();
                Some((index, before.find(|before| waiting.contains_key(before))?))
            })
            .collect();
        let on_cycle =
            (0..back.len()).fold(start, |index, _| back.get(&index).copied().unwrap_or(index));
        Err(vec![Finding {
            part: nodes[on_cycle].part(),
            message: "it reads, by way of other nodes, its own output".to_owned(),
            note: "expected a graph without cycles".to_owned(),
            help: None,
        }])
    }
}

/// The dimensions of the image.
fn image(input: ValueInfoProto) -> OpResult<GraphInput> {
    let name = input.name.unwrap_or_default();
    let tensor = input.r#type.and_then(|kind| kind.tensor_type);
    let Some(tensor) = tensor else {
        return Problem::new("the input is no tensor")
            .expected("a tensor of 32-bit floats")
            .fail();
    };
    if let Some(other) = tensor.elem_type.filter(|&kind| kind != DataType::FLOAT) {
        return Problem::new(format!("the input is {other}"))
            .expected("FLOAT (32 bits)")
            .fail();
    }
    let dims: Vec<Option<u64>> = match &tensor.shape {
        Some(shape) => shape
            .dim
            .iter()
            .map(|dim| dim.dim_value.and_then(|size| u64::try_from(size).ok()))
            .map(|size| size.filter(|&size| size > 0))
            .collect(),
        None => Vec::new(),
    };
    let known: Option<Vec<u64>> = dims.iter().skip(1).copied().collect();
    match (dims.first(), known) {
        (Some(&batch), Some(known)) if matches!(known.len(), 1 | 3) => Ok(GraphInput {
            name,
            batch,
            dims: known,
        }),
        _ => {
            let shown: Vec<String> = dims
                .iter()
                .map(|size| size.map_or("?".to_owned(), |size| size.to_string()))
                .collect();
            Problem::new(format!("the input's shape is [{}]", shown.join(", ")))
                .expected("[batch, channels, height, width] or [batch, features], all but the batch known")
                .help(Some(
                    "export the model with a fixed image size; only the batch may be left open".to_owned(),
                ))
                .fail()
        }
    }
}
