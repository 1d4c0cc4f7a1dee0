//! How a network file spells the operation of a layer.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::op::{
    Activation, Axis, Concat, Conv, Elementwise, FullyConnected, Function, GlobalPool, MatMul,
    Normalisation, NormalisationFunction, Op, Pad, Pool, PoolKind, Slice, Span,
};

/// The operation of a layer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum OpFile {
    /// Two-dimensional convolution.
    Conv {
        /// Output channels, all groups together.
        out_channels: u32,
        /// Height, width.
        kernel: [u32; 2],
        /// Vertical, horizontal.
        #[serde(default = "ones")]
        stride: [u32; 2],
        /// Top, bottom, left, right.
        #[serde(default)]
        padding: [u32; 4],
        /// Vertical, horizontal.
        #[serde(default = "ones")]
        dilation: [u32; 2],
        /// Groups of channels that do not mix.
        #[serde(default = "one")]
        groups: u32,
        /// Whether it has a bias; by default if no batch norm is folded in.
        #[serde(default)]
        bias: Option<bool>,
        /// Whether a batch norm is folded in.
        #[serde(default)]
        batch_norm: bool,
    },
    /// Matrix of weights times features.
    FullyConnected {
        /// Features of the output.
        out_features: u32,
        /// Whether each position is a vector of its own, instead of the whole image one vector.
        #[serde(default)]
        per_position: bool,
        /// Whether it has a bias.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// Product of two activations.
    #[serde(rename = "matmul")]
    MatMul {
        /// Products computed apart, each on its share of the channels.
        #[serde(default = "one")]
        heads: u32,
        /// Whether the second input holds the rows of its transpose.
        #[serde(default)]
        transpose_b: bool,
    },
    /// Pooling over a sliding window.
    Pool {
        /// What is taken of each window.
        kind: PoolKind,
        /// Height, width.
        kernel: [u32; 2],
        /// Vertical, horizontal; by default the kernel.
        #[serde(default)]
        stride: Option<[u32; 2]>,
        /// Top, bottom, left, right.
        #[serde(default)]
        padding: [u32; 4],
        /// Whether a window that only partly fits gives an output.
        #[serde(default)]
        ceil_mode: bool,
        /// Whether an average counts the padding, as zeros.
        #[serde(default)]
        count_padding: bool,
    },
    /// Pooling over the whole image.
    GlobalPool {
        /// What is taken of each channel.
        kind: PoolKind,
    },
    /// A function of each element.
    Elementwise {
        /// Which.
        function: FunctionFile,
    },
    /// Normalisation over channels.
    Normalisation {
        /// Which.
        function: NormalisationFunction,
        /// Groups of channels normalised apart.
        #[serde(default = "one")]
        groups: u32,
    },
    /// Inputs put one behind the other.
    Concat {
        /// Along what.
        #[serde(default)]
        axis: Axis,
    },
    /// Some of the channels, rows and columns.
    Slice {
        /// The first channel, counted from 0.
        #[serde(default)]
        first_channel: u32,
        /// How many channels; all, if none of the three is said.
        #[serde(default)]
        channels: Option<u32>,
        /// From one channel taken to the next.
        #[serde(default = "one")]
        channel_step: u32,
        /// The first row, counted from 0.
        #[serde(default)]
        first_row: u32,
        /// How many rows; all, if none of the three is said.
        #[serde(default)]
        rows: Option<u32>,
        /// From one row taken to the next.
        #[serde(default = "one")]
        row_step: u32,
        /// The first column, counted from 0.
        #[serde(default)]
        first_column: u32,
        /// How many columns; all, if none of the three is said.
        #[serde(default)]
        columns: Option<u32>,
        /// From one column taken to the next.
        #[serde(default = "one")]
        column_step: u32,
    },
    /// Zeros around.
    Pad {
        /// Channels before the first and after the last.
        #[serde(default)]
        channels: [u32; 2],
        /// Rows above and below.
        #[serde(default)]
        rows: [u32; 2],
        /// Columns to the left and to the right.
        #[serde(default)]
        columns: [u32; 2],
    },
}

