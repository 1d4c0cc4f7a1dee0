//! A machine that can not go on says who waits for what.

use super::support::{network, plan_for, point};
use crate::arch::Operand;
use crate::graph::Program;
use crate::hw::{Fidelity, MachineError, Unobserved, simulate};
use crate::mapping::{LayerPlan, NetworkPlan};
use crate::sim::RunError;
use crate::sweep::DesignPoint;

fn report(point: &DesignPoint, plan: &NetworkPlan) -> String {
    match simulate(
        &point.architecture,
        &point.dram,
        &Program::layer_by_layer(plan),
        Fidelity::Wavefront,
        &mut Unobserved,
        &|_| {},
    ) {
        Err(MachineError::Run(error @ RunError::Deadlock { .. })) => error.to_string(),
        other => panic!("no deadlock: {other:?}"),
    }
}

#[test]
fn a_buffer_without_room_is_named() {
    for operand in Operand::ALL {
        let point = point("fxp8_8x8");
        let mut plan = plan_for(&point, &network("tiny")).expect("fits");
        let LayerPlan::Array(layer) = &mut plan.layers[0].plan else {
            panic!("the first layer runs on the array")
        };
        layer.tiling.slots[operand] = 0;
        let report = report(&point, &plan);
        let expected = format!(
            "controller waits for room in the {operand} buffer (0 of 0 tiles held) for step 0"
        );
        assert!(report.contains(&expected), "{report}");
    }
}

#[test]
fn a_dma_that_may_ask_for_nothing_is_named() {
    let mut point = point("fxp8_8x8");
    let plan = plan_for(&point, &network("tiny")).expect("fits");
    point.architecture.dma.outstanding_bursts = 0;
    let report = report(&point, &plan);
    for expected in [
        "controller waits for 1 transfers into the activation buffer for step 0",
        "controller waits for 1 transfers into the weight buffer for step 0",
        "dma waits for 0 bursts under way, with 3 transfers queued",
    ] {
        assert!(report.contains(expected), "{report}");
    }
}
