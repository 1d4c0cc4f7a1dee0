//! Tile steps of the layers that the vector unit runs: pooling, element-wise functions, normalisation,
//! concatenation, slices, padding.
//!
//! A tile is a band of output rows of one image, cut further along columns and channels only where
//! the buffers are too small. Bands are kept small enough that loading, computing and storing overlap.
//!
//! A normalisation is cut along channels between its groups. A group of which the channels of one pixel do
//! not fit the buffers is gone through twice, part by part: the first pass reads it for its statistics,
//! which stay in the vector unit, the second reads it again and writes the result.

use std::ops::Range;

use super::file::TileSizes;
use super::memory::{Runs, TensorLayout};
use super::nest::Axis;
use super::schedule::{Schedule, Step, Transfer, VectorWork, Work};
use super::tiling::{DoesNotFit, Limits};
use crate::arch::{Operand, PerOperand};

/// Bands that a layer is cut into where rows allow it, so that transfers overlap with computing.
const BANDS: u32 = 8;

/// A part of the output with the inputs that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// One for each operand.
    pub inputs: Vec<TensorLayout>,
    /// The part of the output.
    pub output: TensorLayout,
}

/// The channels of its pixel that an output takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Those behind it, which the plan's axis of channels says.
    Behind,
    /// All.
    Pixel,
    /// All of its group.
    Group(Group),
}

/// Channels that are normalised together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// Channels of a group.
    pub channels: u32,
    /// Lane operations per value for the statistics of the group, and for the result once they are there.
    pub passes: [u32; 2],
}

/// What a step does with its tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pass {
    /// Lane operations per value.
    operations_per_value: u32,
    /// The result is written; else the tile is read for the statistics of its group alone.
    writes: bool,
}

/// A vector layer with the places of its operands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorPlan {
    /// Images.
    pub images: u32,
    /// The window's rows (a point for element-wise functions).
    pub rows: Axis,
    /// The window's columns.
    pub columns: Axis,
    /// The channels behind an output's, where it does not need all.
    pub channels: Axis,
    /// Lane operations per output value, all passes together.
    pub operations_per_value: u32,
    /// The channels that an output takes.
    pub reach: Reach,
    /// Parts that are computed one after the other: one, but for a concatenation along positions.
    pub pieces: Vec<Piece>,
    /// Output rows, columns and channels of a tile.
    pub tile: [u32; 3],
    /// Halves of each buffer in use.
    pub slots: PerOperand<u32>,
}

impl VectorPlan {
    /// Chooses the tile, but for what of it is `fixed`.
    ///
    /// # Errors
    /// [`DoesNotFit`] when even a single output does not fit the buffers, or not what is fixed.
    pub(super) fn fit(
        mut self,
        limits: &Limits,
        fixed: &TileSizes,
    ) -> Result<VectorPlan, DoesNotFit> {
        let slots = limits
            .double_buffered
            .map(|double| if double { 2 } else { 1 });
        self.slots = slots;
        let available =
            PerOperand::of(|operand| limits.capacity_bits[operand] / u64::from(slots[operand]));
        let fits = |plan: &VectorPlan, tile: [u32; 3]| {
            let needed = plan.footprint_bits(tile);
            needed[0] <= available.activation && needed[1] <= available.output
        };
        let most = |extent: fn(&TensorLayout) -> u32| {
            self.pieces
                .iter()
                .map(|piece| extent(&piece.output))
                .max()
                .unwrap_or(1)
        };
        let (rows, columns, channels) = (
            most(|output| output.rows),
            most(|output| output.columns),
            most(|output| output.channels),
        );
        let band = rows.div_ceil(BANDS);
        let bands = halves(band).map(|rows| [rows, columns, channels]);
        let strips = halves(columns).map(|columns| [1, columns, channels]);
        let slices = self
            .channel_cuts(channels)
            .into_iter()
            .map(|slice| [1, 1, slice]);
        let fix = |fixed: Option<u32>, size: u32, extent: u32| {
            fixed.map_or(size, |fixed| fixed.min(extent))
        };
        let as_fixed = |tile: [u32; 3]| {
            [
                fix(fixed.rows, tile[0], rows),
                fix(fixed.columns, tile[1], columns),
                fixed.channels.map_or(tile[2], |fixed| {
                    let mut cuts = self.channel_cuts(channels).into_iter();
                    cuts.find(|&cut| cut <= fixed).unwrap_or(tile[2])
                }),
            ]
        };
        let tile = bands
            .chain(strips)
            .chain(slices)
            .map(as_fixed)
            .find(|&tile| fits(&self, tile));
        let least = match self.reach {
            Reach::Pixel => [1, 1, channels],
            Reach::Behind | Reach::Group(_) => [1; 3],
        };
        match tile {
            Some(tile) => Ok(VectorPlan { tile, ..self }),
            None => Err(self.does_not_fit(available, as_fixed(least))),
        }
    }

