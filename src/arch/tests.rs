use proptest::prelude::*;

use super::{ArchitectureFile, Dataflow, MacRate, MacWork, PeKind, beside, load, open};
use crate::source::{FileKind, SourceFile, shipped};

fn work(activation_bits: u8, weight_bits: u8, products: u32) -> MacWork {
    MacWork {
        activation_bits,
        weight_bits,
        products,
    }
}

fn rate(pe: PeKind, work: MacWork) -> (u32, u32, u32) {
    let MacRate {
        macs,
        cycles,
        busy_multipliers,
        ..
    } = pe.rate(work);
    (macs, cycles, busy_multipliers)
}

#[test]
fn block_rates_of_the_adopted_definition() {
    let k4 = PeKind::AxBxp {
        block_bits: 4,
        multipliers: 4,
    };
    for (products, macs) in [(4, 1), (3, 1), (2, 2), (1, 4)] {
        assert_eq!(
            rate(k4, work(8, 8, products)),
            (macs, 1, macs * products),
            "K=4 L={products}"
        );
    }
    let k2 = PeKind::AxBxp {
        block_bits: 2,
        multipliers: 16,
    };
    for (products, macs) in [(16, 1), (9, 1), (8, 2), (4, 4), (2, 8), (1, 16)] {
        assert_eq!(
            rate(k2, work(8, 8, products)),
            (macs, 1, macs * products),
            "K=2 L={products}"
        );
    }
    let small = PeKind::AxBxp {
        block_bits: 2,
        multipliers: 4,
    };
    assert_eq!(rate(small, work(8, 8, 9)), (1, 3, 9));
    assert_eq!(small.rate(work(8, 8, 9)).multiplier_slots(), 12);
}

#[test]
fn bit_serial_takes_the_activation_bits() {
    let stripes = PeKind::BitSerial {
        serial_bits: 1,
        lanes: 8,
    };
    assert_eq!(rate(stripes, work(8, 8, 1)), (8, 8, 64));
    assert_eq!(rate(stripes, work(5, 8, 1)), (8, 5, 40));
    let two = PeKind::BitSerial {
        serial_bits: 2,
        lanes: 4,
    };
    assert_eq!(rate(two, work(5, 3, 1)), (4, 3, 12));
}

#[test]
fn bit_fusion_factor_with_five_to_seven_bits_as_eight() {
    let fusion = PeKind::BitFusion {};
    let factor = |bits: u8| match bits {
        1 | 2 => 4,
        3 | 4 => 2,
        _ => 1,
    };
    for a in 1..=8 {
        for w in 1..=8 {
            let rate = fusion.rate(work(a, w, 1));
            assert_eq!((rate.macs, rate.cycles), (factor(a) * factor(w), 1));
            assert!(rate.busy_multipliers <= rate.multipliers);
        }
    }
    assert_eq!(rate(fusion, work(8, 8, 1)), (1, 1, 16));
    assert_eq!(rate(fusion, work(6, 8, 1)), (1, 1, 12));
}

proptest! {
    /// The multipliers' work is conserved: what is busy is what the MACs need, and never more than there is.
    #[test]
    fn block_multipliers_are_never_oversubscribed(multipliers in 1u32..=64, products in 1u32..=64) {
        let rate = PeKind::AxBxp { block_bits: 2, multipliers }.rate(work(8, 8, products));
        prop_assert_eq!(rate.busy_multipliers, rate.macs * products);
        prop_assert!(u64::from(rate.busy_multipliers) <= rate.multiplier_slots());
        // One MAC more, or one cycle less, would not fit.
        if rate.cycles == 1 {
            prop_assert!((rate.macs + 1) * products > multipliers);
        } else {
            prop_assert!((rate.cycles - 1) * multipliers < products);
        }
    }
}

