//! Quantised inference, bit-exact under an approximation configuration; the trained networks and labelled images
//! that it runs on, and how sure the accuracies are that come of it.

mod calibration;
mod classify;
mod code_ops;
mod configured;
mod correct;
pub mod data;
mod error;
pub mod evaluation;
mod float;
mod float_ops;
mod forward;
mod kernel;
mod layer_kernel;
pub mod measure;
pub mod model_file;
pub mod observation;
mod observe;
mod parts;
mod plan;
mod probe;
mod quantised;
mod requantise;
pub mod statistics;

pub use calibration::{Calibration, RangeRule, calibrate};
pub use classify::{Classifier, FloatMemory, Prediction, classify};
pub use configured::ConfiguredModel;
pub use correct::Correction;
pub use data::{ImageError, Images};
pub use error::InferError;
pub use float::FloatNetwork;
pub use forward::{Observed, Scratch};
pub use observe::{CodeHistogram, LayerSnr, code_histograms, layer_snr};
pub use probe::{LayerError, Probe};
pub use quantised::QuantisedModel;
pub use requantise::{CodeRange, Requantiser, Scaler};

use classify::check_images;
