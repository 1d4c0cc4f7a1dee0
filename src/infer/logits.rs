//! How far the answers of one network lie from those of another, and what that costs.

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

/// The logarithm of a temperature lies within 0 give or take this.
const MOST_LOG_TEMPERATURE: f64 = 2.0;

/// Halvings, by the golden section, of the span where the best one is: to 2e-6 of it.
const SECTIONS: usize = 27;

impl Logits {
    /// The temperature by which logits have to be divided for their softmax to say how likely each class is: the one under
    /// which `labels`, one for each image, are likeliest (Guo et al., ICML 2017), from 1/7.4 to 7.4. A network is mostly
    /// surer of itself than it is right, and a temperature above 1 mends that without changing an answer.
    ///
    /// # Panics
    /// If there are fewer labels than images, or a label is no class.
    pub fn temperature(&self, labels: &[u32]) -> f64 {
        let surprise = |log_temperature: f64| {
            let temperature = libm::exp(log_temperature);
            let images = self.values.chunks_exact(self.classes.max(1)).zip(labels);
            let surprises = images.map(|(logits, &label)| {
                let peak = peak(logits);
                let logit = (f64::from(logits[label as usize]) - peak) / temperature;
                log_sum(logits, peak, temperature) - logit
            });
            surprises.sum::<f64>()
        };
        // Convex in the inverse of the temperature, so there is one lowest place.
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let (mut low, mut high) = (-MOST_LOG_TEMPERATURE, MOST_LOG_TEMPERATURE);
        for _ in 0..SECTIONS {
            let step = golden * (high - low);
            if surprise(high - step) <= surprise(low + step) {
                high = low + step;
            } else {
                low = high - step;
            }
        }
        libm::exp(0.5 * (low + high))
    }

    /// The accuracy, 0 to 1, that is lost by taking `other`'s answers for these, as these see it: the mean, over all images,
    /// of how much likelier their own first class is than that of `other`, under their softmax at `temperature`. It knows
    /// no label, so it scatters far less than a count of right answers does.
    ///
    /// # Panics
    /// If `other` is of other classes or images.
    pub fn expected_loss(&self, other: &Logits, temperature: f64) -> f64 {
        assert_eq!(self.classes, other.classes, "classes");
        assert_eq!(self.values.len(), other.values.len(), "images");
        let images = self.values.chunks_exact(self.classes.max(1));
        let count = images.len().max(1) as f64;
        let losses = images.enumerate().map(|(index, logits)| {
            let [first, taken] = [self, other].map(|answers| answers.first(index) as usize);
            if first == taken {
                return 0.0;
            }
            let peak = peak(logits);
            let sum = log_sum(logits, peak, temperature);
            let likelihood =
                |class: usize| libm::exp((f64::from(logits[class]) - peak) / temperature - sum);
            likelihood(first) - likelihood(taken)
        });
        losses.sum::<f64>() / count
    }
}

/// Divergence of the softmax of `q` from that of `p`.
fn one_divergence(p: &[f32], q: &[f32]) -> f64 {
    let [(p_peak, p_log), (q_peak, q_log)] = [p, q].map(|logits| {
        let peak = peak(logits);
        (peak, log_sum(logits, peak, 1.0))
    });
    let terms = p.iter().zip(q).map(|(&p, &q)| {
        let log_p = f64::from(p) - p_peak - p_log;
        let log_q = f64::from(q) - q_peak - q_log;
        libm::exp(log_p) * (log_p - log_q)
    });
    // Rounding may leave a little less than nothing.
    terms.sum::<f64>().max(0.0)
}

/// The greatest logit.
fn peak(logits: &[f32]) -> f64 {
    f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max))
}

/// The logarithm of the sum of the exponentials of all logits less `peak`, at a temperature. `libm` gives the same bits on
/// every machine.
fn log_sum(logits: &[f32], peak: f64, temperature: f64) -> f64 {
    let terms = logits
        .iter()
        .map(|&logit| libm::exp((f64::from(logit) - peak) / temperature));
    libm::log(terms.sum())
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

    /// Answers that are three times surer than they are right.
    #[test]
    fn a_temperature_tells_how_sure_is_too_sure() {
        // Of ten images with logits of 0.9 against 0.1, six are right: the odds of 9 are 1.5 in truth.
        let sure = logits(2, &[0.9, 0.1].repeat(10));
        let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        let temperature = sure.temperature(&labels);
        let truth = 9f64.ln() / 1.5f64.ln();
        assert!((temperature - truth).abs() < 1e-4, "{temperature} {truth}");
        // Always right: as sure as can be.
        assert!((sure.temperature(&[0; 10]) - (-2f64).exp()).abs() < 1e-4);
    }

    #[test]
    fn a_changed_answer_costs_what_it_was_likelier() {
        let p = logits(3, &[0.6, 0.3, 0.1, 0.5, 0.2, 0.3]);
        let other = logits(3, &[0.4, 0.5, 0.1, 0.9, 0.0, 0.1]);
        // The second image keeps its answer.
        assert!((p.expected_loss(&other, 1.0) - 0.3 / 2.0).abs() < 1e-7);
        assert_eq!(p.expected_loss(&p, 1.0), 0.0);
        // At twice the temperature odds are square roots.
        let roots = [0.6f64, 0.3, 0.1].map(f64::sqrt);
        let expected = (roots[0] - roots[1]) / roots.iter().sum::<f64>() / 2.0;
        assert!((p.expected_loss(&other, 2.0) - expected).abs() < 1e-7);
    }
}
