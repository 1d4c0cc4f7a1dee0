//! Tilings of one layer: the extents of a tile, the order of the loops over tiles, and what both come to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fold::ArrayTiming;
use super::nest::Nest;
use crate::arch::{Dataflow, Operand, PerOperand};

/// A loop over tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
    /// The three loops.
    pub const ALL: [Loop; 3] = [Loop::Outputs, Loop::Filters, Loop::Channels];

    /// Its name in mapping files.
    pub fn name(self) -> &'static str {
        match self {
            Loop::Outputs => "outputs",
            Loop::Filters => "filters",
            Loop::Channels => "channels",
        }
    }

    /// Whether another tile of this loop is another tile of the operand.
    pub(super) fn moves(self, operand: Operand) -> bool {
        match operand {
            Operand::Activation => self != Loop::Filters,
            Operand::Weight => self != Loop::Outputs,
            Operand::Output => self != Loop::Channels,
        }
    }

    /// The loop in which the operand's tile stays the same.
    pub(super) fn that_keeps(operand: Operand) -> Loop {
        match operand {
            Operand::Activation => Loop::Filters,
            Operand::Weight => Loop::Outputs,
            Operand::Output => Loop::Channels,
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
    /// Operands of which a slab (or all) stays in the buffer while the loop that does not move them goes round.
    pub kept: PerOperand<bool>,
    /// Input rows that the next tile reads too stay in the buffer.
    pub halos: bool,
    /// Tiles that a buffer holds at a time: 2 where the next tile loads under the current one.
    pub slots: PerOperand<u32>,
}

/// What limits a tiling, in bits of the formats at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Limits {
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
        if self.kept[operand] {
            return 1;
        }
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

    /// Tiles of an operand that are in use before the loop that keeps it goes on: what has to stay for it to be fetched
    /// once.
    pub(super) fn slab_tiles(&self, trips: &Trips, operand: Operand) -> u64 {
        let keeper = Loop::that_keeps(operand);
        let inside = self
            .order
            .iter()
            .skip_while(|&&over| over != keeper)
            .skip(1);
        inside.map(|&over| trips.of(over)).product()
    }

    /// Whether it makes a difference to keep the operand.
    pub(super) fn can_keep(&self, trips: &Trips, operand: Operand) -> bool {
        trips.of(Loop::that_keeps(operand)) > 1 && self.slab_tiles(trips, operand) > 1
    }

    /// Whether neighbouring tiles of input rows follow each other and overlap, so that halos can be kept.
    pub(super) fn can_keep_halos(&self, nest: &Nest, trips: &Trips) -> bool {
        let innermost = self
            .order
            .iter()
            .rev()
            .find(|&&over| over.moves(Operand::Activation) && trips.of(over) > 1);
        let reach = (nest.rows.kernel - 1) * nest.rows.dilation + 1;
        innermost == Some(&Loop::Outputs)
            && trips.rows > 1
            && trips.columns == 1
            && reach > nest.rows.stride
    }

    /// Sets the tiles that each buffer holds; false if they do not fit it.
    pub(super) fn fit(&mut self, nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> bool {
        let trips = self.trips(nest);
        let needed = self.footprint_bits(nest, limits, timing);
        Operand::ALL.into_iter().all(|operand| {
            let slots = self.needed_slots(&trips, limits, operand);
            self.slots[operand] = u32::try_from(slots).unwrap_or(u32::MAX);
            needed[operand] <= limits.capacity_bits[operand] / slots
        })
    }

    /// Whether one tile of each operand fits its buffer.
    pub(super) fn fits_once(&self, nest: &Nest, limits: &Limits, timing: &ArrayTiming) -> bool {
        let needed = self.footprint_bits(nest, limits, timing);
        Operand::ALL
            .into_iter()
            .all(|operand| needed[operand] <= limits.capacity_bits[operand])
    }

    /// Tiles that a buffer holds from one step to the next: a kept slab, else one.
    pub fn held_tiles(&self, trips: &Trips, operand: Operand) -> u64 {
        if self.kept[operand] {
            self.slab_tiles(trips, operand)
        } else {
            1
        }
    }

    /// A kept slab, and room for a further tile where one can load under the current one.
    pub(super) fn needed_slots(&self, trips: &Trips, limits: &Limits, operand: Operand) -> u64 {
        let moving = Loop::ALL.into_iter().filter(|over| over.moves(operand));
        let tiles = trips.group_sets * moving.map(|over| trips.of(over)).product::<u64>();
        let held = self.held_tiles(trips, operand);
        held + u64::from(limits.double_buffered[operand] && held < tiles)
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
