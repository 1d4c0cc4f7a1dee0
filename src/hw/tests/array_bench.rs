//! The PE array on a bench of its own: both fidelities get the same random layer, the same starts and the
//! same disturbances of their ports, and must send the same messages in the same cycles.
//!
//! `AXBXP_THOROUGH=1` runs 20,000 cases of each dataflow.

use proptest::prelude::*;

use crate::approx::{LayerPrecision, OperandFormat};
use crate::arch::{Dataflow, FillDrain, Operand, PeKind, PerOperand, WindowUse};
use crate::blocked::{BlockFormat, ProductSet, Rounding, Signedness, Window};
use crate::graph::Program;
use crate::hw::bus::{ARRAY, Bus, CONTROL, Clocks, DATA};
use crate::hw::ledger::Ledger;
use crate::hw::message::Message;
use crate::hw::pe_array::PeArray;
use crate::hw::stepped::OutputCheck;
use crate::hw::{ArrayCounts, CauseCycles, Engine, Fidelity, StallReason, Unobserved};
use crate::mapping::{
    ArrayPlan, ArrayTiming, Axis, EdgePort, LayerPlan, Loop, MappedLayer, Nest, OutputPath,
    SecondLayout, SecondOperand, TensorLayout, Tiling,
};
use crate::sim::{ComponentId, Khz, Model, Scheduler, Waiting, clock_domains, run};
use crate::workload::LayerId;

/// A message that left the array: core cycle, to whom, what.
type Sent = (u64, u32, Message);

struct Bench<'a> {
    array: PeArray<'a>,
    program: &'a Program<'a>,
    ledger: Ledger,
    clocks: Clocks,
    /// Cycles by which each step's start lags behind the first moment that it could come.
    delays: &'a [u8],
    started: usize,
    last_start: u64,
    fed: usize,
    sent: Vec<Sent>,
    results: usize,
}

impl Bench<'_> {
    /// As the controller: one step at work, one behind it.
    fn start_steps(&mut self, scheduler: &mut Scheduler<Message>) {
        let now = self.clocks.core.cycle_of(scheduler.now());
        while self.started < self.program.steps.len() && self.started < self.fed + 2 {
            let delay = self.delays[self.started % self.delays.len()];
            let message = Message::Start {
                step: self.started as u32,
                stall: StallReason::Weights,
            };
            self.last_start = self.last_start.max(now + u64::from(delay));
            let at = self.clocks.core.edge(self.last_start);
            scheduler.send(at, CONTROL, ARRAY, message);
            self.started += 1;
        }
    }
}

impl Model for Bench<'_> {
    type Message = Message;

    fn handle(&mut self, to: ComponentId, message: Message, scheduler: &mut Scheduler<Message>) {
        if to == ARRAY {
            let mut bus = Bus {
                scheduler,
                clocks: self.clocks,
                program: self.program,
                ledger: &mut self.ledger,
                observer: &mut Unobserved,
            };
            return self.array.handle(message, &mut bus);
        }
        let cycle = self.clocks.core.cycle_of(scheduler.now());
        self.sent.push((cycle, to.0, message));
        match message {
            Message::Fed { .. } => {
                self.fed += 1;
                self.start_steps(scheduler);
            }
            Message::Results { .. } => self.results += 1,
            _ => {}
        }
    }

    fn is_done(&self) -> bool {
        self.results == self.program.steps.len()
    }

    fn waiting(&self) -> Vec<Waiting> {
        Vec::new()
    }
}

#[derive(Debug, Clone)]
struct Case {
    pe: PeKind,
    plan: ArrayPlan,
    delays: Vec<u8>,
    disturbances: Vec<(u16, u8, u8)>,
    seed: u64,
}

/// What the layer came to.
struct LayerEnd {
    causes: CauseCycles,
    counts: ArrayCounts,
    outputs: Option<OutputCheck>,
}

