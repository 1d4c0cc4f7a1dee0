//! What machines do across layers: whatever of it is on, nothing is read before it is written, every law holds, both
//! fidelities of the array take the same cycles, and the work is that of the machine that runs layer by layer.

use std::ops::Range;

use super::closed_form::practically_infinite;
use super::conserve::{every_sort, vary};
use super::support::{network, network_of, plan_for, point, program_of, run, run_at, run_lawfully};
use crate::arch::{Architecture, NetworkOptions};
use crate::graph::{Program, ProgramTransfer};
use crate::hw::{Fidelity, LayerResult, Observer, RunResult, Unobserved};
use crate::mapping::{NetworkPlan, Runs};
use crate::sim::Tick;
use crate::sweep::DesignPoint;
use crate::workload::Network;

/// All eight sets of options.
fn all_sets() -> impl Iterator<Item = NetworkOptions> {
    (0..8).map(|bits| NetworkOptions {
        fusion: bits & 1 != 0,
        residency: bits & 2 != 0,
        prefetch: bits & 4 != 0,
    })
}

const PREFETCH: NetworkOptions = NetworkOptions {
    prefetch: true,
    ..NetworkOptions::OFF
};

const FUSION: NetworkOptions = NetworkOptions {
    fusion: true,
    ..NetworkOptions::OFF
};

/// As many banks as array and vector unit need beside each other.
fn with_banks(arch: &mut Architecture) {
    arch.buffers.activation.banks = 4;
    arch.buffers.output.banks = 4;
}

fn extent(runs: &Runs) -> Range<u64> {
    let reach = |level: usize| u64::from(runs.counts[level] - 1) * runs.strides[level];
    runs.base..runs.base + (0..3).map(reach).sum::<u64>() + runs.run_bytes
}

/// Sees that what a load reads has been stored by every earlier step that stores any of it.
struct Order {
    /// Of each store: its step, its bytes, and its end.
    stores: Vec<(u32, Range<u64>, Option<Tick>)>,
    place: Vec<Option<usize>>,
    broken: Vec<String>,
}

impl Order {
    fn of(program: &Program<'_>) -> Order {
        let mut order = Order {
            stores: Vec::new(),
            place: Vec::new(),
            broken: Vec::new(),
        };
        for what in &program.transfers {
            let counts = what.store && !what.psums && what.runs.bytes() > 0;
            order.place.push(counts.then_some(order.stores.len()));
            if counts {
                let store = (what.step, extent(&what.runs), None);
                order.stores.push(store);
            }
        }
        order
    }
}

impl Observer for Order {
    fn transfer(&mut self, number: u32, what: &ProgramTransfer, from: Tick, to: Tick) {
        if let Some(place) = self.place[number as usize] {
            self.stores[place].2 = Some(to);
        }
        if what.store || what.psums || what.runs.bytes() == 0 {
            return;
        }
        let bytes = extent(&what.runs);
        for (step, stored, end) in &self.stores {
            let overlaps = stored.start < bytes.end && bytes.start < stored.end;
            if *step < what.step && overlaps && end.is_none_or(|end| end > from) {
                self.broken
                    .push(format!("{what:?} from {from:?}, {step} at {end:?}"));
            }
        }
    }
}

/// What the engines do, layer by layer.
fn work(run: &RunResult) -> Vec<(u64, u64, u64)> {
    let of = |layer: &LayerResult| {
        let vector = &layer.vector;
        (layer.array.macs, vector.operations, vector.values)
    };
    run.layers.iter().map(of).collect()
}

fn check(point: &DesignPoint, plan: &NetworkPlan) {
    let mut off = point.clone();
    off.architecture.network = NetworkOptions::OFF;
    let layer_by_layer = run_lawfully(&off, plan);
    for options in all_sets() {
        let mut point = point.clone();
        point.architecture.network = options;
        let result = run_lawfully(&point, plan);
        assert_eq!(work(&result), work(&layer_by_layer), "{options}");
        let mut order = Order::of(&program_of(&point, plan));
        run_at(&point, plan, Fidelity::Wavefront, &mut order);
        assert_eq!(order.broken, Vec::<String>::new(), "{options}");
    }
}

