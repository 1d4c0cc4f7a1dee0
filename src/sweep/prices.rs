//! The choice of prices.

use crate::energy::{EnergyTable, ParallelMacRule};
use crate::source::{self, FileKind, LoadError, SourceFile};

/// Prices to use instead of those that an architecture's file names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceChoice {
    /// Energy table, a shipped name or a path; none for the architecture's own.
    pub table: Option<String>,
    /// How a PE that does several MACs a cycle is priced; none for the table's own rule.
    pub parallel_macs: Option<ParallelMacRule>,
    /// Statistics of the operands, a shipped name or a path; none for the table's `real` operands.
    pub activity: Option<String>,
}

impl PriceChoice {
    /// The table for an architecture that names `own` in the file `source`.
    pub(super) fn table(&self, own: &str, source: &SourceFile) -> Result<EnergyTable, LoadError> {
        let file = match &self.table {
            Some(name) => source::open(FileKind::Energy, name)?,
            None => source::open_beside(FileKind::Energy, own, source)?,
        };
        let table = EnergyTable::load(&file)?;
        Ok(match self.parallel_macs {
            Some(rule) => table.with_parallel_macs(rule),
            None => table,
        })
    }
}
