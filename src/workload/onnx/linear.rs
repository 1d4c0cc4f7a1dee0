//! Fully connected layers, and what is folded into layers with weights.

use std::rc::Rc;

use super::constant::Constant;
use super::node::Node;
use super::problem::{OpResult, Problem, about};
use super::translate::{Translator, size};
use super::value::{Value, View};
use crate::workload::LayerWeights;
use crate::workload::op::{self, Activation, Elementwise, Function, Op};

impl<'g> Translator<'g> {
    pub(super) fn gemm(&mut self, node: &'g Node) -> OpResult<()> {
        node.only("transA", 0)?;
        let input = self.vector(node, 0)?;
        let weights = self.needed(node, 1)?;
        let weights = match node.int("transB", 0)? {
            0 => turned(&weights)?,
            _ => weights,
        };
        let alpha = node.float("alpha", 1.0)?;
        let beta = node.float("beta", 1.0)?;
        let bias = self.constant(node, 2)?;
        let mut layer = FullyConnected::new(weights, &input)?;
        for value in &mut layer.values {
            *value *= alpha;
        }
        if let Some(bias) = &bias {
            let bias = about(
                "bias",
                per_channel(bias, layer.features, &[layer.features as u64]),
            )?;
            layer.bias = Some(
                bias.iter()
                    .map(|value| (value * f64::from(beta)) as f32)
                    .collect(),
            );
        }
        self.fully_connected(node, &input, layer)
    }

    pub(super) fn matmul(&mut self, node: &'g Node) -> OpResult<()> {
        if !self.is_constant(node, 1) {
            return Problem::new("the right operand is no constant")
                .expected("weights: products of two activations are not read from ONNX")
                .fail();
        }
        let input = self.vector(node, 0)?;
        let weights = self.needed(node, 1)?;
        let layer = FullyConnected::new(turned(&weights)?, &input)?;
        self.fully_connected(node, &input, layer)
    }

    /// An activation of one dimension behind the batch.
    fn vector(&self, node: &Node, index: usize) -> OpResult<View> {
        let view = self.activation(node, index)?;
        match view.dims.len() {
            1 => Ok(view),
            _ => Problem::new(format!(
                "input {index} has the shape [batch, {}]",
                listed(&view.dims)
            ))
            .expected("[batch, features]: a Flatten or Reshape first")
            .fail(),
        }
    }

    fn fully_connected(
        &mut self,
        node: &'g Node,
        input: &View,
        layer: FullyConnected,
    ) -> OpResult<()> {
        let op = op::FullyConnected {
            bias: layer.bias.is_some(),
            ..op::FullyConnected::new(size(layer.features, "output features")?)
        };
        let weights = LayerWeights {
            bias: layer.bias.unwrap_or_else(|| vec![0.0; layer.features]),
            values: layer.values,
        };
        finite(&weights)?;
        let mut made = self.layer(node, op.into(), &[input.tensor], Some(weights))?;
        made.dims.truncate(1);
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }

    /// Sum of two activations, or of one and a constant that becomes a bias.
    pub(super) fn add(&mut self, node: &'g Node) -> OpResult<()> {
        if node.inputs.len() != 2 {
            return Problem::new(format!("it adds {} inputs", node.inputs.len()))
                .expected("two")
                .fail();
        }
        let made = match self.constant_operand(node)? {
            None => self.sum(node)?,
            Some((view, shifts)) => {
                self.fold(&view, None, &shifts)?;
                view
            }
        };
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }

    /// Product of an activation and a constant, which becomes part of the weights.
    pub(super) fn multiply(&mut self, node: &'g Node) -> OpResult<()> {
        let Some((view, factors)) = self.constant_operand(node)? else {
            return Problem::new("it multiplies two activations")
                .expected("an activation and a constant")
                .fail();
        };
        self.fold(&view, Some(&factors), &vec![0.0; factors.len()])?;
        self.set(node, 0, Value::Activation(view));
        Ok(())
    }

