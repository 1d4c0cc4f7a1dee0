//! The tile steps of one layer in the order in which the controller runs them.

use std::ops::Range;

use super::fold::{ArrayTiming, TileGemm};
use super::memory::Runs;
use crate::arch::{Operand, PerOperand};

/// Everything the hardware needs to run one layer.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// Steps in order.
    pub steps: Vec<Step>,
    /// Moves between DRAM and buffers; the steps name ranges of it.
    pub transfers: Vec<Transfer>,
    /// Halves of each buffer in use.
    pub slots: PerOperand<u32>,
    /// Array timing; none for a layer of the vector unit.
    pub timing: Option<ArrayTiming>,
}

/// One tile step: what to load, what to compute, what to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Transfers that bring in each operand's new tile, empty where the tile at hand stays in use. For
    /// the output these are partial sums that come back.
    pub loads: PerOperand<Range<u32>>,
    /// The step begins a new tile of the operand (an output tile need not load anything).
    pub begins: PerOperand<bool>,
    /// The step is the last one that uses the operand's tile.
    pub ends: PerOperand<bool>,
    /// Transfers that store the output tile when the step is done; empty while it stays.
    pub stores: Range<u32>,
    /// The computation.
    pub work: Work,
}

/// The computation of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A GEMM on the PE array.
    Array(TileGemm),
    /// Operations of the vector unit.
    Vector(VectorWork),
}

/// Work of the vector unit on one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VectorWork {
    /// Lane operations.
    pub operations: u64,
    /// Bits read from the activation buffer.
    pub input_bits: u64,
    /// Bits written to the output buffer.
    pub output_bits: u64,
    /// Values written.
    pub values: u64,
}

/// Bytes between DRAM and a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The buffer's side.
    pub operand: Operand,
    /// To DRAM rather than from it.
    pub store: bool,
    /// What is moved: values of the tensor or spilled partial sums.
    pub psums: bool,
    /// The bytes in DRAM.
    pub runs: Runs,
}

impl Schedule {
    /// MACs of all steps.
    pub fn macs(&self) -> u64 {
        self.steps
            .iter()
            .map(|step| match step.work {
                Work::Array(tile) => tile.macs(),
                Work::Vector(_) => 0,
            })
            .sum()
    }

    /// Useful bytes of all transfers, (loaded, stored).
    pub fn bytes(&self) -> (u64, u64) {
        self.transfers
            .iter()
            .fold((0, 0), |(loaded, stored), transfer| {
                let bytes = transfer.runs.bytes();
                if transfer.store {
                    (loaded, stored + bytes)
                } else {
                    (loaded + bytes, stored)
                }
            })
    }
}
