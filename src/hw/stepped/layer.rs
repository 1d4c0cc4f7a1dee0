//! Operand values of one layer, and its outputs beside a direct computation.

use std::sync::Arc;

use super::fold::{FoldOperands, FoldShape};
use super::mac::{Codec, MacUnit};
use crate::arch::{Dataflow, PeKind};
use crate::blocked::{Encoded, multiply};
use crate::mapping::{ArrayPlan, ArrayTiming, FoldPart, Nest, SecondOperand, TileBox, TileGemm};

/// Outputs of the array compared with a direct computation of the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputCheck {
    /// Outputs of the layer.
    pub outputs: u64,
    /// Outputs that differ from the direct computation.
    pub different: u64,
    /// A hash of all outputs, in the order of the loop nest (64-bit FNV-1a of their bytes).
    pub hash: u64,
}

/// Operand values of a layer, where they are not drawn from a seed. Places beyond their ends are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenOperands {
    /// Activations, `[images, rows, columns, channels]`, the channels of all groups.
    pub activations: Vec<i32>,
    /// Weights, `[filters of all groups, channels of a group, kernel rows, kernel columns]`; of a product of two activations
    /// a set of them for each repetition.
    pub weights: Vec<i32>,
}

/// Operand values, a function of their place: every tile that reads an element reads the same value.
#[derive(Debug, Clone)]
enum Stimulus {
    /// Pseudo-random.
    Seed(u64),
    /// One of the two operands given.
    Given(Arc<GivenOperands>, Slot),
}

/// Which operand.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Activations,
    Weights,
}

impl Stimulus {
    /// The value at `place` of the operand that `codec` encodes.
    fn value(&self, codec: &Codec, place: u64) -> i32 {
        match self {
            Stimulus::Seed(seed) => Self::drawn(*seed, codec, place),
            Stimulus::Given(operands, slot) => {
                let values = match slot {
                    Slot::Activations => &operands.activations,
                    Slot::Weights => &operands.weights,
                };
                let index = usize::try_from(place).ok();
                index.and_then(|index| values.get(index)).map_or(0, |x| *x)
            }
        }
    }

    /// Uniform over the operand's range.
    fn drawn(seed: u64, codec: &Codec, place: u64) -> i32 {
        let (low, high) = codec.range();
        let mut mixed = (seed ^ place).wrapping_add(0x9E37_79B9_7F4A_7C15);
        // The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        low + (mixed % (high - low + 1) as u64) as i32
    }
}

/// One layer's operands and outputs.
#[derive(Debug, Clone)]
pub struct LayerOperands {
    plan: ArrayPlan,
    activation: Codec,
    weight: Codec,
    activations: Stimulus,
    weights: Stimulus,
    /// `[repeats, groups, images, rows, columns, filters]`.
    outputs: Vec<i32>,
}

/// The operands of one tile, encoded.
#[derive(Debug, Clone)]
pub struct TileOperands {
    tile: TileBox,
    gemm: TileGemm,
    /// `[groups, outputs, reduction]`.
    activations: Vec<Encoded>,
    /// `[groups, filters, reduction]`.
    weights: Vec<Encoded>,
}

impl TileOperands {
    fn activation(&self, group: u32, output: u32, k: u32) -> Encoded {
        let gemm = &self.gemm;
        let line = group as usize * gemm.outputs as usize + output as usize;
        self.activations[line * gemm.reduction as usize + k as usize]
    }

    fn weight(&self, group: u32, filter: u32, k: u32) -> Encoded {
        let gemm = &self.gemm;
        let line = group as usize * gemm.filters as usize + filter as usize;
        self.weights[line * gemm.reduction as usize + k as usize]
    }
}

/// A place in the layer's output.
#[derive(Debug, Clone, Copy)]
struct OutputPlace {
    repeat: u32,
    group: u32,
    image: u32,
    row: u32,
    column: u32,
    filter: u32,
}

impl LayerOperands {
    /// Operands drawn from `seed` for layer number `layer`.
    pub fn new(plan: &ArrayPlan, pe: &PeKind, seed: u64, layer: u64) -> Self {
        let (activation, weight) = MacUnit::new(pe, &plan.precision).codecs();
        let stream = seed
            .wrapping_add(layer << 1)
            .wrapping_mul(0xD134_2543_DE82_EF95);
        LayerOperands {
            plan: plan.clone(),
            activation,
            weight,
            activations: Stimulus::Seed(stream),
            weights: Stimulus::Seed(stream.rotate_left(32) ^ 1),
            outputs: vec![0; plan.nest.output_values() as usize],
        }
    }

    /// The same layer with these operand values.
    pub fn with_values(self, operands: &Arc<GivenOperands>) -> Self {
        let given = |slot| Stimulus::Given(Arc::clone(operands), slot);
        LayerOperands {
            activations: given(Slot::Activations),
            weights: given(Slot::Weights),
            ..self
        }
    }

