//! Clip and softmax.

use super::node::Node;
use super::problem::{OpResult, Problem, about};
use super::translate::Translator;
use super::value::Value;
use crate::workload::op::Activation;
use crate::workload::{Normalisation, NormalisationFunction};

impl<'g> Translator<'g> {
    pub(super) fn clip(&mut self, node: &'g Node) -> OpResult<()> {
        let least = self.bound(node, 1, "min")?.unwrap_or(f32::NEG_INFINITY);
        let greatest = self.bound(node, 2, "max")?.unwrap_or(f32::INFINITY);
        let open_below = least <= f32::MIN;
        let open_above = greatest >= f32::MAX;
        if least == 0.0 && greatest == 6.0 {
            self.activation_of(node, Activation::Relu6)
        } else if least == 0.0 && open_above {
            self.activation_of(node, Activation::Relu)
        } else if open_below && open_above {
            self.identity(node)
        } else {
            Problem::new(format!("it clips to {least} .. {greatest}"))
                .expected("0 .. 6 (ReLU6) or 0 .. infinity (ReLU)")
                .fail()
        }
    }

    /// A bound from an attribute or an input.
    fn bound(&self, node: &Node, index: usize, name: &str) -> OpResult<Option<f32>> {
        match self.constant(node, index)? {
            Some(constant) => about(name, constant.scalar()).map(Some),
            None if node.has(name) => node.float(name, 0.0).map(Some),
            None => Ok(None),
        }
    }

    /// Over the channels of a vector.
    pub(super) fn softmax(&mut self, node: &'g Node) -> OpResult<()> {
        let view = self.plain(node, 0)?;
        let rank = view.dims.len() as i64 + 1;
        let default = if self.graph.opset < 13 { 1 } else { -1 };
        let axis = node.int("axis", default)?;
        let over_channels = axis == 1 || axis == 1 - rank;
        if !over_channels || view.dims.iter().skip(1).any(|&size| size != 1) {
            return Problem::new(format!("softmax over axis {axis} of {rank} dimensions"))
                .expected("over the classes, a vector behind the batch")
                .fail();
        }
        let op = Normalisation {
            function: NormalisationFunction::Softmax,
            groups: 1,
        };
        let mut made = self.layer(node, op.into(), &[view.tensor], None)?;
        made.dims.truncate(view.dims.len());
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }
}
