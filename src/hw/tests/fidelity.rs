//! The two fidelities of the array in the whole machine: the same cycles, causes, counts and DRAM commands,
//! and outputs that are those of a direct computation.

use super::support::{architectures, network, plan_for, point, run_at};
use crate::hw::{Fidelity, LayerResult, Unobserved};
use crate::mapping::NetworkPlan;
use crate::sweep::DesignPoint;

/// Runs both, and gives the numbers of outputs compared.
fn compare(point: &DesignPoint, plan: &NetworkPlan, seed: u64) -> u64 {
    let stepped = Fidelity::Stepped { seed, given: &[] };
    let closed = run_at(point, plan, Fidelity::Wavefront, &mut Unobserved);
    let stepped = run_at(point, plan, stepped, &mut Unobserved);
    let mut outputs = 0;
    for (index, (closed, stepped)) in closed.layers.iter().zip(stepped.layers).enumerate() {
        if let Some(check) = stepped.outputs {
            outputs += check.outputs;
            assert_eq!(check.different, 0, "layer {index}: outputs");
        }
        let stepped = LayerResult {
            outputs: None,
            ..stepped
        };
        assert_eq!(
            format!("{closed:#?}"),
            format!("{stepped:#?}"),
            "layer {index} of {}",
            point.architecture.name
        );
    }
    outputs
}

#[test]
fn shipped_architectures_run_alike_at_both_fidelities() {
    let network = network("tiny");
    for name in architectures() {
        let point = point(name);
        let plan = plan_for(&point, &network).expect("fits");
        assert!(compare(&point, &plan, 1) > 0, "{name}");
    }
}
