//! What a layer computes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blocked::Signedness;

/// The operation of a layer. Every size is checked by [`load`](super::load).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Two-dimensional convolution, on the array.
    Conv(Conv),
    /// Matrix of weights times features, on the array.
    FullyConnected(FullyConnected),
    /// Product of two activations, on the array.
    MatMul(MatMul),
    /// Pooling over a sliding window.
    Pool(Pool),
    /// Pooling over the whole image, to `[channels, 1, 1]`.
    GlobalPool(GlobalPool),
    /// The same function of each element.
    Elementwise(Elementwise),
    /// Normalisation over channels.
    Normalisation(Normalisation),
    /// Inputs put one behind the other. No arithmetic.
    Concat(Concat),
    /// Some of the channels, rows and columns. No arithmetic.
    Slice(Slice),
    /// Zeros around. No arithmetic.
    Pad(Pad),
}

impl Op {
    /// Whether the MAC array computes it (it has MACs).
    pub fn runs_on_array(&self) -> bool {
        matches!(self, Op::Conv(_) | Op::FullyConnected(_) | Op::MatMul(_))
    }

    /// Its name in a network file.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Conv(_) => "conv",
            Op::FullyConnected(_) => "fully_connected",
            Op::MatMul(_) => "matmul",
            Op::Pool(_) => "pool",
            Op::GlobalPool(_) => "global_pool",
            Op::Elementwise(_) => "elementwise",
            Op::Normalisation(_) => "normalisation",
            Op::Concat(_) => "concat",
            Op::Slice(_) => "slice",
            Op::Pad(_) => "pad",
        }
    }

    /// Signedness of the result (before the layer's activation) for inputs of these signednesses.
    pub(super) fn signedness(&self, inputs: &[Signedness]) -> Signedness {
        let joint = match inputs.contains(&Signedness::Signed) {
            true => Signedness::Signed,
            false => Signedness::Unsigned,
        };
        match self {
            Op::Conv(_) | Op::FullyConnected(_) => Signedness::Signed,
            Op::MatMul(_)
            | Op::Pool(_)
            | Op::GlobalPool(_)
            | Op::Concat(_)
            | Op::Slice(_)
            | Op::Pad(_) => joint,
            Op::Elementwise(op) => match op.function {
                Function::Add | Function::Multiply => joint,
                Function::Rope => Signedness::Signed,
                Function::Activation(activation) => activation.signedness(joint),
            },
            Op::Normalisation(op) => match op.function {
                NormalisationFunction::Softmax => Signedness::Unsigned,
                // Divides by something positive.
                NormalisationFunction::Lrn => joint,
                NormalisationFunction::LayerNorm
                | NormalisationFunction::RmsNorm
                | NormalisationFunction::BatchNorm => Signedness::Signed,
            },
        }
    }
}

/// Two-dimensional convolution: output channel `o` of group `g` sums over the input channels of `g`.
/// Depthwise is `groups == in_channels`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conv {
    /// Output channels, all groups together.
    pub out_channels: u32,
    /// Height and width.
    pub kernel: [u32; 2],
    /// Vertical and horizontal.
    pub stride: [u32; 2],
    /// Rows and columns of zeros around the image.
    pub padding: Padding,
    /// Distance of the kernel's elements, vertical and horizontal.
    pub dilation: [u32; 2],
    /// Groups of channels that do not mix.
    pub groups: u32,
    /// Whether it has a bias per output channel of its own.
    pub bias: bool,
    /// Whether a batch norm is folded into it.
    pub batch_norm: bool,
}

impl Conv {
    /// With stride 1 and a bias, without padding, in one group.
    pub fn new(out_channels: u32, kernel: [u32; 2]) -> Self {
        Conv {
            out_channels,
            kernel,
            stride: [1, 1],
            padding: Padding::default(),
            dilation: [1, 1],
            groups: 1,
            bias: true,
            batch_norm: false,
        }
    }
}

/// Matrix of weights `[out_features, in_features]` times features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullyConnected {
    /// Features of the output: its channels.
    pub out_features: u32,
    /// False: the whole image is one vector of `channels * height * width` features, and the output is
    /// `[out_features, 1, 1]`. True: the channels of each position are a vector (token matrices).
    pub per_position: bool,
    /// Whether it has a bias per output feature.
    pub bias: bool,
}

impl FullyConnected {
    /// Of the whole image as one vector, with a bias.
    pub fn new(out_features: u32) -> Self {
        FullyConnected {
            out_features,
            per_position: false,
            bias: true,
        }
    }
}

/// Product of two activations, for each head apart.
///
/// Input 0 (A) has M positions and `heads * K` channels. Input 1 (B) has, with `transpose_b`, N positions
/// and `heads * K` channels (scores: Q times K transposed); without, K positions and `heads * N` channels
/// (scores times V). The output has M positions and `heads * N` channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatMul {
    /// Products computed apart, each on its share of the channels.
    pub heads: u32,
    /// Whether B holds the rows of its transpose.
    pub transpose_b: bool,
}

/// Rows and columns added around an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Padding {
    /// Rows above.
    pub top: u32,
    /// Rows below.
    pub bottom: u32,
    /// Columns to the left.
    pub left: u32,
    /// Columns to the right.
    pub right: u32,
}

