//! How accurate a network is under several configurations, on the same images.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::calibration::{RangeRule, calibrate};
use super::classify::{Classifier, Prediction, classify};
use super::configured::ConfiguredModel;
use super::correct::{Correction, Corrector};
use super::data::Images;
use super::float::FloatNetwork;
use super::model_file::{ModelBundle, ModelError, SetName, TrainedModel};
use super::observation::{LayerObservation, observe_layers};
use super::quantised::QuantisedModel;
use super::switching::{LayerSwitching, Sampling, operand_switching};
use crate::approx::{Approximation, LayerPrecision, resolve_network};
use crate::arch::Architecture;
use crate::parallel::Tally;
pub use crate::parallel::{OnProgress, Progress};
use crate::source::Diagnostics;

/// Images on which layers are observed: their statistics change little with more, and each takes a pass in floating
/// point.
pub const OBSERVED_IMAGES: usize = 64;

/// MACs of a layer on which switching is counted, on each of those images: a million in all. See `infer::switching` for how
/// far that is from all MACs.
pub const SWITCHING_MACS: u64 = 16_384;

/// What is asked.
#[derive(Debug, Clone)]
pub struct MeasurementRequest {
    /// The description of the network and its images.
    pub file: ModelBundle,
    /// The network.
    pub trained: TrainedModel,
    /// The architecture that the configurations are for.
    pub architecture: Architecture,
    /// Configurations, beside floating point and FxP8.
    pub approximations: Vec<Approximation>,
    /// Each configuration is measured with each of these corrections; none for without one.
    pub corrections: Vec<Option<Correction>>,
    /// Images to measure on.
    pub set: SetName,
    /// At most so many of them.
    pub limit: Option<u64>,
    /// How the ranges of values are found on the calibration images.
    pub range: RangeRule,
    /// Layers are observed on at most so many of the images; 0: not at all.
    pub observed: usize,
    /// How the switching of operands is sampled, if it is to be counted.
    pub switching: Option<SwitchingRequest>,
    /// Threads; results do not depend on them.
    pub threads: usize,
}

impl MeasurementRequest {
    /// Whether any configuration is to be corrected.
    fn is_corrected(&self) -> bool {
        !self.approximations.is_empty() && self.corrections.iter().any(Option::is_some)
    }

    /// Measures. `progress` is told of passes of one image through the network.
    ///
    /// # Errors
    /// Images that can not be read or do not fit the network, configurations that do not fit it.
    pub fn run(&self, progress: OnProgress<'_>) -> Result<Measurement, ModelError> {
        let float = FloatNetwork::new(&self.trained.model)?;
        self.file.check_network(&float)?;
        // All that can be wrong is found before the first long computation.
        let resolved = self.resolve()?;
        let calibration = self.file.images_for(&float, SetName::Calibration, None)?;
        let images = self.file.images_for(&float, self.set, self.limit)?;
        let bench = Bench {
            request: self,
            float: &float,
            passes: Tally::new(self.passes(calibration.len(), images.len()), progress),
            calibration: &calibration,
            images: &images,
            all: (0..images.len()).collect(),
        };
        Ok(Measurement {
            candidates: bench.candidates(&resolved)?,
            images: images.len(),
            calibration_images: calibration.len(),
            observed_images: bench.observed_images().len(),
            switching_images: bench.switching_images().len(),
        })
    }

    /// The precision of each layer on the array under each configuration.
    fn resolve(&self) -> Result<Vec<Vec<LayerPrecision>>, Diagnostics> {
        let (pe, network) = (&self.architecture.array.pe, &self.trained.model.network);
        let files = self.approximations.iter();
        files
            .map(|file| resolve_network(file, pe, network))
            .collect()
    }

    /// Passes of one image through the network that the measurement takes.
    fn passes(&self, calibration: usize, images: usize) -> u64 {
        let (calibration, images) = (calibration as u64, images as u64);
        let switching = self.switching.map_or(0, |asked| asked.images as u64);
        let observed = images.min(self.observed as u64) + images.min(switching);
        let corrections = self.corrections.iter().flatten().count() as u64;
        let configurations = self.approximations.len() as u64;
        let configured = 1 + configurations * self.corrections.len() as u64;
        let corrector = u64::from(self.is_corrected());
        // The calibration sees its images twice.
        (2 + corrector + configurations * corrections) * calibration
            + images
            + configured * (images + observed)
    }
}

/// On what the switching of operands is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchingRequest {
    /// At most so many of the images.
    pub images: usize,
    /// Which MACs of them.
    pub sampling: Sampling,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// Images measured on.
    pub images: usize,
    /// Images of the calibration.
    pub calibration_images: usize,
    /// Images on which layers were observed.
    pub observed_images: usize,
    /// Images on which the switching of operands was counted.
    pub switching_images: usize,
    /// Floating point, FxP8, then the configurations in the order asked for, each with its corrections.
    pub candidates: Vec<Candidate>,
}

