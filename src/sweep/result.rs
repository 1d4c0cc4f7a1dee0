//! What a job leaves behind: one record a layer.

use hdrhistogram::Histogram;

use super::planned::PlannedLayer;
use crate::approx::LayerPrecision;
use crate::dram::DramCounts;
use crate::energy::EnergyBreakdown;
use crate::hw::LayerResult;
use crate::sim::RunStatistics;
use crate::workload::LayerId;

/// A simulated layer.
#[derive(Debug, Clone)]
pub struct LayerOutcome {
    /// What was simulated.
    pub planned: PlannedLayer,
    /// Time and counts, with the cause of every PE-cycle.
    pub run: LayerResult,
    /// Energy.
    pub energy: EnergyBreakdown,
}

impl LayerOutcome {
    /// Which layer of the network it is.
    pub fn id(&self) -> LayerId {
        self.planned.mapping.id
    }

    /// The precision on the array; none for the vector unit.
    pub fn precision(&self) -> Option<&LayerPrecision> {
        self.planned.mapping.plan.precision()
    }
}

/// A job's outcome.
#[derive(Debug, Clone)]
pub struct JobResult {
    /// Layer by layer, in order.
    pub layers: Vec<LayerOutcome>,
    /// What the DRAM did after the last layer: writes that its controller had accepted and not yet done.
    /// The last layer's energy has them.
    pub after: DramCounts,
    /// DRAM cycles from a read's arrival at the memory controller to its last data.
    pub read_latency: Histogram<u64>,
    /// The kernel's figures.
    pub statistics: RunStatistics,
    /// Seed of the operand values of a stepped array.
    pub stepped: Option<u64>,
}

impl JobResult {
    /// Core cycles of all layers.
    pub fn cycles(&self) -> u64 {
        self.layers.iter().map(|layer| layer.run.cycles()).sum()
    }

    /// Energy of all layers.
    pub fn energy(&self) -> EnergyBreakdown {
        self.layers.iter().map(|layer| layer.energy).sum()
    }
}
