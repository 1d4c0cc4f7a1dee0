//! Arguments of the commands that run trained networks on images.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::Format;
use super::error::CliError;
use crate::infer::model_file::{ModelBundle, SetName};
use crate::infer::{Correction, RangeRule};
use crate::report::accuracy::AccuracyView;
use crate::source::FileKind;
use crate::workload::onnx;

/// `axbxp accuracy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: two configurations, each as it is and with scales refitted, layer by layer
  axbxp accuracy --approx k4_l2,k4_l1 --correct none,scale --view accuracy,layers
Example: energy with the operands of a network
  axbxp accuracy --approx k4_l2 --correct scale --activity-out switching.ron
  axbxp run --workload workloads/models/fashion_cnn.onnx --activity switching.ron")]
pub(super) struct AccuracyArgs {
    /// The network and its images.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Architecture whose PEs the configurations are for: a shipped name or a RON file
    #[arg(
        long,
        short,
        default_value = "axbxp_k4_32x32",
        value_name = "NAME|FILE"
    )]
    pub arch: String,
    /// Approximation configurations, shipped names or RON files; floating point and FxP8 are always beside them
    /// [default: the architecture's own]
    #[arg(long, short = 'x', value_delimiter = ',', value_name = "NAME|FILE,...")]
    pub approx: Vec<String>,
    /// Images to measure on
    #[arg(long, value_enum, default_value = "report")]
    pub images: SetArg,
    /// At most so many of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Corrections without training, found on the calibration images; each configuration is measured with each
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CORRECTION,...",
          default_values_t = [CorrectionArg::None])]
    pub correct: Vec<CorrectionArg>,
    /// Tables to print, in this order [default: accuracy]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "VIEW,...")]
    pub view: Vec<AccuracyViewArg>,
    /// Format of the results; JSON and CSV have all that the tables have
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Write the results to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write how the operands switch, layer by layer, to this file, which `axbxp run --activity` takes: those of FxP8 for
    /// fxp PEs, those of the one configuration for the architecture's
    #[arg(long, value_name = "FILE.ron")]
    pub activity_out: Option<PathBuf>,
    /// Threads (0: one per core); results do not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
}

/// A trained network with its images.
#[derive(Debug, Args)]
pub(super) struct ModelArgs {
    /// Trained network: a shipped name (see `axbxp list model`), or a RON file that names an ONNX file and images (see
    /// `axbxp schema model`)
    #[arg(
        long,
        short,
        default_value = "fashion_cnn",
        value_name = "NAME|FILE.ron"
    )]
    pub model: String,
    /// Folder to which the paths in that file are relative [default: the folder of the file]
    #[arg(long, value_name = "FOLDER")]
    pub root: Option<PathBuf>,
    /// How the ranges of values are found on the calibration images: min_max, percentile:99.99 (or another), mse
    #[arg(long, default_value = "min_max", value_name = "RULE", value_parser = range_rule)]
    pub range: RangeRule,
}

impl ModelArgs {
    /// The description named.
    pub(super) fn open(&self) -> Result<ModelBundle, CliError> {
        if onnx::is_onnx(&self.model) {
            return Err(CliError::Usage(format!(
                "{}: an ONNX file has no images: name it in a RON file, with the images and their preprocessing (see \
                 `axbxp schema model` and {}/fashion_cnn.ron)",
                self.model,
                FileKind::Model.folder()
            )));
        }
        Ok(ModelBundle::open(&self.model, self.root.as_deref())?)
    }
}

/// One of the sets of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SetArg {
    /// Those on which ranges are found
    Calibration,
    /// Those on which configurations are chosen
    Selection,
    /// Those that are for nothing else
    Report,
}

impl From<SetArg> for SetName {
    fn from(set: SetArg) -> Self {
        match set {
            SetArg::Calibration => SetName::Calibration,
            SetArg::Selection => SetName::Selection,
            SetArg::Report => SetName::Report,
        }
    }
}

/// A correction without training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CorrectionArg {
    /// As the hardware computes it
    None,
    /// The mean error of each output channel is taken off its bias
    Bias,
    /// Scale and bias of each output channel are refitted by least squares
    Scale,
}

impl CorrectionArg {
    /// The correction; none for none.
    pub(super) fn correction(self) -> Option<Correction> {
        match self {
            CorrectionArg::None => None,
            CorrectionArg::Bias => Some(Correction::Bias),
            CorrectionArg::Scale => Some(Correction::Scale),
        }
    }
}

/// A table of `axbxp accuracy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccuracyViewArg {
    /// A line a configuration: top-1 and top-5, loss against FxP8
    Accuracy,
    /// A line a layer: signal over noise
    Layers,
    /// A line a layer and operand: where dynamic windows are
    Windows,
}

impl From<AccuracyViewArg> for AccuracyView {
    fn from(view: AccuracyViewArg) -> Self {
        match view {
            AccuracyViewArg::Accuracy => AccuracyView::Accuracy,
            AccuracyViewArg::Layers => AccuracyView::Layers,
            AccuracyViewArg::Windows => AccuracyView::Windows,
        }
    }
}

/// A rule as the argument says it.
fn range_rule(text: &str) -> Result<RangeRule, String> {
    let expected = "expected min_max, mse, or percentile: and a number above 50, up to 100";
    match text {
        "min_max" => return Ok(RangeRule::MinMax),
        "mse" => return Ok(RangeRule::Mse),
        _ => {}
    }
    let percent = text.strip_prefix("percentile:").map(str::parse::<f64>);
    match percent {
        Some(Ok(percent)) if percent > 50.0 && percent <= 100.0 => {
            Ok(RangeRule::Percentile(percent))
        }
        _ => Err(expected.to_owned()),
    }
}
