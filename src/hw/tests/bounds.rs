//! Closed forms of layers of a single tile, and times that no layer can beat.

use super::support::{
    architectures, network, network_of, plan_for, point, run_lawfully, run_observed, with_dataflow,
};
use crate::arch::{Dataflow, Ports};
use crate::hw::Observer;
use crate::mapping::{LayerPlan, Transfer};
use crate::sim::Tick;
use crate::source::{self, Shelf};

/// When loads ended, and from when to when stores took.
#[derive(Default)]
struct Transfers {
    loaded: Tick,
    stored: Option<(Tick, Tick)>,
}

impl Observer for Transfers {
    fn transfer(&mut self, _: u32, what: &Transfer, from: Tick, to: Tick) {
        if what.store {
            self.stored = Some((from, to));
        } else {
            self.loaded = self.loaded.max(to);
        }
    }
}

/// With ports that are never narrow, a layer of one tile takes: loads (measured), setup, folds, the
/// converter, one cycle through the port, stores (measured).
#[test]
fn a_layer_of_one_tile_takes_the_sum_of_its_parts() {
    let (rows, columns) = (8, 8);
    for dataflow in [
        Dataflow::OutputStationary,
        Dataflow::WeightStationary,
        Dataflow::InputStationary,
    ] {
        for (tokens, features, outputs) in
            [(8, 40, 8), (5, 8, 3), (24, 64, 20), (1, 100, 17), (1, 1, 9)]
        {
            let mut point = point("fxp8_8x8");
            point.architecture = with_dataflow(point.architecture, dataflow);
            let arch = &mut point.architecture;
            arch.array.operand_exchange = false;
            for buffer in [
                &mut arch.buffers.activation,
                &mut arch.buffers.weight,
                &mut arch.buffers.output,
            ] {
                buffer.size_kib = 4096;
                buffer.banks = 2;
                buffer.port_bits = 65_536;
            }
            // Folds of a cycle read and write partial sums in it.
            arch.buffers.output.ports = Ports::DualPort;
            arch.converter.values_per_cycle = 65_536;
            let network = network_of(
                1,
                &format!(r#"(name: "tokens", channels: {features}, height: {tokens})"#),
                &format!(
                    r#"(name: "fc", op: fully_connected(out_features: {outputs}, per_position: true))"#
                ),
            );
            let mut plan = plan_for(&point, &network).expect("fits");
            let LayerPlan::Array(layer) = &mut plan.layers[0] else {
                panic!("runs on the array")
            };
            let nest = layer.nest;
            (layer.tiling.out_rows, layer.tiling.filters) = (nest.out_rows, nest.filters);
            (layer.tiling.channels, layer.tiling.slots) = (nest.channels, [1; 3]);
            assert_eq!(plan.layers[0].schedule().steps.len(), 1);
            let mut seen = Transfers::default();
            let result = run_observed(&point, &plan, &mut seen);
            // Full and partial blocks of the array.
            let blocks = |extent: u64, size: u64| {
                let mut sizes = vec![size; (extent / size) as usize];
                sizes.extend(Some(extent % size).filter(|&rest| rest > 0));
                sizes
            };
            let (row_extent, column_extent, stream) = match dataflow {
                Dataflow::OutputStationary => (tokens, outputs, features),
                Dataflow::WeightStationary => (features, outputs, tokens),
                Dataflow::InputStationary => (features, tokens, outputs),
            };
            let (mut fed, mut out, mut chain_free) = (0, 0, 0);
            for c in blocks(column_extent, columns) {
                for r in blocks(row_extent, rows) {
                    if dataflow == Dataflow::OutputStationary {
                        fed = (fed + stream).max(chain_free);
                        chain_free = fed + r;
                        out = out.max(fed + r + c + rows - 2);
                    } else {
                        fed += r + stream;
                        out = out.max(fed + rows + c - 2);
                    }
                }
            }
            let arch = &point.architecture;
            let core = |tick: Tick| {
                // The tick rate is a multiple of the core clock.
                let (_, [core, _]) = crate::sim::clock_domains([
                    crate::sim::Khz(arch.core_clock_khz),
                    crate::sim::Khz(point.dram.clock_khz),
                ])
                .expect("clocks");
                core.cycle_of(tick)
            };
            let (from, to) = seen.stored.expect("one store");
            let expected = core(seen.loaded)
                + u64::from(arch.controller.tile_setup_cycles)
                + out
                + u64::from(arch.converter.latency_cycles);
            assert_eq!(
                core(from),
                expected,
                "{dataflow:?} {tokens} {features} {outputs}"
            );
            assert_eq!(result.layers[0].cycles(), core(to));
        }
    }
}

/// No layer is done before its MACs at the peak rate, or before its bytes have crossed the DRAM's bus. Writes
/// may still be posted at the end: the queues are left out.
#[test]
fn no_layer_beats_the_roofline() {
    for architecture in architectures() {
        let point = point(architecture);
        for name in source::shipped(Shelf::Workload) {
            if !["tiny", "alexnet", "mobilenet_v2", "bert_base"].contains(&name) {
                continue;
            }
            let network = network(name);
            let Ok(plan) = plan_for(&point, &network) else {
                continue;
            };
            let mut small: Vec<_> = network
                .layer_ids()
                .filter(|&id| {
                    network.macs(id) < 20_000_000 && network.output(id).elements() < 200_000
                })
                .collect();
            small.truncate(4);
            let plan = plan.only(|id| small.contains(&id));
            let result = run_lawfully(&point, &plan);
            for (layer, planned) in result.layers.iter().zip(&plan.layers) {
                if let LayerPlan::Array(array) = planned {
                    let timing = &array.timing;
                    let peak = plan.pes * u64::from(timing.macs_per_step);
                    let least = layer.array.macs * u64::from(timing.cycles_per_step) / peak;
                    assert!(layer.cycles() >= least);
                }
                let channels = u64::from(point.architecture.dram.channels);
                let posted = u64::from(point.dram.controller.write_queue) * channels;
                let bursts =
                    layer.dma.read_bursts - layer.dram.merged_reads - layer.dram.forwarded_reads
                        + layer
                            .dma
                            .written_bursts
                            .saturating_sub(posted + layer.dram.merged_writes);
                let bytes = u128::from(bursts * u64::from(point.dram.burst_bytes()));
                let peak = u128::from(point.memory().peak_bytes_per_second);
                let least = bytes * u128::from(point.architecture.core_clock_khz) * 1000 / peak;
                assert!(u128::from(layer.cycles()) >= least, "{architecture} {name}");
            }
        }
    }
}
