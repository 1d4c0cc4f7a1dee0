//! What computing a layer takes.

use super::network::Tensor;
use super::op::{Conv, NormalisationFunction, Op};

/// The matrix product behind a layer of the array, for one image: `groups` products of
/// `[M, K] x [K, N]`.
///
/// | layer | groups | M | N | K |
/// |---|---|---|---|---|
/// | convolution | groups | output positions | output channels / groups | input channels / groups x kernel |
/// | fully connected | 1 | 1 | output features | channels x height x width |
/// | fully connected per position | 1 | positions | output features | channels |
/// | product of activations | heads | positions of A | N of one head | K of one head |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gemm {
    /// Products that share neither operand: groups of a convolution, heads.
    pub groups: u64,
    /// Rows of one product.
    pub m: u64,
    /// Columns of one product.
    pub n: u64,
    /// Length of the reduction.
    pub k: u64,
}

impl Gemm {
    /// The product of `op` on `inputs` to `output`; none if it is not a layer of the array.
    pub(super) fn of(op: &Op, inputs: &[&Tensor], output: &Tensor) -> Option<Gemm> {
        let input = inputs.first()?;
        Some(match op {
            Op::Conv(conv) => {
                let groups = u64::from(conv.groups);
                Gemm {
                    groups,
                    m: output.positions(),
                    n: u64::from(conv.out_channels) / groups,
                    k: reduction(conv, input.channels),
                }
            }
            Op::FullyConnected(op) if op.per_position => Gemm {
                groups: 1,
                m: input.positions(),
                n: u64::from(op.out_features),
                k: u64::from(input.channels),
            },
            Op::FullyConnected(op) => Gemm {
                groups: 1,
                m: 1,
                n: u64::from(op.out_features),
                k: input.elements(),
            },
            Op::MatMul(op) => {
                let heads = u64::from(op.heads);
                Gemm {
                    groups: heads,
                    m: input.positions(),
                    n: u64::from(output.channels) / heads,
                    k: u64::from(input.channels) / heads,
                }
            }
            _ => return None,
        })
    }

    /// MACs of one image.
    pub fn macs(&self) -> u64 {
        self.checked_macs().unwrap_or(u64::MAX)
    }

    /// MACs of one image; none beyond 64 bits.
    pub(super) fn checked_macs(&self) -> Option<u64> {
        let products = self.groups.checked_mul(self.m)?;
        products.checked_mul(self.n)?.checked_mul(self.k)
    }

    /// Elements of the second operand, all groups: the weights, if it is weights.
    pub fn weight_elements(&self) -> u64 {
        self.checked_weight_elements().unwrap_or(u64::MAX)
    }

    pub(super) fn checked_weight_elements(&self) -> Option<u64> {
        self.groups.checked_mul(self.n)?.checked_mul(self.k)
    }
}

/// Products that one output of a convolution sums.
fn reduction(conv: &Conv, in_channels: u32) -> u64 {
    let [height, width] = conv.kernel.map(u64::from);
    // Each factor is at most 2^20.
    u64::from(in_channels / conv.groups) * height * width
}

/// Parameters, by what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parameters {
    /// Weights of convolutions and fully connected layers.
    pub weights: u64,
    /// Biases of their own.
    pub biases: u64,
    /// Scales and shifts of normalisations, batch norms folded into convolutions included.
    pub normalisation: u64,
    /// Inputs of the network that are learned.
    pub embeddings: u64,
}

impl Parameters {
    /// Parameters of a layer that reads `input` and computes `gemm`, if it is one of the array.
    pub(super) fn of(op: &Op, input: &Tensor, gemm: Option<&Gemm>) -> Parameters {
        let weights = gemm.map_or(0, Gemm::weight_elements);
        let channels = u64::from(input.channels);
        let when = |condition: bool, count: u64| if condition { count } else { 0 };
        match op {
            Op::Conv(conv) => Parameters {
                weights,
                biases: when(conv.bias, u64::from(conv.out_channels)),
                normalisation: when(conv.batch_norm, 2 * u64::from(conv.out_channels)),
                embeddings: 0,
            },
            Op::FullyConnected(op) => Parameters {
                weights,
                biases: when(op.bias, u64::from(op.out_features)),
                ..Parameters::default()
            },
            Op::Normalisation(op) => Parameters {
                normalisation: channels
                    * match op.function {
                        NormalisationFunction::LayerNorm | NormalisationFunction::BatchNorm => 2,
                        NormalisationFunction::RmsNorm => 1,
                        NormalisationFunction::Softmax | NormalisationFunction::Lrn => 0,
                    },
                ..Parameters::default()
            },
            _ => Parameters::default(),
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        let layers = self.weights.saturating_add(self.biases);
        layers
            .saturating_add(self.normalisation)
            .saturating_add(self.embeddings)
    }

    /// The sum of two counts, kind by kind.
    pub(super) fn plus(self, other: Parameters) -> Parameters {
        Parameters {
            weights: self.weights.saturating_add(other.weights),
            biases: self.biases.saturating_add(other.biases),
            normalisation: self.normalisation.saturating_add(other.normalisation),
            embeddings: self.embeddings.saturating_add(other.embeddings),
        }
    }
}
