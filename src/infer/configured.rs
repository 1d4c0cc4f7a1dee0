//! A quantised network under a configuration.

use std::sync::Arc;

use super::code_ops;
use super::error::InferError;
use super::float_ops::{concat, pad, slice};
use super::kernel::{BandLayout, ConvScratch, Convolution, Exactness, Source, Sums};
use super::parts::Parts;
use super::plan::{Step, Work};
use super::quantised::{ArrayLayer, QuantisedModel, QuantisedStep, value};
use super::requantise::{CodeRange, Requantiser};
use crate::approx::{LayerPrecision, OperandFormat};
use crate::blocked::Signedness;
use crate::workload::LayerId;

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

/// Weights and tables of a layer under its precision.
#[derive(Debug)]
pub(super) struct LayerKernel {
    pub(super) precision: LayerPrecision,
    pub(super) convolution: Convolution,
    operands: Operands,
}

/// What the codes of an array layer's input stand for.
#[derive(Debug)]
enum Operands {
    /// Themselves.
    Signed,
    /// Themselves.
    Unsigned,
    /// By part.
    Tables(Vec<[f32; 256]>),
}

/// Memory of one image on its way through a [`ConfiguredModel`]; it may be used for any of them.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    pub(super) slots: Vec<Vec<u8>>,
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

/// The codes of a tensor as a convolution reads them.
pub(super) struct CodePixels<'a> {
    pub(super) codes: &'a [u8],
    pub(super) kernel: &'a LayerKernel,
}

