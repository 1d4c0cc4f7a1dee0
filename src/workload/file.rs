//! The schema of a network file.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::build;
use super::network::Network;
use super::op::{
    Activation, Axis, Concat, Conv, Elementwise, FullyConnected, Function, GlobalPool, MatMul,
    Normalisation, NormalisationFunction, Op, Pad, Pool, PoolKind, Slice, Span,
};
use crate::source::{Diagnostics, SourceFile};

/// A network that is not checked yet, as a file describes it or as code does:
///
/// ```
/// use axbxp::workload::{
///     Activation, Conv, FullyConnected, Function, InputFile, LayerFile, NetworkFile, Padding,
/// };
///
/// let conv = Conv {
///     padding: Padding::all(1),
///     ..Conv::new(16, [3, 3])
/// };
/// let network = NetworkFile::new("residual")
///     .input(InputFile::new("image", [3, 32, 32]))
///     .layer(LayerFile::new("conv1", conv.clone()).activation(Activation::Relu))
///     .layer(LayerFile::new("conv2", conv))
///     .layer(LayerFile::new("sum", Function::Add).inputs(["conv2", "conv1"]))
///     .layer(LayerFile::new("classes", FullyConnected::new(10)))
///     .build()?;
/// assert_eq!(network.layers.len(), 4);
/// # Ok::<(), axbxp::source::Diagnostics>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    /// Its name.
    pub name: String,
    /// What it is, and where its shape comes from.
    #[serde(default)]
    pub description: String,
    /// Images computed together.
    #[serde(default = "one")]
    pub batch: u32,
    /// What the world says about it, to compare with.
    #[serde(default)]
    pub published: Option<Published>,
    /// Tensors that come from outside.
    pub inputs: Vec<InputFile>,
    /// The layers, in an order in which they can be computed.
    pub layers: Vec<LayerFile>,
}

/// Published totals of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// MACs of one image, if published.
    #[serde(default)]
    pub macs: Option<u64>,
    /// Parameters.
    pub parameters: u64,
    /// Who published them.
    pub source: String,
}

/// A tensor that comes from outside.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Its name, which layers use.
    pub name: String,
    /// Channels; features of a token.
    pub channels: u32,
    /// Rows; tokens.
    #[serde(default = "one")]
    pub height: u32,
    /// Columns.
    #[serde(default = "one")]
    pub width: u32,
    /// Whether its values can be negative.
    #[serde(default = "yes")]
    pub signed: bool,
    /// Whether it is learned, not fed: counted as parameters (a position embedding).
    #[serde(default)]
    pub parameter: bool,
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerFile {
    /// Its name, which is its output's too.
    pub name: String,
    /// What it computes.
    #[serde(deserialize_with = "op")]
    #[schemars(with = "OpFile")]
    pub op: Op,
    /// Applied to each element on the way out.
    #[serde(default)]
    pub activation: Option<Activation>,
    /// Names of inputs of the network or of earlier layers; by default the layer before.
    #[serde(default)]
    pub inputs: Option<Vec<String>>,
}

/// The operation of a layer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum OpFile {
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
enum FunctionFile {
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

fn op<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Op, D::Error> {
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

impl NetworkFile {
    /// A network for one image at a time, without inputs and layers so far.
    pub fn new(name: impl Into<String>) -> Self {
        NetworkFile {
            name: name.into(),
            description: String::new(),
            batch: 1,
            published: None,
            inputs: Vec::new(),
            layers: Vec::new(),
        }
    }

    /// With one more input.
    #[must_use]
    pub fn input(mut self, input: InputFile) -> Self {
        self.inputs.push(input);
        self
    }

    /// With one more layer.
    #[must_use]
    pub fn layer(mut self, layer: LayerFile) -> Self {
        self.layers.push(layer);
        self
    }

    /// The network, with all shapes inferred and everything checked.
    ///
    /// # Errors
    /// Everything wrong with the names, shapes and sizes, as [`load`](super::load) says, each with its place
    /// (`layers[1].op.kernel`).
    pub fn build(self) -> Result<Network, Diagnostics> {
        build::build(&SourceFile::from_text(self.name.as_str(), ""), self)
    }
}

impl InputFile {
    /// A fed tensor `[channels, height, width]` whose values can be negative.
    pub fn new(name: impl Into<String>, [channels, height, width]: [u32; 3]) -> Self {
        InputFile {
            name: name.into(),
            channels,
            height,
            width,
            signed: true,
            parameter: false,
        }
    }
}

impl LayerFile {
    /// A layer that reads the one before it.
    pub fn new(name: impl Into<String>, op: impl Into<Op>) -> Self {
        LayerFile {
            name: name.into(),
            op: op.into(),
            activation: None,
            inputs: None,
        }
    }

    /// With a function applied to each element on the way out.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Self {
        LayerFile {
            activation: Some(activation),
            ..self
        }
    }

    /// Reading these inputs of the network or earlier layers.
    #[must_use]
    pub fn inputs<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        LayerFile {
            inputs: Some(names.into_iter().map(Into::into).collect()),
            ..self
        }
    }
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
