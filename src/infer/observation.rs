//! What the layers of the array make of images under a configuration: how far their values are from those of the
//! floating-point network, and where the windows of their operands are.

use super::classify::{check_images, map_images};
use super::configured::{ConfiguredModel, Observed, Scratch};
use super::data::Images;
use super::error::InferError;
use super::float::FloatNetwork;
use super::quantised::value;
use crate::approx::{LayerPrecision, OperandFormat};
use crate::blocked::{BlockFormat, Signedness, Window};
use crate::workload::{LayerId, Network};

/// A layer of the array, seen on some images.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerObservation {
    /// The layer.
    pub layer: LayerId,
    /// Mean square of its outputs in floating point.
    pub signal: f64,
    /// Mean square of what its outputs under the configuration differ from those.
    pub noise: f64,
    /// Its activations by the window they have, if each has its own.
    pub activation_windows: Option<WindowCounts>,
    /// Its weights by the window they have, if each has its own.
    pub weight_windows: Option<WindowCounts>,
}

impl LayerObservation {
    /// Signal over noise in dB; infinite without noise.
    pub fn snr_db(&self) -> f64 {
        10.0 * (self.signal / self.noise).log10()
    }
}

/// Values of an operand with dynamic windows, by the top block of their window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowCounts {
    /// Zeros, which every window holds.
    pub zeros: u64,
    /// The lowest top block there is, `n - 1`: the first of `by_top`.
    pub lowest_top: u8,
    /// Other values: with the lowest top block, one block higher, and so on up to `N - 1`.
    pub by_top: Vec<u64>,
}

impl WindowCounts {
    /// Values.
    pub fn total(&self) -> u64 {
        self.zeros + self.by_top.iter().sum::<u64>()
    }
}

/// Counts by code of what has dynamic windows.
struct Counter {
    format: BlockFormat,
    by_code: [u64; 256],
}

impl Counter {
    fn of(format: &OperandFormat) -> Option<Counter> {
        match format {
            OperandFormat::Blocks(format)
                if format.window() == Window::Dynamic && !format.is_exact() =>
            {
                Some(Counter {
                    format: *format,
                    by_code: [0; 256],
                })
            }
            _ => None,
        }
    }

    fn counts(&self) -> WindowCounts {
        let lowest_top = self.format.kept() - 1;
        let mut counts = WindowCounts {
            zeros: self.by_code[0],
            lowest_top,
            by_top: vec![0; usize::from(self.format.blocks() - lowest_top)],
        };
        for (code, &count) in (0..=255u8).zip(&self.by_code).skip(1) {
            // -128 is no code, so there are none of it.
            if let Ok(encoded) = self.format.encode(value(code, self.format.signedness())) {
                counts.by_top[usize::from(encoded.top - lowest_top)] += count;
            }
        }
        counts
    }
}

fn count(codes: impl IntoIterator<Item = u8>, by_code: &mut [u64; 256]) {
    for code in codes {
        by_code[usize::from(code)] += 1;
    }
}

/// What one image adds to a layer.
#[derive(Clone)]
struct Share {
    signal: f64,
    noise: f64,
    by_code: Option<Box<[u64; 256]>>,
}

/// Every layer of the array of `configured` on the images `indices`; `float` is the network it was made of. The result
/// does not depend on the number of threads.
///
/// # Errors
/// Images that can not be read or do not fit, no images.
pub fn observe_layers(
    float: &FloatNetwork<'_>,
    configured: &ConfiguredModel,
    images: &Images,
    indices: &[usize],
    threads: usize,
) -> Result<Vec<LayerObservation>, InferError> {
    check_images(float.input_shape(), images)?;
    if indices.is_empty() {
        return Err(InferError::NoImages);
    }
    let layers: Vec<LayerId> = configured.base().array_layers().collect();
    let precisions: Vec<&LayerPrecision> = configured.precisions().collect();
    let by_image = map_images(
        images,
        indices,
        threads,
        |input, _, scratch: &mut Scratch| {
            observe_image(float, configured, &layers, &precisions, input, scratch)
        },
    )?;
    let observations = layers.iter().enumerate().map(|(index, &layer)| {
        let precision = precisions[index];
        let (mut signal, mut noise) = (0.0, 0.0);
        let mut activations = Counter::of(&precision.activations);
        for share in by_image.iter().map(|shares| &shares[index]) {
            signal += share.signal;
            noise += share.noise;
            if let (Some(counter), Some(by_code)) = (&mut activations, &share.by_code) {
                for (sum, count) in counter.by_code.iter_mut().zip(by_code.iter()) {
                    *sum += count;
                }
            }
        }
        let weights = Counter::of(&precision.weights).map(|mut counter| {
            let weights = configured.base().weights(index);
            count(
                weights.iter().map(|&weight| weight as u8),
                &mut counter.by_code,
            );
            counter.counts()
        });
        let network = configured.base().network();
        let elements = network.tensor(network.layer(layer).output).elements();
        let values = indices.len() as f64 * elements as f64;
        LayerObservation {
            layer,
            signal: signal / values,
            noise: noise / values,
            activation_windows: activations.map(|counter| counter.counts()),
            weight_windows: weights,
        }
    });
    Ok(observations.collect())
}

fn observe_image(
    float: &FloatNetwork<'_>,
    configured: &ConfiguredModel,
    layers: &[LayerId],
    precisions: &[&LayerPrecision],
    input: &[f32],
    scratch: &mut Scratch,
) -> Vec<Share> {
    let base = configured.base();
    let network: &Network = base.network();
    let mut reference: Vec<Option<Vec<f32>>> = vec![None; network.tensors.len()];
    let wanted: Vec<usize> = layers
        .iter()
        .map(|&layer| network.layer(layer).output.index())
        .collect();
    float.observe(input, &mut |tensor, values| {
        if wanted.contains(&tensor.index()) {
            reference[tensor.index()] = Some(values.to_vec());
        }
    });
    let mut shares: Vec<Share> = Vec::with_capacity(layers.len());
    configured.observe(input, scratch, &mut |layer, observed: Observed<'_>| {
        let index = shares.len();
        debug_assert_eq!(layer, layers[index]);
        let tensor = network.layer(layer).output;
        let signedness: Signedness = network.tensor(tensor).signedness;
        let scale = f64::from(base.scales()[tensor.index()]);
        let (mut signal, mut noise) = (0.0, 0.0);
        let expected = reference[tensor.index()].take().unwrap_or_default();
        for (&expected, &code) in expected.iter().zip(observed.codes) {
            let expected = f64::from(expected);
            let found = f64::from(value(code, signedness)) * scale;
            signal += expected * expected;
            noise += (found - expected) * (found - expected);
        }
        let by_code = Counter::of(&precisions[index].activations).map(|mut counter| {
            count(observed.inputs.iter().copied(), &mut counter.by_code);
            Box::new(counter.by_code)
        });
        shares.push(Share {
            signal,
            noise,
            by_code,
        });
    });
    shares
}
