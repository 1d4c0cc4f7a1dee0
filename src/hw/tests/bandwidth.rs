//! What the DMA's width gives: all of the DRAM's bandwidth where ports and bursts under way allow it, and never a
//! slower run.

use super::closed_form::{in_one_tile, practically_infinite};
use super::support::{network, network_of, plan_for, point, run_lawfully, run_observed};
use crate::arch::{BurstsPerCycle, Operand};
use crate::dram::{DramSpec, DramSpecFile, RefreshPolicy};
use crate::graph::ProgramTransfer;
use crate::hw::Observer;
use crate::sim::Tick;
use crate::sweep::DesignPoint;

use BurstsPerCycle::{PerChannel, Shared};

/// Bytes of the weights, and the ticks that their load took.
#[derive(Default)]
struct WeightLoad {
    bytes: u64,
    ticks: u64,
}

impl Observer for WeightLoad {
    fn transfer(&mut self, _: u32, what: &ProgramTransfer, from: Tick, to: Tick) {
        if what.operand == Operand::Weight {
            self.bytes += what.runs.bytes();
            self.ticks += to.0 - from.0;
        }
    }
}

/// The server's machine with `channels` of HBM2 that are never refreshed, both clocks at 1 GHz, with ports and
/// buffers that are no limit.
fn wide_machine(channels: u32, width: BurstsPerCycle) -> DesignPoint {
    let mut point = point("fxp8_128x128_server");
    let arch = &mut point.architecture;
    practically_infinite(arch);
    arch.dram.channels = channels;
    arch.dma.bursts_per_cycle = width;
    arch.dma.outstanding_bursts = 4096;
    let mut dram = DramSpecFile::clone(&point.dram);
    dram.controller.refresh = RefreshPolicy::Disabled;
    point.dram = DramSpec::try_from(dram).expect("consistent");
    point
}

/// Cycles that the load of 4 MiB of weights in one tile takes.
fn load_cycles(point: &DesignPoint) -> u64 {
    let network = network_of(
        1,
        r#"(name: "token", channels: 4096, height: 1)"#,
        r#"(name: "fc", op: fully_connected(out_features: 1024))"#,
    );
    let mut plan = plan_for(point, &network).expect("fits");
    in_one_tile(&mut plan).expect("one tile");
    let mut load = WeightLoad::default();
    run_observed(point, &plan, &mut load);
    assert_eq!(load.bytes, 4096 * 1024);
    load.ticks
}

/// A long sequential load takes its bursts at the narrower of DMA and DRAM (a channel of HBM2 gives a burst each two
/// cycles), and a latency.
#[test]
fn a_long_load_takes_the_narrower_of_dma_and_dram() {
    let bursts = 4096 * 1024 / 64;
    let latency = 150;
    for (channels, width, per_kilocycle) in [
        (8, Shared(1), 1000),
        (8, Shared(2), 2000),
        (8, Shared(4), 4000),
        (8, Shared(8), 4000),
        (8, PerChannel(1), 4000),
        (8, PerChannel(4), 4000),
        (1, Shared(1), 500),
        (1, PerChannel(1), 500),
        (32, Shared(1), 1000),
        (32, PerChannel(1), 16_000),
    ] {
        let least = bursts * 1000 / per_kilocycle;
        let cycles = load_cycles(&wide_machine(channels, width));
        let what = format!("{channels} channels, {width:?}: {cycles} cycles, at least {least}");
        assert!(cycles >= least && cycles <= least + latency, "{what}");
    }
}

/// A buffer takes as many whole bursts each cycle as its port has room for.
#[test]
fn a_port_limits_what_a_buffer_takes() {
    let bursts = 4096 * 1024 / 64;
    for (port_bits, per_kilocycle) in [
        (256, 500),
        (512, 1000),
        (1024, 2000),
        (1536, 3000),
        (2048, 4000),
    ] {
        let mut point = wide_machine(8, PerChannel(1));
        point.architecture.buffers.weight.port_bits = port_bits;
        let least = bursts * 1000 / per_kilocycle;
        let cycles = load_cycles(&point);
        let what = format!("{port_bits} bits: {cycles} cycles, at least {least}");
        assert!(cycles >= least && cycles <= least + 150, "{what}");
    }
}

/// The same plan on a machine whose DMA asks for more: no layer is slower than with one burst a cycle, and no step of
/// the width costs the run anything. Rests of a per cent are there: loads and stores then meet in the DRAM in another
/// way, which shifts a layer between two widths by up to a tenth.
#[test]
fn a_wider_dma_is_not_slower() {
    let widths = [
        Shared(2),
        Shared(4),
        Shared(8),
        PerChannel(1),
        PerChannel(2),
        PerChannel(4),
        PerChannel(8),
    ];
    for architecture in ["fxp8_128x128_server", "axbxp_k4_128x128_server"] {
        for (name, step) in [("tiny", 1), ("mobilenet_v2", 9), ("resnet18", 7)] {
            let network = network(name);
            let taken: Vec<_> = network.layer_ids().step_by(step).take(8).collect();
            let mut point = point(architecture);
            let plan = plan_for(&point, &network).expect("fits");
            let plan = plan.only(|id| taken.contains(&id));
            let mut cycles_with = |width| {
                point.architecture.dma.bursts_per_cycle = width;
                let run = run_lawfully(&point, &plan);
                let cycles: Vec<u64> = run.layers.iter().map(|layer| layer.cycles()).collect();
                cycles
            };
            let narrow = cycles_with(Shared(1));
            let mut before: u64 = narrow.iter().sum();
            for width in widths {
                let what = format!("{architecture} {name} {width:?}");
                let cycles = cycles_with(width);
                for (wide, narrow) in cycles.iter().zip(&narrow) {
                    assert!(wide * 100 <= narrow * 102, "{what}: {narrow} -> {wide}");
                }
                let all = cycles.iter().sum();
                assert!(all * 1000 <= before * 1005, "{what}: {before} -> {all}");
                before = all;
            }
        }
    }
}
