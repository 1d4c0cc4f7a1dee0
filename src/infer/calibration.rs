//! Scales of tensors, from their values on calibration images.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::data::Images;
use super::error::InferError;
use super::float::{FloatNetwork, FloatScratch};
use super::plan::{Clip, Plan, PlannedLayer, Work};
use crate::blocked::Signedness;
use crate::parallel::map_parallel;
use crate::workload::{Model, PoolKind, TensorId};

/// Bins of the histogram of magnitudes.
const BINS: usize = 2048;

/// How the greatest value that a tensor's codes stand for is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RangeRule {
    /// The greatest magnitude met.
    MinMax,
    /// The magnitude below which this share of the values lies, in percent.
    Percentile(f64),
    /// The magnitude that makes the mean squared error of quantisation least.
    Mse,
}

/// What the codes of each tensor stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// By [`TensorId`]: value = code times scale.
    pub scales: Vec<f32>,
}

/// Magnitudes of a tensor's values.
#[derive(Debug, Clone)]
struct Histogram {
    /// The greatest magnitude: the end of the last bin.
    greatest: f32,
    counts: Vec<u64>,
}

impl Histogram {
    fn add(&mut self, values: &[f32]) {
        let per_unit = BINS as f32 / self.greatest;
        for value in values {
            let bin = (value.abs() * per_unit) as usize;
            self.counts[bin.min(BINS - 1)] += 1;
        }
    }

    /// The magnitude in the middle of a bin.
    fn middle(&self, bin: usize) -> f64 {
        f64::from(self.greatest) * (bin as f64 + 0.5) / BINS as f64
    }

    fn percentile(&self, percent: f64) -> f32 {
        let total: u64 = self.counts.iter().sum();
        let wanted = (total as f64 * percent / 100.0).ceil() as u64;
        let mut seen = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return self.greatest * (bin + 1) as f32 / BINS as f32;
            }
        }
        self.greatest
    }

    fn least_squares(&self, greatest_code: f64) -> f32 {
        // From a fifth of the range to all of it.
        let candidates = (BINS / 5..=BINS).step_by(BINS / 128);
        let error = |end: usize| -> f64 {
            let scale = f64::from(self.greatest) * end as f64 / BINS as f64 / greatest_code;
            let bins = self.counts.iter().enumerate();
            bins.map(|(bin, &count)| {
                let value = self.middle(bin);
                let code = (value / scale).round().min(greatest_code);
                (value - code * scale).powi(2) * count as f64
            })
            .sum()
        };
        let best = candidates.map(|end| (end, error(end)));
        let best = best.min_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(self.greatest, |(end, _)| {
            self.greatest * end as f32 / BINS as f32
        })
    }
}

/// Greatest code of a tensor.
pub(super) fn greatest_code(signedness: Signedness) -> f32 {
    match signedness {
        Signedness::Signed => 127.0,
        Signedness::Unsigned => 255.0,
    }
}

/// Scales of all tensors of `network`, from the images `indices`. Ranges that the model's file fixes win. `progress` is told
/// after each image how many are done, of twice the images: all are seen two times.
///
/// # Errors
/// No images, images that can not be read or do not fit, values that are not finite.
pub fn calibrate(
    network: &FloatNetwork<'_>,
    images: &Images,
    indices: &[usize],
    rule: RangeRule,
    threads: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Calibration, InferError> {
    super::check_images(network.input_shape(), images)?;
    if indices.is_empty() {
        return Err(InferError::NoImages);
    }
    let counter = AtomicUsize::new(0);
    let pass = Pass {
        network,
        images,
        shares: &indices
            .chunks(indices.len().div_ceil(threads.max(1)))
            .collect::<Vec<_>>(),
        threads,
        tell: &|| progress(counter.fetch_add(1, Ordering::Relaxed) + 1),
    };
    let greatest = pass.greatest()?;
    let histograms = pass.histograms(&greatest)?;
    let model = network.model();
    let ends: Vec<f32> = histograms
        .iter()
        .zip(&model.network.tensors)
        .map(|(histogram, tensor)| match rule {
            _ if histogram.greatest <= 0.0 => 0.0,
            RangeRule::MinMax => histogram.greatest,
            RangeRule::Percentile(percent) => histogram.percentile(percent),
            RangeRule::Mse => histogram.least_squares(f64::from(greatest_code(tensor.signedness))),
        })
        .collect();
    let plan = Plan::new(&model.network)?;
    Ok(scales(model, &plan, &ends))
}

/// All calibration images, seen once by several threads.
struct Pass<'a> {
    network: &'a FloatNetwork<'a>,
    images: &'a Images,
    /// The images of each thread.
    shares: &'a [&'a [usize]],
    threads: usize,
    /// Told after each image.
    tell: &'a (dyn Fn() + Sync),
}

