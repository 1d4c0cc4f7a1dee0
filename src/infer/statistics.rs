//! How sure an accuracy is: intervals and tests on counts of right answers.
//!
//! All of it is plain arithmetic and square roots, which every machine rounds alike.

/// The 97.5 % quantile of the standard normal distribution: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The Wilson score interval (95 %) of a proportion: `right` of `total`, as shares of 1.
///
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). It keeps
/// its coverage near 0 and 1, where an accuracy of few images is.
///
/// # Panics
/// If `total` is 0 or less than `right`.
pub fn wilson(right: u64, total: u64) -> Interval {
    assert!(right <= total && total > 0, "{right} of {total}");
    let (n, p) = (total as f64, right as f64 / total as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    // Both ends are exact where all or none are right, which rounding would miss.
    Interval {
        low: if right == 0 {
            0.0
        } else {
            (middle - half) / scale
        },
        high: if right == total {
            1.0
        } else {
            (middle + half) / scale
        },
    }
}

/// Two classifiers on the same images, counted by which of them is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paired {
    /// Both are right.
    pub both: u64,
    /// Only the first.
    pub only_first: u64,
    /// Only the second.
    pub only_second: u64,
    /// Neither.
    pub neither: u64,
}

impl Paired {
    /// Counts the images of which one and the other classifier say whether they are right.
    pub fn count(outcomes: impl IntoIterator<Item = (bool, bool)>) -> Paired {
        let mut paired = Paired::default();
        for outcome in outcomes {
            *match outcome {
                (true, true) => &mut paired.both,
                (true, false) => &mut paired.only_first,
                (false, true) => &mut paired.only_second,
                (false, false) => &mut paired.neither,
            } += 1;
        }
        paired
    }

    /// Images.
    pub fn total(&self) -> u64 {
        self.both + self.only_first + self.only_second + self.neither
    }

    /// Accuracy of the first less that of the second, as a share of 1.
    ///
    /// # Panics
    /// If there are no images.
    pub fn difference(&self) -> f64 {
        assert!(self.total() > 0, "no images");
        (self.only_first as f64 - self.only_second as f64) / self.total() as f64
    }

    /// The interval (95 %) of [`difference`](Self::difference) by method 10 of R. G. Newcombe, "Improved confidence
    /// intervals for the difference between binomial proportions based on paired data", Statistics in Medicine 17
    /// (1998): the Wilson intervals of both, put together with the correlation of the pairs (corrected for
    /// continuity where it is positive).
    ///
    /// # Panics
    /// If there are no images.
    pub fn interval(&self) -> Interval {
        let n = self.total();
        let (first, second) = (self.both + self.only_first, self.both + self.only_second);
        let (p1, p2) = (first as f64 / n as f64, second as f64 / n as f64);
        let (w1, w2) = (wilson(first, n), wilson(second, n));
        let phi = self.correlation();
        let joined = |a: f64, b: f64| (a * a - 2.0 * phi * a * b + b * b).max(0.0).sqrt();
        let difference = self.difference();
        Interval {
            low: difference - joined(p1 - w1.low, w2.high - p2),
            high: difference + joined(p2 - w2.low, w1.high - p1),
        }
    }

    fn correlation(&self) -> f64 {
        let [e, f, g, h] =
            [self.both, self.only_first, self.only_second, self.neither].map(|count| count as f64);
        let margins = (e + f) * (g + h) * (e + g) * (f + h);
        let cross = e * h - f * g;
        let corrected = if cross > 0.0 {
            (cross - self.total() as f64 / 2.0).max(0.0)
        } else {
            cross
        };
        if margins > 0.0 {
            corrected / margins.sqrt()
        } else {
            0.0
        }
    }

