//! Tile steps of the layers that the vector unit runs: pooling, element-wise functions, normalisation,
//! concatenation, slices, padding.
//!
//! A tile is a band of output rows of one image, cut further along columns and channels only where
//! the buffers are too small. Bands are kept small enough that loading, computing and storing overlap.

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
    /// Lane operations per output value.
    pub operations_per_value: u32,
    /// Each output needs all channels of its pixel (normalisation, concatenation).
    pub whole_channels: bool,
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
        let slices = halves(channels)
            .filter(|&slice| !self.whole_channels || slice == channels)
            .map(|slice| [1, 1, slice]);
        let fix = |fixed: Option<u32>, size: u32, extent: u32| {
            fixed.map_or(size, |fixed| fixed.min(extent))
        };
        let as_fixed = |tile: [u32; 3]| {
            [
                fix(fixed.rows, tile[0], rows),
                fix(fixed.columns, tile[1], columns),
                fix(fixed.channels, tile[2], channels),
            ]
        };
        let tile = bands
            .chain(strips)
            .chain(slices)
            .map(as_fixed)
            .find(|&tile| fits(&self, tile));
        let least = if self.whole_channels { channels } else { 1 };
        match tile {
            Some(tile) => Ok(VectorPlan { tile, ..self }),
            None => Err(self.does_not_fit(available, as_fixed([1, 1, least]))),
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
    fn footprint_bits(&self, tile: [u32; 3]) -> [u64; 2] {
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
                let channels = if self.whole_channels {
                    input.channels
                } else {
                    self.channels.input_extent(channels, input.channels)
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

    /// Number of steps.
    pub fn steps(&self) -> u64 {
        let [rows, columns, channels] = self.tile;
        let of_piece = |output: &TensorLayout| {
            u64::from(output.rows.div_ceil(rows))
                * u64::from(output.columns.div_ceil(columns))
                * u64::from(output.channels.div_ceil(channels))
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
        let [tile_rows, tile_columns, tile_channels] = self.tile;
        for image in 0..self.images {
            for piece in &self.pieces {
                for rows in ranges(piece.output.rows, tile_rows) {
                    for columns in ranges(piece.output.columns, tile_columns) {
                        for channels in ranges(piece.output.channels, tile_channels) {
                            let tile = [rows.clone(), columns.clone(), channels];
                            self.push_step(&mut schedule, piece, image, &tile);
                        }
                    }
                }
            }
        }
        schedule
    }

    fn push_step(
        &self,
        schedule: &mut Schedule,
        piece: &Piece,
        image: u32,
        tile: &[Range<u32>; 3],
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
        let values = [rows, columns, channels]
            .into_iter()
            .map(|range| u64::from(range.end - range.start))
            .product::<u64>();
        let in_use = PerOperand::of(|operand| operand != Operand::Weight);
        schedule.steps.push(Step {
            loads: PerOperand {
                activation: first..loaded,
                weight: loaded..loaded,
                output: loaded..loaded,
            },
            begins: in_use,
            ends: in_use,
            stores: loaded..loaded + 1,
            work: Work::Vector(VectorWork {
                operations: values * u64::from(self.operations_per_value),
                input_bits,
                output_bits: values * u64::from(piece.output.value_bits),
                values,
            }),
        });
    }

    /// What `tile` of the output reads of `input`, and its bits.
    fn input_runs(&self, input: &TensorLayout, image: u32, tile: &[Range<u32>; 3]) -> (Runs, u64) {
        let [rows, columns, channels] = tile;
        let in_rows = span(&self.rows, rows, input.rows);
        let in_columns = span(&self.columns, columns, input.columns);
        let in_channels = if self.whole_channels {
            0..input.channels
        } else {
            span(&self.channels, channels, input.channels)
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
