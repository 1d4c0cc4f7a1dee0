//! A network as the rest of the simulator sees it: checked, with every shape known.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::count::{Gemm, Parameters};
use super::op::{Activation, Op};
use crate::blocked::Signedness;

/// A layer: its index in [`Network::layers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerId(pub u32);

/// A tensor: its index in [`Network::tensors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorId(pub u32);

impl LayerId {
    /// Its index in [`Network::layers`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl TensorId {
    /// Its index in [`Network::tensors`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
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

/// A network. Made by [`load`](super::load), so every id, shape and size in it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// What it is, and where its shape comes from.
    pub description: String,
    /// Images computed together.
    pub batch: u32,
    /// Its inputs, then the output of each layer in the order of the layers.
    pub tensors: Vec<Tensor>,
    /// In an order in which they can be computed.
    pub layers: Vec<Layer>,
    /// Published totals, to compare with.
    pub published: Option<Published>,
    /// For each tensor, the layers that read it, in order.
    pub(super) consumers: Vec<Vec<LayerId>>,
}

/// Activations of one image, `[channels, height, width]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Name of the input or of the layer that makes it.
    pub name: String,
    /// Channels; features of a token.
    pub channels: u32,
    /// Rows; tokens.
    pub height: u32,
    /// Columns; 1 for token matrices.
    pub width: u32,
    /// Whether its values can be negative.
    pub signedness: Signedness,
    /// The layer that makes it; none for an input.
    pub producer: Option<LayerId>,
    /// Whether it is learned, not fed (a position embedding).
    pub is_parameter: bool,
}

impl Tensor {
    /// Positions of one image: `height * width`.
    pub fn positions(&self) -> u64 {
        u64::from(self.height) * u64::from(self.width)
    }

    /// Elements of one image.
    pub fn elements(&self) -> u64 {
        self.positions().saturating_mul(u64::from(self.channels))
    }
}

/// `channels x height x width`.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name, unique in the network.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// Applied to each element on the way out.
    pub activation: Option<Activation>,
    /// What it reads; a matrix product has two, a concatenation two or more.
    pub inputs: Vec<TensorId>,
    /// What it makes.
    pub output: TensorId,
}

/// Signedness of what a layer makes of inputs of these signednesses.
pub(super) fn signedness(
    op: &Op,
    activation: Option<Activation>,
    inputs: &[Signedness],
) -> Signedness {
    let result = op.signedness(inputs);
    activation.map_or(result, |activation| activation.signedness(result))
}

impl Network {
    /// The same network fed with values that are never negative, and what follows from that.
    #[must_use]
    pub(super) fn with_unsigned_input(mut self) -> Network {
        for tensor in &mut self.tensors {
            if tensor.producer.is_none() && !tensor.is_parameter {
                tensor.signedness = Signedness::Unsigned;
            }
        }
        for layer in &self.layers {
            let inputs: Vec<Signedness> = layer
                .inputs
                .iter()
                .map(|&id| self.tensors[id.index()].signedness)
                .collect();
            self.tensors[layer.output.index()].signedness =
                signedness(&layer.op, layer.activation, &inputs);
        }
        self
    }

    /// The same network for `batch` images or sequences at once.
    #[must_use]
    pub fn with_batch(mut self, batch: u32) -> Network {
        self.batch = batch;
        self
    }

    /// The layer with this id.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.index()]
    }

    /// The tensor with this id.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.index()]
    }

    /// Every layer, in order.
    pub fn layer_ids(&self) -> impl ExactSizeIterator<Item = LayerId> + use<> {
        // `load` admits no more layers than fit.
        (0..self.layers.len() as u32).map(LayerId)
    }

    /// The layers the MAC array computes, in order.
    pub fn array_layers(&self) -> impl Iterator<Item = LayerId> {
        self.layer_ids()
            .filter(|&id| self.layer(id).op.runs_on_array())
    }

    /// The layer of this name.
    pub fn find(&self, name: &str) -> Option<LayerId> {
        self.layer_ids().find(|&id| self.layer(id).name == name)
    }

    /// Input `index` of a layer.
    ///
    /// # Panics
    /// If the layer has fewer inputs.
    pub fn input(&self, id: LayerId, index: usize) -> &Tensor {
        self.tensor(self.layer(id).inputs[index])
    }

    /// The output of a layer.
    pub fn output(&self, id: LayerId) -> &Tensor {
        self.tensor(self.layer(id).output)
    }

    /// The layers that read a tensor, in order (a layer that reads it twice, twice).
    pub fn consumers(&self, id: TensorId) -> &[LayerId] {
        &self.consumers[id.index()]
    }

    /// The tensors no layer reads: what the network is for.
    pub fn outputs(&self) -> impl Iterator<Item = TensorId> {
        let ids = (0..self.tensors.len() as u32).map(TensorId);
        ids.filter(|&id| self.consumers(id).is_empty())
    }

    /// The matrix product a layer of the array computes for one image; none for other layers.
    pub fn gemm(&self, id: LayerId) -> Option<Gemm> {
        let layer = self.layer(id);
        let inputs: Vec<&Tensor> = layer.inputs.iter().map(|&id| self.tensor(id)).collect();
        Gemm::of(&layer.op, &inputs, self.output(id))
    }

    /// MACs of a layer, whole batch.
    pub fn macs(&self, id: LayerId) -> u64 {
        let gemm = self.gemm(id);
        gemm.map_or(0, |gemm| gemm.macs().saturating_mul(u64::from(self.batch)))
    }

    /// Parameters of a layer.
    pub fn parameters(&self, id: LayerId) -> Parameters {
        let layer = self.layer(id);
        Parameters::of(&layer.op, self.input(id, 0), self.gemm(id).as_ref())
    }

    /// MACs of all layers, whole batch.
    pub fn total_macs(&self) -> u64 {
        self.layer_ids()
            .fold(0, |sum, id| self.macs(id).saturating_add(sum))
    }

    /// Parameters of all layers, and inputs that are parameters (as [`Parameters::embeddings`]).
    pub fn total_parameters(&self) -> Parameters {
        let embeddings = self.tensors.iter().filter(|tensor| tensor.is_parameter);
        let embeddings = embeddings.fold(0u64, |sum, tensor| sum.saturating_add(tensor.elements()));
        let start = Parameters {
            embeddings,
            ..Parameters::default()
        };
        self.layer_ids()
            .fold(start, |sum, id| sum.plus(self.parameters(id)))
    }

    /// Signedness of the two operands of an array layer: activations, and weights or the second
    /// activations; none for other layers.
    pub fn operand_signedness(&self, id: LayerId) -> Option<[Signedness; 2]> {
        let activations = self.input(id, 0).signedness;
        match self.layer(id).op {
            Op::Conv(_) | Op::FullyConnected(_) => Some([activations, Signedness::Signed]),
            Op::MatMul(_) => Some([activations, self.input(id, 1).signedness]),
            _ => None,
        }
    }
}
