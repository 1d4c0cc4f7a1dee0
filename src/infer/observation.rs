//! What the layers of the array make of images under a configuration: how far their values are from those of the
//! floating-point network, and where the windows of their operands are.

use super::classify::{check_images, map_images};
use super::configured::ConfiguredModel;
use super::data::Images;
use super::error::InferError;
use super::float::FloatNetwork;
use super::forward::{Observed, Scratch};
use super::observe::code_histograms;
use super::quantised::value;
use crate::approx::OperandFormat;
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

/// The format of an operand that has dynamic windows.
fn dynamic(format: &OperandFormat) -> Option<&BlockFormat> {
    match format {
        OperandFormat::Blocks(format) => {
            (format.window() == Window::Dynamic && !format.is_exact()).then_some(format)
        }
        OperandFormat::Exact { .. } | OperandFormat::Bits { .. } => None,
    }
}

/// The windows of values, from how often each code occurs.
fn windows(format: &BlockFormat, by_code: &[u64; 256]) -> WindowCounts {
    let lowest_top = format.kept() - 1;
    let mut counts = WindowCounts {
        zeros: by_code[0],
        lowest_top,
        by_top: vec![0; usize::from(format.blocks() - lowest_top)],
    };
    for (code, &count) in (0..=255u8).zip(by_code).skip(1) {
        // -128 is no code, so there are none of it.
        if let Ok(encoded) = format.encode(value(code, format.signedness())) {
            counts.by_top[usize::from(encoded.top - lowest_top)] += count;
        }
    }
    counts
}

/// What one image adds to a layer: sums of squares.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    signal: f64,
    noise: f64,
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
    let base = configured.base();
    let layers: Vec<LayerId> = base.array_layers().collect();
    let by_image = map_images(
        images,
        indices,
        threads,
        |input, _, scratch: &mut Scratch| observe_image(float, configured, &layers, input, scratch),
    )?;
    let histograms = code_histograms(configured, images, indices, threads)?;
    let observations = configured
        .precisions()
        .enumerate()
        .map(|(index, precision)| {
            let mut sums = Share::default();
            for share in by_image.iter().map(|shares| shares[index]) {
                sums.signal += share.signal;
                sums.noise += share.noise;
            }
            let network = base.network();
            let elements = network
                .tensor(network.layer(layers[index]).output)
                .elements();
            let values = indices.len() as f64 * elements as f64;
            let mut weights = [0; 256];
            for &weight in base.weights(index) {
                weights[usize::from(weight as u8)] += 1;
            }
            let activations = &histograms[index].counts;
            LayerObservation {
                layer: layers[index],
                signal: sums.signal / values,
                noise: sums.noise / values,
                activation_windows: dynamic(&precision.activations)
                    .map(|format| windows(format, activations)),
                weight_windows: dynamic(&precision.weights).map(|format| windows(format, &weights)),
            }
        });
    Ok(observations.collect())
}

fn observe_image(
    float: &FloatNetwork<'_>,
    configured: &ConfiguredModel,
    layers: &[LayerId],
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
        shares.push(Share { signal, noise });
    });
    shares
}
