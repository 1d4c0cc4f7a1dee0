//! The choice of tiles and loop order for one layer.
//!
//! Every tiling that fits the scratchpads is scored twice: by its DRAM traffic (whole bursts, re-reads,
//! halos and spilled partial sums included) and by the cycles that a machine with perfect overlap
//! would take. The tilings whose traffic is within the policy's slack of the least compete on cycles.

use super::cuts::{channel_tiles, fine_channel_tiles, pixel_tiles, rectangles};
use super::fold::{ArrayTiming, TileGemm};
use super::nest::Nest;
use super::traffic::InputSpans;
use crate::arch::Dataflow;

/// A loop over tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// Over tiles of output pixels (images, rows, columns).
    Outputs,
    /// Over tiles of filters.
    Filters,
    /// Over tiles of input channels.
    Channels,
}

/// The six orders, outermost loop first.
pub(super) const ORDERS: [[Loop; 3]; 6] = [
    [Loop::Outputs, Loop::Filters, Loop::Channels],
    [Loop::Filters, Loop::Outputs, Loop::Channels],
    [Loop::Outputs, Loop::Channels, Loop::Filters],
    [Loop::Filters, Loop::Channels, Loop::Outputs],
    [Loop::Channels, Loop::Outputs, Loop::Filters],
    [Loop::Channels, Loop::Filters, Loop::Outputs],
];

/// The three operands of a tile, in the order in which arrays are indexed by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Input activations.
    Activation = 0,
    /// Weights, or the second activation of a matrix product.
    Weight = 1,
    /// Outputs and partial sums.
    Output = 2,
}

impl Operand {
    /// All three.
    pub const ALL: [Operand; 3] = [Operand::Activation, Operand::Weight, Operand::Output];

    fn depends_on(self, over: Loop) -> bool {
        match self {
            Operand::Activation => over != Loop::Filters,
            Operand::Weight => over != Loop::Outputs,
            Operand::Output => over != Loop::Channels,
        }
    }
}

impl std::fmt::Display for Operand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Operand::Activation => "activation",
            Operand::Weight => "weight",
            Operand::Output => "output",
        })
    }
}

/// Extents of a full tile, and the order of the loops over tiles. The loop over group sets is always
/// outermost, since nothing is shared between groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
    /// Images in a tile (more than one only with whole images).
    pub images: u32,
    /// Output rows in a tile.
    pub out_rows: u32,
    /// Output columns in a tile.
    pub out_columns: u32,
    /// Groups in a tile (more than one only with all filters and channels of each).
    pub groups: u32,
    /// Filters per group in a tile.
    pub filters: u32,
    /// Input channels per group in a tile.
    pub channels: u32,
    /// Loops over tiles, outermost first.
    pub order: [Loop; 3],
    /// Operands exchanged at the edges of an output-stationary array.
    pub exchanged: bool,
    /// Buffer halves in use per operand: 2 where the next tile loads under the current one.
    pub slots: [u8; 3],
}

/// What limits a tiling, in bits of the formats at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Bits of one stored input activation.
    pub activation_bits: u32,
    /// Bits of one stored weight.
    pub weight_bits: u32,
    /// Bits of one stored output.
    pub output_bits: u32,
    /// Bits of one partial sum.
    pub psum_bits: u32,
    /// Capacity of each buffer in bits.
    pub capacity_bits: [u64; 3],
    /// Buffers that load one tile while another is in use.
    pub double_buffered: [bool; 3],
    /// Bytes of one DRAM burst.
    pub burst_bytes: u32,
    /// DRAM peak bandwidth in bytes per 1024 core cycles.
    pub dram_bytes_per_kilocycle: u64,
    /// Controller cycles per tile.
    pub tile_setup_cycles: u32,
    /// Per cent above the least traffic within which cycles decide.
    pub traffic_slack_percent: u32,
    /// The edges of an output-stationary array can exchange their operands.
    pub operand_exchange: bool,
}

