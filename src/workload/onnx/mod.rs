//! ONNX models: networks with their weights.
//!
//! [`import`] reads a classification network of 32-bit floats, or one quantised to the QDQ form (pairs of
//! QuantizeLinear and DequantizeLinear), of ONNX operator sets 7 to 21. Everything is checked by the same
//! rules as a network file; what is wrong is said with the node and its operator, all of it in one go.
//!
//! # What is read
//! | operators | become |
//! |---|---|
//! | Conv (groups, dilation, `auto_pad`), Gemm (`transA = 0`), MatMul with constant right operand | layers of the array |
//! | BatchNormalization, Add and Mul of a constant | folded into the weights of the layer right before |
//! | Relu, Clip to 0..6 or 0..infinity | the activation of the layer before if nothing else reads it, else an element-wise layer |
//! | Add and Sum of two activations, MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ReduceMean over height and width, Concat of channels, Pad with 0 (part of the Conv nodes behind it where they can pad as much), Slice, Softmax as the last layer | layers of the vector unit |
//! | Flatten, Reshape, Squeeze, Unsqueeze, Transpose, Identity, Dropout | nothing, and are refused where they would move values; one Transpose from `[batch, height, width, channels]` right at the input is fine |
//! | Constant, Shape, Gather, Cast, and Concat, Slice, Reshape, Squeeze, Unsqueeze, Transpose of constants | computed here |
//! | QuantizeLinear, DequantizeLinear | of constants (INT8, UINT8, INT32, per tensor or per channel): float weights; of activations: [`Model::ranges`] |
//!
//! Nodes that no output of the graph needs are left out. The batch of the file, open or not, is taken as one
//! image; batches are the simulator's business.
//!
//! # Names
//! A layer is called as the first node it was made of (the Conv, not its Relu), without the slashes in front
//! that some exporters write; a node without a name as its first output. Characters that a layer's name
//! cannot have (`*`, `?`, control characters) become `_`, and a name that is taken gets `_2`, `_3`, ...
//!
//! # Quantised files
//! A pair of QuantizeLinear and DequantizeLinear on an activation fixes the range of its tensor,
//! `(least code - zero point) * scale` to `(greatest code - zero point) * scale`. Where the zero point is the
//! least code the pair clips at 0, and quantisers remove the Relu in front of it; it is put back here.

mod border;
mod constant;
mod constants;
mod data_movement;
mod functions;
mod graph;
mod linear;
mod names;
mod node;
mod operators;
mod problem;
mod quantised;
mod sliding;
mod translate;
mod value;
mod views;
mod wire;

use std::collections::HashMap;
use std::path::Path;

use rten_onnx::onnx::ModelProto;

use self::graph::{Graph, whole};
use self::node::{Node, shown};
use self::problem::{Failure, Problem};
use self::translate::Translator;
use self::value::Budget;
use super::file::{InputFile, NetworkFile};
use super::model::Model;
use super::network::Network;
use super::shape::Shape;
use super::{NormalisationFunction, Op};
use crate::blocked::Signedness;
use crate::source::{Diagnostics, FileKind, Finding, Findings, LoadError, PathPart, open_bytes};

/// What is wrong with an ONNX file: the file, the nodes with their operators, what is wrong with each and what
/// is supported.
pub type OnnxError = Findings;

/// Larger files are refused: 1 GiB, twice VGG16.
pub const MAX_ONNX_BYTES: u64 = 1 << 30;

/// Whether a path names an ONNX file.
pub fn is_onnx(path: &str) -> bool {
    let extension = Path::new(path).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}

/// Reads the ONNX file at `path`.
///
/// # Errors
/// The file cannot be read or is larger than [`MAX_ONNX_BYTES`], or as [`import`].
pub fn open(path: &str) -> Result<Model, LoadError> {
    let bytes = open_bytes(FileKind::Workload, path, MAX_ONNX_BYTES)?;
    Ok(import(path, &bytes)?)
}

/// The network with its weights that `bytes`, the content of the file `name`, hold.
///
/// # Errors
/// Everything wrong with the file that can be told at once: it is no ONNX model, cut short, of an operator set
/// that is not read; it has operators or attributes that are not supported, shapes that do not fit, weights
/// that are missing, too few, not finite or in another file, or a cycle.
pub fn import(name: &str, bytes: &[u8]) -> Result<Model, OnnxError> {
    let fail = |findings| Findings::all(name, findings);
    let model = parse(bytes).map_err(|finding| fail(vec![finding]))?;
    let graph = graph::graph(model).map_err(fail)?;
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
    let budget = Budget::of_file(bytes.len() as u64);
    translate(stem.unwrap_or(name), &graph, budget).map_err(fail)
}