/// A network in one arithmetic.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Which.
    pub arithmetic: Arithmetic,
    /// What it makes of each image.
    pub predictions: Vec<Prediction>,
    /// Its layers on the array, if they were observed; none in floating point.
    pub layers: Vec<LayerObservation>,
    /// How the operands of those layers switch, if that was counted; none in floating point.
    pub switching: Vec<LayerSwitching>,
    /// The precision of each of those layers; none in floating point.
    pub precisions: Vec<LayerPrecision>,
    /// Time that the classification took.
    pub took: Duration,
}

/// How a network is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arithmetic {
    /// In floating point.
    Float,
    /// In 8 bits, exactly.
    Fxp8,
    /// Under a configuration.
    Approximate {
        /// Its name.
        name: String,
        /// The correction, if there is one.
        correction: Option<Correction>,
    },
}

/// All that stays the same over the candidates.
struct Bench<'a> {
    request: &'a MeasurementRequest,
    float: &'a FloatNetwork<'a>,
    calibration: &'a Images,
    images: &'a Images,
    all: Vec<usize>,
    passes: Tally<'a>,
}

impl Bench<'_> {
    /// Floating point, FxP8, then each configuration with each correction.
    fn candidates(&self, resolved: &[Vec<LayerPrecision>]) -> Result<Vec<Candidate>, ModelError> {
        let exact = ConfiguredModel::exact(&self.quantise()?)?;
        let mut candidates = vec![
            self.classified(Arithmetic::Float, self.float)?,
            self.observed(Arithmetic::Fxp8, &exact)?,
        ];
        let corrector = self.corrector(&exact)?;
        for (approximation, precisions) in self.request.approximations.iter().zip(resolved) {
            let plain = exact.with_precisions(precisions)?;
            for &correction in &self.request.corrections {
                let arithmetic = Arithmetic::Approximate {
                    name: approximation.config().name.clone(),
                    correction,
                };
                let mut model = plain.clone();
                if let (Some(correction), Some(corrector)) = (correction, &corrector) {
                    model = corrector.correct(model, correction)?;
                    self.passes.add(self.calibration.len() as u64);
                }
                candidates.push(self.observed(arithmetic, &model)?);
            }
        }
        Ok(candidates)
    }

    fn quantise(&self) -> Result<Arc<QuantisedModel>, ModelError> {
        let indices: Vec<usize> = (0..self.calibration.len()).collect();
        let calibration = calibrate(
            self.float,
            self.calibration,
            &indices,
            self.request.range,
            self.request.threads,
            &|_| self.passes.add(1),
        )?;
        Ok(Arc::new(QuantisedModel::new(
            &self.request.trained.model,
            &calibration,
        )?))
    }

    /// If a candidate asks for one.
    fn corrector(&self, exact: &ConfiguredModel) -> Result<Option<Corrector<'_>>, ModelError> {
        let indices: Vec<usize> = (0..self.calibration.len()).collect();
        let threads = self.request.threads;
        let asked = self.request.is_corrected();
        let made =
            asked.then(|| Corrector::new(exact.clone(), self.calibration, &indices, threads));
        if asked {
            self.passes.add(indices.len() as u64);
        }
        Ok(made.transpose()?)
    }

    fn classified<C: Classifier>(
        &self,
        arithmetic: Arithmetic,
        network: &C,
    ) -> Result<Candidate, ModelError> {
        let begin = Instant::now();
        let threads = self.request.threads;
        let predictions = classify(network, self.images, &self.all, threads, &|_| {
            self.passes.add(1)
        })?;
        Ok(Candidate {
            arithmetic,
            predictions,
            layers: Vec::new(),
            switching: Vec::new(),
            precisions: Vec::new(),
            took: begin.elapsed(),
        })
    }

    fn observed(
        &self,
        arithmetic: Arithmetic,
        model: &ConfiguredModel,
    ) -> Result<Candidate, ModelError> {
        let mut candidate = self.classified(arithmetic, model)?;
        candidate.precisions = model.precisions().cloned().collect();
        let indices = self.observed_images();
        if !indices.is_empty() {
            let threads = self.request.threads;
            candidate.layers = observe_layers(self.float, model, self.images, indices, threads)?;
            self.passes.add(indices.len() as u64);
        }
        if let Some(SwitchingRequest { sampling, .. }) = self.request.switching {
            let indices = self.switching_images();
            let pe = &self.request.architecture.array.pe;
            let threads = self.request.threads;
            candidate.switching =
                operand_switching(model, pe, self.images, indices, sampling, threads)?;
            self.passes.add(indices.len() as u64);
        }
        Ok(candidate)
    }

    fn observed_images(&self) -> &[usize] {
        self.first(self.request.observed)
    }

    fn switching_images(&self) -> &[usize] {
        self.first(self.request.switching.map_or(0, |asked| asked.images))
    }

    fn first(&self, count: usize) -> &[usize] {
        &self.all[..count.min(self.all.len())]
    }
}
