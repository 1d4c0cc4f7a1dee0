//! A whole search: level after level, and what comes out on images that took no part.

use std::sync::Arc;

use super::configuration::Configuration;
use super::evaluator::{Cost, Objective};
use super::front::Measured;
use super::level::{Found, Level, Limits, Search};
use super::network_evaluator::{MeasureError, NetworkEvaluator, Phase, Subject};
use super::simulate::cost;
use super::store::Store;
use crate::infer::model_file::{ModelBundle, ModelError, SetName};
use crate::infer::{
    Correction, FloatNetwork, Images, Prediction, QuantisedModel, RangeRule, calibrate,
};
use crate::sweep::DesignPoint;
use crate::workload::Network;

/// A trained network as a search takes it.
#[derive(Debug, Clone)]
pub struct SearchModel {
    /// Name of its description.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the preprocessing of its images, in hexadecimal.
    pub preprocessing_sha256: String,
    /// The network as it is simulated.
    pub network: Network,
    /// The network at FxP8.
    pub quantised: Arc<QuantisedModel>,
    /// Images for ranges, divergences, errors and corrections.
    pub calibration: Images,
    /// Images on which configurations are chosen.
    pub selection: Images,
    /// Images that take no part in the search, for what is reported.
    pub report: Images,
}

impl SearchModel {
    /// Opens the network of `file`, which is simulated for `batch` images at once, and at most `limit` images of each set,
    /// and finds the ranges of its values by `range`.
    ///
    /// # Errors
    /// Files that can not be read or do not fit each other.
    pub fn open(
        file: &ModelBundle,
        batch: u32,
        range: RangeRule,
        limit: Option<u64>,
        threads: usize,
    ) -> Result<Self, ModelError> {
        let trained = file.trained()?;
        let float = FloatNetwork::new(&trained.model)?;
        let images = |set| file.images_for(&float, set, limit);
        let calibration = images(SetName::Calibration)?;
        let all: Vec<usize> = (0..calibration.len()).collect();
        let calibrated = calibrate(&float, &calibration, &all, range, threads, &|_| {})?;
        let description = file.description();
        Ok(SearchModel {
            name: description.name.clone(),
            preprocessing_sha256: description.preprocessing.sha256(),
            selection: images(SetName::Selection)?,
            report: images(SetName::Report)?,
            quantised: Arc::new(QuantisedModel::new(&trained.model, &calibrated)?),
            network: trained.model.network.with_batch(batch),
            sha256: trained.sha256,
            calibration,
        })
    }

    /// Names of the layers of the array.
    pub fn layer_names(&self) -> Vec<&str> {
        let ids = self.network.array_layers();
        ids.map(|id| self.network.layer(id).name.as_str()).collect()
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// The accelerator; its own approximation is not looked at.
    pub point: DesignPoint,
    /// The accelerator to compare with, at its own approximation.
    pub baseline: Option<DesignPoint>,
    /// The network and its images.
    pub model: SearchModel,
    /// Correction of every configuration, on the calibration images.
    pub correction: Option<Correction>,
    /// The finest level; those before it are searched too.
    pub level: Level,
    /// What is to be small.
    pub objective: Objective,
    /// Bounds.
    pub limits: Limits,
    /// Configurations to measure along the way from exact to cheapest for each objective, for the front; 0: none.
    pub survey: usize,
    /// Most threads that measure; results do not depend on it.
    pub threads: usize,
}

/// What a search has begun, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchEvent {
    /// A level.
    Level(Level),
    /// A measurement.
    Measurement(Phase),
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchOutcome {
    /// Block size K of the PEs.
    pub block_bits: u8,
    /// Cost of the baseline.
    pub baseline: Option<Cost>,
    /// What the exact network makes of the report images.
    pub exact: Vec<Prediction>,
    /// Level by level, the coarsest first.
    pub levels: Vec<LevelOutcome>,
    /// Every configuration measured, in that order; the exact one is the first.
    pub measured: Vec<Measured>,
}

/// What was found at a level.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelOutcome {
    /// The end of the search.
    pub found: Found,
    /// What it makes of the report images under each correction: none first, then the subject's or, if it has none, that
    /// of gain and offset.
    pub reported: Vec<Predicted>,
}

/// What a configuration makes of the report images.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// How it was corrected.
    pub correction: Option<Correction>,
    /// The classes.
    pub predictions: Vec<Prediction>,
}

impl SearchRequest {
    /// Searches. What has been measured before is taken from `store`; `tell` is told of what begins.
    ///
    /// # Errors
    /// [`MeasureError`].
    pub fn run(
        &self,
        store: &Store,
        tell: &(dyn Fn(SearchEvent) + Sync),
    ) -> Result<SearchOutcome, MeasureError> {
        let measures = |phase| tell(SearchEvent::Measurement(phase));
        let evaluator = NetworkEvaluator::new(self.subject(), store, self.threads, &measures)?;
        let layers = evaluator.operands();
        let exact = Configuration::exact(layers.len());
        let baseline = self.baseline.as_ref();
        let baseline = baseline.map(|point| cost(point, &self.model.network));
        let baseline = baseline.transpose()?;
        let block_bits = evaluator.block_bits();
        let mut search = Search::new(&evaluator, block_bits, layers, self.objective, self.limits)?;
        for level in [Level::Network, Level::Layer, Level::Operand] {
            if level > self.level {
                break;
            }
            tell(SearchEvent::Level(level));
            search.run(level)?;
        }
        if self.survey > 0 {
            for objective in [Objective::Energy, Objective::Latency, Objective::Edp] {
                search.survey(self.level, objective, self.survey)?;
            }
        }
        let mut levels = Vec::new();
        for found in search.found() {
            levels.push(LevelOutcome {
                reported: self.report(&evaluator, &found.best.configuration)?,
                found,
            });
        }
        Ok(SearchOutcome {
            block_bits,
            baseline,
            exact: evaluator.classified(&exact, None, &self.model.report)?,
            levels,
            measured: search.measured().to_vec(),
        })
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            point: &self.point,
            network: &self.model.network,
            model: &self.model.quantised,
            calibration: &self.model.calibration,
            selection: &self.model.selection,
            correction: self.correction,
        }
    }

    fn report(
        &self,
        evaluator: &NetworkEvaluator<'_>,
        configuration: &Configuration,
    ) -> Result<Vec<Predicted>, MeasureError> {
        let other = self.correction.unwrap_or(Correction::Scale);
        [None, Some(other)]
            .into_iter()
            .map(|correction| {
                Ok(Predicted {
                    correction,
                    predictions: evaluator.classified(
                        configuration,
                        correction,
                        &self.model.report,
                    )?,
                })
            })
            .collect()
    }
}
