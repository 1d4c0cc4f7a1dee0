//! Networks: layers, tensors, their shapes, and what computing them takes.
//!
//! A network is a RON file (`workloads/*.ron`, schema [`NetworkFile`]): named inputs and a list of layers
//! in an order in which they can be computed. [`load`] builds the graph, infers every shape, checks it
//! and reports everything wrong in one go. A `.csv` file is a topology of SCALE-Sim ([`scalesim`]), a
//! `.onnx` file a model with its weights ([`onnx`]).
//!
//! # Tensors
//! A [`Tensor`] is `[channels, height, width]` of one image; the batch is the network's. Token matrices
//! `[tokens, features]` have the features as channels and the tokens along the height, width 1. Where a
//! layer works on each position alone, positions are `height * width`.
//!
//! # Counting
//! - A multiply-accumulate (MAC) is one; published "FLOPs" of vision networks count the same.
//!   Only convolutions, fully connected layers and matrix products have MACs. Zero padding counts, as it
//!   does in published totals and in the array.
//! - [`Parameters`] are counted apart as weights, biases and normalisation. Batch norm folded into a
//!   convolution (`batch_norm: true`) counts its two affine parameters per channel, as published totals
//!   do, though after folding only one of them, a bias, is stored.
//!
//! # Numbers
//! Weights are signed. A tensor is unsigned where its values cannot be negative: after `relu`, `relu6`,
//! `sigmoid` or softmax, and what pooling, concatenation and sums make of only such tensors.

mod build;
mod count;
mod file;
mod limits;
mod model;
mod network;
pub mod onnx;
mod op;
mod op_file;
pub mod scalesim;
mod shape;
mod slices;

pub use count::{Gemm, Parameters};
pub use file::{InputFile, LayerFile, NetworkFile};
pub use limits::{MAX_BATCH, MAX_DIMENSION, MAX_LAYERS, MAX_TENSOR_ELEMENTS};
pub use model::{LayerWeights, Model, ValueRange};
pub use network::{Layer, LayerId, Network, Published, Tensor, TensorId};
pub use op::{
    Activation, Axis, Concat, Conv, Elementwise, FullyConnected, Function, GlobalPool, MatMul,
    Normalisation, NormalisationFunction, Op, Pad, Padding, Pool, PoolKind, Slice, Span,
};

use crate::source::{self, Diagnostics, FileKind, LoadError, SourceFile};

/// Reads a network: SCALE-Sim's topology if the file is named `.csv`, else RON.
///
/// # Errors
/// For a topology everything that [`scalesim`] can not express. For RON, the first error of syntax or types; or else everything wrong with the names, shapes and sizes, each
/// with its place: names given twice, inputs that do not exist or come later, shapes that do not fit,
/// sizes that are zero or beyond the limits ([`MAX_DIMENSION`], [`MAX_TENSOR_ELEMENTS`],
/// [`MAX_LAYERS`], [`MAX_BATCH`], 64-bit MAC counts).
pub fn load(file: &SourceFile) -> Result<Network, Diagnostics> {
    if file.extension().as_deref() == Some("csv") {
        return scalesim::import(file);
    }
    build::build(file, source::parse_as(FileKind::Workload, file)?)
}

/// Reads a network by the name of a shipped one (`resnet50`) or by the path of its file; of an ONNX model
/// the network alone.
///
/// # Errors
/// There is no such file, or as [`load`] and [`onnx::open`].
pub fn open(name_or_path: &str) -> Result<Network, LoadError> {
    if onnx::is_onnx(name_or_path) {
        return Ok(onnx::open(name_or_path)?.network);
    }
    Ok(load(&source::open(FileKind::Workload, name_or_path)?)?)
}

#[cfg(test)]
mod tests;
