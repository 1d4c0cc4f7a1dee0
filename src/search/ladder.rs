//! The options of a layer that are worth a thought.

use crate::approx::LayerFormats;

/// An option of a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rung {
    /// The option.
    pub formats: LayerFormats,
    /// Its share of the objective.
    pub share: f64,
    /// Its harm: error power, later divergence.
    pub harm: f64,
}

/// The rungs that no other beats in both share and harm, from the most expensive and least harmful down: shares fall
/// and harms grow strictly. Of equals the first stays.
pub(super) fn ladder(mut rungs: Vec<Rung>) -> Vec<Rung> {
    rungs.sort_by(|a, b| a.harm.total_cmp(&b.harm).then(a.share.total_cmp(&b.share)));
    let mut kept: Vec<Rung> = Vec::new();
    for rung in rungs {
        if kept.last().is_none_or(|last| rung.share < last.share) {
            kept.push(rung);
        }
    }
    kept
}

/// At most `most` rungs of a ladder: the first, the last, and between them those that lose the least area under the
/// ladder's steps when the others go.
pub(super) fn thinned(mut rungs: Vec<Rung>, most: usize) -> Vec<Rung> {
    while rungs.len() > most.max(2) {
        // Without rung `i`, what needed it takes the more expensive `i - 1`; harms are compared by their ratios.
        let lost = |i: usize| {
            let dearer = rungs[i - 1].share - rungs[i].share;
            let span = (rungs[i + 1].harm / rungs[i].harm.max(f64::MIN_POSITIVE)).log2();
            dearer * span
        };
        let inner = 1..rungs.len() - 1;
        let Some(least) = inner.min_by(|&a, &b| lost(a).total_cmp(&lost(b))) else {
            break;
        };
        rungs.remove(least);
    }
    rungs
}

/// The lower convex hull of a ladder in (harm, share): what is left saves less and less per harm, step by step.
pub(super) fn hull(rungs: &[Rung]) -> Vec<Rung> {
    let mut kept: Vec<Rung> = Vec::new();
    for &rung in rungs {
        while let [.., a, b] = kept[..] {
            // `b` lies on or above the line from `a` to `rung`.
            let first = (a.share - b.share) * (rung.harm - a.harm);
            let whole = (a.share - rung.share) * (b.harm - a.harm);
            if first > whole {
                break;
            }
            kept.pop();
        }
        kept.push(rung);
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::configuration::EXACT;

    fn rungs(points: &[(f64, f64)]) -> Vec<Rung> {
        let rung = |&(share, harm): &(f64, f64)| Rung {
            formats: EXACT,
            share,
            harm,
        };
        points.iter().map(rung).collect()
    }

    proptest! {
        #[test]
        fn a_ladder_holds_exactly_what_nothing_beats(
            points in prop::collection::vec((0u8..20, 0u8..20), 1..40)
        ) {
            let points: Vec<(f64, f64)> =
                points.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let kept = ladder(rungs(&points));
            for &(share, harm) in &points {
                let reached = kept.iter().any(|rung| rung.share <= share && rung.harm <= harm);
                prop_assert!(reached);
            }
            for pair in kept.windows(2) {
                prop_assert!(pair[0].share > pair[1].share && pair[0].harm < pair[1].harm);
            }
        }

        #[test]
        fn a_hull_lies_below_its_ladder_and_gets_flatter(
            points in prop::collection::vec((0u8..40, 0u8..40), 2..40)
        ) {
            let points: Vec<(f64, f64)> =
                points.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let all = ladder(rungs(&points));
            let kept = hull(&all);
            prop_assert_eq!(kept.first(), all.first());
            prop_assert_eq!(kept.last(), all.last());
            let slope = |pair: &[Rung]| {
                (pair[0].share - pair[1].share) / (pair[1].harm - pair[0].harm)
            };
            let slopes: Vec<f64> = kept.windows(2).map(slope).collect();
            prop_assert!(slopes.windows(2).all(|pair| pair[0] > pair[1]));
            for rung in &all {
                let Some(at) = kept.windows(2).find(|pair| rung.harm <= pair[1].harm) else { continue };
                let line = at[0].share - slope(at) * (rung.harm - at[0].harm);
                prop_assert!(rung.share >= line - 1e-9);
            }
        }

        #[test]
        fn thinning_keeps_the_ends(points in prop::collection::vec((0u8..40, 1u8..40), 1..40)) {
            let points: Vec<(f64, f64)> =
                points.iter().map(|&(a, b)| (f64::from(a), f64::from(b))).collect();
            let all = ladder(rungs(&points));
            let few = thinned(all.clone(), 5);
            prop_assert_eq!(few.len(), all.len().min(5));
            prop_assert_eq!(few.first(), all.first());
            prop_assert_eq!(few.last(), all.last());
        }
    }
}
