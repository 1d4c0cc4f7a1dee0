//! How accurate a network is under several configurations, for people and for programs.

mod build;
mod csv;
mod operands;
mod table;

use schemars::JsonSchema;
use serde::Serialize;

use crate::infer::model_file::SetName;

pub use build::correction_name;
pub use csv::csv;
pub use operands::operand_activity;
pub use table::{AccuracyView, table};

/// Name and version of the JSON form.
pub const ACCURACY_SCHEMA: &str = "axbxp.accuracy/1";

/// What a measurement found. All intervals have a confidence of 95 %.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AccuracyReport {
    /// `axbxp.accuracy/1`.
    pub schema: String,
    /// Version of the program.
    pub program_version: String,
    /// The network.
    pub model: MeasuredModel,
    /// The images.
    pub images: MeasuredImages,
    /// Name of the architecture whose PEs the configurations are for.
    pub architecture: String,
    /// Kind of those PEs.
    pub pe: String,
    /// Floating point, FxP8, then the configurations in the order asked for.
    pub configurations: Vec<ConfigurationReport>,
}

/// The network.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MeasuredModel {
    /// Name of its description.
    pub name: String,
    /// SHA-256 of its ONNX file, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the preprocessing of its images, in hexadecimal.
    pub preprocessing_sha256: String,
    /// Classes.
    pub classes: u32,
    /// MACs of one image.
    pub macs: u64,
}

/// The images.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MeasuredImages {
    /// The set they are of.
    pub set: SetName,
    /// How many.
    pub count: u64,
    /// Images on which the ranges of values were found.
    pub calibration_count: u64,
    /// How: `min_max`, `percentile:99.99`, `mse`.
    pub range: String,
    /// Images on which layers were observed: the first of the set.
    pub observed_count: u64,
}

/// How a network is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArithmeticKind {
    /// In floating point.
    Float,
    /// In 8 bits, exactly.
    Fxp8,
    /// Under a configuration.
    Approximate,
}

/// One configuration.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConfigurationReport {
    /// `float`, `fxp8`, or the configuration's name.
    pub name: String,
    /// How the network is computed.
    pub arithmetic: ArithmeticKind,
    /// Correction without training: `none`, `bias`, `scale`.
    pub correction: String,
    /// Images with the label first.
    pub top1: ShareReport,
    /// Images with the label among the first five.
    pub top5: ShareReport,
    /// Against FxP8 on the same images; none for FxP8 itself.
    pub against_fxp8: Option<AgainstReport>,
    /// The layers of the array, if they were observed; none in floating point.
    pub layers: Vec<ObservedLayer>,
}

/// A share of the images.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct ShareReport {
    /// Images.
    pub images: u64,
    /// Over all images, 0 to 1.
    pub share: f64,
    /// Lower end of its Wilson interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A configuration against FxP8, paired: on the same images.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct AgainstReport {
    /// Top-1 accuracy of FxP8 less that of this one, in percentage points.
    pub loss_points: f64,
    /// Lower end of its interval (Newcombe's method 10).
    pub low_points: f64,
    /// Upper end.
    pub high_points: f64,
    /// McNemar's exact p value, two-sided, that both are right equally often.
    pub p_value: f64,
    /// Images on which only FxP8 is right.
    pub only_fxp8_right: u64,
    /// Images on which only this one is right.
    pub only_this_right: u64,
    /// Share of the images to which both give the same class, right or wrong.
    pub agreement: f64,
}

/// A layer of the array.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ObservedLayer {
    /// Its name.
    pub name: String,
    /// Format of its activations, such as `1/2 dynamic`: blocks kept of those there are, and their window.
    pub activations: String,
    /// Format of its weights.
    pub weights: String,
    /// Block products computed.
    pub products: Option<u32>,
    /// Signal (its outputs in floating point) over noise (what they differ from those) in dB; none without noise.
    pub snr_db: Option<f64>,
    /// Where the windows of its activations are, if each value has its own.
    pub activation_windows: Option<WindowReport>,
    /// Where the windows of its weights are, if each value has its own.
    pub weight_windows: Option<WindowReport>,
}

/// Where dynamic windows are: shares of all values, which sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WindowReport {
    /// Zeros, which every window holds.
    pub zero: f64,
    /// Index of the lowest top block, that of the first of `by_top`.
    pub lowest_top: u8,
    /// Other values by the top block of their window, from the lowest on.
    pub by_top: Vec<f64>,
}
