//! The choice of tiles and loop order for one layer.
//!
//! Every tiling that fits the scratchpads is scored twice: by its DRAM traffic (whole bursts, re-reads,
//! halos and spilled partial sums included) and by the cycles that a machine with perfect overlap
//! would take. The tilings whose traffic is within the policy's slack of the least compete on cycles.

use super::cuts::{channel_tiles, fine_channel_tiles, pixel_tiles, rectangles};
use super::fold::ArrayTiming;
use super::nest::Nest;
use super::tiling::{DoesNotFit, Limits, Loop, ORDERS, Tiling, Trips};
use super::traffic::InputSpans;
use crate::arch::{Dataflow, Operand, PerOperand};

/// The best tiling of `nest`, by the policy in `limits`.
///
/// # Errors
/// [`DoesNotFit`] when even the smallest tile does not fit a buffer.
pub(super) fn choose(
    nest: &Nest,
    limits: &Limits,
    timing: &ArrayTiming,
) -> Result<Tiling, DoesNotFit> {
    let candidates = candidates(nest, limits, timing)?;
    let least = candidates
        .iter()
        .map(|&(traffic, _)| traffic)
        .min()
        .unwrap_or(0);
    let bound = slackened(least, limits);
    let exchanges: &[bool] =
        if limits.operand_exchange && timing.dataflow == Dataflow::OutputStationary {
            &[false, true]
        } else {
            &[false]
        };
    let best = candidates
        .into_iter()
        .filter(|&(traffic, _)| traffic <= bound)
        .flat_map(|(traffic, tiling)| {
            exchanges.iter().map(move |&exchanged| {
                (
                    traffic,
                    Tiling {
                        exchanged,
                        ..tiling
                    },
                )
            })
        })
        .map(|(traffic, tiling)| {
            (
                tiling.estimated_cycles(nest, limits, timing),
                traffic,
                tiling,
            )
        })
        .min_by_key(|&(cycles, traffic, tiling)| (cycles, traffic, tiling.trips(nest).steps()));
    match best {
        Some((_, _, tiling)) => Ok(tiling),
        None => Err(smallest_tile_does_not_fit(nest, limits, timing)),
    }
}

/// The layer as one tile.
fn whole(nest: &Nest) -> Tiling {
    Tiling {
        images: nest.images,
        out_rows: nest.out_rows,
        out_columns: nest.out_columns,
        groups: nest.groups,
        filters: nest.filters,
        channels: nest.channels,
        ..smallest(nest)
    }
}

fn smallest(nest: &Nest) -> Tiling {
    Tiling {
        images: 1,
        out_rows: 1,
        out_columns: 1,
        groups: 1,
        filters: 1,
        channels: 1,
        order: ORDERS[0],
        exchanged: false,
        slots: PerOperand::same(if nest.groups > 1 { 2 } else { 1 }),
    }
}

fn smallest_tile_does_not_fit(nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> DoesNotFit {
    let needed = smallest(nest).footprint_bits(nest, limits, timing);
    let available = PerOperand::of(|operand| {
        let slots = if limits.double_buffered[operand] {
            2
        } else {
            1
        };
        limits.capacity_bits[operand] / slots
    });
    let worst = Operand::ALL
        .into_iter()
        .max_by_key(|&o| needed[o].saturating_sub(available[o]))
        .unwrap_or(Operand::Activation);
    DoesNotFit {
        operand: worst,
        needed_bits: needed[worst],
        available_bits: available[worst],
    }
}

fn candidates(
    nest: &Nest,
    limits: &Limits,
    timing: &ArrayTiming,
) -> Result<Vec<(u64, Tiling)>, DoesNotFit> {
    let mut found = Vec::new();
    let tiles = channel_tiles(nest, timing);
    add_candidates(&mut found, &pixel_tiles(nest), &tiles, nest, limits, timing);
    let least = found.iter().map(|&(traffic, _)| traffic).min();
    // Finer cuts pay only where the coarse ones go through an operand again.
    let enough = slackened(whole(nest).once_bytes(nest, limits), limits);
    if least.is_none_or(|least| least > enough) {
        let fine = fine_channel_tiles(nest, timing);
        add_candidates(&mut found, &pixel_tiles(nest), &fine, nest, limits, timing);
        add_candidates(&mut found, &rectangles(nest), &tiles, nest, limits, timing);
        add_candidates(&mut found, &rectangles(nest), &fine, nest, limits, timing);
    }
    if found.is_empty() {
        return Err(smallest_tile_does_not_fit(nest, limits, timing));
    }
    Ok(found)
}

fn add_candidates(
    found: &mut Vec<(u64, Tiling)>,
    pixel_tiles: &[[u32; 3]],
    channel_tiles: &[(u32, u32, u32)],
    nest: &Nest,
    limits: &Limits,
    timing: &ArrayTiming,
) {
    for &[images, out_rows, out_columns] in pixel_tiles {
        let mut tiling = Tiling {
            images,
            out_rows,
            out_columns,
            ..smallest(nest)
        };
        let input = InputSpans::of(&tiling, nest);
        for &(groups, filters, channels) in channel_tiles {
            (tiling.groups, tiling.filters, tiling.channels) = (groups, filters, channels);
            if !tiling.fit(nest, limits, timing) {
                continue;
            }
            let trips = tiling.trips(nest);
            let once = tiling.once(nest, limits, &input, &trips);
            for order in distinct_orders(&trips) {
                tiling.order = order;
                found.push((once.traffic_bytes(&tiling, &trips), tiling));
            }
        }
    }
}

/// `bytes` and what the policy allows beyond.
fn slackened(bytes: u64, limits: &Limits) -> u64 {
    bytes + bytes / 100 * u64::from(limits.traffic_slack_percent)
}

impl Tiling {
    /// Sets the slots of each operand; false if a tile does not fit its slot.
    pub(super) fn fit(&mut self, nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> bool {
        let trips = self.trips(nest);
        let needed = self.footprint_bits(nest, limits, timing);
        Operand::ALL.into_iter().all(|operand| {
            let one_tile = trips.group_sets == 1
                && [Loop::Outputs, Loop::Filters, Loop::Channels]
                    .into_iter()
                    .all(|over| !over.moves(operand) || trips.of(over) == 1);
            self.slots[operand] = if limits.double_buffered[operand] && !one_tile {
                2
            } else {
                1
            };
            needed[operand] <= limits.capacity_bits[operand] / u64::from(self.slots[operand])
        })
    }
}

/// Orders that differ once loops of a single trip are left out.
fn distinct_orders(trips: &Trips) -> impl Iterator<Item = [Loop; 3]> {
    let trips = *trips;
    let signature = move |order: &[Loop; 3]| order.map(|over| (trips.of(over) > 1).then_some(over));
    let compact = move |order: &[Loop; 3]| {
        let mut kept = [None; 3];
        for (slot, over) in kept.iter_mut().zip(signature(order).into_iter().flatten()) {
            *slot = Some(over);
        }
        kept
    };
    ORDERS
        .into_iter()
        .enumerate()
        .filter_map(move |(index, order)| {
            let repeated = ORDERS[..index]
                .iter()
                .any(|earlier| compact(earlier) == compact(&order));
            (!repeated).then_some(order)
        })
}
