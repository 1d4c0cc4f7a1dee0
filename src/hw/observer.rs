//! What a trace or a statistic may see of a run. Observers get facts, and no component.

use super::cause::CauseCycles;
use crate::mapping::{Operand, Step, Transfer};
use crate::sim::Tick;

/// Receives what happens, in the order in which it ends. Every method does nothing by default, so
/// that a run that nobody watches pays nothing.
pub trait Observer {
    /// Layer `index` begins.
    fn layer_begins(&mut self, _index: u32, _at: Tick) {}
    /// Layer `index` has ended.
    fn layer_ends(&mut self, _index: u32, _at: Tick) {}
    /// The DMA sends a transfer's first request at `at`, which may lie ahead.
    fn transfer_begins(&mut self, _transfer: u32, _what: &Transfer, _at: Tick) {}
    /// The DMA moved a whole transfer, from its first request to its last byte, which may lie ahead.
    fn transfer(&mut self, _transfer: u32, _what: &Transfer, _from: Tick, _to: Tick) {}
    /// An engine was busy with a step from its first operand to its last. `stalls` is where the array's
    /// PE-cycles went since the end of the step before.
    fn step(&mut self, _step: u32, _what: &Step, _from: Tick, _to: Tick, _stalls: &CauseCycles) {}
    /// The engine did no work because of `cause`: before a step, told ahead of it, or behind the last
    /// step of a layer. Waits and steps follow each other without a gap from a layer's beginning to
    /// its end.
    fn wait(&mut self, _cause: super::Cause, _from: Tick, _to: Tick) {}
    /// The converter was busy with a step's results.
    fn converted(&mut self, _step: u32, _values: u64, _from: Tick, _to: Tick) {}
    /// A tile of `operand` entered or left its buffer, which now holds `tiles`.
    fn tiles_held(&mut self, _operand: Operand, _tiles: u8, _at: Tick) {}
    /// A DRAM channel sent read or write commands for `bytes`; the data follow after its latency. Requests
    /// that need no command (merged, or answered from the write queue) do not show.
    fn burst(&mut self, _channel: u32, _bytes: u32, _at: Tick) {}
}

/// Sees nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
