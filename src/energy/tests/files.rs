//! Table files: what is shipped, and what is refused.

use super::{FXP8, TINY_DRAM, TINY_SRAM, TINY_TABLE, architecture, load, model, point, table};
use crate::arch::{PeKind, WindowUse};
use crate::energy::{Action, Component, EnergyModel, EnergyTable, ParallelMacRule, SramTable};
use crate::source::{FileKind, SourceFile, shipped};

#[test]
fn every_entry_has_a_source() {
    for name in shipped(FileKind::Energy) {
        let table = table(name);
        assert_eq!(table.name, name);
        assert!(!table.sram().grid.source.trim().is_empty());
        for entry in &table.entries {
            assert!(
                !entry.source.trim().is_empty(),
                "{name} {}",
                entry.component
            );
        }
    }
}

#[test]
fn every_shipped_architecture_has_its_energies_in_every_table() {
    for name in shipped(FileKind::Architecture) {
        for energy in shipped(FileKind::Energy) {
            let architecture = architecture(name);
            let pe = architecture.array.pe;
            let model = EnergyModel::new(table(energy), &architecture, TINY_DRAM)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let products: &[u32] = match pe {
                PeKind::AxBxp { .. } => &[1, 2, 4],
                _ => &[1],
            };
            for &products in products {
                for windows in [WindowUse::Dynamic, WindowUse::Static] {
                    let point = point(pe, products, windows, (8, 8));
                    let pj = model
                        .pe_pj_per_mac(&point)
                        .unwrap_or_else(|error| panic!("{error}"));
                    assert!(pj > 0.0);
                }
            }
        }
    }
}

fn message<T>(result: Result<T, impl std::fmt::Display>) -> String {
    match result {
        Ok(_) => panic!("bad input was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn missing_entries_name_file_entry_and_what_is_there() {
    let two = PeKind::AxBxp {
        block_bits: 4,
        multipliers: 2,
    };
    let mut without_products = table("ng45").with_parallel_macs(ParallelMacRule::Lanes);
    without_products.entries.retain(|entry| {
        entry.component != Component::Pe(two) || entry.action != Action::Products(1)
    });
    let point = point(two, 1, WindowUse::Dynamic, (6, 6));
    let mut messages = vec![message(
        model(without_products, two).pe_cycle_pj(&point, None),
    )];
    let mut architecture = architecture("fxp8_8x8");
    architecture.array.pe = PeKind::AxBxp {
        block_bits: 4,
        multipliers: 3,
    };
    messages.push(message(EnergyModel::new(
        table("ng45"),
        &architecture,
        TINY_DRAM,
    )));
    architecture.array.pe = PeKind::Fxp { bits: 6 };
    messages.push(message(EnergyModel::new(
        table("ng45"),
        &architecture,
        TINY_DRAM,
    )));
    architecture.array.pe = PeKind::BitFusion {};
    messages.push(message(EnergyModel::new(
        load(TINY_TABLE),
        &architecture,
        TINY_DRAM,
    )));
    architecture.array.pe = FXP8;
    let without_dma = TINY_TABLE.replace("component: dma, action: burst", "component: dma, action: byte").replacen(
        "        (component: dma, action: byte, value: pj(2.0), basis: derived, source: \"test\"),\n",
        "",
        1,
    );
    messages.push(message(EnergyModel::new(
        load(&without_dma),
        &architecture,
        TINY_DRAM,
    )));
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn a_buffer_outside_the_sram_data_is_refused() {
    let mut architecture = architecture("fxp8_8x8");
    architecture.buffers.weight.banks = 16;
    let small = message(EnergyModel::new(table("ng45"), &architecture, TINY_DRAM));
    architecture.buffers.weight.banks = 2;
    architecture.buffers.activation.port_bits = 32;
    let narrow = message(EnergyModel::new(table("ng45"), &architecture, TINY_DRAM));
    insta::assert_snapshot!(format!("{small}\n{narrow}"));
}

#[test]
fn all_that_is_wrong_with_a_table_is_reported_at_once() {
    let text = TINY_TABLE
        .replace("cacti_22_lstp", "cacti_22_lpst")
        .replace("registers: 0.375", "registers: 0.875")
        .replace("um2(512.0)", "um2(-512.0)")
        .replacen("pj(1.5)", "uw(1.5)", 1)
        .replace(
            "uw(8.0), basis: measured, source: \"test\"",
            "uw(8.0), basis: measured, source: \" \"",
        )
        .replace(
            "component: register, action: write",
            "component: register, action: tile",
        )
        .replace("action: burst", "action: byte");
    let result = EnergyTable::load(&SourceFile::from_text("mine.ron", text));
    insta::assert_snapshot!(message(result));
}

#[test]
fn all_that_is_wrong_with_an_sram_table_is_reported_at_once() {
    let mut messages = Vec::new();
    for change in [
        // Everything but how good the fit is, which a wrong grid does not say.
        &[
            ("size_kib: [2, 8, 16]", "size_kib: [2, 16, 8]"),
            ("port_bits: [64, 128]", "port_bits: [0, 128, 256]"),
            ("[2.0, 4.0], [4.0, 8.0], [6.0, 12.0]", "[2.0, 4.0], [4.0]"),
            ("[0.25, 0.5]", "[0.25, 0.0]"),
            ("512.0", "1e13"),
            ("a_pj: 2.0", "a_pj: -2.0"),
            ("tiny_sram", " "),
        ][..],
        &[
            ("mean_error: 0.05", "mean_error: 0.02"),
            ("worst_error: 0.1", "worst_error: 0.06"),
        ][..],
        &[("leakage_uw:", "leakage_mw:")][..],
    ] {
        let mut text = TINY_SRAM.to_owned();
        for (from, to) in change {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let result = SramTable::load(&SourceFile::from_text("sram.ron", text));
        messages.push(message(result));
    }
    insta::assert_snapshot!(messages.join("\n\n"));
}

#[test]
fn an_unknown_basis_is_named_with_the_known_ones() {
    let text = TINY_TABLE.replacen("basis: measured", "basis: guessed", 1);
    let result = EnergyTable::load(&SourceFile::from_text("mine.ron", text));
    insta::assert_snapshot!(message(result));
}

#[test]
fn a_written_table_reads_back() {
    let ng45 = table("ng45");
    let text = ron::to_string(&*ng45).expect("plain data");
    let back = load(&text);
    assert_eq!(back.entries, ng45.entries);
    assert_eq!(back.sram(), ng45.sram());
    let lane = Component::BlockLane { block_bits: 4 };
    assert!(back.entry(lane, Action::Products(1)).is_some());
}
