//! Leakage worked out a second time: components counted one by one, SRAM as a weighted mean of logarithms.

use axbxp::arch::{Architecture, Buffer, Dataflow, PeKind};
use axbxp::energy::{Action, Component, EnergyTable};

use super::energy::value;

/// Leakage of logic and of SRAM, in uW.
pub fn leakage_uw(table: &EnergyTable, arch: &Architecture) -> [f64; 2] {
    let pe = Component::Pe(arch.array.pe);
    let leak = |count: f64, component| count * value(table, component, Action::Leak);
    let values = f64::from(arch.converter.values_per_cycle);
    let [activation, weight] = operand_bits(arch.array.pe);
    let added = match arch.array.pe {
        PeKind::AxBxp { .. } => {
            (activation + weight - value(table, pe, Action::OperandBits)).max(0.0)
        }
        _ => 0.0,
    };
    let pes = arch.array.pes() as f64;
    let mut logic = leak(pes, pe)
        + leak(
            pes * added + registers(arch, activation, weight),
            Component::Register,
        )
        + leak(values, Component::Converter)
        + leak(f64::from(arch.vector_unit.lanes), Component::VectorLane)
        + leak(1.0, Component::Dma)
        + leak(1.0, Component::Controller);
    if matches!(arch.array.pe, PeKind::AxBxp { .. }) {
        logic += leak(values, Component::BlockSelect);
    }
    let buffers = &arch.buffers;
    let sram = [&buffers.activation, &buffers.weight, &buffers.output]
        .map(|buffer| buffer_uw(table, buffer));
    [logic, sram.iter().sum()]
}

/// Widest activations and weights that a PE of a shipped architecture takes in a cycle, by hand.
fn operand_bits(pe: PeKind) -> [f64; 2] {
    match pe {
        PeKind::Fxp { bits } => [f64::from(bits); 2],
        // 4 MACs of one block: sign, 4 bits, index of 1 bit.
        PeKind::AxBxp {
            block_bits: 4,
            multipliers: 4,
        } => [24.0; 2],
        // 16 MACs of one block: sign, 2 bits, index of 2 bits.
        PeKind::AxBxp {
            block_bits: 2,
            multipliers: 16,
        } => [80.0; 2],
        PeKind::BitSerial {
            serial_bits: 1,
            lanes,
        } => [f64::from(lanes), 8.0 * f64::from(lanes)],
        // 8 x 2 bits four times.
        PeKind::BitFusion {} => [32.0; 2],
        other => panic!("{other} is in no shipped architecture"),
    }
}

/// Register bits outside the PEs, row by row.
fn registers(arch: &Architecture, activation: f64, weight: f64) -> f64 {
    let array = &arch.array;
    let skew = |lines: u32, bits: f64| (0..lines).map(|line| f64::from(line) * bits).sum::<f64>();
    let wider = activation.max(weight);
    let pes = array.pes() as f64;
    match (array.dataflow, array.operand_exchange) {
        (Dataflow::OutputStationary, true) => {
            skew(array.rows, wider)
                + skew(array.columns, wider)
                + pes * f64::from(arch.tiling.psum_bits)
        }
        (Dataflow::OutputStationary, false) => {
            skew(array.rows, activation)
                + skew(array.columns, weight)
                + pes * f64::from(arch.tiling.psum_bits)
        }
        (dataflow, _) => {
            let (moving, kept) = if dataflow == Dataflow::WeightStationary {
                (activation, weight)
            } else {
                (weight, activation)
            };
            skew(array.rows, moving)
                + if array.double_buffered_weights {
                    pes * kept
                } else {
                    0.0
                }
        }
    }
}

/// All macros of a buffer.
fn buffer_uw(table: &EnergyTable, buffer: &Buffer) -> f64 {
    let grid = &table.sram().grid;
    let widest = *grid.port_bits.last().expect("a grid");
    let side_by_side = f64::from(buffer.port_bits.div_ceil(widest));
    let banks = f64::from(buffer.banks);
    let kib = f64::from(buffer.size_kib) / banks / side_by_side;
    let bits = f64::from(buffer.port_bits) / side_by_side;
    let mut log = 0.0;
    for (row, &size) in grid.size_kib.iter().enumerate() {
        for (column, &port) in grid.port_bits.iter().enumerate() {
            let weight = hat(&grid.size_kib, size, kib) * hat(&grid.port_bits, port, bits);
            log += weight * grid.leakage_uw[row][column].ln();
        }
    }
    banks * side_by_side * log.exp()
}

/// 1 at `point`, 0 at its neighbours on the axis, straight between in the logarithm.
fn hat(axis: &[u32], point: u32, value: f64) -> f64 {
    let at = axis
        .iter()
        .position(|&other| other == point)
        .expect("on the axis");
    let far = |other: u32| {
        let (point, other) = (f64::from(point), f64::from(other));
        1.0 - (value / point).ln() / (other / point).ln()
    };
    let point = f64::from(point);
    let neighbour = if value == point {
        return 1.0;
    } else if value < point {
        at.checked_sub(1)
    } else {
        Some(at + 1)
    };
    neighbour
        .and_then(|index| axis.get(index))
        .map_or(0.0, |&other| far(other).max(0.0))
}
