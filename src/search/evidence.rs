//! How much a configuration loses, by all that was measured.
//!
//! A search measures many configurations on the same images and goes on from those that did well. Some did well by chance,
//! so the measured loss of the one it ends with is too good. The divergence of the answers from the exact network's
//! does not know the labels and scatters far less; what a nat of divergence costs in accuracy is learned from all
//! configurations measured, the refused ones too.

use super::front::Measured;
use super::level::Limits;

/// Configurations that diverge by up to this factor more or less say what a divergence costs.
const NEAR: f64 = 2.0;

/// The loss, in percentage points, that the divergence of `one` leads to expect: its divergence times the loss per
/// divergence of all of `measured` that diverge about as much.
pub(super) fn expected_loss_points(one: &Measured, measured: &[Measured]) -> f64 {
    let near = measured.iter().filter(|other| {
        let (a, b) = (one.divergence, other.divergence);
        a <= NEAR * b && b <= NEAR * a
    });
    let (mut losses, mut divergences) = (0.0, 0.0);
    for other in near {
        losses += other.loss_points;
        divergences += other.divergence;
    }
    if divergences > 0.0 {
        one.divergence * losses / divergences
    } else {
        0.0
    }
}

/// Whether `one` loses at most what `limits` allow, less their margin, both by its own answers and by what its divergence
/// leads to expect.
pub(super) fn keeps(one: &Measured, limits: &Limits, measured: &[Measured]) -> bool {
    let bound_points = limits.max_loss_points - limits.margin * one.loss_error_points;
    one.loss_points <= bound_points && expected_loss_points(one, measured) <= bound_points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Configuration, Cost};

    fn measured(divergence: f64, loss_points: f64) -> Measured {
        Measured {
            configuration: Configuration::exact(1),
            cost: Cost {
                cycles: 1,
                energy_pj: 1.0,
                layers: Vec::new(),
            },
            loss_points,
            loss_error_points: 0.5,
            divergence,
        }
    }

    fn limits(max_loss_points: f64, margin: f64) -> Limits {
        Limits {
            max_loss_points,
            margin,
            measurements: 1,
            rungs: 1,
        }
    }

    #[test]
    fn a_lucky_one_is_judged_by_its_neighbours() {
        let lucky = measured(0.10, 0.5);
        let all = [
            lucky.clone(),
            measured(0.10, 2.0),
            measured(0.10, 1.5),
            // Too far away to say anything.
            measured(0.01, 0.0),
            measured(1.0, 30.0),
        ];
        let expected = expected_loss_points(&lucky, &all);
        assert!((expected - 4.0 / 3.0).abs() < 1e-12, "{expected}");
        assert!(!keeps(&lucky, &limits(1.0, 0.0), &all));
        assert!(keeps(&lucky, &limits(1.4, 0.0), &all));
        assert!(keeps(&lucky, &limits(1.0, 0.0), &all[..1]));
        // 0.5 lost, give or take 0.5.
        assert!(keeps(&lucky, &limits(1.0, 1.0), &all[..1]));
        assert!(!keeps(&lucky, &limits(1.0, 1.1), &all[..1]));
    }

    #[test]
    fn what_answers_exactly_loses_nothing() {
        let exact = measured(0.0, 0.0);
        assert!(keeps(
            &exact,
            &limits(0.0, 0.0),
            std::slice::from_ref(&exact)
        ));
        assert!(keeps(
            &exact,
            &limits(0.0, 0.0),
            &[measured(0.0, 0.0), measured(0.2, 5.0)]
        ));
    }
}
