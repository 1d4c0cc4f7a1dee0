//! Results for people and for programs: aligned tables, JSON, CSV. Built from results only.
//!
//! [`model`] is what a report says (and the versioned JSON schema), [`ReportBuilder`] makes it from job results, `table`
//! and `csv` print it, [`plot`] draws it. `factors` takes a ratio apart, and [`headline`] is the comparison in one table.
//! [`dram`] and `dram_table` do the same for a request trace replayed on a memory alone. Every result that is printed is
//! a [`Render`].

pub mod accuracy;
mod build;
mod capacity;
mod columns;
mod compared;
mod comparison;
mod csv;
mod cycles_view;
pub mod dram;
mod dram_table;
mod efficiency_table;
mod energy_view;
mod factors;
pub mod headline;
mod layout;
pub mod mapping;
pub mod model;
mod performance;
pub mod plot;
mod published;
mod ratios_view;
pub mod render;
mod roofline_view;
pub mod search;
mod stack;
mod summary;
mod table;

pub use accuracy::{ACCURACY_SCHEMA, AccuracyReport};
pub use build::{ReportBuilder, RunKey};
pub use dram::{DRAM_SCHEMA, TraceReport};
pub use mapping::{MAPPING_SCHEMA, MappingReport};
pub use model::{Comparison, LayerReport, Report, RunReport, SCHEMA};
pub use performance::{Bound, Efficiency, MemoryLimit, Roofline};
pub use render::Render;
pub use table::View;
