//! Residency: tensors that stay in the activation buffer from the first step that writes them to the last that reads
//! them.
//!
//! A tensor takes room beside the tiles of every layer in whose time it lives. Those that save most DRAM bytes for their
//! bits and the layers that they outlive get it first. The array and the vector unit read a tensor that stays in its
//! place; where it is the second operand of a matrix product, tiles of it are moved to the weight buffer.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use super::dependencies::extent;
use super::program::{KeptTensor, Program};

/// A tensor that a layer writes and later layers read.
#[derive(Debug, Default)]
struct Tensor {
    /// Its bytes in DRAM.
    first: u64,
    end: u64,
    layer: usize,
    last_reader: usize,
    last_step: usize,
    stored_bytes: u64,
    loaded_bytes: u64,
    /// The transfers that write and read it.
    transfers: Vec<usize>,
}

/// Chooses tensors and keeps them in a buffer of `capacity_bits`.
pub(super) fn keep_tensors(program: &mut Program<'_>, capacity_bits: u64) {
    let mut plan = Plan::of(program, capacity_bits);
    let mut tensors: Vec<Tensor> = tensors(program).into_values().collect();
    tensors.retain(|tensor| tensor.loaded_bytes > 0);
    tensors.sort_by_key(|tensor| (Reverse(plan.worth(tensor)), tensor.layer));
    for tensor in &tensors {
        plan.try_to_keep(program, tensor);
    }
    program.kept.sort_by_key(|kept| kept.freed_after);
}

/// The tensors of a program by their first byte.
fn tensors(program: &Program<'_>) -> BTreeMap<u64, Tensor> {
    let mut tensors = BTreeMap::<u64, Tensor>::new();
    for tensor in written(program) {
        tensors.insert(tensor.first, tensor);
    }
    for (index, what) in program.transfers.iter().enumerate() {
        if what.store || what.psums || what.runs.bytes() == 0 {
            continue;
        }
        let bytes = extent(&what.runs);
        let of_it = tensors.range_mut(..=bytes.start).next_back();
        if let Some((_, tensor)) = of_it.filter(|(_, tensor)| bytes.start < tensor.end) {
            tensor.loaded_bytes += what.runs.bytes();
            tensor.last_reader = tensor.last_reader.max(what.layer as usize);
            tensor.last_step = tensor.last_step.max(what.step as usize);
            tensor.transfers.push(index);
        }
    }
    tensors
}

/// The tensors that layers write.
fn written(program: &Program<'_>) -> impl Iterator<Item = Tensor> {
    let mut tensors = BTreeMap::<u32, Tensor>::new();
    for (index, what) in program.transfers.iter().enumerate() {
        if !what.store || what.psums || what.runs.bytes() == 0 {
            continue;
        }
        let bytes = extent(&what.runs);
        let tensor = tensors.entry(what.layer).or_insert_with(|| Tensor {
            first: bytes.start,
            layer: what.layer as usize,
            ..Tensor::default()
        });
        tensor.first = tensor.first.min(bytes.start);
        tensor.end = tensor.end.max(bytes.end);
        tensor.stored_bytes += what.runs.bytes();
        tensor.transfers.push(index);
    }
    tensors.into_values()
}

/// What the buffer holds while each group of layers runs: one layer, or two that are fused.
#[derive(Debug)]
struct Plan {
    capacity_bits: u64,
    /// Of each layer: its group.
    groups: Vec<usize>,
    /// Of each layer: bits of a tile if nothing stays.
    whole: Vec<u64>,
    /// Of each layer: bits of the tiles that it holds.
    tiles: Vec<u64>,
    /// Of each group: bits of the tensors that stay.
    kept: Vec<u64>,
}

