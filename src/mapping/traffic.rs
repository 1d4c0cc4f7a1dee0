//! DRAM traffic of a tiling, in whole bursts.
//!
//! Tiles that have a place of their own (weights, spilled partial sums) begin at a burst, and are
//! counted exactly. Boxes of tensors are runs of bytes that begin anywhere a multiple of the pitches
//! allows; they are counted with what such a run takes on average over those beginnings, less the
//! bursts that neighbouring runs of a transfer share.

use super::nest::{Nest, SecondOperand};
use super::tiling::{Limits, Tiling, Trips, split};
use crate::arch::Operand;

/// Boxes of a tensor: how many runs, and how near each other within a transfer.
struct Boxes {
    /// Bytes from one pixel to the next.
    pitch: u64,
    /// Bytes of a row.
    row_pitch: u64,
    /// Pixels of all boxes, every one a run of its own.
    pixels: u64,
    /// Rows of all boxes.
    lines: u64,
    /// Transfers.
    tiles: u64,
}

impl Boxes {
    /// Bytes for runs of `values` values each, `slice_values` apart where the pixel is cut.
    fn bytes(&self, values: u64, slice_values: u64, bits: u64, burst: u64) -> u64 {
        let unit = gcd(
            gcd(burst, self.pitch),
            if (slice_values * bits).is_multiple_of(8) {
                slice_values * bits / 8
            } else {
                1
            },
        );
        let run = (values * bits).div_ceil(8).next_multiple_of(unit);
        let slack = burst - unit;
        let shared =
            |pairs: u64, distance: u64| pairs * slack.saturating_sub(distance.saturating_sub(run));
        let width = self.pixels.div_ceil(self.lines.max(1));
        let line_distance = self
            .row_pitch
            .saturating_sub(width.saturating_sub(1) * self.pitch);
        let all = self.pixels * (run + slack);
        let together = shared(self.pixels.saturating_sub(self.lines), self.pitch)
            + shared(self.lines.saturating_sub(self.tiles), line_distance);
        all.saturating_sub(together)
    }
}

/// Bytes of one pass over the tiles of each operand.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnePass {
    activation: u64,
    weight: u64,
    output: u64,
    /// All outputs as partial sums; nothing where the reduction is not cut.
    psums: u64,
}

impl OnePass {
    /// Bytes of all passes that the order of the tiling's loops makes.
    pub(super) fn traffic_bytes(&self, tiling: &Tiling, trips: &Trips) -> u64 {
        let passes = |operand| tiling.passes(trips, operand);
        self.activation * passes(Operand::Activation)
            + self.weight * passes(Operand::Weight)
            + self.output
            + 2 * (passes(Operand::Output) - 1) * self.psums
    }

    /// Bytes if every operand crossed the bus once.
    pub(super) fn least_bytes(&self) -> u64 {
        self.activation + self.weight + self.output
    }
}

/// Input rows and columns of all tiles of output pixels, with how many tiles along the axis read any.
#[derive(Debug, Clone, Copy)]
pub(super) struct InputSpans {
    rows: (u64, u64),
    columns: (u64, u64),
}

impl InputSpans {
    /// Of the pixel tiles of a tiling.
    pub(super) fn of(tiling: &Tiling, nest: &Nest) -> InputSpans {
        InputSpans {
            rows: spans(nest.out_rows, tiling.out_rows, |first, count| {
                nest.rows.input_span(first, count, nest.in_rows)
            }),
            columns: spans(nest.out_columns, tiling.out_columns, |first, count| {
                nest.columns.input_span(first, count, nest.in_columns)
            }),
        }
    }
}

impl Tiling {
    /// Bytes over the DRAM bus for the whole layer, in whole bursts.
    pub fn traffic_bytes(&self, nest: &Nest, limits: &Limits) -> u64 {
        let trips = self.trips(nest);
        let passes = self.once(nest, limits, &InputSpans::of(self, nest), &trips);
        passes.traffic_bytes(self, &trips)
    }

    /// Bytes if every operand crossed the bus once.
    pub(super) fn once_bytes(&self, nest: &Nest, limits: &Limits) -> u64 {
        let trips = self.trips(nest);
        self.once(nest, limits, &InputSpans::of(self, nest), &trips)
            .least_bytes()
    }

    /// What one pass over each operand takes: the same for every order of the loops.
    pub(super) fn once(
        &self,
        nest: &Nest,
        limits: &Limits,
        input: &InputSpans,
        trips: &Trips,
    ) -> OnePass {
        OnePass {
            activation: self.activation_bytes(nest, limits, input, trips),
            weight: self.weight_bytes(nest, limits, trips),
            output: self.output_bytes(nest, limits, trips),
            psums: self.psum_bytes(nest, limits),
        }
    }

