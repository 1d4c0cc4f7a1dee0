//! Plans of all shipped networks in memory: who touches which bytes.

use super::support::{network, plan_for, point};
use crate::arch::{Operand, PerOperand};
use crate::mapping::{ArrayPlan, LayerPlan, Runs, SecondLayout, TensorLayout, Transfer};
use crate::source::{self, FileKind};
use crate::workload::Tensor;

/// First byte and the byte behind the last.
type Span = (u64, u64);

fn extent(runs: &Runs) -> Span {
    let last: u64 = runs
        .counts
        .iter()
        .zip(runs.strides)
        .map(|(&count, stride)| u64::from(count.saturating_sub(1)) * stride)
        .sum();
    (runs.base, runs.base + last + runs.run_bytes)
}

/// The bytes of `images` images of a tensor, or of a part of one.
fn tensor(layout: &TensorLayout, images: u32) -> Span {
    let last = u64::from(images - 1) * layout.image_bytes
        + u64::from(layout.rows - 1) * layout.row_pitch
        + u64::from(layout.columns - 1) * layout.pixel_pitch;
    let pixel = (u64::from(layout.channels) * u64::from(layout.value_bits)).div_ceil(8);
    (layout.base, layout.base + last + pixel)
}

/// The regions that a layer reads and writes, by operand, and that of its partial sums.
fn regions(plan: &LayerPlan, batch: u32) -> (PerOperand<Vec<Span>>, Span) {
    match plan {
        LayerPlan::Array(plan) => {
            let weight_bits = match plan.second {
                SecondLayout::Weights { value_bits, .. } => value_bits,
                SecondLayout::Activation(layout) => layout.value_bits,
            };
            let (weights, psums) = ArrayPlan::region_bytes(
                &plan.nest,
                &plan.tiling,
                weight_bits,
                plan.timing.output.psum_bits,
                plan.burst_bytes,
            );
            let second = match plan.second {
                SecondLayout::Weights { base, .. } => (base, base + weights),
                SecondLayout::Activation(layout) => tensor(&layout, batch),
            };
            let input = tensor(&plan.input, batch);
            let output = tensor(&plan.output, batch);
            let psums = (plan.psum_base, plan.psum_base + psums);
            ([vec![input], vec![second], vec![output]].into(), psums)
        }
        LayerPlan::Vector(plan) => {
            let pieces = &plan.pieces;
            let inputs = pieces.iter().flat_map(|piece| &piece.inputs);
            let outputs = pieces.iter().map(|piece| &piece.output);
            let inputs = inputs.map(|layout| tensor(layout, batch)).collect();
            let outputs = outputs.map(|layout| tensor(layout, batch)).collect();
            ([inputs, Vec::new(), outputs].into(), (0, 0))
        }
    }
}

/// Bytes of a layer's whole output: the network's positions and channels, whatever the plan makes of them.
fn output_bytes(plan: &LayerPlan, output: &Tensor, batch: u32) -> u64 {
    let value_bits = match plan {
        LayerPlan::Array(plan) => plan.output.value_bits,
        LayerPlan::Vector(plan) => plan.pieces[0].output.value_bits,
    };
    let pixel = (u64::from(output.channels) * u64::from(value_bits)).div_ceil(8);
    u64::from(batch) * output.positions() * pixel
}

#[test]
fn layers_keep_to_their_tensors_and_write_each_output_once() {
    for architecture in ["fxp8_32x32", "fxp8_32x32_ws", "axbxp_k4_16x16_edge"] {
        for name in source::shipped(FileKind::Workload) {
            let network = network(name);
            let plan = plan_for(&point(architecture), &network).expect("fits");
            let mut owned = Vec::new();
            for layer in &plan {
                let output = network.output(layer.id);
                let layer = &layer.plan;
                let (allowed, psums) = regions(layer, network.batch);
                let schedule = layer.schedule();
                let keeps_to = |what: &Transfer| {
                    let (from, to) = extent(&what.runs);
                    let inside = |&(first, end): &Span| first <= from && to <= end;
                    if what.psums {
                        inside(&psums)
                    } else {
                        allowed[what.operand].iter().any(inside)
                    }
                };
                let mut stored = 0;
                for what in schedule.transfers.iter().filter(|t| t.runs.bytes() > 0) {
                    assert!(keeps_to(what), "{name}: {what:?} in {allowed:?}");
                    assert!(!what.store || what.operand == Operand::Output);
                    if what.store && !what.psums {
                        stored += what.runs.bytes();
                    }
                }
                let whole = output_bytes(layer, output, network.batch);
                assert_eq!(stored, whole, "{name} {}", output.name);
                if let LayerPlan::Array(array) = layer {
                    if matches!(array.second, SecondLayout::Weights { .. }) {
                        owned.push(allowed.weight[0]);
                    }
                    owned.push(psums);
                }
                owned.extend(&allowed.output);
            }
            owned.retain(|(from, to)| from < to);
            owned.sort_unstable();
            for pair in owned.windows(2) {
                assert!(pair[0].1 <= pair[1].0, "{name}: {pair:?} overlap");
            }
            assert!(owned.last().is_none_or(|last| last.1 <= plan.memory_bytes));
        }
    }
}
