//! Entries of an energy table: what does what, at which price, from where.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arch::PeKind;

/// One value of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What does it, with its parameters.
    pub component: Component,
    /// What it does.
    pub action: Action,
    /// What that costs.
    pub value: Quantity,
    /// What the value rests on.
    pub basis: Basis,
    /// Where it comes from; the rule, if derived.
    pub source: String,
    /// Under which condition it holds.
    #[serde(default)]
    pub condition: String,
    /// How the energy of a PE's or a lane's cycle divides, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// Shares of an energy, 0 to 1: what clock pins and clocked cells take. The rest is combinational logic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Clock pins of the flip-flops.
    pub clock: f64,
    /// Flip-flops without their clock pins.
    pub registers: f64,
}

/// What spends energy and takes area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Component {
    /// A processing element.
    Pe(PeKind),
    /// One lane of a dot-product unit of block multipliers ([`ParallelMacRule::Lanes`](super::ParallelMacRule::Lanes)).
    BlockLane {
        /// Block size K.
        block_bits: u8,
    },
    /// Ratio of a PE's energy with static windows to that with dynamic ones.
    StaticWindow {
        /// Block size K.
        block_bits: u8,
    },
    /// A register bit.
    Register,
    /// The format converter but for its block selection: accumulator to 8-bit value. A value a cycle.
    Converter,
    /// What chooses and shifts the kept blocks of a converted value; only behind `ax_bxp` PEs.
    BlockSelect,
    /// A lane of the vector unit.
    VectorLane,
    /// The DMA engine.
    Dma,
    /// The tile controller.
    Controller,
    /// A multiplier of signed values, for [`PeParts`](super::PeParts).
    Multiplier {
        /// Operand width.
        bits: u8,
    },
    /// A multiplier of unsigned blocks, for [`PeParts`](super::PeParts).
    BlockMultiplier {
        /// Block size K.
        block_bits: u8,
    },
    /// The shifter that puts a block product in its place, for [`PeParts`](super::PeParts).
    Shifter {
        /// Block size K.
        block_bits: u8,
    },
    /// An adder, for [`PeParts`](super::PeParts).
    Adder {
        /// Its width.
        bits: u8,
    },
}

/// What a component does for its energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A PE's computing cycle (PEs without blocks).
    Cycle,
    /// A PE's computing cycle, or a lane's, with this many block multipliers fed by one MAC.
    Products(u32),
    /// A PE's computing cycle with one MAC, all products computed, of uniformly random operands
    /// ([`OperandStatistics`](super::OperandStatistics)).
    Random,
    /// A clocked cycle without new operands.
    Idle,
    /// Operand register bits of the measured PE (a count, no energy).
    OperandBits,
    /// Leakage power.
    Leak,
    /// Area of one (of a bit, of a lane, of a value per cycle, of the engine).
    Area,
    /// A write.
    Write,
    /// One value converted.
    Convert,
    /// One operation: of a vector lane, a multiplier, a shifter, an adder.
    Operate,
    /// One DRAM burst handled.
    Burst,
    /// One byte moved.
    Byte,
    /// One tile set up.
    Tile,
}

/// A value with its unit: `pj(1.03)`, `uw(13.2)`, `um2(699.3)`, `ratio(0.6)`, `bits(22)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Energy of one action.
    Pj(f64),
    /// Power.
    Uw(f64),
    /// Area.
    Um2(f64),
    /// A ratio.
    Ratio(f64),
    /// A number of bits.
    Bits(u32),
}

/// What a value rests on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Measured (at gate level, or by a memory compiler's model).
    Measured,
    /// Computed from measured values by a rule that the source states.
    Derived,
    /// Assumed.
    Assumed,
}

impl Component {
    /// How alike two components are: 0 nothing in common, 1 of one sort, 2 PEs of one kind, 3 with blocks of one size.
    pub(super) fn closeness(self, other: Component) -> u32 {
        use std::mem::discriminant;
        match (self, other) {
            (Component::Pe(PeKind::AxBxp { block_bits, .. }), Component::Pe(other)) => {
                match other {
                    PeKind::AxBxp { block_bits: k, .. } if k == block_bits => 3,
                    PeKind::AxBxp { .. } => 2,
                    _ => 1,
                }
            }
            (Component::Pe(pe), Component::Pe(other)) => {
                1 + u32::from(discriminant(&pe) == discriminant(&other))
            }
            _ => u32::from(discriminant(&self) == discriminant(&other)),
        }
    }
}

impl Quantity {
    /// The value without its unit.
    pub fn number(self) -> f64 {
        match self {
            Quantity::Pj(value)
            | Quantity::Uw(value)
            | Quantity::Um2(value)
            | Quantity::Ratio(value) => value,
            Quantity::Bits(bits) => f64::from(bits),
        }
    }

    /// The unit as it is written in RON.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::Pj(_) => "pj",
            Quantity::Uw(_) => "uw",
            Quantity::Um2(_) => "um2",
            Quantity::Ratio(_) => "ratio",
            Quantity::Bits(_) => "bits",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Component::Pe(pe) => write!(f, "pe({pe})"),
            Component::BlockLane { block_bits } => {
                write!(f, "block_lane(block_bits: {block_bits})")
            }
            Component::StaticWindow { block_bits } => {
                write!(f, "static_window(block_bits: {block_bits})")
            }
            Component::Register => f.write_str("register"),
            Component::Converter => f.write_str("converter"),
            Component::BlockSelect => f.write_str("block_select"),
            Component::VectorLane => f.write_str("vector_lane"),
            Component::Dma => f.write_str("dma"),
            Component::Controller => f.write_str("controller"),
            Component::Multiplier { bits } => write!(f, "multiplier(bits: {bits})"),
            Component::BlockMultiplier { block_bits } => {
                write!(f, "block_multiplier(block_bits: {block_bits})")
            }
            Component::Shifter { block_bits } => write!(f, "shifter(block_bits: {block_bits})"),
            Component::Adder { bits } => write!(f, "adder(bits: {bits})"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Cycle => f.write_str("cycle"),
            Action::Products(products) => write!(f, "products({products})"),
            Action::Random => f.write_str("random"),
            Action::Idle => f.write_str("idle"),
            Action::OperandBits => f.write_str("operand_bits"),
            Action::Leak => f.write_str("leak"),
            Action::Area => f.write_str("area"),
            Action::Write => f.write_str("write"),
            Action::Convert => f.write_str("convert"),
            Action::Operate => f.write_str("operate"),
            Action::Burst => f.write_str("burst"),
            Action::Byte => f.write_str("byte"),
            Action::Tile => f.write_str("tile"),
        }
    }
}
