//! One layer under another precision, on inputs that are kept: how far its accumulators are from the exact ones.

use std::sync::Arc;

use super::classify::map_images;
use super::configured::ConfiguredModel;
use super::correct::Correction;
use super::data::Images;
use super::error::InferError;
use super::forward::Scratch;
use super::layer_kernel::CodePixels;
use super::moments::Moments;
use super::quantised::QuantisedModel;
use super::rows::runs_of;
use crate::approx::LayerPrecision;
use crate::workload::LayerId;

/// What the layers of the array read in FxP8 on some images, and their exact accumulators on some rows.
#[derive(Debug, Clone)]
pub struct Probe {
    base: Arc<QuantisedModel>,
    /// By array layer.
    layers: Vec<ProbedLayer>,
}

#[derive(Debug, Clone, Default)]
struct ProbedLayer {
    /// Output rows that are computed, the same of every image.
    rows: Vec<usize>,
    /// By image: the codes the layer reads.
    inputs: Vec<Vec<u8>>,
    /// By image: the exact accumulators of those rows.
    exact: Vec<Vec<i32>>,
}

/// Power of a layer's output and of its error, in units of its real values squared: sums over all outputs looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LayerError {
    /// Of the exact accumulators, about the mean of each channel.
    pub signal: f64,
    /// Of the difference to them.
    pub error: f64,
    /// Of what is left after the best gain and offset per channel.
    pub corrected_error: f64,
}

impl LayerError {
    /// Signal-to-noise ratio in dB; infinite without error.
    pub fn snr_db(&self) -> f64 {
        decibel(self.signal, self.error)
    }

    /// The same after the best gain and offset per channel.
    pub fn corrected_snr_db(&self) -> f64 {
        decibel(self.signal, self.corrected_error)
    }
}

/// Ratio of two powers in dB; infinite where there is no noise.
pub(super) fn decibel(signal: f64, noise: f64) -> f64 {
    if noise <= 0.0 {
        return f64::INFINITY;
    }
    10.0 * (signal / noise).log10()
}

impl Probe {
    /// Runs FxP8 on the images `indices` and keeps what every layer of the array reads. Of each layer at most `rows` output
    /// rows are looked at, evenly spread.
    ///
    /// # Errors
    /// Images that can not be read or do not fit, or none.
    pub fn new(
        base: &Arc<QuantisedModel>,
        images: &Images,
        indices: &[usize],
        rows: usize,
        threads: usize,
    ) -> Result<Probe, InferError> {
        super::check_images(base.input_shape(), images)?;
        if indices.is_empty() {
            return Err(InferError::NoImages);
        }
        let exact = ConfiguredModel::exact(base)?;
        let count = base.array_steps.len();
        let mut layers: Vec<ProbedLayer> = (0..count)
            .map(|index| {
                let height = base.array_layer(index).window.output.height;
                let wanted = rows.clamp(1, height);
                ProbedLayer {
                    rows: (0..wanted)
                        .map(|row| (2 * row + 1) * height / (2 * wanted))
                        .collect(),
                    ..ProbedLayer::default()
                }
            })
            .collect();
        let seen = map_images(
            images,
            indices,
            threads,
            |input, _, scratch: &mut Scratch| {
                let mut seen = Vec::with_capacity(count);
                exact.observe(input, scratch, &mut |_, observed| {
                    let index = seen.len();
                    let output = base.array_layer(index).window.output;
                    let row = output.width * output.channels;
                    let rows: &[usize] = layers.get(index).map_or(&[], |layer| &layer.rows);
                    let kept = rows
                        .iter()
                        .flat_map(|&at| &observed.accumulators[at * row..(at + 1) * row]);
                    seen.push((observed.inputs.to_vec(), kept.copied().collect()));
                });
                seen
            },
        )?;
        for image in seen {
            for (layer, (inputs, exact)) in layers.iter_mut().zip(image) {
                layer.inputs.push(inputs);
                layer.exact.push(exact);
            }
        }
        Ok(Probe {
            base: Arc::clone(base),
            layers,
        })
    }

    /// The layers of the array, in the order of [`Probe::error`]'s index.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = LayerId> {
        self.base.array_layers()
    }

    /// The error that `precision` makes in array layer number `index`.
    ///
    /// # Errors
    /// A precision that does not fit the layer.
    ///
    /// # Panics
    /// If there is no such array layer.
    pub fn error(
        &self,
        index: usize,
        precision: &LayerPrecision,
        scratch: &mut Scratch,
    ) -> Result<LayerError, InferError> {
        let kernel = self.base.kernel(index, precision)?;
        let array = self.base.array_layer(index);
        let layer = &self.layers[index];
        let channels = array.units.len();
        let mut moments = vec![Moments::default(); channels];
        let mut found: Vec<i32> = vec![];
        for (codes, exact) in layer.inputs.iter().zip(&layer.exact) {
            let source = CodePixels {
                codes,
                kernel: &kernel,
            };
            found.clear();
            for rows in runs_of(&layer.rows) {
                let memory = &mut scratch.workspace.convolution;
                kernel
                    .convolution
                    .run(&source, rows, memory, |_, sums| sums.extend(&mut found));
            }
            let pixels = found
                .chunks_exact(channels)
                .zip(exact.chunks_exact(channels));
            for (x, y) in pixels {
                for ((moments, &x), &y) in moments.iter_mut().zip(x).zip(y) {
                    moments.add(x, y);
                }
            }
        }
        let mut error = LayerError::default();
        for (moments, unit) in moments.iter().zip(&array.units) {
            let power = unit * unit;
            error.signal += power * moments.signal();
            error.error += power * moments.error(1.0, 0.0);
            let (gain, offset) = moments.fit(Correction::Scale);
            error.corrected_error += power * moments.error(gain, offset);
        }
        Ok(error)
    }
}
