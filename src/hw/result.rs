//! What a run leaves behind: integers only. Energy and reports are computed from them elsewhere.

use hdrhistogram::Histogram;

use super::array_counts::ArrayCounts;
use super::buffer::BufferCounts;
use super::cause::CauseCycles;
use super::dma::DmaCounts;
use super::stepped::OutputCheck;
use super::vector_unit::VectorCounts;
use crate::dram::DramCounts;
use crate::sim::{Khz, RunStatistics};

/// DRAM commands and standby time, over all channels and ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DramTotals {
    /// Row activations.
    pub activates: u64,
    /// Precharges.
    pub precharges: u64,
    /// Read bursts.
    pub reads: u64,
    /// Write bursts.
    pub writes: u64,
    /// Refreshes.
    pub refreshes: u64,
    /// Column commands that found their row open.
    pub row_hits: u64,
    /// Reads answered from the write queue, without a DRAM command.
    pub forwarded_reads: u64,
    /// Reads answered by another read of the same burst, without a DRAM command.
    pub merged_reads: u64,
    /// Writes that replaced a queued write of the same burst.
    pub merged_writes: u64,
    /// Rank-cycles with a row open.
    pub active_standby_cycles: u64,
    /// Rank-cycles with all rows closed.
    pub precharge_standby_cycles: u64,
}

impl DramTotals {
    /// The sum over ranks of one channel's counts.
    pub fn of(counts: &DramCounts) -> DramTotals {
        DramTotals {
            activates: counts.activates,
            precharges: counts.precharges,
            reads: counts.reads,
            writes: counts.writes,
            refreshes: counts.refreshes,
            row_hits: counts.row_hits,
            forwarded_reads: counts.forwarded_reads,
            merged_reads: counts.merged_reads,
            merged_writes: counts.merged_writes,
            active_standby_cycles: counts.active_standby_cycles.iter().sum(),
            precharge_standby_cycles: counts.precharge_standby_cycles.iter().sum(),
        }
    }

    /// Combines two counts field by field.
    fn zip(&self, other: &DramTotals, with: impl Fn(u64, u64) -> u64) -> DramTotals {
        DramTotals {
            activates: with(self.activates, other.activates),
            precharges: with(self.precharges, other.precharges),
            reads: with(self.reads, other.reads),
            writes: with(self.writes, other.writes),
            refreshes: with(self.refreshes, other.refreshes),
            row_hits: with(self.row_hits, other.row_hits),
            forwarded_reads: with(self.forwarded_reads, other.forwarded_reads),
            merged_reads: with(self.merged_reads, other.merged_reads),
            merged_writes: with(self.merged_writes, other.merged_writes),
            active_standby_cycles: with(self.active_standby_cycles, other.active_standby_cycles),
            precharge_standby_cycles: with(
                self.precharge_standby_cycles,
                other.precharge_standby_cycles,
            ),
        }
    }

    /// Sum.
    #[must_use]
    pub fn plus(&self, other: &DramTotals) -> DramTotals {
        self.zip(other, |a, b| a + b)
    }

    /// What came since `before`.
    #[must_use]
    pub fn since(&self, before: &DramTotals) -> DramTotals {
        self.zip(before, |a, b| a - b)
    }
}

/// One layer's run.
#[derive(Debug, Clone)]
pub struct LayerResult {
    /// Core cycle at which it began: everything before it was in DRAM.
    pub begin_cycle: u64,
    /// Core cycle at which its last output was in DRAM.
    pub end_cycle: u64,
    /// Where the array's PE-cycles went; they sum to cycles times PEs.
    pub causes: CauseCycles,
    /// The array's work.
    pub array: ArrayCounts,
    /// Outputs of a stepped array beside a direct computation.
    pub outputs: Option<OutputCheck>,
    /// The vector unit's work.
    pub vector: VectorCounts,
    /// The DMA's work.
    pub dma: DmaCounts,
    /// Accesses to activation, weight and output buffer.
    pub buffers: [BufferCounts; 3],
    /// DRAM commands.
    pub dram: DramTotals,
    /// Values through the format converter.
    pub converted_values: u64,
    /// Tile steps.
    pub tiles: u64,
}

impl LayerResult {
    /// Core cycles.
    pub fn cycles(&self) -> u64 {
        self.end_cycle - self.begin_cycle
    }
}

/// A whole run.
#[derive(Debug, Clone)]
pub struct RunResult {
    /// Layer by layer, in order.
    pub layers: Vec<LayerResult>,
    /// Core clock.
    pub core_clock: Khz,
    /// DRAM cycles from a read's arrival at the memory controller to its last data.
    pub read_latency: Histogram<u64>,
    /// What the DRAM did after the last layer: writes that its controller had accepted and not yet done.
    pub after: DramTotals,
    /// The kernel's figures.
    pub statistics: RunStatistics,
}

impl RunResult {
    /// Core cycles of all layers.
    pub fn cycles(&self) -> u64 {
        self.layers.iter().map(LayerResult::cycles).sum()
    }
}
