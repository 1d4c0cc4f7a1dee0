//! The choice against all tilings that there are, and the bounds that spare most of them.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::array_plan::ArrayPlan;
use super::super::choose::{Problem, choose, smallest};
use super::super::fold::ArrayTiming;
use super::super::nest::Nest;
use super::super::tiling::{Limits, ORDERS, Tiling};
use super::cases::{any_limits, goal, nest, objective, plan_of, timing};
use crate::arch::{Objective, PerOperand};

/// The bursts of the schedule, one by one.
fn bursts(plan: &ArrayPlan) -> u64 {
    let transfers = plan.schedule().transfers;
    let bursts = transfers
        .iter()
        .map(|transfer| transfer.runs.bursts(plan.burst_bytes).count() as u64);
    bursts.sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    /// No tiling of the space, followed tile by tile, costs less than the choice; none costs less than its own bound;
    /// and its bursts are those of its schedule.
    #[test]
    fn choice_is_the_best_of_the_space(
        nest in nest(), limits in any_limits(), timing in timing(), objective in objective(),
    ) {
        let (template, _) = plan_of(&nest, smallest(&nest), &limits, &timing);
        let goal = goal(objective, &timing);
        let problem = Problem { template: &template, limits: &limits, goal: &goal, fixed: None };
        let Ok(choices) = choose(&problem) else { return Ok(()) };
        let best = choices.best.cost.under(objective);
        for (tiling, bound) in problem.bounds() {
            let cost = problem.follow(tiling);
            prop_assert!(
                bound.under(objective) <= cost.under(objective) * (1.0 + 1e-9),
                "{bound:?} {cost:?} {tiling:?}"
            );
            // Else it is the best of what was followed.
            prop_assert!(!choices.complete || best <= cost.under(objective) * (1.0 + 1e-9), "{choices:?} {cost:?} {tiling:?}");
        }
        let plan = problem.plan(choices.best.tiling);
        prop_assert_eq!(choices.best.cost.bursts, bursts(&plan));
    }
}

/// The least bursts over all integer tile sizes and orders, with nothing kept.
fn least_bursts(nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> u64 {
    let mut pixels: Vec<[u32; 3]> = (2..=nest.images)
        .map(|images| [images, nest.out_rows, nest.out_columns])
        .collect();
    for rows in 1..=nest.out_rows {
        pixels.extend((1..=nest.out_columns).map(|columns| [1, rows, columns]));
    }
    let mut channels: Vec<[u32; 3]> = (2..=nest.groups)
        .map(|groups| [groups, nest.filters, nest.channels])
        .collect();
    for filters in 1..=nest.filters {
        channels.extend((1..=nest.channels).map(|channels| [1, filters, channels]));
    }
    let mut least = u64::MAX;
    for &[images, out_rows, out_columns] in &pixels {
        for &[groups, filters, channels] in &channels {
            let mut tiling = Tiling {
                images,
                out_rows,
                out_columns,
                groups,
                filters,
                channels,
                ..smallest(nest)
            };
            if tiling.fit(nest, limits, timing) {
                for order in ORDERS {
                    let (plan, _) = plan_of(nest, Tiling { order, ..tiling }, limits, timing);
                    least = least.min(bursts(&plan));
                }
            }
        }
    }
    least
}

/// Among all tile sizes there is none with much less traffic: the cuts that are tried lose next to nothing.
#[test]
fn cuts_lose_little_traffic() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = (nest(), any_limits(), timing());
    let mut ratios = Vec::new();
    for _ in 0..150 {
        let Ok(case) = strategy.new_tree(&mut runner) else {
            continue;
        };
        let (nest, limits, timing) = case.current();
        if nest.channels > 16 || nest.filters > 16 {
            continue;
        }
        let (template, _) = plan_of(&nest, smallest(&nest), &limits, &timing);
        let goal = goal(Objective::Traffic, &timing);
        let problem = Problem {
            template: &template,
            limits: &limits,
            goal: &goal,
            fixed: None,
        };
        if let Ok(choices) = choose(&problem) {
            let least = least_bursts(&nest, &limits, &timing);
            ratios.push(choices.best.cost.bursts as f64 / least as f64);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let at = |percent: usize| ratios[(ratios.len() - 1) * percent / 100];
    assert!(ratios.len() > 80, "{}", ratios.len());
    assert!(at(90) <= 1.1, "{}", at(90));
    assert!(at(100) <= 1.75, "{}", at(100));
}

/// A layer whose weights fit whole, with pixels that do not: kept weights are fetched once whatever the order.
#[test]
fn what_stays_is_fetched_once() {
    use super::cases::{limits, wide_timing};
    use crate::arch::Dataflow;
    let nest = Nest {
        images: 1,
        repeats: 1,
        groups: 1,
        out_rows: 64,
        out_columns: 64,
        filters: 64,
        channels: 64,
        in_rows: 64,
        in_columns: 64,
        rows: super::super::nest::Axis::POINT,
        columns: super::super::nest::Axis::POINT,
        second: super::super::nest::SecondOperand::Weights,
        flat: false,
        sampling: [1, 1],
    };
    let timing = wide_timing(Dataflow::OutputStationary, 8, 8);
    // Two tiles of the weights fit, and all of them; of the pixels a few rows.
    let limits = limits([16 * 64 * 64 * 8, 64 * 64 * 8, 16 * 64 * 64 * 8]);
    let tiling = Tiling {
        out_rows: 4,
        out_columns: 64,
        filters: 16,
        channels: 64,
        ..smallest(&nest)
    };
    let traffic = |kept: bool| {
        let kept = PerOperand {
            weight: kept,
            ..PerOperand::same(false)
        };
        let mut tiling = Tiling { kept, ..tiling };
        assert!(tiling.fit(&nest, &limits, &timing));
        bursts(&plan_of(&nest, tiling, &limits, &timing).0) * 64
    };
    let (pixels, weights) = (64 * 64 * 64, 64 * 64);
    // Each output pixel is written a quarter of a burst at a time.
    let moved = pixels + 4 * pixels;
    assert_eq!(traffic(false), moved + 16 * weights);
    assert_eq!(traffic(true), moved + weights);
}
