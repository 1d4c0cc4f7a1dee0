//! What a report says. The JSON form is these types as they are; its version is [`SCHEMA`], which
//! changes when a field changes its meaning or goes away.

use std::fmt::Display;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::performance::{Efficiency, MemoryPeak, Roofline};
use crate::arch::PeKind;
use crate::energy::{AreaBreakdown, EnergyBreakdown, ParallelMacRule};
use crate::sweep::Iso;

/// Name and version of the JSON form.
pub const SCHEMA: &str = "axbxp.report/1";

/// Results of one command.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// `axbxp.report/1`.
    pub schema: String,
    /// Version of the program.
    pub program_version: String,
    /// Every simulation, in the order asked for: for each workload the design points.
    pub runs: Vec<RunReport>,
    /// Each other run of a workload against its first (or against the baseline).
    pub comparisons: Vec<Comparison>,
    /// What to keep in mind when reading the figures.
    pub notes: Vec<String>,
}

/// One network on one design point.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunReport {
    /// Name of the network.
    pub workload: String,
    /// Images or sequences at once.
    pub batch: u32,
    /// The architecture.
    pub architecture: ArchitectureReport,
    /// Name of the approximation configuration.
    pub approximation: String,
    /// How the PE array was simulated.
    pub fidelity: FidelityReport,
    /// Layers in the order in which they ran.
    pub layers: Vec<LayerReport>,
    /// Sums over the layers; utilizations over the layers on the array.
    pub total: LayerReport,
    /// The memory over the whole run.
    pub dram: DramReport,
    /// Events that the simulation took.
    pub events: u64,
}

/// Writes a value as its text.
fn as_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The architecture of a run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ArchitectureReport {
    /// Its name; `NAME#2` and so on where another architecture of the report has the same.
    pub name: String,
    /// The PE as it is written in RON.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub pe: PeKind,
    /// PE rows.
    pub rows: u32,
    /// PE columns.
    pub columns: u32,
    /// Dataflow, as it is written in RON.
    pub dataflow: String,
    /// Core clock in MHz.
    pub core_clock_mhz: f64,
    /// DRAM standard.
    pub dram: String,
    /// DRAM channels.
    pub dram_channels: u32,
    /// DRAM peak bandwidth in GB/s.
    pub dram_peak_gbps: f64,
    /// What the DMA can ask for at most, reads and writes each, in GB/s.
    pub dma_peak_gbps: f64,
    /// Energy table.
    pub energy_table: String,
    /// Operands that the energy of the PEs holds for: `real` (the table's, recorded from quantised networks), or the name
    /// of an operand activity.
    pub operands: String,
    /// How a PE that does several MACs a cycle is priced.
    pub parallel_macs: ParallelMacRule,
    /// Area in mm2 by component, without the DRAM.
    pub area: AreaBreakdown,
    /// Sum of the components in mm2.
    pub area_mm2: f64,
}

impl ArchitectureReport {
    /// Whether the DMA cannot read all that the DRAM could give.
    pub(super) fn dma_is_narrower(&self) -> bool {
        let memory = MemoryPeak {
            dram_gbps: self.dram_peak_gbps,
            dma_gbps: self.dma_peak_gbps,
        };
        memory.dma_is_narrower()
    }
}

/// One layer, or the sum of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LayerReport {
    /// Name of the layer; `total` for the sum.
    pub name: String,
    /// Operation; empty for the sum.
    pub op: String,
    /// What ran it.
    pub engine: Engine,
    /// Precision on the array, such as `a2 w1 L2 dynamic`; empty for the vector unit.
    pub precision: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Core cycles.
    pub cycles: u64,
    /// Time in microseconds.
    pub time_us: f64,
    /// MACs done, of those the array could do at this precision in the layer's time; 0 to 1.
    pub pe_utilization: f64,
    /// Multiplications done by the (block) multipliers, of those they could do; 0 to 1.
    pub multiplier_utilization: f64,
    /// Where the array's PE-cycles (cycles x PEs) went.
    pub pe_cycles: CauseReport,
    /// Energy in pJ by component.
    pub energy: EnergyBreakdown,
    /// Sum of the components in pJ.
    pub energy_pj: f64,
    /// Energy-delay product, operations per second and per watt, power.
    pub efficiency: Efficiency,
    /// Place under the roofline.
    pub roofline: Roofline,
    /// Traffic.
    pub traffic: TrafficReport,
    /// When its first tile was asked for, in microseconds from the run's beginning.
    pub begin_us: f64,
    /// When its last output was in DRAM, in microseconds from the run's beginning. Layers that overlap are busy for longer
    /// than the time that is their own.
    pub end_us: f64,
    /// Tile steps.
    pub tiles: u64,
    /// Extents of a tile and the order of loops; empty for the sum.
    pub tiling: String,
    /// The layer's outputs, where the array computed them (`--fidelity stepped`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<OutputReport>,
}

/// How the PE array was simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FidelityReport {
    /// A fold is one event, its time a closed form.
    Wavefront,
    /// Every PE and block multiplier every cycle.
    Stepped {
        /// Seed of the operand values.
        seed: u64,
    },
}

/// Outputs of a stepped array. Every one equals the layer computed directly; a run in which one does
/// not ends in an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OutputReport {
    /// Outputs compared, accumulators of 32 bits.
    pub checked: u64,
    /// 64-bit FNV-1a hash of all of them in the order of the loop nest, in hexadecimal digits.
    pub hash: String,
}

/// What ran a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// The PE array.
    Array,
    /// The vector unit.
    VectorUnit,
    /// Both: a sum over layers.
    All,
}