    /// The activation under tap `(tap_row, tap_column)` of the window at an output; padding is zero.
    fn activation(&self, at: &OutputPlace, channel: u32, tap: [u32; 2]) -> i32 {
        let nest = &self.plan.nest;
        let input = |axis: &crate::mapping::Axis, output: u32, tap: u32, extent: u32| {
            let place = u64::from(output) * u64::from(axis.stride) + u64::from(tap * axis.dilation);
            place
                .checked_sub(u64::from(axis.padding))
                .filter(|&place| place < u64::from(extent))
        };
        let row = input(&nest.rows, at.row, tap[0], nest.in_rows);
        let column = input(&nest.columns, at.column, tap[1], nest.in_columns);
        let (Some(row), Some(column)) = (row, column) else {
            return 0;
        };
        let image = u64::from(at.repeat) + u64::from(at.image);
        let channel = u64::from(at.group) * u64::from(nest.channels) + u64::from(channel);
        let place = (image * u64::from(nest.in_rows) + row) * u64::from(nest.in_columns) + column;
        let channels = u64::from(nest.groups) * u64::from(nest.channels);
        self.activations
            .value(&self.activation, place * channels + channel)
    }

    fn weight(&self, repeat: u32, group: u32, filter: u32, channel: u32, tap: [u32; 2]) -> i32 {
        let nest = &self.plan.nest;
        // Weights are the same for every repetition; another activation is not.
        let set = if nest.second == SecondOperand::Weights {
            0
        } else {
            u64::from(repeat)
        };
        let filter = (set * u64::from(nest.groups) + u64::from(group)) * u64::from(nest.filters)
            + u64::from(filter);
        let k = (u64::from(channel) * u64::from(nest.rows.kernel) + u64::from(tap[0]))
            * u64::from(nest.columns.kernel)
            + u64::from(tap[1]);
        self.weights
            .value(&self.weight, filter * nest.reduction(nest.channels) + k)
    }

    /// The operands of step `step`.
    pub fn tile(&self, step: u32, gemm: &TileGemm) -> TileOperands {
        let tile = self.plan.step_box(u64::from(step));
        let encode = |codec: &Codec, value| codec.encode(value).unwrap_or(super::mac::NOTHING);
        let reduction = || taps(&self.plan.nest, tile.channels.clone());
        let mut activations = Vec::with_capacity(
            gemm.groups as usize * gemm.outputs as usize * gemm.reduction as usize,
        );
        let mut weights = Vec::with_capacity(
            gemm.groups as usize * gemm.filters as usize * gemm.reduction as usize,
        );
        for group in tile.groups.clone() {
            for output in 0..gemm.outputs {
                let at = place(&tile, group, output, 0);
                activations.extend(reduction().map(|(channel, tap)| {
                    encode(&self.activation, self.activation(&at, channel, tap))
                }));
            }
            for filter in tile.filters.clone() {
                weights.extend(reduction().map(|(channel, tap)| {
                    let value = self.weight(tile.repeat, group, filter, channel, tap);
                    encode(&self.weight, value)
                }));
            }
        }
        TileOperands {
            tile,
            gemm: *gemm,
            activations,
            weights,
        }
    }

    /// A result of the array goes to its output, or is added to it.
    pub fn accept(
        &mut self,
        tile: &TileOperands,
        timing: &ArrayTiming,
        part: &FoldPart,
        (row, column, value): (usize, usize, i32),
    ) {
        let column = part.columns.start + column as u32;
        let (output, filter) = match timing.dataflow {
            Dataflow::OutputStationary => {
                let row = part.rows.start + row as u32;
                if timing.exchanged {
                    (column, row)
                } else {
                    (row, column)
                }
            }
            Dataflow::WeightStationary => (row as u32, column),
            Dataflow::InputStationary => (column, row as u32),
        };
        let at = place(
            &tile.tile,
            tile.tile.groups.start + part.group,
            output,
            filter,
        );
        let begins = tile.gemm.first
            && (timing.dataflow == Dataflow::OutputStationary || part.rows.start == 0);
        let index = self.index(&at);
        let sum = &mut self.outputs[index];
        *sum = if begins {
            value
        } else {
            sum.wrapping_add(value)
        };
    }

    fn index(&self, at: &OutputPlace) -> usize {
        let nest = &self.plan.nest;
        [
            (at.group, nest.groups),
            (at.image, nest.images),
            (at.row, nest.out_rows),
            (at.column, nest.out_columns),
            (at.filter, nest.filters),
        ]
        .into_iter()
        .fold(at.repeat as usize, |index, (at, extent)| {
            index * extent as usize + at as usize
        })
    }

