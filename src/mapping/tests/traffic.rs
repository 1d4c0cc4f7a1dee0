//! The traffic by which tilings are compared, against the bursts of the schedule, and the chosen
//! tiling against all that there are.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::choose::choose;
use super::super::fold::ArrayTiming;
use super::super::nest::Nest;
use super::super::tiling::{Limits, ORDERS, Tiling};
use super::cases::{any_limits, nest, plan_of, timing};
use crate::arch::PerOperand;

/// Random layers with limits and an array that they fit, the same ones every time.
fn cases(count: usize) -> impl Iterator<Item = (Nest, Limits, ArrayTiming, Tiling)> {
    let mut runner = TestRunner::deterministic();
    let strategy = (nest(), any_limits(), timing());
    (0..count).filter_map(move |_| {
        let (nest, limits, timing) = strategy.new_tree(&mut runner).ok()?.current();
        let tiling = choose(&nest, &limits, &timing).ok()?;
        Some((nest, limits, timing, tiling))
    })
}

/// Bytes in whole bursts of the schedule, and its transfers that move anything.
fn scheduled(nest: &Nest, tiling: Tiling, limits: &Limits, timing: &ArrayTiming) -> (u64, u64) {
    let (plan, _) = plan_of(nest, tiling, limits, timing);
    let schedule = plan.schedule();
    let moved = schedule.transfers.iter().filter(|t| t.runs.bytes() > 0);
    moved.fold((0, 0), |(bytes, transfers), transfer| {
        let bursts = transfer.runs.bursts(limits.burst_bytes).count() as u64;
        (
            bytes + bursts * u64::from(limits.burst_bytes),
            transfers + 1,
        )
    })
}

/// The estimate averages over the places at which runs can begin: it may be off by a burst a
/// transfer, and in rare layouts (one in some hundreds) a regular pitch makes the average miss by more.
#[test]
fn estimate_is_the_traffic_of_the_schedule_up_to_alignment() {
    let (mut all, mut beyond) = (0, 0);
    for (nest, limits, timing, tiling) in cases(3000) {
        let (actual, transfers) = scheduled(&nest, tiling, &limits, &timing);
        let off = tiling.traffic_bytes(&nest, &limits).abs_diff(actual);
        all += 1;
        if off > transfers * u64::from(limits.burst_bytes) {
            beyond += 1;
            assert!(
                off <= actual,
                "{off} of {actual}: {nest:?} {limits:?} {tiling:?}"
            );
        }
    }
    assert!(all > 2500 && beyond * 200 <= all, "{beyond} of {all}");
}

/// The least traffic over all integer tile sizes and orders.
fn least_traffic(nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> u64 {
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
                order: ORDERS[0],
                exchanged: false,
                slots: PerOperand::same(1),
            };
            if tiling.fit(nest, limits, timing) {
                for order in ORDERS {
                    let traffic = Tiling { order, ..tiling }.traffic_bytes(nest, limits);
                    least = least.min(traffic);
                }
            }
        }
    }
    least
}

/// Among all tile sizes there is none with much less traffic. The policy allows a tenth; the cuts
/// that are tried cost up to three quarters more in the worst case, and next to nothing as a rule.
#[test]
fn choice_is_near_the_best_of_all_tilings() {
    let mut ratios: Vec<f64> = cases(1200)
        .filter(|(nest, ..)| nest.channels <= 24)
        .map(|(nest, limits, timing, tiling)| {
            let least = least_traffic(&nest, &limits, &timing);
            tiling.traffic_bytes(&nest, &limits) as f64 / least as f64
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |percent: usize| ratios[(ratios.len() - 1) * percent / 100];
    assert!(ratios.len() > 900);
    assert!(at(0) >= 1.0);
    assert!(at(90) <= 1.1, "{}", at(90));
    assert!(at(99) <= 1.5, "{}", at(99));
    assert!(at(100) <= 1.75, "{}", at(100));
}
