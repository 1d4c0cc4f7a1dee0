//! From nodes to layers: the state that goes along with it.

use std::collections::HashMap;
use std::rc::Rc;

use super::border::Readers;
use super::constant::Constant;
use super::graph::Graph;
use super::names::Names;
use super::node::{Node, shown};
use super::problem::{Failure, OpResult, Problem, about};
use super::value::{Budget, TensorSoFar, Value, View};
use crate::blocked::Signedness;
use crate::source::{Checker, Place, SourceFile};
use crate::workload::network::signedness;
use crate::workload::op::{Activation, Elementwise, Function, Op};
use crate::workload::shape::{Input, Inspector, Shape};
use crate::workload::{LayerFile, LayerWeights, MAX_DIMENSION, MAX_TENSOR_ELEMENTS};

/// The network so far.
pub(super) struct Translator<'g> {
    pub(super) graph: &'g Graph,
    values: HashMap<&'g str, Value>,
    pub(super) tensors: Vec<TensorSoFar>,
    pub(super) layers: Vec<LayerFile>,
    pub(super) weights: Vec<Option<LayerWeights>>,
    /// The node behind each layer.
    pub(super) origins: Vec<&'g Node>,
    pub(super) padded: Readers<'g>,
    names: Names,
    pub(super) input_name: String,
    pub(super) budget: Budget,
}