    /// The activation of a node with two operands and its other operand, a constant, for each channel; none
    /// where both are activations.
    fn constant_operand(&self, node: &Node) -> OpResult<Option<(View, Vec<f64>)>> {
        // Of a node that reads what could not be read nothing can be said.
        for index in [0, 1] {
            self.known(node, index)?;
        }
        let (constant, input) = match [0, 1].map(|index| self.is_constant(node, index)) {
            [false, false] => return Ok(None),
            [true, true] => {
                return Problem::new("both inputs are constant")
                    .expected("an activation")
                    .fail();
            }
            [first, _] => (usize::from(!first), usize::from(first)),
        };
        let view = self.plain(node, input)?;
        let constant = self.needed(node, constant)?;
        let channels = usize::try_from(self.shape(&view)[0]).unwrap_or(usize::MAX);
        let values = per_channel(&constant, channels, &view.dims)?;
        Ok(Some((view, values)))
    }

    fn sum(&mut self, node: &'g Node) -> OpResult<View> {
        let [mut first, mut second] = [self.activation(node, 0)?, self.activation(node, 1)?];
        let same = first.dims == second.dims && self.shape(&first) == self.shape(&second);
        if !same {
            (first, second) = (self.image(node, 0)?, self.image(node, 1)?);
            // The one that is the same at every position comes second.
            let positions = |view: &View| self.shape(view)[1..].iter().product::<u64>();
            if positions(&first) < positions(&second) {
                (first, second) = (second, first);
            }
        }
        let function = Function::Add;
        let inputs = [first.tensor, second.tensor];
        let made = self.layer(node, Elementwise { function }.into(), &inputs, None)?;
        Ok(View {
            dims: first.dims,
            ..made
        })
    }

    /// Folds a batch norm into the layer before it.
    pub(super) fn batch_normalisation(&mut self, node: &'g Node) -> OpResult<()> {
        node.only("training_mode", 0)?;
        node.only("spatial", 1)?;
        node.one_output()?;
        let view = self.plain(node, 0)?;
        let channels = usize::try_from(self.shape(&view)[0]).unwrap_or(usize::MAX);
        let mut parameters = Vec::with_capacity(4);
        for (index, what) in [(1, "scale"), (2, "shift"), (3, "mean"), (4, "variance")] {
            let constant = self.needed(node, index)?;
            if constant.len() != channels {
                return Problem::new(format!("{}: {} values", what, constant.len()))
                    .expected(format!("one for each of {channels} channels"))
                    .fail();
            }
            let values = about(what, constant.finite_floats())?;
            parameters.push(
                values
                    .iter()
                    .map(|&value| f64::from(value))
                    .collect::<Vec<_>>(),
            );
        }
        let epsilon = f64::from(node.float("epsilon", 1e-5)?);
        let [scale, shift, mean, variance] = &parameters[..] else {
            return Problem::new("too few inputs").fail();
        };
        let factors: Vec<f64> = scale
            .iter()
            .zip(variance)
            .map(|(scale, variance)| scale / (variance + epsilon).sqrt())
            .collect();
        let shifts: Vec<f64> = shift
            .iter()
            .zip(mean)
            .zip(&factors)
            .map(|((shift, mean), factor)| shift - mean * factor)
            .collect();
        self.fold(&view, Some(&factors), &shifts)?;
        self.set(node, 0, Value::Activation(view));
        Ok(())
    }

