//! Approximation configurations: which operand keeps how many blocks, which products are computed, layer by layer.
//!
//! A configuration is a RON file ([`ApproximationFile`]): a default for all layers, entries for layers by name or
//! pattern, and whether the first and last layer of the array stay exact. [`resolve()`] puts it together with a PE
//! kind and a network's array layers into one [`LayerPrecision`] per layer, or says, at its place in the file,
//! everything that does not fit.
//!
//! The names of the shipped configurations are those of operating points. None is claimed to be lossless.

mod config;
mod load;
mod network;
mod precision;
mod resolve;

#[cfg(test)]
mod tests;

pub use config::{ApproximationFile, LayerEntry, LayerFormats, OperandSpec};
pub use load::Approximation;
pub use network::resolve_network;
pub use precision::{LayerPrecision, OperandFormat};
pub use resolve::{ArrayLayer, resolve};
