//! Real networks evaluated: the simulator for cost, bit-exact inference for accuracy, and the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::configuration::Configuration;
use super::evaluator::{Cost, Evaluator, Predictions};
use super::simulate::{price, simulate};
use super::space::LayerOperands;
use super::store::{Store, key};
use crate::approx::{Approximation, LayerFormats, LayerPrecision, resolve_network};
use crate::arch::PeKind;
use crate::infer::data::hex;
use crate::infer::{
    ConfiguredModel, Correction, Corrector, ImageError, Images, InferError, LayerError, Logits,
    Prediction, Probe, QuantisedModel, Scratch, Sensitivity, classify,
};
use crate::parallel::map_parallel;
use crate::source::Diagnostics;
use crate::sweep::{DesignPoint, JobError};
use crate::workload::Network;

/// Images on which divergences are measured, at most: they only order the steps of a search.
const DIVERGENCE_IMAGES: usize = 64;

/// Images on which the error power of single layers is measured, at most.
const PROBE_IMAGES: usize = 8;

/// Output rows of each layer that are looked at for it, at most.
const PROBE_ROWS: usize = 16;

/// How answers are measured. Another one, where the answers of one version of the program change.
const METHOD: &str = "fits on spread rows";

/// What a search is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The accelerator; its own approximation is not looked at.
    pub point: &'a DesignPoint,
    /// The network as it is simulated: its batch may be any.
    pub network: &'a Network,
    /// The same network at FxP8.
    pub model: &'a Arc<QuantisedModel>,
    /// Images for divergences, errors and corrections.
    pub calibration: &'a Images,
    /// Labelled images for accuracy.
    pub selection: &'a Images,
    /// Correction of every configuration, on the calibration images.
    pub correction: Option<Correction>,
}

/// What the evaluator is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Simulating configurations.
    Simulating,
    /// Measuring errors of layers.
    Probing,
    /// Measuring divergences on calibration images.
    Diverging,
    /// Measuring accuracy on selection images.
    Selecting,
}

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// Files that do not fit each other.
    #[error(transparent)]
    File(#[from] Diagnostics),
    /// The simulator's reason.
    #[error(transparent)]
    Job(#[from] JobError),
    /// Inference's reason.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// An image's.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Another PE than one of blocks.
    #[error("the PEs of `{architecture}` are {pe}: only `ax_bxp` PEs have anything to choose")]
    NoBlocks {
        /// The architecture.
        architecture: String,
        /// Its PE.
        pe: String,
    },
}

/// Measures configurations of a real network, each once: what it has measured is in its store.
pub(super) struct NetworkEvaluator<'a> {
    subject: Subject<'a>,
    block_bits: u8,
    store: &'a Store,
    threads: usize,
    /// Told of every measurement that is begun.
    tell: &'a (dyn Fn(Phase) + Sync),
    exact: ConfiguredModel,
    probe: Probe,
    corrector: Corrector<'a>,
    sensitivity: Mutex<Sensitivity<'a>>,
    /// The exact network's logits on the selection images.
    selected: Logits,
    /// Of those, as their labels have it.
    temperature: f64,
    /// Hashes of all that costs, and all that answers, depend on.
    cost_context: String,
    accuracy_context: String,
}

impl std::fmt::Debug for NetworkEvaluator<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkEvaluator")
            .field("network", &self.subject.network.name)
            .field("block_bits", &self.block_bits)
            .finish_non_exhaustive()
    }
}

impl<'a> NetworkEvaluator<'a> {
    /// An evaluator that keeps its measurements in `store`.
    ///
    /// # Errors
    /// PEs without blocks; images that can not be read or do not fit.
    pub(super) fn new(
        subject: Subject<'a>,
        store: &'a Store,
        threads: usize,
        tell: &'a (dyn Fn(Phase) + Sync),
    ) -> Result<Self, MeasureError> {
        let block_bits = block_bits(subject.point)?;
        let layers = subject.network.array_layers().count();
        let exact = resolve(&subject, block_bits, &Configuration::exact(layers))?;
        let exact = ConfiguredModel::new(subject.model, &exact)?;
        let Subject {
            model,
            calibration,
            selection,
            correction,
            ..
        } = subject;
        let up_to = |count: usize| (0..calibration.len().min(count)).collect::<Vec<usize>>();
        let [probed, moved, all] = [PROBE_IMAGES, DIVERGENCE_IMAGES, usize::MAX].map(up_to);
        let sensitivity =
            Sensitivity::new(exact.clone(), calibration, &moved, correction, threads)?;
        let selected = Logits::of(&exact, selection, usize::MAX, threads)?;
        let labels: Vec<u32> = (0..selection.len())
            .map(|index| selection.label(index))
            .collect();
        Ok(NetworkEvaluator {
            block_bits,
            store,
            threads,
            tell,
            probe: Probe::new(model, calibration, &probed, PROBE_ROWS, threads)?,
            corrector: Corrector::new(exact.clone(), calibration, &all, threads)?,
            sensitivity: Mutex::new(sensitivity),
            temperature: selected.temperature(&labels),
            selected,
            exact,
            cost_context: cost_context(&subject),
            accuracy_context: accuracy_context(&subject)?,
            subject,
        })
    }

