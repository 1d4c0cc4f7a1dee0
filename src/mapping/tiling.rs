//! Tilings of one layer: the extents of a tile, the order of the loops over tiles, and what both come to.

use super::fold::{ArrayTiming, TileGemm};
use super::nest::Nest;
use crate::arch::{Dataflow, Operand, PerOperand};

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

impl Loop {
    /// Whether another tile of this loop is another tile of the operand.
    pub(super) fn moves(self, operand: Operand) -> bool {
        match operand {
            Operand::Activation => self != Loop::Filters,
            Operand::Weight => self != Loop::Outputs,
            Operand::Output => self != Loop::Channels,
        }
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
    pub slots: PerOperand<u8>,
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
    pub capacity_bits: PerOperand<u64>,
    /// Buffers that load one tile while another is in use.
    pub double_buffered: PerOperand<bool>,
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
            .rposition(|&over| over.moves(operand) && trips.of(over) > 1);
        let Some(innermost) = innermost else { return 1 };
        self.order[..innermost]
            .iter()
            .filter(|&&over| !over.moves(operand))
            .map(|&over| trips.of(over))
            .product()
    }

    /// Partial sums leave the chip between parts of the reduction.
    pub fn spills(&self, nest: &Nest) -> bool {
        self.passes(&self.trips(nest), Operand::Output) > 1
    }

    /// Bits that a full tile of each operand takes in its buffer.
    pub(super) fn footprint_bits(
        &self,
        nest: &Nest,
        limits: &Limits,
        timing: &ArrayTiming,
    ) -> PerOperand<u64> {
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
        PerOperand {
            activation: images
                * in_pixels
                * groups
                * u64::from(self.channels)
                * u64::from(limits.activation_bits),
            weight: nest.weights(self.groups, self.filters, self.channels)
                * u64::from(limits.weight_bits),
            output: out_values * u64::from(out_bits),
        }
    }

    /// Core cycles if loads, compute and stores overlapped perfectly: first tile's load, the longer of
    /// compute and memory, last tile's store.
    pub(super) fn estimated_cycles(
        &self,
        nest: &Nest,
        limits: &Limits,
        timing: &ArrayTiming,
    ) -> u64 {
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
        let first_load = to_cycles((tile.activation + tile.weight) / 8);
        let last_store = to_cycles(tile.output / 8);
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
