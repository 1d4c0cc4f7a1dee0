//! What the search asks of the world.

use serde::{Deserialize, Serialize};

use super::configuration::Configuration;
use crate::approx::LayerFormats;

/// Time and energy of a network, by simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Core cycles.
    pub cycles: u64,
    /// All energy, DRAM included.
    pub energy_pj: f64,
    /// Of each layer that runs on the array; the layers of the vector unit are in the totals only.
    pub layers: Vec<LayerCost>,
}

/// Time and energy of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LayerCost {
    /// Core cycles.
    pub cycles: u64,
    /// All energy, DRAM included.
    pub energy_pj: f64,
}

/// What is to be small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Energy.
    Energy,
    /// Time.
    Latency,
    /// Energy times time.
    Edp,
}

impl Objective {
    /// The objective's value: pJ, cycles, or their product.
    pub fn of(self, cost: &Cost) -> f64 {
        match self {
            Objective::Energy => cost.energy_pj,
            Objective::Latency => cost.cycles as f64,
            Objective::Edp => cost.energy_pj * cost.cycles as f64,
        }
    }

    /// A layer's share of the objective, relative to the whole network's cost `total`. A product changes by the sum of
    /// the relative changes of its factors, as far as they are small.
    pub fn share(self, layer: LayerCost, total: &Cost) -> f64 {
        let energy = layer.energy_pj / total.energy_pj.max(f64::MIN_POSITIVE);
        let cycles = layer.cycles as f64 / (total.cycles as f64).max(1.0);
        match self {
            Objective::Energy => energy,
            Objective::Latency => cycles,
            Objective::Edp => energy + cycles,
        }
    }
}

/// Answers to a set of labelled images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    /// For each image whether the first answer is right.
    pub right: Vec<bool>,
    /// The accuracy lost against the exact network, in percentage points, as that network's confidence has it.
    pub expected_loss_points: f64,
}

impl Predictions {
    /// Images that are answered right.
    pub fn count(&self) -> usize {
        self.right.iter().filter(|&&right| right).count()
    }

    /// Share of right answers lost against `reference`, in percentage points; negative where there are more.
    pub fn loss_points(&self, reference: &Predictions) -> f64 {
        let lost = reference.count() as f64 - self.count() as f64;
        100.0 * lost / self.right.len().max(1) as f64
    }

    /// Standard error of [`Predictions::loss_points`], in percentage points: that of the difference of two proportions on the
    /// same images, from those that only one of both answers right.
    pub fn loss_error_points(&self, reference: &Predictions) -> f64 {
        let images = self.right.len().max(1) as f64;
        let pairs = self.right.iter().zip(&reference.right);
        // That none differs on these images does not mean that none would on others.
        let differ = pairs.filter(|(one, other)| one != other).count().max(1) as f64;
        let share = self.loss_points(reference) / 100.0;
        100.0 * ((differ / images - share * share).max(0.0) / images).sqrt()
    }
}

/// Measures configurations. Every answer is a function of its arguments alone.
pub trait Evaluator {
    /// Why there is no figure.
    type Error;

    /// Time and energy of each of `configurations`.
    ///
    /// # Errors
    /// As the evaluator says.
    fn costs(&self, configurations: &[Configuration]) -> Result<Vec<Cost>, Self::Error>;

    /// For each of `options`, the error power of layer `layer`'s outputs over their power, all other layers exact.
    ///
    /// # Errors
    /// As the evaluator says.
    fn errors(&self, layer: usize, options: &[LayerFormats]) -> Result<Vec<f64>, Self::Error>;

    /// For each of `options` in layer `layer`, all other layers exact: the mean divergence of the answers from the exact
    /// network's, in nats, on calibration images.
    ///
    /// # Errors
    /// As the evaluator says.
    fn sensitivities(
        &self,
        layer: usize,
        options: &[LayerFormats],
    ) -> Result<Vec<f64>, Self::Error>;

    /// Mean divergence of a configuration's answers from the exact network's, in nats, on calibration images.
    ///
    /// # Errors
    /// As the evaluator says.
    fn divergence(&self, configuration: &Configuration) -> Result<f64, Self::Error>;

    /// Answers to the selection images.
    ///
    /// # Errors
    /// As the evaluator says.
    fn select(&self, configuration: &Configuration) -> Result<Predictions, Self::Error>;
}
