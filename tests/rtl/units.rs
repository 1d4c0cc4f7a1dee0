//! The parts of the arrays: format converter, requantisation, and the MAC unit on all pairs of values.

use std::fmt::Write;

use axbxp::blocked::{BlockFormat, Encoded, ProductSet, Rounding, Signedness, Window, multiply};

use super::random::Random;
use super::simulator::{Verilator, limited};
use super::{case, thorough};

/// Every format of blocks of `block_bits`.
fn formats(block_bits: u8) -> Vec<BlockFormat> {
    let mut formats = vec![];
    for bits in 2..=8 {
        for signedness in [Signedness::Signed, Signedness::Unsigned] {
            let blocks = BlockFormat::exact(bits, signedness, block_bits)
                .unwrap()
                .blocks();
            for kept in 1..=blocks {
                let tops = (kept - 1..blocks).map(|top| Window::Static { top: Some(top) });
                for window in tops.chain([Window::Dynamic]) {
                    for rounding in [Rounding::Truncate, Rounding::Nearest] {
                        let format =
                            BlockFormat::new(bits, signedness, block_bits, kept, window, rounding);
                        formats.push(format.unwrap());
                    }
                }
            }
        }
    }
    formats
}

/// m, kept, dynamic, top, nearest, signed: the format as the test benches read it.
fn format_numbers(format: &BlockFormat) -> String {
    let (dynamic, top) = match format.window() {
        Window::Dynamic => (1, 0),
        Window::Static { top } => (0, top.unwrap_or(format.blocks() - 1)),
    };
    format!(
        "{} {} {dynamic} {top} {} {}",
        format.magnitude_bits(),
        format.kept(),
        u8::from(format.rounding() == Rounding::Nearest),
        u8::from(format.signedness() == Signedness::Signed)
    )
}

/// All values in the order of the test benches: without and then, if there is a sign, with a minus sign.
fn values(format: &BlockFormat) -> Vec<i32> {
    let magnitudes = 0..=format.max_magnitude();
    let negative = magnitudes.clone().map(|magnitude| -magnitude);
    match format.signedness() {
        Signedness::Signed => magnitudes.chain(negative).collect(),
        Signedness::Unsigned => magnitudes.collect(),
    }
}

#[test]
fn the_converter_encodes_every_value_in_every_format() {
    let Some(verilator) = Verilator::find() else {
        return;
    };
    let formats: Vec<_> = (1..=8).flat_map(formats).collect();
    let mut cases = String::new();
    for format in &formats {
        writeln!(
            cases,
            "0 {} {}",
            format.block_bits(),
            format_numbers(format)
        )
        .unwrap();
    }
    let log = limited(|| verilator.build("tb_converter", &[]).run(&cases));
    assert_eq!(log.lines().count(), formats.len());
    let mut count = 0;
    for (format, line) in formats.iter().zip(log.lines()) {
        let expected: String = values(format)
            .into_iter()
            .map(|value| format!("{:03x}", case::word(case::encode(format, value))))
            .collect();
        assert_eq!(line, expected, "{format:?}");
        count += expected.len() / 3;
    }
    println!("converter: {} formats, {count} values", formats.len());
}

#[test]
fn requantisation_rounds_and_saturates() {
    let Some(verilator) = Verilator::find() else {
        return;
    };
    let mut random = Random::new(3);
    let mut inputs = vec![];
    for shift in 0..32_u32 {
        for (signed, magnitude_bits) in [(true, 7), (false, 8), (true, 3), (false, 5)] {
            let half = 1_i64 << shift >> 1;
            let ends = [
                0,
                half - 1,
                half,
                half + 1,
                255_i64 << shift,
                127_i64 << shift,
                i64::from(i32::MAX),
            ];
            let random = (0..40).map(|_| i64::from(random.bits() as i32) >> random.range(0, 31));
            for value in ends
                .into_iter()
                .chain(random)
                .flat_map(|value| [value, -value, -value - 1])
            {
                if let Ok(value) = i32::try_from(value) {
                    inputs.push((value, shift, signed, magnitude_bits));
                }
            }
        }
    }
    let mut cases = String::new();
    for (value, shift, signed, bits) in &inputs {
        writeln!(cases, "1 {value} {shift} {} {bits}", u8::from(*signed)).unwrap();
    }
    let log = limited(|| verilator.build("tb_converter", &[]).run(&cases));
    assert_eq!(log.lines().count(), inputs.len());
    for ((value, shift, signed, bits), line) in inputs.iter().zip(log.lines()) {
        let scaled = f64::from(*value) / f64::from(*shift).exp2();
        let limit = f64::from((1 << bits) - 1);
        // `round` takes ties away from zero.
        let rounded = scaled
            .round()
            .clamp(if *signed { -limit } else { 0.0 }, limit);
        let expected = format!("{} {}", u8::from(rounded < 0.0), rounded.abs());
        assert_eq!(
            line, expected,
            "{value} >> {shift}, signed: {signed}, {bits} bits"
        );
    }
}

