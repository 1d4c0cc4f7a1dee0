//! An SRAM table, and what it says of a macro.

use std::ops::Deref;

use serde::{Serialize, Serializer};

use super::file::{MacroGrid, SramTableFile};
use super::load;
use crate::energy::error::EnergyError;
use crate::source::{self, Diagnostics, FileKind, SourceFile};

/// An SRAM table that has been checked. It reads, and is written, as its file is.
#[derive(Debug, Clone, PartialEq)]
pub struct SramTable {
    /// The file the table was read from.
    file: String,
    content: SramTableFile,
}

impl Deref for SramTable {
    type Target = SramTableFile;

    fn deref(&self) -> &SramTableFile {
        &self.content
    }
}

impl Serialize for SramTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.content.serialize(serializer)
    }
}

impl SramTable {
    /// Reads the table in `file`.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value without a source or out of range, every matrix that
    /// has not the grid's shape, and stated errors smaller than the fit's, each at its place.
    pub fn load(file: &SourceFile) -> Result<SramTable, Diagnostics> {
        let content = load::check(file, source::parse_as(FileKind::Sram, file)?)?;
        Ok(SramTable {
            file: file.name().to_owned(),
            content,
        })
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
