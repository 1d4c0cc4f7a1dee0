//! SRAM: tables of measured macros, and buffers made of macros.
//!
//! [`SramTable`] ([`table`], its RON [`mod@file`]) holds a grid of measured macros and a smooth fit to their access energy. [`load`] checks
//! that the fit is as good as it says. [`buffer`] builds a scratchpad buffer of macros and prices it.

mod buffer;
mod file;
mod load;
mod table;

pub(super) use buffer::{BufferPrice, price};
pub use file::{AccessFit, MacroGrid, SramTableFile};
pub use table::SramTable;