    /// Block size K of the PEs.
    pub(super) fn block_bits(&self) -> u8 {
        self.block_bits
    }

    /// Signedness of the operands of each layer of the array.
    pub(super) fn operands(&self) -> Vec<LayerOperands> {
        let network = self.subject.network;
        let ids = network.array_layers();
        ids.filter_map(|id| network.operand_signedness(id))
            .map(|[activations, weights]| LayerOperands {
                activations,
                weights,
            })
            .collect()
    }

    /// What the network under a configuration makes of `images`.
    ///
    /// # Errors
    /// A configuration that does not fit the network, images that can not be read.
    pub(super) fn classified(
        &self,
        configuration: &Configuration,
        correction: Option<Correction>,
        images: &Images,
    ) -> Result<Vec<Prediction>, MeasureError> {
        let model = self.model(configuration, correction)?;
        let all: Vec<usize> = (0..images.len()).collect();
        Ok(classify(&model, images, &all, self.threads, &|_| {})?)
    }

    /// The network under a configuration.
    fn model(
        &self,
        configuration: &Configuration,
        correction: Option<Correction>,
    ) -> Result<ConfiguredModel, MeasureError> {
        let precisions = self.precisions(configuration)?;
        let model = self.exact.with_precisions(&precisions)?;
        Ok(match correction {
            Some(correction) => self.corrector.correct(model, correction)?,
            None => model,
        })
    }

    fn sensitivity(&self) -> MutexGuard<'_, Sensitivity<'a>> {
        // A panic elsewhere leaves it somewhere on its way, from which it finds back.
        self.sensitivity
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn exact_configuration(&self) -> Configuration {
        Configuration::exact(self.exact.precisions().len())
    }

    fn precisions(
        &self,
        configuration: &Configuration,
    ) -> Result<Vec<LayerPrecision>, Diagnostics> {
        resolve(&self.subject, self.block_bits, configuration)
    }

    fn accuracy_key(&self, what: &str, configuration: &Configuration) -> String {
        key(&[&self.accuracy_context, what, &text(configuration)])
    }
}

/// The precision of each layer of the array under a configuration.
fn resolve(
    subject: &Subject<'_>,
    block_bits: u8,
    configuration: &Configuration,
) -> Result<Vec<LayerPrecision>, Diagnostics> {
    let Subject { network, point, .. } = subject;
    let ids = network.array_layers();
    let names: Vec<&str> = ids.map(|id| network.layer(id).name.as_str()).collect();
    let config = configuration.to_config("candidate", "", block_bits, &names);
    let file = Approximation::from_config(&config)?;
    resolve_network(&file, &point.architecture.array.pe, network)
}

/// Block size K of the PEs of a design point.
///
/// # Errors
/// [`MeasureError::NoBlocks`]: they have none.
pub fn block_bits(point: &DesignPoint) -> Result<u8, MeasureError> {
    match point.architecture.array.pe {
        PeKind::AxBxp { block_bits, .. } => Ok(block_bits),
        pe => Err(MeasureError::NoBlocks {
            architecture: point.architecture.name.clone(),
            pe: pe.to_string(),
        }),
    }
}

impl Evaluator for NetworkEvaluator<'_> {
    type Error = MeasureError;

    fn costs(&self, configurations: &[Configuration]) -> Result<Vec<Cost>, MeasureError> {
        let priced = price(configurations);
        let costs = map_parallel(&priced.distinct, self.threads, |_, configuration| {
            let key = key(&[&self.cost_context, "cost", &text(configuration)]);
            self.store.get_or(&key, || {
                (self.tell)(Phase::Simulating);
                let Subject { point, network, .. } = self.subject;
                simulate(point, network, self.block_bits, configuration)
            })
        });
        let costs = costs.into_iter().collect::<Result<Vec<Cost>, _>>()?;
        Ok(priced
            .of
            .iter()
            .map(|&index| costs[index].clone())
            .collect())
    }

