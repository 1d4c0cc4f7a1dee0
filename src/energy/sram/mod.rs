//! SRAM: tables of measured macros, and buffers made of macros.
//!
//! [`SramTable`] (RON, [`table`]) holds a grid of measured macros and a smooth fit to their access energy. [`load`] checks
//! that the fit is as good as it says. [`buffer`] builds a scratchpad buffer of macros and prices it.

mod buffer;
mod load;
mod table;

pub(super) use buffer::{BufferPrice, price};
pub use table::{AccessFit, MacroGrid, SramTable};
