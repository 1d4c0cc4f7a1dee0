//! The Verilog in `tests/rtl/`, simulated with Verilator: block formats, the MAC unit and whole arrays, against this
//! crate's arithmetic bit for bit and against closed forms cycle for cycle.
//!
//! `AXBXP_THOROUGH=1` runs many more cases. Without Verilator the tests print `skipped: no verilator` and pass, unless
//! `AXBXP_REQUIRE_RTL` is set.

#[path = "rtl/case.rs"]
mod case;
#[path = "rtl/expect.rs"]
mod expect;
#[path = "rtl/random.rs"]
mod random;
#[path = "rtl/simulator.rs"]
mod simulator;
#[path = "rtl/stepped.rs"]
mod stepped;

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use axbxp::blocked::{BlockFormat, Encoded, ProductSet, Rounding, Signedness, Window, multiply};

use case::{Array, Case, Fold, Stationary};
use expect::Run;
use random::Random;
use simulator::{Verilator, limited};

fn thorough() -> bool {
    std::env::var_os("AXBXP_THOROUGH").is_some_and(|value| !value.is_empty())
}

const fn array(
    stationary: Stationary,
    rows: usize,
    cols: usize,
    blocked: Option<(usize, usize)>,
) -> Array {
    Array {
        stationary,
        rows,
        cols,
        blocked,
    }
}

/// The arrays built: stationary operand, R x C, and K and M of their PEs (none: fixed-point).
const ARRAYS: [Array; 18] = {
    use Stationary::{Output, Weight};
    [
        array(Output, 1, 1, Some((4, 4))),
        array(Output, 4, 4, Some((2, 16))),
        array(Output, 3, 5, Some((1, 64))),
        array(Output, 5, 2, Some((3, 5))),
        array(Output, 7, 3, Some((6, 1))),
        array(Output, 8, 8, Some((4, 4))),
        array(Output, 16, 16, Some((2, 16))),
        array(Output, 16, 9, Some((4, 3))),
        array(Output, 4, 6, None),
        array(Weight, 1, 1, Some((2, 7))),
        array(Weight, 4, 4, Some((4, 4))),
        array(Weight, 5, 3, Some((1, 64))),
        array(Weight, 2, 7, Some((8, 1))),
        array(Weight, 3, 8, Some((5, 2))),
        array(Weight, 8, 8, Some((2, 16))),
        array(Weight, 16, 16, Some((4, 4))),
        array(Weight, 9, 16, Some((7, 6))),
        array(Weight, 6, 4, None),
    ]
};

#[test]
fn design_files_have_no_lint() {
    let Some(verilator) = Verilator::find() else {
        return;
    };
    for array in ARRAYS {
        let file = match array.stationary {
            Stationary::Output => "array_os.v",
            Stationary::Weight => "array_ws.v",
        };
        let parameters = array.parameters();
        assert_eq!(verilator.lint(file, &parameters[1..]), "", "{array:?}");
        let (k, m) = (parameters[3], parameters[4]);
        assert_eq!(verilator.lint("product_order.v", &[k, m]), "", "{array:?}");
    }
    for block_bits in 1..=8 {
        assert_eq!(
            verilator.lint("converter.v", &[("K", block_bits)]),
            "",
            "K = {block_bits}"
        );
    }
    assert_eq!(verilator.lint("requantise.v", &[]), "");
}

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

/// The runs in a log of `tb_array.v`. The lanes and phases must be those of the cases.
fn read_log(log: &str, cases: &[Case]) -> Vec<Run> {
    let mut runs = vec![];
    let mut run = Run::default();
    for line in log.lines() {
        let case = &cases[runs.len()];
        let mut words = line.split(' ');
        let what = words.next().unwrap();
        let mut number = || words.next().unwrap().parse::<u64>().unwrap();
        match what {
            "c" => assert_eq!(
                [number(), number()],
                [case.lanes(), case.phases()].map(|number| number as u64),
                "lanes and phases of {case:?}"
            ),
            "l" | "f" => {
                let starts = if what == "l" {
                    &mut run.loads
                } else {
                    &mut run.streams
                };
                let (cycle, fold) = (number(), number());
                assert_eq!(fold, starts.len() as u64);
                starts.push(cycle);
            }
            "o" => {
                let (cycle, column) = (number(), number() as usize);
                let value = u32::from_str_radix(words.next().unwrap(), 16).unwrap();
                run.results.push((cycle, column, value));
            }
            "e" => runs.push(std::mem::take(&mut run)),
            _ => panic!("{line}: a result lost or a time-out in {}", describe(case)),
        }
    }
    runs
}