    /// Channels that a tile of one pixel may have, largest first.
    fn channel_cuts(&self, channels: u32) -> Vec<u32> {
        match self.reach {
            Reach::Behind => halves(channels).collect(),
            Reach::Pixel => vec![channels],
            Reach::Group(group) => halves(channels / group.channels)
                .map(|groups| groups * group.channels)
                .chain(halves(group.channels).skip(1))
                .collect(),
        }
    }

    fn does_not_fit(&self, available: PerOperand<u64>, least: [u32; 3]) -> DoesNotFit {
        let [input, output] = self.footprint_bits(least);
        let (operand, needed_bits) = if input > available.activation {
            (Operand::Activation, input)
        } else {
            (Operand::Output, output)
        };
        DoesNotFit {
            operand,
            needed_bits,
            available_bits: available[operand],
        }
    }

    /// Bits of all input tiles and of the output tile, for the largest piece.
    pub(super) fn footprint_bits(&self, tile: [u32; 3]) -> [u64; 2] {
        self.pieces
            .iter()
            .map(|piece| self.piece_bits(piece, tile))
            .fold([0; 2], |most, bits| {
                [most[0].max(bits[0]), most[1].max(bits[1])]
            })
    }

    fn piece_bits(&self, piece: &Piece, tile: [u32; 3]) -> [u64; 2] {
        let [rows, columns, channels] = tile;
        let inputs = piece
            .inputs
            .iter()
            .map(|input| {
                let channels = match self.reach {
                    Reach::Pixel => input.channels,
                    Reach::Behind | Reach::Group(_) => {
                        self.channels.input_extent(channels, input.channels)
                    }
                };
                u64::from(self.rows.input_extent(rows, input.rows))
                    * u64::from(self.columns.input_extent(columns, input.columns))
                    * u64::from(channels)
                    * u64::from(input.value_bits)
            })
            .sum();
        let output = u64::from(rows)
            * u64::from(columns)
            * u64::from(channels)
            * u64::from(piece.output.value_bits);
        [inputs, output]
    }

    /// Whether groups are gone through twice because a tile does not hold the whole of one.
    pub fn in_passes(&self) -> bool {
        matches!(self.reach, Reach::Group(group) if self.tile[2] < group.channels)
    }

    /// Number of steps.
    pub fn steps(&self) -> u64 {
        let [rows, columns, channels] = self.tile;
        let of_channels = |all: u32| match self.reach {
            Reach::Group(group) if self.in_passes() => {
                let parts = u64::from(group.channels.div_ceil(channels));
                u64::from(all / group.channels) * parts * group.passes.len() as u64
            }
            _ => u64::from(all.div_ceil(channels)),
        };
        let of_piece = |output: &TensorLayout| {
            u64::from(output.rows.div_ceil(rows))
                * u64::from(output.columns.div_ceil(columns))
                * of_channels(output.channels)
        };
        let per_image: u64 = self
            .pieces
            .iter()
            .map(|piece| of_piece(&piece.output))
            .sum();
        u64::from(self.images) * per_image
    }

    /// The steps.
    pub fn schedule(&self) -> Schedule {
        let mut schedule = Schedule {
            slots: self.slots,
            ..Schedule::default()
        };
        let [tile_rows, tile_columns, _] = self.tile;
        for image in 0..self.images {
            for piece in &self.pieces {
                let walk = self.channel_walk(piece.output.channels);
                for rows in ranges(piece.output.rows, tile_rows) {
                    for columns in ranges(piece.output.columns, tile_columns) {
                        for (channels, pass) in &walk {
                            let tile = [rows.clone(), columns.clone(), channels.clone()];
                            self.push_step(&mut schedule, piece, image, &tile, *pass);
                        }
                    }
                }
            }
        }
        schedule
    }

