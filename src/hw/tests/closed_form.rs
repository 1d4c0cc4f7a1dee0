//! With buffers that hold whole layers and ports that are never narrow, a layer takes its first load, the closed
//! form of the array over its folds, and its last store. (Times that no layer can beat: `tests/model/laws`.)
//!
//! The closed form is written here a second time, from the geometry of the array alone.

use std::collections::HashSet;

use super::support::{
    architectures, network, network_of, plan_for, point, run_observed, with_dataflow,
};
use crate::arch::{Architecture, Dataflow, PerOperand, Ports};
use crate::graph::ProgramTransfer;
use crate::hw::Observer;
use crate::mapping::{ArrayTiming, LayerPlan, NetworkPlan, TileGemm, Work};
use crate::sim::Tick;
use crate::source::{self, FileKind};
use crate::sweep::DesignPoint;

/// When loads ended, and from when to when stores took.
#[derive(Default)]
struct Transfers {
    loaded: Tick,
    stored: Option<(Tick, Tick)>,
}

impl Observer for Transfers {
    fn transfer(&mut self, _: u32, what: &ProgramTransfer, from: Tick, to: Tick) {
        if what.store {
            self.stored = Some((from, to));
        } else {
            self.loaded = self.loaded.max(to);
        }
    }
}

/// Buffers, ports and converter beyond the need of any shipped array and layer.
pub(super) fn practically_infinite(arch: &mut Architecture) {
    let buffers = &mut arch.buffers;
    for buffer in [
        &mut buffers.activation,
        &mut buffers.weight,
        &mut buffers.output,
    ] {
        buffer.size_kib = 262_144;
        buffer.banks = 2;
        buffer.port_bits = 65_536;
        // Folds of a cycle read and write partial sums in it.
        buffer.ports = Ports::DualPort;
    }
    arch.converter.values_per_cycle = 65_536;
}

/// Full and partial blocks of `size` that cover `extent`.
fn blocks(extent: u64, size: u64) -> Vec<u64> {
    let mut sizes = vec![size; (extent / size) as usize];
    sizes.extend(Some(extent % size).filter(|&rest| rest > 0));
    sizes
}

/// Cycles from the first operand at the array's edge to the last result out of it.
fn closed_form(timing: &ArrayTiming, gemm: &TileGemm) -> u64 {
    let (rows, columns) = (u64::from(timing.rows), u64::from(timing.columns));
    let (v, q) = (
        u64::from(timing.macs_per_step),
        u64::from(timing.cycles_per_step),
    );
    let [outputs, filters, reduction] = [gemm.outputs, gemm.filters, gemm.reduction].map(u64::from);
    let (row_extent, column_extent, stream) = match timing.dataflow {
        Dataflow::OutputStationary if timing.exchanged => (filters, outputs, reduction.div_ceil(v)),
        Dataflow::OutputStationary => (outputs, filters, reduction.div_ceil(v)),
        Dataflow::WeightStationary => (reduction.div_ceil(v), filters, outputs),
        Dataflow::InputStationary => (reduction.div_ceil(v), outputs, filters),
    };
    let stream = stream * q;
    let (mut start, mut fed, mut out, mut chain_free) = (0, 0, 0, 0);
    for _ in 0..gemm.groups {
        for c in blocks(column_extent, columns) {
            for r in blocks(row_extent, rows) {
                if timing.dataflow == Dataflow::OutputStationary {
                    // Results shift out down the columns, behind those of the fold before.
                    fed = (fed + stream).max(chain_free);
                    chain_free = fed + r;
                    out = out.max(fed + r + c + rows - 2);
                } else {
                    // Stationary operands shift in row by row, under the stream before if there are two
                    // registers.
                    let loaded = r + if timing.double_buffered_weights {
                        start
                    } else {
                        fed
                    };
                    start = loaded.max(fed);
                    fed = start + stream;
                    out = out.max(fed + rows + c - 2);
                }
            }
        }
    }
    out
}

/// Makes the only layer of `plan` one tile; none if it has to be several (one for each repetition).
pub(super) fn in_one_tile(plan: &mut NetworkPlan) -> Option<(ArrayTiming, TileGemm)> {
    let LayerPlan::Array(layer) = &mut plan.layers[0].plan else {
        return None;
    };
    let (nest, tiling) = (layer.nest, &mut layer.tiling);
    (tiling.images, tiling.groups) = (nest.images, nest.groups);
    (tiling.out_rows, tiling.out_columns) = (nest.out_rows, nest.out_columns);
    (tiling.filters, tiling.channels) = (nest.filters, nest.channels);
    tiling.slots = PerOperand::same(1);
    let timing = layer.timing;
    let schedule = layer.schedule();
    match schedule.steps.as_slice() {
        [step] => match step.work {
            Work::Array(gemm) => Some((timing, gemm)),
            Work::Vector(_) => None,
        },
        _ => None,
    }
}

/// Runs a layer of one tile and compares its time, to the cycle.
fn assert_closed_form(what: &str, point: &DesignPoint, plan: &mut NetworkPlan) -> bool {
    let Some((timing, gemm)) = in_one_tile(plan) else {
        return false;
    };
    let mut seen = Transfers::default();
    let result = run_observed(point, plan, &mut seen);
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
        + closed_form(&timing, &gemm)
        + u64::from(arch.converter.latency_cycles);
    assert_eq!(core(from), expected, "{what}: {timing:?} {gemm:?}");
    assert_eq!(result.layers[0].cycles(), core(to), "{what}");
    true
}

#[test]
fn small_products_take_the_closed_form() {
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
            point.architecture.array.operand_exchange = false;
            practically_infinite(&mut point.architecture);
            let network = network_of(
                1,
                &format!(r#"(name: "tokens", channels: {features}, height: {tokens})"#),
                &format!(
                    r#"(name: "fc", op: fully_connected(out_features: {outputs}, per_position: true))"#
                ),
            );
            let mut plan = plan_for(&point, &network).expect("fits");
            let what = format!("{dataflow:?} {tokens} {features} {outputs}");
            assert!(assert_closed_form(&what, &point, &mut plan));
        }
    }
}

/// Layers of every shipped network, each shape once, on every shipped architecture. By default those of up to
/// 300 KB of operands and outputs; all that buffers of 256 MiB hold with `AXBXP_THOROUGH=1`.
#[test]
fn layers_of_networks_take_the_closed_form() {
    let thorough = std::env::var_os("AXBXP_THOROUGH").is_some();
    let most = if thorough { 1 << 27 } else { 300_000 };
    let mut layers = 0;
    for architecture in architectures() {
        let mut point = point(architecture);
        practically_infinite(&mut point.architecture);
        for name in source::shipped(FileKind::Workload) {
            let network = network(name);
            let whole = plan_for(&point, &network).expect("fits");
            let mut shapes = HashSet::new();
            for id in network.array_layers() {
                let mut plan = whole.clone().only(|other| other == id);
                let LayerPlan::Array(layer) = &plan.layers[0].plan else {
                    continue;
                };
                let nest = layer.nest;
                let values = network.input(id, 0).elements()
                    + nest.weights(nest.groups, nest.filters, nest.channels)
                    + network.output(id).elements();
                if values <= most && shapes.insert((nest, layer.timing)) {
                    let what = format!("{architecture} {name} {}", network.layer(id).name);
                    layers += u32::from(assert_closed_form(&what, &point, &mut plan));
                }
            }
        }
    }
    assert!(layers > 200, "{layers} layers");
}
