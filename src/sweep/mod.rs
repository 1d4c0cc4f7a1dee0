//! Simulations as a user asks for them: design points, jobs, and many of them at once.
//!
//! This is the one way through the program: [`DesignPoint::open`] reads the files, [`Job::plan`] plans,
//! [`PlannedJob::run`] simulates and prices, [`map_parallel`] does that for many jobs on several threads. Every simulation is
//! independent of every other, so results do not depend on the number of threads.

mod activity;
mod job;
mod misfit;
mod point;
mod pool;

pub use job::{Job, JobError, JobResult, PlannedJob, plan_all};
pub use point::DesignPoint;
pub use pool::{map_parallel, threads_or_cores};
