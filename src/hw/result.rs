//! What a run leaves behind: integers only. Energy and reports are computed from them elsewhere.

use hdrhistogram::Histogram;

use super::array_counts::ArrayCounts;
use super::buffer::BufferCounts;
use super::cause::CauseCycles;
use super::dma::DmaCounts;
use super::stepped::OutputCheck;
use super::vector_unit::VectorCounts;
use crate::arch::PerOperand;
use crate::dram::DramCounts;
use crate::sim::RunStatistics;

/// One layer's run.
#[derive(Debug, Clone)]
pub struct LayerResult {
    /// Core cycle at which its first tile was asked for.
    pub begin_cycle: u64,
    /// Core cycle at which its last output was in DRAM, and all before it.
    pub end_cycle: u64,
    /// Core cycles of the run that are its own: those in which the array works on it or waits for it, or the vector unit
    /// works on it while the array has nothing. Those of all layers are those of the run.
    pub cycles: u64,
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
    pub buffers: PerOperand<BufferCounts>,
    /// DRAM commands since the end of the layer before.
    pub dram: DramCounts,
    /// Values through the format converter.
    pub converted_values: u64,
    /// Tile steps.
    pub tiles: u64,
}

impl LayerResult {
    /// Core cycles of the run that are its own.
    pub fn cycles(&self) -> u64 {
        self.cycles
    }
}

/// A whole run.
#[derive(Debug, Clone)]
pub struct RunResult {
    /// Layer by layer, in order.
    pub layers: Vec<LayerResult>,
    /// DRAM cycles from a read's arrival at the memory controller to its last data.
    pub read_latency: Histogram<u64>,
    /// What the DRAM did after the last layer: writes that its controller had accepted and not yet done.
    pub after: DramCounts,
    /// The kernel's figures.
    pub statistics: RunStatistics,
}

impl RunResult {
    /// Core cycles of all layers.
    pub fn cycles(&self) -> u64 {
        self.layers.iter().map(LayerResult::cycles).sum()
    }
}
