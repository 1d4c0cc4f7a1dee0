//! The largest sizes a network may have. They are far beyond any network there is, and small enough
//! that element counts and addresses stay far from the end of 64 bits.

/// Largest channels, height, width, kernel, stride and so on: 2^20.
pub const MAX_DIMENSION: u32 = 1 << 20;
/// Most elements of one image's tensor or of one layer's weights: 2^34.
pub const MAX_TENSOR_ELEMENTS: u64 = 1 << 34;
/// Most layers.
pub const MAX_LAYERS: usize = 100_000;
/// Largest batch.
pub const MAX_BATCH: u32 = 1 << 16;
