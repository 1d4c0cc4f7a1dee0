//! The schema of an SRAM table, and what it says of a macro.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::energy::error::EnergyError;
use crate::source::{self, Diagnostics, FileKind, SourceFile};

/// Macros of one SRAM technology, each with one port that reads or writes. Read by [`SramTable::load`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SramTable {
    /// The file the table was read from.
    #[serde(skip)]
    pub(super) file: String,
    /// Short name for reports.
    pub name: String,
    /// Tool, node, device type, temperature.
    pub technology: String,
    /// Energy of an access.
    pub access: AccessFit,
    /// The measured macros.
    pub grid: MacroGrid,
}

/// The energy of one access to a macro, the mean of read and write: `a_pj * KiB^size_exponent *
/// (bits / 64)^width_exponent`. It is used inside the grid only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessFit {
    /// Energy of a 64-bit access to 1 KiB, in pJ.
    pub a_pj: f64,
    /// Exponent of the capacity in KiB.
    pub size_exponent: f64,
    /// Exponent of the port width in units of 64 bits.
    pub width_exponent: f64,
    /// At least the mean relative error over the points of the grid.
    pub mean_error: f64,
    /// At least the worst relative error at a point of the grid.
    pub worst_error: f64,
    /// How the fit was made.
    pub source: String,
}

/// Measured macros by capacity and port width. The matrices are `[size][port]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MacroGrid {
    /// Capacities in KiB, ascending.
    pub size_kib: Vec<u32>,
    /// Port widths in bits, ascending.
    pub port_bits: Vec<u32>,
    /// Energy of a read in pJ.
    pub read_pj: Vec<Vec<f64>>,
    /// Energy of a write in pJ.
    pub write_pj: Vec<Vec<f64>>,
    /// Leakage of a macro in uW, with that of the gates.
    pub leakage_uw: Vec<Vec<f64>>,
    /// Area of a macro in um2.
    pub area_um2: Vec<Vec<f64>>,
    /// Where the values come from.
    pub source: String,
}

impl SramTable {
    /// Reads the table in `file`.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value without a source or out of range, every matrix that
    /// has not the grid's shape, and stated errors smaller than the fit's, each at its place.
    pub fn load(file: &SourceFile) -> Result<SramTable, Diagnostics> {
        let mut table: SramTable = source::parse_as(FileKind::Sram, file)?;
        file.name().clone_into(&mut table.file);
        super::load::check(file, table)
    }

    /// Opens a shipped table by name, or a file by path, and reads it.
    ///
    /// # Errors
    /// As [`source::open`] and [`SramTable::load`].
    pub fn open(name_or_path: &str) -> Result<SramTable, EnergyError> {
        let file = source::open(FileKind::Sram, name_or_path)?;
        Ok(SramTable::load(&file)?)
    }

    /// The file the table was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Energy of one access to a macro of `kib` KiB through a port of `bits` bits, in pJ.
    pub fn access_pj(&self, kib: f64, bits: f64) -> f64 {
        self.access.at(kib, bits)
    }

    /// Leakage of a macro of `kib` KiB with a port of `bits` bits in uW; `None` outside the grid.
    pub fn leakage_uw(&self, kib: f64, bits: f64) -> Option<f64> {
        self.grid.between(&self.grid.leakage_uw, kib, bits)
    }

    /// Area of a macro of `kib` KiB with a port of `bits` bits in um2; `None` outside the grid.
    pub fn area_um2(&self, kib: f64, bits: f64) -> Option<f64> {
        self.grid.between(&self.grid.area_um2, kib, bits)
    }

    /// The grid's bounds in words.
    pub fn bounds(&self) -> String {
        let ((low_kib, high_kib), (low_bits, high_bits)) =
            (ends(&self.grid.size_kib), ends(&self.grid.port_bits));
        format!("{low_kib} to {high_kib} KiB and {low_bits} to {high_bits} bits")
    }

    /// Width of the widest macro in bits.
    pub fn widest_bits(&self) -> u32 {
        ends(&self.grid.port_bits).1
    }
}

fn ends(axis: &[u32]) -> (u32, u32) {
    (
        axis.first().copied().unwrap_or(0),
        axis.last().copied().unwrap_or(0),
    )
}

impl AccessFit {
    pub(super) fn at(&self, kib: f64, bits: f64) -> f64 {
        self.a_pj * kib.powf(self.size_exponent) * (bits / 64.0).powf(self.width_exponent)
    }
}

impl MacroGrid {
    /// The value of `matrix` at a macro: bilinear in the logarithms of both axes and of the values, so that a power
    /// law between two points is met exactly, and so are the points.
    fn between(&self, matrix: &[Vec<f64>], kib: f64, bits: f64) -> Option<f64> {
        let (row, down) = place(&self.size_kib, kib)?;
        let (column, across) = place(&self.port_bits, bits)?;
        let at = |row: usize| {
            let values = &matrix[row];
            geometric(values[column.0], values[column.1], across)
        };
        Some(geometric(at(row.0), at(row.1), down))
    }
}

/// The neighbours of `value` on an axis, and how far it is from the first to the second, 0 to 1, in logarithms.
fn place(axis: &[u32], value: f64) -> Option<((usize, usize), f64)> {
    let above = axis.iter().position(|&point| f64::from(point) >= value)?;
    if f64::from(axis[above]) == value {
        return Some(((above, above), 0.0));
    }
    let below = above.checked_sub(1)?;
    let (low, high) = (f64::from(axis[below]), f64::from(axis[above]));
    Some(((below, above), (value / low).ln() / (high / low).ln()))
}

fn geometric(low: f64, high: f64, part: f64) -> f64 {
    if part == 0.0 {
        low
    } else {
        low * (high / low).powf(part)
    }
}