/// Numbers of tiles along each loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trips {
    /// Sets of groups, repetitions included.
    pub group_sets: u64,
    /// Tiles over images.
    pub images: u64,
    /// Tiles over output rows.
    pub rows: u64,
    /// Tiles over output columns.
    pub columns: u64,
    /// Tiles over filters.
    pub filters: u64,
    /// Tiles over channels.
    pub channels: u64,
}

impl Trips {
    /// Tiles of output pixels.
    pub fn outputs(&self) -> u64 {
        self.images * self.rows * self.columns
    }

    /// All tile steps of the layer.
    pub fn steps(&self) -> u64 {
        self.group_sets * self.outputs() * self.filters * self.channels
    }

    /// Tiles along one of the loops inside a group set.
    pub fn of(&self, over: Loop) -> u64 {
        match over {
            Loop::Outputs => self.outputs(),
            Loop::Filters => self.filters,
            Loop::Channels => self.channels,
        }
    }
}

impl Tiling {
    /// Numbers of tiles of `nest`.
    pub fn trips(&self, nest: &Nest) -> Trips {
        let over = |extent: u32, tile: u32| u64::from(extent.div_ceil(tile));
        Trips {
            group_sets: u64::from(nest.repeats) * over(nest.groups, self.groups),
            images: over(nest.images, self.images),
            rows: over(nest.out_rows, self.out_rows),
            columns: over(nest.out_columns, self.out_columns),
            filters: over(nest.filters, self.filters),
            channels: over(nest.channels, self.channels),
        }
    }

    /// How often an operand's tiles are gone through because a loop that it does not depend on runs
    /// outside one that it does.
    pub(super) fn passes(&self, trips: &Trips, operand: Operand) -> u64 {
        let innermost = self
            .order
            .iter()
            .rposition(|&over| operand.depends_on(over) && trips.of(over) > 1);
        let Some(innermost) = innermost else { return 1 };
        self.order[..innermost]
            .iter()
            .filter(|&&over| !operand.depends_on(over))
            .map(|&over| trips.of(over))
            .product()
    }

    /// Partial sums leave the chip between parts of the reduction.
    pub fn spills(&self, nest: &Nest) -> bool {
        self.passes(&self.trips(nest), Operand::Output) > 1
    }