fn parse(bytes: &[u8]) -> Result<ModelProto, Finding> {
    let expected = "an ONNX model";
    if bytes.is_empty() {
        return Err(whole("the file is empty", expected));
    }
    if bytes.len() as u64 > MAX_ONNX_BYTES {
        let limit = format!("at most {} MiB", MAX_ONNX_BYTES >> 20);
        return Err(whole("the file is too large", limit));
    }
    wire::check(bytes).map_err(|malformed| {
        let offset = malformed.offset;
        let message = format!("no ONNX model: at byte {offset}, {}", malformed.what);
        whole(message, expected)
    })?;
    ModelProto::parse_buf(bytes).map_err(|error| whole(format!("no ONNX model: {error}"), expected))
}

fn translate(name: &str, graph: &Graph, budget: Budget) -> Result<Model, Vec<Finding>> {
    let mut translator = Translator::new(graph, budget);
    let mut findings = Vec::new();
    for node in &graph.nodes {
        if let Err(failure) = translator.node(node) {
            translator.give_up(node);
            match failure {
                Failure::Said(problem) => findings.push((finding(node, problem), None)),
                Failure::Unsupported(problem) => {
                    findings.push((finding(node, problem), Some(node.operator.as_str())));
                }
                Failure::Silent => {}
            }
        }
        if translator.budget.is_spent() && !findings.is_empty() {
            break;
        }
    }
    if !findings.is_empty() {
        return Err(gathered(findings));
    }
    let origins = translator.origins.clone();
    let ranges = translator
        .tensors
        .iter()
        .map(|tensor| tensor.range)
        .collect();
    let weights = std::mem::take(&mut translator.weights);
    let network = network(name, graph, translator).map_err(|diagnostics| {
        diagnostics
            .problems()
            .map(|problem| Finding {
                part: part(&problem.place, graph, &origins),
                message: problem.message.clone(),
                note: problem.expected.clone(),
                help: problem.help.clone(),
            })
            .collect::<Vec<_>>()
    })?;
    check_softmax(&network, &origins)?;
    Ok(Model {
        network,
        weights,
        ranges,
    })
}

fn finding(node: &Node, problem: Problem) -> Finding {
    Finding {
        part: node.part(),
        message: problem.message,
        note: problem.note,
        help: problem.help,
    }
}

/// The findings, some of them about an operator that is not supported, with each such operator once, and the list of
/// those that are supported at the first.
fn gathered(findings: Vec<(Finding, Option<&str>)>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    // Where each operator was said first, and how many nodes have it.
    let mut unsupported: Vec<(usize, u64)> = Vec::new();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (finding, operator) in findings {
        if let Some(operator) = operator {
            let number = *numbers.entry(operator).or_insert(unsupported.len());
            if let Some((_, nodes)) = unsupported.get_mut(number) {
                *nodes += 1;
                continue;
            }
            unsupported.push((kept.len(), 1));
        }
        kept.push(finding);
    }
    for (number, (index, nodes)) in unsupported.into_iter().enumerate() {
        let finding = &mut kept[index];
        if nodes > 1 {
            finding.message += &format!(" ({nodes} nodes)");
        }
        if number > 0 {
            finding.note.clear();
        }
    }
    kept
}

fn network(name: &str, graph: &Graph, translator: Translator<'_>) -> Result<Network, Diagnostics> {
    let input = translator.tensors[0];
    let small = |size: u64| u32::try_from(size).unwrap_or(u32::MAX);
    let producer = match graph.producer.trim() {
        "" => String::new(),
        producer => format!(", written by {producer}"),
    };
    let Shape {
        channels,
        height,
        width,
    } = input.shape;
    let network = NetworkFile {
        description: format!("ONNX model, operator set {}{producer}", graph.opset),
        inputs: vec![InputFile {
            signed: input.signedness == Signedness::Signed,
            ..InputFile::new(translator.input_name, [channels, height, width].map(small))
        }],
        layers: translator.layers,
        ..NetworkFile::new(names::valid(name))
    };
    network.build()
}

/// The part of the file behind a place in the network made of it.
fn part(place: &crate::source::Place, graph: &Graph, origins: &[&Node]) -> String {
    match place.parts() {
        [PathPart::Field(list), PathPart::Index(index), ..] if list == "layers" => origins
            .get(*index)
            .map_or(String::new(), |node| node.part()),
        [PathPart::Field(list), ..] if list == "inputs" => {
            format!("input `{}`", shown(&graph.input.name))
        }
        _ => String::new(),
    }
}

/// A softmax is the end of a classifier; in the middle of a network nothing here computes it.
fn check_softmax(network: &Network, origins: &[&Node]) -> Result<(), Vec<Finding>> {
    let findings: Vec<Finding> = network
        .layers
        .iter()
        .zip(origins)
        .filter(|(layer, _)| {
            let softmax = matches!(&layer.op, Op::Normalisation(op) if op.function == NormalisationFunction::Softmax);
            softmax && !network.consumers(layer.output).is_empty()
        })
        .map(|(_, node)| {
            let problem = Problem::new("its output is read by another layer")
                .expected("a softmax only at the end");
            finding(node, problem)
        })
        .collect();
    match findings.is_empty() {
        true => Ok(()),
        false => Err(findings),
    }
}
