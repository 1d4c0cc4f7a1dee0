//! Simulations as a user asks for them: design points, jobs, and many of them at once.
//!
//! This is the one way through the program: [`DesignPoint::open`] reads the files, [`Job::plan`] plans,
//! [`PlannedJob::run`] simulates and prices, [`map_parallel`] does that for many jobs on several threads. Every
//! simulation is independent of every other, so results do not depend on the number of threads. A
//! [`ComparisonRequest`] is all of that for several design points and networks; it may give arrays as many PEs or as much
//! area as another's before ([`Iso`]).

mod comparison;
mod incompatible;
mod iso;
mod job;
mod names;
mod planned;
mod point;
mod priced_counts;
mod prices;
mod result;
mod sized;

pub use crate::parallel::{OnProgress, Progress, map_parallel, threads_or_cores};
pub use comparison::{ComparisonOutcome, ComparisonRequest, NetworkPart, NoLayerMatches};
pub use iso::{ArraySize, Iso};
pub use job::{Job, JobError};
pub use names::Renamed;
pub use planned::{PlannedJob, PlannedLayer};
pub use point::DesignPoint;
pub use prices::PriceChoice;
pub use result::{JobResult, LayerOutcome};
pub use sized::SizedPoint;
