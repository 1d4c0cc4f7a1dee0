//! The mapper's choice beside other plans of its space, simulated: all whose estimate is near, of those with the lowest
//! bounds, or under `AXBXP_THOROUGH` of all.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::support::{network_of, point};
use crate::arch::Objective;
use crate::graph::Program;
use crate::hw::{Fidelity, Unobserved, simulate};
use crate::mapping::{Cost, MappedLayer, alternatives};
use crate::sweep::DesignPoint;
use crate::workload::Network;

/// Plans whose estimate is more than so many times the choice's are not simulated.
const WORTH_A_LOOK: f64 = 1.25;

fn thorough() -> bool {
    std::env::var_os("AXBXP_THOROUGH").is_some()
}

fn cycles(point: &DesignPoint, layer: &MappedLayer) -> u64 {
    let (arch, dram) = (&point.architecture, &point.dram);
    let fidelity = Fidelity::Wavefront;
    let program = Program::layer_by_layer([layer]);
    simulate(arch, dram, &program, fidelity, &mut Unobserved, &|_| {})
        .expect("runs to its end")
        .cycles()
}

/// Small convolutions and products.
fn layer() -> impl Strategy<Value = Network> {
    let sizes = (1u32..30, 1u32..30, 4u32..150, 4u32..150);
    (sizes, 1u32..3, prop::bool::weighted(0.3), 1u32..4).prop_map(
        |((rows, columns, channels, filters), stride, wide, batch)| {
            let kernel = if wide && rows > 2 && columns > 2 { 3 } else { 1 };
            let padding = kernel / 2;
            network_of(
                batch,
                &format!("(name: \"x\", channels: {channels}, height: {rows}, width: {columns})"),
                &format!(
                    "(name: \"layer\", op: conv(out_channels: {filters}, kernel: ({kernel}, {kernel}), \
                     stride: ({stride}, {stride}), padding: ({padding}, {padding}, {padding}, {padding})))"
                ),
            )
        },
    )
}

/// A machine whose buffers make the choice hard.
fn machine(name: &str, size_kib: [u32; 3]) -> DesignPoint {
    let mut point = point(name);
    let arch = &mut point.architecture;
    let buffers = &mut arch.buffers;
    buffers.activation.size_kib = size_kib[0];
    buffers.weight.size_kib = size_kib[1];
    buffers.output.size_kib = size_kib[2];
    arch.tiling.objective = Objective::Latency;
    point
}

/// How many times the cycles of the best plan the choice takes, and how far the estimates are off.
fn distance(point: &DesignPoint, network: &Network) -> Option<(f64, f64)> {
    let needs = point.layer_needs(network).expect("fits");
    let most = if thorough() { usize::MAX } else { 60 };
    let all = alternatives(&point.architecture, &point.memory(), network, &needs, most);
    let least_estimate = all
        .iter()
        .map(|(_, cost)| cost.cycles)
        .min_by(f64::total_cmp)?;
    let worth = |(_, cost): &&(MappedLayer, Cost)| cost.cycles <= WORTH_A_LOOK * least_estimate;
    let simulated: Vec<(f64, f64)> = all
        .iter()
        .filter(worth)
        .map(|(plan, cost)| (cost.cycles, cycles(point, plan) as f64))
        .collect();
    let least = simulated.iter().map(|plan| plan.1).min_by(f64::total_cmp)?;
    let chosen = simulated.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let off: f64 = simulated
        .iter()
        .map(|(estimate, cycles)| (estimate / cycles - 1.0).abs())
        .sum();
    Some((chosen.1 / least, off / simulated.len() as f64))
}

#[test]
fn choice_is_near_the_best_simulated() {
    let count = if thorough() { 2000 } else { 16 };
    let machines = [
        machine("axbxp_k4_32x32", [16, 16, 16]),
        machine("fxp8_8x8", [8, 8, 8]),
        machine("fxp8_32x32_ws", [32, 16, 32]),
        machine("axbxp_k4_16x16_edge", [16, 32, 8]),
    ];
    let mut runner = TestRunner::deterministic();
    let mut found = Vec::new();
    for index in 0..count {
        let network = layer().new_tree(&mut runner).expect("a layer").current();
        let point = &machines[index % machines.len()];
        if let Some((ratio, off)) = distance(point, &network) {
            if ratio > 1.02 {
                println!(
                    "{ratio:.3} {off:.3} {} {network:?}",
                    point.architecture.name
                );
            }
            found.push((ratio, off));
        }
    }
    let mean = found.iter().map(|found| found.0).sum::<f64>() / found.len() as f64;
    let off = found.iter().map(|found| found.1).sum::<f64>() / found.len() as f64;
    let worst = found.iter().map(|found| found.0).fold(1.0, f64::max);
    println!(
        "{} layers: mean {mean:.4}, worst {worst:.4}, estimates off {off:.4}",
        found.len()
    );
    assert!(mean <= 1.01, "{mean}");
    assert!(worst <= 1.03, "{worst}");
}
