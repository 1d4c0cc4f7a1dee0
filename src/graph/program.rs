//! A program: layers, their steps, their transfers.

use std::ops::{Deref, Range};

use super::dependencies::Written;
use super::fusion::Fusion;
use super::residency::keep_tensors;
use crate::arch::{Architecture, NetworkOptions, Operand, PerOperand};
use crate::mapping::{ArrayTiming, MappedLayer, Step, Transfer};

/// The tile steps of several layers in the order in which the controller asks for their tiles.
#[derive(Debug, Clone, Default)]
pub struct Program<'a> {
    /// The layers, in order.
    pub layers: Vec<ProgramLayer<'a>>,
    /// The steps of all layers.
    pub steps: Vec<ProgramStep>,
    /// The moves of all steps, which name ranges of them.
    pub transfers: Vec<ProgramTransfer>,
    /// The tensors that stay in the activation buffer, those that leave it first in front.
    pub kept: Vec<KeptTensor>,
}

/// A tensor that stays in the activation buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptTensor {
    /// Its bits.
    pub bits: u64,
    /// Leading steps of the program after which nobody reads it any more.
    pub freed_after: u32,
}

/// A layer of a program.
#[derive(Debug, Clone)]
pub struct ProgramLayer<'a> {
    /// Which layer of the network it is, and its plan.
    pub mapping: &'a MappedLayer,
    /// Where its steps lie in the program; of layers that are fused, among each other's.
    pub steps: Range<usize>,
    /// Array timing; none for a layer of the vector unit.
    pub timing: Option<ArrayTiming>,
    /// Most tiles of the layer that each buffer holds.
    pub slots: PerOperand<u32>,
    /// Bits that the layer's largest tile takes in each buffer.
    pub tile_bits: PerOperand<u64>,
    /// It takes its tiles from the layer before.
    pub is_fused: bool,
}

/// A tile of another layer that is in the output buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenTile {
    /// The step of the program that leaves it there.
    pub step: u32,
    /// Its bits.
    pub bits: u64,
}

/// A step with its place in the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramStep {
    /// Its layer: an index into [`Program::layers`].
    pub layer: u32,
    /// Its number in its layer.
    pub number: u32,
    /// The layer whose output tile it works on: its own, or the one that it takes the tile from.
    pub holder: u32,
    /// What to load, to compute and to store.
    pub step: Step,
    /// What it takes from the output buffer instead of loading it.
    pub takes: Option<TakenTile>,
    /// By operand: leading steps of the program that must be complete, stores in DRAM included, before the step's new
    /// tile is asked for.
    pub loads_after: PerOperand<u32>,
    /// Bits of the activation buffer that tensors take from here on, to stay.
    pub keeps_bits: u64,
}

impl ProgramStep {
    /// Leading steps of the program that must be complete before all tiles of the step are asked for.
    pub fn starts_after(&self) -> u32 {
        self.loads_after.iter().copied().max().unwrap_or(0)
    }

    /// Bits that tensors take from here on in the buffer of `operand`, to stay.
    pub fn keeps_in(&self, operand: Operand) -> u64 {
        match operand {
            Operand::Activation => self.keeps_bits,
            Operand::Weight | Operand::Output => 0,
        }
    }

    /// Whether a tile or a tensor takes room in the buffer of `operand`.
    pub fn takes_room(&self, operand: Operand) -> bool {
        self.begins[operand] || self.keeps_in(operand) > 0
    }
}

/// Reads as the step does.
impl Deref for ProgramStep {
    type Target = Step;

    fn deref(&self) -> &Step {
        &self.step
    }
}

/// A transfer with its place in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramTransfer {
    /// Its layer: an index into [`Program::layers`].
    pub layer: u32,
    /// Its number in its layer.
    pub number: u32,
    /// Its step in the program.
    pub step: u32,
    /// What is moved.
    pub transfer: Transfer,
    /// The tensor stays in the activation buffer. A store moves the tile there, a load of a second operand from there; other
    /// loads find it in its place.
    pub on_chip: bool,
}

impl ProgramTransfer {
    /// The buffers between which it moves a tile of a tensor that stays; none if that is read in its place.
    pub fn moves_between(&self) -> Option<[Operand; 2]> {
        match (self.store, self.operand) {
            (true, _) => Some([Operand::Output, Operand::Activation]),
            (false, Operand::Activation) => None,
            (false, to) => Some([Operand::Activation, to]),
        }
    }
}

/// Reads as the transfer does.
impl Deref for ProgramTransfer {
    type Target = Transfer;

    fn deref(&self) -> &Transfer {
        &self.transfer
    }
}

impl<'a> Program<'a> {
    /// The layers one after the other: nothing of a layer begins before all of the one before it is in DRAM.
    pub fn layer_by_layer(layers: impl IntoIterator<Item = &'a MappedLayer>) -> Program<'a> {
        let layers: Vec<&MappedLayer> = layers.into_iter().collect();
        let mut program = Program::default();
        for layer in layers {
            program.push(layer, None);
        }
        program
    }

    /// The layers on an architecture that does `options` across them.
    pub fn of(
        layers: impl IntoIterator<Item = &'a MappedLayer>,
        arch: &Architecture,
        options: NetworkOptions,
    ) -> Program<'a> {
        let layers: Vec<&MappedLayer> = layers.into_iter().collect();
        let capacity_bits = PerOperand::of(|operand| arch.buffers[operand].size_bytes() * 8);
        let mut program = Program::default();
        let mut index = 0;
        while let Some(layer) = layers.get(index) {
            let fusion = match options.fusion {
                true => Fusion::of(&layers, index, &capacity_bits),
                false => None,
            };
            let fused = fusion.as_ref().map(|fusion| (layers[index + 1], fusion));
            program.push(layer, fused);
            index += if fused.is_some() { 2 } else { 1 };
        }
        if options.residency {
            keep_tensors(&mut program, capacity_bits.activation);
        }
        if options.prefetch {
            program.wait_for_data_only();
        }
        program
    }

    /// Every tile waits for the last step that writes what it reads, and for no other.
    fn wait_for_data_only(&mut self) {
        let mut written = Written::default();
        let mut ended = 0;
        for index in 0..self.steps.len() {
            let step = &self.steps[index];
            let transfers = |range: &Range<u32>| {
                let range = range.start as usize..range.end as usize;
                self.transfers[range].iter()
            };
            let loads_after = PerOperand::of(|operand| {
                let reads = transfers(&step.loads[operand]).map(|what| match what.psums {
                    true => written.steps_before_psums(&what.runs),
                    false => written.steps_before(&what.runs),
                });
                reads.max().unwrap_or(0)
            });
            for what in transfers(&step.stores).filter(|what| what.psums) {
                written.psums_written(&what.runs, index as u32);
            }
            self.steps[index].loads_after = loads_after;
            while self
                .layers
                .get(ended)
                .is_some_and(|layer| layer.steps.end == index + 1)
            {
                written.add_layer(self, ended);
                ended += 1;
            }
        }
    }

    /// The steps of a layer.
    pub fn steps_of(&self, layer: usize) -> impl Iterator<Item = &ProgramStep> + Clone {
        let steps = self.steps[self.layers[layer].steps.clone()].iter();
        steps.filter(move |step| step.layer as usize == layer)
    }

    /// The transfers of a layer.
    pub fn transfers_of(&self, layer: usize) -> impl Iterator<Item = &ProgramTransfer> + Clone {
        let all = |step: &ProgramStep| step.loads.activation.start..step.stores.end;
        let indices = self.steps_of(layer).flat_map(all);
        indices.map(|index| &self.transfers[index as usize])
    }
}
