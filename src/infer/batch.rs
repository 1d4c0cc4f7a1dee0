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

/// Most values of all images that are held at a time, 2^30 bytes: a code is one, an accumulator counts as four.
const MAX_HELD: u64 = 1 << 30;

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
        let held = held(base, indices.len());
        if held > MAX_HELD {
            return Err(InferError::TooLarge {
                name: format!("{} calibration images", indices.len()),
                elements: held,
                limit: MAX_HELD,
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
    pub(super) fn samples(&self, index: usize, kernel: &LayerKernel) -> Vec<Vec<i32>> {
        let base = &self.base;
        let step = &base.plan.steps[base.array_steps[index]];
        let output = base.array_layer(index).window.output;
        let turns = self.codes.len();
        let rows = SAMPLES.div_ceil(turns * output.width);
        let mut images: Vec<(usize, &Codes)> = self.codes.iter().enumerate().collect();
        map_parallel_mut(
            &mut images,
            self.threads,
            |workspace: &mut Workspace, (image, codes)| {
                let rows = spread(rows, output.height, *image, turns);
                let runs = runs_of(&rows);
                base.accumulate(step, kernel, runs, codes, &mut workspace.convolution)
            },
        )
    }

    /// By image, the logits of `model` on from here; the images stay where they are.
    pub(super) fn logits(&self, model: &ConfiguredModel) -> Vec<Vec<f32>> {
        let base = &self.base;
        let steps = self.step..base.plan.steps.len();
        let mut images: Vec<&Codes> = self.codes.iter().collect();
        map_parallel_mut(&mut images, self.threads, |scratch: &mut Scratch, codes| {
            scratch.codes.copy(codes);
            let Scratch { codes, workspace } = scratch;
            model.steps(steps.clone(), codes, workspace, None);
            base.finish(codes, workspace).to_vec()
        })
    }
}

/// Values that `images` images take: their codes, and samples of all layers, each as four.
fn held(base: &QuantisedModel, images: usize) -> u64 {
    let codes = base.plan.slot_sizes.iter().map(|&size| size as u64);
    let samples = (0..base.array_steps.len()).map(|index| {
        let output = base.array_layer(index).window.output;
        let rows = SAMPLES
            .div_ceil(images * output.width)
            .clamp(1, output.height);
        4 * (rows * output.width * output.channels) as u64
    });
    let image: u64 = codes.chain(samples).sum();
    image.saturating_mul(images as u64)
}
