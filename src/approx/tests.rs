use proptest::prelude::*;

use super::{
    Approximation, ApproximationFile, ArrayLayer, LayerEntry, LayerFormats, LayerPrecision,
    OperandFormat, OperandSpec, resolve,
};
use crate::arch::{PeKind, WindowUse};
use crate::blocked::{Rounding, Signedness, Window};
use crate::source::{Diagnostics, FileKind, SourceFile, matches, shipped};

const FXP8: PeKind = PeKind::Fxp { bits: 8 };
const K4: PeKind = PeKind::AxBxp {
    block_bits: 4,
    multipliers: 4,
};
const K2: PeKind = PeKind::AxBxp {
    block_bits: 2,
    multipliers: 16,
};
const SERIAL: PeKind = PeKind::BitSerial {
    serial_bits: 1,
    lanes: 8,
};

const NAMES: [&str; 5] = [
    "conv1",
    "layer1.0.conv1",
    "layer1.0.conv2",
    "layer2.0.conv1",
    "fc",
];

fn layers() -> Vec<ArrayLayer<'static>> {
    NAMES
        .iter()
        .map(|name| ArrayLayer {
            name,
            activation_signedness: if *name == "conv1" {
                Signedness::Signed
            } else {
                Signedness::Unsigned
            },
            weight_signedness: Signedness::Signed,
        })
        .collect()
}

fn resolve_text(text: &str, pe: &PeKind) -> Result<Vec<LayerPrecision>, Diagnostics> {
    let file = Approximation::load(SourceFile::from_text("mine.ron", text))?;
    resolve(&file, pe, &layers())
}

fn resolve_shipped(name: &str, pe: &PeKind) -> Vec<LayerPrecision> {
    let file = Approximation::open(name).unwrap_or_else(|error| panic!("{error}"));
    resolve(&file, pe, &layers()).unwrap_or_else(|error| panic!("{error}"))
}

fn products(precisions: &[LayerPrecision]) -> Vec<u32> {
    precisions.iter().map(|p| p.work().products).collect()
}

#[test]
fn patterns() {
    for (pattern, name, expected) in [
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("*", "anything", true),
        ("conv1", "conv1", true),
        ("conv1", "conv12", false),
        ("conv?", "conv1", true),
        ("conv?", "conv", false),
        ("layer1.*", "layer1.0.conv2", true),
        ("layer1.*", "layer10.conv2", false),
        ("*conv2", "layer1.conv2.conv2", true),
        ("*.conv?.*", "a.conv1.b.conv2.c", true),
        ("a*b*c", "abcbc", true),
        ("a*b*c", "abcb", false),
        ("?", "ö", true),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
}

/// The definition of a pattern, by recursion.
fn matches_by_definition(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            (0..=name.len()).any(|n| matches_by_definition(rest, &name[n..]))
        }
        (Some((b'?', rest)), Some((_, name))) => matches_by_definition(rest, name),
        (Some((p, rest)), Some((n, name))) => p == n && matches_by_definition(rest, name),
        _ => false,
    }
}

proptest! {
    #[test]
    fn patterns_follow_their_definition(pattern in "[ab*?]{0,7}", name in "[ab]{0,9}") {
        prop_assert_eq!(
            matches(&pattern, &name),
            matches_by_definition(pattern.as_bytes(), name.as_bytes())
        );
    }
}

#[test]
fn every_shipped_configuration_fits_the_pe_it_is_named_for() {
    for name in shipped(FileKind::Approximation) {
        let pes: &[PeKind] = match name.split('_').next() {
            Some("exact") => &[FXP8, K4, K2, SERIAL, PeKind::BitFusion {}],
            Some("k4") => &[K4],
            Some("k2") => &[K2],
            _ => &[SERIAL, PeKind::BitFusion {}],
        };
        for pe in pes {
            let precisions = resolve_shipped(name, pe);
            assert_eq!(precisions.len(), NAMES.len());
            assert!(precisions[0].is_exact(), "{name}: first");
            assert!(precisions[4].is_exact(), "{name}: last");
            if let Some((_, computed)) = name.split_once("_l") {
                let computed: u32 = computed.trim_end_matches("_w2").parse().expect("a number");
                assert_eq!(precisions[1].work().products, computed, "{name}");
            }
        }
    }
}

#[test]
fn the_default_operating_point_halves_the_products() {
    let precisions = resolve_shipped("k4_l2", &K4);
    assert_eq!(products(&precisions), [4, 2, 2, 2, 4]);
    let point = precisions[1].operating_point(&K4);
    assert_eq!((point.rate.macs, point.rate.cycles), (2, 1));
    // Both blocks of the activation: exact, 8 bits; of the weight sign, one block and its index.
    assert_eq!((point.activation_bits, point.weight_bits), (8, 6));
    assert_eq!(point.windows, WindowUse::Dynamic);
    assert_eq!(precisions[0].windows, WindowUse::Exact);
    assert_eq!(precisions[0].operating_point(&K4).activation_bits, 8);
}

#[test]
fn all_blocks_are_exact() {
    for (name, pe) in [("k4_l4", K4), ("k2_l16", K2)] {
        for precision in resolve_shipped(name, &pe) {
            assert!(precision.is_exact(), "{name}");
            assert_eq!(precision.rate(&pe).macs, 1, "{name}");
        }
    }
}