impl Source for CodePixels<'_> {
    fn fill(&self, first: usize, layout: &BandLayout, out: &mut [f32]) {
        let (channels, pixel) = (layout.channels, layout.pixel());
        let codes = &self.codes[first * channels..];
        if pixel == channels {
            // Whole rows at once.
            let length = out.len();
            return match &self.kernel.operands {
                Operands::Signed => {
                    widen(&codes[..length], out, |code| f32::from(code.cast_signed()))
                }
                Operands::Unsigned => widen(&codes[..length], out, f32::from),
                Operands::Tables(tables) => {
                    widen(&codes[..length], out, |code| tables[0][usize::from(code)])
                }
            };
        }
        let stride = layout.part_stride;
        for (out, codes) in out
            .chunks_exact_mut(pixel)
            .zip(codes.chunks_exact(channels))
        {
            match &self.kernel.operands {
                Operands::Signed => widen(codes, out, |code| f32::from(code.cast_signed())),
                Operands::Unsigned => widen(codes, out, f32::from),
                Operands::Tables(tables) => {
                    for (out, table) in out.chunks_exact_mut(stride).zip(tables) {
                        widen(codes, out, |code| table[usize::from(code)]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn widen(codes: &[u8], out: &mut [f32], map: impl Fn(u8) -> f32) {
    for (out, &code) in out.iter_mut().zip(codes) {
        *out = map(code);
    }
}

impl LayerKernel {
    fn new(
        layer: &ArrayLayer,
        name: &str,
        precision: &LayerPrecision,
    ) -> Result<LayerKernel, InferError> {
        let misfit = |problem: String| InferError::Precision {
            layer: name.to_owned(),
            problem,
        };
        let expected = [layer.signedness, Signedness::Signed];
        let found = [&precision.activations, &precision.weights].map(signedness);
        for (operand, expected, found) in [
            ("activations", expected[0], found[0]),
            ("weights", expected[1], found[1]),
        ] {
            if expected != found {
                return Err(misfit(format!(
                    "the {operand} are {expected:?}, not {found:?}"
                )));
            }
        }
        let parts = Parts::of(precision).map_err(misfit)?;
        let per_channel = layer.window.weights_per_channel();
        let convolution = Convolution::new(
            &layer.window,
            Exactness::Integer,
            &parts.bounds(),
            |part, channel, index| {
                let code = layer.weights[channel * per_channel + index];
                parts.weights[part][usize::from(code as u8)]
            },
        );
        Ok(LayerKernel {
            precision: precision.clone(),
            convolution,
            operands: Operands::new(parts.activations, layer.signedness),
        })
    }
}

impl Operands {
    fn new(tables: Vec<[f32; 256]>, signedness: Signedness) -> Operands {
        // -128 is no code.
        let codes =
            || (0..=255u8).filter(|&code| signedness == Signedness::Unsigned || code != 128);
        let plain = |table: &[f32; 256]| {
            codes().all(|code| table[usize::from(code)] == value(code, signedness) as f32)
        };
        match (&tables[..], signedness) {
            ([table], Signedness::Signed) if plain(table) => Operands::Signed,
            ([table], Signedness::Unsigned) if plain(table) => Operands::Unsigned,
            _ => Operands::Tables(tables),
        }
    }
}

fn signedness(format: &OperandFormat) -> Signedness {
    match format {
        OperandFormat::Exact { signedness, .. } | OperandFormat::Bits { signedness, .. } => {
            *signedness
        }
        OperandFormat::Blocks(format) => format.signedness(),
    }
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
        mut observer: Option<&mut Observer<'_>>,
    ) -> &'s [f32] {
        self.base.begin(input, scratch);
        let mut array_layer = 0;
        for (index, step) in self.base.plan.steps.iter().enumerate() {
            match &self.base.steps[index] {
                QuantisedStep::Array(layer) => {
                    let observer = observer.as_deref_mut();
                    let configured = &self.layers[array_layer];
                    self.array_step(step, layer, configured, scratch, observer);
                    array_layer += 1;
                }
                other => self.base.other_step(step, other, scratch),
            }
        }
        self.base.finish(scratch)
    }

    fn array_step(
        &self,
        step: &Step,
        layer: &ArrayLayer,
        configured: &ConfiguredLayer,
        scratch: &mut Scratch,
        observer: Option<&mut Observer<'_>>,
    ) {
        let plan = &self.base.plan;
        let slot = plan.slot(step.output);
        let mut output = std::mem::take(&mut scratch.slots[slot]);
        let codes = &mut output[..plan.shape(step.output).elements()];
        let inputs = &scratch.slots[plan.slot(step.inputs[0])];
        let inputs = &inputs[..plan.shape(step.inputs[0]).elements()];
        let source = CodePixels {
            codes: inputs,
            kernel: &configured.kernel,
        };
        let is_output = step.output == plan.output;
        let watched = observer.is_some();
        let (accumulators, logits) = (&mut scratch.accumulators, &mut scratch.logits);
        if watched {
            accumulators.clear();
        }
        if is_output {
            logits.clear();
        }
        let channels = layer.window.output.channels;
        let rows = 0..layer.window.output.height;
        let convolution = &configured.kernel.convolution;
        convolution.run(&source, rows, &mut scratch.convolution, |first, sums| {
            let codes = &mut codes[first * channels..];
            match sums {
                Sums::F32(sums) => {
                    configured.requantiser.codes(sums, &mut codes[..sums.len()]);
                    if watched {
                        // Integers below 2^24.
                        accumulators.extend(sums.iter().map(|&sum| sum as i32));
                    }
                    if is_output {
                        logits.extend(configured.logits(layer, sums));
                    }
                }
                Sums::I32(sums) => {
                    configured.requantiser.codes(sums, &mut codes[..sums.len()]);
                    if watched {
                        accumulators.extend_from_slice(sums);
                    }
                    if is_output {
                        logits.extend(configured.logits(layer, sums));
                    }
                }
            }
        });
        if let Some(see) = observer {
            let observed = Observed {
                inputs,
                accumulators,
                codes,
            };
            see(step.layer, observed);
        }
        scratch.slots[slot] = output;
    }
}

impl ConfiguredLayer {
    /// The values of accumulators, `[positions, channels]`.
    fn logits<'a, T: Copy + Into<f64>>(
        &'a self,
        layer: &'a ArrayLayer,
        sums: &'a [T],
    ) -> impl Iterator<Item = f32> + use<'a, T> {
        let channels = self.units.len();
        sums.iter().enumerate().map(move |(index, &sum)| {
            let channel = index % channels;
            let sum = sum.into() + f64::from(self.requantiser.bias[channel]);
            layer.clip.apply((sum * self.units[channel]) as f32)
        })
    }
}

impl QuantisedModel {
    pub(super) fn kernel(
        &self,
        index: usize,
        precision: &LayerPrecision,
    ) -> Result<LayerKernel, InferError> {
        let layer = self.plan.steps[self.array_steps[index]].layer;
        let name = &self.network.layer(layer).name;
        LayerKernel::new(self.array_layer(index), name, precision)
    }

    /// Quantises an image into its memory.
    pub(super) fn begin(&self, input: &[f32], scratch: &mut Scratch) {
        let plan = &self.plan;
        let slots = scratch.slots.len().max(plan.slot_sizes.len());
        scratch.slots.resize(slots, vec![]);
        for (slot, &size) in scratch.slots.iter_mut().zip(&plan.slot_sizes) {
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
        let codes = &mut scratch.slots[plan.slot(plan.input)];
        for (code, &x) in codes.iter_mut().zip(input) {
            *code = range.code(f64::from(x / scale));
        }
    }

    /// A step of the vector unit.
    pub(super) fn other_step(&self, step: &Step, work: &QuantisedStep, scratch: &mut Scratch) {
        let plan = &self.plan;
        let slot = plan.slot(step.output);
        let mut memory = std::mem::take(&mut scratch.slots[slot]);
        let output = &mut memory[..plan.shape(step.output).elements()];
        let Scratch { slots, sums, .. } = scratch;
        let input = |index: usize| {
            let tensor = step.inputs[index];
            &slots[plan.slot(tensor)][..plan.shape(tensor).elements()]
        };
        match work {
            QuantisedStep::MaxPool(pool, signedness, table) => {
                code_ops::max_pool(pool, *signedness, table, input(0), output);
            }
            QuantisedStep::AveragePool(pool) => {
                code_ops::average_pool(pool, input(0), sums, output);
            }
            QuantisedStep::Add(addition) => {
                code_ops::add(addition, input(0), input(1), output);
            }
            QuantisedStep::Move(tables) => {
                let map = |index: usize, code: u8| tables[index][usize::from(code)];
                match &step.work {
                    Work::Slice(cut) => slice(cut, input(0), output, |code| map(0, code)),
                    Work::Pad(frame) => pad(frame, input(0), output, |code| map(0, code)),
                    _ => {
                        let inputs: Vec<_> = (0..step.inputs.len())
                            .map(|index| (input(index), plan.shape(step.inputs[index]).channels))
                            .collect();
                        concat(&inputs, output, map);
                    }
                }
            }
            QuantisedStep::Array(_) => unreachable!("the array's steps are computed elsewhere"),
        }
        scratch.slots[slot] = memory;
    }

    /// The logits, once all steps are done.
    pub(super) fn finish<'s>(&self, scratch: &'s mut Scratch) -> &'s [f32] {
        let output = self.plan.output;
        let made_by_array =
            self.plan.steps.last().is_some_and(|step| {
                step.output == output && matches!(step.work, Work::Convolution(_))
            });
        if !made_by_array {
            let (scale, signedness) = (self.scales[output.index()], self.signedness(output));
            let codes = &scratch.slots[self.plan.slot(output)][..self.plan.classes()];
            let values = codes
                .iter()
                .map(|&code| value(code, signedness) as f32 * scale);
            scratch.logits.clear();
            scratch.logits.extend(values);
        }
        &scratch.logits
    }
}

/// All bits of both operands.
pub(super) fn exact_precision(activations: Signedness) -> LayerPrecision {
    let exact = |signedness| OperandFormat::Exact {
        bits: 8,
        signedness,
    };
    LayerPrecision {
        activations: exact(activations),
        weights: exact(Signedness::Signed),
        products: None,
        windows: crate::arch::WindowUse::Exact,
    }
}