    fn errors(&self, layer: usize, options: &[LayerFormats]) -> Result<Vec<f64>, MeasureError> {
        let exact = self.exact_configuration();
        let keys = options
            .iter()
            .map(|&formats| self.accuracy_key("error", &exact.with(layer, formats)));
        let keys: Vec<String> = keys.collect();
        let work: Vec<(&LayerFormats, &String)> = options.iter().zip(&keys).collect();
        let errors = map_parallel(&work, self.threads, |_, &(&formats, key)| {
            self.store.get_or(key, || {
                (self.tell)(Phase::Probing);
                let precisions = self.precisions(&exact.with(layer, formats))?;
                let mut scratch = Scratch::default();
                let error = self.probe.error(layer, &precisions[layer], &mut scratch)?;
                Ok::<f64, MeasureError>(relative(&error, self.subject.correction))
            })
        });
        errors.into_iter().collect()
    }

    fn sensitivities(
        &self,
        layer: usize,
        options: &[LayerFormats],
    ) -> Result<Vec<f64>, MeasureError> {
        let exact = self.exact_configuration();
        let measure = |&formats: &LayerFormats| {
            let configuration = exact.with(layer, formats);
            let key = self.accuracy_key("sensitivity", &configuration);
            self.store.get_or(&key, || {
                (self.tell)(Phase::Diverging);
                let precisions = self.precisions(&configuration)?;
                let mut sensitivity = self.sensitivity();
                Ok(sensitivity.divergence(layer, &precisions[layer])?)
            })
        };
        options.iter().map(measure).collect()
    }

    fn divergence(&self, configuration: &Configuration) -> Result<f64, MeasureError> {
        let key = self.accuracy_key("divergence", configuration);
        self.store.get_or(&key, || {
            (self.tell)(Phase::Diverging);
            let model = self.model(configuration, self.subject.correction)?;
            let images = self.subject.calibration;
            let logits = Logits::of(&model, images, DIVERGENCE_IMAGES, self.threads)?;
            Ok(self.sensitivity().reference().divergence(&logits))
        })
    }

    fn select(&self, configuration: &Configuration) -> Result<Predictions, MeasureError> {
        let key = self.accuracy_key("selection", configuration);
        self.store.get_or(&key, || {
            (self.tell)(Phase::Selecting);
            let model = self.model(configuration, self.subject.correction)?;
            let images = self.subject.selection;
            let logits = Logits::of(&model, images, usize::MAX, self.threads)?;
            let right = (0..images.len()).map(|index| logits.first(index) == images.label(index));
            let expected_loss = self.selected.expected_loss(&logits, self.temperature);
            Ok(Predictions {
                right: right.collect(),
                expected_loss_points: 100.0 * expected_loss,
            })
        })
    }
}

/// A configuration as its keys have it.
fn text(configuration: &Configuration) -> String {
    configuration.to_string()
}

/// All that times and energies depend on but the configuration. The description of a machine is its debug form:
/// ordered maps and vectors throughout.
fn cost_context(subject: &Subject<'_>) -> String {
    let DesignPoint {
        architecture,
        dram,
        energy,
        operands,
        ..
    } = subject.point;
    key(&[
        env!("CARGO_PKG_VERSION"),
        &format!("{architecture:?}"),
        &format!("{dram:?}"),
        &format!("{energy:?}"),
        &format!("{operands:?}"),
        &format!("{:?}", subject.network),
    ])
}

/// Error power over signal power, after the correction if there is one. A channel that never changes has no signal.
fn relative(error: &LayerError, correction: Option<Correction>) -> f64 {
    let power = match correction {
        // Gains take away more than offsets do, but order options much alike.
        Some(Correction::Bias | Correction::Scale) => error.corrected_error,
        None => error.error,
    };
    power / error.signal.max(f64::MIN_POSITIVE)
}

/// SHA-256 of all that a quantised network computes with.
fn digest(model: &QuantisedModel) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", model.network()));
    hash.update(format!("{:?}", model.scales()));
    for layer in 0..model.array_layers().len() {
        for &weight in model.weights(layer) {
            hash.update(weight.to_le_bytes());
        }
        hash.update(format!("{:?}", model.requantiser(layer)));
    }
    hex(&hash.finalize())
}

/// All that answers depend on but the configuration.
fn accuracy_context(subject: &Subject<'_>) -> Result<String, ImageError> {
    Ok(key(&[
        env!("CARGO_PKG_VERSION"),
        &digest(subject.model),
        &subject.calibration.sha256()?,
        &subject.selection.sha256()?,
        METHOD,
        &format!("{:?}", subject.correction),
        &format!("{:?}", subject.point.architecture.array.pe),
    ]))
}
