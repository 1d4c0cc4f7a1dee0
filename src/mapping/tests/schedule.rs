//! Schedules of random layers against the loop nest, element by element.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::array_plan::{ArrayPlan, SecondLayout, TileBox};
use super::super::choose::{Problem, choose, smallest};
use super::super::memory::TensorLayout;
use super::super::nest::{Axis, Nest, SecondOperand};
use super::super::schedule::{Schedule, Transfer, Work};
use super::super::tiling::Limits;
use super::cases::{any_limits, goal, nest, objective, plan_of, timing};
use crate::arch::{Dataflow, Objective, Operand, PerOperand};

fn length(range: &std::ops::Range<u32>) -> u64 {
    u64::from(range.end - range.start)
}

/// Every (repetition, group, image, row, column, filter, channel) is in exactly one step.
fn assert_partition(plan: &ArrayPlan, schedule: &Schedule) {
    let nest = &plan.nest;
    let extents = [
        nest.repeats,
        nest.groups,
        nest.images,
        nest.out_rows,
        nest.out_columns,
        nest.filters,
        nest.channels,
    ];
    let size = extents.iter().map(|&e| e as usize).product();
    let mut seen = vec![0u8; size];
    for index in 0..schedule.steps.len() {
        let tile = plan.step_box(index as u64);
        let repeat = tile.repeat..tile.repeat + 1;
        let ranges = [
            repeat,
            tile.groups,
            tile.images,
            tile.rows,
            tile.columns,
            tile.filters,
            tile.channels,
        ];
        let mut places = vec![0usize];
        for (range, extent) in ranges.iter().zip(extents) {
            assert!(range.end <= extent && !range.is_empty());
            places = places
                .iter()
                .flat_map(|&at| {
                    range
                        .clone()
                        .map(move |i| at * extent as usize + i as usize)
                })
                .collect();
        }
        for place in places {
            seen[place] += 1;
        }
    }
    assert!(seen.iter().all(|&count| count == 1), "not a partition");
}

pub(super) fn bytes_of(transfer: &Transfer) -> BTreeSet<u64> {
    let runs = &transfer.runs;
    let mut bytes = BTreeSet::new();
    for i in 0..u64::from(runs.counts[0]) {
        for j in 0..u64::from(runs.counts[1]) {
            for k in 0..u64::from(runs.counts[2]) {
                let at =
                    runs.base + i * runs.strides[0] + j * runs.strides[1] + k * runs.strides[2];
                for byte in at..at + runs.run_bytes {
                    assert!(bytes.insert(byte), "a byte twice in one transfer");
                }
            }
        }
    }
    bytes
}

/// Bytes that hold any bit of these values of a tensor.
fn value_bytes(
    layout: &TensorLayout,
    images: impl Iterator<Item = u32> + Clone,
    rows: impl Iterator<Item = u32> + Clone,
    columns: impl Iterator<Item = u32> + Clone,
    channels: impl Iterator<Item = u32> + Clone,
) -> BTreeSet<u64> {
    let mut bytes = BTreeSet::new();
    for image in images {
        for row in rows.clone() {
            for column in columns.clone() {
                let pixel = layout.base
                    + u64::from(image) * layout.image_bytes
                    + u64::from(row) * layout.row_pitch
                    + u64::from(column) * layout.pixel_pitch;
                for channel in channels.clone() {
                    let bit = u64::from(channel) * u64::from(layout.value_bits);
                    let last = bit + u64::from(layout.value_bits) - 1;
                    bytes.extend(pixel + bit / 8..=pixel + last / 8);
                }
            }
        }
    }
    bytes
}

/// Input positions from the first to the last that some tap of the outputs touches.
fn touched(axis: &Axis, outputs: std::ops::Range<u32>, input: u32) -> Option<(u32, u32)> {
    let taps: Vec<u32> = outputs
        .flat_map(|o| (0..axis.kernel).map(move |t| o * axis.stride + t * axis.dilation))
        .filter_map(|at| at.checked_sub(axis.padding))
        .filter(|&at| at < input)
        .collect();
    Some((*taps.iter().min()?, *taps.iter().max()?))
}

fn channels_of(groups: &std::ops::Range<u32>, within: &std::ops::Range<u32>, of: u32) -> Vec<u32> {
    groups
        .clone()
        .flat_map(|group| within.clone().map(move |i| group * of + i))
        .collect()
}

fn images_of(nest: &Nest, tile: &TileBox) -> std::ops::Range<u32> {
    if nest.repeats > 1 {
        assert_eq!((tile.images.clone(), nest.images), (0..1, 1));
        tile.repeat..tile.repeat + 1
    } else {
        tile.images.clone()
    }
}

