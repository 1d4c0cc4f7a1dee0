//! Counts to energies, and PE prices. Files and shipped tables are tested in `files`.

mod areas;
mod files;
mod operands;
mod pes;
mod sram;
mod switching;

use proptest::prelude::*;

use super::{
    AccessCounts, Basis, BasisShares, EnergyBreakdown, EnergyModel, EnergyTable, LayerCounts,
    LeakageParts, ParallelMacRule, PeArrayCounts, PeParts, SramTable,
};
use crate::arch::{self, Architecture, MacWork, OperatingPoint, PeKind, WindowUse};
use crate::dram::{CommandEnergies, DramCounts};
use crate::source::{FileKind, SourceFile, shipped};

const FXP8: PeKind = PeKind::Fxp { bits: 8 };
const K4: PeKind = PeKind::AxBxp {
    block_bits: 4,
    multipliers: 4,
};
const K2: PeKind = PeKind::AxBxp {
    block_bits: 2,
    multipliers: 16,
};

/// Dyadic values, so that every sum below is exact in binary.
const TINY_TABLE: &str = "(
    name: \"tiny\",
    technology: \"none\",
    parallel_macs: exact_cycle,
    sram: \"cacti_22_lstp\",
    entries: [
        (component: pe(fxp(bits: 8)), action: cycle, value: pj(1.5), basis: measured, source: \"test\",
         split: (clock: 0.25, registers: 0.375)),
        (component: pe(fxp(bits: 8)), action: idle, value: pj(0.25), basis: derived, source: \"test\"),
        (component: pe(fxp(bits: 8)), action: leak, value: uw(8.0), basis: measured, source: \"test\"),
        (component: pe(fxp(bits: 8)), action: area, value: um2(512.0), basis: measured, source: \"test\"),
        (component: multiplier(bits: 8), action: operate, value: pj(0.5), basis: measured, source: \"test\"),
        (component: adder(bits: 32), action: operate, value: pj(0.25), basis: measured, source: \"test\"),
        (component: register, action: write, value: pj(0.0625), basis: measured, source: \"test\"),
        (component: register, action: leak, value: uw(0.125), basis: measured, source: \"test\"),
        (component: register, action: area, value: um2(4.0), basis: measured, source: \"test\"),
        (component: converter, action: convert, value: pj(3.0), basis: derived, source: \"test\"),
        (component: converter, action: leak, value: uw(2.0), basis: derived, source: \"test\"),
        (component: converter, action: area, value: um2(1024.0), basis: derived, source: \"test\"),
        (component: vector_lane, action: area, value: um2(256.0), basis: assumed, source: \"test\"),
        (component: dma, action: area, value: um2(2048.0), basis: derived, source: \"test\"),
        (component: controller, action: area, value: um2(4096.0), basis: assumed, source: \"test\"),
        (component: vector_lane, action: operate, value: pj(1.0), basis: assumed, source: \"test\"),
        (component: dma, action: burst, value: pj(2.0), basis: derived, source: \"test\"),
        (component: dma, action: byte, value: pj(0.125), basis: derived, source: \"test\"),
        (component: controller, action: tile, value: pj(16.0), basis: assumed, source: \"test\"),
    ],
)";

const TINY_SRAM: &str = "(
    name: \"tiny_sram\",
    technology: \"none\",
    access: (
        a_pj: 2.0, size_exponent: 0.5, width_exponent: 1.0, mean_error: 0.05, worst_error: 0.1, source: \"test\",
    ),
    grid: (
        size_kib: [2, 8, 16],
        port_bits: [64, 128],
        read_pj: [[2.0, 4.0], [4.0, 8.0], [6.0, 12.0]],
        write_pj: [[4.0, 8.0], [8.0, 16.0], [10.0, 20.0]],
        leakage_uw: [[0.25, 0.5], [1.5, 2.0], [2.5, 4.0]],
        area_um2: [[512.0, 1024.0], [2048.0, 3072.0], [4096.0, 8192.0]],
        source: \"test\",
    ),
)";

const TINY_DRAM: CommandEnergies = CommandEnergies {
    activate_precharge_pj: 1000.0,
    read_pj: 500.0,
    write_pj: 250.0,
    refresh_pj: 4000.0,
    active_standby_pj_per_cycle: 8.0,
    precharge_standby_pj_per_cycle: 4.0,
    read_io_pj: 128.0,
    write_io_pj: 64.0,
};

fn architecture(name: &str) -> Architecture {
    arch::open(name).unwrap_or_else(|error| panic!("{error}")).1
}

fn table(name: &str) -> EnergyTable {
    EnergyTable::open(name).unwrap_or_else(|error| panic!("{error}"))
}

fn load(text: &str) -> EnergyTable {
    EnergyTable::load(&SourceFile::from_text("mine.ron", text))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// [`TINY_TABLE`] with its own SRAM.
fn tiny_table() -> EnergyTable {
    let sram = SramTable::load(&SourceFile::from_text("sram.ron", TINY_SRAM))
        .unwrap_or_else(|error| panic!("{error}"));
    load(TINY_TABLE).with_sram(sram)
}

/// 8 x 8 PEs at 500 MHz; buffers of 32, 16 and 8 KiB in 2 banks behind ports of 64, 64 and 256 bits.
fn tiny_architecture() -> Architecture {
    let mut architecture = architecture("fxp8_8x8");
    architecture.core_clock_khz = 500_000;
    architecture.buffers.activation.size_kib = 32;
    architecture
}

fn point(
    pe: PeKind,
    products: u32,
    windows: WindowUse,
    operand_bits: (u32, u32),
) -> OperatingPoint {
    OperatingPoint {
        rate: pe.rate(MacWork {
            activation_bits: 8,
            weight_bits: 8,
            products,
        }),
        products,
        windows,
        activation_bits: operand_bits.0,
        weight_bits: operand_bits.1,
    }
}

fn model(table: EnergyTable, pe: PeKind) -> EnergyModel {
    let mut architecture = architecture("fxp8_8x8");
    architecture.array.pe = pe;
    EnergyModel::new(table, &architecture, TINY_DRAM).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_tiny_activity_by_hand() {
    let model = EnergyModel::new(tiny_table(), &tiny_architecture(), TINY_DRAM)
        .unwrap_or_else(|error| panic!("{error}"));
    let activity = LayerCounts {
        array: PeArrayCounts {
            macs: 40,
            block_products: 40,
            pe_cycles_active: 40,
            pe_cycles_clocked_idle: 8,
            operand_register_bits: 64,
            accumulator_updates: 40,
            weight_register_bits: 16,
            drain_register_bits: 32,
        },
        activation_buffer: AccessCounts {
            read_accesses: 5,
            write_accesses: 2,
            access_bits: 64,
        },
        weight_buffer: AccessCounts {
            read_accesses: 1,
            write_accesses: 1,
            access_bits: 0,
        },
        output_buffer: AccessCounts {
            read_accesses: 0,
            write_accesses: 3,
            access_bits: 128,
        },
        converter_values: 4,
        vector_operations: 6,
        dma_bursts: 3,
        dma_bytes: 192,
        controller_tiles: 2,
        dram: DramCounts {
            activates: 2,
            precharges: 1,
            reads: 2,
            writes: 1,
            refreshes: 1,
            active_standby_cycles: 100,
            precharge_standby_cycles: 50,
            ..DramCounts::default()
        },
        core_cycles: 1000,
    };
    let energy = model
        .layer(&point(FXP8, 1, WindowUse::Exact, (8, 8)), &activity, None)
        .unwrap_or_else(|error| panic!("{error}"));
    let expected = EnergyBreakdown {
        // 40 x 1.5
        pe_array_pj: 60.0,
        // 8 x 0.25
        pe_idle_pj: 2.0,
        // (64 + 16 + 32) x 0.0625
        array_registers_pj: 7.0,
        // 4 x 3
        converter_pj: 12.0,
        // a bank of 16 KiB: 7 x 2 x sqrt(16)
        activation_buffer_pj: 56.0,
        // a bank of 8 KiB: 2 x 2 x sqrt(8)
        weight_buffer_pj: 4.0 * 8.0_f64.sqrt(),
        // a bank of 4 KiB and 256 bits is two macros of 2 KiB and 128; 128 bits touch one: 3 x 2 x sqrt(2) x 2
        output_buffer_pj: 12.0 * 2.0_f64.sqrt(),
        // 6 x 1
        vector_unit_pj: 6.0,
        // 3 x 2 + 192 x 0.125
        dma_pj: 30.0,
        // 2 x 16
        controller_pj: 32.0,
        // 2 x 1000 + 2 x 500 + 250
        dram_dynamic_pj: 3250.0,
        // 4000 + 100 x 8 + 50 x 4
        dram_background_pj: 5000.0,
        // 2 x 128 + 64
        dram_io_pj: 320.0,
        // 2000 ns x 1e-3 x (64 PEs x 8 uW + registers + 8 converters x 2 uW), and 2 banks of each buffer. Registers:
        // skew of 0 + 1 + .. + 7 = 28 values of 8 bits at both edges and a chain of 64 x 32 bits, 2496 x 0.125 uW.
        leakage_pj: 2.0 * (512.0 + 312.0 + 16.0) + 2.0 * (2.0 * 2.5 + 2.0 * 1.5 + 4.0 * 0.5),
        leakage_parts: LeakageParts {
            logic_pj: 1680.0,
            sram_pj: 20.0,
        },
        // Of 60: clock a quarter, registers 3/8 (33 flip-flops of the accumulator, 16 of the operands), the rest logic,
        // which divides as 0.5 to 0.25.
        pe_parts: PeParts {
            multipliers_pj: 15.0,
            shifters_pj: 0.0,
            accumulators_pj: 7.5 + 22.5 * 33.0 / 49.0,
            operand_registers_pj: 22.5 * 16.0 / 49.0,
            clock_pj: 15.0,
        },
        basis: BasisShares::default(),
    };
    for ((name, is), (_, should)) in energy.components().iter().zip(expected.components()) {
        assert!(
            (is - should).abs() <= 1e-12 * should,
            "{name}: {is} {should}"
        );
    }
    for ((name, is), (_, should)) in energy
        .pe_parts
        .components()
        .iter()
        .zip(expected.pe_parts.components())
    {
        assert!((is - should).abs() <= 1e-12 * 60.0, "{name}: {is} {should}");
    }
    assert_eq!(energy.leakage_parts, expected.leakage_parts);
    // 60 + 2 + 7 + 12 + 56 + 6 + 30 + 32 + 3250 + 5000 + 320 + 1700 = 10475, and the two roots.
    let total = 10475.0 + 4.0 * 8.0_f64.sqrt() + 12.0 * 2.0_f64.sqrt();
    assert!((energy.total_pj() - total).abs() <= 1e-12 * total);
    assert_eq!(energy.on_chip_pj(), energy.total_pj() - 8570.0);
    // Measured: PE, registers, leakage of both. Assumed: vector unit, controller.
    assert_eq!(energy.basis.measured_pj, 60.0 + 7.0 + 1648.0);
    assert_eq!(energy.basis.assumed_pj, 6.0 + 32.0);
    assert_eq!(energy.basis.dram_preset_pj, 8570.0);
    assert_eq!(energy.dram_pj(), 8570.0);
}

prop_compose! {
    fn any_activity()(n in prop::array::uniform20(0u64..1_000_000), bits in 0u32..256) -> LayerCounts {
        let buffer = |i: usize| AccessCounts {
            read_accesses: n[i],
            write_accesses: n[i + 1],
            access_bits: bits,
        };
        LayerCounts {
            array: PeArrayCounts {
                pe_cycles_active: n[0],
                pe_cycles_clocked_idle: n[1],
                operand_register_bits: n[2],
                weight_register_bits: n[3],
                drain_register_bits: n[4],
                ..PeArrayCounts::default()
            },
            activation_buffer: buffer(5),
            weight_buffer: buffer(6),
            output_buffer: buffer(7),
            converter_values: n[9],
            vector_operations: n[10],
            dma_bursts: n[11],
            dma_bytes: n[12],
            controller_tiles: n[13],
            dram: DramCounts {
                activates: n[14],
                reads: n[15],
                writes: n[16],
                refreshes: n[17],
                active_standby_cycles: n[18],
                ..DramCounts::default()
            },
            core_cycles: n[19],
        }
    }
}

proptest! {
    #[test]
    fn the_bases_sum_to_the_total(activity in any_activity()) {
        let model = model(table("ng45"), K4);
        let energy = model.layer(&point(K4, 2, WindowUse::Dynamic, (8, 6)), &activity, None).expect("there");
        let BasisShares { measured_pj, derived_pj, assumed_pj, dram_preset_pj } = energy.basis;
        let by_basis = measured_pj + derived_pj + assumed_pj + dram_preset_pj;
        prop_assert!((by_basis - energy.total_pj()).abs() <= 1e-9 * energy.total_pj());
        prop_assert!((0.0..=1.0).contains(&energy.derived_share()));
        let twice: EnergyBreakdown = [energy, energy].into_iter().sum();
        prop_assert_eq!(twice.total_pj(), 2.0 * energy.total_pj());
    }
}

/// Operating points with fewer and fewer products and narrower operands.
fn descending(pe: PeKind) -> Vec<(u32, (u32, u32))> {
    match pe {
        K4 => vec![(4, (8, 8)), (3, (8, 8)), (2, (8, 6)), (1, (6, 6))],
        _ => (1..=16)
            .rev()
            .map(|products: u32| match products {
                9.. => (products, (8, 8)),
                5..=8 => (products, (8, 7)),
                3..=4 => (products, (7, 7)),
                2 => (products, (7, 5)),
                _ => (products, (5, 5)),
            })
            .collect(),
    }
}

#[test]
fn fewer_products_never_cost_more_per_mac() {
    for name in shipped(FileKind::Energy) {
        for rule in [ParallelMacRule::ExactCycle, ParallelMacRule::Lanes] {
            for pe in [K4, K2] {
                for windows in [WindowUse::Dynamic, WindowUse::Static] {
                    let model = model(table(name).with_parallel_macs(rule), pe);
                    let mut last = f64::INFINITY;
                    for (products, bits) in descending(pe) {
                        let pj = model
                            .pe_pj_per_mac(&point(pe, products, windows, bits))
                            .unwrap_or_else(|error| panic!("{error}"));
                        assert!(pj <= last, "{name} {rule:?} {pe} {windows:?} L={products}");
                        last = pj;
                    }
                }
            }
        }
    }
}

/// Fewer multipliers fed by a MAC that is alone in its PE, all else equal: the measured scatter is levelled.
#[test]
fn fewer_fed_multipliers_never_cost_more_per_cycle() {
    for pe in [K4, K2] {
        let model = model(table("ng45"), pe);
        let mut last = 0.0;
        for products in 1..=16 {
            let mut point = point(pe, products, WindowUse::Dynamic, (8, 8));
            point.rate.macs = 1;
            let (pj, _) = model.pe_cycle_pj(&point, None).expect("there");
            assert!(pj >= last, "{pe} {products}");
            last = pj;
        }
    }
}

#[test]
fn pe_energies_at_the_operating_points_of_the_default_table() {
    let per_mac = |pe, rule, products, bits| {
        model(table("ng45").with_parallel_macs(rule), pe)
            .pe_pj_per_mac(&point(pe, products, WindowUse::Dynamic, bits))
            .expect("there")
    };
    let (exact_cycle, lanes) = (ParallelMacRule::ExactCycle, ParallelMacRule::Lanes);
    let close = |is: f64, should: f64| assert!((is - should).abs() < 1e-9, "{is} {should}");
    close(per_mac(FXP8, exact_cycle, 1, (8, 8)), 1.0325);
    close(per_mac(K4, exact_cycle, 4, (8, 8)), 1.3855);
    // Four multipliers fed as in exact mode, and 2 x (8 + 6) - 22 = 6 more register bits, for two MACs.
    close(
        per_mac(K4, exact_cycle, 2, (8, 6)),
        (1.3855 + 6.0 * 0.01102) / 2.0,
    );
    // One MAC with two multipliers fed, and one lane more.
    close(per_mac(K4, lanes, 2, (8, 6)), (1.2441 + 0.6965) / 2.0);
    close(
        per_mac(K4, exact_cycle, 1, (6, 6)),
        (1.3855 + 26.0 * 0.01102) / 4.0,
    );
    close(per_mac(K4, lanes, 1, (6, 6)), (1.0774 + 3.0 * 0.5046) / 4.0);
    // 3 products: halfway between 2 and 4.
    close(per_mac(K4, exact_cycle, 3, (8, 8)), (1.2441 + 1.3855) / 2.0);
}

/// What the accuracy statement says of the two rules.
#[test]
fn lanes_cost_more_than_the_exact_cycle() {
    let mut ratios = Vec::new();
    for pe in [K4, K2] {
        for (products, bits) in descending(pe) {
            let point = point(pe, products, WindowUse::Dynamic, bits);
            let pj = |rule| {
                model(table("ng45").with_parallel_macs(rule), pe)
                    .pe_pj_per_mac(&point)
                    .expect("there")
            };
            let ratio = pj(ParallelMacRule::Lanes) / pj(ParallelMacRule::ExactCycle);
            if point.rate.macs > 1 {
                ratios.push(ratio);
            } else {
                assert_eq!(ratio, 1.0);
            }
        }
    }
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(0.0, f64::max);
    assert_eq!(format!("{low:.1} {high:.1}"), "1.3 2.7");
}

#[test]
fn a_mac_of_several_cycles_keeps_all_multipliers_fed() {
    let small = PeKind::AxBxp {
        block_bits: 2,
        multipliers: 4,
    };
    let model = model(table("ng45"), small);
    let sixteen = point(small, 16, WindowUse::Exact, (8, 8));
    assert_eq!(
        model.pe_cycle_pj(&sixteen, None).expect("there"),
        (1.2087, Basis::Measured)
    );
    assert_eq!(model.pe_pj_per_mac(&sixteen).expect("there"), 4.0 * 1.2087);
}
