//! A network that is not checked yet: the schema of its file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::network::Published;
use super::op::{Activation, Op};
use super::op_file::{self, OpFile};

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
    #[serde(deserialize_with = "op_file::deserialize")]
    #[schemars(with = "OpFile")]
    pub op: Op,
    /// Applied to each element on the way out.
    #[serde(default)]
    pub activation: Option<Activation>,
    /// Names of inputs of the network or of earlier layers; by default the layer before.
    #[serde(default)]
    pub inputs: Option<Vec<String>>,
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

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}
