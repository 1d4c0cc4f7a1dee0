//! Areas by hand.

use super::{FXP8, K4, TINY_DRAM, architecture, model, table, tiny_architecture, tiny_table};
use crate::arch::{Dataflow, PeKind};
use crate::energy::hardware::widest_operands;
use crate::energy::{EnergyModel, array_mm2};
use crate::source::{FileKind, shipped};

#[track_caller]
fn close(is: f64, should: f64) {
    assert!((is - should).abs() <= 1e-12 * should.abs(), "{is} {should}");
}

/// The tiny architecture with the tiny table: 64 PEs, 8 converters, 8 lanes.
#[test]
fn a_tiny_accelerator_by_hand() {
    let model = EnergyModel::new(tiny_table(), &tiny_architecture(), TINY_DRAM)
        .unwrap_or_else(|error| panic!("{error}"));
    let area = model.area();
    let um2 = |mm2: f64| mm2 * 1e6;
    close(um2(area.pe_mm2), 64.0 * 512.0);
    // 2496 bits (see the leakage of the tiny layer) x 4 um2.
    close(um2(area.array_registers_mm2), 9984.0);
    close(um2(area.converter_mm2), 8.0 * 1024.0);
    // Two banks of 16 KiB and 64 bits; of 8 KiB; of two macros of 2 KiB and 128 bits.
    close(um2(area.activation_buffer_mm2), 2.0 * 4096.0);
    close(um2(area.weight_buffer_mm2), 2.0 * 2048.0);
    close(um2(area.output_buffer_mm2), 4.0 * 1024.0);
    close(um2(area.vector_unit_mm2), 8.0 * 256.0);
    close(um2(area.dma_mm2), 2048.0);
    close(um2(area.controller_mm2), 4096.0);
    close(um2(area.array_mm2()), 32_768.0 + 9984.0 + 8192.0);
    close(um2(area.total_mm2()), 75_520.0);
    let basis = area.basis;
    close(um2(basis.measured_mm2), 32_768.0 + 9984.0);
    close(um2(basis.derived_mm2), 8192.0 + 16_384.0 + 2048.0);
    close(um2(basis.assumed_mm2), 2048.0 + 4096.0);
}

/// The measured PEs as published with the measurement: K = 4 with four multipliers over FxP8.
#[test]
fn the_reconfigurable_pe_over_fxp8() {
    for (name, ratio) in [("ng45", 1.49), ("asap7", 1.47), ("est15", 1.48)] {
        let table = table(name);
        let area = |pe| {
            let entry = table.entry(
                crate::energy::Component::Pe(pe),
                crate::energy::Action::Area,
            );
            entry.expect("there").value.number()
        };
        assert!((area(K4) / area(FXP8) - ratio).abs() < 0.005, "{name}");
    }
}

/// 45 nm, 8 x 8: PEs, skew registers of 28 stages at each edge, chain of 32 bits in each PE, 8 converters.
#[test]
fn arrays_at_45_nm_by_hand() {
    let ng45 = table("ng45");
    let register = 4.522;
    let converter = 4.0 * 308.294 + 182.21 + 144.704 + 36.176;
    let fxp8 = 64.0 * 699.31 + (2.0 * 28.0 * 8.0 + 64.0 * 32.0) * register + 8.0 * converter;
    let is = array_mm2(&ng45, &architecture("fxp8_8x8")).expect("there");
    assert!((is * 1e6 / fxp8 - 1.0).abs() < 1e-4, "{is} {fxp8}");
    // Four MACs of one block: 4 x (sign, 4 bits, index) = 24 bits of each operand, 48 in all, 22 of them measured.
    let k4 = 64.0 * (1044.6 + 26.0 * register)
        + (2.0 * 28.0 * 24.0 + 64.0 * 32.0) * register
        + 8.0 * (converter + 33.25);
    let is = array_mm2(&ng45, &architecture("axbxp_k4_8x8")).expect("there");
    assert!((is * 1e6 / k4 - 1.0).abs() < 1e-4, "{is} {k4}");
}

#[test]
fn registers_outside_the_pes_follow_the_dataflow() {
    let ng45 = table("ng45");
    let bits = |change: &dyn Fn(&mut crate::arch::Architecture)| {
        let mut architecture = architecture("fxp8_8x8");
        architecture.array.rows = 4;
        change(&mut architecture);
        crate::energy::hardware::Hardware::of(&ng45, &architecture)
            .expect("there")
            .array_register_bits
    };
    // 0 + 1 + 2 + 3 rows and 0 + .. + 7 columns of 8 bits, 32 PEs.
    assert_eq!(bits(&|_| {}), 8 * 6 + 8 * 28 + 32 * 32);
    for dataflow in [Dataflow::WeightStationary, Dataflow::InputStationary] {
        assert_eq!(bits(&|a| a.array.dataflow = dataflow), 8 * 6);
        assert_eq!(
            bits(&|a| {
                a.array.dataflow = dataflow;
                a.array.double_buffered_weights = true;
            }),
            8 * 6 + 32 * 8
        );
    }
    // Activations serial, weights parallel; with multiplexers at the edges both have the wider one's registers.
    let serial = PeKind::BitSerial {
        serial_bits: 1,
        lanes: 8,
    };
    assert_eq!(
        bits(&|a| {
            a.array.pe = serial;
            a.array.operand_exchange = false;
        }),
        8 * 6 + 64 * 28 + 32 * 32
    );
    assert_eq!(bits(&|a| a.array.pe = serial), 64 * (6 + 28) + 32 * 32);
}

#[test]
fn the_widest_operands_of_each_kind() {
    let ax = |block_bits, multipliers| {
        widest_operands(PeKind::AxBxp {
            block_bits,
            multipliers,
        })
    };
    // 4 MACs of 6 bits before 2 of 8; 16 of 5 before 8 of 7.
    assert_eq!(ax(4, 4), (24, 24));
    assert_eq!(ax(2, 16), (80, 80));
    // One multiplier: all four blocks of one operand, one after the other, are 8 bits.
    assert_eq!(ax(2, 1), (8, 8));
    assert_eq!(ax(8, 1), (8, 8));
    assert_eq!(ax(7, 4), (32, 32));
    assert_eq!(widest_operands(PeKind::Fxp { bits: 4 }), (4, 4));
    assert_eq!(widest_operands(PeKind::BitFusion {}), (32, 32));
}

#[test]
fn components_and_bases_sum_to_the_total_everywhere() {
    for energy in shipped(FileKind::Energy) {
        for name in shipped(FileKind::Architecture) {
            let model = EnergyModel::new(table(energy), &architecture(name), TINY_DRAM)
                .unwrap_or_else(|error| panic!("{error}"));
            let area = model.area();
            let basis = area.basis;
            close(
                basis.measured_mm2 + basis.derived_mm2 + basis.assumed_mm2,
                area.total_mm2(),
            );
            assert!(area.components().iter().all(|&(_, mm2)| mm2 > 0.0));
            let alone = array_mm2(model.table(), &architecture(name)).expect("there");
            assert_eq!(alone, area.array_mm2());
        }
    }
}

/// Only PEs with blocks pay for block selection behind them.
#[test]
fn the_baseline_has_no_block_selection() {
    let [fxp8, k4] = [FXP8, K4].map(|pe| *model(table("ng45"), pe).area());
    let selection_um2 = (k4.converter_mm2 - fxp8.converter_mm2) * 1e6;
    assert!((selection_um2 - 8.0 * 33.25).abs() < 0.1, "{selection_um2}");
}
