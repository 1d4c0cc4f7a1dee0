//! Figures derived from time, work, traffic and energy: efficiency, and the place under the roofline (Williams,
//! Waterman, Patterson, CACM 52(4), 2009).

use schemars::JsonSchema;
use serde::Serialize;

/// Operations of a multiply-accumulate.
pub(super) const OPERATIONS_PER_MAC: f64 = 2.0;

/// Rates and products of time, energy and multiply-accumulates (2 operations each). The vector unit's operations
/// are not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Efficiency {
    /// Energy-delay product: energy x time, in pJ us.
    pub edp_pj_us: f64,
    /// Tera-operations per second attained.
    pub tops: f64,
    /// Tera-operations per second and watt: operations per pJ of all energy, DRAM included.
    pub tops_per_w: f64,
    /// Energy over time, in mW, DRAM included.
    pub average_power_mw: f64,
    /// `tops` over the area of everything but the DRAM.
    pub tops_per_mm2: f64,
}

impl Efficiency {
    /// Of `macs` multiply-accumulates that took `time_us` and `energy_pj` on `mm2` of area.
    pub(super) fn of(macs: u64, time_us: f64, energy_pj: f64, mm2: f64) -> Efficiency {
        let operations = OPERATIONS_PER_MAC * macs as f64;
        let tops = ratio(operations, time_us) / 1e6;
        Efficiency {
            edp_pj_us: energy_pj * time_us,
            tops,
            tops_per_w: ratio(operations, energy_pj),
            // 1 pJ / us is 1 uW.
            average_power_mw: ratio(energy_pj, time_us) / 1e3,
            tops_per_mm2: ratio(tops, mm2),
        }
    }
}

/// What keeps a layer from being faster, at best: the lower of its two roofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The PE array.
    Compute,
    /// The DRAM, or the DMA before it: see [`Roofline::memory_limit`].
    Memory,
    /// The vector unit.
    Vector,
}

impl Bound {
    /// Its name in JSON and tables.
    pub fn name(self) -> &'static str {
        match self {
            Bound::Compute => "compute",
            Bound::Memory => "memory",
            Bound::Vector => "vector",
        }
    }
}

/// Which of the two ways of memory is narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryLimit {
    /// The DRAM's bus, at its peak.
    Dram,
    /// The DMA's requests, at most so many bursts each way a core cycle.
    Dma,
}

impl MemoryLimit {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            MemoryLimit::Dram => "dram",
            MemoryLimit::Dma => "dma",
        }
    }
}

/// A layer's, or a run's, place under the roofline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Roofline {
    /// Operations: 2 a multiply-accumulate of a layer on the array; lane operations of a layer on the vector unit;
    /// of a run, 2 a multiply-accumulate.
    pub operations: u64,
    /// Bytes of the bursts that crossed the DRAM bus in the layer's time; one burst if none did. Writes that the
    /// memory controller accepts and does later count for the layer under which they are done, so that no layer can
    /// be above its roof; a layer's `traffic` has them where they were asked for.
    pub dram_bytes: u64,
    /// Operational intensity: operations over these bytes.
    pub operations_per_byte: f64,
    /// Giga-operations per second attained.
    pub attained_gops: f64,
    /// Those that the engine could do: the array at the layer's precision (PEs x MACs per cycle x 2 x clock) or the
    /// lanes of the vector unit; of a run, the rate at which all layers together would take no more than each its
    /// multiply-accumulates at its own peak.
    pub peak_gops: f64,
    /// Those that the memory could feed: intensity x the DRAM's peak bandwidth, or what the DMA's peak allows for the
    /// reads or the writes that it asked for, whichever are more; the lower of the two.
    pub bandwidth_roof_gops: f64,
    /// Which of the two that is.
    pub memory_limit: MemoryLimit,
    /// The lower of the two roofs.
    pub roof_gops: f64,
    /// Which one that is.
    pub bound: Bound,
}

/// An engine: what it can do, and which bound it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peak {
    pub gops: f64,
    pub bound: Bound,
}

