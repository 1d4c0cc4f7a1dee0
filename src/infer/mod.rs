//! Quantised inference, bit-exact under an approximation configuration; the trained networks and labelled images
//! that it runs on, and how sure the accuracies are that come of it.

mod calibration;
mod classify;
mod code_ops;
mod configured;
pub mod data;
mod divergence;
mod error;
pub mod evaluation;
mod float;
mod float_ops;
mod kernel;
pub mod measure;
pub mod model_file;
pub mod observation;
mod parts;
mod plan;
mod quantised;
mod requantise;
pub mod statistics;
mod stub;

pub use calibration::{Calibration, RangeRule, calibrate};
pub use classify::{Classifier, FloatMemory, Prediction, classify};
pub use configured::{ConfiguredModel, Observed, Scratch};
pub use data::{ImageError, Images};
pub use divergence::Logits;
pub use error::InferError;
pub use float::FloatNetwork;
pub use quantised::QuantisedModel;
pub use requantise::{CodeRange, Requantiser, Scaler};
pub use stub::*;

use classify::check_images;