    /// The exact two-sided p value of McNemar's test, that both are right equally often: of the images on which only
    /// one is right, twice the smaller tail of the binomial distribution with probability 1/2, at most 1.
    pub fn mcnemar(&self) -> f64 {
        let n = self.only_first + self.only_second;
        let least = self.only_first.min(self.only_second);
        // Terms of the tail over 2^-n, scaled by powers of two so that they neither overflow nor round away.
        let (mut term, mut sum, mut exponent) = (1.0_f64, 1.0_f64, -(n as i64) + 1);
        for i in 0..least {
            term *= (n - i) as f64 / (i + 1) as f64;
            sum += term;
            if sum > 2f64.powi(512) {
                term *= 2f64.powi(-512);
                sum *= 2f64.powi(-512);
                exponent += 512;
            }
        }
        while exponent < 0 && sum > 0.0 {
            let step = exponent.max(-512);
            sum *= 2f64.powi(step as i32);
            exponent -= step;
        }
        (sum * 2f64.powi(exponent.min(1000) as i32)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(interval: Interval, low: f64, high: f64, digits: f64) {
        assert!((interval.low - low).abs() <= digits, "{interval:?}");
        assert!((interval.high - high).abs() <= digits, "{interval:?}");
    }

    /// R. G. Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven methods",
    /// Statistics in Medicine 17 (1998), table I, method 3.
    #[test]
    fn wilson_as_published() {
        close(wilson(81, 263), 0.2553, 0.3662, 5e-5);
        close(wilson(15, 148), 0.0624, 0.1605, 5e-5);
        close(wilson(0, 20), 0.0, 0.1611, 5e-5);
        close(wilson(1, 29), 0.0061, 0.1718, 5e-5);
    }

    fn paired(both: u64, only_first: u64, only_second: u64, neither: u64) -> Paired {
        Paired {
            both,
            only_first,
            only_second,
            neither,
        }
    }

    /// The first: an example of Newcombe's paper on paired data (method 10). The second: airway
    /// hyper-responsiveness (Bentur et al. 2009) in Fagerland, Lydersen, Laake, "Recommended tests and confidence
    /// intervals for paired binomial proportions", Statistics in Medicine 33 (2014).
    #[test]
    fn differences_as_published() {
        close(paired(36, 12, 2, 0).interval(), 0.0569, 0.3404, 5e-5);
        close(paired(1, 1, 7, 12).interval(), -0.507, -0.026, 5e-4);
    }

    /// The first two: Fagerland et al. (2014) as above. The third: the vignette of the R package exact2x2.
    #[test]
    fn mcnemar_as_published() {
        assert!((paired(1, 1, 7, 12).mcnemar() - 0.0703).abs() < 5e-5);
        assert!((paired(59, 6, 16, 80).mcnemar() - 0.0525).abs() < 5e-5);
        assert!((paired(21, 9, 2, 12).mcnemar() - 0.06543).abs() < 5e-6);
    }

    #[test]
    fn exchange_changes_signs_only() {
        let one = paired(850, 31, 12, 107);
        let other = paired(850, 12, 31, 107);
        assert_eq!(one.difference(), -other.difference());
        assert_eq!(one.mcnemar(), other.mcnemar());
        close(
            one.interval(),
            -other.interval().high,
            -other.interval().low,
            1e-15,
        );
    }

    #[test]
    fn many_discordant_pairs_are_no_trouble() {
        // The same as without any: equal counts leave nothing to doubt.
        assert_eq!(paired(0, 0, 0, 9).mcnemar(), 1.0);
        assert_eq!(paired(0, 40_000, 40_000, 0).mcnemar(), 1.0);
        // Two standard deviations (of 100) off the middle of 40,000; the normal tail with continuity correction is
        // 2 * (1 - phi(1.995)) = 0.0460.
        let p = paired(0, 20_200, 19_800, 0).mcnemar();
        assert!((p - 0.0460).abs() < 2e-4, "{p}");
        assert!(paired(0, 100_000, 1, 0).mcnemar() < 1e-300);
    }

    #[test]
    fn certain_outcomes_have_intervals() {
        let all = paired(10, 0, 0, 0);
        assert_eq!(all.difference(), 0.0);
        let interval = all.interval();
        assert!(interval.low < 0.0 && interval.high > 0.0);
        assert_eq!(wilson(10, 10).high, 1.0);
    }
}
