//! Predictions to accuracies.

use super::classify::Prediction;
use super::statistics::{Interval, Paired, wilson};

/// How many predictions are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accuracy {
    /// Predictions; at least one.
    pub images: u64,
    /// With the label first.
    pub top1: u64,
    /// With the label among the first five.
    pub top5: u64,
}

impl Accuracy {
    /// Of these predictions.
    ///
    /// # Panics
    /// If there are none.
    pub fn of(predictions: &[Prediction]) -> Accuracy {
        assert!(!predictions.is_empty(), "no predictions");
        let within = |count: u32| {
            let right = predictions
                .iter()
                .filter(|prediction| prediction.is_within(count));
            right.count() as u64
        };
        Accuracy {
            images: predictions.len() as u64,
            top1: within(1),
            top5: within(5),
        }
    }

    /// Share with the label first, 0 to 1.
    pub fn top1_share(&self) -> f64 {
        self.top1 as f64 / self.images as f64
    }

    /// Share with the label among the first five, 0 to 1.
    pub fn top5_share(&self) -> f64 {
        self.top5 as f64 / self.images as f64
    }

    /// 95 % interval of [`top1_share`](Self::top1_share).
    pub fn top1_interval(&self) -> Interval {
        wilson(self.top1, self.images)
    }

    /// 95 % interval of [`top5_share`](Self::top5_share).
    pub fn top5_interval(&self) -> Interval {
        wilson(self.top5, self.images)
    }
}

/// A classifier and its reference on the same images, in the same order: the first of the pair is the reference, so the
/// difference is the accuracy lost.
///
/// # Panics
/// If one has more predictions.
pub fn against(reference: &[Prediction], predictions: &[Prediction]) -> Paired {
    assert_eq!(reference.len(), predictions.len());
    let right = |prediction: &Prediction| prediction.is_within(1);
    let pairs = reference.iter().zip(predictions);
    Paired::count(pairs.map(|(first, second)| (right(first), right(second))))
}

/// How many images both give the same class, right or wrong.
pub fn agreement(reference: &[Prediction], predictions: &[Prediction]) -> u64 {
    let pairs = reference.iter().zip(predictions);
    pairs.filter(|(a, b)| a.top[0] == b.top[0]).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(first: u32, rank: u32) -> Prediction {
        Prediction {
            top: [first, 9, 8, 7, 6],
            rank,
        }
    }

    #[test]
    fn counts_of_both() {
        let reference =
            [(1, 0), (2, 0), (3, 4), (4, 5)].map(|(class, rank)| prediction(class, rank));
        let other = [(1, 0), (5, 1), (0, 0), (4, 5)].map(|(class, rank)| prediction(class, rank));
        let accuracy = Accuracy::of(&reference);
        assert_eq!((accuracy.top1, accuracy.top5, accuracy.images), (2, 3, 4));
        let paired = against(&reference, &other);
        let expected = Paired {
            both: 1,
            only_first: 1,
            only_second: 1,
            neither: 1,
        };
        assert_eq!(paired, expected);
        assert_eq!(agreement(&reference, &other), 2);
    }
}
