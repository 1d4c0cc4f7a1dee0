//! One level of the search, from options to the best configuration found.

use std::ops::Range;

use super::choices::Choices;
use super::configuration::Configuration;
use super::evaluator::{Cost, Evaluator, Objective, Predictions};
use super::front::Measured;
use super::option_front::{OptionPoint, hull, thinned};
use super::path::path;
use super::space::LayerOperands;

/// How fine the choice is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One choice for the network; window and rounding the same for activations and weights.
    Network,
    /// One choice per layer; window and rounding the same for activations and weights.
    Layer,
    /// One choice per layer, windows and roundings of activations and weights chosen apart.
    Operand,
}

/// Bounds of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Accuracy that may be lost against the exact network on the selection images, in percentage points: by the labels, and
    /// by what the exact network's confidence leads to expect.
    pub max_loss_points: f64,
    /// Standard errors of the measured loss by which both must stay below that: the more, the surer the bound holds on other
    /// images.
    pub margin: f64,
    /// Configurations measured on the selection images at most, per level.
    pub measurements: usize,
    /// Points of a layer's front whose divergence is measured at most.
    pub front_points: usize,
}

/// The end of a level.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The level.
    pub level: Level,
    /// The cheapest configuration found that is accurate enough; the exact one if there is no other.
    pub best: Measured,
    /// If that is the exact one: the most accurate of those measured that cost less.
    pub nearest: Option<Measured>,
    /// Configurations measured on the selection images in this level.
    pub measurements: usize,
}

/// A search: its evaluator, its bounds, and all that it has measured so far.
#[derive(Debug)]
pub struct Search<'a, E: Evaluator> {
    evaluator: &'a E,
    block_bits: u8,
    operands: Vec<LayerOperands>,
    pub(super) objective: Objective,
    pub(super) limits: Limits,
    exact: Predictions,
    measured: Vec<Measured>,
    /// Length of `measured` when the level began.
    began: usize,
    /// What each level measured.
    ends: Vec<(Level, Range<usize>)>,
}

impl<'a, E: Evaluator> Search<'a, E> {
    /// A search over layers whose operands are `operands`, on PEs of `block_bits`-bit blocks.
    ///
    /// # Errors
    /// As the evaluator says of the exact network.
    pub fn new(
        evaluator: &'a E,
        block_bits: u8,
        operands: Vec<LayerOperands>,
        objective: Objective,
        limits: Limits,
    ) -> Result<Self, E::Error> {
        let configuration = Configuration::exact(operands.len());
        let exact = evaluator.select(&configuration)?;
        let measured = Measured {
            cost: cost(evaluator, &configuration)?,
            loss_points: 0.0,
            loss_error_points: 0.0,
            expected_loss_points: 0.0,
            configuration,
        };
        Ok(Search {
            evaluator,
            block_bits,
            operands,
            objective,
            limits,
            exact,
            measured: vec![measured],
            began: 1,
            ends: Vec::new(),
        })
    }

    /// Everything measured so far, in that order; the exact configuration is the first.
    pub fn measured(&self) -> &[Measured] {
        &self.measured
    }

    /// Searches at a level, and from where the levels before ended.
    ///
    /// # Errors
    /// As the evaluator says.
    pub fn run(&mut self, level: Level) -> Result<(), E::Error> {
        self.began = self.measured.len();
        let choices = self.choices(level, self.objective)?;
        match level {
            Level::Network => self.uniform(&choices)?,
            Level::Layer | Level::Operand => self.per_layer(&choices)?,
        }
        self.ends.push((level, self.began..self.measured.len()));
        Ok(())
    }

    /// What was found at each level searched.
    pub fn found(&self) -> Vec<Found> {
        let levels = self.ends.iter();
        let found = levels.map(|(level, span)| {
            let best = self.best(span.end);
            let exact = &self.measured[0];
            let cheaper = |one: &&Measured| self.is_cheaper(&one.cost, &exact.cost);
            let nearest = self.measured[..span.end]
                .iter()
                .filter(cheaper)
                .min_by(|a, b| a.judged_loss_points().total_cmp(&b.judged_loss_points()));
            Found {
                level: *level,
                nearest: nearest.filter(|_| best == exact).cloned(),
                best: best.clone(),
                measurements: span.len(),
            }
        });
        found.collect()
    }

    /// The cheapest of the first `count` measured that is accurate enough, at worst the exact one; of equals the first.
    fn best(&self, count: usize) -> &Measured {
        let exact = &self.measured[0];
        let accurate = self.measured[..count]
            .iter()
            .filter(|one| self.is_accurate(one));
        accurate.fold(exact, |best, one| {
            if self.is_cheaper(&one.cost, &best.cost) {
                one
            } else {
                best
            }
        })
    }

    /// Whether it loses at most what the limits allow, by the labels and by the exact network's confidence: a search
    /// that tries a hundred configurations on the same images ends with those that were lucky with the labels.
    pub(super) fn is_accurate(&self, one: &Measured) -> bool {
        let margin_points = self.limits.margin * one.loss_error_points;
        one.judged_loss_points() <= self.limits.max_loss_points - margin_points
    }