impl Pass<'_> {
    /// The greatest magnitude of each tensor.
    fn greatest(&self) -> Result<Vec<f32>, InferError> {
        let tensors = &self.network.model().network.tensors;
        let shares = map_parallel(self.shares, self.threads, |_, share| {
            let mut greatest = vec![0.0f32; tensors.len()];
            self.observe(share, |tensor, values| {
                let most = &mut greatest[tensor.index()];
                // NaN is kept, to be found below.
                for value in values {
                    if value.is_nan() || value.abs() > *most {
                        *most = value.abs();
                    }
                }
            })?;
            Ok::<_, InferError>(greatest)
        });
        let mut greatest = vec![0.0f32; tensors.len()];
        for share in shares {
            for ((greatest, most), tensor) in greatest.iter_mut().zip(share?).zip(tensors) {
                if !most.is_finite() {
                    let name = tensor.name.clone();
                    return Err(InferError::NotFinite { name });
                }
                *greatest = greatest.max(most);
            }
        }
        Ok(greatest)
    }

    /// The magnitudes of each tensor, which end at `greatest`.
    fn histograms(&self, greatest: &[f32]) -> Result<Vec<Histogram>, InferError> {
        let empty = greatest.iter().map(|&greatest| Histogram {
            greatest,
            counts: vec![0; BINS],
        });
        let mut histograms: Vec<Histogram> = empty.collect();
        let shares = map_parallel(self.shares, self.threads, |_, share| {
            let mut own = histograms.clone();
            self.observe(share, |tensor, values| {
                let histogram = &mut own[tensor.index()];
                if histogram.greatest > 0.0 {
                    histogram.add(values);
                }
            })?;
            Ok::<_, InferError>(own)
        });
        for share in shares {
            for (histogram, own) in histograms.iter_mut().zip(share?) {
                for (count, more) in histogram.counts.iter_mut().zip(own.counts) {
                    *count += more;
                }
            }
        }
        Ok(histograms)
    }

    fn observe(
        &self,
        indices: &[usize],
        mut see: impl FnMut(TensorId, &[f32]),
    ) -> Result<(), InferError> {
        let mut scratch = FloatScratch::default();
        let mut input = vec![0.0; self.images.elements()];
        for &index in indices {
            self.images.input(index, &mut input)?;
            self.network.run(&input, &mut scratch, &mut see);
            (self.tell)();
        }
        Ok(())
    }
}

/// Scales for ranges that end at `ends`, 0 where a tensor was always zero.
fn scales(model: &Model, plan: &Plan, ends: &[f32]) -> Calibration {
    let network = &model.network;
    let scale = |index: usize| {
        let signedness = network.tensors[index].signedness;
        let end = match model.ranges.get(index).copied().flatten() {
            Some(range) => match signedness {
                Signedness::Signed => range.high.abs().max(range.low.abs()),
                Signedness::Unsigned => range.high,
            },
            None => ends[index],
        };
        match end > 0.0 && end.is_finite() {
            // A tensor of zeros has codes of zero whatever they stand for.
            true => (end / greatest_code(signedness)).max(f32::MIN_POSITIVE),
            false => 1.0,
        }
    };
    let mut scales: Vec<f32> = (0..network.tensors.len()).map(scale).collect();
    for step in &plan.steps {
        let input = step.inputs[0];
        if shares_scale(model, step) {
            scales[step.output.index()] = scales[input.index()];
        }
    }
    Calibration { scales }
}

/// Whether a step passes codes on as they are.
fn shares_scale(model: &Model, step: &PlannedLayer) -> bool {
    let sign = |tensor: TensorId| model.network.tensor(tensor).signedness;
    let moves = match &step.work {
        Work::Pool(pool) => pool.kind == PoolKind::Max,
        Work::Slice(_) | Work::Pad(_) | Work::Clip => true,
        Work::Convolution(_) | Work::Add | Work::Concat => false,
    };
    // What becomes unsigned gets the codes that negative values had.
    moves && step.clip != Clip::Relu6 && sign(step.inputs[0]) == sign(step.output)
}
