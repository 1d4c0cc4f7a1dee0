//! One level of the search, from options to the best configuration found.

use super::configuration::{Configuration, EXACT};
use super::descend::Footing;
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
        })
    }

    /// Everything measured so far, in that order.
    pub fn measured(&self) -> &[Measured] {
        &self.measured
    }

    /// Searches at a level, from `start` (the result of a coarser one) too if there is any.
    ///
    /// # Errors
    /// As the judge says.
    pub fn run(&mut self, level: Level, start: Option<&Measured>) -> Result<Found, J::Error> {
        self.began = self.measured.len();
        let table = self.table(level == Level::Operand)?;
        let exact = self.measure(Configuration::exact(self.operands.len()))?;
        let best = match level {
            Level::Network => self.uniform(&table, exact.clone())?,
            Level::Layer | Level::Operand => self.per_layer(&table, exact.clone(), start)?,
        };
        let cheaper =
            |one: &&Measured| self.objective.of(&one.cost) < self.objective.of(&exact.cost);
        let nearest = self.measured[self.began..]
            .iter()
            .filter(cheaper)
            .min_by(|a, b| a.loss_points.total_cmp(&b.loss_points));
        Ok(Found {
            level,
            nearest: nearest
                .filter(|_| best.configuration == exact.configuration)
                .cloned(),
            best,
            measurements: self.measured.len() - self.began,
        })
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

    /// The cheapest option that is accurate enough in every layer at once. Every rung of the ladder is measured, so that
    /// the front has them.
    fn uniform(&mut self, table: &Table, exact: Measured) -> Result<Measured, J::Error> {
        let layers = self.operands.len();
        let total = self.objective.of(&table.costs[0]).max(f64::MIN_POSITIVE);
        let rungs = table
            .options
            .iter()
            .enumerate()
            .map(|(index, &formats)| Rung {
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
        let mut best = exact;
        for rung in thinned(ladder(rungs), self.limits.measurements) {
            let next = self.measure(Configuration::uniform(layers, rung.formats))?;
            let cheaper = self.objective.of(&next.cost) < self.objective.of(&best.cost);
            if cheaper && next.loss_points <= self.limits.max_loss_points {
                best = next;
            }
        }
        Ok(best)
    }

    /// The better end of two descents: from the path over all layers, and from `start`.
    fn per_layer(
        &mut self,
        table: &Table,
        exact: Measured,
        start: Option<&Measured>,
    ) -> Result<Measured, J::Error> {
        let ladders = (0..self.operands.len())
            .map(|layer| self.layer_ladder(table, layer))
            .collect::<Result<Vec<_>, _>>()?;
        let hulls: Vec<Vec<Rung>> = ladders.iter().map(|rungs| hull(rungs)).collect();
        let from = self.bisect(&path(&hulls), exact.clone())?;
        let mut best = from.clone();
        let begins: Vec<&Measured> = [Some(&from), start].into_iter().flatten().collect();
        for (index, begin) in begins.iter().enumerate() {
            let footings = self.footings(table, &ladders, &begin.configuration)?;
            // An equal part of the measurements left for each.
            let share = self.measurements_left() / (begins.len() - index);
            let end = self.descend((*begin).clone(), footings, share)?;
            if self.objective.of(&end.cost) < self.objective.of(&best.cost) {
                best = end;
            }
        }
        // The path may have ended above where the coarser level did.
        Ok(match start {
            Some(start) if self.objective.of(&start.cost) < self.objective.of(&best.cost) => {
                start.clone()
            }
            _ => best,
        })
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
            if next.loss_points <= self.limits.max_loss_points {
                good = middle;
                if self.objective.of(&next.cost) < self.objective.of(&best.cost) {
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
        let measured = Measured {
            cost: self.cost(&configuration)?,
            loss_points: self.judge.select(&configuration)?.loss_points(&self.exact),
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
