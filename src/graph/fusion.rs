//! Fusion: an element-wise layer of the vector unit takes the tiles of the layer before it from the output buffer.

use std::ops::Range;

use super::build::array_tile_bits;
use crate::arch::{Operand, PerOperand};
use crate::mapping::{
    ArrayPlan, Axis, LayerPlan, MappedLayer, Reach, Runs, SecondLayout, SecondOperand, Step,
    TensorLayout, TileBox, Transfer, VectorPlan, VectorWork, Work,
};

/// A pair of layers, the second of which takes its tiles from the first.
#[derive(Debug, Clone)]
pub(super) struct Fusion<'a> {
    array: &'a ArrayPlan,
    vector: &'a VectorPlan,
    /// What the vector unit reads besides, seen as the array sees its output.
    others: Vec<TensorLayout>,
    output: TensorLayout,
}

/// A step of the vector unit on a tile that is in the output buffer.
#[derive(Debug, Clone)]
pub(super) struct FusedStep {
    /// What it loads.
    pub loads: Vec<Transfer>,
    /// What it stores.
    pub store: Transfer,
    /// What it does. Its input is what it loads.
    pub work: VectorWork,
    /// Bits of the tile.
    pub taken_bits: u64,
}

/// A box of a tensor.
struct TensorBox {
    images: Range<u32>,
    rows: Range<u32>,
    columns: Range<u32>,
    channels: Range<u32>,
}

fn length(range: &Range<u32>) -> u64 {
    u64::from(range.end - range.start)
}

impl TensorBox {
    /// What a tile of the array writes.
    fn of(tile: &TileBox, filters: u32) -> TensorBox {
        TensorBox {
            images: tile.images.start + tile.repeat..tile.images.end + tile.repeat,
            rows: tile.rows.clone(),
            columns: tile.columns.clone(),
            channels: tile.groups.start * filters + tile.filters.start
                ..(tile.groups.end - 1) * filters + tile.filters.end,
        }
    }

    /// The part of `layout` that belongs to it: one row, column or channel is there for all.
    fn part(&self, layout: &TensorLayout) -> (Runs, u64) {
        let along = |range: &Range<u32>, extent: u32| match extent {
            1 => 0..1,
            _ => range.clone(),
        };
        let rows = along(&self.rows, layout.rows);
        let columns = along(&self.columns, layout.columns);
        let channels = along(&self.channels, layout.channels);
        let values = [&self.images, &rows, &columns, &channels]
            .into_iter()
            .map(length)
            .product::<u64>();
        let runs = layout.region(self.images.clone(), rows, columns, channels);
        (runs, values * u64::from(layout.value_bits))
    }

    fn values(&self) -> u64 {
        [&self.images, &self.rows, &self.columns, &self.channels]
            .into_iter()
            .map(length)
            .product()
    }
}

fn extents(layout: &TensorLayout) -> [u32; 3] {
    [layout.rows, layout.columns, layout.channels]
}

/// The tensors that a layer reads.
pub(super) fn inputs(layer: &MappedLayer) -> Vec<TensorLayout> {
    match &layer.plan {
        LayerPlan::Array(plan) => {
            let second = match plan.second {
                SecondLayout::Weights { .. } => None,
                SecondLayout::Activation(layout) => Some(layout),
            };
            [plan.input].into_iter().chain(second).collect()
        }
        LayerPlan::Vector(plan) => {
            let inputs = plan.pieces.iter().flat_map(|piece| &piece.inputs);
            inputs.copied().collect()
        }
    }
}

