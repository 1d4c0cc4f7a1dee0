//! Machines, networks and runs for the tests.

use crate::arch::{Architecture, Dataflow};
use crate::graph::Program;
use crate::hw::conservation::{Violation, Widths, run_violations, violations};
use crate::hw::{Fidelity, Observer, RunResult, Unobserved, simulate};
use crate::mapping::{NetworkPlan, PlanError, plan};
use crate::source::{self, FileKind, SourceFile};
use crate::sweep::DesignPoint;
use crate::workload::{self, Network};

pub(super) fn architectures() -> Vec<&'static str> {
    source::shipped(FileKind::Architecture)
}

pub(super) fn point(name: &str) -> DesignPoint {
    DesignPoint::open(name, None).expect("shipped")
}

pub(super) fn network(name: &str) -> Network {
    workload::open(name).expect("shipped")
}

/// A network of RON layers.
pub(super) fn network_of(batch: u32, inputs: &str, layers: &str) -> Network {
    let text = format!("(name: \"test\", batch: {batch}, inputs: [{inputs}], layers: [{layers}])");
    let file = SourceFile::from_text("test.ron", text);
    workload::load(&file).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Another dataflow in the same array.
pub(super) fn with_dataflow(mut arch: Architecture, dataflow: Dataflow) -> Architecture {
    arch.array.dataflow = dataflow;
    arch.array.operand_exchange &= dataflow == Dataflow::OutputStationary;
    arch.array.double_buffered_weights &= dataflow != Dataflow::OutputStationary;
    arch
}

pub(super) fn plan_for(point: &DesignPoint, network: &Network) -> Result<NetworkPlan, PlanError> {
    let needs = point.layer_needs(network).expect("fits");
    plan(&point.architecture, &point.memory(), network, &needs, None)
}

/// The program of a plan, as the architecture says.
pub(super) fn program_of<'a>(point: &DesignPoint, plan: &'a NetworkPlan) -> Program<'a> {
    let arch = &point.architecture;
    Program::of(plan, arch, arch.network)
}

pub(super) fn run_at<O: Observer>(
    point: &DesignPoint,
    plan: &NetworkPlan,
    fidelity: Fidelity<'_>,
    observer: &mut O,
) -> RunResult {
    let progress = |_| {};
    simulate(
        &point.architecture,
        &point.dram,
        &program_of(point, plan),
        fidelity,
        observer,
        &progress,
    )
    .expect("runs to its end")
}

pub(super) fn run_observed<O: Observer>(
    point: &DesignPoint,
    plan: &NetworkPlan,
    observer: &mut O,
) -> RunResult {
    run_at(point, plan, Fidelity::Wavefront, observer)
}

pub(super) fn run(point: &DesignPoint, plan: &NetworkPlan) -> RunResult {
    run_observed(point, plan, &mut Unobserved)
}

/// Runs and asserts every law.
pub(super) fn run_lawfully(point: &DesignPoint, plan: &NetworkPlan) -> RunResult {
    let mut order = super::conserve::PsumOrder::default();
    let result = run_observed(point, plan, &mut order);
    assert_eq!(order.broken, Vec::<String>::new());
    let widths = Widths::of(&point.architecture, &point.dram);
    let mut found: Vec<Violation> = Vec::new();
    let program = program_of(point, plan);
    for (index, run) in result.layers.iter().enumerate() {
        found.extend(violations(index, &program, run, &widths));
    }
    // Presets that never drain idle queues keep writes posted.
    let queue = match point.dram.controller.idle_drain_cycles {
        Some(_) => 0,
        None => u64::from(point.dram.controller.write_queue),
    };
    let posted = queue * u64::from(point.architecture.dram.channels);
    found.extend(run_violations(&result.layers, &result.after, posted));
    assert_eq!(
        found,
        Vec::<Violation>::new(),
        "{}",
        point.architecture.name
    );
    result
}
