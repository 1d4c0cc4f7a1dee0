//! Correction without training: a gain and an offset per output channel, fitted on calibration images.

use std::sync::Arc;

use super::classify::{check_images, map_images};
use super::configured::{ConfiguredLayer, ConfiguredModel};
use super::data::Images;
use super::error::InferError;
use super::forward::{Codes, Observed, Workspace};
use super::quantised::QuantisedStep;
use super::requantise::{Requantiser, Scaler};
use crate::parallel::map_parallel_mut;

/// Most codes of all images that are held at a time: 2^30.
const MAX_CODES: usize = 1 << 30;

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// An offset: the mean error of the channel's accumulators is added to its bias.
    Bias,
    /// A gain and an offset, by least squares: the gain scales the channel's multiplier.
    Scale,
}

/// Sums over the accumulators of one output channel: `x` under the configuration, `y` exact.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Moments {
    pub(super) count: f64,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) xx: f64,
    pub(super) xy: f64,
    pub(super) yy: f64,
}

impl Moments {
    #[inline(always)]
    pub(super) fn add(&mut self, x: impl Into<f64>, y: impl Into<f64>) {
        let (x, y) = (x.into(), y.into());
        self.count += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
        self.yy += y * y;
    }

    pub(super) fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
        self.yy += other.yy;
    }

    /// Power of `y` about its mean.
    pub(super) fn signal(&self) -> f64 {
        (self.yy - self.y * self.y / self.count.max(1.0)).max(0.0)
    }

    /// Power of `gain * x + offset - y`.
    pub(super) fn error(&self, gain: f64, offset: f64) -> f64 {
        let squares = gain * gain * self.xx - 2.0 * gain * self.xy + self.yy;
        let rest = 2.0 * offset * (gain * self.x - self.y) + offset * offset * self.count;
        (squares + rest).max(0.0)
    }

    /// Gain and offset that bring `x` nearest to `y`.
    pub(super) fn fit(&self, correction: Correction) -> (f64, f64) {
        if self.count == 0.0 {
            return (1.0, 0.0);
        }
        let (mean_x, mean_y) = (self.x / self.count, self.y / self.count);
        let variance = self.xx - self.x * mean_x;
        let covariance = self.xy - self.x * mean_y;
        let gain = match correction {
            // A multiplier can not change the sign, and a gain far from 1 is no correction.
            Correction::Scale if variance > 0.0 && covariance > 0.0 => {
                (covariance / variance).clamp(0.25, 4.0)
            }
            Correction::Scale | Correction::Bias => 1.0,
        };
        (gain, mean_y - gain * mean_x)
    }
}

impl ConfiguredLayer {
    /// The layer with gain and offset of each output channel folded in: `gain * accumulator + offset + bias`.
    fn corrected(self, fits: &[(f64, f64)]) -> ConfiguredLayer {
        let old = &self.requantiser;
        let mut biases = Vec::with_capacity(fits.len());
        let mut scalers = Vec::with_capacity(fits.len());
        let mut units = Vec::with_capacity(fits.len());
        for (channel, &(gain, offset)) in fits.iter().enumerate() {
            let bias = (f64::from(old.bias[channel]) + offset) / gain;
            // `as` saturates.
            biases.push(bias.round() as i32);
            scalers.push(Scaler::new(old.scalers[channel].factor() * gain));
            units.push(self.units[channel] * gain);
        }
        ConfiguredLayer {
            requantiser: Requantiser::new(biases, scalers, old.range),
            kernel: self.kernel,
            units,
        }
    }
}

/// An image under way: under the configuration, and exact.
#[derive(Default)]
struct Pair {
    approximate: Codes,
    exact: Codes,
}

impl ConfiguredModel {
    /// The network with gains and offsets per output channel that bring its accumulators nearest to those of FxP8 on the
    /// images `indices`. Layers are fitted in order, each on what the corrected layers before it make. Layers with exact
    /// products are corrected too: they mend what earlier layers left.
    ///
    /// # Errors
    /// Images that can not be read or do not fit, none, or more than can be held.
    pub fn corrected(
        self,
        correction: Correction,
        images: &Images,
        indices: &[usize],
        threads: usize,
    ) -> Result<Self, InferError> {
        let base = Arc::clone(&self.base);
        check_images(base.input_shape(), images)?;
        if indices.is_empty() {
            return Err(InferError::NoImages);
        }
        let codes: usize = base.plan.slot_sizes.iter().sum();
        if codes.saturating_mul(2 * indices.len()) > MAX_CODES {
            return Err(InferError::TooLarge {
                name: format!("{} calibration images", indices.len()),
                elements: codes.saturating_mul(2 * indices.len()) as u64,
                limit: MAX_CODES as u64,
            });
        }
        let mut pairs = map_images(images, indices, threads, |input, _, _: &mut ()| {
            let mut pair = Pair::default();
            base.begin(input, &mut pair.approximate);
            base.begin(input, &mut pair.exact);
            pair
        })?;
        let exact = ConfiguredModel::exact(&base)?;
        let mut layers = Vec::with_capacity(self.layers.len());
        let mut remaining = self.layers.iter().zip(&exact.layers);
        for (step, work) in base.plan.steps.iter().zip(&base.steps) {
            let QuantisedStep::Array(array) = work else {
                map_parallel_mut(&mut pairs, threads, |workspace: &mut Workspace, pair| {
                    base.other_step(step, work, &mut pair.approximate, workspace);
                    base.other_step(step, work, &mut pair.exact, workspace);
                });
                continue;
            };
            // There is one for each array step.
            let Some((layer, exact)) = remaining.next() else {
                break;
            };
            let shares = map_parallel_mut(&mut pairs, threads, |workspace, pair| {
                let x = base.accumulate(step, array, layer, &pair.approximate, workspace);
                let channels = layer.units.len();
                let mut moments = vec![Moments::default(); channels];
                let mut see = |_, observed: Observed<'_>| {
                    let y = observed.accumulators.chunks_exact(channels);
                    for (x, y) in x.chunks_exact(channels).zip(y) {
                        for ((moments, &x), &y) in moments.iter_mut().zip(x).zip(y) {
                            moments.add(x, y);
                        }
                    }
                };
                let codes = &mut pair.exact;
                base.array_step(step, array, exact, codes, workspace, Some(&mut see));
                moments
            });
            // In the order of the images, so that rounding does not depend on threads.
            let mut moments = vec![Moments::default(); layer.units.len()];
            for share in &shares {
                for (moments, share) in moments.iter_mut().zip(share) {
                    moments.merge(share);
                }
            }
            let fits: Vec<(f64, f64)> = moments.iter().map(|m| m.fit(correction)).collect();
            let layer = layer.clone().corrected(&fits);
            map_parallel_mut(&mut pairs, threads, |workspace, pair| {
                let codes = &mut pair.approximate;
                base.array_step(step, array, &layer, codes, workspace, None);
            });
            layers.push(layer);
        }
        Ok(ConfiguredModel { layers, base })
    }
}
