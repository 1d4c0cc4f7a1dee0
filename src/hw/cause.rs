//! What every cycle of the array goes to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The one cause to which a cycle is attributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// PEs that multiply.
    Computing = 0,
    /// PEs without work while others multiply: the layer does not fill the array.
    IdleMapping = 1,
    /// The stationary operand moves into the PEs.
    WeightLoad = 2,
    /// The pipeline of the array empties, or its output chain is still full.
    FillDrain = 3,
    /// Weights are not in the buffer yet.
    WaitWeights = 4,
    /// Activations are not in the buffer yet.
    WaitActivations = 5,
    /// No room in the output buffer, or the last outputs on their way to DRAM.
    WaitOutput = 6,
    /// A buffer port or the converter is too narrow for the array.
    NarrowPort = 7,
    /// DMA and array met at a bank.
    BankConflict = 8,
    /// The controller sets up a tile.
    TileSetup = 9,
    /// The vector unit works; the array has nothing to do.
    VectorUnit = 10,
}

impl Cause {
    /// All causes, in the order of their numbers.
    pub const ALL: [Cause; 11] = [
        Cause::Computing,
        Cause::IdleMapping,
        Cause::WeightLoad,
        Cause::FillDrain,
        Cause::WaitWeights,
        Cause::WaitActivations,
        Cause::WaitOutput,
        Cause::NarrowPort,
        Cause::BankConflict,
        Cause::TileSetup,
        Cause::VectorUnit,
    ];

    /// Name in tables and traces.
    pub fn label(self) -> &'static str {
        match self {
            Cause::Computing => "computing",
            Cause::IdleMapping => "idle (mapping)",
            Cause::WeightLoad => "weight load",
            Cause::FillDrain => "fill/drain",
            Cause::WaitWeights => "wait: weights",
            Cause::WaitActivations => "wait: activations",
            Cause::WaitOutput => "wait: output",
            Cause::NarrowPort => "narrow port",
            Cause::BankConflict => "bank conflict",
            Cause::TileSetup => "tile setup",
            Cause::VectorUnit => "vector unit",
        }
    }
}

/// Why an engine stands still before a step, or after its last: the causes of cycles in which nothing of the engine moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StallReason {
    /// [`Cause::WaitWeights`].
    Weights,
    /// [`Cause::WaitActivations`].
    Activations,
    /// [`Cause::WaitOutput`].
    Output,
    /// [`Cause::TileSetup`].
    TileSetup,
    /// [`Cause::FillDrain`], of the last fold.
    Drain,
}

impl StallReason {
    /// The cause to which its cycles are attributed.
    pub fn cause(self) -> Cause {
        match self {
            StallReason::Weights => Cause::WaitWeights,
            StallReason::Activations => Cause::WaitActivations,
            StallReason::Output => Cause::WaitOutput,
            StallReason::TileSetup => Cause::TileSetup,
            StallReason::Drain => Cause::FillDrain,
        }
    }
}

/// PE-cycles (array cycles times PEs) by cause; they sum to all PE-cycles of the time they cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CauseCycles([u64; Cause::ALL.len()]);

impl CauseCycles {
    /// Adds PE-cycles to a cause.
    #[inline]
    pub fn add(&mut self, cause: Cause, pe_cycles: u64) {
        self.0[cause as usize] += pe_cycles;
    }

    /// PE-cycles of a cause.
    pub fn get(&self, cause: Cause) -> u64 {
        self.0[cause as usize]
    }

    /// Sum over all causes.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// (cause, PE-cycles) in the order of [`Cause::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Cause, u64)> + '_ {
        Cause::ALL.into_iter().map(|cause| (cause, self.get(cause)))
    }
}

impl std::ops::AddAssign for CauseCycles {
    fn add_assign(&mut self, other: CauseCycles) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl std::ops::SubAssign for CauseCycles {
    fn sub_assign(&mut self, other: CauseCycles) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine -= theirs;
        }
    }
}
