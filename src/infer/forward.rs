//! An image on its way through a quantised network.

use std::ops::Range;

use super::code_ops;
use super::configured::{ConfiguredLayer, ConfiguredModel};
use super::float_ops::{concat, pad, slice};
use super::kernel::{ConvScratch, Sums};
use super::layer_kernel::{CodePixels, LayerKernel};
use super::plan::{PlannedLayer, Work};
use super::quantised::{ArrayLayer, QuantisedModel, VectorStep, value};
use super::requantise::CodeRange;
use crate::blocked::Signedness;
use crate::workload::LayerId;

/// Memory of one image on its way through a [`ConfiguredModel`]; it may be used for any of them, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    pub(super) codes: Codes,
    pub(super) workspace: Workspace,
}

/// The tensors of one image: codes, each in its memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    slots: Vec<Vec<u8>>,
}

impl Codes {
    /// Becomes a copy of `other`, in its own memory.
    pub(super) fn copy(&mut self, other: &Codes) {
        self.slots.clone_from(&other.slots);
    }
}

/// Memory that only one step uses at a time; the logits stay.
#[derive(Debug, Clone, Default)]
pub(super) struct Workspace {
    pub(super) convolution: ConvScratch,
    sums: Vec<i32>,
    accumulators: Vec<i32>,
    logits: Vec<f32>,
}

/// What an array layer computed of one image.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// The codes it read, `[height, width, channels]`.
    pub inputs: &'a [u8],
    /// The sums of its MACs, `[height, width, channels]`.
    pub accumulators: &'a [i32],
    /// The codes it made of them.
    pub codes: &'a [u8],
}

pub(super) type Observer<'o> = dyn FnMut(LayerId, Observed<'_>) + 'o;

impl ConfiguredModel {
    /// The logits of an image, `[height, width, channels]`.
    ///
    /// # Panics
    /// If `input` is not as long as an image.
    pub fn logits<'s>(&self, input: &[f32], scratch: &'s mut Scratch) -> &'s [f32] {
        self.run(input, scratch, None)
    }

    /// Shows what every layer of the array computes of an image.
    ///
    /// # Panics
    /// If `input` is not as long as an image.
    pub fn observe(
        &self,
        input: &[f32],
        scratch: &mut Scratch,
        see: &mut dyn FnMut(LayerId, Observed<'_>),
    ) {
        self.run(input, scratch, Some(see));
    }

    fn run<'s>(
        &self,
        input: &[f32],
        scratch: &'s mut Scratch,
        observer: Option<&mut Observer<'_>>,
    ) -> &'s [f32] {
        let Scratch { codes, workspace } = scratch;
        let base = self.base();
        base.begin(input, codes);
        self.steps(0..base.plan.steps.len(), codes, workspace, observer);
        base.finish(codes, workspace)
    }

    /// Some steps of the plan, in order.
    pub(super) fn steps(
        &self,
        steps: Range<usize>,
        codes: &mut Codes,
        workspace: &mut Workspace,
        mut observer: Option<&mut Observer<'_>>,
    ) {
        let base = self.base();
        // There is one layer for each array step.
        let done = base.array_steps.partition_point(|&step| step < steps.start);
        let mut layers = base.on_array.iter().zip(&self.layers).skip(done);
        let pairs = base.plan.steps.iter().zip(&base.vector_steps);
        for (step, work) in pairs.take(steps.end).skip(steps.start) {
            if let Some(work) = work {
                base.vector_step(step, work, codes, workspace);
            } else {
                let Some((array, layer)) = layers.next() else {
                    break;
                };
                let observer = observer.as_deref_mut();
                base.array_step(step, array, layer, codes, workspace, observer);
            }
        }
    }
}

impl QuantisedModel {
    /// Quantises an image into its memory.
    pub(super) fn begin(&self, input: &[f32], codes: &mut Codes) {
        let plan = &self.plan;
        let slots = &mut codes.slots;
        slots.resize(slots.len().max(plan.slot_sizes.len()), vec![]);
        for (slot, &size) in slots.iter_mut().zip(&plan.slot_sizes) {
            slot.resize(size.max(slot.len()), 0);
        }
        let elements = plan.shape(plan.input).elements();
        assert_eq!(input.len(), elements, "values of an image");
        let scale = self.scales[plan.input.index()];
        let range = match self.signedness(plan.input) {
            Signedness::Signed => CodeRange {
                low: -127,
                high: 127,
            },
            Signedness::Unsigned => CodeRange { low: 0, high: 255 },
        };
        let out = &mut slots[plan.slot(plan.input)];
        for (code, &x) in out.iter_mut().zip(input) {
            *code = range.code(f64::from(x / scale));
        }
    }

