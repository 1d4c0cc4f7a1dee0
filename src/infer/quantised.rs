//! FxP8: a network in 8-bit codes.

use super::calibration::{Calibration, greatest_code};
use super::error::InferError;
use super::float::layer_weights;
use super::float_ops::windows;
use super::plan::{Clip, ConvGeometry, Plan, PlannedLayer, PoolGeometry, Work};
use super::requantise::{CodeRange, Requantiser, Scaler};
use crate::blocked::Signedness;
use crate::workload::{LayerId, Model, Network, PoolKind, TensorId};

/// A network in 8-bit fixed point (FxP8).
///
/// * Activations are codes, signed (-127 to 127) or unsigned (0 to 255) as the network's tensors say; a value is its code
///   times the tensor's scale.
/// * Weights are signed codes, symmetric, with a scale per output channel: its greatest magnitude over 127.
/// * Biases are 32-bit integers in units of the accumulator. Accumulators become codes by a [`Requantiser`]; relu and relu6 are
///   its clamping.
/// * Sums rescale both codes with multipliers of at most 16 bits and one common shift, add, and round half away from zero.
///   Average pools sum codes and scale the sum; a maximum, a slice, padding pass codes on.
/// * The last layer's accumulators are the logits: they leave in 32 bits, times the scale of their channel.
#[derive(Debug, Clone)]
pub struct QuantisedModel {
    pub(super) network: Network,
    pub(super) plan: Plan,
    /// By tensor.
    pub(super) scales: Vec<f32>,
    /// By step of the plan; none for those of the array.
    pub(super) vector_steps: Vec<Option<VectorStep>>,
    /// The layers that the array computes, in order.
    pub(super) on_array: Vec<ArrayLayer>,
    /// Their steps.
    pub(super) array_steps: Vec<usize>,
}

/// What a step of the vector unit does with codes.
#[derive(Debug, Clone)]
pub(super) enum VectorStep {
    /// A maximum, then a code for each code.
    MaxPool(PoolGeometry, Signedness, CodeTable),
    AveragePool(AveragePool),
    Add(Addition),
    /// Codes that move, with a code for each code of each input.
    Move(Vec<CodeTable>),
}

/// A code for each code.
pub(super) type CodeTable = Box<[u8; 256]>;

/// A layer of the array.
#[derive(Debug, Clone)]
pub(super) struct ArrayLayer {
    pub(super) window: ConvGeometry,
    /// `[output channels, weights of a channel]`.
    pub(super) weights: Vec<i8>,
    /// By output channel: the value of an accumulator of 1.
    pub(super) units: Vec<f64>,
    pub(super) requantiser: Requantiser,
    pub(super) clip: Clip,
    pub(super) signedness: Signedness,
}

/// A mean of codes.
#[derive(Debug, Clone)]
pub(super) struct AveragePool {
    pub(super) pool: PoolGeometry,
    pub(super) signedness: Signedness,
    /// How a window's sum is scaled, by how many values it counts.
    pub(super) scalers: Vec<(usize, Scaler)>,
    pub(super) range: CodeRange,
}

/// `(a * multipliers[0] + b * multipliers[1]) / 2^shift`.
#[derive(Debug, Clone)]
pub(super) struct Addition {
    pub(super) multipliers: [i32; 2],
    pub(super) shift: u32,
    pub(super) signedness: [Signedness; 2],
    pub(super) range: CodeRange,
}

impl QuantisedModel {
    /// Quantises `model` with the scales of `calibration`.
    ///
    /// # Errors
    /// As [`FloatNetwork::new`](super::FloatNetwork::new); a calibration of another network.
    pub fn new(model: &Model, calibration: &Calibration) -> Result<Self, InferError> {
        let plan = Plan::new(&model.network)?;
        let scales = calibration.scales.clone();
        if scales.len() != model.network.tensors.len() {
            return Err(InferError::Calibration {
                found: scales.len(),
                expected: model.network.tensors.len(),
            });
        }
        for (scale, tensor) in scales.iter().zip(&model.network.tensors) {
            if !(scale.is_finite() && *scale > 0.0) {
                let name = tensor.name.clone();
                return Err(InferError::NotFinite { name });
            }
        }
        let quantiser = Quantiser {
            model,
            scales: &scales,
        };
        let mut vector_steps = Vec::with_capacity(plan.steps.len());
        let (mut on_array, mut array_steps) = (vec![], vec![]);
        for (index, step) in plan.steps.iter().enumerate() {
            if let Work::Convolution(window) = &step.work {
                on_array.push(quantiser.array_layer(step, window)?);
                array_steps.push(index);
            }
            vector_steps.push(quantiser.vector_step(step));
        }
        Ok(QuantisedModel {
            network: model.network.clone(),
            plan,
            scales,
            vector_steps,
            on_array,
            array_steps,
        })
    }

    /// The network, without its weights.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// `[height, width, channels]` of an image.
    pub fn input_shape(&self) -> [usize; 3] {
        self.plan.input_shape()
    }

    /// Logits, one per class.
    pub fn classes(&self) -> usize {
        self.plan.classes()
    }

    /// The layers that the array computes, in the order of their precisions.
    pub fn array_layers(&self) -> impl ExactSizeIterator<Item = LayerId> {
        self.array_steps
            .iter()
            .map(|&step| self.plan.steps[step].layer)
    }

    /// By [`TensorId`]: value = code times scale.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Weights of array layer number `index`, `[output channels, input channels / groups, kernel height, kernel width]`.
    ///
    /// # Panics
    /// If there is no such array layer.
    pub fn weights(&self, index: usize) -> &[i8] {
        &self.array_layer(index).weights
    }

