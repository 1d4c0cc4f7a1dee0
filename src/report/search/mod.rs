//! The outcome of a search for people and programs.

mod configuration;
mod plot;
mod table;

use schemars::JsonSchema;
use serde::Serialize;

use super::model::PublishedRange;
use super::published;
use crate::infer::Prediction;
use crate::infer::evaluation::{self, against};
use crate::infer::statistics::Interval;
use crate::search::{
    Cost, Found, Level, LevelOutcome, Measured, Objective, Predicted, SearchOutcome, SearchRequest,
    front,
};

pub use super::accuracy::correction_name;
pub use configuration::plain_name;
pub use plot::plot;
pub use table::table;

/// Name and version of the JSON form.
pub const SEARCH_SCHEMA: &str = "axbxp.search/1";

/// What was asked, in plain words.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SearchSetting {
    /// Name of the model's description.
    pub model: String,
    /// SHA-256 of the model's file.
    pub model_sha256: String,
    /// SHA-256 of its preprocessing.
    pub preprocessing_sha256: String,
    /// The accelerator searched on.
    pub architecture: String,
    /// What it is compared with; none if with nothing but its own exact configuration.
    pub baseline: Option<String>,
    /// Energy table.
    pub energy_table: String,
    /// Images at once in the simulation.
    pub batch: u32,
    /// What was to be small: `energy`, `latency` or `edp`.
    pub objective: String,
    /// Accuracy that might be lost against FxP8 on the selection images, in percentage points, by the labels and by
    /// FxP8's confidence.
    pub max_loss_points: f64,
    /// Standard errors of the measured loss by which both had to stay below that.
    pub margin: f64,
    /// Correction during the search: `none`, `bias` or `scale`.
    pub correction: String,
    /// Images for calibration.
    pub calibration_images: usize,
    /// Images for selection.
    pub selection_images: usize,
    /// Images for the report.
    pub report_images: usize,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SearchReport {
    /// `axbxp.search/1`.
    pub schema: String,
    /// Version of the program.
    pub program_version: String,
    /// What was asked.
    pub setting: SearchSetting,
    /// The accelerator at its exact configuration, which computes what FxP8 computes.
    pub exact: SearchPoint,
    /// FxP8 accuracy on the report images.
    pub exact_accuracy: Accuracy,
    /// Level by level.
    pub levels: Vec<LevelReport>,
    /// Every configuration measured, in that order.
    pub tried: Vec<SearchPoint>,
    /// Indices into `tried` of those that no other beats in judged loss (the more of both), time and energy at once.
    pub front: Vec<usize>,
}

/// A configuration with what it costs and loses.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SearchPoint {
    /// Layer by layer in short (`a2d w1d L2`: kept blocks, dynamic or static window, `~` nearest, products).
    pub configuration: String,
    /// Core cycles.
    pub cycles: u64,
    /// Energy in pJ.
    pub energy_pj: f64,
    /// Time of the baseline over its time.
    pub speedup: f64,
    /// Energy of the baseline over its energy.
    pub energy_ratio: f64,
    /// Accuracy lost against FxP8 on the selection images, in percentage points.
    pub loss_points: f64,
    /// Standard error of that loss, in percentage points.
    pub loss_error_points: f64,
    /// The same loss as FxP8's confidence in its own answers has it, calibrated on the labels: 0 where no answer
    /// changed.
    pub expected_loss_points: f64,
}

/// The end of a level.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LevelReport {
    /// `network`, `layer` or `operand`.
    pub level: String,
    /// Whether it is cheaper than the exact configuration.
    pub found: bool,
    /// The cheapest configuration within the bound.
    pub best: SearchPoint,
    /// Where none is cheaper than the exact one: the cheaper one that loses least.
    pub nearest: Option<SearchPoint>,
    /// On the report images, without and with correction.
    pub reported: Vec<Reported>,
    /// Configurations measured on the selection images at this level.
    pub measurements: usize,
    /// Published for this level.
    pub published: PublishedRange,
}

/// Accuracy of a configuration on images that took no part in the search.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reported {
    /// `none`, `bias` or `scale`.
    pub correction: String,
    /// Its accuracy.
    pub accuracy: Accuracy,
    /// Lost against FxP8 on the same images, in percentage points, with its 95 % interval (Newcombe's paired).
    pub loss_points: f64,
    /// Lower end of the interval.
    pub loss_low_points: f64,
    /// Upper end of the interval.
    pub loss_high_points: f64,
    /// McNemar's exact p value: how likely a difference as large is if there is none.
    pub p_value: f64,
}

/// Top-1 accuracy in per cent with its 95 % interval (Wilson's).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Accuracy {
    /// In per cent.
    pub percent: f64,
    /// Lower end of the interval.
    pub low_percent: f64,
    /// Upper end of the interval.
    pub high_percent: f64,
}

