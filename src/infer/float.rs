//! The float32 reference.

use super::error::InferError;
use super::float_ops;
use super::kernel::{BandLayout, ConvScratch, Convolution, Exactness, Source, Sums};
use super::plan::{Clip, Plan, PlannedLayer, Work};
use crate::workload::{LayerWeights, Model, TensorId};

/// A network in float32. Its results are the same on every machine and thread.
#[derive(Debug, Clone)]
pub struct FloatNetwork<'m> {
    model: &'m Model,
    plan: Plan,
    /// By step.
    convolutions: Vec<Option<Convolution>>,
}

/// Memory of one image on its way through a [`FloatNetwork`].
#[derive(Debug, Clone, Default)]
pub(super) struct FloatScratch {
    slots: Vec<Vec<f32>>,
    convolution: ConvScratch,
}

struct Pixels<'a>(&'a [f32]);

impl Source for Pixels<'_> {
    fn fill(&self, first: usize, layout: &BandLayout, out: &mut [f32]) {
        let (channels, pixel) = (layout.channels, layout.pixel());
        let input = &self.0[first * channels..];
        if pixel == channels {
            let length = out.len();
            return out.copy_from_slice(&input[..length]);
        }
        let pixels = input.chunks_exact(channels);
        for (out, input) in out.chunks_exact_mut(pixel).zip(pixels) {
            out[..channels].copy_from_slice(input);
        }
    }
}

impl<'m> FloatNetwork<'m> {
    /// Prepares the weights.
    ///
    /// # Errors
    /// Operations that inference does not have, networks with several inputs or outputs, missing weights.
    pub fn new(model: &'m Model) -> Result<Self, InferError> {
        let plan = Plan::new(&model.network)?;
        let convolutions = plan.steps.iter().map(|step| {
            let Work::Convolution(window) = &step.work else {
                return Ok(None);
            };
            let weights = layer_weights(model, step)?;
            let length = window.weights_per_channel();
            let convolution =
                Convolution::new(window, Exactness::Float, &[0.0], |_, channel, index| {
                    weights.values[channel * length + index]
                });
            Ok(Some(convolution))
        });
        Ok(FloatNetwork {
            convolutions: convolutions.collect::<Result<_, InferError>>()?,
            model,
            plan,
        })
    }

