//! The law of switching against counts in netlists, and the files of operand statistics.

use crate::arch::PeKind;
use crate::energy::{OperandActivity, OperandStatistics, SignMagnitude, TwosComplement};
use crate::source::SourceFile;

/// (operand bits that toggle or share of changed products, partial products that toggle, net toggles relative to the first
/// stream), counted in
/// gate-level netlists with unit delays under 3,000 operand pairs each. Streams: uniform; half-normal activations and
/// normal weights of various widths and shares of zeros.
type Streams = [(f64, f64, f64); 15];

const FXP8: Streams = [
    (7.966, 24.059, 1.0),
    (7.107, 17.424, 0.8547),
    (6.596, 14.570, 0.7653),
    (6.010, 9.220, 0.5927),
    (6.416, 10.985, 0.6404),
    (5.022, 4.179, 0.4168),
    (5.741, 8.239, 0.5796),
    (8.002, 23.988, 0.9427),
    (5.421, 5.834, 0.4760),
    (4.323, 1.100, 0.3118),
    (7.450, 19.300, 0.8763),
    (4.793, 3.468, 0.4122),
    (4.148, 3.394, 0.3935),
    (7.930, 23.376, 0.8841),
    (6.977, 14.084, 0.6670),
];

const K4: Streams = [
    (1.000, 18.564, 1.0),
    (0.999, 12.756, 0.8104),
    (0.999, 9.374, 0.7034),
    (0.738, 6.176, 0.4902),
    (0.741, 7.813, 0.5413),
    (0.365, 2.740, 0.2341),
    (0.864, 4.091, 0.4670),
    (0.999, 11.232, 0.7635),
    (0.536, 3.456, 0.3198),
    (0.104, 0.791, 0.0731),
    (0.961, 15.603, 0.8656),
    (0.509, 1.413, 0.2370),
    (0.324, 2.154, 0.1970),
    (0.996, 6.609, 0.6102),
    (0.733, 5.692, 0.4705),
];

const FXP: PeKind = PeKind::Fxp { bits: 8 };
const PE_K4: PeKind = PeKind::AxBxp {
    block_bits: 4,
    multipliers: 4,
};
const K2: PeKind = PeKind::AxBxp {
    block_bits: 2,
    multipliers: 16,
};

/// K = 4 with one of the four block products computed, relative to the first stream of [`K4`].
const K4_ONE_PRODUCT: Streams = [
    (1.000, 4.365, 0.5562),
    (0.999, 3.575, 0.5244),
    (0.999, 3.765, 0.5505),
    (0.738, 1.985, 0.3562),
    (0.741, 2.113, 0.3577),
    (0.365, 0.911, 0.1771),
    (0.864, 3.580, 0.4593),
    (0.999, 3.465, 0.5359),
    (0.536, 1.576, 0.2714),
    (0.104, 0.257, 0.0555),
    (0.961, 3.735, 0.5111),
    (0.509, 1.408, 0.2371),
    (0.324, 0.843, 0.1537),
    (0.996, 4.563, 0.5779),
    (0.733, 2.136, 0.3597),
];

/// Net toggles of K = 2 under the streams of [`K4`].
const K2_TOGGLES: [f64; 15] = [
    1.0, 0.8147, 0.7007, 0.4922, 0.5496, 0.2391, 0.4595, 0.7657, 0.3243, 0.0740, 0.8697, 0.2378,
    0.2000, 0.5984, 0.4739,
];

/// As counted: of 8-bit operands 16 bits and 64 partial products, of magnitudes 49 for all block products.
fn switching(pe: PeKind, products: u32, stream: (f64, f64, f64)) -> f64 {
    let (first, toggles, _) = stream;
    let block_bits = match pe {
        PeKind::AxBxp { block_bits, .. } => block_bits,
        _ => 8,
    };
    let operands = OperandStatistics {
        twos_complement: TwosComplement::of_toggles(first, toggles),
        sign_magnitude: SignMagnitude::of_toggles(toggles, block_bits, products, first),
    };
    operands.relative_switching(pe, products).expect("known")
}

