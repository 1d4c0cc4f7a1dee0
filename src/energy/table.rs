//! The schema of an energy table, and its entries by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::{Action, Basis, Component, Entry};
use super::error::EnergyError;
use super::sram::SramTable;
use crate::source::{self, Diagnostics, FileKind, SourceFile};

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
    /// The buffers' SRAM table: a shipped name or a path relative to this file.
    pub sram: String,
    /// What `sram` stands for.
    #[serde(skip)]
    pub(super) sram_table: SramTable,
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

impl EnergyTable {
    /// Reads the table in `file`, and the SRAM table that it names.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value without a source, out of range, with the wrong unit
    /// or given twice, and an SRAM table that there is not, each at its place; else what is wrong with the SRAM table.
    pub fn load(file: &SourceFile) -> Result<EnergyTable, Diagnostics> {
        let mut table: EnergyTable = source::parse_as(FileKind::Energy, file)?;
        file.name().clone_into(&mut table.file);
        super::load::check(file, table)
    }

    /// Opens a shipped table by name, or a file by path, and reads it.
    ///
    /// # Errors
    /// As [`source::open`] and [`EnergyTable::load`].
    pub fn open(name_or_path: &str) -> Result<EnergyTable, EnergyError> {
        let file = source::open(FileKind::Energy, name_or_path)?;
        Ok(EnergyTable::load(&file)?)
    }

    /// The same table with another rule for several MACs a cycle.
    pub fn with_parallel_macs(mut self, rule: ParallelMacRule) -> EnergyTable {
        self.parallel_macs = rule;
        self
    }

    /// The same table with the buffers made of other SRAM.
    pub fn with_sram(mut self, sram: SramTable) -> EnergyTable {
        sram.name.clone_into(&mut self.sram);
        self.sram_table = sram;
        self
    }

    /// The SRAM that the buffers are made of.
    pub fn sram(&self) -> &SramTable {
        &self.sram_table
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
        let present = if self.entries.is_empty() {
            "are no entries".to_string()
        } else if of_component.is_empty() {
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

    /// Names of the components most like this one, each once, in the table's order: of the same kind of PE and block
    /// size, else of the same kind of PE, else of the same sort; all if there is none.
    fn components_like(&self, component: Component) -> String {
        let mut names = String::new();
        for closeness in (0..=3).rev() {
            let mut alike: Vec<String> = Vec::new();
            for entry in &self.entries {
                let name = entry.component.to_string();
                if entry.component.closeness(component) >= closeness && !alike.contains(&name) {
                    alike.push(name);
                }
            }
            names = alike.join(", ");
            if !names.is_empty() {
                break;
            }
        }
        names
    }
}
