//! How the operands of a PE's multipliers change from one MAC to the next: counts on which the energy of a PE depends.
//!
//! # What is counted
//! For two's complement operands (8-bit codes, as an exact multiplier takes them) the bits and the partial products that differ
//! from those of the MAC before; for signs and magnitudes the partial products of the block products that are computed, and
//! the MACs whose product is not zero or follows one that is not. Padding is an operand like any other.
//!
//! # The MAC before
//! is the one before on the same multipliers (see `walk` for the order). Of an output-stationary array:
//!
//! * A PE that does one MAC a cycle walks along the reduction. One that does `v` MACs a cycle has multipliers for each, which
//!   meet every `v`-th MAC of it.
//! * The step from one reduction to the next is not counted, for what comes next depends on the array's size. Where a
//!   reduction has only one MAC for each of the multipliers, the MAC before is that of another output.
//! * A MAC that takes several cycles, because it has more block products than there are multipliers, counts as one step.
//! * A reduction that is cut into tiles counts as one.
//!
//! Where weights or activations stay, one operand does not change and the other comes from the next position or filter.
//! So operands switch less, and statistics that were counted for one dataflow do not hold for another.
//!
//! # What is left out
//! Of a large layer a sample is counted ([`Sampling`]), not all MACs of all images: pieces of 256 MACs at most, evenly
//! spread over outputs and, with each image, others. Of 64 images and 16,384 MACs of a layer and image (what
//! `axbxp accuracy --activity-out` takes) every rate of every layer of `fashion_cnn` and ResNet-8 (CIFAR-10) under `k4_l2`
//! is within 0.002 of the count of all MACs of the same images. Images matter more: rates of all MACs of 32 of them differ
//! from those of 32 others by up to 0.021 (`AXBXP_THOROUGH=1 cargo test --test onnx a_sample`).

mod patterns;
mod walk;

use super::classify::{check_images, map_images};
use super::configured::ConfiguredModel;
use super::data::Images;
use super::error::InferError;
use super::forward::Scratch;
use crate::arch::{Dataflow, PeKind};
use crate::workload::LayerId;
use patterns::{Magnitudes, Pair};
use walk::{Sample, Walk};

/// Which MACs are counted, and in which order they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// What stays in a PE.
    pub dataflow: Dataflow,
    /// About so many MACs of a layer and image are looked at; all of them where there are no more than three times as many,
    /// and always at least a piece of at most 256.
    pub macs: u64,
}

/// How the operands of a layer switch: sums over the MACs looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerSwitching {
    /// The layer.
    pub layer: LayerId,
    /// Of the 8-bit codes, each MAC after the one before.
    pub twos_complement: TwosComplementToggles,
    /// Of signs and magnitudes under the configuration, each MAC after the one before on its multipliers.
    pub sign_magnitude: MagnitudeToggles,
}

/// What differs between successive MACs of two's complement operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TwosComplementToggles {
    /// MACs that were compared with the one before.
    pub macs: u64,
    /// Operand bits that differ, of 16.
    pub operand_bits: u64,
    /// Partial products that differ, of 64.
    pub partial_products: u64,
}

/// What differs between successive MACs of signs and magnitudes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MagnitudeToggles {
    /// MACs that were compared with the one before.
    pub macs: u64,
    /// Partial products that differ, of those in the block products that are computed.
    pub partial_products: u64,
    /// MACs whose product is not zero or follows one that is not.
    pub changed_products: u64,
}

impl TwosComplementToggles {
    fn count(&mut self, before: Pair, now: Pair) {
        self.macs += 1;
        self.operand_bits += u64::from(now.bit_toggles(before));
        self.partial_products += u64::from(now.toggles(before));
    }
}

impl MagnitudeToggles {
    fn count(&mut self, magnitudes: &Magnitudes, before: Pair, now: Pair) {
        let (toggles, changes) = magnitudes.compare(before, now);
        self.macs += 1;
        self.partial_products += u64::from(toggles);
        self.changed_products += u64::from(changes);
    }
}

impl LayerSwitching {
    fn new(layer: LayerId) -> LayerSwitching {
        LayerSwitching {
            layer,
            twos_complement: TwosComplementToggles::default(),
            sign_magnitude: MagnitudeToggles::default(),
        }
    }

