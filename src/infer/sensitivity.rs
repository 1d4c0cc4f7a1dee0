//! How far the answers of a network move when one layer alone computes otherwise.

use std::sync::Arc;

use super::batch::Batch;
use super::configured::ConfiguredModel;
use super::correct::{Correction, fits};
use super::data::Images;
use super::error::InferError;
use super::logits::Logits;
use crate::approx::LayerPrecision;

/// Images that wait in FxP8 before a layer, so that the layers before it run once for all its precisions, and once for
/// all layers that are asked for in order.
pub struct Sensitivity<'a> {
    exact: ConfiguredModel,
    images: &'a Images,
    indices: Vec<usize>,
    correction: Option<Correction>,
    threads: usize,
    batch: Batch,
    /// The array layer before which they are.
    standing: Option<usize>,
    /// By image: its exact accumulators on the rows that fits see.
    samples: Vec<Vec<i32>>,
    /// FxP8's answers.
    reference: Logits,
}

impl std::fmt::Debug for Sensitivity<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sensitivity")
            .field("images", &self.indices.len())
            .field("step", &self.batch.step())
            .finish_non_exhaustive()
    }
}

impl<'a> Sensitivity<'a> {
    /// Of `exact`, whose products are all exact, on the images `indices`, on up to `threads` threads. `correction` is that of the layer that
    /// changes; the others stay as they are.
    ///
    /// # Errors
    /// Images that can not be read or do not fit, none, or more than can be held.
    pub fn new(
        exact: ConfiguredModel,
        images: &'a Images,
        indices: &[usize],
        correction: Option<Correction>,
        threads: usize,
    ) -> Result<Sensitivity<'a>, InferError> {
        let base = Arc::clone(&exact.base);
        let batch = Batch::new(&base, images, indices, threads)?;
        Ok(Sensitivity {
            reference: Logits::from_images(base.classes(), batch.logits(&exact)),
            batch,
            standing: None,
            samples: vec![],
            exact,
            images,
            indices: indices.to_vec(),
            correction,
            threads,
        })
    }

    /// FxP8's answers to the images.
    pub fn reference(&self) -> &Logits {
        &self.reference
    }

    /// Mean divergence of the answers from FxP8's, in nats, with `precision` in array layer number `index` and all others
    /// exact.
    ///
    /// # Errors
    /// A precision that does not fit the layer, images that can not be read any more.
    ///
    /// # Panics
    /// If there is no such array layer.
    pub fn divergence(
        &mut self,
        index: usize,
        precision: &LayerPrecision,
    ) -> Result<f64, InferError> {
        let base = Arc::clone(&self.exact.base);
        self.stand_at(index)?;
        let kernel = Arc::new(base.kernel(index, precision)?);
        let mut layer = self.exact.layers[index].clone();
        if let Some(correction) = self.correction {
            let found = self.batch.samples(index, &kernel);
            let fits = fits(&found, &self.samples, layer.units.len(), correction);
            layer = layer.corrected(&fits);
        }
        layer.kernel = kernel;
        let mut model = self.exact.clone();
        model.layers[index] = layer;
        let logits = Logits::from_images(base.classes(), self.batch.logits(&model));
        Ok(self.reference.divergence(&logits))
    }

    /// Brings the images before an array layer.
    fn stand_at(&mut self, index: usize) -> Result<(), InferError> {
        if self.standing == Some(index) {
            return Ok(());
        }
        let base = &self.exact.base;
        let step = base.array_steps[index];
        if self.batch.step() > step {
            self.batch = Batch::new(base, self.images, &self.indices, self.threads)?;
        }
        self.batch.advance(&self.exact, step);
        let kernel = &self.exact.layers[index].kernel;
        self.samples = self.batch.samples(index, kernel);
        self.standing = Some(index);
        Ok(())
    }
}
