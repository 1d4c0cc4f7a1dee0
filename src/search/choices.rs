//! What each layer could have at a level, and what is worth a thought of it.

use super::configuration::{Configuration, EXACT};
use super::descend::Footing;
use super::judge::{Cost, Judge, Objective};
use super::ladder::{Rung, ladder, thinned};
use super::space::{LayerOperands, options};
use crate::approx::LayerFormats;

/// Options of a level, with what they cost in each layer and how they err there.
pub(super) struct Choices<'a, J: Judge> {
    judge: &'a J,
    objective: Objective,
    options: Vec<LayerFormats>,
    /// Of the network with the option in every layer.
    costs: Vec<Cost>,
    /// `[layer][option]`.
    errors: Vec<Vec<f64>>,
}

impl<'a, J: Judge> Choices<'a, J> {
    /// All options, windows and roundings of both operands chosen `apart` or not.
    pub(super) fn new(
        judge: &'a J,
        objective: Objective,
        block_bits: u8,
        operands: &[LayerOperands],
        apart: bool,
    ) -> Result<Self, J::Error> {
        let options = options(block_bits, operands, apart);
        let uniform = options
            .iter()
            .map(|&formats| Configuration::uniform(operands.len(), formats));
        let uniform: Vec<Configuration> = uniform.collect();
        let errors = (0..operands.len()).map(|layer| judge.errors(layer, &options));
        Ok(Choices {
            costs: judge.costs(&uniform)?,
            errors: errors.collect::<Result<_, _>>()?,
            judge,
            objective,
            options,
        })
    }

    fn layers(&self) -> usize {
        self.errors.len()
    }

    /// The ladder of options that all layers take at once; the divergence of at most `most` is measured.
    pub(super) fn uniform(&self, most: usize) -> Result<Vec<Rung>, J::Error> {
        let total = self.objective.of(&self.costs[0]).max(f64::MIN_POSITIVE);
        let rungs = self.options.iter().enumerate();
        let rungs = rungs.map(|(index, &formats)| Rung {
            formats,
            share: self.objective.of(&self.costs[index]) / total,
            harm: self.errors.iter().map(|layer| layer[index]).sum(),
        });
        let mut rungs = thinned(ladder(rungs.collect()), most);
        for rung in &mut rungs {
            let configuration = Configuration::uniform(self.layers(), rung.formats);
            rung.harm = self.judge.divergence(&configuration)?;
        }
        Ok(ladder(rungs))
    }

    /// Each layer's ladder by measured divergence, of at most `most` rungs.
    pub(super) fn ladders(&self, most: usize) -> Result<Vec<Vec<Rung>>, J::Error> {
        let layers = 0..self.layers();
        let ladders = layers.map(|layer| {
            let rungs = (0..self.options.len()).map(|index| Rung {
                formats: self.options[index],
                share: self.share(layer, index),
                harm: self.errors[layer][index],
            });
            let mut rungs = thinned(ladder(rungs.collect()), most);
            self.diverge(layer, &mut rungs)?;
            Ok(ladder(rungs))
        });
        ladders.collect()
    }

    /// Where each layer of a configuration stands on its ladder.
    pub(super) fn footings(
        &self,
        ladders: &[Vec<Rung>],
        configuration: &Configuration,
    ) -> Result<Vec<Footing>, J::Error> {
        let layers = configuration.0.iter().zip(ladders).enumerate();
        let footings = layers.map(|(layer, (&formats, rungs))| {
            let on_ladder = rungs.iter().find(|rung| rung.formats == formats);
            let now = match on_ladder {
                Some(&rung) => rung,
                None => self.rung(layer, formats)?,
            };
            Ok(Footing {
                now,
                rungs: rungs.clone(),
                refused: f64::INFINITY,
            })
        });
        footings.collect()
    }

    /// An option that is not on the layer's ladder.
    fn rung(&self, layer: usize, formats: LayerFormats) -> Result<Rung, J::Error> {
        // The options of a level hold those of coarser ones.
        let index = self.options.iter().position(|&option| option == formats);
        let mut rung = Rung {
            formats,
            share: self.share(layer, index.unwrap_or(0)),
            harm: 0.0,
        };
        self.diverge(layer, std::slice::from_mut(&mut rung))?;
        Ok(rung)
    }

    /// Makes the harms of a layer's rungs divergences.
    fn diverge(&self, layer: usize, rungs: &mut [Rung]) -> Result<(), J::Error> {
        let formats: Vec<LayerFormats> = rungs.iter().map(|rung| rung.formats).collect();
        let divergences = self.judge.sensitivities(layer, &formats)?;
        for (rung, divergence) in rungs.iter_mut().zip(divergences) {
            // Exact is exact, whatever rounding says.
            rung.harm = if rung.formats == EXACT {
                0.0
            } else {
                divergence
            };
        }
        Ok(())
    }

    fn share(&self, layer: usize, option: usize) -> f64 {
        self.objective
            .share(self.costs[option].layers[layer], &self.costs[0])
    }
}