    fn merge(&mut self, other: &LayerSwitching) {
        let (two, more) = (&mut self.twos_complement, &other.twos_complement);
        two.macs += more.macs;
        two.operand_bits += more.operand_bits;
        two.partial_products += more.partial_products;
        let (sign, more) = (&mut self.sign_magnitude, &other.sign_magnitude);
        sign.macs += more.macs;
        sign.partial_products += more.partial_products;
        sign.changed_products += more.changed_products;
    }
}

/// How the operands of every array layer of `model` switch in PEs of kind `pe`, on the images `indices`. The result does
/// not depend on the number of threads.
///
/// # Errors
/// Images that can not be read or do not fit, or none.
pub fn operand_switching(
    model: &ConfiguredModel,
    pe: &PeKind,
    images: &Images,
    indices: &[usize],
    sampling: Sampling,
    threads: usize,
) -> Result<Vec<LayerSwitching>, InferError> {
    check_images(model.base().input_shape(), images)?;
    if indices.is_empty() {
        return Err(InferError::NoImages);
    }
    let counters = counters(model, pe)?;
    let mut total: Vec<LayerSwitching> = model
        .base()
        .array_layers()
        .map(LayerSwitching::new)
        .collect();
    let by_image = map_images(
        images,
        indices,
        threads,
        |input, image, scratch: &mut Scratch| {
            let mut counted = Vec::with_capacity(counters.len());
            model.observe(input, scratch, &mut |layer, observed| {
                let index = counted.len();
                let array = model.base().array_layer(index);
                let walk = Walk {
                    window: &array.window,
                    weights: &array.weights,
                    codes: observed.inputs,
                    dataflow: sampling.dataflow,
                };
                let sample = Sample::new(&walk, sampling.macs, image);
                counted.push(counters[index].count(layer, &walk, sample));
            });
            counted
        },
    )?;
    for image in by_image {
        for (total, more) in total.iter_mut().zip(&image) {
            total.merge(more);
        }
    }
    Ok(total)
}

/// How one layer's MACs are counted.
struct Counter {
    magnitudes: Magnitudes,
    /// MACs that a PE does at a time, each on its multipliers.
    lanes: usize,
}

fn counters(model: &ConfiguredModel, pe: &PeKind) -> Result<Vec<Counter>, InferError> {
    let base = model.base();
    let precisions = base.array_layers().zip(model.precisions());
    precisions
        .map(|(layer, precision)| {
            let magnitudes =
                Magnitudes::of(precision).map_err(|problem| InferError::Precision {
                    layer: base.network().layer(layer).name.clone(),
                    problem,
                })?;
            Ok(Counter {
                magnitudes,
                lanes: precision.rate(pe).macs as usize,
            })
        })
        .collect()
}

impl Counter {
    fn count(&self, layer: LayerId, walk: &Walk<'_>, sample: Sample) -> LayerSwitching {
        let lanes = match walk.dataflow {
            Dataflow::OutputStationary => self.lanes,
            // Every lane has its own place in the reduction, and so its own line.
            Dataflow::WeightStationary | Dataflow::InputStationary => 1,
        };
        let length = walk.length();
        let mut counts = LayerSwitching::new(layer);
        let (mut operands, mut others): (Vec<Pair>, Vec<Pair>) = (vec![], vec![]);
        for piece in sample.pieces() {
            std::mem::swap(&mut operands, &mut others);
            let known = piece.steps.start.saturating_sub(lanes);
            operands.clear();
            operands.extend((known..piece.steps.end).map(|step| walk.operands(piece.line, step)));
            for step in piece.steps {
                let now = operands[step - known];
                // Before the first piece there was nothing: zeros.
                let before = |distance: usize| match step.checked_sub(distance) {
                    Some(before) => Some(operands[before - known]),
                    None if length <= distance => {
                        Some(others.get(step - known).copied().unwrap_or_default())
                    }
                    None => None,
                };
                if let Some(before) = before(1) {
                    counts.twos_complement.count(before, now);
                }
                if let Some(before) = before(lanes) {
                    counts.sign_magnitude.count(&self.magnitudes, before, now);
                }
            }
        }
        counts
    }
}