impl Plan {
    fn of(program: &Program<'_>, capacity_bits: u64) -> Plan {
        let mut groups = Vec::with_capacity(program.layers.len());
        for layer in &program.layers {
            let group = groups.last().map_or(0, |last| last + 1);
            groups.push(group - usize::from(layer.is_fused));
        }
        let count = groups.last().map_or(0, |last| last + 1);
        let layers = program.layers.iter();
        let whole: Vec<u64> = layers.map(|layer| layer.tile_bits.activation).collect();
        let tiles = whole.iter().enumerate();
        let tiles = tiles
            .map(|(layer, &bits)| held_bits(program, layer, bits, capacity_bits))
            .collect();
        Plan {
            capacity_bits,
            groups,
            whole,
            tiles,
            kept: vec![0; count],
        }
    }

    fn lifetime(&self, tensor: &Tensor) -> Range<usize> {
        self.groups[tensor.layer]..self.groups[tensor.last_reader] + 1
    }

    /// DRAM bytes saved for the bits and the groups of layers in whose time they are taken, scaled to an integer.
    fn worth(&self, tensor: &Tensor) -> u128 {
        let saved = u128::from(tensor.stored_bytes + tensor.loaded_bytes);
        let taken = u128::from(tensor.stored_bytes) * self.lifetime(tensor).len() as u128;
        (saved << 32) / taken.max(1)
    }

    /// Keeps a tensor if there is room for it.
    fn try_to_keep(&mut self, program: &mut Program<'_>, tensor: &Tensor) {
        let bits = tensor.stored_bytes * 8;
        let lifetime = self.lifetime(tensor);
        if lifetime
            .clone()
            .any(|group| self.kept[group] + bits > self.capacity_bits)
        {
            return;
        }
        self.mark(program, tensor, true);
        let fits = lifetime.clone().all(|group| {
            let layers = self.groups.iter().zip(&self.tiles);
            let tiles = layers.filter(|&(&of, _)| of == group).map(|(_, bits)| bits);
            self.kept[group] + bits + tiles.sum::<u64>() <= self.capacity_bits
        });
        if !fits {
            self.mark(program, tensor, false);
            return;
        }
        let group = self.groups[tensor.layer];
        let first = self.groups.iter().position(|&of| of == group).unwrap_or(0);
        let first_step = program.layers[first].steps.start;
        program.steps[first_step].keeps_bits += bits;
        program.kept.push(KeptTensor {
            bits,
            freed_after: tensor.last_step as u32 + 1,
        });
        for group in lifetime {
            self.kept[group] += bits;
        }
    }

    /// Says of all moves of a tensor that they stay on the chip, or do not.
    fn mark(&mut self, program: &mut Program<'_>, tensor: &Tensor, on_chip: bool) {
        let mut readers = Vec::new();
        for &index in &tensor.transfers {
            let what = &mut program.transfers[index];
            what.on_chip = on_chip;
            if !what.store && readers.last() != Some(&(what.layer as usize)) {
                readers.push(what.layer as usize);
            }
        }
        for layer in readers {
            let bits = tile_bits(program, layer).unwrap_or(self.whole[layer]);
            program.layers[layer].tile_bits.activation = bits;
            self.tiles[layer] = held_bits(program, layer, bits, self.capacity_bits);
        }
    }
}

/// Bits of all tiles of `bits` that a layer holds in the activation buffer at a time.
fn held_bits(program: &Program<'_>, layer: usize, bits: u64, capacity_bits: u64) -> u64 {
    let slots = u64::from(program.layers[layer].slots.activation.max(1));
    slots * bits.min(capacity_bits / slots)
}

/// Bits of a layer's largest tile in the activation buffer without what is read in its place, if anything is.
fn tile_bits(program: &Program<'_>, layer: usize) -> Option<u64> {
    let mut stays = false;
    let mut most = 0;
    for step in program.steps_of(layer) {
        let range = &step.loads.activation;
        let mut bits = 0;
        for what in &program.transfers[range.start as usize..range.end as usize] {
            stays |= what.on_chip;
            bits += if what.on_chip {
                0
            } else {
                what.runs.bytes() * 8
            };
        }
        most = most.max(bits);
    }
    stays.then_some(most)
}
