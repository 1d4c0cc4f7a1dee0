//! From a tiling of an array layer to its tile steps.

use std::ops::Range;

use super::fold::{ArrayTiming, TileGemm};
use super::memory::{Runs, TensorLayout};
use super::nest::{Nest, SecondOperand};
use super::schedule::{Schedule, Step, Transfer, Work};
use super::tiling::{Loop, Tiling, Trips};
use crate::approx::LayerPrecision;
use crate::arch::{Operand, PerOperand};

/// An array layer with its tiling and the places of its operands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayPlan {
    /// The loops.
    pub nest: Nest,
    /// What the array computes with.
    pub precision: LayerPrecision,
    /// The tiles.
    pub tiling: Tiling,
    /// The array for this layer's precision (exchange included).
    pub timing: ArrayTiming,
    /// Input activations.
    pub input: TensorLayout,
    /// Weights in DRAM.
    pub second: SecondLayout,
    /// Output activations.
    pub output: TensorLayout,
    /// First byte of the region for spilled partial sums.
    pub psum_base: u64,
    /// Alignment of weight and psum tiles: one burst.
    pub burst_bytes: u32,
}

/// Place of the second operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondLayout {
    /// Weights, tile after tile from this byte on.
    Weights {
        /// First byte.
        base: u64,
        /// Bits of one weight.
        value_bits: u32,
    },
    /// Another activation tensor.
    Activation(TensorLayout),
}

/// Which tile of every loop a step works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    repeat: u32,
    groups: u32,
    outputs: u32,
    filters: u32,
    channels: u32,
}

impl Position {
    /// The tile of one of the loops.
    fn of(&self, over: Loop) -> u32 {
        match over {
            Loop::Outputs => self.outputs,
            Loop::Filters => self.filters,
            Loop::Channels => self.channels,
        }
    }

    /// Per operand: whether it works on another tile than at `other`.
    fn differs(&self, other: &Position) -> PerOperand<bool> {
        let new_set = (self.repeat, self.groups) != (other.repeat, other.groups);
        let outputs = self.outputs != other.outputs;
        let filters = self.filters != other.filters;
        let channels = self.channels != other.channels;
        PerOperand {
            activation: new_set || outputs || channels,
            weight: new_set || filters || channels,
            output: new_set || outputs || filters,
        }
    }
}

/// The index ranges of a step, in the loops of the [`Nest`].
#[derive(Debug, Clone)]
pub struct TileBox {
    /// Repetition.
    pub repeat: u32,
    /// Groups.
    pub groups: Range<u32>,
    /// Images.
    pub images: Range<u32>,
    /// Output rows.
    pub rows: Range<u32>,
    /// Output columns.
    pub columns: Range<u32>,
    /// Filters of each group.
    pub filters: Range<u32>,
    /// Channels of each group.
    pub channels: Range<u32>,
}

fn part(index: u32, size: u32, extent: u32) -> Range<u32> {
    index * size..((index + 1) * size).min(extent)
}

fn length(range: &Range<u32>) -> u32 {
    range.end - range.start
}

impl ArrayPlan {
    /// Bytes that weights of `nest` take, tile by tile, and spilled psums.
    pub fn region_bytes(
        nest: &Nest,
        tiling: &Tiling,
        weight_bits: u32,
        psum_bits: u32,
        burst_bytes: u32,
    ) -> (u64, u64) {
        let trips = tiling.trips(nest);
        let weights = if nest.second == SecondOperand::Weights {
            let tile = nest.weights(tiling.groups, tiling.filters, tiling.channels);
            trips.group_sets
                * trips.filters
                * trips.channels
                * tile_bytes(tile, weight_bits, burst_bytes)
        } else {
            0
        };
        let psums = if tiling.spills(nest) {
            trips.group_sets
                * trips.outputs()
                * trips.filters
                * tile_bytes(output_tile(tiling), psum_bits, burst_bytes)
        } else {
            0
        };
        (weights, psums)
    }

    /// The steps.
    pub fn schedule(&self) -> Schedule {
        let trips = self.tiling.trips(&self.nest);
        let mut schedule = Schedule {
            slots: self.tiling.slots,
            timing: Some(self.timing),
            ..Schedule::default()
        };
        schedule.steps.reserve(trips.steps() as usize);
        let mut before = None;
        let mut now = self.position(&trips, 0);
        for index in 1..=trips.steps() {
            let next = (index < trips.steps()).then(|| self.position(&trips, index));
            self.push_step(&mut schedule, before, now, next);
            before = Some(now);
            now = next.unwrap_or(now);
        }
        schedule
    }

    /// What step `index` works on.
    pub fn step_box(&self, index: u64) -> TileBox {
        self.tile_box(self.position(&self.tiling.trips(&self.nest), index))
    }

