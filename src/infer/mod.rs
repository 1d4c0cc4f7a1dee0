//! Quantised inference, bit-exact under an approximation configuration; the trained networks and labelled images
//! that it runs on, and how sure the accuracies are that come of it.

pub mod data;
pub mod model_file;
pub mod statistics;

pub use data::{ImageError, Images};