/// PE-cycles by cause. Their sum is cycles x PEs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CauseReport {
    /// PEs that multiply.
    pub computing: u64,
    /// PEs that the layer leaves without work while others multiply.
    pub idle_mapping: u64,
    /// Stationary operands move into the PEs.
    pub weight_load: u64,
    /// The array empties, or its output chain is still full.
    pub fill_drain: u64,
    /// Weights are not in the buffer yet.
    pub wait_weights: u64,
    /// Activations are not in the buffer yet.
    pub wait_activations: u64,
    /// No room in the output buffer, or the last outputs on their way to DRAM.
    pub wait_output: u64,
    /// A buffer port or the converter is too narrow.
    pub narrow_port: u64,
    /// DMA and array met at a bank.
    pub bank_conflict: u64,
    /// The controller sets up a tile.
    pub tile_setup: u64,
    /// The vector unit works.
    pub vector_unit: u64,
}

/// Bytes between DRAM and buffers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrafficReport {
    /// Bytes of read bursts.
    pub dram_read_bytes: u64,
    /// Bytes of written bursts.
    pub dram_written_bytes: u64,
    /// Bytes of tiles loaded: the read bytes that were wanted.
    pub loaded_bytes: u64,
    /// Bytes of tiles stored.
    pub stored_bytes: u64,
    /// Spilled partial sums among the loaded and stored bytes.
    pub psum_bytes: u64,
    /// Bytes moved from buffer to buffer: of tensors that stay on the chip.
    pub moved_bytes: u64,
}

/// The memory over a whole run.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct DramReport {
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
    /// Column commands that found their row open, of all.
    pub row_hit_rate: f64,
    /// Bytes per nanosecond over the whole run.
    pub mean_bandwidth_gbps: f64,
    /// Nanoseconds from a read's arrival at the memory controller to its last data: mean.
    pub read_latency_mean_ns: f64,
    /// Median.
    pub read_latency_p50_ns: f64,
    /// 95th percentile.
    pub read_latency_p95_ns: f64,
    /// 99th percentile.
    pub read_latency_p99_ns: f64,
    /// Longest.
    pub read_latency_max_ns: f64,
}

/// A run against another of the same workload.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Comparison {
    /// The workload.
    pub workload: String,
    /// Index into `runs` of the run compared with.
    pub baseline_run: usize,
    /// Index into `runs` of this run.
    pub run: usize,
    /// The sizings (`--iso`) that give this run's array.
    pub iso: Vec<Iso>,
    /// The arrays beside each other.
    pub array: ArrayComparison,
    /// Time of the baseline over time of this run.
    pub speedup: f64,
    /// What the speed-up is made of; none where a run takes no time.
    pub speedup_factors: Option<SpeedupFactors>,
    /// Energy of the baseline over energy of this run.
    pub energy_ratio: f64,
    /// What the energy ratio is made of; none where a run takes no energy.
    pub energy_factors: Option<EnergyFactors>,
    /// What the Ax-BxP authors published for this network with one configuration for all of it, where it is one of
    /// theirs and the array has as many PEs as the baseline's or was sized against it.
    pub published: Option<PublishedRange>,
    /// The same with a configuration for each layer and data structure.
    pub published_per_layer: Option<PublishedRange>,
}

/// An array with the registers and the converter at its edge beside the baseline's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct ArrayComparison {
    /// PEs of this run's array.
    pub pes: u64,
    /// PEs of this run's array over those of the baseline's.
    pub pe_ratio: f64,
    /// Area of this run's array in mm2, without its buffers.
    pub area_mm2: f64,
    /// Area of this run's array over that of the baseline's.
    pub area_ratio: f64,
}

/// Factors whose product is the speed-up. Each is the part of it that comes from fewer (above 1) or more (below 1)
/// array cycles of some causes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct SpeedupFactors {
    /// PEs multiply, have no work in the mapping, are loaded, filled or drained, or meet a narrow port or bank.
    pub compute: f64,
    /// The array waits for weights, activations or output space: DRAM.
    pub memory: f64,
    /// Tiles are set up, the vector unit works.
    pub other: f64,
}

/// Factors whose product is the energy ratio. Each is the part of it that comes from less (above 1) or more (below 1)
/// energy of some components.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct EnergyFactors {
    /// PEs (computing and idle), array registers, converter, vector unit, controller.
    pub compute: f64,
    /// Buffer accesses, DMA, DRAM accesses and interface: what follows the operands' footprint.
    pub memory: f64,
    /// Leakage, DRAM standby and refresh: what follows time.
    pub leakage: f64,
}

/// Published ratios against FxP8.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct PublishedRange {
    /// Lowest and highest speed-up.
    pub speedup: (f64, f64),
    /// Lowest and highest energy ratio.
    pub energy_ratio: (f64, f64),
    /// Where the figures stand.
    pub source: &'static str,
}

impl CauseReport {
    /// (label, PE-cycles) in the order of the fields.
    pub fn parts(&self) -> [(&'static str, u64); 11] {
        [
            ("computing", self.computing),
            ("idle_mapping", self.idle_mapping),
            ("weight_load", self.weight_load),
            ("fill_drain", self.fill_drain),
            ("wait_weights", self.wait_weights),
            ("wait_activations", self.wait_activations),
            ("wait_output", self.wait_output),
            ("narrow_port", self.narrow_port),
            ("bank_conflict", self.bank_conflict),
            ("tile_setup", self.tile_setup),
            ("vector_unit", self.vector_unit),
        ]
    }

    /// All PE-cycles.
    pub fn total(&self) -> u64 {
        self.parts().iter().map(|&(_, pe_cycles)| pe_cycles).sum()
    }
}

impl RunReport {
    /// `architecture:approximation`.
    pub fn point(&self) -> String {
        format!("{}:{}", self.architecture.name, self.approximation)
    }
}
