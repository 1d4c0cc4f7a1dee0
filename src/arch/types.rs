//! The schema of an architecture file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::network::NetworkOptions;
use super::operand::Operand;
use super::pe::PeKind;

/// An accelerator, as one RON file describes it. Ranges are checked by [`super::load()`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Architecture", deny_unknown_fields)]
pub struct ArchitectureFile {
    /// Short name for reports: letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// What it stands for, in a sentence or two.
    #[serde(default)]
    pub description: String,
    /// The array of processing elements.
    pub array: Array,
    /// The three scratchpad buffers between DMA and array.
    pub buffers: Buffers,
    /// The engine that moves tiles between DRAM and buffers.
    pub dma: Dma,
    /// The DRAM standard and how many channels of it.
    pub dram: DramChoice,
    /// Clock of everything but the DRAM, in kHz: 1 MHz to 10 GHz.
    pub core_clock_khz: u64,
    /// Turns accumulators into the output format at the array's output edge.
    pub converter: Converter,
    /// Does pooling, element-wise functions and normalisation.
    pub vector_unit: VectorUnit,
    /// Starts tiles.
    pub controller: Controller,
    /// How a tiling is chosen.
    pub tiling: Tiling,
    /// What the machine does across layers; all of it off if left out.
    #[serde(default)]
    pub network: NetworkOptions,
    /// Energy table: a shipped name or a path relative to this file.
    pub energy_table: String,
    /// Approximation configuration to run with when none is asked for: a shipped name or a path relative to this
    /// file.
    #[serde(default = "exact")]
    pub approximation: String,
    /// Architecture to compare with when none is asked for: a shipped name or a path relative to this file.
    #[serde(default)]
    pub baseline: Option<String>,
}

/// Every product at full precision: what any PE can run.
fn exact() -> String {
    "exact".to_string()
}

/// The systolic array, `rows` x `columns` PEs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Array {
    /// Rows, 1 to 1024.
    pub rows: u32,
    /// Columns, 1 to 1024.
    pub columns: u32,
    /// Which operand stays in place.
    pub dataflow: Dataflow,
    /// The processing element.
    pub pe: PeKind,
    /// Each PE has a second register for its stationary operand, loaded while the first is in use. Only for
    /// `weight_stationary` and `input_stationary`.
    #[serde(default)]
    pub double_buffered_weights: bool,
    /// Whether one fold fills the array while the one before drains.
    #[serde(default)]
    pub fill_drain: FillDrain,
    /// Multiplexers at both edges let either operand enter by row and the other by column, so that a layer with a
    /// single filter (depthwise) can spread its pixels over the columns. Only for `output_stationary`.
    #[serde(default)]
    pub operand_exchange: bool,
}

impl Array {
    /// Number of PEs.
    pub fn pes(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }
}

/// Whether the folds of a layer overlap in the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FillDrain {
    /// A fold's operands follow those of the fold before without a gap; results leave behind them. A fold fills and
    /// drains only what it uses of the array.
    #[default]
    Overlapped,
    /// A fold begins when the last result of the fold before has left, and each pays fill and drain of the whole
    /// array: `2 rows + columns + T - 2` cycles for a stream of `T`. What SCALE-Sim charges.
    Exposed,
}

/// Which operand stays in the PEs while the others stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dataflow {
    /// Partial sums stay; activations enter by row, weights by column.
    OutputStationary,
    /// Weights stay; activations enter by row, partial sums leave by column.
    WeightStationary,
    /// Activations stay; weights enter by row, partial sums leave by column.
    InputStationary,
}

impl Dataflow {
    /// Its name as it is written in RON.
    pub fn name(self) -> &'static str {
        match self {
            Dataflow::OutputStationary => "output_stationary",
            Dataflow::WeightStationary => "weight_stationary",
            Dataflow::InputStationary => "input_stationary",
        }
    }
}

/// The three scratchpad buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Buffers {
    /// Holds activation tiles (ifmap).
    pub activation: Buffer,
    /// Holds weight tiles.
    pub weight: Buffer,
    /// Holds output tiles and partial sums.
    pub output: Buffer,
}

impl std::ops::Index<Operand> for Buffers {
    type Output = Buffer;

    fn index(&self, operand: Operand) -> &Buffer {
        match operand {
            Operand::Activation => &self.activation,
            Operand::Weight => &self.weight,
            Operand::Output => &self.output,
        }
    }
}

