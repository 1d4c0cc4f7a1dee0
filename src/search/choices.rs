//! What each layer could have at a level, and what is worth a thought of it.

use super::configuration::{Configuration, EXACT};
use super::descend::LayerState;
use super::evaluator::{Cost, Evaluator, Objective};
use super::option_front::{OptionPoint, option_front, thinned};
use super::space::{LayerOperands, options};
use crate::approx::LayerFormats;

/// Options of a level, with what they cost in each layer and how they err there.
pub(super) struct Choices<'a, E: Evaluator> {
    evaluator: &'a E,
    objective: Objective,
    options: Vec<LayerFormats>,
    /// Of the network with the option in every layer.
    costs: Vec<Cost>,
    /// `[layer][option]`.
    errors: Vec<Vec<f64>>,
}

impl<'a, E: Evaluator> Choices<'a, E> {
    /// All options, windows and roundings of both operands chosen `apart` or not.
    pub(super) fn new(
        evaluator: &'a E,
        objective: Objective,
        block_bits: u8,
        operands: &[LayerOperands],
        apart: bool,
    ) -> Result<Self, E::Error> {
        let options = options(block_bits, operands, apart);
        let uniform = options
            .iter()
            .map(|&formats| Configuration::uniform(operands.len(), formats));
        let uniform: Vec<Configuration> = uniform.collect();
        let errors = (0..operands.len()).map(|layer| evaluator.errors(layer, &options));
        Ok(Choices {
            costs: evaluator.costs(&uniform)?,
            errors: errors.collect::<Result<_, _>>()?,
            evaluator,
            objective,
            options,
        })
    }

    fn layers(&self) -> usize {
        self.errors.len()
    }

    /// The front of options that all layers take at once; the divergence of at most `most` is measured.
    pub(super) fn uniform(&self, most: usize) -> Result<Vec<OptionPoint>, E::Error> {
        let total = self.objective.of(&self.costs[0]).max(f64::MIN_POSITIVE);
        let points = self.options.iter().enumerate();
        let points = points.map(|(index, &formats)| OptionPoint {
            formats,
            share: self.objective.of(&self.costs[index]) / total,
            harm: self.errors.iter().map(|layer| layer[index]).sum(),
        });
        let mut points = thinned(option_front(points.collect()), most);
        for point in &mut points {
            let configuration = Configuration::uniform(self.layers(), point.formats);
            point.harm = self.evaluator.divergence(&configuration)?;
        }
        Ok(option_front(points))
    }

    /// Each layer's front by measured divergence, of at most `most` points.
    pub(super) fn fronts(&self, most: usize) -> Result<Vec<Vec<OptionPoint>>, E::Error> {
        let layers = 0..self.layers();
        let fronts = layers.map(|layer| {
            let points = (0..self.options.len()).map(|index| OptionPoint {
                formats: self.options[index],
                share: self.share(layer, index),
                harm: self.errors[layer][index],
            });
            let mut points = thinned(option_front(points.collect()), most);
            self.diverge(layer, &mut points)?;
            Ok(option_front(points))
        });
        fronts.collect()
    }

    /// Where each layer of a configuration stands on its front.
    pub(super) fn states(
        &self,
        fronts: &[Vec<OptionPoint>],
        configuration: &Configuration,
    ) -> Result<Vec<LayerState>, E::Error> {
        let layers = configuration.0.iter().zip(fronts).enumerate();
        let states = layers.map(|(layer, (&formats, points))| {
            let on_front = points.iter().find(|point| point.formats == formats);
            let now = match on_front {
                Some(&point) => point,
                None => self.point(layer, formats)?,
            };
            Ok(LayerState {
                now,
                points: points.clone(),
                refused: f64::INFINITY,
            })
        });
        states.collect()
    }

    /// An option that is not on the layer's front.
    fn point(&self, layer: usize, formats: LayerFormats) -> Result<OptionPoint, E::Error> {
        // The options of a level hold those of coarser ones.
        let index = self.options.iter().position(|&option| option == formats);
        let mut point = OptionPoint {
            formats,
            share: self.share(layer, index.unwrap_or(0)),
            harm: 0.0,
        };
        self.diverge(layer, std::slice::from_mut(&mut point))?;
        Ok(point)
    }

    /// Makes the harms of a layer's points divergences.
    fn diverge(&self, layer: usize, points: &mut [OptionPoint]) -> Result<(), E::Error> {
        let formats: Vec<LayerFormats> = points.iter().map(|point| point.formats).collect();
        let divergences = self.evaluator.sensitivities(layer, &formats)?;
        for (point, divergence) in points.iter_mut().zip(divergences) {
            // Exact is exact, whatever rounding says.
            point.harm = if point.formats == EXACT {
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