#[test]
fn later_entries_win_field_by_field() {
    let precisions = resolve_text(
        "(name: \"x\", default: (activations: blocks(keep: 1), weights: blocks(keep: 1)),
          layers: [
            (layers: \"layer1.*\", activations: exact),
            (layers: \"*conv2\", weights: exact, products: 3),
            (layers: \"fc\", products: 1),
          ])",
        &K4,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(products(&precisions), [1, 2, 3, 1, 1]);
    let kept: Vec<(bool, bool)> = precisions
        .iter()
        .map(|p| (p.activations.is_exact(), p.weights.is_exact()))
        .collect();
    assert_eq!(
        kept,
        [
            (false, false),
            (true, false),
            (true, true),
            (false, false),
            (false, false)
        ]
    );
}

/// A count of products belongs to the formats it was written with.
#[test]
fn new_formats_compute_all_their_products() {
    let precisions = resolve_text(
        "(name: \"x\", default: (activations: exact, weights: blocks(keep: 1), products: 1),
          layers: [(layers: \"fc\", weights: exact)])",
        &K4,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(products(&precisions), [1, 1, 1, 1, 4]);
}

#[test]
fn exact_first_and_last_hold_over_every_entry() {
    let precisions = resolve_text(
        "(name: \"x\", exact_first: true, exact_last: true,
          default: (activations: exact, weights: exact),
          layers: [(layers: \"*\", activations: blocks(keep: 1), weights: blocks(keep: 1))])",
        &K4,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(products(&precisions), [4, 1, 1, 1, 4]);
}

#[test]
fn bits_set_the_rate_of_precision_scalable_pes() {
    let precisions = resolve_shipped("bits4", &SERIAL);
    let rate = precisions[1].rate(&SERIAL);
    assert_eq!((rate.macs, rate.cycles), (8, 4));
    assert_eq!(precisions[1].activations.bits_per_operand(), 4);
    let fusion = PeKind::BitFusion {};
    assert_eq!(resolve_shipped("bits4", &fusion)[1].rate(&fusion).macs, 4);
}

#[test]
fn exact_takes_the_operands_of_the_pe() {
    let fxp4 = PeKind::Fxp { bits: 4 };
    assert_eq!(
        resolve_shipped("exact", &fxp4)[1].activations,
        OperandFormat::Exact {
            bits: 4,
            signedness: Signedness::Unsigned
        }
    );
}

#[test]
fn static_only_if_no_operand_is_dynamic() {
    for (activations, weights, expected) in [
        ("static", "static", WindowUse::Static),
        ("static", "dynamic", WindowUse::Dynamic),
        ("dynamic", "static", WindowUse::Dynamic),
    ] {
        let window = |kind: &str| match kind {
            "static" => Window::Static { top: None },
            _ => Window::Dynamic,
        };
        let spec = |kind| OperandSpec::Blocks {
            keep: 1,
            window: window(kind),
            rounding: Rounding::Nearest,
        };
        let file = Approximation::from_config(&config(spec(activations), spec(weights)))
            .unwrap_or_else(|error| panic!("{error}"));
        let precisions = resolve(&file, &K4, &layers()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(precisions[1].windows, expected);
    }
}

fn config(activations: OperandSpec, weights: OperandSpec) -> ApproximationFile {
    ApproximationFile {
        name: "made".to_owned(),
        description: String::new(),
        block_bits: Some(4),
        default: LayerFormats {
            activations,
            weights,
            products: Some(1),
        },
        exact_first: true,
        exact_last: false,
        layers: vec![LayerEntry {
            layers: "fc".to_owned(),
            activations: None,
            weights: Some(OperandSpec::Exact),
            products: Some(2),
        }],
    }
}

#[test]
fn a_written_configuration_reads_back() {
    let written = config(
        OperandSpec::Blocks {
            keep: 1,
            window: Window::Static { top: Some(1) },
            rounding: Rounding::Nearest,
        },
        OperandSpec::Exact,
    );
    let file = Approximation::from_config(&written).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(file.config(), &written);
}

fn error_of(text: &str, pe: &PeKind) -> String {
    resolve_text(text, pe).expect_err("bad").to_string()
}

#[test]
fn values_no_pe_could_take_are_reported_at_once() {
    insta::assert_snapshot!(error_of(
        "(
    name: \"\",
    block_bits: 9,
    default: (activations: bits(1), weights: blocks(keep: 0), products: 65),
    layers: [
        (layers: \"\", weights: exact),
        (layers: \"conv1\"),
        (layers: \"fc\", activations: bits(9), products: 0),
    ],
)",
        &K4
    ));
}

#[test]
fn what_does_not_fit_pe_and_network_is_reported_at_once() {
    insta::assert_snapshot!(error_of(
        "(
    name: \"mine\",
    block_bits: 2,
    default: (activations: blocks(keep: 3), weights: bits(4)),
    layers: [
        (layers: \"layer3.*\", weights: exact),
        (layers: \"convl\", weights: exact),
        (layers: \"fc\", activations: blocks(keep: 1), weights: exact, products: 3),
        (layers: \"layer2*\", activations: exact, weights: blocks(keep: 1, window: static(top: Some(2)))),
    ],
)",
        &K4
    ));
}

#[test]
fn blocks_need_a_block_pe() {
    insta::assert_snapshot!(error_of(
        "(
    name: \"mine\",
    block_bits: 4,
    default: (activations: blocks(keep: 1), weights: exact, products: 2),
    layers: [(layers: \"fc\", activations: exact, products: 1)],
)",
        &FXP8
    ));
}

#[test]
fn an_unknown_operand_format_is_named_with_the_known_ones() {
    insta::assert_snapshot!(error_of(
        "(name: \"mine\", default: (activations: block(keep: 1), weights: exact))",
        &K4
    ));
}