impl<'g> Translator<'g> {
    pub(super) fn new(graph: &'g Graph, budget: Budget) -> Translator<'g> {
        let mut names = Names::default();
        let input_name = names.unique(&graph.input.name);
        let dims = graph.input.dims.clone();
        let channels_last = dims.len() == 3 && is_transposed_first(graph);
        let [channels, height, width] = match dims[..] {
            [height, width, channels] if channels_last => [channels, height, width],
            [channels, height, width] => [channels, height, width],
            _ => [dims[0], 1, 1],
        };
        let input = TensorSoFar {
            shape: Shape {
                channels,
                height,
                width,
            },
            signedness: Signedness::Signed,
            range: None,
        };
        let view = View {
            tensor: 0,
            dims,
            exclusive: true,
            channels_last,
            border: [0; 4],
        };
        Translator {
            graph,
            values: HashMap::from([(graph.input.name.as_str(), Value::Activation(view))]),
            tensors: vec![input],
            layers: Vec::new(),
            weights: Vec::new(),
            origins: Vec::new(),
            padded: Readers::of(graph),
            names,
            input_name,
            budget,
        }
    }

    /// What input `index` of a node is.
    pub(super) fn value(&self, node: &Node, index: usize) -> OpResult<Value> {
        let Some(name) = node.input(index) else {
            return Problem::new(format!("input {index} is missing")).fail();
        };
        match self.values.get(name) {
            Some(Value::Unknown) => Err(Failure::Silent),
            Some(value) => {
                let mut value = value.clone();
                if let Value::Activation(view) | Value::Quantised(view, _) = &mut value {
                    view.exclusive &= self.graph.uses.get(name) == Some(&1);
                }
                Ok(value)
            }
            None => {
                let Some(tensor) = self.graph.initialisers.get(name) else {
                    return Problem::new(format!("there is no value `{}`", shown(name))).fail();
                };
                let what = format!("initialiser `{}`", shown(name));
                let constant = about(&what, Constant::decode(tensor))?;
                self.budget.spend(constant.len())?;
                Ok(Value::Constant(Rc::new(constant)))
            }
        }
    }

    /// Whether input `index` of a node is a constant.
    pub(super) fn is_constant(&self, node: &Node, index: usize) -> bool {
        node.input(index)
            .is_some_and(|name| match self.values.get(name) {
                Some(value) => matches!(value, Value::Constant(_)),
                None => self.graph.initialisers.contains_key(name),
            })
    }

    /// Fails without a word if something has been said of what makes input `index`.
    pub(super) fn known(&self, node: &Node, index: usize) -> OpResult<()> {
        let value = node.input(index).and_then(|name| self.values.get(name));
        match value {
            Some(Value::Unknown) => Err(Failure::Silent),
            _ => Ok(()),
        }
    }

    /// The activation that input `index` of a node is.
    pub(super) fn activation(&self, node: &Node, index: usize) -> OpResult<View> {
        match self.value(node, index)? {
            Value::Activation(view) if view.channels_last => {
                Problem::new("the image has its channels last")
                    .expected("[batch, channels, height, width], or a Transpose to it first")
                    .fail()
            }
            Value::Activation(view) => Ok(view),
            Value::Quantised(..) => Problem::new(format!("input {index} is quantised"))
                .expected("a DequantizeLinear in front of every operator (QDQ form)")
                .fail(),
            Value::Constant(_) => Problem::new(format!("input {index} is constant"))
                .expected("an activation")
                .fail(),
            Value::Unknown => Err(Failure::Silent),
        }
    }

    /// The activation that input `index` is, read as `[channels, height, width]` or, where height and width
    /// are 1, without them.
    pub(super) fn plain(&self, node: &Node, index: usize) -> OpResult<View> {
        let view = self.activation(node, index)?;
        let shape = self.shape(&view);
        match trimmed(&view.dims) == trimmed(&shape) {
            true => Ok(view),
            false => Problem::new(format!(
                "input {index} is a tensor of {}x{}x{} reshaped to {:?}",
                shape[0], shape[1], shape[2], view.dims
            ))
            .expected("channels, height and width as they are")
            .fail(),
        }
    }

    /// As [`plain`](Self::plain), with all three dimensions.
    pub(super) fn image(&self, node: &Node, index: usize) -> OpResult<View> {
        let view = self.plain(node, index)?;
        match view.dims.len() {
            3 => Ok(view),
            count => Problem::new(format!("input {index} has {} dimensions", count + 1))
                .expected("4: batch, channels, height, width")
                .fail(),
        }
    }

    /// The constant that input `index` is; none where it is left out.
    pub(super) fn constant(&self, node: &Node, index: usize) -> OpResult<Option<Rc<Constant>>> {
        if node.input(index).is_none() {
            return Ok(None);
        }
        match self.value(node, index)? {
            Value::Constant(constant) => Ok(Some(constant)),
            _ => Problem::new(format!("input {index} is no constant"))
                .expected("an initialiser or what is computed from initialisers alone")
                .fail(),
        }
    }

    /// The constant that input `index` is.
    pub(super) fn needed(&self, node: &Node, index: usize) -> OpResult<Rc<Constant>> {
        match self.constant(node, index)? {
            Some(constant) => Ok(constant),
            None => Problem::new(format!("input {index} is missing")).fail(),
        }
    }

    /// Integers from an attribute or, in newer operator sets, an input.
    pub(super) fn integers(
        &self,
        node: &Node,
        attribute: &str,
        index: usize,
    ) -> OpResult<Option<Vec<i64>>> {
        if let Some(values) = node.ints(attribute) {
            return Ok(Some(values.to_vec()));
        }
        let what = format!("input {index} (`{attribute}`)");
        match self.constant(node, index)? {
            Some(constant) => about(&what, constant.integers()).map(Some),
            None => Ok(None),
        }
    }

    /// Channels, height, width of the tensor behind a view.
    pub(super) fn shape(&self, view: &View) -> [u64; 3] {
        let Shape {
            channels,
            height,
            width,
        } = self.tensors[view.tensor].shape;
        [channels, height, width]
    }

    /// Gives output `index` of a node its value.
    pub(super) fn set(&mut self, node: &'g Node, index: usize, value: Value) {
        if let Some(name) = node.output(index) {
            self.values.insert(name, value);
        }
    }

    /// Gives output 0 of a node a constant that was computed.
    pub(super) fn set_constant(&mut self, node: &'g Node, constant: Constant) -> OpResult<()> {
        self.budget.spend(constant.len())?;
        self.set(node, 0, Value::Constant(Rc::new(constant)));
        Ok(())
    }

    /// Gives the outputs of a node about which something has been said.
    pub(super) fn give_up(&mut self, node: &'g Node) {
        for index in 0..node.outputs.len() {
            self.set(node, index, Value::Unknown);
        }
    }

    /// Adds a layer. Its output is read as the image it is.
    pub(super) fn layer(
        &mut self,
        node: &'g Node,
        op: Op,
        inputs: &[usize],
        weights: Option<LayerWeights>,
    ) -> OpResult<View> {
        let shape = self.output(&op, inputs)?;
        if let Some(weights) = &weights {
            self.budget.spend(weights.values.len())?;
        }
        let signs: Vec<Signedness> = inputs
            .iter()
            .map(|&tensor| self.tensors[tensor].signedness)
            .collect();
        let signedness = signedness(&op, None, &signs);
        let names = inputs.iter().map(|&tensor| self.name(tensor).to_owned());
        let inputs = Some(names.collect());
        self.layers.push(LayerFile {
            name: self.names.unique(node.label()),
            op,
            activation: None,
            inputs,
        });
        self.weights.push(weights);
        self.origins.push(node);
        self.tensors.push(TensorSoFar {
            shape,
            signedness,
            range: None,
        });
        let tensor = self.layers.len();
        let mut view = View {
            tensor,
            dims: Vec::new(),
            exclusive: true,
            channels_last: false,
            border: [0; 4],
        };
        view.dims = self.shape(&view).to_vec();
        Ok(view)
    }

    fn name(&self, tensor: usize) -> &str {
        match tensor.checked_sub(1) {
            Some(layer) => &self.layers[layer].name,
            None => &self.input_name,
        }
    }

    /// The shape that a layer would give, by the rules of every network.
    fn output(&self, op: &Op, inputs: &[usize]) -> OpResult<Shape> {
        let file = SourceFile::from_text("", "");
        let mut checker = Checker::new(&file);
        let inputs: Vec<Input<'_>> = inputs
            .iter()
            .map(|&tensor| Input {
                name: self.name(tensor),
                shape: self.tensors[tensor].shape,
            })
            .collect();
        let mut inspector = Inspector {
            checker: &mut checker,
            layer: Place::root(),
        };
        let shape = match inspector.sizes_are_valid(op) {
            true => inspector.output(op, &inputs),
            false => None,
        };
        if let Err(diagnostics) = checker.finish(()) {
            let mut problems = diagnostics.problems();
            let problem = problems.next().map(|problem| {
                Problem::new(problem.message.clone())
                    .note(problem.expected.clone())
                    .help(problem.help.clone())
            });
            return problem.map_or(Err(Failure::Silent), Problem::fail);
        }
        match shape.filter(|shape| shape.within_limits().is_some()) {
            Some(shape) => Ok(shape),
            None => {
                let shown = shape.map_or(String::new(), |shape| format!(" of {shape}"));
                Problem::new(format!("its output would be a tensor{shown}"))
                    .expected(format!(
                        "at most {MAX_DIMENSION} each, {MAX_TENSOR_ELEMENTS} elements"
                    ))
                    .fail()
            }
        }
    }

    /// Applies an activation function: in the layer that makes the tensor if nothing else reads it, else as a
    /// layer of its own.
    pub(super) fn activate(
        &mut self,
        node: &'g Node,
        view: View,
        activation: Activation,
    ) -> OpResult<View> {
        let is_unsigned = self.tensors[view.tensor].signedness == Signedness::Unsigned;
        if activation == Activation::Relu && is_unsigned {
            return Ok(view);
        }
        let layer = view.tensor.checked_sub(1).filter(|_| view.exclusive);
        if let Some(layer) = layer
            && self.layers[layer].activation.is_none()
        {
            self.layers[layer].activation = Some(activation);
            let tensor = &mut self.tensors[view.tensor];
            tensor.signedness = activation.signedness(tensor.signedness);
            return Ok(View {
                exclusive: true,
                ..view
            });
        }
        let function = Function::Activation(activation);
        let op = Elementwise { function };
        let made = self.layer(node, op.into(), &[view.tensor], None)?;
        Ok(View {
            dims: view.dims,
            ..made
        })
    }
}

/// Whether all that reads the graph's input are transpositions that bring its channels to the front.
fn is_transposed_first(graph: &Graph) -> bool {
    let readers = graph
        .nodes
        .iter()
        .filter(|node| node.inputs.contains(&graph.input.name));
    let mut any = false;
    for node in readers {
        any = true;
        if node.operator != "Transpose" || node.ints("perm") != Some(&[0, 3, 1, 2]) {
            return false;
        }
    }
    any
}

/// Without the ones at the end.
fn trimmed(dims: &[u64]) -> &[u64] {
    let end = dims
        .iter()
        .rposition(|&size| size != 1)
        .map_or(0, |last| last + 1);
    &dims[..end]
}

/// A size of a network, if it can be one.
pub(super) fn size(value: usize, what: &str) -> OpResult<u32> {
    match u32::try_from(value) {
        Ok(size) if (1..=MAX_DIMENSION).contains(&size) => Ok(size),
        _ => Problem::new(format!("{value} {what}"))
            .expected(format!("1 to {MAX_DIMENSION}"))
            .fail(),
    }
}
