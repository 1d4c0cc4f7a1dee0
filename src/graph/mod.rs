//! The network as one program of tile steps: the layers' steps one behind the other, and for each what must be done
//! before it.
//!
//! A tile waits for a prefix of the program: a number of leading steps that must be complete, their outputs in DRAM,
//! before it is loaded. A machine that runs layer by layer is the program in which every tile waits for all layers before
//! its own. With prefetch a tile waits for the last step that writes what it reads: `dependencies` finds it by the
//! addresses, so that tensors that are cut, sampled or concatenated need no rule of their own.
//!
//! With fusion the steps of an element-wise layer lie among those of the layer before: each takes the tile that the step
//! before it leaves in the output buffer, and what the first layer writes never goes to DRAM.
//!
//! With residency tensors stay in the activation buffer from their first write to their last read. What their transfers
//! move, they move on the chip or not at all.

mod build;
mod dependencies;
mod fusion;
mod program;
mod residency;

pub use program::{KeptTensor, Program, ProgramLayer, ProgramStep, ProgramTransfer, TakenTile};