/// Input rows that are there from the step before.
fn held_rows(plan: &ArrayPlan, tile: &TileBox, before: Option<&TileBox>) -> u32 {
    let follows = |before: &&TileBox| {
        plan.tiling.halos
            && before.rows.end == tile.rows.start
            && before.images == tile.images
            && before.repeat == tile.repeat
            && before.groups == tile.groups
            && before.columns == tile.columns
            && before.channels == tile.channels
    };
    let rows = before
        .filter(follows)
        .and_then(|before| touched(&plan.nest.rows, before.rows.clone(), plan.nest.in_rows));
    rows.map_or(0, |(_, last)| last + 1)
}

fn assert_input(plan: &ArrayPlan, tile: &TileBox, before: Option<&TileBox>, transfer: &Transfer) {
    let nest = &plan.nest;
    let held = held_rows(plan, tile, before);
    let bytes = bytes_of(transfer);
    if nest.flat {
        let least = length(&tile.channels) * u64::from(plan.input.value_bits) / 8;
        assert!(bytes.len() as u64 >= least * length(&tile.images));
        return;
    }
    let channels = channels_of(&tile.groups, &tile.channels, nest.channels);
    let rows = touched(&nest.rows, tile.rows.clone(), nest.in_rows);
    let columns = touched(&nest.columns, tile.columns.clone(), nest.in_columns);
    let (Some(rows), Some(columns)) = (rows, columns) else {
        // Padding only: nothing need be there, and what is fetched lies in the tensor.
        return;
    };
    let boxed = |rows: (u32, u32), columns: (u32, u32)| {
        value_bytes(
            &plan.input,
            images_of(nest, tile),
            rows.0.max(held)..=rows.1,
            columns.0..=columns.1,
            channels.iter().copied(),
        )
    };
    assert_eq!(bytes, boxed(rows, columns), "bytes of the input box");
}

fn assert_second(plan: &ArrayPlan, tile: &TileBox, transfer: &Transfer) {
    let nest = &plan.nest;
    match plan.second {
        SecondLayout::Weights { value_bits, .. } => {
            let weights = length(&tile.groups)
                * length(&tile.filters)
                * length(&tile.channels)
                * u64::from(nest.rows.kernel * nest.columns.kernel);
            assert_eq!(
                transfer.runs.bytes(),
                (weights * u64::from(value_bits)).div_ceil(8)
            );
        }
        SecondLayout::Activation(layout) => {
            let images = images_of(nest, tile);
            let expected = if nest.second == SecondOperand::RowPerFilter {
                let channels = channels_of(&tile.groups, &tile.channels, nest.channels);
                value_bytes(
                    &layout,
                    images,
                    tile.filters.clone(),
                    0..1,
                    channels.into_iter(),
                )
            } else {
                let channels = channels_of(&tile.groups, &tile.filters, nest.filters);
                value_bytes(
                    &layout,
                    images,
                    tile.channels.clone(),
                    0..1,
                    channels.into_iter(),
                )
            };
            assert_eq!(bytes_of(transfer), expected, "bytes of the second operand");
        }
    }
}

fn output_bytes(plan: &ArrayPlan, tile: &TileBox) -> BTreeSet<u64> {
    let nest = &plan.nest;
    let channels = channels_of(&tile.groups, &tile.filters, nest.filters);
    value_bytes(
        &plan.output,
        images_of(nest, tile),
        tile.rows.clone(),
        tile.columns.clone(),
        channels.into_iter(),
    )
}

/// Bits of the step's tiles in their buffers.
fn assert_fits(plan: &ArrayPlan, limits: &Limits, tile: &TileBox) {
    let nest = &plan.nest;
    let span = |axis: &Axis, outputs: &std::ops::Range<u32>, input| {
        touched(axis, outputs.clone(), input).map_or(0, |(low, high)| u64::from(high - low + 1))
    };
    let taps = u64::from(nest.rows.kernel * nest.columns.kernel);
    let (groups, images) = (length(&tile.groups), length(&tile.images));
    let (filters, channels) = (length(&tile.filters), length(&tile.channels));
    let whole = channels == u64::from(nest.channels);
    let row_block = u64::from(plan.timing.rows) * u64::from(plan.timing.macs_per_step);
    let one_block =
        plan.timing.dataflow == Dataflow::OutputStationary || channels * taps <= row_block;
    let output_bits = if whole && one_block {
        limits.output_bits
    } else {
        limits.psum_bits
    };
    let bits = [
        images
            * span(&nest.rows, &tile.rows, nest.in_rows)
            * span(&nest.columns, &tile.columns, nest.in_columns)
            * groups
            * channels
            * u64::from(limits.activation_bits),
        groups * filters * channels * taps * u64::from(limits.weight_bits),
        groups
            * images
            * length(&tile.rows)
            * length(&tile.columns)
            * filters
            * u64::from(output_bits),
    ];
    let bits = PerOperand::from(bits);
    for operand in Operand::ALL {
        let slot = limits.capacity_bits[operand] / u64::from(plan.tiling.slots[operand]);
        assert!(bits[operand] <= slot, "{operand}: {bits:?} in {limits:?}");
    }
}

