//! The schema of an energy table.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::EnergyError;
use crate::arch::PeKind;
use crate::source::{self, Diagnostics, Shelf, SourceFile};

/// An energy table: one technology's values, each with its source. Read by [`EnergyTable::load`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnergyTable {
    /// The file the table was read from.
    #[serde(skip)]
    pub(super) file: String,
    /// Short name for reports.
    pub name: String,
    /// Libraries, voltages, temperatures; whether technologies are mixed.
    pub technology: String,
    /// How a PE that does several MACs a cycle is priced.
    pub parallel_macs: ParallelMacRule,
    /// The buffers' energy.
    pub sram: SramFit,
    /// All other values.
    pub entries: Vec<Entry>,
}

/// How an `ax_bxp` PE cycle with v > 1 MACs is derived from measured parts. It was not measured.
///
/// Either way, operand registers that only points with more MACs use are taken to be gated at the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParallelMacRule {
    /// The PE's cycle with v * L multipliers fed by one MAC, plus a register for each operand bit beyond the
    /// measured PE's. Low: operands and signs of one MAC toggle less than those of v independent ones.
    ExactCycle,
    /// The PE's cycle with one MAC of L products, plus v - 1 lanes of the measured 8-lane dot-product units (the
    /// marginal lane between one and eight, with its registers, multipliers, shifter and adder). The lanes are
    /// those of a PE with fixed L.
    Lanes,
}

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
}

/// What spends energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Component {
    /// A processing element.
    Pe(PeKind),
    /// One lane of a dot-product unit of block multipliers ([`ParallelMacRule::Lanes`]).
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
    /// The format converter.
    Converter,
    /// A lane of the vector unit.
    VectorLane,
    /// The DMA engine.
    Dma,
    /// The tile controller.
    Controller,
}

/// What a component does for its energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A PE's computing cycle (PEs without blocks).
    Cycle,
    /// A PE's computing cycle, or a lane's, with this many block multipliers fed by one MAC.
    Products(u32),
    /// A clocked cycle without new operands.
    Idle,
    /// Operand register bits of the measured PE (a count, no energy).
    OperandBits,
    /// Leakage power.
    Leak,
    /// A write.
    Write,
    /// One value converted.
    Convert,
    /// One scalar operation.
    Operate,
    /// One DRAM burst handled.
    Burst,
    /// One byte moved.
    Byte,
    /// One tile set up.
    Tile,
}

/// A value with its unit: `pj(1.03)`, `uw(13.2)`, `ratio(0.6)`, `bits(22)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Energy of one action.
    Pj(f64),
    /// Power.
    Uw(f64),
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

/// The energy of one access to an SRAM macro: `a * KiB^b * (bits / 64)^c`, the mean of read and write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SramFit {
    /// Energy of a 64-bit access to 1 KiB, in pJ.
    pub a_pj: f64,
    /// Exponent of the capacity in KiB.
    pub size_exponent: f64,
    /// Exponent of the port width in units of 64 bits.
    pub width_exponent: f64,
    /// Mean relative error over the grid.
    pub mean_error: f64,
    /// Worst relative error over the grid.
    pub worst_error: f64,
    /// Smallest and largest macro of the grid, in KiB.
    pub size_kib: (u32, u32),
    /// Narrowest and widest port of the grid, in bits.
    pub port_bits: (u32, u32),
    /// Leakage in uW per KiB.
    pub leakage_uw_per_kib: f64,
    /// Where it comes from.
    pub source: String,
}

impl EnergyTable {
    /// Reads the table in `file`.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value without a source, out of range, with the wrong unit
    /// or given twice, each at its place.
    pub fn load(file: &SourceFile) -> Result<EnergyTable, Diagnostics> {
        let mut table: EnergyTable = source::parse(file)?;
        file.name().clone_into(&mut table.file);
        super::load::check(file, table)
    }

    /// Opens a shipped table by name, or a file by path, and reads it.
    ///
    /// # Errors
    /// As [`source::open`] and [`EnergyTable::load`].
    pub fn open(name_or_path: &str) -> Result<EnergyTable, EnergyError> {
        let file = source::open(Shelf::Energy, name_or_path)?;
        Ok(EnergyTable::load(&file)?)
    }

    /// The same table with another rule for several MACs a cycle.
    pub fn with_parallel_macs(mut self, rule: ParallelMacRule) -> EnergyTable {
        self.parallel_macs = rule;
        self
    }

    /// The file the table was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The entry for `action` of `component`.
    pub fn entry(&self, component: Component, action: Action) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.component == component && entry.action == action)
    }

    /// The value of an entry that has to be there, as a number in the unit of its action.
    pub(super) fn value(
        &self,
        component: Component,
        action: Action,
    ) -> Result<(f64, Basis), EnergyError> {
        self.entry(component, action)
            .map(|entry| (entry.value.number(), entry.basis))
            .ok_or_else(|| self.missing(component, &action.to_string()))
    }

    /// The error for an entry that is not there.
    pub(super) fn missing(&self, component: Component, action: &str) -> EnergyError {
        let of_component: Vec<String> = self
            .entries
            .iter()
            .filter(|entry| entry.component == component)
            .map(|entry| entry.action.to_string())
            .collect();
        let present = if of_component.is_empty() {
            format!("are entries for {}", self.components_like(component))
        } else {
            format!("is {}", of_component.join(", "))
        };
        EnergyError::Missing {
            file: self.file.clone(),
            wanted: format!("{component} {action}"),
            present,
        }
    }

    /// Names of the components of the same sort, each once, in the table's order; of all if there is none.
    fn components_like(&self, component: Component) -> String {
        let sort = std::mem::discriminant(&component);
        let mut alike: Vec<String> = Vec::new();
        let mut all: Vec<String> = Vec::new();
        for entry in &self.entries {
            let name = entry.component.to_string();
            if std::mem::discriminant(&entry.component) == sort && !alike.contains(&name) {
                alike.push(name.clone());
            }
            if !all.contains(&name) {
                all.push(name);
            }
        }
        if alike.is_empty() { all } else { alike }.join(", ")
    }
}

impl Quantity {
    /// The value without its unit.
    pub fn number(self) -> f64 {
        match self {
            Quantity::Pj(value) | Quantity::Uw(value) | Quantity::Ratio(value) => value,
            Quantity::Bits(bits) => f64::from(bits),
        }
    }

    /// The unit as it is written in RON.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::Pj(_) => "pj",
            Quantity::Uw(_) => "uw",
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
            Component::VectorLane => f.write_str("vector_lane"),
            Component::Dma => f.write_str("dma"),
            Component::Controller => f.write_str("controller"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Cycle => f.write_str("cycle"),
            Action::Products(products) => write!(f, "products({products})"),
            Action::Idle => f.write_str("idle"),
            Action::OperandBits => f.write_str("operand_bits"),
            Action::Leak => f.write_str("leak"),
            Action::Write => f.write_str("write"),
            Action::Convert => f.write_str("convert"),
            Action::Operate => f.write_str("operate"),
            Action::Burst => f.write_str("burst"),
            Action::Byte => f.write_str("byte"),
            Action::Tile => f.write_str("tile"),
        }
    }
}
