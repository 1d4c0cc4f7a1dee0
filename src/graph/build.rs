//! From layers to the steps of a program.

use std::ops::Range;

use super::fusion::{FusedStep, Fusion};
use super::program::{Program, ProgramLayer, ProgramStep, ProgramTransfer, TakenTile};
use crate::arch::{Dataflow, Operand, PerOperand};
use crate::mapping::{
    ArrayPlan, LayerPlan, MappedLayer, Schedule, SecondLayout, Step, Transfer, Work,
};

impl<'a> Program<'a> {
    /// Adds a layer, with the one that takes its tiles from it.
    pub(super) fn push(
        &mut self,
        mapping: &'a MappedLayer,
        fused: Option<(&'a MappedLayer, &Fusion<'a>)>,
    ) {
        let layer = self.layers.len() as u32;
        let first_step = self.steps.len();
        let schedule = mapping.plan.schedule();
        let mut counts = Counts::default();
        let mut counts_of_fused = Counts::default();
        for (number, step) in schedule.steps.iter().enumerate() {
            let taken = fused.and_then(|(_, fusion)| fusion.step(number as u64, step));
            let stores = match taken {
                Some(_) => 0..0,
                None => step.stores.clone(),
            };
            let mut add = |range: &Range<u32>| {
                let what = &schedule.transfers[range.start as usize..range.end as usize];
                self.add_transfers(layer, &mut counts, what)
            };
            let loads = PerOperand::of(|operand| add(&step.loads[operand]));
            let stores = add(&stores);
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
                keeps_bits: 0,
            });
            if let Some(taken) = taken {
                self.push_fused(layer, first_step, &mut counts_of_fused, taken);
            }
        }
        let [steps, steps_of_fused] = [layer, layer + 1].map(|of| self.place_of(of, first_step));
        self.layers.push(ProgramLayer {
            mapping,
            steps,
            timing: schedule.timing,
            slots: schedule.slots,
            tile_bits: tile_bits(mapping, &schedule),
            is_fused: false,
        });
        if let Some((mapping, fusion)) = fused {
            self.layers.push(ProgramLayer {
                mapping,
                steps: steps_of_fused,
                timing: None,
                slots: fusion.slots(),
                tile_bits: PerOperand {
                    activation: fusion.tile_bits(),
                    ..PerOperand::default()
                },
                is_fused: true,
            });
        }
    }

    /// Where the steps of a layer lie, from `first_step` on.
    fn place_of(&self, layer: u32, first_step: usize) -> Range<usize> {
        let mut steps = self.steps[first_step..].iter();
        let last = steps.rposition(|step| step.layer == layer);
        first_step..first_step + last.map_or(0, |last| last + 1)
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
                on_chip: false,
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
            keeps_bits: 0,
        });
        self.steps[from as usize].step.ends.output = false;
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

/// Bits of a layer's largest tile of each operand.
fn tile_bits(mapping: &MappedLayer, schedule: &Schedule) -> PerOperand<u64> {
    if let LayerPlan::Array(plan) = &mapping.plan {
        return array_tile_bits(plan);
    }
    let mut largest = PerOperand::<u64>::default();
    for step in &schedule.steps {
        if let Work::Vector(work) = &step.work {
            largest.activation = largest.activation.max(work.input_bits);
            largest.output = largest.output.max(work.output_bits);
        }
    }
    largest
}

/// Bits of a full tile of each operand of a layer on the array.
pub(super) fn array_tile_bits(plan: &ArrayPlan) -> PerOperand<u64> {
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