    pub(super) fn is_cheaper(&self, cost: &Cost, than: &Cost) -> bool {
        self.objective.of(cost) < self.objective.of(than)
    }

    /// Measures `points` configurations evenly spread over the path that `objective` gives at `level`, for the front.
    ///
    /// # Errors
    /// As the evaluator says.
    pub fn survey(
        &mut self,
        level: Level,
        objective: Objective,
        points: usize,
    ) -> Result<(), E::Error> {
        let fronts = self
            .choices(level, objective)?
            .fronts(self.limits.front_points)?;
        let hulls: Vec<Vec<OptionPoint>> = fronts.iter().map(|points| hull(points)).collect();
        let path = path(&hulls);
        for point in 0..points {
            let at = (path.len() - 1) * (point + 1) / points;
            self.measure(path[at].clone())?;
        }
        Ok(())
    }

    fn choices(&self, level: Level, objective: Objective) -> Result<Choices<'a, E>, E::Error> {
        let apart = level == Level::Operand;
        Choices::new(
            self.evaluator,
            objective,
            self.block_bits,
            &self.operands,
            apart,
        )
    }

    /// Every point of the front of options that all layers take at once.
    fn uniform(&mut self, choices: &Choices<'_, E>) -> Result<(), E::Error> {
        // Error powers only guess at the divergence, so more of them go on than will be measured.
        let points = choices.uniform(3 * self.limits.front_points)?;
        for point in thinned(points, self.limits.measurements) {
            self.measure(Configuration::uniform(self.operands.len(), point.formats))?;
        }
        Ok(())
    }

    /// Descents from as far as the path over all layers leads, from what the levels before found, and from the best so
    /// far, again and again until they lead nowhere new.
    fn per_layer(&mut self, choices: &Choices<'_, E>) -> Result<(), E::Error> {
        let fronts = choices.fronts(self.limits.front_points)?;
        let hulls: Vec<Vec<OptionPoint>> = fronts.iter().map(|points| hull(points)).collect();
        let mut path = path(&hulls);
        let exact = &self.measured[0].configuration;
        // An option without harm that costs less takes the exact one's place on a front.
        if path[0] != *exact {
            path.insert(0, exact.clone());
        }
        let mut known = usize::MAX;
        while known != self.measured.len() && self.measurements_left() > 0 {
            known = self.measured.len();
            // An equal part of the measurements left for each.
            let begin = self.bisect(&path)?;
            let states = choices.states(&fronts, &begin.configuration)?;
            self.descend(begin, states, self.measurements_left() / 3)?;
            let begin = self.best(self.began).clone();
            let states = choices.states(&fronts, &begin.configuration)?;
            self.descend(begin, states, self.measurements_left() / 2)?;
            let begin = self.best(self.measured.len()).clone();
            let states = choices.states(&fronts, &begin.configuration)?;
            self.descend(begin, states, self.measurements_left())?;
        }
        Ok(())
    }

    /// The farthest configuration of a path from the exact one that is accurate enough, if loss grows along it.
    fn bisect(&mut self, path: &[Configuration]) -> Result<Measured, E::Error> {
        let mut best = self.measured[0].clone();
        let (mut good, mut bad) = (0, path.len());
        while bad - good > 1 && self.measurements_left() > 0 {
            let middle = good.midpoint(bad);
            let next = self.measure(path[middle].clone())?;
            if self.is_accurate(&next) {
                good = middle;
                if self.is_cheaper(&next.cost, &best.cost) {
                    best = next;
                }
            } else {
                bad = middle;
            }
        }
        Ok(best)
    }

    pub(super) fn cost(&self, configuration: &Configuration) -> Result<Cost, E::Error> {
        cost(self.evaluator, configuration)
    }

    /// Measures a configuration, or remembers it.
    pub(super) fn measure(&mut self, configuration: Configuration) -> Result<Measured, E::Error> {
        if let Some(known) = self
            .measured
            .iter()
            .find(|one| one.configuration == configuration)
        {
            return Ok(known.clone());
        }
        let outcome = self.evaluator.select(&configuration)?;
        let measured = Measured {
            cost: self.cost(&configuration)?,
            loss_points: outcome.loss_points(&self.exact),
            loss_error_points: outcome.loss_error_points(&self.exact),
            expected_loss_points: outcome.expected_loss_points,
            configuration,
        };
        self.measured.push(measured.clone());
        Ok(measured)
    }

    /// Measurements that this level still has.
    pub(super) fn measurements_left(&self) -> usize {
        let done = self.measured.len() - self.began;
        self.limits.measurements.saturating_sub(done)
    }
}

fn cost<E: Evaluator>(evaluator: &E, configuration: &Configuration) -> Result<Cost, E::Error> {
    let mut costs = evaluator.costs(std::slice::from_ref(configuration))?;
    Ok(costs.swap_remove(0))
}
