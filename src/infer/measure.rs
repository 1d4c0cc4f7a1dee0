//! How accurate a network is under several configurations, on the same images.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::calibration::{RangeRule, calibrate};
use super::classify::{Classifier, Prediction, classify};
use super::configured::ConfiguredModel;
use super::correct::{Correction, Corrector};
use super::data::Images;
use super::float::FloatNetwork;
use super::model_file::{ModelError, ModelFile, SetName, TrainedModel};
use super::observation::{LayerObservation, observe_layers};
use super::quantised::QuantisedModel;
use super::switching::{LayerSwitching, Sampling, operand_switching};
use crate::approx::{ApproxFile, LayerPrecision, resolve_network};
use crate::arch::PeKind;

/// What is asked.
#[derive(Debug, Clone)]
pub struct MeasurementRequest<'a> {
    /// Configurations, beside floating point and FxP8.
    pub approximations: &'a [ApproxFile],
    /// The PE that they are for.
    pub pe: &'a PeKind,
    /// Each configuration is measured with each of these corrections; none for without one.
    pub corrections: &'a [Option<Correction>],
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

impl MeasurementRequest<'_> {
    /// Whether any configuration is to be corrected.
    fn is_corrected(&self) -> bool {
        !self.approximations.is_empty() && self.corrections.iter().any(Option::is_some)
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

/// What is being done, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Passes of one image through the network done so far.
    pub done: u64,
    /// Passes that the whole measurement takes.
    pub total: u64,
}

/// Measures what `request` asks for of the network `trained` that `file` describes. `progress` is told from several threads.
///
/// # Errors
/// Images that can not be read or do not fit the network, configurations that do not fit it.
pub fn measure(
    file: &ModelFile,
    trained: &TrainedModel,
    request: &MeasurementRequest<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Measurement, ModelError> {
    let float = FloatNetwork::new(&trained.model)?;
    file.check_network(&float)?;
    // All that can be wrong is found before the first long computation.
    let resolved: Vec<Vec<LayerPrecision>> = request
        .approximations
        .iter()
        .map(|file| resolve_network(file, request.pe, &trained.model.network))
        .collect::<Result<_, _>>()?;
    let calibration_images = file.images_for(&float, SetName::Calibration, None)?;
    let images = file.images_for(&float, request.set, request.limit)?;
    let bench = Bench {
        request,
        float: &float,
        passes: Passes::new(request, calibration_images.len(), images.len(), progress),
        calibration: &calibration_images,
        images: &images,
        all: (0..images.len()).collect(),
    };
    let quantised = bench.quantise(trained)?;
    let exact = ConfiguredModel::exact(&quantised)?;
    let mut candidates = vec![
        bench.classified(Arithmetic::Float, &float)?,
        bench.observed(Arithmetic::Fxp8, &exact)?,
    ];
    let corrector = bench.corrector(&exact)?;
    for (approximation, precisions) in request.approximations.iter().zip(&resolved) {
        let plain = exact.with_precisions(precisions)?;
        for &correction in request.corrections {
            let arithmetic = Arithmetic::Approximate {
                name: approximation.config().name.clone(),
                correction,
            };
            let mut model = plain.clone();
            if let (Some(correction), Some(corrector)) = (correction, &corrector) {
                model = corrector.correct(model, correction)?;
                bench.passes.add(calibration_images.len() as u64);
            }
            candidates.push(bench.observed(arithmetic, &model)?);
        }
    }
    Ok(Measurement {
        images: images.len(),
        calibration_images: calibration_images.len(),
        observed_images: bench.observed_images().len(),
        switching_images: bench.switching_images().len(),
        candidates,
    })
}

/// All that stays the same over the candidates.
struct Bench<'a> {
    request: &'a MeasurementRequest<'a>,
    float: &'a FloatNetwork<'a>,
    calibration: &'a Images,
    images: &'a Images,
    all: Vec<usize>,
    passes: Passes<'a>,
}

impl Bench<'_> {
    fn quantise(&self, trained: &TrainedModel) -> Result<Arc<QuantisedModel>, ModelError> {
        let indices: Vec<usize> = (0..self.calibration.len()).collect();
        let calibration = calibrate(
            self.float,
            self.calibration,
            &indices,
            self.request.range,
            self.request.threads,
            &|_| self.passes.one(),
        )?;
        Ok(Arc::new(QuantisedModel::new(&trained.model, &calibration)?))
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
            self.passes.one()
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
            let (pe, threads) = (self.request.pe, self.request.threads);
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

/// Counts passes of images through the network.
struct Passes<'a> {
    done: std::sync::atomic::AtomicU64,
    total: u64,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Passes<'a> {
    fn new(
        request: &MeasurementRequest<'_>,
        calibration: usize,
        images: usize,
        progress: &'a (dyn Fn(Progress) + Sync),
    ) -> Self {
        let (calibration, images) = (calibration as u64, images as u64);
        let switching = request.switching.map_or(0, |asked| asked.images as u64);
        let observed = images.min(request.observed as u64) + images.min(switching);
        let corrections = request.corrections.iter().flatten().count() as u64;
        let configurations = request.approximations.len() as u64;
        let configured = 1 + configurations * request.corrections.len() as u64;
        let corrector = u64::from(request.is_corrected());
        Passes {
            done: 0.into(),
            // The calibration sees its images twice.
            total: (2 + corrector + configurations * corrections) * calibration
                + images
                + configured * (images + observed),
            progress,
        }
    }

    fn one(&self) {
        self.add(1);
    }

    fn add(&self, passes: u64) {
        let before = self
            .done
            .fetch_add(passes, std::sync::atomic::Ordering::Relaxed);
        (self.progress)(Progress {
            done: before + passes,
            total: self.total,
        });
    }
}