    /// Compares all outputs with the layer computed directly, loop by loop.
    pub fn check(&self) -> OutputCheck {
        let mut check = OutputCheck {
            hash: 0xCBF2_9CE4_8422_2325,
            ..OutputCheck::default()
        };
        for at in output_places(&self.plan.nest) {
            let value = self.outputs[self.index(&at)];
            check.outputs += 1;
            check.different += u64::from(value != self.direct(&at));
            for byte in value.to_le_bytes() {
                check.hash = (check.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
            }
        }
        check
    }

    fn direct(&self, at: &OutputPlace) -> i32 {
        let nest = &self.plan.nest;
        taps(nest, 0..nest.channels).fold(0i32, |sum, (channel, tap)| {
            let activation = self.activation(at, channel, tap);
            let weight = self.weight(at.repeat, at.group, at.filter, channel, tap);
            sum.wrapping_add(self.product(activation, weight))
        })
    }

    fn product(&self, activation: i32, weight: i32) -> i32 {
        match (self.activation, self.weight, &self.plan.precision.products) {
            (Codec::Blocks(a), Codec::Blocks(w), Some(products)) => {
                match (a.encode(activation), w.encode(weight)) {
                    (Ok(activation), Ok(weight)) => {
                        multiply((&a, activation), (&w, weight), products)
                    }
                    _ => 0,
                }
            }
            _ => activation * weight,
        }
    }
}

/// The reduction over some channels, in the order in which tiles are laid out.
fn taps(nest: &Nest, channels: std::ops::Range<u32>) -> impl Iterator<Item = (u32, [u32; 2])> {
    let (rows, columns) = (nest.rows.kernel, nest.columns.kernel);
    channels.flat_map(move |channel| {
        (0..rows).flat_map(move |row| (0..columns).map(move |column| (channel, [row, column])))
    })
}

/// Output `output` of a tile's GEMM, and filter `filter` of the tile.
fn place(tile: &TileBox, group: u32, output: u32, filter: u32) -> OutputPlace {
    let rows = tile.rows.end - tile.rows.start;
    let columns = tile.columns.end - tile.columns.start;
    OutputPlace {
        repeat: tile.repeat,
        group,
        image: tile.images.start + output / (rows * columns),
        row: tile.rows.start + output / columns % rows,
        column: tile.columns.start + output % columns,
        filter: tile.filters.start + filter,
    }
}

fn output_places(nest: &Nest) -> impl Iterator<Item = OutputPlace> {
    let extents = [
        nest.repeats,
        nest.groups,
        nest.images,
        nest.out_rows,
        nest.out_columns,
        nest.filters,
    ];
    let count: u64 = extents.iter().map(|&extent| u64::from(extent)).product();
    (0..count).map(move |index| {
        let mut rest = index;
        let mut at = [0; 6];
        for (place, extent) in at.iter_mut().zip(extents).rev() {
            *place = (rest % u64::from(extent)) as u32;
            rest /= u64::from(extent);
        }
        let [repeat, group, image, row, column, filter] = at;
        OutputPlace {
            repeat,
            group,
            image,
            row,
            column,
            filter,
        }
    })
}

/// The operands of one fold of a tile.
pub(super) fn fold_operands(
    timing: &ArrayTiming,
    tile: &TileOperands,
    part: &FoldPart,
) -> FoldOperands {
    let lanes = timing.macs_per_step;
    let extent = |range: &std::ops::Range<u32>| range.end - range.start;
    let (group, columns) = (part.group, extent(&part.columns) as usize);
    let activation = |output: usize, k: usize| tile.activation(group, output as u32, k as u32);
    let weight = |filter: usize, k: usize| tile.weight(group, filter as u32, k as u32);
    let (row, column) = (part.rows.start as usize, part.columns.start as usize);
    if timing.dataflow == Dataflow::OutputStationary {
        let shape = FoldShape {
            rows: extent(&part.rows) as usize,
            columns,
            steps: tile.gemm.reduction.div_ceil(lanes) as usize,
            lanes: lanes as usize,
            reduction: tile.gemm.reduction as usize,
        };
        return if timing.exchanged {
            FoldOperands::output_stationary(
                shape,
                |i, k| weight(row + i, k),
                |k, j| activation(column + j, k),
            )
        } else {
            FoldOperands::output_stationary(
                shape,
                |i, k| activation(row + i, k),
                |k, j| weight(column + j, k),
            )
        };
    }
    let weights_stay = timing.dataflow == Dataflow::WeightStationary;
    let shape = FoldShape {
        rows: extent(&part.rows).div_ceil(lanes) as usize,
        columns,
        steps: if weights_stay {
            tile.gemm.outputs as usize
        } else {
            tile.gemm.filters as usize
        },
        lanes: lanes as usize,
        reduction: extent(&part.rows) as usize,
    };
    if weights_stay {
        FoldOperands::operand_stationary(
            shape,
            |step, k| activation(step, row + k),
            |k, j| weight(column + j, row + k),
        )
    } else {
        FoldOperands::operand_stationary(
            shape,
            |step, k| weight(step, row + k),
            |k, j| activation(column + j, row + k),
        )
    }
}
