//! Laws that every layer's run must keep, asserted in debug builds and by the tests.

use super::result::LayerResult;
use crate::mapping::{NetworkPlan, Schedule};

/// A law that a run broke, in words.
pub type Violation = String;

/// The laws for one layer: nothing is lost between controller, array, DMA, DRAM and buffers.
pub fn violations(
    result: &LayerResult,
    schedule: &Schedule,
    plan: &NetworkPlan,
    layer: usize,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut equal = |what: &str, left: u64, right: u64| {
        if left != right {
            found.push(format!("layer {layer}: {what}: {left} != {right}"));
        }
    };
    let (loaded, stored) = schedule.bytes();
    equal(
        "causes and PE-cycles",
        result.causes.total(),
        result.cycles() * plan.pes,
    );
    equal(
        "MACs done and MACs of the layer",
        result.array.macs,
        plan.layers[layer].macs(),
    );
    equal(
        "MACs scheduled and MACs of the layer",
        schedule.macs(),
        plan.layers[layer].macs(),
    );
    equal(
        "bytes loaded and bytes scheduled",
        result.dma.loaded_bytes,
        loaded,
    );
    equal(
        "bytes stored and bytes scheduled",
        result.dma.stored_bytes,
        stored,
    );
    equal(
        "reads requested and reads done",
        result.dma.read_bursts,
        result.dram.reads + result.dram.forwarded_reads + result.dram.merged_reads,
    );
    equal(
        "steps scheduled and tiles started",
        schedule.steps.len() as u64,
        result.tiles,
    );
    equal(
        "transfers scheduled and done",
        schedule.transfers.len() as u64,
        result.dma.transfers,
    );
    equal(
        "values converted and finished",
        result.converted_values,
        result.array.finished_values,
    );
    found
}

/// Asserts [`violations`] to be empty, in debug builds.
pub fn check(result: &LayerResult, schedule: &Schedule, plan: &NetworkPlan, layer: usize) {
    if cfg!(debug_assertions) {
        let found = violations(result, schedule, plan, layer);
        assert!(
            found.is_empty(),
            "conservation violated:\n{}",
            found.join("\n")
        );
    }
}
