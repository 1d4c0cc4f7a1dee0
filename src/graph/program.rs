//! A program: layers, their steps, their transfers.

use std::ops::{Deref, Range};

use super::dependencies::Written;
use super::fusion::{FusedStep, Fusion};
use crate::arch::{Architecture, Dataflow, NetworkOptions, Operand, PerOperand};
use crate::mapping::{
    ArrayPlan, ArrayTiming, LayerPlan, MappedLayer, SecondLayout, Step, Transfer, Work,
};

/// The tile steps of several layers in the order in which the controller asks for their tiles.
#[derive(Debug, Clone, Default)]
pub struct Program<'a> {
    /// The layers, in order.
    pub layers: Vec<ProgramLayer<'a>>,
    /// The steps of all layers.
    pub steps: Vec<ProgramStep>,
    /// The moves of all steps, which name ranges of them.
    pub transfers: Vec<ProgramTransfer>,
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
}

impl ProgramStep {
    /// Leading steps of the program that must be complete before all tiles of the step are asked for.
    pub fn starts_after(&self) -> u32 {
        self.loads_after.iter().copied().max().unwrap_or(0)
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

    /// Adds a layer, with the one that takes its tiles from it.
    fn push(&mut self, mapping: &'a MappedLayer, fused: Option<(&'a MappedLayer, &Fusion<'a>)>) {
        let layer = self.layers.len() as u32;
        let first_step = self.steps.len();
        let schedule = mapping.plan.schedule();
        let mut counts = Counts::default();
        let mut counts_of_fused = Counts::default();
        let mut largest = PerOperand::<u64>::default();
        for (number, step) in schedule.steps.iter().enumerate() {
            let taken = fused.and_then(|(_, fusion)| fusion.step(number as u64, step));
            if let Work::Vector(work) = &step.work {
                largest.activation = largest.activation.max(work.input_bits);
                largest.output = largest.output.max(work.output_bits);
            }
            let stores = match taken {
                Some(_) => 0..0,
                None => step.stores.clone(),
            };
            let loads = PerOperand::of(|operand| {
                let range = &step.loads[operand];
                let what = &schedule.transfers[range.start as usize..range.end as usize];
                self.add_transfers(layer, &mut counts, what)
            });
            let what = &schedule.transfers[stores.start as usize..stores.end as usize];
            let stores = self.add_transfers(layer, &mut counts, what);
            self.steps.push(ProgramStep {
                layer,
                number: counts.step(),
                holder: layer,
                step: Step {
                    loads,
                    stores,
                    ..step.clone()
                },
                takes: None,
                loads_after: PerOperand::same(first_step as u32),
            });
            if let Some(taken) = taken {
                self.push_fused(layer, first_step, &mut counts_of_fused, taken);
            }
        }
        let end_of = |of: u32| {
            let steps = &self.steps[first_step..];
            let last = steps.iter().rposition(|step| step.layer == of);
            first_step + last.map_or(0, |last| last + 1)
        };
        let (end, end_of_fused) = (end_of(layer), end_of(layer + 1));
        self.layers.push(ProgramLayer {
            mapping,
            steps: first_step..end,
            timing: schedule.timing,
            slots: schedule.slots,
            tile_bits: match &mapping.plan {
                LayerPlan::Array(plan) => array_tile_bits(plan),
                LayerPlan::Vector(_) => largest,
            },
            is_fused: false,
        });
        if let Some((mapping, fusion)) = fused {
            let slots = match &mapping.plan {
                LayerPlan::Vector(plan) => plan.slots,
                LayerPlan::Array(_) => schedule.slots,
            };
            self.layers.push(ProgramLayer {
                mapping,
                steps: first_step..end_of_fused,
                timing: None,
                slots,
                tile_bits: PerOperand {
                    activation: fusion.tile_bits(),
                    ..PerOperand::default()
                },
                is_fused: true,
            });
        }
    }

    /// Adds the transfers of the step that is added next.
    fn add_transfers(
        &mut self,
        layer: u32,
        counts: &mut Counts,
        transfers: &[Transfer],
    ) -> Range<u32> {
        let first = self.transfers.len() as u32;
        for &transfer in transfers {
            self.transfers.push(ProgramTransfer {
                layer,
                number: counts.transfers,
                step: self.steps.len() as u32,
                transfer,
            });
            counts.transfers += 1;
        }
        first..self.transfers.len() as u32
    }

    /// Adds the step of the vector unit that takes the tile of the last step.
    fn push_fused(
        &mut self,
        array_layer: u32,
        first_step: usize,
        counts: &mut Counts,
        fused: FusedStep,
    ) {
        let layer = array_layer + 1;
        let from = self.steps.len() as u32 - 1;
        let loads = self.add_transfers(layer, counts, &fused.loads);
        let none = loads.end..loads.end;
        let stores = self.add_transfers(layer, counts, &[fused.store]);
        let only = |operand, holds| PerOperand::of(|of| of == operand && holds);
        let holds = !loads.is_empty();
        self.steps.push(ProgramStep {
            layer,
            number: counts.step(),
            holder: array_layer,
            step: Step {
                loads: PerOperand {
                    activation: loads,
                    weight: none.clone(),
                    output: none,
                },
                begins: only(Operand::Activation, holds),
                ends: PerOperand {
                    output: true,
                    ..only(Operand::Activation, holds)
                },
                stores,
                work: Work::Vector(fused.work),
            },
            takes: Some(TakenTile {
                step: from,
                bits: fused.taken_bits,
            }),
            loads_after: PerOperand::same(first_step as u32),
        });
        self.steps[from as usize].step.ends.output = false;
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

/// Steps and transfers of a layer so far.
#[derive(Debug, Default)]
struct Counts {
    steps: u32,
    transfers: u32,
}

impl Counts {
    /// The number of the next step.
    fn step(&mut self) -> u32 {
        self.steps += 1;
        self.steps - 1
    }
}

/// Bits of a full tile of each operand.
fn array_tile_bits(plan: &ArrayPlan) -> PerOperand<u64> {
    let (nest, tiling, timing) = (&plan.nest, &plan.tiling, &plan.timing);
    let product = |extents: &[u32]| extents.iter().map(|&extent| u64::from(extent)).product();
    let pixels: u64 = product(&[
        nest.rows.input_extent(tiling.out_rows, nest.in_rows),
        nest.columns
            .input_extent(tiling.out_columns, nest.in_columns),
    ]);
    let inputs: u64 = product(&[tiling.images, tiling.groups, tiling.channels]);
    let outputs: u64 = product(&[
        tiling.images,
        tiling.out_rows,
        tiling.out_columns,
        tiling.groups,
        tiling.filters,
    ]);
    let passes_array_in_parts = timing.dataflow != Dataflow::OutputStationary
        && nest.reduction(tiling.channels)
            > u64::from(timing.rows) * u64::from(timing.macs_per_step);
    let output_bits = if tiling.channels < nest.channels || passes_array_in_parts {
        timing.output.psum_bits.max(plan.output.value_bits)
    } else {
        plan.output.value_bits
    };
    let weight_bits = match plan.second {
        SecondLayout::Weights { value_bits, .. } => value_bits,
        SecondLayout::Activation(layout) => layout.value_bits,
    };
    let weights = nest.weights(tiling.groups, tiling.filters, tiling.channels);
    let mut bits = PerOperand::default();
    bits[Operand::Activation] = pixels * inputs * u64::from(plan.input.value_bits);
    bits[Operand::Weight] = weights * u64::from(weight_bits);
    bits[Operand::Output] = outputs * u64::from(output_bits);
    bits
}
