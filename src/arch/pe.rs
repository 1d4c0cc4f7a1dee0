//! Processing elements and the rate at which they multiply and accumulate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bits of an operand at full precision (the FxP8 of arXiv 2011.13000), for every PE kind but `fxp`, which says
/// its own.
pub const FULL_PRECISION_BITS: u8 = 8;

/// Side of a Bit Fusion brick in bits (2 x 2 bit multiplier).
const BRICK_BITS: u32 = 2;

/// 2 x 2 bit bricks of a Bit Fusion unit: the 4 x 4 that compose one 8 x 8 multiplication.
const BRICKS: u32 = 16;

/// What one processing element is. In RON: `fxp(bits: 8)`, `ax_bxp(block_bits: 4, multipliers: 4)`,
/// `bit_serial(serial_bits: 1, lanes: 8)`, `bit_fusion()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PeKind {
    /// One fixed-point multiplier, `bits` x `bits`, one MAC per cycle.
    Fxp {
        /// Operand width, 2 to 8 bits.
        bits: u8,
    },
    /// Block multipliers with a shifter each, an adder tree and one accumulator (after Ax-BxP, arXiv 2011.13000;
    /// the organisation is this project's own).
    AxBxp {
        /// Block size K in bits, 1 to 8: a property of the hardware.
        block_bits: u8,
        /// Block multipliers M, 1 to 64. `ceil(8 / K)^2` makes it as fast as FxP8 in exact mode.
        multipliers: u32,
    },
    /// Stripes-like: the activations enter `serial_bits` a cycle, the weights in parallel.
    BitSerial {
        /// Activation bits taken per cycle, 1 to 8.
        serial_bits: u8,
        /// MACs that proceed together, 1 to 64. `8 / serial_bits` makes it as fast as FxP8 at 8 bits.
        lanes: u32,
    },
    /// 16 bricks of 2 x 2 bits that compose one 8 x 8, four 4 x 4 ... multiplications exactly (after Bit Fusion,
    /// ISCA 2018).
    BitFusion {},
}

/// The multiplication a layer asks of a PE, in plain numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacWork {
    /// Activation bits b (for `bit_serial` and `bit_fusion`).
    pub activation_bits: u8,
    /// Weight bits b (for `bit_fusion`).
    pub weight_bits: u8,
    /// Block products L computed per MAC (for `ax_bxp`); at least 1.
    pub products: u32,
}

/// Rate of one PE: `macs` MACs of one output's reduction take `cycles` cycles.
///
/// Of `macs` > 1 and `cycles` > 1 only the bit-serial PE has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MacRate {
    /// MACs v that one PE does together, at least 1.
    pub macs: u32,
    /// Cycles q that they take, at least 1.
    pub cycles: u32,
    /// Multiplications the multipliers do during those `cycles` cycles, of [`MacRate::multiplier_slots`].
    pub busy_multipliers: u32,
    /// Multipliers of one PE.
    pub multipliers: u32,
}

/// How the operands of a layer that drop blocks choose what they keep. Energy depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowUse {
    /// No operand drops a block.
    Exact,
    /// Every operand that drops blocks has one window for the tensor.
    Static,
    /// Some operand chooses its window value by value.
    Dynamic,
}

/// What a PE does in a layer: all that its energy per cycle depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OperatingPoint {
    /// MACs per group of cycles.
    pub rate: MacRate,
    /// Block products L per MAC; 1 on a PE without blocks.
    pub products: u32,
    /// How windows are chosen.
    pub windows: WindowUse,
    /// Bits of one activation on its way through the array.
    pub activation_bits: u32,
    /// Bits of one weight on its way through the array.
    pub weight_bits: u32,
}

impl MacRate {
    /// Multiplications that the multipliers could do during the `cycles` cycles.
    pub fn multiplier_slots(&self) -> u64 {
        u64::from(self.multipliers) * u64::from(self.cycles)
    }
}

impl PeKind {
    /// The rate of one PE for `work`.
    ///
    /// - `fxp`: 1 MAC per cycle.
    /// - `ax_bxp`: `v = floor(M / L)` MACs per cycle if L <= M, else one MAC in `ceil(L / M)` cycles. What the
    ///   floor leaves over stays idle.
    /// - `bit_serial`: `lanes` MACs in `ceil(activation bits / serial bits)` cycles.
    /// - `bit_fusion`: `int(8 / max(a, 2)) * int(8 / max(w, 2))` MACs per cycle, so 5 to 7 bits cost as 8.
    ///
    /// Zeros in `self` or `work` count as 1; [`super::load()`] lets none through.
    pub fn rate(&self, work: MacWork) -> MacRate {
        match *self {
            PeKind::Fxp { .. } => MacRate {
                macs: 1,
                cycles: 1,
                busy_multipliers: 1,
                multipliers: 1,
            },
            PeKind::AxBxp { multipliers, .. } => {
                block_rate(multipliers.max(1), work.products.max(1))
            }
            PeKind::BitSerial { serial_bits, lanes } => {
                let cycles = u32::from(work.activation_bits.max(1).div_ceil(serial_bits.max(1)));
                let lanes = lanes.max(1);
                MacRate {
                    macs: lanes,
                    cycles,
                    busy_multipliers: lanes * cycles,
                    multipliers: lanes,
                }
            }
            PeKind::BitFusion {} => brick_rate(work.activation_bits, work.weight_bits),
        }
    }

    /// Operand width of the kind at full precision, in bits.
    pub fn operand_bits(&self) -> u8 {
        match *self {
            PeKind::Fxp { bits } => bits,
            _ => FULL_PRECISION_BITS,
        }
    }

    /// The kind's name as it is written in RON.
    pub fn name(&self) -> &'static str {
        match self {
            PeKind::Fxp { .. } => "fxp",
            PeKind::AxBxp { .. } => "ax_bxp",
            PeKind::BitSerial { .. } => "bit_serial",
            PeKind::BitFusion {} => "bit_fusion",
        }
    }
}

impl std::fmt::Display for PeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            PeKind::Fxp { bits } => write!(f, "fxp(bits: {bits})"),
            PeKind::AxBxp {
                block_bits,
                multipliers,
            } => write!(
                f,
                "ax_bxp(block_bits: {block_bits}, multipliers: {multipliers})"
            ),
            PeKind::BitSerial { serial_bits, lanes } => {
                write!(f, "bit_serial(serial_bits: {serial_bits}, lanes: {lanes})")
            }
            PeKind::BitFusion {} => write!(f, "bit_fusion()"),
        }
    }
}

fn block_rate(multipliers: u32, products: u32) -> MacRate {
    let macs = (multipliers / products).max(1);
    let cycles = products.div_ceil(multipliers);
    MacRate {
        macs,
        cycles,
        busy_multipliers: macs * products,
        multipliers,
    }
}

fn brick_rate(activation_bits: u8, weight_bits: u8) -> MacRate {
    let bits = |b: u8| u32::from(b.clamp(1, FULL_PRECISION_BITS));
    let fused = |b: u32| u32::from(FULL_PRECISION_BITS) / b.max(BRICK_BITS);
    let (a, w) = (bits(activation_bits), bits(weight_bits));
    let macs = fused(a) * fused(w);
    MacRate {
        macs,
        cycles: 1,
        busy_multipliers: macs * a.div_ceil(BRICK_BITS) * w.div_ceil(BRICK_BITS),
        multipliers: BRICKS,
    }
}
