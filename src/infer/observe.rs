//! What a configuration does inside a network: errors layer by layer, and the codes that layers read.

use super::classify::{check_images, map_images};
use super::configured::ConfiguredModel;
use super::data::Images;
use super::error::InferError;
use super::forward::Scratch;
use super::moments::Moments;
use super::probe::decibel;
use crate::workload::LayerId;

/// How far the outputs of a layer are from those of a reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerSnr {
    /// The layer.
    pub layer: LayerId,
    /// Power of the reference's accumulators about each channel's mean, over that of the difference, in dB; infinite
    /// without difference. Accumulators count in units of real values, bias and correction included.
    pub snr_db: f64,
}

/// What codes an array layer reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeHistogram {
    /// The layer.
    pub layer: LayerId,
    /// How often each code occurs, by `code as u8`; padding is not counted.
    pub counts: Box<[u64; 256]>,
}

/// Signal-to-noise ratios of all array layers of `model` with the errors of the layers before them, against `reference`
/// on the same images.
///
/// # Errors
/// Images that can not be read or do not fit, none, or a reference that is another network.
pub fn layer_snr(
    model: &ConfiguredModel,
    reference: &ConfiguredModel,
    images: &Images,
    indices: &[usize],
    threads: usize,
) -> Result<Vec<LayerSnr>, InferError> {
    check_images(model.base().input_shape(), images)?;
    check_images(reference.base().input_shape(), images)?;
    if indices.is_empty() {
        return Err(InferError::NoImages);
    }
    let (found, expected) = (model.layers.len(), reference.layers.len());
    if found != expected {
        return Err(InferError::Precisions { found, expected });
    }
    let powers = map_images(
        images,
        indices,
        threads,
        |input, _, scratch: &mut Scratch| {
            let mut references: Vec<Vec<f64>> = Vec::with_capacity(expected);
            reference.observe(input, scratch, &mut |_, observed| {
                let layer = &reference.layers[references.len()];
                references.push(layer.outputs(observed.accumulators).collect());
            });
            let mut powers = Vec::with_capacity(expected);
            model.observe(input, scratch, &mut |_, observed| {
                let layer = &model.layers[powers.len()];
                let channels = layer.units.len();
                let mut moments = vec![Moments::default(); channels];
                let pairs = layer
                    .outputs(observed.accumulators)
                    .zip(&references[powers.len()]);
                for (index, (x, &y)) in pairs.enumerate() {
                    moments[index % channels].add(x, y);
                }
                powers.push(moments);
            });
            powers
        },
    )?;
    let mut totals: Vec<Vec<Moments>> = vec![];
    for image in powers {
        if totals.is_empty() {
            totals = image;
            continue;
        }
        for (total, more) in totals.iter_mut().flatten().zip(image.iter().flatten()) {
            total.merge(more);
        }
    }
    let snrs = model.base().array_layers().zip(&totals);
    Ok(snrs
        .map(|(layer, moments)| LayerSnr {
            layer,
            snr_db: decibel(
                moments.iter().map(Moments::signal).sum(),
                moments.iter().map(|m| m.error(1.0, 0.0)).sum(),
            ),
        })
        .collect())
}

/// Histograms of the codes that each array layer of `model` reads on the images `indices`.
///
/// # Errors
/// Images that can not be read or do not fit.
pub fn code_histograms(
    model: &ConfiguredModel,
    images: &Images,
    indices: &[usize],
    threads: usize,
) -> Result<Vec<CodeHistogram>, InferError> {
    check_images(model.base().input_shape(), images)?;
    let counted = map_images(
        images,
        indices,
        threads,
        |input, _, scratch: &mut Scratch| {
            let mut all = vec![];
            model.observe(input, scratch, &mut |_, observed| {
                let mut counts = Box::new([0u64; 256]);
                for &code in observed.inputs {
                    counts[usize::from(code)] += 1;
                }
                all.push(counts);
            });
            all
        },
    )?;
    let mut histograms: Vec<CodeHistogram> = model
        .base()
        .array_layers()
        .map(|layer| CodeHistogram {
            layer,
            counts: Box::new([0; 256]),
        })
        .collect();
    for image in counted {
        for (histogram, counts) in histograms.iter_mut().zip(image) {
            for (total, more) in histogram.counts.iter_mut().zip(*counts) {
                *total += more;
            }
        }
    }
    Ok(histograms)
}
