//! The fewest bursts that a tiling can move: a bound, found without going through its tiles.
//!
//! Tiles that have a place of their own (weights, spilled partial sums) begin at a burst, and are counted exactly. Boxes
//! of tensors are runs of bytes; a run of `r` bytes takes at least `ceil(r / burst)` bursts wherever it begins, and runs
//! that begin a burst or more apart take at least one each.

use super::array_plan::{ArrayPlan, SecondLayout};
use super::memory::TensorLayout;
use super::nest::{Nest, SecondOperand};
use super::tiling::{Limits, Tiling, split};
use crate::arch::PerOperand;

/// Bursts of one pass over the tiles of each operand, and of all partial sums once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LeastBursts {
    /// Of one pass.
    pub pass: PerOperand<u64>,
    /// All outputs as partial sums; nothing where the reduction is not cut.
    pub psums: u64,
}

/// Extents along one axis: how many tiles read how many input elements.
pub(super) type Extents = Vec<(u32, u64)>;

/// Input rows and columns of the tiles of output pixels.
#[derive(Debug, Clone)]
pub(super) struct InputExtents {
    /// Of every tile, halos fetched again.
    rows: Extents,
    /// Without the rows that the tile before has left.
    new_rows: Extents,
    columns: Extents,
}

impl InputExtents {
    /// Of the pixel tiles of a tiling.
    pub(super) fn of(tiling: &Tiling, nest: &Nest) -> InputExtents {
        let row_span = |first, count| nest.rows.input_span(first, count, nest.in_rows);
        let mut held = 0;
        InputExtents {
            rows: extents(nest.out_rows, tiling.out_rows, row_span),
            new_rows: extents(nest.out_rows, tiling.out_rows, |first, count| {
                let (from, to) = row_span(first, count);
                let from = from.max(held).min(to);
                held = held.max(to);
                (from, to)
            }),
            columns: extents(nest.out_columns, tiling.out_columns, |first, count| {
                nest.columns.input_span(first, count, nest.in_columns)
            }),
        }
    }
}

/// The input elements of every tile along one axis, gathered by their number.
fn extents(outputs: u32, tile: u32, mut span: impl FnMut(u32, u32) -> (u32, u32)) -> Extents {
    let mut found: Extents = Vec::with_capacity(3);
    for index in 0..outputs.div_ceil(tile) {
        let first = index * tile;
        let (from, to) = span(first, tile.min(outputs - first));
        match found.iter_mut().find(|(size, _)| *size == to - from) {
            Some((_, count)) => *count += 1,
            None => found.push((to - from, 1)),
        }
    }
    found
}

/// Places of the three operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Layouts {
    /// Input activations.
    pub input: TensorLayout,
    /// The second operand, where it is an activation tensor.
    pub second: Option<TensorLayout>,
    /// Outputs.
    pub output: TensorLayout,
}

impl Layouts {
    /// Those of a plan.
    pub(super) fn of(plan: &ArrayPlan) -> Layouts {
        Layouts {
            input: plan.input,
            second: match plan.second {
                SecondLayout::Weights { .. } => None,
                SecondLayout::Activation(layout) => Some(layout),
            },
            output: plan.output,
        }
    }
}

impl Tiling {
    /// The fewest bursts of one pass over each operand: the same for every order of the loops.
    pub(super) fn least_bursts(
        &self,
        nest: &Nest,
        limits: &Limits,
        layouts: &Layouts,
        input: &InputExtents,
    ) -> LeastBursts {
        LeastBursts {
            pass: PerOperand {
                activation: self.activation_bursts(nest, limits, layouts, input),
                weight: self.weight_bursts(nest, limits, layouts),
                output: self.output_bursts(nest, limits, layouts),
            },
            psums: self.psum_bursts(nest, limits),
        }
    }

    fn activation_bursts(
        &self,
        nest: &Nest,
        limits: &Limits,
        layouts: &Layouts,
        input: &InputExtents,
    ) -> u64 {
        let layout = &layouts.input;
        if nest.flat {
            let all = u64::from(nest.images) * layout.image_bytes;
            return all.div_ceil(u64::from(limits.burst_bytes));
        }
        let rows = if self.halos {
            &input.new_rows
        } else {
            &input.rows
        };
        let mut bursts = 0;
        for (images, image_tiles) in split(nest.images, self.images) {
            for (values, slices) in self.slices(nest.groups, nest.channels, self.channels) {
                for &(rows, row_tiles) in rows {
                    for &(columns, column_tiles) in &input.columns {
                        let tiles = image_tiles * slices * row_tiles * column_tiles;
                        bursts += tiles * least(layout, [images, rows, columns], values, limits);
                    }
                }
            }
        }
        bursts * u64::from(nest.repeats)
    }

