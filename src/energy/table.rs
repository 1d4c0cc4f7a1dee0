//! An energy table, and its entries by name.

use std::ops::Deref;

use super::entry::{Action, Basis, Component};
use super::error::EnergyError;
use super::file::{EnergyTableFile, ParallelMacRule};
use super::load;
use super::sram::SramTable;
use crate::source::{self, Diagnostics, FileKind, SourceFile};

/// An energy table that has been checked, with the SRAM table that it names. It reads as its file does.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyTable {
    /// The file the table was read from.
    file: String,
    content: EnergyTableFile,
    /// What its `sram` stands for.
    sram: SramTable,
}

impl Deref for EnergyTable {
    type Target = EnergyTableFile;

    fn deref(&self) -> &EnergyTableFile {
        &self.content
    }
}

/// Unit tests go beyond what files may say.
#[cfg(test)]
impl std::ops::DerefMut for EnergyTable {
    fn deref_mut(&mut self) -> &mut EnergyTableFile {
        &mut self.content
    }
}

impl EnergyTable {
    /// Reads the table in `file`, and the SRAM table that it names.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value without a source, out of range, with the wrong unit
    /// or given twice, and an SRAM table that there is not, each at its place; else what is wrong with the SRAM table.
    pub fn load(file: &SourceFile) -> Result<EnergyTable, Diagnostics> {
        let content: EnergyTableFile = source::parse_as(FileKind::Energy, file)?;
        let (content, sram) = load::check(file, content)?;
        Ok(EnergyTable {
            file: file.name().to_owned(),
            sram: SramTable::load(&sram)?,
            content,
        })
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
        self.content.parallel_macs = rule;
        self
    }

    /// The same table with the buffers made of other SRAM.
    pub fn with_sram(mut self, sram: SramTable) -> EnergyTable {
        sram.name.clone_into(&mut self.content.sram);
        self.sram = sram;
        self
    }

    /// The SRAM that the buffers are made of.
    pub fn sram(&self) -> &SramTable {
        &self.sram
    }

    /// The file the table was read from.
    pub fn file(&self) -> &str {
        &self.file
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
