//! Architecture description: what an accelerator is made of, read from RON and checked.
//!
//! An [`ArchitectureFile`] is plain data, an [`Architecture`] one that has been checked: a systolic array of processing elements ([`PeKind`]), three scratchpad
//! buffers, a DMA engine, a DRAM channel set, the output path (converter, vector unit), a tile controller and the
//! rule by which tilings are chosen. [`load()`] reads one from a file and reports every problem of the file in one
//! go, each at its place; a `.cfg` or `.ini` file is a configuration of SCALE-Sim ([`scalesim`]). [`open`] takes the name of a shipped architecture or a path.
//!
//! What a PE costs in time is [`PeKind::rate`]: how many multiply-accumulates it takes per group of cycles at a
//! given precision. Everything else about time is the business of the hardware models.

mod architecture;
mod load;
mod network;
mod operand;
mod pe;
pub mod scalesim;
mod types;
mod validate;

#[cfg(test)]
mod tests;

pub use architecture::Architecture;
pub use load::{beside, load, open, read};
pub use network::{NetworkOptions, NotAnOption};
pub use operand::{Operand, PerOperand};
pub use pe::{FULL_PRECISION_BITS, MacRate, MacWork, OperatingPoint, PeKind, WindowUse};
pub use types::{
    ArchitectureFile, Array, Buffer, Buffers, BurstsPerCycle, Controller, Converter, Dataflow, Dma,
    DramChoice, FillDrain, Objective, Ports, Tiling, VectorUnit,
};
