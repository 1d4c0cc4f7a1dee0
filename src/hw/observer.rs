//! What a trace or a statistic may see of a run. Observers get facts, and no component.

use super::cause::CauseCycles;
use super::stepped::{Leaving, LoadToken, Token};
use crate::arch::Operand;
use crate::graph::{ProgramStep, ProgramTransfer};
use crate::sim::Tick;

/// What works on tile steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The PE array.
    Array,
    /// The vector unit.
    VectorUnit,
}

/// One PE of a stepped array in one cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeView {
    /// What it works on.
    pub token: Option<Token>,
    /// The activations at its inputs, lane by lane, as the values that they stand for.
    pub activations: Vec<i32>,
    /// The weights.
    pub weights: Vec<i32>,
    /// Weights come from the left and activations from the top, not the other way round.
    pub swapped: bool,
    /// Its accumulator, or the sum over the step's phases so far, at the end of the cycle.
    pub sum: i32,
    /// What it hands on at the end of the cycle: a result on its way out, or a partial sum.
    pub out: Option<i32>,
}

/// A look into a stepped array, after a cycle.
pub trait ArrayProbe {
    /// What was fed at the edges.
    fn fed(&self) -> Option<Token>;
    /// Which row of stationary operands entered.
    fn loading(&self) -> Option<LoadToken>;
    /// Results that left.
    fn leaving(&self) -> &[Leaving];
    /// A PE.
    fn pe(&self, row: u32, column: u32) -> PeView;
}

/// Receives what happens, in the order in which it ends. Every method does nothing by default, so
/// that a run that nobody watches pays nothing.
pub trait Observer {
    /// Layer `index` begins: its first tile is asked for.
    fn layer_begins(&mut self, _index: u32, _at: Tick) {}
    /// Layer `index` has ended: its last output is in DRAM, and so is all before it.
    fn layer_ends(&mut self, _index: u32, _at: Tick) {}
    /// The DMA sends a transfer's first request at `at`, which may lie ahead. `transfer` is its number in the program.
    fn transfer_begins(&mut self, _transfer: u32, _what: &ProgramTransfer, _at: Tick) {}
    /// The DMA moved a whole transfer, from its first request to its last byte, which may lie ahead.
    fn transfer(&mut self, _transfer: u32, _what: &ProgramTransfer, _from: Tick, _to: Tick) {}
    /// An engine was busy with a step from its first operand to its last. `step` is its number in the program,
    /// `stalls` where the array's PE-cycles of its layer went since the end of the layer's step before.
    fn step(
        &mut self,
        _step: u32,
        _what: &ProgramStep,
        _from: Tick,
        _to: Tick,
        _stalls: &CauseCycles,
    ) {
    }
    /// No engine worked, for a reason: before a step of `engine`, told ahead of it, or behind the last step of a layer.
    /// Where layers do not overlap, stalls and steps follow each other without a gap from a layer's beginning to its end.
    fn stall(&mut self, _engine: Engine, _reason: super::StallReason, _from: Tick, _to: Tick) {}
    /// The converter was busy with a step's results.
    fn converted(&mut self, _step: u32, _what: &ProgramStep, _values: u64, _from: Tick, _to: Tick) {
    }
    /// A tile of `operand` entered or left its buffer, which now holds `tiles`.
    fn tiles_held(&mut self, _operand: Operand, _tiles: u32, _at: Tick) {}
    /// A stepped array did a cycle.
    fn array_cycle(&mut self, _array: &dyn ArrayProbe, _at: Tick) {}
    /// A DRAM channel sent read or write commands for `bytes`; the data follow after its latency. Requests
    /// that need no command (merged, or answered from the write queue) do not show.
    fn burst(&mut self, _channel: u32, _bytes: u32, _at: Tick) {}
}

/// Sees nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