    /// The tiles that step `index` works on.
    fn position(&self, trips: &Trips, index: u64) -> Position {
        let mut rest = index;
        let mut at = |extent: u64| {
            let position = (rest % extent) as u32;
            rest /= extent;
            position
        };
        let mut loops = [0; 3];
        for over in self.tiling.order.into_iter().rev() {
            loops[over as usize] = at(trips.of(over));
        }
        Position {
            groups: at(u64::from(self.nest.groups.div_ceil(self.tiling.groups))),
            repeat: rest as u32,
            outputs: loops[Loop::Outputs as usize],
            filters: loops[Loop::Filters as usize],
            channels: loops[Loop::Channels as usize],
        }
    }

    fn tile_box(&self, position: Position) -> TileBox {
        let (nest, tiling) = (&self.nest, &self.tiling);
        let columns = nest.out_columns.div_ceil(tiling.out_columns);
        let rows = nest.out_rows.div_ceil(tiling.out_rows);
        TileBox {
            repeat: position.repeat,
            groups: part(position.groups, tiling.groups, nest.groups),
            images: part(
                position.outputs / (rows * columns),
                tiling.images,
                nest.images,
            ),
            rows: part(
                position.outputs / columns % rows,
                tiling.out_rows,
                nest.out_rows,
            ),
            columns: part(
                position.outputs % columns,
                tiling.out_columns,
                nest.out_columns,
            ),
            filters: part(position.filters, tiling.filters, nest.filters),
            channels: part(position.channels, tiling.channels, nest.channels),
        }
    }

    fn push_step(
        &self,
        schedule: &mut Schedule,
        before: Option<Position>,
        now: Position,
        next: Option<Position>,
    ) {
        let tile = self.tile_box(now);
        let begins = self.begins(before, &now);
        let ends = self.ends(&now, next);
        let gemm = self.gemm(&tile);
        let before = before.map(|before| self.tile_box(before));
        let mut add = |wanted: bool, operand, store, psums, runs: &dyn Fn() -> Runs| {
            if wanted {
                schedule.transfers.push(Transfer {
                    operand,
                    store,
                    psums,
                    runs: runs(),
                });
            }
            schedule.transfers.len() as u32
        };
        let psums = || self.psum_runs(now, &tile);
        let at = [
            add(false, Operand::Activation, false, false, &psums),
            add(
                begins.activation,
                Operand::Activation,
                false,
                false,
                &|| self.input_runs(&tile, before.as_ref()),
            ),
            add(begins.weight, Operand::Weight, false, false, &|| {
                self.second_runs(now, &tile)
            }),
            add(
                begins.output && !gemm.first,
                Operand::Output,
                false,
                true,
                &psums,
            ),
            if gemm.last {
                add(ends.output, Operand::Output, true, false, &|| {
                    self.output_runs(&tile)
                })
            } else {
                add(ends.output, Operand::Output, true, true, &psums)
            },
        ];
        schedule.steps.push(Step {
            loads: PerOperand {
                activation: at[0]..at[1],
                weight: at[1]..at[2],
                output: at[2]..at[3],
            },
            begins,
            ends,
            stores: at[3]..at[4],
            work: Work::Array(gemm),
        });
    }

    /// Per operand: whether the step at `now` brings in a new tile. A kept one came in the first time round.
    fn begins(&self, before: Option<Position>, now: &Position) -> PerOperand<bool> {
        let differs = before.map_or(PerOperand::same(true), |before| now.differs(&before));
        PerOperand::of(|operand| {
            let kept = self.tiling.kept[operand];
            differs[operand] && (!kept || now.of(Loop::that_keeps(operand)) == 0)
        })
    }

    /// Per operand: whether the step at `now` is the last to use its tile. A kept one goes the last time round.
    fn ends(&self, now: &Position, next: Option<Position>) -> PerOperand<bool> {
        let differs = next.map_or(PerOperand::same(true), |next| next.differs(now));
        let trips = self.tiling.trips(&self.nest);
        PerOperand::of(|operand| {
            let keeper = Loop::that_keeps(operand);
            let last_round = u64::from(now.of(keeper)) + 1 == trips.of(keeper);
            differs[operand] && (!self.tiling.kept[operand] || last_round)
        })
    }

    fn gemm(&self, tile: &TileBox) -> TileGemm {
        TileGemm {
            groups: length(&tile.groups),
            outputs: length(&tile.images) * length(&tile.rows) * length(&tile.columns),
            filters: length(&tile.filters),
            reduction: self.nest.reduction(length(&tile.channels)) as u32,
            first: tile.channels.start == 0,
            last: tile.channels.end == self.nest.channels,
        }
    }

