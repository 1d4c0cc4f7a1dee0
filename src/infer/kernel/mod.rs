//! Convolutions on f32: the float reference, and integers that f32 holds exactly.
//!
//! A convolution reads a padded band of its input, `[rows, columns, parts, channels]`, and needs no im2col:
//! under one output the reduction is a list of contiguous runs, and each element of a run is multiplied with a row of 16
//! output channels and added to 16 accumulators in registers. Blocks of a few outputs share the row of weights.
//! Depthwise convolutions have the channels in the lanes.
//!
//! Every output is summed in the same order, `k` ascending, whatever the width of the registers. Float sums are a
//! multiplication and an addition, each rounded, so they are the same on every machine. Integer sums ([`Exactness::Integer`])
//! may use fused multiply-add: as long as no partial sum reaches 2^24, every step is exact. Where the weights of a layer
//! can not promise that for the whole reduction, it is cut into [`Chunk`]s for which they do, and those
//! are added as 32-bit integers, which wrap as the hardware's accumulators do.

mod convolution;
mod dense;
mod depthwise;
mod packing;
#[cfg(test)]
mod tests;

pub(super) use convolution::{ConvScratch, Convolution, Source, Sums};
pub(super) use packing::BandLayout;

/// Output channels computed together.
const PANEL: usize = 16;

/// How sums are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exactness {
    /// Floating point: product and sum are rounded apart.
    Float,
    /// Integers in f32.
    Integer,
}

/// Contiguous values of the band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// From the first value under the kernel.
    offset: usize,
    /// How many.
    len: usize,
}

/// A part of the reduction that f32 sums exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chunk {
    runs: Vec<Run>,
    /// Elements of the reduction before this chunk.
    first: usize,
}