/// Per operand and step: whether a tile comes and whether it goes, from what has to stay and from the boxes alone.
fn tile_lives(plan: &ArrayPlan, boxes: &[TileBox], operand: Operand) -> Vec<(bool, bool)> {
    let entered = |i: usize| i == 0 || !same_tile(operand, &boxes[i], &boxes[i - 1]);
    let left = |i: usize| {
        boxes
            .get(i + 1)
            .is_none_or(|next| !same_tile(operand, &boxes[i], next))
    };
    if !plan.tiling.kept[operand] {
        return (0..boxes.len()).map(|i| (entered(i), left(i))).collect();
    }
    let first = |i: usize| !boxes[..i].iter().any(|b| same_tile(operand, b, &boxes[i]));
    let last = |i: usize| {
        !boxes[i + 1..]
            .iter()
            .any(|b| same_tile(operand, b, &boxes[i]))
    };
    (0..boxes.len()).map(|i| (first(i), last(i))).collect()
}

/// Tiles of an operand in its buffer, before any of them has gone that is through.
fn assert_slots(plan: &ArrayPlan, lives: &[(bool, bool)], operand: Operand) {
    let mut held = 0;
    for &(comes, goes) in lives {
        held += u32::from(comes);
        assert!(held <= plan.tiling.slots[operand], "{operand}");
        held -= u32::from(goes);
    }
    assert_eq!(held, 0, "{operand}: a tile stays for ever");
}

fn same_tile(operand: Operand, a: &TileBox, b: &TileBox) -> bool {
    let outputs = a.images == b.images && a.rows == b.rows && a.columns == b.columns;
    a.repeat == b.repeat
        && a.groups == b.groups
        && match operand {
            Operand::Activation => outputs && a.channels == b.channels,
            Operand::Weight => a.filters == b.filters && a.channels == b.channels,
            Operand::Output => outputs && a.filters == b.filters,
        }
}

