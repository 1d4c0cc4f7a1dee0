//! PEs of every K in every shipped table, and the parts of their cycles.

use proptest::prelude::*;

use super::{K4, model, point, table};
use crate::arch::{PeKind, WindowUse};
use crate::blocked::{BlockFormat, Rounding, Signedness, Window};
use crate::energy::{EnergyTable, ParallelMacRule};
use crate::source::{FileKind, shipped};

/// K = 1 to 8 with as many multipliers as blocks of 8 bits in both operands, and smaller ones that tables have.
fn every_k() -> Vec<(u8, u32)> {
    let mut pes: Vec<(u8, u32)> = (1..=8)
        .map(|k: u8| (k, u32::from(8_u8.div_ceil(k)).pow(2)))
        .collect();
    pes.extend([(1, 1), (1, 4), (1, 16), (2, 1), (2, 2), (2, 4), (2, 8)]);
    pes.extend([(4, 1), (4, 2), (8, 1)]);
    pes
}

/// Products of every configuration of block size `k`, with the bits of both operands: from the most products down.
/// Activations may be unsigned, and then have one more bit to keep.
fn configurations(k: u8) -> Vec<(u32, (u32, u32))> {
    let formats = |signedness| {
        (1..=8_u8).filter_map(move |kept| {
            let window = Window::Dynamic;
            BlockFormat::new(8, signedness, k, kept, window, Rounding::Truncate).ok()
        })
    };
    let mut all = Vec::new();
    for a in formats(Signedness::Signed).chain(formats(Signedness::Unsigned)) {
        for w in formats(Signedness::Signed) {
            let products = u32::from(a.kept()) * u32::from(w.kept());
            all.push((products, (a.bits_per_operand(), w.bits_per_operand())));
        }
    }
    all.sort_by_key(|&(products, _)| std::cmp::Reverse(products));
    all
}

/// Every table has what every configuration of every K asks for, both rules, all windows; the parts sum to the cycle.
#[test]
fn every_k_has_its_energies_and_parts() {
    for name in shipped(FileKind::Energy) {
        for rule in [ParallelMacRule::ExactCycle, ParallelMacRule::Lanes] {
            for (block_bits, multipliers) in every_k() {
                let pe = PeKind::AxBxp {
                    block_bits,
                    multipliers,
                };
                let model = model(table(name).with_parallel_macs(rule), pe);
                assert!(model.area().pe_mm2 > 0.0);
                for (products, bits) in configurations(block_bits) {
                    for windows in [WindowUse::Exact, WindowUse::Static, WindowUse::Dynamic] {
                        let point = point(pe, products, windows, bits);
                        let cycle = crate::energy::pe::cycle(model.table(), pe, &point, None)
                            .unwrap_or_else(|error| panic!("{error}"));
                        let (pj, parts) = (cycle.price.value, cycle.parts);
                        assert!((parts.total_pj() - pj).abs() <= 1e-12 * pj, "{pe}");
                        for (part, pj) in parts.components() {
                            assert!(pj >= 0.0, "{name} {pe} L={products}: {part} {pj}");
                        }
                    }
                }
            }
        }
    }
}

/// Fewer products of operands of the same width, in PEs that keep all multipliers fed: never dearer for a MAC.
#[test]
fn fewer_products_never_cost_more_at_any_k() {
    for name in shipped(FileKind::Energy) {
        for rule in [ParallelMacRule::ExactCycle, ParallelMacRule::Lanes] {
            for (block_bits, multipliers) in every_k() {
                let pe = PeKind::AxBxp {
                    block_bits,
                    multipliers,
                };
                for windows in [WindowUse::Static, WindowUse::Dynamic] {
                    never_dearer(&table(name).with_parallel_macs(rule), pe, windows);
                }
            }
        }
    }
}

/// From each configuration of `pe` to each that has fewer products and no wider operands.
fn never_dearer(table: &EnergyTable, pe: PeKind, windows: WindowUse) {
    let PeKind::AxBxp { block_bits, .. } = pe else {
        panic!("{pe} has no blocks");
    };
    let model = model(table.clone(), pe);
    let priced: Vec<_> = configurations(block_bits)
        .into_iter()
        .map(|(products, bits)| {
            let pj = model
                .pe_pj_per_mac(&point(pe, products, windows, bits))
                .unwrap_or_else(|error| panic!("{error}"));
            (products, bits, pj)
        })
        .collect();
    for (more, wide, dear) in &priced {
        for (fewer, narrow, cheap) in &priced {
            if fewer < more && narrow.0 + narrow.1 <= wide.0 + wide.1 {
                assert!(
                    *cheap <= dear * (1.0 + 1e-12),
                    "{} {:?} {pe} {windows:?}: {fewer} products {cheap} pJ, {more} {dear} pJ",
                    table.name,
                    table.parallel_macs
                );
            }
        }
    }
}

/// K = 4, two products of one MAC at 45 nm: 1.2441 pJ, of which clock 7.4 %, flip-flops 31.2 % (33 and 22 bits), and
/// logic in the ratio 2 x 92.4 : 2 x 78.5 : 370.3 + 165.3 fJ.
#[test]
fn the_parts_of_a_measured_cycle_by_hand() {
    let small = PeKind::AxBxp {
        block_bits: 4,
        multipliers: 4,
    };
    let mut point = point(small, 2, WindowUse::Dynamic, (8, 6));
    point.rate.macs = 1;
    let parts = crate::energy::pe::cycle(&table("ng45"), small, &point, None)
        .expect("there")
        .parts;
    let logic = 1.2441 * (1.0 - 0.074 - 0.312);
    let sum = 2.0 * 0.09244 + 2.0 * 0.07847 + 0.37032 + 0.16528;
    for (is, should) in [
        (parts.multipliers_pj, logic * 2.0 * 0.09244 / sum),
        (parts.shifters_pj, logic * 2.0 * 0.07847 / sum),
        (
            parts.accumulators_pj,
            logic * (0.37032 + 0.16528) / sum + 1.2441 * 0.312 * 33.0 / 55.0,
        ),
        (parts.operand_registers_pj, 1.2441 * 0.312 * 22.0 / 55.0),
        (parts.clock_pj, 1.2441 * 0.074),
    ] {
        assert!((is / should - 1.0).abs() < 1e-3, "{is} {should}");
    }
}

proptest! {
    /// Any energy of a PE without a split is divided without loss.
    #[test]
    fn without_a_split_the_parts_decide(products in 1_u32..=4) {
        let mut ng45 = table("ng45");
        for entry in &mut ng45.entries {
            entry.split = None;
        }
        let point = point(K4, products, WindowUse::Dynamic, (8, 6));
        let cycle = crate::energy::pe::cycle(&ng45, K4, &point, None).expect("there");
        let parts = cycle.parts;
        prop_assert!((parts.total_pj() - cycle.price.value).abs() <= 1e-12 * cycle.price.value);
        // Without the clock's share of a register it is in the registers.
        prop_assert_eq!(parts.clock_pj, 0.0);
        prop_assert!(parts.operand_registers_pj > 0.0 && parts.shifters_pj > 0.0);
        // Without parts there is nothing to divide by.
        ng45.entries.retain(|entry| entry.action != crate::energy::Action::Operate
            && entry.component != crate::energy::Component::Register);
        let mut alone = point;
        alone.rate.macs = 1;
        let cycle = crate::energy::pe::cycle(&ng45, K4, &alone, None).expect("there");
        prop_assert_eq!(cycle.parts.multipliers_pj, cycle.price.value);
    }
}
