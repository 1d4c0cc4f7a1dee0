//! The hardware: components that send each other messages through the kernel of [`crate::sim`].
//!
//! | component | file | does |
//! |---|---|---|
//! | controller | `controller`, `room` | walks the tile steps, loads ahead, starts, stores |
//! | DMA | `dma` | transfers to bursts, bursts to buffers |
//! | DRAM channels | `channel`, [`crate::dram`] | FR-FCFS memory controller and banks |
//! | buffers | `buffer` | accesses, bank conflicts |
//! | PE array | `pe_array`, [`stepped`] | folds, in closed form or PE by PE |
//! | format converter | `converter` | accumulators to stored values |
//! | vector unit | `vector_unit` | everything but GEMMs |
//!
//! `message` has every message, `machine` the dispatch, `ledger` the account of the array's cycles; a run gives a [`RunResult`] of integers.

mod array_counts;
mod buffer;
mod bus;
mod cause;
mod channel;
pub mod conservation;
mod controller;
mod converter;
mod dma;
mod ledger;
mod machine;
mod message;
mod observer;
mod pe_array;
mod result;
mod room;
mod slots;
pub mod stepped;
mod vector_unit;

#[cfg(test)]
mod tests;

pub use array_counts::ArrayCounts;
pub use buffer::BufferCounts;
pub use cause::{Cause, CauseCycles, StallReason};
pub use dma::DmaCounts;
pub use machine::{Fidelity, MachineError, simulate, tick_rate};
pub use observer::{ArrayProbe, Engine, Observer, PeView, Unobserved};
pub use result::{LayerResult, RunResult};
pub use vector_unit::VectorCounts;