    /// Bits that a full tile of each operand takes in its buffer.
    fn footprint_bits(&self, nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> [u64; 3] {
        let images = u64::from(self.images);
        let groups = u64::from(self.groups);
        let in_pixels = u64::from(nest.rows.input_extent(self.out_rows, nest.in_rows))
            * u64::from(nest.columns.input_extent(self.out_columns, nest.in_columns));
        let out_values = images
            * u64::from(self.out_rows)
            * u64::from(self.out_columns)
            * groups
            * u64::from(self.filters);
        let held_as_psums = self.channels < nest.channels
            || (timing.dataflow != Dataflow::OutputStationary
                && nest.reduction(self.channels)
                    > u64::from(timing.rows) * u64::from(timing.macs_per_step));
        let out_bits = if held_as_psums {
            limits.psum_bits.max(limits.output_bits)
        } else {
            limits.output_bits
        };
        [
            images
                * in_pixels
                * groups
                * u64::from(self.channels)
                * u64::from(limits.activation_bits),
            nest.weights(self.groups, self.filters, self.channels) * u64::from(limits.weight_bits),
            out_values * u64::from(out_bits),
        ]
    }

    /// Core cycles if loads, compute and stores overlapped perfectly: first tile's load, the longer of
    /// compute and memory, last tile's store.
    fn estimated_cycles(&self, nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> u64 {
        let trips = self.trips(nest);
        let timing = ArrayTiming {
            exchanged: self.exchanged,
            ..*timing
        };
        let compute = self.compute_cycles(nest, &trips, &timing)
            + trips.steps() * u64::from(limits.tile_setup_cycles);
        let to_cycles = |bytes: u64| bytes * 1024 / limits.dram_bytes_per_kilocycle.max(1);
        let memory = to_cycles(self.traffic_bytes(nest, limits));
        let tile = self.footprint_bits(nest, limits, &timing);
        let first_load = to_cycles((tile[0] + tile[1]) / 8);
        let last_store = to_cycles(tile[2] / 8);
        // One tile computes while nothing else is left to load: the first where the array is waited for, the last where
        // the memory is. For a layer of one tile it is counted twice, which favours cutting. Counting it once was tried on
        // the shipped networks: cycles change by at most 1 % on most, and MobileNetV2 on Ax-BxP at L = 1 takes 4 % more.
        let alone = compute / trips.steps().max(1);
        let overlapped = self.slots.iter().all(|&slots| slots == 2) || trips.steps() == 1;
        if overlapped {
            first_load + compute.max(memory.saturating_sub(first_load)) + alone + last_store
        } else {
            // A single slot serialises only its own operand; half of the overlap is a fair middle.
            first_load + compute.max(memory) + compute.min(memory) / 2 + last_store
        }
    }

    fn compute_cycles(&self, nest: &Nest, trips: &Trips, timing: &ArrayTiming) -> u64 {
        let columns = u64::from(nest.out_columns.div_ceil(self.out_columns));
        let mut cycles = 0;
        for (rows, row_count) in split(nest.out_rows, self.out_rows) {
            for (filters, filter_count) in split(nest.filters, self.filters) {
                for (channels, channel_count) in split(nest.channels, self.channels) {
                    let tile = TileGemm {
                        groups: self.groups.min(nest.groups),
                        outputs: self.images * rows * self.out_columns,
                        filters,
                        reduction: nest.reduction(channels) as u32,
                        first: true,
                        last: true,
                    };
                    cycles +=
                        row_count * filter_count * channel_count * timing.steady_cycles(&tile);
                }
            }
        }
        cycles * trips.group_sets * trips.images * columns
    }
}

/// (size, count) of the full parts of `extent` and of the last, smaller one.
pub(super) fn split(extent: u32, part: u32) -> impl Iterator<Item = (u32, u64)> {
    [(part, u64::from(extent / part)), (extent % part, 1)]
        .into_iter()
        .filter(|&(size, count)| size > 0 && count > 0)
}

/// No tile of the layer fits a buffer: which one, what the smallest tile needs and what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoesNotFit {
    /// The buffer.
    pub operand: Operand,
    /// Bits of the smallest tile.
    pub needed_bits: u64,
    /// Bits that one tile may take.
    pub available_bits: u64,
}

/// The best tiling of `nest`, by the policy in `limits`.
///
/// # Errors
/// [`DoesNotFit`] when even the smallest tile does not fit a buffer.
pub fn choose(nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> Result<Tiling, DoesNotFit> {
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
        slots: [if nest.groups > 1 { 2 } else { 1 }; 3],
    }
}

fn smallest_tile_does_not_fit(nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> DoesNotFit {
    let needed = smallest(nest).footprint_bits(nest, limits, timing);
    let available =
        [0, 1, 2].map(|i| limits.capacity_bits[i] / if limits.double_buffered[i] { 2 } else { 1 });
    let worst = Operand::ALL
        .into_iter()
        .max_by_key(|&o| needed[o as usize].saturating_sub(available[o as usize]))
        .unwrap_or(Operand::Activation);
    DoesNotFit {
        operand: worst,
        needed_bits: needed[worst as usize],
        available_bits: available[worst as usize],
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
            let index = operand as usize;
            let one_tile = trips.group_sets == 1
                && [Loop::Outputs, Loop::Filters, Loop::Channels]
                    .into_iter()
                    .all(|over| !operand.depends_on(over) || trips.of(over) == 1);
            self.slots[index] = if limits.double_buffered[index] && !one_tile {
                2
            } else {
                1
            };
            needed[index] <= limits.capacity_bits[index] / u64::from(self.slots[index])
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
