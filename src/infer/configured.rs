//! A quantised network under a configuration.

use std::sync::Arc;

use super::error::InferError;
use super::layer_kernel::{LayerKernel, exact_precision};
use super::quantised::QuantisedModel;
use super::requantise::Requantiser;
use crate::approx::LayerPrecision;

/// A quantised network under one precision per layer of the array. Accumulators and codes are those of the hardware,
/// bit for bit: every product is what the MAC unit composes of its block products, sums wrap at 32 bits.
#[derive(Debug, Clone)]
pub struct ConfiguredModel {
    pub(super) base: Arc<QuantisedModel>,
    /// By array layer.
    pub(super) layers: Vec<ConfiguredLayer>,
}

/// A layer of the array under its precision.
#[derive(Debug, Clone)]
pub(super) struct ConfiguredLayer {
    pub(super) kernel: Arc<LayerKernel>,
    /// With the correction, if there is one.
    pub(super) requantiser: Requantiser,
    /// By output channel: the value of a corrected accumulator of 1.
    pub(super) units: Vec<f64>,
}

impl ConfiguredModel {
    /// `base` under one precision per layer of the array, in order.
    ///
    /// # Errors
    /// Another number of precisions than of array layers, precisions that do not fit their layers.
    pub fn new(
        base: &Arc<QuantisedModel>,
        precisions: &[LayerPrecision],
    ) -> Result<Self, InferError> {
        Self::build(base, precisions, None)
    }

    /// FxP8 itself: every layer exact.
    pub fn exact(base: &Arc<QuantisedModel>) -> Result<Self, InferError> {
        let precisions: Vec<LayerPrecision> = (0..base.array_steps.len())
            .map(|index| exact_precision(base.array_layer(index).signedness))
            .collect();
        Self::new(base, &precisions)
    }

    /// The same network under other precisions, without correction. Layers whose precision is the same share
    /// their weights with this one.
    ///
    /// # Errors
    /// As [`ConfiguredModel::new`].
    pub fn with_precisions(&self, precisions: &[LayerPrecision]) -> Result<Self, InferError> {
        Self::build(&self.base, precisions, Some(self))
    }

    fn build(
        base: &Arc<QuantisedModel>,
        precisions: &[LayerPrecision],
        known: Option<&ConfiguredModel>,
    ) -> Result<Self, InferError> {
        let expected = base.array_steps.len();
        if precisions.len() != expected {
            let found = precisions.len();
            return Err(InferError::Precisions { found, expected });
        }
        let layers = precisions.iter().enumerate().map(|(index, precision)| {
            let layer = base.array_layer(index);
            let known = known.map(|model| &model.layers[index].kernel);
            let kernel = match known {
                Some(kernel) if kernel.precision == *precision => Arc::clone(kernel),
                _ => Arc::new(base.kernel(index, precision)?),
            };
            Ok(ConfiguredLayer {
                kernel,
                requantiser: layer.requantiser.clone(),
                units: layer.units.clone(),
            })
        });
        Ok(ConfiguredModel {
            layers: layers.collect::<Result<_, InferError>>()?,
            base: Arc::clone(base),
        })
    }

    /// The network it configures.
    pub fn base(&self) -> &Arc<QuantisedModel> {
        &self.base
    }

    /// The precision of each layer of the array.
    pub fn precisions(&self) -> impl ExactSizeIterator<Item = &LayerPrecision> {
        self.layers.iter().map(|layer| &layer.kernel.precision)
    }

    /// How array layer number `index` makes codes of its accumulators, correction included.
    ///
    /// # Panics
    /// If there is no such array layer.
    pub fn requantiser(&self, index: usize) -> &Requantiser {
        &self.layers[index].requantiser
    }
}
