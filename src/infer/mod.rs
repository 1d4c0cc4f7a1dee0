//! Quantised inference, bit-exact under an approximation configuration.

mod images;

pub use images::{ImageError, Images};
