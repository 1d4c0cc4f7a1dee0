//! A program: layers, their steps, their transfers.

use std::ops::{Deref, Range};

use super::dependencies::Written;
use crate::arch::{Dataflow, NetworkOptions, Operand, PerOperand};
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
    /// Its steps in the program.
    pub steps: Range<usize>,
    /// Its transfers in the program.
    pub transfers: Range<usize>,
    /// Array timing; none for a layer of the vector unit.
    pub timing: Option<ArrayTiming>,
    /// Most tiles of the layer that each buffer holds.
    pub slots: PerOperand<u8>,
    /// Bits that the layer's largest tile takes in each buffer.
    pub tile_bits: PerOperand<u64>,
}

/// A step with its place in the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramStep {
    /// Its layer: an index into [`Program::layers`].
    pub layer: u32,
    /// Its number in its layer.
    pub number: u32,
    /// What to load, to compute and to store.
    pub step: Step,
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
        Program::of(layers, NetworkOptions::OFF)
    }

    /// The layers on a machine that does `options` across them.
    pub fn of(
        layers: impl IntoIterator<Item = &'a MappedLayer>,
        options: NetworkOptions,
    ) -> Program<'a> {
        let mut program = Program::default();
        for layer in layers {
            program.push(layer);
        }
        if options.prefetch {
            program.wait_for_data_only();
        }
        program
    }

    /// Every tile waits for the last step that writes what it reads, and for no other.
    fn wait_for_data_only(&mut self) {
        let mut written = Written::default();
        for layer in 0..self.layers.len() {
            for index in self.layers[layer].steps.clone() {
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
            }
            written.add_layer(self, layer);
        }
    }

    fn push(&mut self, mapping: &'a MappedLayer) {
        let layer = self.layers.len() as u32;
        let first_step = self.steps.len();
        let first_transfer = self.transfers.len();
        let schedule = mapping.plan.schedule();
        let transfers = schedule.transfers.iter().enumerate();
        self.transfers
            .extend(transfers.map(|(number, &transfer)| ProgramTransfer {
                layer,
                number: number as u32,
                step: 0,
                transfer,
            }));
        let mut largest = PerOperand::<u64>::default();
        for (number, step) in schedule.steps.into_iter().enumerate() {
            let moved = |range: &Range<u32>| {
                let by = first_transfer as u32;
                range.start + by..range.end + by
            };
            let step = Step {
                loads: PerOperand::of(|operand| moved(&step.loads[operand])),
                stores: moved(&step.stores),
                ..step
            };
            for range in step.loads.iter().chain([&step.stores]) {
                for transfer in &mut self.transfers[range.start as usize..range.end as usize] {
                    transfer.step = self.steps.len() as u32;
                }
            }
            if let Work::Vector(work) = &step.work {
                largest.activation = largest.activation.max(work.input_bits);
                largest.output = largest.output.max(work.output_bits);
            }
            self.steps.push(ProgramStep {
                layer,
                number: number as u32,
                step,
                loads_after: PerOperand::same(first_step as u32),
            });
        }
        self.layers.push(ProgramLayer {
            mapping,
            steps: first_step..self.steps.len(),
            transfers: first_transfer..self.transfers.len(),
            timing: schedule.timing,
            slots: schedule.slots,
            tile_bits: match &mapping.plan {
                LayerPlan::Array(plan) => array_tile_bits(plan),
                LayerPlan::Vector(_) => largest,
            },
        });
    }

    /// The steps of a layer.
    pub fn steps_of(&self, layer: usize) -> &[ProgramStep] {
        &self.steps[self.layers[layer].steps.clone()]
    }

    /// The transfers of a layer.
    pub fn transfers_of(&self, layer: usize) -> &[ProgramTransfer] {
        &self.transfers[self.layers[layer].transfers.clone()]
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
