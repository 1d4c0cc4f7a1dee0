//! The schema of an energy table's file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::{Action, Component, Entry};

/// An energy table: one technology's values, each with its source. Read by [`EnergyTable::load`].
///
/// [`EnergyTable::load`]: super::EnergyTable::load
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "EnergyTable", deny_unknown_fields)]
#[schemars(description = "An energy table: one technology's values, each with its source.")]
pub struct EnergyTableFile {
    /// Short name for reports.
    pub name: String,
    /// Libraries, voltages, temperatures; whether technologies are mixed.
    pub technology: String,
    /// How a PE that does several MACs a cycle is priced.
    pub parallel_macs: ParallelMacRule,
    /// The buffers' SRAM table: a shipped name or a path relative to this file.
    pub sram: String,
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

impl EnergyTableFile {
    /// The entry for `action` of `component`.
    pub fn entry(&self, component: Component, action: Action) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.component == component && entry.action == action)
    }
}
