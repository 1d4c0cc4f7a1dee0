//! Quantised inference, bit-exact under an approximation configuration; the trained networks and labelled images
//! that it runs on, and how sure the accuracies are that come of it.
//!
//! * [`FloatNetwork`] is the float32 reference of a [`Model`](crate::workload::Model); [`calibrate`] finds the scale of
//!   every tensor with it.
//! * [`QuantisedModel`] is the model in 8-bit fixed point (FxP8), [`ConfiguredModel`] that under one
//!   [`LayerPrecision`](crate::approx::LayerPrecision) per layer of the array, corrected by a [`Corrector`] or not.
//! * [`classify()`] takes [`Images`] through either. [`layer_snr`] and [`code_histograms`] look inside; a [`Probe`] keeps what
//!   the layers read and judges one layer under many precisions by its accumulators, [`Sensitivity`] by the
//!   answers ([`Logits`]).
//! * [`model_file`] describes trained networks with their images ([`data`] reads those), [`measure`](mod@measure) compares
//!   configurations on them, [`evaluation`] and [`statistics`] say how sure the result is, [`observation`] what layers do,
//!   [`switching`] how their operands change from MAC to MAC.
//!
//! # Exactness
//! Accumulators and codes are those of the hardware, bit for bit. The product of two operands of which only some block
//! products are computed is a sum of at most `min(n_a, n_w)` products of integers (`parts`), so a layer is a
//! convolution with integers whose reduction is that many times as long (`kernel`). It runs in float32 registers: integers
//! below 2^24 are exact there, and where a layer's weights do not promise that no sum reaches 2^24, the reduction is cut
//! into pieces for which they do, added as 32-bit integers that wrap as the hardware's do. No sum of a network that fits its
//! accumulators wraps: 2^31 / (127 x 255) is a reduction of 66,311 of the largest products.
//!
//! # What is not computed
//! Other activations than relu and relu6, products of two activations, normalisation other than a softmax at the end (which
//! leaves the order of the logits alone and is left out): [`InferError::Unsupported`] names layer and operation.

mod batch;
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
mod logits;
pub mod measure;
pub mod model_file;
mod moments;
pub mod observation;
mod observe;
mod parts;
mod plan;
mod probe;
mod quantised;
mod requantise;
mod rows;
mod sensitivity;
mod slots;
pub mod statistics;
pub mod switching;

pub use calibration::{Calibration, RangeRule, calibrate};
pub use classify::{Classifier, FloatMemory, Prediction, classify};
pub use configured::ConfiguredModel;
pub use correct::{Correction, Corrector};
pub use data::{ImageError, Images};
pub use error::InferError;
pub use float::FloatNetwork;
pub use forward::{Observed, Scratch};
pub use logits::Logits;
pub use observe::{CodeHistogram, LayerSnr, code_histograms, layer_snr};
pub use probe::{LayerError, Probe};
pub use quantised::QuantisedModel;
pub use requantise::{CodeRange, Requantiser, Scaler};
pub use sensitivity::Sensitivity;

use classify::check_images;
