//! Sums over pairs of accumulators, and the line that fits them best.

use super::correct::Correction;

/// Pairs for a fit, at least: one or two would be met exactly and say nothing of others.
const FEWEST: f64 = 8.0;

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
        if self.count < FEWEST {
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
