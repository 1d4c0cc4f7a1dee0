//! The PE array at fidelity `stepped`: every PE and every block multiplier, every cycle, on real operands.
//!
//! * `mac`: a PE's multipliers. `fold`: a fold's operands as they enter.
//! * `output_stationary`, `operand_stationary`: the PEs and the registers between them.
//! * `flight`: folds that are in the array, until their last result has left.
//! * `sequencer`: when loads begin and when operands are fed; `feeding`: what ports allow.
//! * `layer`: operand values of a layer, and its outputs beside a direct computation.
//! * `engine`: all of that for the folds of a schedule.
//!
//! The closed forms of `mapping::fold` are used for nothing here but the sizes of folds; times
//! and register writes are what happens. Two things are abstracted, in both fidelities alike: results
//! leave through the output port at its rate without a model of where they wait (as if the edge had
//! room for one fold), and the im2col addressing is free.

mod engine;
mod feeding;
mod flight;
mod fold;
mod layer;
mod mac;
mod operand_stationary;
mod output_stationary;
mod sequencer;

pub use engine::{FoldName, SteppedLayer, SteppedWork};
pub use fold::{FoldOperands, FoldShape};
pub use layer::{GivenOperands, LayerOperands, OutputCheck};
pub use mac::{Codec, MacUnit};
pub use operand_stationary::LoadToken;
pub use sequencer::{CycleEnd, FoldWork, Sequencer};

use crate::blocked::Encoded;

/// What is fed in one cycle of a stream, and moves on from PE to PE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Number of the fold, from the first on.
    pub fold: u64,
    /// Step of its stream.
    pub step: usize,
    /// Cycle of the step.
    pub phase: u32,
    /// It is the last cycle of the step.
    pub ends_step: bool,
}

/// A result on its way out of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving {
    /// The fold.
    pub fold: u64,
    /// Row (output stationary) or step of the stream.
    pub row: usize,
    /// Column.
    pub column: usize,
    /// The sum.
    pub value: i32,
}

/// A PE after a cycle.
#[derive(Debug, Clone, Copy)]
struct Look<'a> {
    token: Option<Token>,
    left: &'a [Encoded],
    top: &'a [Encoded],
    sum: i32,
    out: Option<i32>,
}

/// What moved and what was done, counted where it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SteppedCounts {
    /// Multiply-accumulates.
    pub macs: u64,
    /// PE-cycles with work.
    pub active_pe_cycles: u64,
    /// Operands that entered from the left.
    pub left_values: u64,
    /// Operands that entered from the top.
    pub top_values: u64,
    /// Writes of operands into skew registers: those before row (or column) `i` are `i`.
    pub left_skew_writes: u64,
    /// The same at the top.
    pub top_skew_writes: u64,
    /// Writes of stationary operands.
    pub preload_writes: u64,
    /// Writes of results into registers that only take them out.
    pub chain_writes: u64,
}

impl SteppedCounts {
    fn enter_left(&mut self, values: usize, row: usize) {
        self.left_values += values as u64;
        self.left_skew_writes += (values * row) as u64;
    }

    fn enter_top(&mut self, values: usize, column: usize) {
        self.top_values += values as u64;
        self.top_skew_writes += (values * column) as u64;
    }
}
