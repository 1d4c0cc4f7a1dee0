//! One level of the search, from options to the best configuration found.

use std::ops::Range;

use super::configuration::{Configuration, EXACT};
use super::descend::Footing;
use super::evidence::{expected_loss_points, keeps};
use super::front::Measured;
use super::judge::{Cost, Judge, Objective, Outcome};
use super::ladder::{Rung, hull, ladder, thinned};
use super::path::path;
use super::space::{LayerOperands, options};
use crate::approx::LayerFormats;

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
    /// Accuracy that may be lost against the exact network on the selection images, in percentage points.
    pub max_loss_points: f64,
    /// Standard errors of the measured loss by which it must stay below that: the more, the surer the bound holds on other
    /// images.
    pub margin: f64,
    /// Configurations measured on the selection images at most, per level.
    pub measurements: usize,
    /// Rungs of a layer's ladder whose divergence is measured at most.
    pub rungs: usize,
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

/// A search: its judge, its bounds, and all that it has measured so far.
#[derive(Debug)]
pub struct Search<'a, J: Judge> {
    judge: &'a J,
    block_bits: u8,
    operands: Vec<LayerOperands>,
    pub(super) objective: Objective,
    pub(super) limits: Limits,
    exact: Outcome,
    measured: Vec<Measured>,
    /// Length of `measured` when the level began.
    began: usize,
    /// What each level measured.
    ends: Vec<(Level, Range<usize>)>,
}

/// Options of a level, with what they cost in each layer and how they err there.
struct Table {
    options: Vec<LayerFormats>,
    /// Of the network with the option in every layer.
    costs: Vec<Cost>,
    /// `[layer][option]`.
    errors: Vec<Vec<f64>>,
}

impl<'a, J: Judge> Search<'a, J> {
    /// A search over layers whose operands are `operands`, on PEs of `block_bits`-bit blocks.
    ///
    /// # Errors
    /// As the judge says of the exact network.
    pub fn new(
        judge: &'a J,
        block_bits: u8,
        operands: Vec<LayerOperands>,
        objective: Objective,
        limits: Limits,
    ) -> Result<Self, J::Error> {
        let exact = judge.select(&Configuration::exact(operands.len()))?;
        Ok(Search {
            judge,
            block_bits,
            operands,
            objective,
            limits,
            exact,
            measured: Vec::new(),
            began: 0,
            ends: Vec::new(),
        })
    }

    /// Everything measured so far, in that order.
    pub fn measured(&self) -> &[Measured] {
        &self.measured
    }

    /// Searches at a level, and from where the levels before ended.
    ///
    /// # Errors
    /// As the judge says.
    pub fn run(&mut self, level: Level) -> Result<(), J::Error> {
        let start = self.best(self.measured.len()).cloned();
        self.began = self.measured.len();
        let table = self.table(level == Level::Operand)?;
        let exact = self.measure(Configuration::exact(self.operands.len()))?;
        match level {
            Level::Network => self.uniform(&table)?,
            Level::Layer | Level::Operand => self.per_layer(&table, exact, start)?,
        }
        self.ends.push((level, self.began..self.measured.len()));
        Ok(())
    }

    /// What was found at each level searched, by all evidence there is now.
    pub fn found(&self) -> Vec<Found> {
        let levels = self.ends.iter();
        let found = levels.filter_map(|(level, span)| {
            let best = self.best(span.end)?;
            let exact = self.measured.first()?;
            let cheaper = |one: &&Measured| self.is_cheaper(&one.cost, &exact.cost);
            let nearest = self.measured[..span.end]
                .iter()
                .filter(cheaper)
                .min_by(|a, b| a.loss_points.total_cmp(&b.loss_points));
            Some(Found {
                level: *level,
                nearest: nearest.filter(|_| best == exact).cloned(),
                best: best.clone(),
                measurements: span.len(),
            })
        });
        found.collect()
    }

    /// The loss that a configuration's divergence leads to expect, by all evidence there is now.
    pub fn expected_loss_points(&self, one: &Measured) -> f64 {
        expected_loss_points(one, &self.measured)
    }

    /// The cheapest of the first `count` measured that is accurate enough; of equals the first.
    fn best(&self, count: usize) -> Option<&Measured> {
        let accurate = self.measured[..count]
            .iter()
            .filter(|one| self.is_accurate(one));
        accurate.reduce(|best, one| {
            if self.is_cheaper(&one.cost, &best.cost) {
                one
            } else {
                best
            }
        })
    }

    pub(super) fn is_accurate(&self, one: &Measured) -> bool {
        keeps(one, &self.limits, &self.measured)
    }

    pub(super) fn is_cheaper(&self, cost: &Cost, than: &Cost) -> bool {
        self.objective.of(cost) < self.objective.of(than)
    }

    /// Measures `points` configurations evenly spread over the path that `objective` gives at `level`, for the front.
    ///
    /// # Errors
    /// As the judge says.
    pub fn survey(
        &mut self,
        level: Level,
        objective: Objective,
        points: usize,
    ) -> Result<(), J::Error> {
        let asked = std::mem::replace(&mut self.objective, objective);
        let path = self.table(level == Level::Operand).and_then(|table| {
            let ladders = self.ladders(&table)?;
            Ok(path(
                &ladders.iter().map(|rungs| hull(rungs)).collect::<Vec<_>>(),
            ))
        });
        self.objective = asked;
        let path = path?;
        for point in 0..points {
            let at = (path.len() - 1) * (point + 1) / points;
            self.measure(path[at].clone())?;
        }
        Ok(())
    }