    /// Channel slices that tiles take of a pixel with `groups` groups of `within` channels.
    fn slices(&self, groups: u32, within: u32, tile: u32) -> impl Iterator<Item = (u32, u64)> {
        let (extent, part, times) = if self.groups > 1 {
            (groups * within, self.groups * within, 1)
        } else {
            (within, tile, u64::from(groups))
        };
        split(extent, part.min(extent)).map(move |(values, count)| (values, count * times))
    }

    fn weight_bursts(&self, nest: &Nest, limits: &Limits, layouts: &Layouts) -> u64 {
        let (rows, rows_a_tile, along, tile) = match nest.second {
            SecondOperand::Weights => {
                let loops = [
                    (nest.groups, self.groups),
                    (nest.filters, self.filters),
                    (nest.channels, self.channels),
                ];
                let bits = u64::from(limits.weight_bits);
                return aligned_bursts(&loops, nest.reduction(1), bits, limits.burst_bytes);
            }
            SecondOperand::RowPerFilter => {
                (nest.filters, self.filters, nest.channels, self.channels)
            }
            SecondOperand::RowPerChannel => {
                (nest.channels, self.channels, nest.filters, self.filters)
            }
        };
        let Some(layout) = &layouts.second else {
            return 0;
        };
        let mut bursts = 0;
        for (values, slices) in self.slices(nest.groups, along, tile) {
            for (rows, tiles) in split(rows, rows_a_tile) {
                bursts += slices * tiles * least(layout, [1, rows, layout.columns], values, limits);
            }
        }
        bursts * u64::from(nest.repeats)
    }

    fn output_bursts(&self, nest: &Nest, limits: &Limits, layouts: &Layouts) -> u64 {
        let mut bursts = 0;
        for (images, image_tiles) in split(nest.images, self.images) {
            for (rows, row_tiles) in split(nest.out_rows, self.out_rows) {
                for (columns, column_tiles) in split(nest.out_columns, self.out_columns) {
                    for (values, slices) in self.slices(nest.groups, nest.filters, self.filters) {
                        let tiles = image_tiles * row_tiles * column_tiles * slices;
                        let tile = [images, rows, columns];
                        bursts += tiles * least(&layouts.output, tile, values, limits);
                    }
                }
            }
        }
        bursts * u64::from(nest.repeats)
    }

    fn psum_bursts(&self, nest: &Nest, limits: &Limits) -> u64 {
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
        u64::from(nest.repeats) * aligned_bursts(&loops, 1, bits, limits.burst_bytes)
    }
}

/// The fewest bursts of a box of a tensor, wherever it begins.
fn least(
    layout: &TensorLayout,
    [images, rows, columns]: [u32; 3],
    values: u32,
    limits: &Limits,
) -> u64 {
    let burst = u64::from(limits.burst_bytes);
    let mut run = (u64::from(values) * u64::from(layout.value_bits)).div_ceil(8);
    let levels = [
        (u64::from(columns), layout.pixel_pitch),
        (u64::from(rows), layout.row_pitch),
        (u64::from(images), layout.image_bytes),
    ];
    if levels.iter().any(|&(count, _)| count == 0) {
        return 0;
    }
    let mut bytes = run;
    let mut bursts = run.div_ceil(burst);
    // There are no gaps in it so far.
    let mut solid = true;
    for (count, pitch) in levels {
        if count == 1 {
            continue;
        }
        if solid && pitch == run {
            // The repetitions touch: one longer run.
            run *= count;
            bytes = run;
            bursts = run.div_ceil(burst);
            continue;
        }
        bytes *= count;
        let apart = if pitch >= run + burst - 1 {
            // No two share a burst.
            count * bursts
        } else if solid && pitch <= burst {
            // Every burst between the first and the last has the beginning of one.
            ((count - 1) * pitch + run).div_ceil(burst)
        } else {
            count * (bursts - 1) + 1
        };
        bursts = apart.max(bytes.div_ceil(burst));
        solid = false;
        run += (count - 1) * pitch;
    }
    bursts
}

/// Bursts of all tiles of nested loops, (extent, tile) each, when every tile begins at a burst. A tile
/// has `values` values for every index.
fn aligned_bursts(loops: &[(u32, u32)], values: u64, bits: u64, burst: u32) -> u64 {
    match loops.split_first() {
        None => (values * bits).div_ceil(8).div_ceil(u64::from(burst)),
        Some((&(extent, tile), inner)) => split(extent, tile)
            .map(|(size, count)| {
                count * aligned_bursts(inner, values * u64::from(size), bits, burst)
            })
            .sum(),
    }
}
