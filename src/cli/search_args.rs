//! Arguments of `axbxp search`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::accuracy_args::{CorrectionArg, ModelArgs};
use super::args::{Format, PriceArgs};
use crate::search::{Level, Objective};

/// `axbxp search`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: the least energy for two points of accuracy, one configuration per layer, and the front around it
  axbxp search --level layer --objective energy --max-loss 2 --survey 8 --out found
  axbxp run --workload fashion_cnn --approx found/layer.ron")]
pub(super) struct SearchArgs {
    /// The network and its images.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Architecture, whose PEs are `ax_bxp`: a shipped name or a RON file
    #[arg(
        long,
        short,
        default_value = "axbxp_k4_32x32",
        value_name = "NAME|FILE"
    )]
    pub arch: String,
    /// Architecture to compare with, or `none` [default: the architecture's own]
    #[arg(long, short, value_name = "NAME|FILE|none")]
    pub baseline: Option<String>,
    /// Images at once in the simulation
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub batch: u32,
    /// How fine the choice is; the levels before it are searched first, and each begins with what the one before found
    #[arg(long, value_enum, default_value = "operand")]
    pub level: LevelArg,
    /// What is to be small
    #[arg(long, value_enum, default_value = "edp")]
    pub objective: ObjectiveArg,
    /// Top-1 accuracy that may be lost against FxP8 on the selection images, in percentage points: by their labels, and as
    /// FxP8's confidence in the answers that changed has it (0: hardly an answer may change)
    #[arg(long, value_name = "POINTS", default_value_t = 1.0, allow_negative_numbers = true,
          value_parser = points)]
    pub max_loss: f64,
    /// Standard errors of the measured loss by which both must stay below that bound: 1.64 is one-sided 95 % for a
    /// configuration that is tried alone; of many tried, the cheapest that passes is less sure
    #[arg(long, value_name = "ERRORS", default_value_t = 0.0, allow_negative_numbers = true,
          value_parser = errors)]
    pub margin: f64,
    /// Correction without training, fitted on the calibration images for every configuration; the report shows what is
    /// found with and without
    #[arg(long, value_enum, default_value = "scale")]
    pub correct: CorrectionArg,
    /// Configurations measured on the selection images at most, per level
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub evaluations: u32,
    /// Also measure N configurations along the way from exact to cheapest for each objective, for the front of accuracy,
    /// time and energy
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub survey: u32,
    /// At most so many images of each set
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Prices.
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Folder for what is found: LEVEL.ron of each level (for `axbxp run --approx`), search.json, front.svg, and
    /// measurements.jsonl, from which a search that was stopped goes on [default: axbxp-search/MODEL-ARCHITECTURE]
    #[arg(long, short, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub format: SearchFormat,
    /// Threads (0: one per core); results do not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
}

/// How fine the choice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    /// One configuration for the network
    Network,
    /// One for each layer
    Layer,
    /// One for each layer and data structure: windows and roundings of activations and weights apart
    Operand,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Network => Level::Network,
            LevelArg::Layer => Level::Layer,
            LevelArg::Operand => Level::Operand,
        }
    }
}

/// What is to be small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ObjectiveArg {
    /// Energy
    Energy,
    /// Time
    Latency,
    /// Energy times time
    Edp,
}

impl From<ObjectiveArg> for Objective {
    fn from(objective: ObjectiveArg) -> Self {
        match objective {
            ObjectiveArg::Energy => Objective::Energy,
            ObjectiveArg::Latency => Objective::Latency,
            ObjectiveArg::Edp => Objective::Edp,
        }
    }
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SearchFormat {
    /// An aligned table with units
    Table,
    /// JSON, versioned (see `axbxp schema search`): what search.json has
    Json,
}

impl From<SearchFormat> for Format {
    fn from(format: SearchFormat) -> Self {
        match format {
            SearchFormat::Table => Format::Table,
            SearchFormat::Json => Format::Json,
        }
    }
}

fn points(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(points) if (0.0..=100.0).contains(&points) => Ok(points),
        _ => Err("expected percentage points, 0 to 100".to_owned()),
    }
}

fn errors(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(errors) if (0.0..=10.0).contains(&errors) => Ok(errors),
        _ => Err("expected standard errors, 0 to 10".to_owned()),
    }
}