    /// The channels of the steps on one pixel, or on one box of pixels, in order, and what they do.
    fn channel_walk(&self, channels: u32) -> Vec<(Range<u32>, Pass)> {
        let whole = Pass {
            operations_per_value: self.operations_per_value,
            writes: true,
        };
        let size = self.tile[2];
        let group = match self.reach {
            Reach::Group(group) if self.in_passes() => group,
            _ => return ranges(channels, size).map(|part| (part, whole)).collect(),
        };
        let [statistics, result] = group.passes;
        let passes =
            [(statistics, false), (result, true)].map(|(operations_per_value, writes)| Pass {
                operations_per_value,
                writes,
            });
        ranges(channels, group.channels)
            .flat_map(|of_group| passes.map(|pass| (of_group.clone(), pass)))
            .flat_map(|(of_group, pass)| {
                ranges(group.channels, size).map(move |part| {
                    let first = of_group.start;
                    (first + part.start..first + part.end, pass)
                })
            })
            .collect()
    }

    fn push_step(
        &self,
        schedule: &mut Schedule,
        piece: &Piece,
        image: u32,
        tile: &[Range<u32>; 3],
        pass: Pass,
    ) {
        let [rows, columns, channels] = tile;
        let first = schedule.transfers.len() as u32;
        let mut input_bits = 0;
        for input in &piece.inputs {
            let (runs, bits) = self.input_runs(input, image, tile);
            input_bits += bits;
            schedule.transfers.push(Transfer {
                operand: Operand::Activation,
                store: false,
                psums: false,
                runs,
            });
        }
        let loaded = schedule.transfers.len() as u32;
        if pass.writes {
            schedule.transfers.push(Transfer {
                operand: Operand::Output,
                store: true,
                psums: false,
                runs: piece.output.region(
                    image..image + 1,
                    rows.clone(),
                    columns.clone(),
                    channels.clone(),
                ),
            });
        }
        let stored = schedule.transfers.len() as u32;
        let values = [rows, columns, channels]
            .into_iter()
            .map(|range| u64::from(range.end - range.start))
            .product::<u64>();
        let written = if pass.writes { values } else { 0 };
        let in_use = PerOperand {
            activation: true,
            weight: false,
            output: pass.writes,
        };
        schedule.steps.push(Step {
            loads: PerOperand {
                activation: first..loaded,
                weight: loaded..loaded,
                output: loaded..loaded,
            },
            begins: in_use,
            ends: in_use,
            stores: loaded..stored,
            work: Work::Vector(VectorWork {
                operations: values * u64::from(pass.operations_per_value),
                input_bits,
                output_bits: written * u64::from(piece.output.value_bits),
                values: written,
            }),
        });
    }

    /// What `tile` of the output reads of `input`, and its bits.
    fn input_runs(&self, input: &TensorLayout, image: u32, tile: &[Range<u32>; 3]) -> (Runs, u64) {
        let [rows, columns, channels] = tile;
        let in_rows = span(&self.rows, rows, input.rows);
        let in_columns = span(&self.columns, columns, input.columns);
        let in_channels = match self.reach {
            Reach::Pixel => 0..input.channels,
            Reach::Behind | Reach::Group(_) => span(&self.channels, channels, input.channels),
        };
        let bits = [&in_rows, &in_columns, &in_channels]
            .into_iter()
            .map(|range| u64::from(range.end - range.start))
            .product::<u64>()
            * u64::from(input.value_bits);
        let runs = input.region(image..image + 1, in_rows, in_columns, in_channels);
        (runs, bits)
    }
}

/// The input positions that `outputs` read; a single row or column is there for all of them (broadcast).
fn span(axis: &Axis, outputs: &Range<u32>, input: u32) -> Range<u32> {
    if input == 1 && *axis == Axis::POINT {
        return 0..1;
    }
    let (from, to) = axis.input_span(outputs.start, outputs.end - outputs.start, input);
    from..to
}

/// `extent`, its half, ... down to 1.
fn halves(extent: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(extent), |&size| (size > 1).then(|| size.div_ceil(2)))
}

fn ranges(extent: u32, size: u32) -> impl Iterator<Item = Range<u32>> {
    (0..extent.div_ceil(size)).map(move |index| index * size..((index + 1) * size).min(extent))
}