    /// The model it computes.
    pub fn model(&self) -> &'m Model {
        self.model
    }

    /// `[height, width, channels]` of an image.
    pub fn input_shape(&self) -> [usize; 3] {
        self.plan.input_shape()
    }

    /// Logits, one per class.
    pub fn classes(&self) -> usize {
        self.plan.classes()
    }

    /// The logits of an image, `[height, width, channels]`.
    ///
    /// # Panics
    /// If `input` is not as long as an image.
    pub fn logits(&self, input: &[f32]) -> Vec<f32> {
        let mut scratch = FloatScratch::default();
        self.run(input, &mut scratch, &mut |_, _| {}).to_vec()
    }

    /// Shows every tensor, the input included, as soon as it is computed: `[height, width, channels]`.
    ///
    /// # Panics
    /// If `input` is not as long as an image.
    pub fn observe(&self, input: &[f32], see: &mut dyn FnMut(TensorId, &[f32])) {
        self.run(input, &mut FloatScratch::default(), see);
    }

    pub(super) fn run<'s>(
        &self,
        input: &[f32],
        scratch: &'s mut FloatScratch,
        see: &mut dyn FnMut(TensorId, &[f32]),
    ) -> &'s [f32] {
        let plan = &self.plan;
        let sizes = plan.slot_sizes.iter();
        scratch.slots.resize(plan.slot_sizes.len(), vec![]);
        for (slot, &size) in scratch.slots.iter_mut().zip(sizes) {
            slot.resize(size.max(slot.len()), 0.0);
        }
        let elements = plan.shape(plan.input).elements();
        scratch.slots[plan.slot(plan.input)][..elements].copy_from_slice(input);
        see(plan.input, input);
        for (index, step) in plan.steps.iter().enumerate() {
            let slot = plan.slot(step.output);
            let elements = plan.shape(step.output).elements();
            let mut output = std::mem::take(&mut scratch.slots[slot]);
            self.step(index, step, scratch, &mut output[..elements]);
            see(step.output, &output[..elements]);
            scratch.slots[slot] = output;
        }
        &scratch.slots[plan.slot(plan.output)][..plan.classes()]
    }

    fn step(
        &self,
        index: usize,
        step: &PlannedLayer,
        scratch: &mut FloatScratch,
        output: &mut [f32],
    ) {
        let FloatScratch { slots, convolution } = scratch;
        let input = |index: usize| {
            let tensor = step.inputs[index];
            &slots[self.plan.slot(tensor)][..self.plan.shape(tensor).elements()]
        };
        match &step.work {
            Work::Convolution(window) => {
                let weights = self.model.weights[step.layer.index()].as_ref();
                if let (Some(kernel), Some(weights)) = (&self.convolutions[index], weights) {
                    let rows = 0..window.output.height;
                    kernel.run(&Pixels(input(0)), rows, convolution, |first, sums| {
                        add_bias(&weights.bias, step.clip, first, sums, output);
                    });
                }
            }
            Work::Pool(pool) => float_ops::pool(pool, step.clip, input(0), output),
            Work::Add => {
                for ((out, a), b) in output.iter_mut().zip(input(0)).zip(input(1)) {
                    *out = step.clip.apply(a + b);
                }
            }
            Work::Clip => {
                for (out, x) in output.iter_mut().zip(input(0)) {
                    *out = step.clip.apply(*x);
                }
            }
            Work::Concat => {
                let inputs: Vec<_> = (0..step.inputs.len())
                    .map(|index| (input(index), self.plan.shape(step.inputs[index]).channels))
                    .collect();
                float_ops::concat(&inputs, output, |_, x| step.clip.apply(x));
            }
            Work::Slice(cut) => {
                float_ops::slice(cut, input(0), output, |x| step.clip.apply(x));
            }
            Work::Pad(frame) => float_ops::pad(frame, input(0), output, |x| step.clip.apply(x)),
        }
    }
}

fn add_bias(bias: &[f32], clip: Clip, first: usize, sums: Sums<'_>, output: &mut [f32]) {
    let Sums::F32(sums) = sums else { return };
    let output = output[first * bias.len()..].chunks_exact_mut(bias.len());
    for (output, sums) in output.zip(sums.chunks_exact(bias.len())) {
        for ((out, sum), bias) in output.iter_mut().zip(sums).zip(bias) {
            *out = clip.apply(sum + bias);
        }
    }
}

/// The weights of a convolution or fully connected layer, if they are there and finite.
pub(super) fn layer_weights<'m>(
    model: &'m Model,
    step: &PlannedLayer,
) -> Result<&'m LayerWeights, InferError> {
    let layer = &model.network.layer(step.layer).name;
    let Work::Convolution(window) = &step.work else {
        return Err(InferError::Weights {
            layer: layer.clone(),
            found: 0,
            expected: 0,
        });
    };
    let channels = window.output.channels;
    let expected = channels * (window.weights_per_channel() + 1);
    let weights = model
        .weights
        .get(step.layer.index())
        .and_then(Option::as_ref);
    let found = weights.map_or(0, |weights| weights.values.len() + weights.bias.len());
    match weights {
        Some(weights) if found == expected && weights.bias.len() == channels => {
            let mut values = weights.values.iter().chain(&weights.bias);
            match values.all(|value| value.is_finite()) {
                true => Ok(weights),
                false => Err(InferError::NotFinite {
                    name: layer.clone(),
                }),
            }
        }
        _ => Err(InferError::Weights {
            layer: layer.clone(),
            found,
            expected,
        }),
    }
}
