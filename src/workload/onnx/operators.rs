//! Which operators there are.

use super::node::{Node, shown};
use super::problem::{Failure, OpResult, Problem};
use super::translate::Translator;
use crate::source::nearest;
use crate::workload::PoolKind;
use crate::workload::op::Activation;

/// Every operator that is taken over, sorted.
pub(super) const SUPPORTED: [&str; 31] = [
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "Constant",
    "Conv",
    "DequantizeLinear",
    "Dropout",
    "Flatten",
    "Gather",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Identity",
    "MatMul",
    "MaxPool",
    "Mul",
    "Pad",
    "QuantizeLinear",
    "ReduceMean",
    "Relu",
    "Reshape",
    "Shape",
    "Slice",
    "Softmax",
    "Squeeze",
    "Sum",
    "Transpose",
    "Unsqueeze",
];

impl<'g> Translator<'g> {
    /// Takes a node over.
    pub(super) fn node(&mut self, node: &'g Node) -> OpResult<()> {
        match node.operator.as_str() {
            "Add" | "Sum" => self.add(node),
            "AveragePool" => self.pool(node, PoolKind::Average),
            "BatchNormalization" => self.batch_normalisation(node),
            "Cast" => self.cast(node),
            "Clip" => self.clip(node),
            "Concat" => self.concat(node),
            "Constant" => self.literal(node),
            "Conv" => self.conv(node),
            "DequantizeLinear" => self.dequantise(node),
            "Dropout" => self.dropout(node),
            "Flatten" => self.flatten(node),
            "Gather" => self.gather(node),
            "Gemm" => self.gemm(node),
            "GlobalAveragePool" => self.global_pool(node, PoolKind::Average),
            "GlobalMaxPool" => self.global_pool(node, PoolKind::Max),
            "Identity" => self.identity(node),
            "MatMul" => self.matmul(node),
            "MaxPool" => self.pool(node, PoolKind::Max),
            "Mul" => self.multiply(node),
            "Pad" => self.pad(node),
            "QuantizeLinear" => self.quantise(node),
            "ReduceMean" => self.reduce_mean(node),
            "Relu" => self.activation_of(node, Activation::Relu),
            "Reshape" => self.reshape(node),
            "Shape" => self.shape_of(node),
            "Slice" => self.slice(node),
            "Softmax" => self.softmax(node),
            "Squeeze" => self.squeeze(node),
            "Transpose" => self.transpose(node),
            "Unsqueeze" => self.unsqueeze(node),
            other => unsupported(other),
        }
    }
}

fn unsupported(operator: &str) -> OpResult<()> {
    let short = operator.rsplit('.').next().unwrap_or(operator);
    let help = if short.starts_with("QLinear") || short.ends_with("Integer") {
        Some(
            "of quantised models the form with QuantizeLinear and DequantizeLinear (QDQ) is read"
                .to_owned(),
        )
    } else {
        nearest(short, SUPPORTED).map(|near| format!("did you mean `{near}`?"))
    };
    let message = format!("the operator `{}` is not supported", shown(operator));
    let problem = Problem::new(message).expected(format!("one of {}", SUPPORTED.join(", ")));
    Err(Failure::Unsupported(problem.help(help)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(SUPPORTED.is_sorted());
    }
}