    fn input_runs(&self, tile: &TileBox, before: Option<&TileBox>) -> Runs {
        let nest = &self.nest;
        if nest.flat {
            return self.input.flat_region(
                tile.images.clone(),
                tile.channels.clone(),
                nest.channels,
            );
        }
        let (row_from, row_to) =
            nest.rows
                .input_span(tile.rows.start, length(&tile.rows), nest.in_rows);
        let (column_from, column_to) =
            nest.columns
                .input_span(tile.columns.start, length(&tile.columns), nest.in_columns);
        let row_from = match before.and_then(|before| self.halo_end(tile, before)) {
            Some(held) => row_from.max(held).min(row_to),
            None => row_from,
        };
        self.input.region(
            self.images(tile),
            row_from..row_to,
            column_from..column_to,
            grouped(&tile.groups, &tile.channels, nest.channels),
        )
    }

    /// The input row up to which the tile before left what this one reads too; none where nothing stays.
    fn halo_end(&self, tile: &TileBox, before: &TileBox) -> Option<u32> {
        let continues = self.tiling.halos
            && before.rows.end == tile.rows.start
            && (before.repeat, &before.groups) == (tile.repeat, &tile.groups)
            && (&before.images, &before.columns) == (&tile.images, &tile.columns)
            && before.channels == tile.channels;
        let rows = &before.rows;
        let span = || {
            self.nest
                .rows
                .input_span(rows.start, length(rows), self.nest.in_rows)
        };
        continues.then(|| span().1)
    }

    /// Images of the tile in the tensors: a repetition is an image.
    fn images(&self, tile: &TileBox) -> Range<u32> {
        tile.images.start + tile.repeat..tile.images.end + tile.repeat
    }

    fn second_runs(&self, position: Position, tile: &TileBox) -> Runs {
        let nest = &self.nest;
        match self.second {
            SecondLayout::Weights { base, value_bits } => {
                let trips = self.tiling.trips(nest);
                let full = nest.weights(
                    self.tiling.groups,
                    self.tiling.filters,
                    self.tiling.channels,
                );
                let pitch = tile_bytes(full, value_bits, self.burst_bytes);
                let index = (u64::from(position.groups) * trips.filters
                    + u64::from(position.filters))
                    * trips.channels
                    + u64::from(position.channels);
                let values = nest.weights(
                    length(&tile.groups),
                    length(&tile.filters),
                    length(&tile.channels),
                );
                Runs::contiguous(
                    base + index * pitch,
                    (values * u64::from(value_bits)).div_ceil(8),
                )
            }
            SecondLayout::Activation(layout) => {
                let (rows, channels) = if nest.second == SecondOperand::RowPerFilter {
                    (
                        tile.filters.clone(),
                        grouped(&tile.groups, &tile.channels, nest.channels),
                    )
                } else {
                    (
                        tile.channels.clone(),
                        grouped(&tile.groups, &tile.filters, nest.filters),
                    )
                };
                layout.region(self.images(tile), rows, 0..layout.columns, channels)
            }
        }
    }

    fn output_runs(&self, tile: &TileBox) -> Runs {
        self.output.region(
            self.images(tile),
            tile.rows.clone(),
            tile.columns.clone(),
            grouped(&tile.groups, &tile.filters, self.nest.filters),
        )
    }

    fn psum_runs(&self, position: Position, tile: &TileBox) -> Runs {
        let trips = self.tiling.trips(&self.nest);
        let bits = self.timing.output.psum_bits;
        let pitch = tile_bytes(output_tile(&self.tiling), bits, self.burst_bytes);
        let set = u64::from(position.repeat)
            * u64::from(self.nest.groups.div_ceil(self.tiling.groups))
            + u64::from(position.groups);
        let index = (set * trips.outputs() + u64::from(position.outputs)) * trips.filters
            + u64::from(position.filters);
        let values = [
            &tile.groups,
            &tile.images,
            &tile.rows,
            &tile.columns,
            &tile.filters,
        ]
        .into_iter()
        .map(|range| u64::from(length(range)))
        .product::<u64>();
        Runs::contiguous(
            self.psum_base + index * pitch,
            (values * u64::from(bits)).div_ceil(8),
        )
    }
}

/// The channels of a tensor that `within` of each of `groups` groups of `of` channels are. More than
/// one group comes only with all of each.
fn grouped(groups: &Range<u32>, within: &Range<u32>, of: u32) -> Range<u32> {
    groups.start * of + within.start..(groups.end - 1) * of + within.end
}

fn output_tile(tiling: &Tiling) -> u64 {
    [
        tiling.groups,
        tiling.images,
        tiling.out_rows,
        tiling.out_columns,
        tiling.filters,
    ]
    .into_iter()
    .map(u64::from)
    .product()
}

fn tile_bytes(values: u64, bits: u32, burst_bytes: u32) -> u64 {
    (values * u64::from(bits))
        .div_ceil(8)
        .next_multiple_of(u64::from(burst_bytes))
}