fn run_bench(case: &Case, stepped: bool) -> (Vec<Sent>, u64, LayerEnd) {
    let layer = MappedLayer {
        id: LayerId(0),
        plan: LayerPlan::Array(Box::new(case.plan.clone())),
        choices: None,
    };
    let program = Program::layer_by_layer([&layer]);
    let (_, [core, dram]) = clock_domains([Khz(1), Khz(1)]).expect("the same clock");
    let timing = case.plan.timing;
    let fidelity = match stepped {
        true => Fidelity::Stepped {
            seed: case.seed,
            given: &[],
        },
        false => Fidelity::Wavefront,
    };
    let pes = u64::from(timing.rows) * u64::from(timing.columns);
    let mut bench = Bench {
        array: PeArray::new(case.pe, fidelity, 1),
        program: &program,
        ledger: Ledger::new(pes, 0, 1),
        clocks: Clocks { core, dram },
        delays: &case.delays,
        started: 0,
        last_start: 0,
        fed: 0,
        sent: Vec::new(),
        results: 0,
    };
    let mut scheduler = Scheduler::new();
    for &(at, buffer, cycles) in &case.disturbances {
        let message = Message::Conflict {
            operand: Operand::ALL[usize::from(buffer)],
            cycles: u32::from(cycles),
        };
        scheduler.send(core.edge(u64::from(at)), DATA, ARRAY, message);
    }
    bench.start_steps(&mut scheduler);
    run(&mut bench, &mut scheduler).expect("ends");
    let end = core.cycle_of(scheduler.now());
    let (_, exit) = bench.array.last_exit().expect("a layer");
    let clocks = Clocks { core, dram };
    for (reason, until) in [(StallReason::Drain, exit), (StallReason::Output, end)] {
        let of = (Engine::Array, 0);
        bench
            .ledger
            .account_stall(of, reason, until, clocks, &mut Unobserved);
    }
    bench.array.leave_layer();
    let layer_end = LayerEnd {
        causes: bench.ledger.causes(0),
        counts: *bench.array.counts(0),
        outputs: bench.array.outputs(0),
    };
    (bench.sent, end, layer_end)
}

fn compare(case: &Case) -> Result<(), TestCaseError> {
    let (expected, expected_end, expected_layer) = run_bench(case, false);
    let (sent, end, layer) = run_bench(case, true);
    prop_assert_eq!(sent, expected);
    prop_assert_eq!(end, expected_end);
    prop_assert_eq!(layer.causes, expected_layer.causes);
    prop_assert_eq!(layer.counts, expected_layer.counts);
    let check = layer.outputs.expect("stepped");
    let nest = &case.plan.nest;
    let outputs = nest.outputs() * u64::from(nest.repeats * nest.groups * nest.filters);
    prop_assert_eq!((check.outputs, check.different), (outputs, 0));
    Ok(())
}

fn signedness() -> impl Strategy<Value = Signedness> {
    prop::sample::select(vec![Signedness::Signed, Signedness::Unsigned])
}

fn block_format(block_bits: u8) -> impl Strategy<Value = BlockFormat> {
    let window = prop::sample::select(vec![Window::Dynamic, Window::Static { top: None }]);
    let rounding = prop::sample::select(vec![Rounding::Truncate, Rounding::Nearest]);
    let kept = any::<prop::sample::Index>();
    (signedness(), kept, window, rounding).prop_map(move |(signedness, kept, window, rounding)| {
        let exact = BlockFormat::exact(8, signedness, block_bits).expect("in range");
        let kept = 1 + kept.index(usize::from(exact.blocks())) as u8;
        BlockFormat::new(8, signedness, block_bits, kept, window, rounding).expect("in range")
    })
}