impl SearchSetting {
    fn of(request: &SearchRequest) -> SearchSetting {
        let SearchRequest { point, model, .. } = request;
        SearchSetting {
            model: model.name.clone(),
            model_sha256: model.sha256.clone(),
            preprocessing_sha256: model.preprocessing_sha256.clone(),
            architecture: point.architecture.name.clone(),
            baseline: request.baseline.as_ref().map(|point| {
                let approximation = &point.approximation.config().name;
                format!("{}:{approximation}", point.architecture.name)
            }),
            energy_table: point.energy.table().name.clone(),
            batch: model.network.batch,
            objective: objective_name(request.objective).to_owned(),
            max_loss_points: request.limits.max_loss_points,
            margin: request.limits.margin,
            correction: correction_name(request.correction).to_owned(),
            calibration_images: model.calibration.len(),
            selection_images: model.selection.len(),
            report_images: model.report.len(),
        }
    }
}

impl SearchReport {
    /// The report of an outcome.
    pub fn of(request: &SearchRequest, outcome: &SearchOutcome) -> SearchReport {
        // The exact configuration is the first that a search measures.
        let exact = &outcome.measured[0];
        let against = outcome.baseline.as_ref().unwrap_or(&exact.cost);
        let best = front(&outcome.measured);
        let index = |one: &Measured| {
            outcome
                .measured
                .iter()
                .position(|other| other.configuration == one.configuration)
        };
        SearchReport {
            schema: SEARCH_SCHEMA.to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            exact: SearchPoint::of(exact, against),
            exact_accuracy: Accuracy::of(&outcome.exact),
            levels: outcome
                .levels
                .iter()
                .map(|level| LevelReport::of(level, against, outcome))
                .collect(),
            tried: outcome
                .measured
                .iter()
                .map(|one| SearchPoint::of(one, against))
                .collect(),
            front: best.iter().filter_map(index).collect(),
            setting: SearchSetting::of(request),
        }
    }
}

impl SearchPoint {
    /// The loss, in percentage points, by which it is judged: what was measured or what was expected, whichever is more.
    pub fn judged_loss_points(&self) -> f64 {
        self.loss_points.max(self.expected_loss_points)
    }

    fn of(measured: &Measured, against: &Cost) -> SearchPoint {
        let Cost {
            cycles, energy_pj, ..
        } = measured.cost;
        SearchPoint {
            configuration: measured.configuration.to_string(),
            cycles,
            energy_pj,
            speedup: against.cycles as f64 / cycles.max(1) as f64,
            energy_ratio: against.energy_pj / energy_pj,
            loss_points: measured.loss_points,
            loss_error_points: measured.loss_error_points,
            expected_loss_points: measured.expected_loss_points,
        }
    }
}

impl LevelReport {
    fn of(level_outcome: &LevelOutcome, against: &Cost, outcome: &SearchOutcome) -> LevelReport {
        let Found {
            level,
            best,
            nearest,
            measurements,
        } = &level_outcome.found;
        let [network, layers] = published::BOTH;
        LevelReport {
            level: level_name(*level).to_owned(),
            found: best.configuration != outcome.measured[0].configuration,
            best: SearchPoint::of(best, against),
            nearest: nearest.as_ref().map(|one| SearchPoint::of(one, against)),
            reported: level_outcome
                .reported
                .iter()
                .map(|predicted| Reported::of(predicted, &outcome.exact))
                .collect(),
            measurements: *measurements,
            published: match level {
                Level::Network => network,
                Level::Layer | Level::Operand => layers,
            },
        }
    }
}

impl Reported {
    fn of(predicted: &Predicted, exact: &[Prediction]) -> Reported {
        let paired = against(exact, &predicted.predictions);
        let Interval { low, high } = paired.interval();
        Reported {
            correction: correction_name(predicted.correction).to_owned(),
            accuracy: Accuracy::of(&predicted.predictions),
            loss_points: 100.0 * paired.difference(),
            loss_low_points: 100.0 * low,
            loss_high_points: 100.0 * high,
            p_value: paired.mcnemar(),
        }
    }
}

impl Accuracy {
    fn of(predictions: &[Prediction]) -> Accuracy {
        let accuracy = evaluation::Accuracy::of(predictions);
        let Interval { low, high } = accuracy.top1_interval();
        Accuracy {
            percent: 100.0 * accuracy.top1_share(),
            low_percent: 100.0 * low,
            high_percent: 100.0 * high,
        }
    }
}

/// A loss in words: `1 point`, `0.5 points`.
pub fn points(points: f64) -> String {
    let many = if points == 1.0 { "" } else { "s" };
    format!("{points} point{many}")
}

/// The name of a level, as the command line has it.
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Network => "network",
        Level::Layer => "layer",
        Level::Operand => "operand",
    }
}

/// The name of an objective, as the command line has it.
pub fn objective_name(objective: Objective) -> &'static str {
    match objective {
        Objective::Energy => "energy",
        Objective::Latency => "latency",
        Objective::Edp => "edp",
    }
}
