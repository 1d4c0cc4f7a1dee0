//! The schema of an SRAM table's file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Macros of one SRAM technology, each with one port that reads or writes. Read by [`SramTable::load`].
///
/// [`SramTable::load`]: crate::energy::SramTable::load
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "SramTable", deny_unknown_fields)]
#[schemars(description = "Macros of one SRAM technology, each with one port that reads or writes.")]
pub struct SramTableFile {
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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

impl AccessFit {
    pub(super) fn at(&self, kib: f64, bits: f64) -> f64 {
        self.a_pj * kib.powf(self.size_exponent) * (bits / 64.0).powf(self.width_exponent)
    }
}