/// A function of each element.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FunctionFile {
    /// Sum of two inputs.
    Add,
    /// Product of two inputs.
    Multiply,
    /// Rotary position embedding.
    Rope,
    /// Activation `relu`.
    Relu,
    /// Activation `relu6`.
    Relu6,
    /// Activation `gelu`.
    Gelu,
    /// Activation `silu`.
    Silu,
    /// Activation `sigmoid`.
    Sigmoid,
    /// Activation `tanh`.
    Tanh,
    /// Activation `hard_swish`.
    HardSwish,
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Op, D::Error> {
    OpFile::deserialize(deserializer).map(Op::from)
}

fn one() -> u32 {
    1
}

fn ones() -> [u32; 2] {
    [1, 1]
}

fn yes() -> bool {
    true
}

/// None of nothing said. A first or a step without a count keeps the count 0, which no check lets pass.
fn span(first: u32, count: Option<u32>, step: u32) -> Option<Span> {
    match (first, count, step) {
        (0, None, 1) => None,
        (first, count, step) => Some(Span {
            first,
            count: count.unwrap_or(0),
            step,
        }),
    }
}

impl From<FunctionFile> for Function {
    fn from(function: FunctionFile) -> Self {
        match function {
            FunctionFile::Add => Function::Add,
            FunctionFile::Multiply => Function::Multiply,
            FunctionFile::Rope => Function::Rope,
            FunctionFile::Relu => Function::Activation(Activation::Relu),
            FunctionFile::Relu6 => Function::Activation(Activation::Relu6),
            FunctionFile::Gelu => Function::Activation(Activation::Gelu),
            FunctionFile::Silu => Function::Activation(Activation::Silu),
            FunctionFile::Sigmoid => Function::Activation(Activation::Sigmoid),
            FunctionFile::Tanh => Function::Activation(Activation::Tanh),
            FunctionFile::HardSwish => Function::Activation(Activation::HardSwish),
        }
    }
}

impl From<OpFile> for Op {
    #[expect(
        clippy::too_many_lines,
        reason = "a flat table: an operation of the file format each"
    )]
    fn from(op: OpFile) -> Self {
        match op {
            OpFile::Conv {
                out_channels,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                bias,
                batch_norm,
            } => Op::Conv(Conv {
                out_channels,
                kernel,
                stride,
                padding: padding.into(),
                dilation,
                groups,
                bias: bias.unwrap_or(!batch_norm),
                batch_norm,
            }),
            OpFile::FullyConnected {
                out_features,
                per_position,
                bias,
            } => Op::FullyConnected(FullyConnected {
                out_features,
                per_position,
                bias,
            }),
            OpFile::MatMul { heads, transpose_b } => Op::MatMul(MatMul { heads, transpose_b }),
            OpFile::Pool {
                kind,
                kernel,
                stride,
                padding,
                ceil_mode,
                count_padding,
            } => Op::Pool(Pool {
                kind,
                kernel,
                stride: stride.unwrap_or(kernel),
                padding: padding.into(),
                ceil_mode,
                count_padding,
            }),
            OpFile::GlobalPool { kind } => Op::GlobalPool(GlobalPool { kind }),
            OpFile::Elementwise { function } => Op::Elementwise(Elementwise {
                function: function.into(),
            }),
            OpFile::Normalisation { function, groups } => {
                Op::Normalisation(Normalisation { function, groups })
            }
            OpFile::Concat { axis } => Op::Concat(Concat { axis }),
            OpFile::Slice {
                first_channel,
                channels,
                channel_step,
                first_row,
                rows,
                row_step,
                first_column,
                columns,
                column_step,
            } => Op::Slice(Slice {
                channels: span(first_channel, channels, channel_step),
                rows: span(first_row, rows, row_step),
                columns: span(first_column, columns, column_step),
            }),
            OpFile::Pad {
                channels,
                rows,
                columns,
            } => Op::Pad(Pad {
                channels,
                rows,
                columns,
            }),
        }
    }
}