/// A case without its operands.
fn describe(case: &Case) -> String {
    let folds: Vec<_> = case
        .folds
        .iter()
        .map(|fold| (fold.rows, fold.cols, fold.steps(), fold.ready))
        .collect();
    format!(
        "{:?}, swap {}, {:?} x {:?}, L = {}, double buffered {}, folds (rows, columns, steps, ready) {folds:?}, \
         ready (load, feed) {:?}",
        case.array,
        case.swap,
        case.activation,
        case.weight,
        case.products.computed(),
        case.double_buffered,
        case.ready
    )
}

/// Runs the cases on their array; how many results were compared.
fn check(verilator: &Verilator, cases: &[Case]) -> usize {
    let array = cases[0].array;
    let mut text = String::new();
    cases.iter().for_each(|case| case.write(&mut text));
    let log = limited(|| verilator.build("tb_array", &array.parameters()).run(&text));
    let runs = read_log(&log, cases);
    assert_eq!(runs.len(), cases.len(), "{array:?}");
    for (case, run) in cases.iter().zip(&runs) {
        let expected = expect::expected(case);
        assert_eq!(run.loads, expected.loads, "loads begin: {}", describe(case));
        assert_eq!(
            run.streams,
            expected.streams,
            "streams begin: {}",
            describe(case)
        );
        let wrong = run
            .results
            .iter()
            .zip(&expected.results)
            .find(|(is, should)| is != should);
        assert_eq!(
            wrong,
            None,
            "(cycle, column, value) is, should be: {}",
            describe(case)
        );
        assert_eq!(
            run.results.len(),
            expected.results.len(),
            "{}",
            describe(case)
        );
        let stepped = stepped::run(case);
        assert_eq!(
            run.streams,
            stepped.streams,
            "streams begin (RTL, stepped): {}",
            describe(case)
        );
        let wrong = run
            .results
            .iter()
            .zip(&stepped.results)
            .find(|(is, should)| is != should);
        assert_eq!(
            wrong,
            None,
            "(cycle, column, value) of RTL, stepped: {}",
            describe(case)
        );
        assert_eq!(
            run.results.len(),
            stepped.results.len(),
            "{}",
            describe(case)
        );
        if case.folds.len() == 1 && case.ready.is_empty() && case.folds[0].ready == 0 {
            let last = run.results.iter().map(|(cycle, ..)| cycle + 1).max();
            assert_eq!(
                last,
                Some(expect::alone_cycles(case)),
                "alone: {}",
                describe(case)
            );
        }
    }
    runs.iter().map(|run| run.results.len()).sum()
}

#[test]
fn arrays_give_every_result_in_its_cycle() {
    let Some(verilator) = Verilator::find() else {
        return;
    };
    let count = if thorough() { 1000 } else { 40 };
    let (next, results) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(array) = ARRAYS.get(next.fetch_add(1, Ordering::Relaxed)) {
            let seed = 1000 * array.rows + 10 * array.cols + array.multipliers();
            let mut random = Random::new(seed as u64);
            let cases: Vec<_> = (0..count)
                .map(|_| Case::random(*array, &mut random))
                .collect();
            for cases in cases.chunks(200) {
                results.fetch_add(check(&verilator, cases), Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        work();
        other.join().unwrap();
    });
    println!(
        "arrays: {} cases, {} results",
        count * ARRAYS.len(),
        results.into_inner()
    );
}

#[test]
fn the_accumulator_wraps() {
    let Some(verilator) = Verilator::find() else {
        return;
    };
    // 2048 steps of 64 MACs of 2^14 each: 2^31.
    let top = Window::Static { top: Some(7) };
    let format = BlockFormat::new(8, Signedness::Unsigned, 1, 1, top, Rounding::Truncate).unwrap();
    let lanes = |value| vec![case::encode(&format, value); 64];
    let array = ARRAYS[2];
    let case = Case {
        array,
        swap: false,
        activation: format,
        weight: format,
        products: ProductSet::all(1, 1),
        double_buffered: false,
        folds: vec![Fold {
            rows: 1,
            cols: 1,
            reduction: 2048 * 64,
            ready: 0,
            fed: vec![vec![lanes(255); array.rows]; 2048],
            other: vec![vec![lanes(128); array.cols]; 2048],
        }],
        ready: vec![],
    };
    assert_eq!(expect::expected(&case).results[0].2.cast_signed(), i32::MIN);
    assert_eq!(check(&verilator, &[case]), 1);
}