    /// Multiplies the output channels of the layer that makes `view` and adds to them, in its weights.
    fn fold(&mut self, view: &View, factors: Option<&[f64]>, shifts: &[f64]) -> OpResult<()> {
        let layer = view.tensor.checked_sub(1).filter(|_| view.exclusive);
        let layer = layer.filter(|&layer| self.layers[layer].activation.is_none());
        let Some((layer, weights)) =
            layer.and_then(|layer| Some((layer, self.weights[layer].as_mut()?)))
        else {
            return Problem::new("it cannot be folded into the layer before it")
                .expected(
                    "right behind a Conv, Gemm or MatMul with weights that nothing else reads, before any \
                     activation function",
                )
                .fail();
        };
        let width = weights.values.len() / shifts.len().max(1);
        for (channel, shift) in shifts.iter().enumerate() {
            let factor = factors.map_or(1.0, |factors| factors[channel]);
            for value in &mut weights.values[channel * width..(channel + 1) * width] {
                *value = (f64::from(*value) * factor) as f32;
            }
            let bias = &mut weights.bias[channel];
            *bias = (f64::from(*bias) * factor + shift) as f32;
        }
        finite(weights)?;
        match &mut self.layers[layer].op {
            Op::Conv(conv) => conv.bias = true,
            Op::FullyConnected(fully_connected) => fully_connected.bias = true,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn activation_of(&mut self, node: &'g Node, activation: Activation) -> OpResult<()> {
        let view = self.activation(node, 0)?;
        let made = self.activate(node, view, activation)?;
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }
}

/// Weights `[out, in]` from `[in, out]`.
fn turned(weights: &Rc<Constant>) -> OpResult<Rc<Constant>> {
    match weights.dims.len() {
        2 => weights.transposed(&[1, 0]).map(Rc::new),
        _ => Ok(Rc::clone(weights)),
    }
}

/// A fully connected layer from its weights `[features, inputs]`.
struct FullyConnected {
    features: usize,
    values: Vec<f32>,
    bias: Option<Vec<f32>>,
}

impl FullyConnected {
    fn new(weights: Rc<Constant>, input: &View) -> OpResult<FullyConnected> {
        let inputs = input.dims.iter().product::<u64>();
        match weights.dims[..] {
            [features, width] if width as u64 == inputs => Ok(FullyConnected {
                features,
                values: about("weights", Constant::into_floats(weights))?,
                bias: None,
            }),
            [_, width] => Problem::new(format!(
                "the weights take {width} features, the input has {inputs}"
            ))
            .expected("the same number")
            .fail(),
            _ => Problem::new(format!("the weights have the shape {:?}", weights.dims))
                .expected("two dimensions")
                .fail(),
        }
    }
}

/// A constant as one value for each channel of an activation `[batch, dims]`, if that is how it broadcasts.
fn per_channel(constant: &Constant, channels: usize, dims: &[u64]) -> OpResult<Vec<f64>> {
    let values = constant.finite_floats()?;
    let rank = dims.len() + 1;
    let fits = match constant.len() {
        1 => true,
        count => {
            // The axes from the right: positions have 1, the channel axis all, the batch 1.
            let behind = dims.len().saturating_sub(1);
            let axis = constant.dims.len().checked_sub(1 + behind);
            count == channels
                && constant.dims.len() <= rank
                && axis.is_some_and(|axis| constant.dims[axis] == channels)
        }
    };
    if !fits {
        return Problem::new(format!(
            "a constant of shape {:?} to an activation of shape [batch, {}]",
            constant.dims,
            listed(dims)
        ))
        .expected("one value, or one for each channel")
        .fail();
    }
    let value = |channel: usize| f64::from(values[if values.len() == 1 { 0 } else { channel }]);
    Ok((0..channels).map(value).collect())
}

fn listed(dims: &[u64]) -> String {
    let sizes: Vec<String> = dims.iter().map(u64::to_string).collect();
    sizes.join(", ")
}

fn finite(weights: &LayerWeights) -> OpResult<()> {
    let mut values = weights.values.iter().chain(&weights.bias);
    match values.all(|value| value.is_finite()) {
        true => Ok(()),
        false => Problem::new("the weights become infinite")
            .expected("weights within 32-bit floats")
            .fail(),
    }
}