fn assert_schedule(plan: &ArrayPlan, limits: &Limits, ends: [u64; 4]) {
    let nest = &plan.nest;
    let schedule = plan.schedule();
    assert_partition(plan, &schedule);
    assert_eq!(schedule.macs(), nest.macs());
    let boxes: Vec<TileBox> = (0..schedule.steps.len())
        .map(|i| plan.step_box(i as u64))
        .collect();
    let mut transfers = 0;
    let mut spilled: BTreeMap<u64, (u64, TileBox)> = BTreeMap::new();
    let mut stored = BTreeSet::new();
    let mut stored_count = 0;
    let mut weight_places: BTreeMap<u64, (u64, TileBox)> = BTreeMap::new();
    let lives = PerOperand::of(|operand| tile_lives(plan, &boxes, operand));
    for operand in Operand::ALL {
        assert_slots(plan, &lives[operand], operand);
    }
    for (index, (step, tile)) in schedule.steps.iter().zip(&boxes).enumerate() {
        assert_fits(plan, limits, tile);
        let Work::Array(gemm) = step.work else {
            panic!("array work")
        };
        let outputs = length(&tile.images) * length(&tile.rows) * length(&tile.columns);
        assert_eq!(u64::from(gemm.groups), length(&tile.groups));
        assert_eq!(u64::from(gemm.outputs), outputs);
        assert_eq!(u64::from(gemm.filters), length(&tile.filters));
        assert_eq!(
            u64::from(gemm.reduction),
            nest.reduction(length(&tile.channels) as u32)
        );
        assert_eq!(
            (gemm.first, gemm.last),
            (tile.channels.start == 0, tile.channels.end == nest.channels)
        );
        for operand in Operand::ALL {
            let (begins, ends) = lives[operand][index];
            assert_eq!((step.begins[operand], step.ends[operand]), (begins, ends));
            let loads = begins && (operand != Operand::Output || !gemm.first);
            assert_eq!(
                step.loads[operand].len(),
                usize::from(loads),
                "{operand} at {index}"
            );
            for transfer in step.loads[operand].clone() {
                let what = &schedule.transfers[transfer as usize];
                assert_eq!((what.operand, what.store), (operand, false));
                transfers += 1;
                match operand {
                    Operand::Activation => {
                        let before = index.checked_sub(1).map(|before| &boxes[before]);
                        assert_input(plan, tile, before, what);
                    }
                    Operand::Weight => {
                        assert_second(plan, tile, what);
                        let place = weight_places
                            .entry(what.runs.base)
                            .or_insert((what.runs.bytes(), tile.clone()));
                        let same = same_tile(Operand::Weight, &place.1, tile);
                        assert!(same || nest.second != SecondOperand::Weights);
                    }
                    Operand::Output => {
                        assert!(what.psums);
                        let (bytes, of) = spilled.remove(&what.runs.base).expect("was spilled");
                        assert_eq!(bytes, what.runs.bytes());
                        assert!(same_tile(Operand::Output, &of, tile));
                    }
                }
            }
        }
        assert_eq!(step.stores.len(), usize::from(step.ends.output));
        for transfer in step.stores.clone() {
            let what = &schedule.transfers[transfer as usize];
            assert_eq!(
                (what.operand, what.store, what.psums),
                (Operand::Output, true, !gemm.last)
            );
            transfers += 1;
            if gemm.last {
                let bytes = bytes_of(what);
                assert_eq!(bytes, output_bytes(plan, tile));
                stored_count += bytes.len();
                stored.extend(bytes);
            } else {
                let values = outputs * length(&tile.groups) * length(&tile.filters);
                assert_eq!(
                    what.runs.bytes(),
                    (values * u64::from(limits.psum_bits)).div_ceil(8)
                );
                let place = (what.runs.bytes(), tile.clone());
                assert!(
                    spilled.insert(what.runs.base, place).is_none(),
                    "spilled twice"
                );
                // Nobody else's partial sums lie there.
                let next = spilled.range(what.runs.base + 1..).next();
                assert!(next.is_none_or(|(&at, _)| what.runs.base + what.runs.bytes() <= at));
            }
        }
    }
    assert_eq!(transfers, schedule.transfers.len());
    assert!(spilled.is_empty(), "partial sums that nobody came back for");
    // Every byte of the output is written, once where tiles end at whole bytes.
    let layout = &plan.output;
    let images = nest.images * nest.repeats;
    let all = value_bytes(
        layout,
        0..images,
        0..layout.rows,
        0..layout.columns,
        0..layout.channels,
    );
    assert_eq!(stored, all);
    if limits.output_bits == 8 {
        assert_eq!(stored_count, all.len());
    }
    // Weight tiles do not overlap.
    if nest.second == SecondOperand::Weights {
        let mut free = 0;
        for (&base, &(bytes, _)) in &weight_places {
            assert!(base >= free);
            free = base + bytes;
        }
    }
    let second_base = match plan.second {
        SecondLayout::Weights { base, .. } => base,
        SecondLayout::Activation(layout) => layout.base,
    };
    for what in &schedule.transfers {
        let (from, to) = match what.operand {
            Operand::Activation => (plan.input.base, ends[0]),
            Operand::Weight => (second_base, ends[1]),
            Operand::Output if what.psums => (plan.psum_base, ends[3]),
            Operand::Output => (plan.output.base, ends[2]),
        };
        let bytes = bytes_of(what);
        if let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) {
            assert!(from <= first && last < to, "{what:?} outside {from}..{to}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn schedules_go_through_the_loop_nest_once(
        nest in nest(), limits in any_limits(), timing in timing(), objective in objective(),
    ) {
        let (template, _) = plan_of(&nest, smallest(&nest), &limits, &timing);
        let goal = goal(objective, &timing);
        let problem = Problem { template: &template, limits: &limits, goal: &goal, fixed: None };
        match choose(&problem) {
            Ok(choices) => {
                for choice in [Some(choices.best), choices.next_best].into_iter().flatten() {
                    let (plan, ends) = plan_of(&nest, choice.tiling, &limits, &timing);
                    assert_schedule(&plan, &limits, ends);
                }
            }
            Err(error) => prop_assert!(error.needed_bits > error.available_bits, "{error:?}"),
        }
    }

    /// Every tiling that the search weighs, not the best alone.
    #[test]
    fn all_candidates_go_through_the_loop_nest_once(
        nest in nest(), limits in any_limits(), timing in timing(), pick in any::<u32>(),
    ) {
        let (template, _) = plan_of(&nest, smallest(&nest), &limits, &timing);
        let goal = goal(Objective::Edp, &timing);
        let problem = Problem { template: &template, limits: &limits, goal: &goal, fixed: None };
        let tilings = problem.bounds();
        if !tilings.is_empty() {
            let (tiling, _) = tilings[pick as usize % tilings.len()];
            let (plan, ends) = plan_of(&nest, tiling, &limits, &timing);
            assert_schedule(&plan, &limits, ends);
        }
    }
}