/// What a layer or a run did in which time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub operations: u64,
    pub dram_bytes: u64,
    /// Bytes of the bursts that the DMA asked for one way: reads or writes, whichever are more.
    pub dma_bytes: u64,
    pub time_us: f64,
}

/// What the way to memory carries at best, in GB/s.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemoryPeak {
    /// The DRAM, reads and writes together.
    pub dram_gbps: f64,
    /// The DMA, reads and writes each.
    pub dma_gbps: f64,
}

impl MemoryPeak {
    /// Whether the DMA cannot read all that the DRAM could give. Where it can, it is no limit: writes that wait in the
    /// DRAM's queues beyond a layer's end do not make it one.
    pub(super) fn dma_is_narrower(self) -> bool {
        self.dma_gbps < self.dram_gbps
    }
}

impl Roofline {
    /// Of `work` on an engine beside a memory.
    pub(super) fn of(work: Work, peak: Peak, memory: MemoryPeak) -> Roofline {
        let operations = work.operations as f64;
        let operations_per_byte = ratio(operations, work.dram_bytes as f64);
        let dram_roof_gops = operations_per_byte * memory.dram_gbps;
        let least_dma_ns = work.dma_bytes as f64 / memory.dma_gbps;
        let least_dram_ns = work.dram_bytes as f64 / memory.dram_gbps;
        let by_dma = memory.dma_is_narrower() && least_dma_ns > least_dram_ns;
        let (bandwidth_roof_gops, memory_limit) = if by_dma {
            (operations / least_dma_ns, MemoryLimit::Dma)
        } else {
            (dram_roof_gops, MemoryLimit::Dram)
        };
        let by_memory = bandwidth_roof_gops < peak.gops;
        Roofline {
            operations: work.operations,
            dram_bytes: work.dram_bytes,
            operations_per_byte,
            attained_gops: ratio(operations, work.time_us) / 1e3,
            peak_gops: peak.gops,
            bandwidth_roof_gops,
            memory_limit,
            roof_gops: bandwidth_roof_gops.min(peak.gops),
            bound: if by_memory { Bound::Memory } else { peak.bound },
        }
    }

    /// The bound as tables name it: `DMA` where that is what bounds the memory.
    pub(super) fn bound_label(&self) -> &'static str {
        match (self.bound, self.memory_limit) {
            (Bound::Memory, MemoryLimit::Dma) => "DMA",
            (bound, _) => bound.name(),
        }
    }

    /// Attained, of the roof; 0 to 1.
    pub fn share_of_roof(&self) -> f64 {
        ratio(self.attained_gops, self.roof_gops)
    }
}

/// `numerator / denominator`, 0 where there is nothing to divide by.
pub(super) fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator > 0.0 {
        numerator / denominator
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_roof_is_the_narrower_of_dram_and_dma() {
        let peak = Peak {
            gops: 1e6,
            bound: Bound::Compute,
        };
        let roof = |[read, written]: [u64; 2], dma_gbps| {
            let work = Work {
                operations: 2_560_000,
                dram_bytes: read + written,
                dma_bytes: read.max(written),
                time_us: 100.0,
            };
            let dram_gbps = 256.0;
            let memory = MemoryPeak {
                dram_gbps,
                dma_gbps,
            };
            let roof = Roofline::of(work, peak, memory);
            (roof.bandwidth_roof_gops.round(), roof.memory_limit)
        };
        let (dma, dram) = (MemoryLimit::Dma, MemoryLimit::Dram);
        assert_eq!(roof([256_000, 0], 64.0), (640.0, dma));
        assert_eq!(roof([0, 256_000], 64.0), (640.0, dma));
        assert_eq!(roof([128_000, 128_000], 64.0), (1280.0, dma));
        assert_eq!(roof([256_000, 0], 128.0), (1280.0, dma));
        assert_eq!(roof([128_000, 128_000], 128.0), (2560.0, dram));
        assert_eq!(roof([256_000, 0], 256.0), (2560.0, dram));
    }
}