    fn table(&self, apart: bool) -> Result<Table, J::Error> {
        let options = options(self.block_bits, &self.operands, apart);
        let layers = self.operands.len();
        let uniform: Vec<Configuration> = options
            .iter()
            .map(|&formats| Configuration::uniform(layers, formats))
            .collect();
        let errors = (0..layers).map(|layer| self.judge.errors(layer, &options));
        Ok(Table {
            costs: self.judge.costs(&uniform)?,
            errors: errors.collect::<Result<_, _>>()?,
            options,
        })
    }

    /// Every rung of the ladder of options that all layers take at once.
    fn uniform(&mut self, table: &Table) -> Result<(), J::Error> {
        let layers = self.operands.len();
        let total = self.objective.of(&table.costs[0]).max(f64::MIN_POSITIVE);
        let rungs = table.options.iter().enumerate();
        let rungs = rungs.map(|(index, &formats)| Rung {
            formats,
            share: self.objective.of(&table.costs[index]) / total,
            harm: table.errors.iter().map(|layer| layer[index]).sum(),
        });
        // Error powers only guess at the divergence, so more of them go on than will be measured.
        let mut rungs = thinned(ladder(rungs.collect()), 3 * self.limits.rungs);
        for rung in &mut rungs {
            let configuration = Configuration::uniform(layers, rung.formats);
            rung.harm = self.judge.divergence(&configuration)?;
        }
        for rung in thinned(ladder(rungs), self.limits.measurements) {
            self.measure(Configuration::uniform(layers, rung.formats))?;
        }
        Ok(())
    }

    /// Descents from two places: as far as the path over all layers leads, and from `start`.
    fn per_layer(
        &mut self,
        table: &Table,
        exact: Measured,
        start: Option<Measured>,
    ) -> Result<(), J::Error> {
        let ladders = self.ladders(table)?;
        let hulls: Vec<Vec<Rung>> = ladders.iter().map(|rungs| hull(rungs)).collect();
        let from = self.bisect(&path(&hulls), exact)?;
        let begins: Vec<Measured> = [Some(from), start].into_iter().flatten().collect();
        for (index, begin) in begins.iter().enumerate() {
            let footings = self.footings(table, &ladders, &begin.configuration)?;
            // An equal part of the measurements left for each.
            let share = self.measurements_left() / (begins.len() - index);
            self.descend(begin.clone(), footings, share)?;
        }
        Ok(())
    }

    fn ladders(&self, table: &Table) -> Result<Vec<Vec<Rung>>, J::Error> {
        let layers = 0..self.operands.len();
        layers
            .map(|layer| self.layer_ladder(table, layer))
            .collect()
    }

    /// A layer's ladder by measured divergence.
    fn layer_ladder(&self, table: &Table, layer: usize) -> Result<Vec<Rung>, J::Error> {
        let rungs = table
            .options
            .iter()
            .enumerate()
            .map(|(index, &formats)| Rung {
                formats,
                share: self.share(table, layer, index),
                harm: table.errors[layer][index],
            });
        let mut rungs = thinned(ladder(rungs.collect()), self.limits.rungs);
        for rung in &mut rungs {
            rung.harm = self.divergence(layer, rung.formats)?;
        }
        Ok(ladder(rungs))
    }

    fn share(&self, table: &Table, layer: usize, option: usize) -> f64 {
        self.objective
            .share(table.costs[option].layers[layer], &table.costs[0])
    }

    /// Divergence with other formats in one layer only.
    fn divergence(&self, layer: usize, formats: LayerFormats) -> Result<f64, J::Error> {
        if formats == EXACT {
            return Ok(0.0);
        }
        let exact = Configuration::exact(self.operands.len());
        self.judge.divergence(&exact.with(layer, formats))
    }

    /// The farthest configuration of a path that is accurate enough, if loss grows along it.
    fn bisect(&mut self, path: &[Configuration], exact: Measured) -> Result<Measured, J::Error> {
        let mut best = exact;
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

    /// Where each layer of a configuration stands on its ladder.
    fn footings(
        &self,
        table: &Table,
        ladders: &[Vec<Rung>],
        configuration: &Configuration,
    ) -> Result<Vec<Footing>, J::Error> {
        let layers = configuration.0.iter().zip(ladders).enumerate();
        layers
            .map(|(layer, (&formats, rungs))| {
                let on_ladder = rungs.iter().find(|rung| rung.formats == formats);
                let now = match on_ladder {
                    Some(&rung) => rung,
                    None => self.rung(table, layer, formats)?,
                };
                Ok(Footing {
                    now,
                    rungs: rungs.clone(),
                    refused: f64::INFINITY,
                })
            })
            .collect()
    }

    /// An option that is not on the layer's ladder.
    fn rung(&self, table: &Table, layer: usize, formats: LayerFormats) -> Result<Rung, J::Error> {
        // The options of a level hold those of coarser ones.
        let index = table.options.iter().position(|&option| option == formats);
        Ok(Rung {
            formats,
            share: self.share(table, layer, index.unwrap_or(0)),
            harm: self.divergence(layer, formats)?,
        })
    }

    pub(super) fn cost(&self, configuration: &Configuration) -> Result<Cost, J::Error> {
        let mut costs = self.judge.costs(std::slice::from_ref(configuration))?;
        Ok(costs.swap_remove(0))
    }

    /// Measures a configuration, or remembers it.
    pub(super) fn measure(&mut self, configuration: Configuration) -> Result<Measured, J::Error> {
        if let Some(known) = self
            .measured
            .iter()
            .find(|one| one.configuration == configuration)
        {
            return Ok(known.clone());
        }
        let outcome = self.judge.select(&configuration)?;
        let measured = Measured {
            cost: self.cost(&configuration)?,
            loss_points: outcome.loss_points(&self.exact),
            loss_error_points: outcome.loss_error_points(&self.exact),
            divergence: outcome.divergence,
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
