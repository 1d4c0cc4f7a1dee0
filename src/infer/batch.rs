//! Many images on their way through a network together, step by step.

use std::sync::Arc;

use super::classify::{check_images, map_images};
use super::configured::ConfiguredModel;
use super::data::Images;
use super::error::InferError;
use super::forward::{Codes, Scratch, Workspace};
use super::layer_kernel::LayerKernel;
use super::quantised::QuantisedModel;
use super::rows::{runs_of, spread};
use crate::parallel::map_parallel_mut;

/// Most codes of all images that are held at a time: 2^30.
const MAX_CODES: usize = 1 << 30;

/// Accumulators of a channel that are looked at over all images, at least, if there are so many.
const SAMPLES: usize = 4096;

/// Images at the same step of a network.
pub(super) struct Batch {
    base: Arc<QuantisedModel>,
    codes: Vec<Codes>,
    threads: usize,
    /// The next step of all.
    step: usize,
}

impl Batch {
    /// The images `indices` before the first step.
    pub(super) fn new(
        base: &Arc<QuantisedModel>,
        images: &Images,
        indices: &[usize],
        threads: usize,
    ) -> Result<Batch, InferError> {
        check_images(base.input_shape(), images)?;
        if indices.is_empty() {
            return Err(InferError::NoImages);
        }
        let held = base.plan.slot_sizes.iter().sum::<usize>();
        let held = held.saturating_mul(indices.len());
        if held > MAX_CODES {
            return Err(InferError::TooLarge {
                name: format!("{} calibration images", indices.len()),
                elements: held as u64,
                limit: MAX_CODES as u64,
            });
        }
        let codes = map_images(images, indices, threads, |input, _, _: &mut ()| {
            let mut codes = Codes::default();
            base.begin(input, &mut codes);
            codes
        })?;
        Ok(Batch {
            base: Arc::clone(base),
            codes,
            threads,
            step: 0,
        })
    }

    /// The next step.
    pub(super) fn step(&self) -> usize {
        self.step
    }

    /// Takes all images through `model` up to a step, which is not done.
    pub(super) fn advance(&mut self, model: &ConfiguredModel, step: usize) {
        let steps = self.step..step;
        map_parallel_mut(&mut self.codes, self.threads, |workspace, codes| {
            model.steps(steps.clone(), codes, workspace, None);
        });
        self.step = step;
    }

    /// By image, the accumulators that `kernel` makes in array layer number `index`, at which the images stand, on some
    /// output rows: whole rows, others of each image, evenly spread.
    pub(super) fn samples(&mut self, index: usize, kernel: &LayerKernel) -> Vec<Vec<i32>> {
        let base = &self.base;
        let step = &base.plan.steps[base.array_steps[index]];
        let output = base.array_layer(index).window.output;
        let rows = SAMPLES.div_ceil(self.codes.len() * output.width);
        let mut images: Vec<(usize, &Codes)> = self.codes.iter().enumerate().collect();
        map_parallel_mut(
            &mut images,
            self.threads,
            |workspace: &mut Workspace, (image, codes)| {
                let rows = spread(rows, output.height, *image);
                let runs = runs_of(&rows);
                base.accumulate(step, kernel, runs, codes, &mut workspace.convolution)
            },
        )
    }

    /// By image, the logits of `model` on from here; the images stay where they are.
    pub(super) fn logits(&mut self, model: &ConfiguredModel) -> Vec<Vec<f32>> {
        let base = &self.base;
        let steps = self.step..base.steps.len();
        let mut images: Vec<&Codes> = self.codes.iter().collect();
        map_parallel_mut(&mut images, self.threads, |scratch: &mut Scratch, codes| {
            scratch.codes.clone_from(codes);
            let Scratch { codes, workspace } = scratch;
            model.steps(steps.clone(), codes, workspace, None);
            base.finish(codes, workspace).to_vec()
        })
    }
}
