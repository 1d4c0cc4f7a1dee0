//! The choice of a schedule for one layer: tile sizes, loop order, what stays in the buffers, and the exchange of
//! operands.
//!
//! Best first: every tiling of the space (`cuts`) that fits the buffers has a bound below which its cost can not be
//! (`bound`), and the tilings are followed tile by tile (`pipeline`) in the order of their bounds, until the best cost
//! found is no more than the next bound. So the result is the best of the space as far as `pipeline` tells; only where
//! the tilings that are worth following have more steps than [`MOST_STEPS_FOLLOWED`], the rest is judged by its bounds.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::array_plan::ArrayPlan;
use super::bound::TileBounds;
use super::cost::{Cost, Goal};
use super::cuts::Space;
use super::fixed::FixedLayer;
use super::fold::ArrayTiming;
use super::nest::Nest;
use super::pipeline::follow;
use super::tiling::{DoesNotFit, Limits, Loop, ORDERS, Tiling, Trips};
use crate::arch::{Dataflow, Operand, PerOperand};

/// Steps of one layer that the search goes through in all.
const MOST_STEPS_FOLLOWED: u64 = 1 << 17;

/// What is to be planned: a layer on an array, but for its tiling.
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem<'a> {
    /// The layer with the places of its operands; its tiling is to be replaced.
    pub template: &'a ArrayPlan,
    /// Formats and buffers.
    pub limits: &'a Limits,
    /// What schedules are judged by.
    pub goal: &'a Goal,
    /// What of the tiling is fixed.
    pub fixed: Option<&'a FixedLayer>,
}

/// A schedule and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The tiles.
    pub tiling: Tiling,
    /// Their cost, followed tile by tile.
    pub cost: Cost,
}

/// The best schedules of a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choices {
    /// The best.
    pub best: Choice,
    /// The best of those with other tiles or another order, if there is one that was worth following.
    pub next_best: Option<Choice>,
    /// Every tiling that could be better was followed tile by tile.
    pub complete: bool,
}

/// The best tiling of a layer.
///
/// # Errors
/// [`DoesNotFit`] when even the smallest tile does not fit a buffer.
pub(super) fn choose(problem: &Problem<'_>) -> Result<Choices, DoesNotFit> {
    let candidates = candidates(problem);
    let objective = problem.goal.objective;
    let mut heap: BinaryHeap<Reverse<Candidate>> = candidates.into_iter().map(Reverse).collect();
    let mut choices: Option<Choices> = None;
    let mut steps_left = MOST_STEPS_FOLLOWED;
    let mut complete = true;
    while let Some(Reverse(candidate)) = heap.pop() {
        if let Some(found) = &choices
            && found.best.cost.compare(&candidate.bound, objective) != Ordering::Greater
        {
            break;
        }
        let steps = candidate.tiling.trips(&problem.template.nest).steps();
        let cost = if steps <= steps_left {
            steps_left -= steps;
            problem.follow(candidate.tiling)
        } else {
            complete = false;
            if choices.is_some() {
                break;
            }
            candidate.bound
        };
        let found = Choice {
            tiling: candidate.tiling,
            cost,
        };
        choices = Some(match choices {
            None => Choices {
                best: found,
                next_best: None,
                complete: true,
            },
            Some(choices) => choices.with(found, problem),
        });
    }
    choices
        .map(|choices| Choices {
            complete,
            ..choices
        })
        .ok_or_else(|| smallest_tile_does_not_fit(problem))
}

impl Choices {
    fn with(self, found: Choice, problem: &Problem<'_>) -> Choices {
        let better = |a: &Choice, b: &Choice| {
            a.cost.compare(&b.cost, problem.goal.objective) == Ordering::Less
        };
        if better(&found, &self.best) {
            Choices {
                best: found,
                next_best: Some(self.best),
                ..self
            }
        } else if self.next_best.is_none_or(|next| better(&found, &next)) {
            Choices {
                next_best: Some(found),
                ..self
            }
        } else {
            self
        }
    }
}

impl Problem<'_> {
    /// Every tiling of the space that fits, with its bound.
    #[cfg(test)]
    pub(super) fn bounds(&self) -> Vec<(Tiling, Cost)> {
        let candidates = candidates(self).into_iter();
        candidates
            .map(|candidate| (candidate.tiling, candidate.bound))
            .collect()
    }

    /// The plan with a tiling.
    pub(super) fn plan(&self, tiling: Tiling) -> ArrayPlan {
        ArrayPlan {
            tiling,
            timing: ArrayTiming {
                exchanged: tiling.exchanged,
                ..self.template.timing
            },
            ..self.template.clone()
        }
    }

    /// What a tiling costs, tile by tile.
    pub(super) fn follow(&self, tiling: Tiling) -> Cost {
        let plan = self.plan(tiling);
        let schedule = plan.schedule();
        follow(&schedule, &plan.timing, self.goal, plan.burst_bytes).cost(self.goal)
    }

    /// Whether the operands can come in at either edge.
    fn exchanges(&self) -> &'static [bool] {
        let output_stationary = self.template.timing.dataflow == Dataflow::OutputStationary;
        if self.limits.operand_exchange && output_stationary {
            &[false, true]
        } else {
            &[false]
        }
    }
}