impl Padding {
    /// The same on all sides.
    pub fn all(size: u32) -> Self {
        Padding::from([size; 4])
    }
}

/// Top, bottom, left, right.
impl From<[u32; 4]> for Padding {
    fn from([top, bottom, left, right]: [u32; 4]) -> Self {
        Padding {
            top,
            bottom,
            left,
            right,
        }
    }
}

/// What pooling takes of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// The largest value.
    Max,
    /// The mean.
    Average,
}

/// Pooling over a sliding window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// What is taken of each window.
    pub kind: PoolKind,
    /// Height and width of the window.
    pub kernel: [u32; 2],
    /// Vertical and horizontal.
    pub stride: [u32; 2],
    /// Rows and columns around the image, which never win a maximum.
    pub padding: Padding,
    /// Whether a window that only partly fits at the bottom or right gives an output.
    pub ceil_mode: bool,
    /// What an average divides by: false, the values of the image in the window; true, the padding
    /// in the window too, as zeros (but never what lies beyond the padding, with `ceil_mode`). Of no
    /// meaning for a maximum.
    pub count_padding: bool,
}

impl Pool {
    /// Window beside window, without padding; a window that only partly fits gives no output.
    pub fn new(kind: PoolKind, kernel: [u32; 2]) -> Self {
        Pool {
            kind,
            kernel,
            stride: kernel,
            padding: Padding::default(),
            ceil_mode: false,
            count_padding: false,
        }
    }
}

/// Pooling over the whole image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalPool {
    /// What is taken of each channel.
    pub kind: PoolKind,
}

/// A function of each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elementwise {
    /// Which.
    pub function: Function,
}

/// A function of one element of each input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Sum of two inputs of one shape; the second may be `[channels, 1, 1]`, the same at each position.
    Add,
    /// Product, likewise.
    Multiply,
    /// Rotary position embedding: rotates pairs of channels by an angle that depends on the position.
    Rope,
    /// An activation function.
    Activation(Activation),
}

impl Function {
    /// How many inputs it takes.
    pub fn inputs(self) -> usize {
        match self {
            Function::Add | Function::Multiply => 2,
            Function::Rope | Function::Activation(_) => 1,
        }
    }
}

/// An activation function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// x times the normal distribution's integral up to x.
    Gelu,
    /// x times sigmoid(x).
    Silu,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// x times relu6(x + 3) / 6.
    HardSwish,
}

impl Activation {
    /// Signedness of its result for an input of signedness `input`.
    pub fn signedness(self, input: Signedness) -> Signedness {
        match self {
            Activation::Relu | Activation::Relu6 | Activation::Sigmoid => Signedness::Unsigned,
            // Of the sign of x.
            Activation::Gelu | Activation::Silu | Activation::Tanh | Activation::HardSwish => input,
        }
    }
}

/// Normalisation at each position over the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normalisation {
    /// Which.
    pub function: NormalisationFunction,
    /// The channels fall into this many groups, each normalised by itself (the heads of a softmax).
    pub groups: u32,
}

/// How to normalise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NormalisationFunction {
    /// exp(x) over the sum of it. No parameters.
    Softmax,
    /// Mean 0, variance 1, then scale and shift per channel: 2 parameters per channel.
    LayerNorm,
    /// Root mean square 1, then scale per channel: 1 parameter per channel.
    RmsNorm,
    /// Scale and shift per channel with constant statistics: 2 parameters per channel.
    BatchNorm,
    /// Local response normalisation over neighbouring channels (AlexNet). No parameters.
    Lrn,
}

/// Inputs put one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concat {
    /// Along what.
    pub axis: Axis,
}

/// What a concatenation grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Channels add up; heights and widths are the same.
    #[default]
    Channels,
    /// Positions (`height * width`, row by row) add up to the height of an output of width 1; channels
    /// are the same. So image patches become tokens, and a token joins a cache.
    Positions,
}

/// Some of the channels, rows and columns; all of those for which nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slice {
    /// Which channels.
    pub channels: Option<Span>,
    /// Which rows.
    pub rows: Option<Span>,
    /// Which columns.
    pub columns: Option<Span>,
}

/// `first`, `first + step`, ...: `count` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first, counted from 0.
    pub first: u32,
    /// How many, at least 1.
    pub count: u32,
    /// From one to the next, at least 1.
    pub step: u32,
}

impl Span {
    /// One behind the last.
    pub fn end(&self) -> u64 {
        let last = u64::from(self.count.max(1) - 1) * u64::from(self.step);
        u64::from(self.first) + last + 1
    }
}

/// Zeros before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pad {
    /// Channels of zeros before the first and after the last.
    pub channels: [u32; 2],
    /// Rows above and below.
    pub rows: [u32; 2],
    /// Columns to the left and to the right.
    pub columns: [u32; 2],
}

macro_rules! into_op {
    ($($operation:ident),*) => {
        $(impl From<$operation> for Op {
            fn from(operation: $operation) -> Self {
                Op::$operation(operation)
            }
        })*
    };
}

into_op!(
    Conv,
    FullyConnected,
    MatMul,
    Pool,
    GlobalPool,
    Elementwise,
    Normalisation,
    Concat,
    Slice,
    Pad
);

impl From<Function> for Op {
    fn from(function: Function) -> Self {
        Op::Elementwise(Elementwise { function })
    }
}