#[test]
fn every_shipped_architecture_is_valid_and_named_like_its_file() {
    let names = shipped(FileKind::Architecture);
    assert!(names.len() >= 15, "{names:?}");
    for name in names {
        let (_, architecture) = open(name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(architecture.name, name);
        assert!(!architecture.description.is_empty(), "{name}");
    }
}

/// The pairs that are compared differ in PE, feeding ports and words only.
#[test]
fn compared_architectures_differ_only_where_they_say() {
    for (baseline, other) in [
        ("fxp8_32x32", "axbxp_k4_32x32"),
        ("fxp8_32x32", "axbxp_k4_32x32_narrow"),
        ("fxp8_32x32", "axbxp_k2_32x32"),
        ("fxp8_32x32", "axbxp_k2_32x32_narrow"),
        ("fxp8_32x32", "bit_serial_32x32"),
        ("fxp8_32x32", "bit_fusion_32x32"),
        ("fxp8_16x16_edge", "axbxp_k4_16x16_edge"),
        ("fxp8_128x128_server", "axbxp_k4_128x128_server"),
        ("fxp8_8x8", "axbxp_k4_8x8"),
    ] {
        let open = |name| open(name).unwrap_or_else(|error| panic!("{error}")).1;
        let (mut a, b) = (open(baseline), open(other));
        a.array.pe = b.array.pe;
        a.buffers.activation.port_bits = b.buffers.activation.port_bits;
        a.buffers.weight.port_bits = b.buffers.weight.port_bits;
        a.name.clone_from(&b.name);
        a.description.clone_from(&b.description);
        a.approximation.clone_from(&b.approximation);
        a.baseline = Some(baseline.to_owned());
        assert_eq!(a, b);
    }
}

#[test]
fn a_written_architecture_reads_back() {
    let (_, architecture) = open("fxp8_32x32_ws").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(architecture.array.dataflow, Dataflow::WeightStationary);
    let text = ron::to_string(&*architecture).expect("plain data");
    let back = load(&SourceFile::from_text("back.ron", text)).expect("as written");
    assert_eq!(architecture, back);
}

#[test]
fn the_schema_covers_every_section() {
    let schema = schemars::schema_for!(ArchitectureFile);
    let properties = schema.get("properties").expect("an object");
    for field in ["array", "buffers", "dma", "dram", "tiling", "energy_table"] {
        assert!(properties.get(field).is_some(), "{field}");
    }
}

#[test]
fn references_are_relative_to_their_file() {
    let shipped = SourceFile::from_text("mine.ron", "()");
    assert_eq!(beside(&shipped, "k4_l2"), "k4_l2");
    assert_eq!(beside(&shipped, "own.ron"), "own.ron");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("mine.ron");
    std::fs::write(&path, "()").expect("writable");
    let file = SourceFile::read(&path).expect("just written");
    assert_eq!(beside(&file, "k4_l2"), "k4_l2");
    let own = folder.path().join("own.ron");
    assert_eq!(beside(&file, "own.ron"), own.to_string_lossy());
    assert_eq!(beside(&file, &own.to_string_lossy()), own.to_string_lossy());
}

fn edited(edits: &[(&str, &str)]) -> String {
    let text = crate::source::open(FileKind::Architecture, "axbxp_k4_8x8")
        .expect("shipped")
        .text()
        .to_owned();
    edits.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

fn error_of(edits: &[(&str, &str)]) -> String {
    let file = SourceFile::from_text("mine.ron", edited(edits));
    load(&file).expect_err("bad").to_string()
}

#[test]
fn all_bad_values_of_a_file_are_reported_at_once() {
    insta::assert_snapshot!(error_of(&[
        ("\"axbxp_k4_8x8\"", "\"my array\""),
        ("rows: 8", "rows: 0"),
        ("block_bits: 4", "block_bits: 9"),
        ("multipliers: 4", "multipliers: 65"),
        ("size_kib: 16", "size_kib: 0"),
        ("banks: 2", "banks: 3"),
        ("port_bits: 192", "port_bits: 100"),
        ("outstanding_bursts: 64", "outstanding_bursts: 5000"),
        ("request_latency_cycles: 8", "request_latency_cycles: 10001"),
        ("\"ddr4_2400\", channels: 1", "\"ddr4_2401\", channels: 6"),
        ("core_clock_khz: 1000000", "core_clock_khz: 999"),
        ("values_per_cycle: 8", "values_per_cycle: 0"),
        ("lanes: 8", "lanes: 0"),
        ("tile_setup_cycles: 16", "tile_setup_cycles: 1000001"),
        ("psum_bits: 32", "psum_bits: 12"),
        ("\"ng45\"", "\"./no_such_table.ron\""),
        ("\"k4_l2\"", "\"k4_l3\""),
        ("\"fxp8_8x8\"", "\"fxp8_9x8\""),
    ]));
}

#[test]
fn operands_stay_only_where_the_dataflow_keeps_them() {
    insta::assert_snapshot!(error_of(&[(
        "rows: 8,",
        "double_buffered_weights: true, rows: 8,"
    )]));
}

#[test]
fn operands_are_exchanged_only_where_both_stream() {
    insta::assert_snapshot!(error_of(&[(
        "dataflow: output_stationary",
        "dataflow: weight_stationary"
    )]));
}

#[test]
fn a_bank_holds_at_least_one_access() {
    insta::assert_snapshot!(error_of(&[("banks: 2", "banks: 1024")]));
}

#[test]
fn an_unknown_pe_kind_is_named_with_the_known_ones() {
    insta::assert_snapshot!(error_of(&[("ax_bxp(", "axbxp(")]));
}

#[test]
fn an_unknown_field_is_named_with_the_nearest() {
    insta::assert_snapshot!(error_of(&[("port_bits: 192", "port_bit: 192")]));
}