#[test]
fn nothing_is_read_before_it_is_written() {
    let network = every_sort();
    for name in ["fxp8_8x8", "axbxp_k4_16x16_edge", "fxp8_32x32_ws"] {
        for variant in 0..=10 {
            let mut point = vary(point(name), variant);
            check(&point, &plan_for(&point, &network).expect("fits"));
            with_banks(&mut point.architecture);
            check(&point, &plan_for(&point, &network).expect("fits"));
        }
    }
}

#[test]
fn both_fidelities_take_the_same_cycles() {
    let stepped = Fidelity::Stepped {
        seed: 3,
        given: &[],
    };
    for network in [network("tiny"), every_sort()] {
        for name in ["fxp8_8x8", "axbxp_k4_8x8", "fxp8_32x32_ws"] {
            for options in all_sets() {
                let mut point = point(name);
                with_banks(&mut point.architecture);
                point.architecture.network = options;
                let plan = plan_for(&point, &network).expect("fits");
                let closed = run(&point, &plan);
                let stepped = run_at(&point, &plan, stepped, &mut Unobserved);
                for (closed, stepped) in closed.layers.iter().zip(stepped.layers) {
                    assert_eq!(stepped.outputs.map_or(0, |check| check.different), 0);
                    let stepped = LayerResult {
                        outputs: None,
                        ..stepped
                    };
                    let [closed, stepped] = [format!("{closed:?}"), format!("{stepped:?}")];
                    assert_eq!(closed, stepped, "{name}, {options}");
                }
            }
        }
    }
}

/// Cycles of a network on a machine that does `options`.
fn cycles(name: &str, architecture: &str, options: NetworkOptions) -> u64 {
    let mut point = point(architecture);
    with_banks(&mut point.architecture);
    point.architecture.network = options;
    let plan = plan_for(&point, &network(name)).expect("fits");
    run(&point, &plan).cycles()
}

#[test]
fn prefetch_is_not_slower() {
    for architecture in ["fxp8_32x32", "axbxp_k4_32x32", "axbxp_k4_16x16_edge"] {
        for name in ["tiny", "resnet18", "mobilenet_v2"] {
            let off = cycles(name, architecture, NetworkOptions::OFF);
            let on = cycles(name, architecture, PREFETCH);
            assert!(on < off, "{name} on {architecture}: {on}, off {off}");
        }
    }
}

/// Bytes loaded and stored of all layers.
fn moved(run: &RunResult) -> (u64, u64) {
    let layers = || run.layers.iter().map(|layer| &layer.dma);
    (
        layers().map(|dma| dma.loaded_bytes).sum(),
        layers().map(|dma| dma.stored_bytes).sum(),
    )
}

/// A residual addition takes the convolution's tiles from the output buffer: what the convolution would have stored, and
/// the addition loaded, does not move.
#[test]
fn a_residual_addition_is_fused() {
    let network = network_of(
        1,
        r#"(name: "image", channels: 16, height: 12, width: 12)"#,
        r#"
        (name: "first", op: conv(out_channels: 32, kernel: (3, 3), padding: (1, 1, 1, 1))),
        (name: "second", op: conv(out_channels: 32, kernel: (3, 3), padding: (1, 1, 1, 1))),
        (name: "add", op: elementwise(function: add), activation: relu, inputs: ["second", "first"])
        "#,
    );
    for name in ["fxp8_8x8", "axbxp_k4_16x16_edge", "fxp8_32x32_ws"] {
        let mut point = point(name);
        let plan = plan_for(&point, &network).expect("fits");
        let off = moved(&run_lawfully(&point, &plan));
        point.architecture.network = FUSION;
        let on = moved(&run_lawfully(&point, &plan));
        let tensor = 12 * 12 * 32;
        assert_eq!(on, (off.0 - tensor, off.1 - tensor), "{name}");
    }
}

/// However small the buffers: a tile that fills one, or is held while others finish, stops nobody for good.
#[test]
fn small_buffers_run_to_the_end() {
    let network = every_sort();
    for (size_kib, double_buffered) in (1..=6).flat_map(|size| [(size, false), (size, true)]) {
        let mut point = point("fxp8_8x8");
        let buffers = &mut point.architecture.buffers;
        for buffer in [
            &mut buffers.activation,
            &mut buffers.weight,
            &mut buffers.output,
        ] {
            buffer.size_kib = size_kib;
            buffer.double_buffered = double_buffered;
            buffer.banks = 4;
        }
        let Ok(plan) = plan_for(&point, &network) else {
            continue;
        };
        for options in all_sets() {
            point.architecture.network = options;
            run_lawfully(&point, &plan);
        }
    }
}