/// K and M of the units in `tb_mac.v`.
const MAC_UNITS: [(u8, usize); 8] = [
    (1, 64),
    (2, 16),
    (2, 3),
    (3, 5),
    (4, 4),
    (4, 1),
    (5, 3),
    (8, 2),
];

#[test]
fn the_mac_unit_multiplies_every_pair() {
    let Some(verilator) = Verilator::find() else {
        return;
    };
    let mut random = Random::new(2);
    let mut configurations = vec![];
    for (unit, (block_bits, multipliers)) in MAC_UNITS.into_iter().enumerate() {
        let signs = [Signedness::Signed, Signedness::Unsigned];
        let exact =
            [0; 2].map(|_| BlockFormat::exact(8, signs[random.range(0, 1)], block_bits).unwrap());
        let all = ProductSet::all(exact[0].kept(), exact[1].kept());
        configurations.push((unit, multipliers, exact, all));
        for _ in 0..if thorough() { 60 } else { 3 } {
            let formats = [0; 2].map(|_| random.format(block_bits));
            let [a, w] = formats.map(|format| format.kept());
            let computed = random.range(1, usize::from(a) * usize::from(w)) as u32;
            configurations.push((
                unit,
                multipliers,
                formats,
                ProductSet::new(a, w, computed).unwrap(),
            ));
        }
    }
    let mut cases = String::new();
    for (unit, _, [a, w], products) in &configurations {
        let (swap, computed) = (random.range(0, 1), products.computed());
        let (a, w) = (format_numbers(a), format_numbers(w));
        writeln!(cases, "{unit} {swap} {computed} {a} {w}").unwrap();
    }
    let log = limited(|| verilator.build("tb_mac", &[]).run(&cases));
    assert_eq!(log.lines().count(), configurations.len());
    let mut count = 0;
    for ((_, multipliers, [a, w], products), line) in configurations.iter().zip(log.lines()) {
        let (head, logged) = line.split_once(':').unwrap();
        let computed = products.computed() as usize;
        let (lanes, phases) = (
            (multipliers / computed).max(1),
            computed.div_ceil(*multipliers),
        );
        assert_eq!(
            head,
            format!("{lanes} {phases}"),
            "{a:?} {w:?} {products:?}"
        );
        let encoded = |format: &BlockFormat| -> Vec<(i32, Encoded)> {
            values(format)
                .into_iter()
                .map(|value| (value, case::encode(format, value)))
                .collect()
        };
        let (activations, weights) = (encoded(a), encoded(w));
        let pairs = activations
            .iter()
            .flat_map(|a| weights.iter().map(move |w| (a, w)));
        assert_eq!(logged.len(), 5 * activations.len() * weights.len());
        for (index, ((x, a_code), (y, w_code))) in pairs.enumerate() {
            let product = i32::from_str_radix(&logged[5 * index..][..5], 16).unwrap() << 12 >> 12;
            let expected = multiply((a, *a_code), (w, *w_code), products);
            assert_eq!(product, expected, "{x} x {y}: {a:?} {w:?} {products:?}");
            if a.is_exact() && w.is_exact() && products.is_full() {
                assert_eq!(product, x * y);
            }
            count += 1;
        }
    }
    println!(
        "MAC unit: {} configurations, {count} pairs",
        configurations.len()
    );
}