/// One scratchpad buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Buffer {
    /// Capacity of the whole buffer (both halves if double buffered), in KiB: 1 to 262144.
    pub size_kib: u32,
    /// Banks, a power of two, 1 to 1024. Each holds `size_kib / banks` and can serve the whole port width.
    pub banks: u32,
    /// Bits the buffer gives or takes per core cycle, a multiple of 8, 8 to 65536.
    pub port_bits: u32,
    /// Ports of each bank.
    pub ports: Ports,
    /// The buffer works as two halves: one is filled or drained by the DMA while the array uses the other.
    pub double_buffered: bool,
}

impl Buffer {
    /// Capacity in bytes.
    pub fn size_bytes(&self) -> u64 {
        u64::from(self.size_kib) * 1024
    }

    /// Bytes a tile may take: half of the buffer if it is double buffered.
    pub fn tile_bytes(&self) -> u64 {
        self.size_bytes() / if self.double_buffered { 2 } else { 1 }
    }
}

/// Ports of a memory bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ports {
    /// One port that reads or writes (1RW).
    SinglePort,
    /// One read port and one write port (1R1W).
    DualPort,
}

/// The DMA engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dma {
    /// DRAM bursts that may be under way at once, 1 to 4096.
    pub outstanding_bursts: u32,
    /// Core cycles from the engine to the DRAM controller, 0 to 10000.
    pub request_latency_cycles: u32,
    /// Core cycles from the DRAM controller to the buffer, 0 to 10000.
    pub response_latency_cycles: u32,
    /// Bursts that the engine asks for each core cycle; `shared(1)` if left out.
    #[serde(default)]
    pub bursts_per_cycle: BurstsPerCycle,
}

/// How many bursts the DMA asks for each core cycle: so many reads and, through ports of their own, so many writes.
///
/// A DRAM that could give more is not used to its peak: `shared(1)` with bursts of 64 bytes at 1 GHz reads 64 GB/s
/// from eight channels of HBM2 that could give 256. What all channels together are asked for is also what the engine
/// hands to one buffer each cycle, as far as whole bursts fit into the buffer's `port_bits`. Neither energy nor area of
/// the engine depends on it: the tables price a burst, a byte and one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BurstsPerCycle {
    /// One pair of ports for all channels: 1 to 64 bursts each way to all of them together.
    Shared(u32),
    /// A pair of ports for each channel: 1 to 64 bursts each way to each of them. Many reads of one channel hold up none
    /// of another.
    PerChannel(u32),
}

impl Default for BurstsPerCycle {
    fn default() -> Self {
        BurstsPerCycle::Shared(1)
    }
}

impl BurstsPerCycle {
    /// Bursts each way to all of `channels` channels together.
    pub fn of_all(self, channels: u32) -> u32 {
        match self {
            BurstsPerCycle::Shared(bursts) => bursts,
            BurstsPerCycle::PerChannel(bursts) => bursts * channels,
        }
    }
}

/// The DRAM behind the accelerator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DramChoice {
    /// A shipped standard's name or a path relative to this file.
    pub standard: String,
    /// Independent channels, a power of two, 1 to 64.
    pub channels: u32,
}

/// The format converter at the output edge: accumulator to 8-bit value to blocks and index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Converter {
    /// Values per core cycle, 1 to 65536.
    pub values_per_cycle: u32,
    /// Cycles from accumulator to converted value, 0 to 10000.
    pub latency_cycles: u32,
}

/// The unit for what the array does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VectorUnit {
    /// Operations per core cycle, 1 to 65536.
    pub lanes: u32,
    /// Cycles from operand to result, 0 to 10000.
    pub latency_cycles: u32,
}

/// The tile controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Core cycles to set up one tile, 0 to 1000000.
    pub tile_setup_cycles: u32,
}

/// How a tiling is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tiling {
    /// What the schedule of each layer is chosen for; `edp` if left out.
    #[serde(default)]
    pub objective: Objective,
    /// Width of a partial sum in the output buffer, in bits: 16, 24 or 32.
    #[serde(default = "default_psum_bits")]
    pub psum_bits: u32,
}

/// What a layer's schedule is chosen for. Ties are decided by time, then by traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Least time.
    Latency,
    /// Least energy of accelerator and DRAM, leakage and standby included.
    Energy,
    /// Least product of energy and time.
    #[default]
    Edp,
    /// Fewest DRAM bursts.
    Traffic,
}

impl Objective {
    /// Its name as it is written in RON.
    pub fn name(self) -> &'static str {
        match self {
            Objective::Latency => "latency",
            Objective::Energy => "energy",
            Objective::Edp => "edp",
            Objective::Traffic => "traffic",
        }
    }
}

/// The accumulator of the arithmetic in `blocked` is 32 bits wide.
fn default_psum_bits() -> u32 {
    32
}
