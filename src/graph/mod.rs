//! The network as one program of tile steps: the layers' steps one behind the other, and for each what must be done
//! before it.
//!
//! A step waits for a prefix of the program: a number of leading steps that must be complete, their outputs in DRAM,
//! before anything of it is loaded or started. A machine that runs layer by layer is the program in which every step
//! waits for all layers before its own.

mod program;

pub use program::{Program, ProgramLayer, ProgramStep, ProgramTransfer};
