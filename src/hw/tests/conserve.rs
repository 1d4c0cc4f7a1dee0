//! The laws of [`crate::hw::conservation`] on machines and layers of all sorts.

use std::collections::BTreeMap;

use super::support::{
    architectures, network, network_of, plan_for, point, run_lawfully, with_dataflow,
};
use crate::arch::{Dataflow, Ports};
use crate::graph::ProgramTransfer;
use crate::hw::Observer;
use crate::sim::Tick;
use crate::source::{self, FileKind};
use crate::sweep::DesignPoint;
use crate::workload::Network;

/// Sees that partial sums are asked for only once they are out.
#[derive(Default)]
pub(super) struct PsumOrder {
    stored: BTreeMap<u64, Tick>,
    pub broken: Vec<String>,
}

impl Observer for PsumOrder {
    fn transfer(&mut self, _: u32, what: &ProgramTransfer, from: Tick, to: Tick) {
        if !what.psums {
            return;
        }
        if what.store {
            self.stored.insert(what.runs.base, to);
        } else if self
            .stored
            .remove(&what.runs.base)
            .is_none_or(|at| from < at)
        {
            self.broken.push(format!("{what:?} asked for at {from:?}"));
        }
    }
}

#[test]
fn tiny_on_every_architecture() {
    let tiny = network("tiny");
    for name in architectures() {
        let point = point(name);
        let plan = plan_for(&point, &tiny).expect("fits");
        run_lawfully(&point, &plan);
    }
}

/// The smaller layers of every network, up to `macs`.
#[test]
fn layers_of_every_network() {
    for name in source::shipped(FileKind::Workload) {
        let network = network(name);
        for architecture in ["fxp8_32x32", "fxp8_32x32_ws", "axbxp_k4_16x16_edge"] {
            let point = point(architecture);
            let plan = plan_for(&point, &network).expect("fits");
            let mut small: Vec<_> = network
                .layer_ids()
                .filter(|&id| {
                    network.macs(id) < 40_000_000 && network.output(id).elements() < 300_000
                })
                .collect();
            let step = small.len().div_ceil(6).max(1);
            small = small.into_iter().step_by(step).collect();
            run_lawfully(&point, &plan.only(|id| small.contains(&id)));
        }
    }
}

/// Layers of every sort, two images.
pub(super) fn every_sort() -> Network {
    network_of(
        2,
        r#"(name: "image", channels: 6, height: 13, width: 11)"#,
        r#"
        (name: "conv", op: conv(out_channels: 24, kernel: (3, 3), stride: (2, 2), padding: (1, 1, 1, 1)), activation: relu),
        (name: "grouped", op: conv(out_channels: 36, kernel: (3, 3), padding: (2, 2, 2, 2), dilation: (2, 2), groups: 3)),
        (name: "depthwise", op: conv(out_channels: 36, kernel: (5, 5), padding: (2, 2, 2, 2), groups: 36)),
        (name: "padding_only", op: conv(out_channels: 20, kernel: (1, 2), padding: (0, 0, 1, 1), dilation: (1, 7))),
        (name: "sampled", op: conv(out_channels: 40, kernel: (1, 1), stride: (2, 2)), inputs: ["depthwise"]),
        (name: "norm", op: normalisation(function: layer_norm)),
        (name: "query", op: fully_connected(out_features: 24, per_position: true), inputs: ["norm"]),
        (name: "key", op: fully_connected(out_features: 24, per_position: true), inputs: ["norm"]),
        (name: "value", op: fully_connected(out_features: 24, per_position: true), inputs: ["norm"]),
        (name: "scores", op: matmul(heads: 4, transpose_b: true), inputs: ["query", "key"]),
        (name: "softmax", op: normalisation(function: softmax)),
        (name: "context", op: matmul(heads: 4), inputs: ["softmax", "value"]),
        (name: "add", op: elementwise(function: add), inputs: ["context", "context"]),
        (name: "fc", op: fully_connected(out_features: 30))
        "#,
    )
}

pub(super) fn vary(mut point: DesignPoint, variant: usize) -> DesignPoint {
    let arch = &mut point.architecture;
    let buffers = &mut arch.buffers;
    for buffer in [
        &mut buffers.activation,
        &mut buffers.weight,
        &mut buffers.output,
    ] {
        match variant {
            1 => buffer.double_buffered = false,
            2 => buffer.banks = 1,
            3 => buffer.port_bits = 8,
            4 => {
                buffer.double_buffered = false;
                buffer.banks = 1;
                buffer.port_bits = 24;
            }
            5 => {
                buffer.size_kib = 1;
                buffer.port_bits = 64;
            }
            6 => {
                buffer.size_kib = 1;
                buffer.double_buffered = false;
                buffer.ports = Ports::DualPort;
            }
            _ => {}
        }
    }
    match variant {
        7 => arch.dma.outstanding_bursts = 1,
        8 => {
            arch.controller.tile_setup_cycles = 0;
            arch.dma.request_latency_cycles = 0;
            arch.dma.response_latency_cycles = 0;
            arch.converter.latency_cycles = 0;
            arch.buffers.output.size_kib = 1;
        }
        9 => {
            arch.buffers.weight.size_kib = 1;
            arch.buffers.activation.size_kib = 1;
            arch.converter.values_per_cycle = 1;
        }
        10 => arch.dram.channels = 4,
        _ => {}
    }
    point
}

#[test]
fn every_sort_of_layer_on_every_sort_of_machine() {
    let network = every_sort();
    let mut spilled = 0;
    for dataflow in [
        Dataflow::OutputStationary,
        Dataflow::WeightStationary,
        Dataflow::InputStationary,
    ] {
        for name in ["fxp8_8x8", "axbxp_k4_16x16_edge", "bit_serial_32x32"] {
            for variant in 0..=10 {
                let mut point = vary(point(name), variant);
                point.architecture = with_dataflow(point.architecture, dataflow);
                let plan = plan_for(&point, &network)
                    .unwrap_or_else(|error| panic!("{name} {variant} {dataflow:?}: {error}"));
                let run = run_lawfully(&point, &plan);
                spilled += run
                    .layers
                    .iter()
                    .map(|layer| layer.dma.stored_psum_bytes)
                    .sum::<u64>();
            }
        }
    }
    assert!(spilled > 0, "no machine spilled partial sums");
}

/// Layers of whole channels that take groups apart, and groups in two passes: bytes and operations of a run are those
/// of the passes.
#[test]
fn normalisations_in_passes() {
    for (function, operations) in [("softmax", 5), ("layer_norm", 5), ("rms_norm", 3)] {
        for (size_kib, reads) in [(128, 1), (16, 2)] {
            let network = network_of(
                2,
                r#"(name: "scores", channels: 262144)"#,
                &format!(r#"(name: "x", op: normalisation(function: {function}, groups: 8))"#),
            );
            let mut point = point("fxp8_8x8");
            let buffers = &mut point.architecture.buffers;
            (buffers.activation.size_kib, buffers.output.size_kib) = (size_kib, size_kib);
            let plan = plan_for(&point, &network).expect("fits");
            let run = run_lawfully(&point, &plan);
            let layer = &run.layers[0];
            let values = 2 * 262_144;
            assert_eq!(layer.vector.operations, operations * values);
            assert_eq!(layer.vector.values, values);
            assert_eq!(layer.dma.loaded_bytes, reads * values);
            assert_eq!(layer.dma.stored_bytes, values);
        }
    }
}
