//! Results for people and for programs: aligned tables, JSON, CSV. Built from results only.
//!
//! [`model`] is what a report says (and the versioned JSON schema), [`build`] makes it from job results,
//! [`table`] and [`csv`] print it.

pub mod build;
mod columns;
pub mod csv;
pub mod model;
mod published;
pub mod table;

pub use build::{ReportBuilder, RunKey};
pub use model::{Comparison, LayerReport, Report, RunReport, SCHEMA};
