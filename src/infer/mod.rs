//! Quantised inference, bit-exact under an approximation configuration.

mod calibration;
mod classify;
mod code_ops;
mod configured;
mod correct;
mod error;
mod float;
mod float_ops;
mod forward;
mod images;
mod kernel;
mod layer_kernel;
mod observe;
mod parts;
mod plan;
mod probe;
mod quantised;
mod requantise;

pub use calibration::{Calibration, RangeRule, calibrate};
pub use classify::{Classifier, FloatMemory, Prediction, classify};
pub use configured::ConfiguredModel;
pub use correct::Correction;
pub use error::InferError;
pub use float::FloatNetwork;
pub use forward::{Observed, Scratch};
pub use images::{ImageError, Images};
pub use observe::{CodeHistogram, LayerSnr, code_histograms, layer_snr};
pub use probe::{LayerError, Probe};
pub use quantised::QuantisedModel;
pub use requantise::{CodeRange, Requantiser, Scaler};

use classify::check_images;