/// What others read too has to be stored.
#[test]
fn a_tensor_with_two_readers_is_not_fused() {
    let network = network_of(
        1,
        r#"(name: "image", channels: 16, height: 12, width: 12)"#,
        r#"
        (name: "first", op: conv(out_channels: 16, kernel: (3, 3), padding: (1, 1, 1, 1))),
        (name: "add", op: elementwise(function: add), inputs: ["first", "image"]),
        (name: "again", op: elementwise(function: add), inputs: ["first", "add"])
        "#,
    );
    let mut point = point("fxp8_8x8");
    let plan = plan_for(&point, &network).expect("fits");
    let off = moved(&run_lawfully(&point, &plan));
    point.architecture.network = FUSION;
    assert_eq!(moved(&run_lawfully(&point, &plan)), off);
}

const RESIDENCY: NetworkOptions = NetworkOptions {
    residency: true,
    ..NetworkOptions::OFF
};

const ALL: NetworkOptions = NetworkOptions {
    fusion: true,
    residency: true,
    prefetch: true,
};

/// With memory for everything nothing that lies between two layers goes to DRAM.
#[test]
fn with_room_for_all_only_the_compulsory_bytes_move() {
    for name in ["tiny", "resnet18", "mobilenet_v2", "vit_b16"] {
        for architecture in ["fxp8_32x32", "axbxp_k4_32x32"] {
            for options in [RESIDENCY, ALL] {
                let mut point = point(architecture);
                practically_infinite(&mut point.architecture);
                with_banks(&mut point.architecture);
                point.architecture.network = options;
                let network = network(name);
                let plan = plan_for(&point, &network).expect("fits");
                let run = run(&point, &plan);
                assert_eq!(
                    moved(&run),
                    compulsory(&network, &plan),
                    "{name}, {options}"
                );
            }
        }
    }
}

/// Bytes of the weights and of what the network is given, and of what it is for, in the formats in which they are stored.
fn compulsory(network: &Network, plan: &NetworkPlan) -> (u64, u64) {
    let program = Program::layer_by_layer(plan);
    let stores = || program.transfers.iter().filter(|what| what.store);
    let made: Vec<Range<u64>> = stores().map(|what| extent(&what.runs)).collect();
    let is_made = |bytes: Range<u64>| {
        let mut made = made.iter();
        made.any(|made| made.start < bytes.end && bytes.start < made.end)
    };
    let loads = program.transfers.iter().filter(|what| !what.store);
    let given = loads.filter(|what| !is_made(extent(&what.runs)));
    let is_output = |layer: u32| {
        let id = program.layers[layer as usize].mapping.id;
        network.consumers(network.layer(id).output).is_empty()
    };
    let wanted = stores().filter(|what| is_output(what.layer));
    (
        given.map(|what| what.runs.bytes()).sum(),
        wanted.map(|what| what.runs.bytes()).sum(),
    )
}

#[test]
fn residency_moves_fewer_bytes() {
    for architecture in ["axbxp_k4_32x32", "axbxp_k4_16x16_edge"] {
        for name in ["tiny", "mobilenet_v2"] {
            let mut point = point(architecture);
            with_banks(&mut point.architecture);
            let plan = plan_for(&point, &network(name)).expect("fits");
            let off = run(&point, &plan);
            for options in [RESIDENCY, ALL] {
                point.architecture.network = options;
                let on = run(&point, &plan);
                assert!(moved(&on) < moved(&off), "{name}, {options}");
                assert!(on.cycles() < off.cycles(), "{name}, {options}");
            }
        }
    }
}

#[test]
fn fusion_is_faster() {
    for architecture in ["fxp8_32x32", "axbxp_k4_32x32"] {
        for prefetch in [false, true] {
            let set = |fusion| NetworkOptions {
                fusion,
                prefetch,
                ..NetworkOptions::OFF
            };
            let [without, with] =
                [false, true].map(|fusion| cycles("resnet18", architecture, set(fusion)));
            assert!(with < without, "{architecture}: {with}, {without}");
        }
    }
}