    fn activation_bytes(
        &self,
        nest: &Nest,
        limits: &Limits,
        input: &InputSpans,
        trips: &Trips,
    ) -> u64 {
        let bits = u64::from(limits.activation_bits);
        let all_channels = u64::from(nest.groups) * u64::from(nest.channels);
        let pixel_bytes = (all_channels * bits).div_ceil(8);
        let (in_rows, row_tiles) = input.rows;
        let (in_columns, column_tiles) = input.columns;
        let images = u64::from(nest.images) * u64::from(nest.repeats);
        let [row_stride, column_stride] = nest.sampling.map(u64::from);
        let boxes = Boxes {
            pitch: pixel_bytes * column_stride,
            row_pitch: pixel_bytes * column_stride * row_stride * u64::from(nest.in_columns),
            pixels: images * in_rows * in_columns,
            lines: images * in_rows * column_tiles,
            tiles: u64::from(nest.repeats) * trips.images * row_tiles * column_tiles,
        };
        self.sliced(
            &boxes,
            nest.groups,
            nest.channels,
            self.channels,
            bits,
            limits,
        )
    }

    /// Boxes of a tensor whose pixels hold `groups` groups of `within` channels, of which a tile takes
    /// `tile`.
    fn sliced(
        &self,
        boxes: &Boxes,
        groups: u32,
        within: u32,
        tile: u32,
        bits: u64,
        limits: &Limits,
    ) -> u64 {
        let burst = u64::from(limits.burst_bytes);
        let (extent, part, times) = if self.groups > 1 {
            (groups * within, self.groups * within, 1)
        } else {
            (within, tile, u64::from(groups))
        };
        let whole = times == 1 && part >= extent;
        let apart = match (whole, times) {
            (true, _) => 0,
            (false, 1) => u64::from(part),
            (false, _) => gcd(u64::from(part), u64::from(within)),
        };
        split(extent, part.min(extent))
            .map(|(values, count)| {
                times * count * boxes.bytes(u64::from(values), apart, bits, burst)
            })
            .sum()
    }

    fn weight_bytes(&self, nest: &Nest, limits: &Limits, trips: &Trips) -> u64 {
        let bits = u64::from(limits.weight_bits);
        let (rows, row_tiles, along, tile) = match nest.second {
            SecondOperand::Weights => {
                let loops = [
                    (nest.groups, self.groups),
                    (nest.filters, self.filters),
                    (nest.channels, self.channels),
                ];
                return aligned_bytes(&loops, nest.reduction(1), bits, limits.burst_bytes);
            }
            SecondOperand::RowPerFilter => {
                (nest.filters, trips.filters, nest.channels, self.channels)
            }
            SecondOperand::RowPerChannel => {
                (nest.channels, trips.channels, nest.filters, self.filters)
            }
        };
        let row_bytes = (u64::from(nest.groups) * u64::from(along) * bits).div_ceil(8);
        let rows = u64::from(nest.repeats) * u64::from(rows);
        let boxes = Boxes {
            pitch: row_bytes,
            row_pitch: row_bytes,
            pixels: rows,
            lines: rows,
            tiles: u64::from(nest.repeats) * row_tiles,
        };
        self.sliced(&boxes, nest.groups, along, tile, bits, limits)
    }

    fn output_bytes(&self, nest: &Nest, limits: &Limits, trips: &Trips) -> u64 {
        let bits = u64::from(limits.output_bits);
        let pixel_bytes = (u64::from(nest.groups) * u64::from(nest.filters) * bits).div_ceil(8);
        let lines = u64::from(nest.images) * u64::from(nest.repeats) * u64::from(nest.out_rows);
        let boxes = Boxes {
            pitch: pixel_bytes,
            row_pitch: pixel_bytes * u64::from(nest.out_columns),
            pixels: lines * u64::from(nest.out_columns),
            lines: lines * trips.columns,
            tiles: u64::from(nest.repeats) * trips.outputs(),
        };
        self.sliced(
            &boxes,
            nest.groups,
            nest.filters,
            self.filters,
            bits,
            limits,
        )
    }

    fn psum_bytes(&self, nest: &Nest, limits: &Limits) -> u64 {
        if self.channels >= nest.channels {
            return 0;
        }
        let loops = [
            (nest.groups, self.groups),
            (nest.images, self.images),
            (nest.out_rows, self.out_rows),
            (nest.out_columns, self.out_columns),
            (nest.filters, self.filters),
        ];
        let bits = u64::from(limits.psum_bits);
        u64::from(nest.repeats) * aligned_bytes(&loops, 1, bits, limits.burst_bytes)
    }
}

/// Bytes of all tiles of nested loops, (extent, tile) each, when every tile begins at a burst. A tile
/// has `values` values for every index.
fn aligned_bytes(loops: &[(u32, u32)], values: u64, bits: u64, burst: u32) -> u64 {
    match loops.split_first() {
        None => (values * bits)
            .div_ceil(8)
            .next_multiple_of(u64::from(burst)),
        Some((&(extent, tile), inner)) => split(extent, tile)
            .map(|(size, count)| {
                count * aligned_bytes(inner, values * u64::from(size), bits, burst)
            })
            .sum(),
    }
}

/// Sum of the input extents of all tiles along one axis, and how many tiles read any input at all.
fn spans(outputs: u32, tile: u32, span: impl Fn(u32, u32) -> (u32, u32)) -> (u64, u64) {
    (0..outputs.div_ceil(tile))
        .map(|index| {
            let first = index * tile;
            let (from, to) = span(first, tile.min(outputs - first));
            (u64::from(to - from), u64::from(to > from))
        })
        .fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
}

/// Greatest common divisor; of a number and 0 the number.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