    /// A step of the array.
    fn array_step(
        &self,
        step: &PlannedLayer,
        array: &ArrayLayer,
        layer: &ConfiguredLayer,
        codes: &mut Codes,
        workspace: &mut Workspace,
        observer: Option<&mut Observer<'_>>,
    ) {
        let plan = &self.plan;
        let slot = plan.slot(step.output);
        let mut memory = std::mem::take(&mut codes.slots[slot]);
        let output = &mut memory[..plan.shape(step.output).elements()];
        let inputs = &codes.slots[plan.slot(step.inputs[0])];
        let inputs = &inputs[..plan.shape(step.inputs[0]).elements()];
        let source = CodePixels {
            codes: inputs,
            kernel: &layer.kernel,
        };
        let Workspace {
            convolution,
            accumulators,
            logits,
            ..
        } = workspace;
        let is_output = step.output == plan.output;
        let watched = observer.is_some();
        if watched {
            accumulators.clear();
        }
        if is_output {
            logits.clear();
        }
        let channels = array.window.output.channels;
        let rows = 0..array.window.output.height;
        let kernel = &layer.kernel.convolution;
        kernel.run(&source, rows, convolution, |first, sums| {
            let output = &mut output[first * channels..];
            match sums {
                Sums::F32(sums) => {
                    layer.requantiser.codes(sums, &mut output[..sums.len()]);
                    if is_output {
                        logits.extend(layer.values(array, sums));
                    }
                }
                Sums::I32(sums) => {
                    layer.requantiser.codes(sums, &mut output[..sums.len()]);
                    if is_output {
                        logits.extend(layer.values(array, sums));
                    }
                }
            }
            if watched {
                sums.extend(accumulators);
            }
        });
        if let Some(see) = observer {
            let observed = Observed {
                inputs,
                accumulators,
                codes: output,
            };
            see(step.layer, observed);
        }
        codes.slots[slot] = memory;
    }

    /// The accumulators of some output rows, given as runs, that `kernel` would make in a step of the array, which is
    /// not done.
    pub(super) fn accumulate(
        &self,
        step: &PlannedLayer,
        kernel: &LayerKernel,
        rows: impl Iterator<Item = Range<usize>>,
        codes: &Codes,
        memory: &mut ConvScratch,
    ) -> Vec<i32> {
        let source = CodePixels {
            codes: &codes.slots[self.plan.slot(step.inputs[0])],
            kernel,
        };
        let mut accumulators = vec![];
        for rows in rows {
            kernel.convolution.run(&source, rows, memory, |_, sums| {
                sums.extend(&mut accumulators)
            });
        }
        accumulators
    }

    /// A step of the vector unit.
    fn vector_step(
        &self,
        step: &PlannedLayer,
        work: &VectorStep,
        codes: &mut Codes,
        workspace: &mut Workspace,
    ) {
        let plan = &self.plan;
        let slot = plan.slot(step.output);
        let mut memory = std::mem::take(&mut codes.slots[slot]);
        let output = &mut memory[..plan.shape(step.output).elements()];
        let input = |index: usize| {
            let tensor = step.inputs[index];
            &codes.slots[plan.slot(tensor)][..plan.shape(tensor).elements()]
        };
        match work {
            VectorStep::MaxPool(pool, signedness, table) => {
                code_ops::max_pool(pool, *signedness, table, input(0), output);
            }
            VectorStep::AveragePool(pool) => {
                code_ops::average_pool(pool, input(0), &mut workspace.sums, output);
            }
            VectorStep::Add(addition) => {
                code_ops::add(addition, input(0), input(1), output);
            }
            VectorStep::Move(tables) => {
                let map = |index: usize, code: u8| tables[index][usize::from(code)];
                match &step.work {
                    Work::Slice(cut) => slice(cut, input(0), output, |code| map(0, code)),
                    Work::Pad(frame) => pad(frame, input(0), output, |code| map(0, code)),
                    _ => {
                        let inputs: Vec<_> = (0..step.inputs.len())
                            .map(|index| {
                                let channels = plan.shape(step.inputs[index]).channels;
                                (input(index), channels)
                            })
                            .collect();
                        concat(&inputs, output, map);
                    }
                }
            }
        }
        codes.slots[slot] = memory;
    }

    /// The logits, once all steps are done.
    pub(super) fn finish<'s>(&self, codes: &Codes, workspace: &'s mut Workspace) -> &'s [f32] {
        let output = self.plan.output;
        let logits = &mut workspace.logits;
        let made_by_array =
            self.plan.steps.last().is_some_and(|step| {
                step.output == output && matches!(step.work, Work::Convolution(_))
            });
        if !made_by_array {
            let (scale, signedness) = (self.scales[output.index()], self.signedness(output));
            let codes = &codes.slots[self.plan.slot(output)][..self.plan.classes()];
            logits.clear();
            logits.extend(
                codes
                    .iter()
                    .map(|&code| value(code, signedness) as f32 * scale),
            );
        }
        logits
    }
}

impl Sums<'_> {
    /// Appends the accumulators.
    pub(super) fn extend(&self, accumulators: &mut Vec<i32>) {
        match self {
            // Integers below 2^24.
            Sums::F32(sums) => accumulators.extend(sums.iter().map(|&sum| sum as i32)),
            Sums::I32(sums) => accumulators.extend_from_slice(sums),
        }
    }
}

impl ConfiguredLayer {
    /// The values of accumulators, `[positions, channels]`.
    fn values<'a, T: Copy + Into<f64>>(
        &'a self,
        array: &'a ArrayLayer,
        sums: &'a [T],
    ) -> impl Iterator<Item = f32> + use<'a, T> {
        let channels = self.units.len();
        sums.iter().enumerate().map(move |(index, &sum)| {
            let channel = index % channels;
            let sum = sum.into() + f64::from(self.requantiser.bias[channel]);
            array.clip.apply((sum * self.units[channel]) as f32)
        })
    }

    /// The real values of accumulators, bias and correction included, before the activation.
    pub(super) fn outputs<'a>(
        &'a self,
        accumulators: &'a [i32],
    ) -> impl Iterator<Item = f64> + use<'a> {
        let channels = self.units.len();
        accumulators.iter().enumerate().map(move |(index, &sum)| {
            let channel = index % channels;
            let bias = f64::from(self.requantiser.bias[channel]);
            (f64::from(sum) + bias) * self.units[channel]
        })
    }
}