/// PEs of every kind with a precision that they can do.
fn pe() -> impl Strategy<Value = (PeKind, LayerPrecision)> {
    let whole = |activations, weights| LayerPrecision {
        activations,
        weights,
        products: None,
        windows: WindowUse::Exact,
    };
    let bits = move || {
        (1u8..=8, signedness()).prop_map(|(bits, signedness)| OperandFormat::Bits {
            bits: bits.max(2),
            signedness,
        })
    };
    let exact = || {
        signedness().prop_map(|signedness| OperandFormat::Exact {
            bits: 8,
            signedness,
        })
    };
    let fixed = (exact(), exact()).prop_map(move |(a, w)| (PeKind::Fxp { bits: 8 }, whole(a, w)));
    let serial = (1u8..=8, 1u32..5, bits(), bits()).prop_map(move |(serial_bits, lanes, a, w)| {
        (PeKind::BitSerial { serial_bits, lanes }, whole(a, w))
    });
    let fusion = (bits(), bits()).prop_map(move |(a, w)| (PeKind::BitFusion {}, whole(a, w)));
    let blocks = (1u8..=8)
        .prop_flat_map(|block_bits| {
            let formats = (block_format(block_bits), block_format(block_bits));
            (
                Just(block_bits),
                1u32..17,
                formats,
                any::<prop::sample::Index>(),
            )
        })
        .prop_map(
            |(block_bits, multipliers, (activation, weight), products)| {
                let all = ProductSet::all(activation.kept(), weight.kept()).candidates();
                let computed = 1 + products.index(all as usize) as u32;
                let products = ProductSet::new(activation.kept(), weight.kept(), computed);
                let precision = LayerPrecision {
                    activations: OperandFormat::Blocks(activation),
                    weights: OperandFormat::Blocks(weight),
                    products: Some(products.expect("some of all")),
                    windows: WindowUse::Dynamic,
                };
                let pe = PeKind::AxBxp {
                    block_bits,
                    multipliers,
                };
                (pe, precision)
            },
        );
    prop_oneof![1 => fixed, 1 => serial, 1 => fusion, 4 => blocks]
}