/// A tiling that fits.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    bound: Cost,
    /// The bound under the objective.
    least: f64,
    steps: u64,
    /// Its place in the order in which the space is gone through.
    number: u32,
    tiling: Tiling,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.least
            .total_cmp(&other.least)
            .then(self.bound.cycles.total_cmp(&other.bound.cycles))
            .then(self.steps.cmp(&other.steps))
            .then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Every tiling of the space that fits, with its bound.
fn candidates(problem: &Problem<'_>) -> Vec<Candidate> {
    let nest = &problem.template.nest;
    let timing = &problem.template.timing;
    let mut found = Vec::new();
    if let Some(fixed) = problem.fixed {
        let space = fixed.restrict(Space::whole(nest, timing), nest);
        add_candidates(&mut found, &space, problem);
        return found;
    }
    add_candidates(&mut found, &Space::coarse(nest, timing), problem);
    // Finer cuts pay only where the coarse ones go through an operand again.
    let once = found
        .iter()
        .any(|candidate| reads_once(&candidate.tiling, nest));
    if !once {
        for fine in Space::fine(nest, timing) {
            add_candidates(&mut found, &fine, problem);
        }
    }
    found
}

/// Whether every operand crosses the bus once, halos apart.
fn reads_once(tiling: &Tiling, nest: &Nest) -> bool {
    let trips = tiling.trips(nest);
    Operand::ALL
        .into_iter()
        .all(|operand| tiling.passes(&trips, operand) == 1)
}

fn add_candidates(found: &mut Vec<Candidate>, space: &Space, problem: &Problem<'_>) {
    let nest = &problem.template.nest;
    for &[images, out_rows, out_columns] in &space.pixels {
        let tile = Tiling {
            images,
            out_rows,
            out_columns,
            ..smallest(nest)
        };
        let mut bounds = TileBounds::of(&tile, problem);
        for &(groups, filters, channels) in &space.channels {
            let tile = Tiling {
                groups,
                filters,
                channels,
                ..tile
            };
            if tile.fits_once(nest, problem.limits, &problem.template.timing) {
                add_orders(found, &tile, &mut bounds, problem);
            }
        }
    }
}

/// All orders of the loops over tiles of one size, and all that can stay in the buffers under each.
fn add_orders(
    found: &mut Vec<Candidate>,
    tile: &Tiling,
    bounds: &mut TileBounds,
    problem: &Problem<'_>,
) {
    let (nest, limits) = (&problem.template.nest, problem.limits);
    let trips = tile.trips(nest);
    for &exchanged in problem.exchanges() {
        let tile = Tiling { exchanged, ..*tile };
        bounds.begin(&tile, problem);
        for order in distinct_orders(&trips) {
            let ordered = Tiling { order, ..tile };
            for mut tiling in residencies(&ordered, &trips, problem) {
                let allowed = problem
                    .fixed
                    .is_none_or(|fixed| fixed.allows(&tiling, &trips));
                if allowed && tiling.fit(nest, limits, &problem.template.timing) {
                    let bound = bounds.bound(&tiling, &trips, problem);
                    found.push(Candidate {
                        least: bound.under(problem.goal.objective),
                        bound,
                        steps: trips.steps(),
                        number: found.len() as u32,
                        tiling,
                    });
                }
            }
        }
    }
}

/// The tiling with every choice of operands that are kept; halos are kept wherever they can be.
fn residencies(
    tiling: &Tiling,
    trips: &Trips,
    problem: &Problem<'_>,
) -> impl Iterator<Item = Tiling> {
    let can = PerOperand::of(|operand| tiling.can_keep(trips, operand));
    let halos = tiling.can_keep_halos(&problem.template.nest, trips);
    let tiling = Tiling {
        halos: problem.fixed.map_or(halos, |fixed| fixed.halos(halos)),
        ..*tiling
    };
    (0..8u32).filter_map(move |set| {
        let kept = PerOperand {
            activation: set & 1 != 0,
            weight: set & 2 != 0,
            output: set & 4 != 0,
        };
        let possible = Operand::ALL.into_iter().all(|o| can[o] || !kept[o]);
        possible.then_some(Tiling { kept, ..tiling })
    })
}

pub(super) fn smallest(nest: &Nest) -> Tiling {
    Tiling {
        images: 1,
        out_rows: 1,
        out_columns: 1,
        groups: 1,
        filters: 1,
        channels: 1,
        order: ORDERS[0],
        exchanged: false,
        kept: PerOperand::same(false),
        halos: false,
        slots: PerOperand::same(if nest.groups > 1 { 2 } else { 1 }),
    }
}

/// The buffer that the smallest tile, or what is fixed of it, exceeds most.
fn smallest_tile_does_not_fit(problem: &Problem<'_>) -> DoesNotFit {
    let (nest, limits) = (&problem.template.nest, problem.limits);
    let smallest = smallest(nest);
    let smallest = problem
        .fixed
        .map_or(smallest, |fixed| fixed.smallest(smallest, nest));
    let needed = smallest.footprint_bits(nest, limits, &problem.template.timing);
    let trips = smallest.trips(nest);
    let available = PerOperand::of(|operand| {
        limits.capacity_bits[operand] / smallest.needed_slots(&trips, limits, operand)
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
