//! How far the answers of one network lie from those of another.

use super::classify::{Classifier, check_images, map_images};
use super::data::Images;
use super::error::InferError;

/// Logits of many images.
#[derive(Debug, Clone, PartialEq)]
pub struct Logits {
    classes: usize,
    /// One image after the other.
    values: Vec<f32>,
}

impl Logits {
    /// What `network` answers to the first `count` of `images` (or to all, if they are fewer), whatever the number of
    /// threads.
    ///
    /// # Errors
    /// Images that can not be read or do not fit.
    pub fn of<C: Classifier>(
        network: &C,
        images: &Images,
        count: usize,
        threads: usize,
    ) -> Result<Logits, InferError> {
        check_images(network.input_shape(), images)?;
        let indices: Vec<usize> = (0..images.len().min(count)).collect();
        let values = map_images(images, &indices, threads, |input, _, scratch| {
            network.logits_of(input, scratch).to_vec()
        })?;
        Ok(Logits::from_images(network.classes(), values))
    }

    /// Those of each image, of `classes` classes.
    pub(super) fn from_images(classes: usize, images: Vec<Vec<f32>>) -> Logits {
        Logits {
            classes,
            values: images.concat(),
        }
    }

    /// The likeliest class of an image; of equals the lowest.
    ///
    /// # Panics
    /// If there is no image `index`.
    pub fn first(&self, index: usize) -> u32 {
        let logits = &self.values[index * self.classes..][..self.classes];
        let better = |best: usize, class: usize| {
            if logits[class] > logits[best] {
                class
            } else {
                best
            }
        };
        (0..self.classes).reduce(better).unwrap_or(0) as u32
    }

    /// Mean Kullback-Leibler divergence, in nats, of the class probabilities (softmax of the logits) of `other` from
    /// these: what is lost, image by image, by taking `other`'s probabilities for these. 0 without images.
    ///
    /// # Panics
    /// If `other` is of other classes or images.
    pub fn divergence(&self, other: &Logits) -> f64 {
        assert_eq!(self.classes, other.classes, "classes");
        assert_eq!(self.values.len(), other.values.len(), "images");
        let pairs = self.values.chunks_exact(self.classes.max(1));
        let pairs = pairs.zip(other.values.chunks_exact(self.classes.max(1)));
        let images = pairs.len().max(1) as f64;
        let sum: f64 = pairs.map(|(p, q)| one_divergence(p, q)).sum();
        sum / images
    }
}

/// Divergence of the softmax of `q` from that of `p`.
fn one_divergence(p: &[f32], q: &[f32]) -> f64 {
    let (p_peak, p_log) = log_normaliser(p);
    let (q_peak, q_log) = log_normaliser(q);
    let terms = p.iter().zip(q).map(|(&p, &q)| {
        let log_p = f64::from(p) - p_peak - p_log;
        let log_q = f64::from(q) - q_peak - q_log;
        libm::exp(log_p) * (log_p - log_q)
    });
    // Rounding may leave a little less than nothing.
    terms.sum::<f64>().max(0.0)
}

/// The greatest logit, and the logarithm of the sum of the exponentials of all less it. `libm` gives the same bits on
/// every machine.
fn log_normaliser(logits: &[f32]) -> (f64, f64) {
    let peak = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let peak = f64::from(peak);
    let sum: f64 = logits
        .iter()
        .map(|&logit| libm::exp(f64::from(logit) - peak))
        .sum();
    (peak, libm::log(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logits(classes: usize, probabilities: &[f64]) -> Logits {
        Logits {
            classes,
            values: probabilities.iter().map(|p| p.ln() as f32).collect(),
        }
    }

    #[test]
    fn divergences_are_those_computed_by_hand() {
        let p = logits(2, &[0.5, 0.5]);
        let q = logits(2, &[0.25, 0.75]);
        // 0.5 ln 2 + 0.5 ln(2/3).
        assert!((p.divergence(&q) - 0.143_841_036).abs() < 1e-7);
        // 0.25 ln(1/2) + 0.75 ln(3/2).
        assert!((q.divergence(&p) - 0.130_812_035).abs() < 1e-7);
        let both = logits(2, &[0.5, 0.5, 0.25, 0.75]);
        let other = logits(2, &[0.25, 0.75, 0.25, 0.75]);
        assert!((both.divergence(&other) - 0.143_841_036 / 2.0).abs() < 1e-7);
    }

    #[test]
    fn a_shift_of_all_logits_changes_nothing_and_large_ones_do_no_harm() {
        let p = Logits {
            classes: 3,
            values: vec![1.0, -2.0, 0.5],
        };
        let shifted = Logits {
            classes: 3,
            values: vec![1001.0, 998.0, 1000.5],
        };
        assert!(p.divergence(&shifted) < 1e-12);
        let far = Logits {
            classes: 3,
            values: vec![-1e6, 1e6, 0.0],
        };
        assert!(p.divergence(&far).is_finite());
        assert_eq!(far.divergence(&far), 0.0);
    }
}
