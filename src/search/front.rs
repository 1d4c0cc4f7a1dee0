//! Configurations that no other beats.

use super::configuration::Configuration;
use super::evaluator::Cost;

/// A configuration with all that was measured of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The configuration.
    pub configuration: Configuration,
    /// Time and energy.
    pub cost: Cost,
    /// Accuracy lost against the exact network on the selection images, in percentage points.
    pub loss_points: f64,
    /// Standard error of that loss, in percentage points.
    pub loss_error_points: f64,
    /// The same loss as the exact network's confidence has it: it knows no labels and scatters less.
    pub expected_loss_points: f64,
}

impl Measured {
    /// The loss, in percentage points, by which it is judged: what was measured or what was expected, whichever is more.
    pub fn judged_loss_points(&self) -> f64 {
        self.loss_points.max(self.expected_loss_points)
    }

    /// Whether it is nowhere worse than `other` and somewhere better.
    fn beats(&self, other: &Measured) -> bool {
        let mine = self.figures();
        let theirs = other.figures();
        mine.iter().zip(&theirs).all(|(a, b)| a <= b) && mine != theirs
    }

    fn figures(&self) -> [f64; 3] {
        [
            self.judged_loss_points(),
            self.cost.cycles as f64,
            self.cost.energy_pj,
        ]
    }
}

/// Of `measured`, those that no other beats in accuracy, time and energy at once, by loss, then time, then energy.
/// Of equals the first stays.
pub fn front(measured: &[Measured]) -> Vec<Measured> {
    let mut kept: Vec<Measured> = Vec::new();
    for (index, one) in measured.iter().enumerate() {
        let beaten = measured.iter().any(|other| other.beats(one));
        let again = measured[..index]
            .iter()
            .any(|other| other.figures() == one.figures());
        if !beaten && !again {
            kept.push(one.clone());
        }
    }
    kept.sort_by(|a, b| {
        let pairs = a.figures().into_iter().zip(b.figures());
        pairs.fold(std::cmp::Ordering::Equal, |order, (a, b)| {
            order.then(a.total_cmp(&b))
        })
    });
    kept
}
