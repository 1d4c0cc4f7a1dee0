//! Why an energy could not be computed.

use crate::arch::Operand;
use crate::source::{Diagnostics, SourceError};

/// Why an energy could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum EnergyError {
    /// There is no such table file, or it cannot be read as text.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file is no energy table.
    #[error(transparent)]
    Invalid(#[from] Diagnostics),
    /// The table has no value for something the accelerator does.
    #[error("{file}: no entry `{wanted}`; there {present}")]
    Missing {
        /// The table's file.
        file: String,
        /// The entry looked for.
        wanted: String,
        /// What the table has of that kind, beginning with `is` or `are`.
        present: String,
    },
    /// A buffer's macros lie outside the grid the SRAM fit was made on.
    #[error(
        "{file}: the {buffer} buffer is made of macros of {macro_kib} KiB and {macro_bits} bits; the SRAM data covers {grid}"
    )]
    OutsideSramGrid {
        /// The table's file.
        file: String,
        /// Which buffer.
        buffer: Operand,
        /// Capacity of one macro in KiB.
        macro_kib: f64,
        /// Port width of one macro in bits.
        macro_bits: f64,
        /// The grid in words.
        grid: String,
    },
}