impl<'a> Fusion<'a> {
    /// That of the layers `index` and `index + 1`, if the second is element-wise and alone reads what the first writes.
    pub(super) fn of(
        layers: &[&'a MappedLayer],
        index: usize,
        capacity_bits: &PerOperand<u64>,
    ) -> Option<Fusion<'a>> {
        let (LayerPlan::Array(array), LayerPlan::Vector(vector)) =
            (&layers[index].plan, &layers.get(index + 1)?.plan)
        else {
            return None;
        };
        let images = u64::from(array.nest.images * array.nest.repeats);
        let bytes = array.output.base..array.output.base + images * array.output.image_bytes;
        let reads = layers[index + 1..]
            .iter()
            .flat_map(|layer| inputs(layer))
            .filter(|input| bytes.contains(&input.base));
        let is_pointwise = [vector.rows, vector.columns, vector.channels]
            .iter()
            .all(|axis| *axis == Axis::POINT);
        let [piece] = vector.pieces.as_slice() else {
            return None;
        };
        if reads.count() != 1 || !is_pointwise {
            return None;
        }
        let flat = array.nest.second != SecondOperand::Weights;
        let seen = |layout: &TensorLayout| match flat {
            true => layout.flattened(),
            false => *layout,
        };
        let output = seen(&piece.output);
        let (taken, others): (Vec<TensorLayout>, Vec<TensorLayout>) = piece
            .inputs
            .iter()
            .map(seen)
            .partition(|input| *input == array.output);
        let whole = |layout: &TensorLayout| extents(layout) == extents(&output);
        let fits = taken.len() == 1
            && extents(&output) == extents(&array.output)
            && (!flat || others.iter().all(whole))
            && output.value_bits <= array.output.value_bits;
        let tile_channels = array.tiling.groups * array.tiling.filters;
        // A normalisation reads all channels of its pixels, or of its groups.
        let all_channels = vector.reach != Reach::Behind;
        if !fits || all_channels && tile_channels < output.channels {
            return None;
        }
        let fusion = Fusion {
            array,
            vector,
            others,
            output,
        };
        fusion.has_room(capacity_bits.activation).then_some(fusion)
    }

    /// Whether a tile that the vector unit loads has room beside the one that the array works on: the array may hold on to
    /// its own until the vector unit has taken what it left.
    fn has_room(&self, capacity_bits: u64) -> bool {
        let share = |bits: u64, slots: u32| bits.min(capacity_bits / u64::from(slots.max(1)));
        let of_array = array_tile_bits(self.array).activation;
        // A slab that is kept stays all the while.
        let trips = self.array.tiling.trips(&self.array.nest);
        let held = self.array.tiling.held_tiles(&trips, Operand::Activation);
        let of_array = held * share(of_array, self.array.tiling.slots.activation);
        let bits = self.tile_bits();
        bits == share(bits, self.vector.slots.activation) && bits + of_array <= capacity_bits
    }

    /// Most tiles that the vector unit holds in each buffer.
    pub(super) fn slots(&self) -> PerOperand<u32> {
        self.vector.slots
    }

    /// Bits that the vector unit loads for a full tile.
    pub(super) fn tile_bits(&self) -> u64 {
        let tiling = &self.array.tiling;
        let values = [
            tiling.images,
            tiling.out_rows,
            tiling.out_columns,
            tiling.groups * tiling.filters,
        ]
        .into_iter()
        .map(u64::from)
        .product::<u64>();
        let bits = self.others.iter().map(|other| u64::from(other.value_bits));
        values * bits.sum::<u64>()
    }

    /// What follows step `number` of the array, if an output tile is finished with it.
    pub(super) fn step(&self, number: u64, step: &Step) -> Option<FusedStep> {
        let Work::Array(gemm) = step.work else {
            return None;
        };
        if !gemm.last || step.stores.is_empty() {
            return None;
        }
        let tile = TensorBox::of(&self.array.step_box(number), self.array.nest.filters);
        let transfer = |operand, store, runs| Transfer {
            operand,
            store,
            psums: false,
            runs,
        };
        let mut input_bits = 0;
        let mut loads = Vec::with_capacity(self.others.len());
        for other in &self.others {
            let (runs, bits) = tile.part(other);
            input_bits += bits;
            loads.push(transfer(Operand::Activation, false, runs));
        }
        let values = tile.values();
        let (runs, output_bits) = tile.part(&self.output);
        Some(FusedStep {
            loads,
            store: transfer(Operand::Output, true, runs),
            work: VectorWork {
                operations: values * u64::from(self.vector.operations_per_value),
                input_bits,
                output_bits,
                values,
            },
            taken_bits: values * u64::from(self.array.output.value_bits),
        })
    }
}
