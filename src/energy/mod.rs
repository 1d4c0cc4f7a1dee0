//! Energy and area: pure functions from integer counts and a table of sourced values to picojoules and mm2.
//!
//! An [`EnergyTable`] is read from RON; each value carries its source and whether it was measured, derived by a
//! stated rule or assumed. It names an [`SramTable`], a grid of measured macros. An [`EnergyModel`] puts a table, an
//! architecture and the DRAM's energies per command together: [`EnergyModel::layer`] prices the [`LayerCounts`] of one
//! layer at its [`OperatingPoint`](crate::arch::OperatingPoint), [`EnergyModel::area`] says what the accelerator
//! takes. A [`Listing`] shows a table to people.
//!
//! | file | holds |
//! |---|---|
//! | `file`, `entry`, `load`, `table` | the schema of an energy table, its entries, the rules it has to keep, the checked table |
//! | `sram/` | SRAM tables, and buffers made of macros |
//! | `pe`, `parts` | a PE's computing cycle, and where in the PE its energy goes |
//! | `hardware`, `area`, `leakage` | the components of an architecture counted, their area, their leakage |
//! | `counts`, `model`, `breakdown` | counts of a layer, their price, energy by component |
//!
//! Nothing here is fitted to a published energy ratio.

mod area;
mod breakdown;
mod counts;
mod entry;
mod error;
mod file;
mod hardware;
mod leakage;
mod listing;
mod load;
mod model;
mod operands;
mod parts;
mod pe;
mod sram;
mod table;

#[cfg(test)]
mod tests;

pub(crate) use area::array_mm2;
pub use area::{AreaBreakdown, AreaShares};
pub use breakdown::{BasisShares, EnergyBreakdown, LeakageParts};
pub use counts::{AccessCounts, LayerCounts, PeArrayCounts};
pub use entry::{Action, Basis, Component, Entry, Quantity, Split};
pub use error::EnergyError;
pub use file::{EnergyTableFile, ParallelMacRule};
pub use listing::{LISTING_SCHEMA, ListedValue, Listing};
pub use model::{EnergyModel, UnitPrices};
pub use operands::{
    LayerOperands, OperandActivity, OperandActivityFile, OperandStatistics, SignMagnitude,
    TwosComplement, switching_is_known,
};
pub use parts::PeParts;
pub use sram::{AccessFit, MacroGrid, SramTable, SramTableFile};
pub use table::EnergyTable;

/// How far energies and areas can be trusted: for reports to print once.
pub const ACCURACY: [&str; 6] = [
    "Absolute logic energy is good to about a factor of 2, ratios between PEs to about +-0.2: gate-level measurement of one mapping, without place and route, clock buffers, gating or zero skipping.",
    "Operand statistics move PE energy as much as the number of products does: the PE values hold for operand pairs recorded from quantised networks, or for those of `--activity`.",
    "A PE that does several MACs a cycle was not measured. Rule `exact_cycle` (the PE with that many multipliers fed by one MAC, plus operand registers) leaves out that independent operands and signs toggle more, and comes out low; rule `lanes` adds measured dot-product lanes and comes out 1.3 to 3 times higher with dynamic windows. Read a result under both.",
    "SRAM energy is a smooth fit to CACTI results for one read/write port: 6 to 8 % mean error, 37 % at worst in the shipped tables; leakage and area are interpolated between them. Two-port banks are priced as one-port banks.",
    "Areas are cells and SRAM macros, without placement and routing. PEs of K = 1, 3, 5, 6 and 7 are composed of measured parts; on measured PEs that rule is off by up to 17 %.",
    "DRAM command energies are data-sheet currents, I/O energy per bit a published figure; both belong to the DRAM preset.",
];