fn nest() -> impl Strategy<Value = Nest> {
    let axis =
        (1u32..3, 1u32..3, 1u32..3, 0u32..2).prop_map(|(kernel, stride, dilation, padding)| Axis {
            kernel,
            stride,
            dilation,
            padding,
        });
    let second = prop::sample::select(vec![SecondOperand::Weights, SecondOperand::RowPerFilter]);
    (
        (1u32..3, 1u32..3),
        (1u32..7, 1u32..7),
        (1u32..12, 1u32..12),
        axis,
        second,
    )
        .prop_map(
            |((images, groups), (rows, columns), (filters, channels), axis, second)| {
                let weights = second == SecondOperand::Weights;
                let axis = if weights { axis } else { Axis::POINT };
                let input = |outputs: u32| {
                    let reach = (outputs - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
                    reach.saturating_sub(2 * axis.padding).max(1)
                };
                Nest {
                    images: if weights { images } else { 1 },
                    repeats: if weights { 1 } else { images },
                    groups,
                    out_rows: rows,
                    out_columns: columns,
                    filters,
                    channels,
                    in_rows: input(rows),
                    in_columns: input(columns),
                    rows: axis,
                    columns: axis,
                    second,
                    flat: false,
                    sampling: [1, 1],
                }
            },
        )
}

fn tiling(nest: Nest) -> impl Strategy<Value = Tiling> {
    let orders = prop::sample::select(vec![
        [Loop::Outputs, Loop::Filters, Loop::Channels],
        [Loop::Channels, Loop::Filters, Loop::Outputs],
        [Loop::Filters, Loop::Channels, Loop::Outputs],
    ]);
    (
        (1..=nest.out_rows, 1..=nest.out_columns),
        (1..=nest.filters, 1..=nest.channels),
        orders,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            move |((rows, columns), (filters, channels), order, exchanged, whole)| {
                // Several groups or images in a tile come with all of each.
                if whole {
                    Tiling {
                        images: nest.images,
                        out_rows: nest.out_rows,
                        out_columns: nest.out_columns,
                        groups: nest.groups,
                        filters: nest.filters,
                        channels: nest.channels,
                        order,
                        exchanged,
                        kept: PerOperand::same(false),
                        halos: false,
                        slots: PerOperand::same(2),
                    }
                } else {
                    Tiling {
                        images: 1,
                        out_rows: rows,
                        out_columns: columns,
                        groups: 1,
                        filters,
                        channels,
                        order,
                        exchanged,
                        kept: PerOperand::same(false),
                        halos: false,
                        slots: PerOperand::same(2),
                    }
                }
            },
        )
}

fn port_bits() -> impl Strategy<Value = u32> {
    prop_oneof![1 => 4u32..400, 1 => Just(1u32 << 30)]
}

/// Whether weights are double-buffered, and whether folds overlap.
fn overlap(dataflow: Dataflow) -> impl Strategy<Value = (bool, FillDrain)> {
    let stays = dataflow != Dataflow::OutputStationary;
    prop::sample::select(vec![
        (stays, FillDrain::Overlapped),
        (false, FillDrain::Overlapped),
        (false, FillDrain::Exposed),
    ])
}

fn timing(dataflow: Dataflow) -> impl Strategy<Value = ArrayTiming> {
    let side = || prop_oneof![4 => 1u32..7, 1 => 7u32..17];
    (
        (side(), side()),
        (port_bits(), port_bits(), port_bits()),
        prop_oneof![1u32..9, Just(1 << 20)],
        any::<bool>(),
        overlap(dataflow),
    )
        .prop_map(
            move |(sides, (activation, weight, output), converter, single, overlap)| {
                let ((rows, columns), (double, fill_drain)) = (sides, overlap);
                // Bits of values are filled in from the precision.
                let edge = |port_bits| EdgePort {
                    value_bits: 8,
                    port_bits,
                };
                ArrayTiming {
                    rows,
                    columns,
                    dataflow,
                    exchanged: false,
                    double_buffered_weights: double,
                    fill_drain,
                    macs_per_step: 1,
                    cycles_per_step: 1,
                    activation: edge(activation),
                    weight: edge(weight),
                    output: OutputPath {
                        psum_bits: 32,
                        value_bits: 8,
                        port_bits: output,
                        single_port: single,
                        converter_values_per_cycle: converter,
                    },
                }
            },
        )
}

fn case(dataflow: Dataflow) -> impl Strategy<Value = Case> {
    let layer = nest().prop_flat_map(|nest| (Just(nest), tiling(nest)));
    let disturbances = prop::collection::vec((0u16..400, 0u8..3, 1u8..6), 0..8);
    let delays = prop::collection::vec(prop_oneof![2 => Just(0u8), 1 => 0u8..60], 1..6);
    (
        pe(),
        layer,
        timing(dataflow),
        delays,
        disturbances,
        any::<u64>(),
    )
        .prop_map(
            move |((pe, precision), (nest, tiling), timing, delays, disturbances, seed)| {
                let rate = precision.rate(&pe);
                let exchanged = tiling.exchanged && dataflow == Dataflow::OutputStationary;
                let bits = |format: &OperandFormat| format.bits_per_operand();
                let timing = ArrayTiming {
                    macs_per_step: rate.macs,
                    cycles_per_step: rate.cycles,
                    exchanged,
                    activation: EdgePort {
                        value_bits: bits(&precision.activations),
                        ..timing.activation
                    },
                    weight: EdgePort {
                        value_bits: bits(&precision.weights),
                        ..timing.weight
                    },
                    ..timing
                };
                let images =
                    |channels, rows, columns| TensorLayout::dense(0, channels, rows, columns, 8);
                let plan = ArrayPlan {
                    nest,
                    precision,
                    tiling: Tiling {
                        exchanged,
                        ..tiling
                    },
                    timing,
                    input: images(nest.groups * nest.channels, nest.in_rows, nest.in_columns),
                    second: match nest.second {
                        SecondOperand::Weights => SecondLayout::Weights {
                            base: 0,
                            value_bits: 8,
                        },
                        _ => SecondLayout::Activation(images(
                            nest.groups * nest.channels,
                            nest.filters,
                            1,
                        )),
                    },
                    output: images(nest.groups * nest.filters, nest.out_rows, nest.out_columns),
                    psum_base: 0,
                    burst_bytes: 64,
                };
                Case {
                    pe,
                    plan,
                    delays,
                    disturbances,
                    seed,
                }
            },
        )
}

fn compare_many(dataflow: Dataflow) {
    let thorough = std::env::var_os("AXBXP_THOROUGH").is_some();
    let config = ProptestConfig {
        cases: if thorough { 20_000 } else { 400 },
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&case(dataflow), |case| compare(&case))
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn output_stationary_is_alike_at_both_fidelities() {
    compare_many(Dataflow::OutputStationary);
}

#[test]
fn weight_stationary_is_alike_at_both_fidelities() {
    compare_many(Dataflow::WeightStationary);
}

#[test]
fn input_stationary_is_alike_at_both_fidelities() {
    compare_many(Dataflow::InputStationary);
}
