//! The multipliers of one PE, cycle by cycle on real operands.

use crate::approx::{LayerPrecision, OperandFormat};
use crate::arch::{MacRate, PeKind};
use crate::blocked::{BlockFormat, Encoded, FormatError, Signedness};

/// What a lane without an operand holds.
pub(super) const NOTHING: Encoded = Encoded {
    negative: false,
    top: 0,
    window: 0,
};

/// How operand values look inside the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Sign and magnitude, whole; the least and the greatest value.
    Whole(i32, i32),
    /// Sign and window.
    Blocks(BlockFormat),
}

impl Codec {
    /// The codec of a format.
    pub fn of(format: &OperandFormat) -> Self {
        match format {
            OperandFormat::Exact { bits, signedness }
            | OperandFormat::Bits { bits, signedness } => match signedness {
                Signedness::Signed => {
                    let greatest = (1 << (bits - 1)) - 1;
                    Codec::Whole(-greatest, greatest)
                }
                Signedness::Unsigned => Codec::Whole(0, (1 << bits) - 1),
            },
            OperandFormat::Blocks(format) => Codec::Blocks(*format),
        }
    }

    /// Least and greatest value.
    pub fn range(&self) -> (i32, i32) {
        match self {
            Codec::Whole(low, high) => (*low, *high),
            Codec::Blocks(format) => (format.min_value(), format.max_magnitude()),
        }
    }

    /// The value that an encoding stands for.
    pub fn decode(&self, encoded: Encoded) -> i32 {
        match self {
            // A lane without an operand holds nothing, which need not be of the format.
            Codec::Blocks(format) if format.holds(encoded) => format.decode(encoded),
            _ if encoded.negative => -i32::from(encoded.window),
            _ => i32::from(encoded.window),
        }
    }

    /// A value on its way into the array.
    ///
    /// # Errors
    /// [`FormatError::Value`] for a value out of range.
    pub fn encode(&self, value: i32) -> Result<Encoded, FormatError> {
        match *self {
            Codec::Blocks(format) => format.encode(value),
            Codec::Whole(low, high) if (low..=high).contains(&value) => Ok(Encoded {
                negative: value < 0,
                top: 0,
                window: value.unsigned_abs() as u8,
            }),
            Codec::Whole(low, high) => Err(FormatError::Value { value, low, high }),
        }
    }
}

/// What the multipliers of a PE do with a pair of operands.
#[derive(Debug, Clone)]
enum Multiplication {
    /// One product a lane and step.
    Whole,
    /// Activations enter some bits a cycle.
    Serial { bits: u32 },
    /// Block products, most significant first.
    Blocks {
        activation: BlockFormat,
        weight: BlockFormat,
        /// Positions `(u, v)` of the computed products.
        products: Vec<(u8, u8)>,
        multipliers: usize,
    },
}

/// The arithmetic of every PE in one layer.
#[derive(Debug, Clone)]
pub struct MacUnit {
    rate: MacRate,
    activation: Codec,
    weight: Codec,
    multiplication: Multiplication,
    /// Weights come from the left and activations from the top.
    swapped: bool,
}

impl MacUnit {
    /// PEs of a kind in a layer of this precision.
    pub fn new(pe: &PeKind, precision: &LayerPrecision) -> Self {
        let (activation, weight) = (
            Codec::of(&precision.activations),
            Codec::of(&precision.weights),
        );
        let multiplication = match (pe, activation, weight, &precision.products) {
            (
                PeKind::AxBxp { multipliers, .. },
                Codec::Blocks(activation),
                Codec::Blocks(weight),
                Some(products),
            ) => Multiplication::Blocks {
                activation,
                weight,
                products: products.iter().collect(),
                multipliers: *multipliers as usize,
            },
            (PeKind::BitSerial { serial_bits, .. }, ..) => Multiplication::Serial {
                bits: u32::from(*serial_bits),
            },
            _ => Multiplication::Whole,
        };
        MacUnit {
            rate: precision.rate(pe),
            activation,
            weight,
            multiplication,
            swapped: false,
        }
    }

    /// The same unit where weights come from the left and activations from the top, if `swapped`.
    #[must_use]
    pub fn with_edges(self, swapped: bool) -> Self {
        MacUnit { swapped, ..self }
    }

    /// Whether weights come from the left.
    pub fn swapped(&self) -> bool {
        self.swapped
    }

    /// MACs of a step and its cycles.
    pub fn rate(&self) -> MacRate {
        self.rate
    }

    /// How activations and weights travel.
    pub fn codecs(&self) -> (Codec, Codec) {
        (self.activation, self.weight)
    }

    /// What the multipliers add to the accumulator in cycle `phase` of a step, from the lanes at the left and
    /// at the top. The sum over a step's phases is the sum of the lanes' products.
    pub fn phase(&self, left: &[Encoded], top: &[Encoded], phase: u32) -> i32 {
        let (activations, weights) = if self.swapped {
            (top, left)
        } else {
            (left, top)
        };
        match &self.multiplication {
            Multiplication::Whole => sum(activations, weights, |a, w| {
                i32::from(a.window) * i32::from(w.window)
            }),
            Multiplication::Serial { bits } => sum(activations, weights, |a, w| {
                let taken = phase * bits;
                let slice = (u32::from(a.window) >> taken) & ((1 << bits) - 1);
                (slice << taken) as i32 * i32::from(w.window)
            }),
            Multiplication::Blocks {
                activation,
                weight,
                products,
                multipliers,
            } => {
                // With several MACs a cycle each has its own multipliers, for all its products; a single
                // MAC takes all multipliers, cycle after cycle.
                let begin = phase as usize * multipliers;
                let end = (begin + multipliers).min(products.len());
                let now = &products[begin.min(end)..end];
                sum(activations, weights, |a, w| {
                    now.iter()
                        .map(|&(u, v)| {
                            let blocks = activation.block(a, u) * weight.block(w, v);
                            let places = u32::from(a.top - u) + u32::from(w.top - v);
                            blocks << (places * u32::from(activation.block_bits()))
                        })
                        .sum()
                })
            }
        }
    }
}

fn sum(
    activations: &[Encoded],
    weights: &[Encoded],
    magnitude: impl Fn(Encoded, Encoded) -> i32,
) -> i32 {
    activations
        .iter()
        .zip(weights)
        .filter(|(a, w)| a.window > 0 && w.window > 0)
        .map(|(&a, &w)| {
            let magnitude = magnitude(a, w);
            if a.negative == w.negative {
                magnitude
            } else {
                -magnitude
            }
        })
        .sum()
}