#[test]
fn the_switching_of_gate_level_netlists() {
    let mut k2 = K4;
    for (stream, toggles) in k2.iter_mut().zip(K2_TOGGLES) {
        stream.2 = toggles;
    }
    // The toggles are relative to those of a uniform stream with all products computed.
    for (pe, products, all, uniform, streams, stated) in [
        (FXP, 1, 1, FXP8[0], FXP8, 0.102),
        (PE_K4, 4, 4, K4[0], K4, 0.023),
        (PE_K4, 1, 4, K4[0], K4_ONE_PRODUCT, 0.034),
        (K2, 16, 16, K4[0], k2, 0.023),
    ] {
        let uniform = switching(pe, all, uniform);
        let worst = streams
            .iter()
            .map(|&stream| (switching(pe, products, stream) / uniform - stream.2).abs())
            .fold(0.0, f64::max);
        assert!(worst <= stated + 5e-4, "{pe}: {worst}");
    }
}

#[test]
fn uniform_operands_switch_as_random_ones() {
    let uniform = OperandActivity::open("uniform").unwrap_or_else(|error| panic!("{error}"));
    let [operands] = uniform.resolve(&["conv"]).expect("a default")[..] else {
        panic!("one layer")
    };
    for (pe, products) in [(FXP, 1), (PE_K4, 4), (K2, 16)] {
        assert_eq!(operands.relative_switching(pe, products), Some(1.0));
    }
    // One block product of four: a quarter of the partial products, and the accumulator.
    let one = operands.relative_switching(PE_K4, 1).expect("known");
    assert!((one - (0.6 / 4.0 + 0.4)).abs() < 1e-12);
    assert_eq!(operands.relative_switching(PeKind::BitFusion {}, 1), None);
}

/// Activations without a sign have 56 partial products with a weight, block products of four whole bits 16 of 12.25: they
/// toggle more than magnitudes of 7 bits, until the rate is 1.
#[test]
fn toggles_are_relative_to_magnitudes_of_seven_bits() {
    let rate = |toggles, block_bits, products| {
        SignMagnitude::of_toggles(toggles, block_bits, products, 0.5).partial_product_toggle_rate
    };
    assert_eq!(rate(49.0 * 0.375, 4, 4), 0.375);
    assert_eq!(rate(49.0 * 0.375, 2, 16), 0.375);
    assert_eq!(rate(49.0 * 0.375, 8, 1), 0.375);
    assert_eq!(rate(21.0, 4, 4), 21.0 / 49.0);
    assert_eq!(rate(4.9, 4, 2), 0.2);
    assert_eq!(rate(16.0, 4, 1), 1.0);
}

const FILE: &str = "(
    name: \"mine\",
    source: \"test\",
    layers: [
        (layers: \"conv*\", operands: (
            twos_complement: (operand_toggle_rate: 0.4, partial_product_toggle_rate: 0.12),
            sign_magnitude: (partial_product_toggle_rate: 0.09, changed_products: 0.5),
        )),
        (layers: \"conv2\", operands: (
            twos_complement: (operand_toggle_rate: 0.2, partial_product_toggle_rate: 0.06),
            sign_magnitude: (partial_product_toggle_rate: 0.03, changed_products: 0.25),
        )),
    ],
)";

#[test]
fn the_last_entry_that_matches_holds() {
    let file = OperandActivity::load(SourceFile::from_text("mine.ron", FILE)).expect("right");
    let found = file.resolve(&["conv1", "conv2", "conv3"]).expect("all");
    let toggles: Vec<f64> = found
        .iter()
        .map(|operands| operands.twos_complement.operand_toggle_rate)
        .collect();
    assert_eq!(toggles, [0.4, 0.2, 0.4]);
    assert!(file.resolve(&["conv1", "conv2", "fc"]).is_err());
    assert!(file.resolve(&["conv1"]).is_err());
}
