//! The options of a layer that are worth a thought.

use crate::approx::LayerFormats;

/// An option of a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OptionPoint {
    /// The option.
    pub formats: LayerFormats,
    /// Its share of the objective.
    pub share: f64,
    /// Its harm: error power, later divergence.
    pub harm: f64,
}

/// The points that no other beats in both share and harm, from the most expensive and least harmful down: shares fall
/// and harms grow strictly. Of equals the first stays.
pub(super) fn option_front(mut points: Vec<OptionPoint>) -> Vec<OptionPoint> {
    points.sort_by(|a, b| a.harm.total_cmp(&b.harm).then(a.share.total_cmp(&b.share)));
    let mut kept: Vec<OptionPoint> = Vec::new();
    for point in points {
        if kept.last().is_none_or(|last| point.share < last.share) {
            kept.push(point);
        }
    }
    kept
}

/// At most `most` points of a front: the first, the last, and between them those that lose the least area under the
/// front's steps when the others go.
pub(super) fn thinned(mut points: Vec<OptionPoint>, most: usize) -> Vec<OptionPoint> {
    while points.len() > most.max(2) {
        // Without point `i`, what needed it takes the more expensive `i - 1`; harms are compared by their ratios.
        let lost = |i: usize| {
            let dearer = points[i - 1].share - points[i].share;
            let span = (points[i + 1].harm / points[i].harm.max(f64::MIN_POSITIVE)).log2();
            dearer * span
        };
        let inner = 1..points.len() - 1;
        let Some(least) = inner.min_by(|&a, &b| lost(a).total_cmp(&lost(b))) else {
            break;
        };
        points.remove(least);
    }
    points
}

/// The lower convex hull of a front in (harm, share): what is left saves less and less per harm, step by step.
pub(super) fn hull(points: &[OptionPoint]) -> Vec<OptionPoint> {
    let mut kept: Vec<OptionPoint> = Vec::new();
    for &point in points {
        while let [.., a, b] = kept[..] {
            // `b` lies on or above the line from `a` to `point`.
            let first = (a.share - b.share) * (point.harm - a.harm);
            let whole = (a.share - point.share) * (b.harm - a.harm);
            if first > whole {
                break;
            }
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::configuration::EXACT;

    fn made_up(points: &[(f64, f64)]) -> Vec<OptionPoint> {
        let point = |&(share, harm): &(f64, f64)| OptionPoint {
            formats: EXACT,
            share,
            harm,
        };
        points.iter().map(point).collect()
    }

    proptest! {
        #[test]
        fn a_front_holds_exactly_what_nothing_beats(
            points in prop::collection::vec((0u8..20, 0u8..20), 1..40)
        ) {
            let points: Vec<(f64, f64)> =
                points.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let kept = option_front(made_up(&points));
            for &(share, harm) in &points {
                let reached = kept.iter().any(|point| point.share <= share && point.harm <= harm);
                prop_assert!(reached);
            }
            for pair in kept.windows(2) {
                prop_assert!(pair[0].share > pair[1].share && pair[0].harm < pair[1].harm);
            }
        }

        #[test]
        fn a_hull_lies_below_its_front_and_gets_flatter(
            points in prop::collection::vec((0u8..40, 0u8..40), 2..40)
        ) {
            let points: Vec<(f64, f64)> =
                points.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let all = option_front(made_up(&points));
            let kept = hull(&all);
            prop_assert_eq!(kept.first(), all.first());
            prop_assert_eq!(kept.last(), all.last());
            let slope = |pair: &[OptionPoint]| {
                (pair[0].share - pair[1].share) / (pair[1].harm - pair[0].harm)
            };
            let slopes: Vec<f64> = kept.windows(2).map(slope).collect();
            prop_assert!(slopes.windows(2).all(|pair| pair[0] > pair[1]));
            for point in &all {
                let Some(at) = kept.windows(2).find(|pair| point.harm <= pair[1].harm) else { continue };
                let line = at[0].share - slope(at) * (point.harm - at[0].harm);
                prop_assert!(point.share >= line - 1e-9);
            }
        }

        #[test]
        fn thinning_keeps_the_ends(points in prop::collection::vec((0u8..40, 1u8..40), 1..40)) {
            let points: Vec<(f64, f64)> =
                points.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let all = option_front(made_up(&points));
            let few = thinned(all.clone(), 5);
            prop_assert_eq!(few.len(), all.len().min(5));
            prop_assert_eq!(few.first(), all.first());
            prop_assert_eq!(few.last(), all.last());
        }
    }
}
