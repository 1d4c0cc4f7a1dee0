//! The parts of the arrays: format converter, requantisation, and the MAC unit on all pairs of values.

use std::fmt::Write;

use axbxp::blocked::{BlockFormat, Encoded, ProductSet, Rounding, Signedness, Window, multiply};
use axbxp::infer::{CodeRange, Requantiser, Scaler};

use super::case;
use super::simulator::{Verilator, limited};
use super::support::{Random, thorough};

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

/// Values that come out next to a rounding or an end, and random ones, against the codes of inference.
#[test]
fn requantisation_is_that_of_inference() {
    let Some(verilator) = Verilator::find() else {
        return;
    };
    let mut random = Random(3);
    let ranges = [(-127, 127), (0, 255), (0, 127), (0, 201), (-7, 7)];
    let mut inputs = vec![];
    for shift in 0..=47_u8 {
        for (index, (low, high)) in ranges.into_iter().enumerate() {
            let multiplier = match (shift as usize + index) % 4 {
                0 => 1 << 15,
                1 => u16::MAX,
                _ => random.range(1 << 15, usize::from(u16::MAX)) as u16,
            };
            let scaler = Scaler { multiplier, shift };
            // Sums whose codes lie next to a half, and at the ends.
            let near = |code: f64| (code / scaler.factor()).clamp(-4e9, 4e9) as i64;
            let mut sums = vec![0, i64::from(i32::MAX), i64::from(i32::MIN), 1 << 32];
            for code in [0.5, 1.5, 6.5, f64::from(high) - 0.5, f64::from(high) + 0.5] {
                sums.extend([-1, 0, 1].map(|step| near(code) + step));
            }
            sums.extend((0..20).map(|_| i64::from(random.bits() as i32) >> random.range(0, 31)));
            for sum in sums.into_iter().flat_map(|sum| [sum, -sum]) {
                let bias = i64::from(random.bits() as i32) >> random.range(0, 31);
                // What a 32-bit bias leaves to a 32-bit accumulator.
                let accumulator = (sum - bias).clamp(i32::MIN.into(), i32::MAX.into());
                inputs.push((
                    accumulator as i32,
                    bias as i32,
                    scaler,
                    CodeRange { low, high },
                ));
            }
        }
    }
    let mut cases = String::new();
    for (accumulator, bias, Scaler { multiplier, shift }, CodeRange { low, high }) in &inputs {
        let signed = u8::from(*low < 0);
        writeln!(
            cases,
            "1 {accumulator} {bias} {multiplier} {shift} {signed} {high}"
        )
        .unwrap();
    }
    let log = limited(|| verilator.build("tb_converter", &[]).run(&cases));
    assert_eq!(log.lines().count(), inputs.len());
    let mut codes = std::collections::BTreeSet::new();
    for ((accumulator, bias, scaler, range), line) in inputs.iter().zip(log.lines()) {
        let requantiser = Requantiser::new(vec![*bias], vec![*scaler], *range);
        let code = requantiser.code(0, *accumulator);
        let value = if range.low < 0 {
            i32::from(code.cast_signed())
        } else {
            i32::from(code)
        };
        let expected = format!("{} {}", u8::from(value < 0), value.abs());
        assert_eq!(
            line, expected,
            "({accumulator} + {bias}) * {scaler:?}, {range:?}"
        );
        codes.insert(value);
    }
    // Not only the ends.
    assert!(codes.len() > 100);
    println!(
        "requantisation: {} sums, {} codes",
        inputs.len(),
        codes.len()
    );
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
    let mut random = Random(2);
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