    /// How array layer number `index` makes codes of its accumulators.
    ///
    /// # Panics
    /// If there is no such array layer.
    pub fn requantiser(&self, index: usize) -> &Requantiser {
        &self.array_layer(index).requantiser
    }

    pub(super) fn array_layer(&self, index: usize) -> &ArrayLayer {
        &self.on_array[index]
    }

    pub(super) fn signedness(&self, tensor: TensorId) -> Signedness {
        self.network.tensor(tensor).signedness
    }
}

struct Quantiser<'a> {
    model: &'a Model,
    scales: &'a [f32],
}

impl Quantiser<'_> {
    fn scale(&self, tensor: TensorId) -> f64 {
        f64::from(self.scales[tensor.index()])
    }

    fn signedness(&self, tensor: TensorId) -> Signedness {
        self.model.network.tensor(tensor).signedness
    }

    /// The codes a step's output can have.
    fn range(&self, step: &PlannedLayer) -> CodeRange {
        let signedness = self.signedness(step.output);
        let greatest = greatest_code(signedness) as i32;
        let low = match (signedness, step.clip) {
            (Signedness::Signed, Clip::None) => -greatest,
            _ => 0,
        };
        let high = match step.clip {
            Clip::Relu6 => (6.0 / self.scale(step.output))
                .round()
                .min(f64::from(greatest)) as i32,
            Clip::None | Clip::Relu => greatest,
        };
        CodeRange { low, high }
    }

    /// None for a step of the array.
    fn vector_step(&self, step: &PlannedLayer) -> Option<VectorStep> {
        Some(match &step.work {
            Work::Convolution(_) => return None,
            Work::Pool(pool) if pool.kind == PoolKind::Max => {
                let signedness = self.signedness(step.inputs[0]);
                VectorStep::MaxPool(*pool, signedness, self.table(step, step.inputs[0]))
            }
            Work::Pool(pool) => VectorStep::AveragePool(self.average(step, pool)),
            Work::Add => VectorStep::Add(self.addition(step)),
            Work::Clip | Work::Concat | Work::Slice(_) | Work::Pad(_) => {
                let tables = step.inputs.iter().map(|&input| self.table(step, input));
                VectorStep::Move(tables.collect())
            }
        })
    }

    fn array_layer(
        &self,
        step: &PlannedLayer,
        window: &ConvGeometry,
    ) -> Result<ArrayLayer, InferError> {
        let weights = layer_weights(self.model, step)?;
        let (input, output) = (self.scale(step.inputs[0]), self.scale(step.output));
        let per_channel = window.weights_per_channel();
        let mut codes = Vec::with_capacity(weights.values.len());
        let (mut units, mut biases, mut scalers) = (vec![], vec![], vec![]);
        for (values, &bias) in weights.values.chunks_exact(per_channel).zip(&weights.bias) {
            let greatest = values.iter().fold(0.0f32, |max, x| max.max(x.abs()));
            let scale = if greatest > 0.0 {
                f64::from(greatest) / 127.0
            } else {
                1.0
            };
            codes.extend(
                values
                    .iter()
                    .map(|&x| (f64::from(x) / scale).round().clamp(-127.0, 127.0) as i8),
            );
            let unit = input * scale;
            units.push(unit);
            // `as` saturates.
            biases.push((f64::from(bias) / unit).round() as i32);
            scalers.push(Scaler::new(unit / output));
        }
        Ok(ArrayLayer {
            window: *window,
            weights: codes,
            units,
            requantiser: Requantiser::new(biases, scalers, self.range(step)),
            clip: step.clip,
            signedness: self.signedness(step.inputs[0]),
        })
    }

    /// The output's code for each code of `input`.
    fn table(&self, step: &PlannedLayer, input: TensorId) -> CodeTable {
        let (from, to) = (self.scale(input), self.scale(step.output));
        let range = self.range(step);
        let factor = if from == to {
            1.0
        } else {
            Scaler::new(from / to).factor()
        };
        let signedness = self.signedness(input);
        Box::new(std::array::from_fn(|code| {
            range.code(f64::from(value(code as u8, signedness)) * factor)
        }))
    }

    fn average(&self, step: &PlannedLayer, pool: &PoolGeometry) -> AveragePool {
        let mut counts = vec![];
        let mut none = vec![(); pool.output.elements()];
        windows(pool, &mut none, |_, _, counted, _| {
            if !counts.contains(&counted) {
                counts.push(counted);
            }
        });
        let ratio = self.scale(step.inputs[0]) / self.scale(step.output);
        AveragePool {
            pool: *pool,
            signedness: self.signedness(step.inputs[0]),
            scalers: counts
                .iter()
                .map(|&counted| (counted, Scaler::new(ratio / counted as f64)))
                .collect(),
            range: self.range(step),
        }
    }

    /// The larger factor gets 16 bits of multiplier.
    fn addition(&self, step: &PlannedLayer) -> Addition {
        let output = self.scale(step.output);
        let factors = [0, 1].map(|index| self.scale(step.inputs[index]) / output);
        let larger = Scaler::new(factors[0].max(factors[1]));
        let shift = u32::from(larger.shift.min(30));
        let multipliers = factors.map(|factor| {
            let multiplier = (factor * f64::from(shift).exp2()).round();
            multiplier.min(f64::from(u16::MAX)) as i32
        });
        Addition {
            multipliers,
            shift,
            signedness: [0, 1].map(|index| self.signedness(step.inputs[index])),
            range: self.range(step),
        }
    }
}

/// What a code stands for, in units of the scale.
#[inline(always)]
pub(super) fn value(code: u8, signedness: Signedness) -> i32 {
    match signedness {
        Signedness::Signed => i32::from(code.cast_signed()),
        Signedness::Unsigned => i32::from(code),
    }
}
