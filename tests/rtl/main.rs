//! The Verilog in `tests/rtl/`, simulated: block formats, the MAC unit and whole arrays. Values are compared with this
//! crate's arithmetic bit for bit; the cycle of each with closed forms, and both with the array at fidelity `stepped`.
//!
//! The Verilog was written from the definitions alone, before its author saw the stepped array. `AXBXP_THOROUGH=1` runs
//! many more cases. Without Verilator (or Icarus Verilog, the second simulator) the tests print `skipped: no verilator`
//! and pass, unless `AXBXP_REQUIRE_RTL` is set.

mod case;
mod expect;
mod random;
mod simulator;
mod stepped;
#[path = "../support/mod.rs"]
mod support;
mod units;

use std::sync::atomic::{AtomicUsize, Ordering};

use axbxp::blocked::{BlockFormat, ProductSet, Rounding, Signedness, Window};

use case::{Array, Case, Fold, Stationary};
use expect::Run;
use simulator::{Icarus, Verilator, limited};
use support::{Random, thorough};

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
const ARRAYS: [Array; 19] = {
    use Stationary::{Output, Weight};
    [
        array(Output, 1, 1, Some((4, 3))),
        array(Output, 4, 4, Some((2, 16))),
        array(Output, 3, 5, Some((1, 64))),
        array(Output, 5, 2, Some((3, 2))),
        array(Output, 7, 3, Some((6, 1))),
        array(Output, 8, 8, Some((4, 4))),
        array(Output, 16, 16, Some((2, 16))),
        array(Output, 16, 9, Some((2, 3))),
        array(Output, 4, 6, None),
        array(Weight, 1, 1, Some((1, 5))),
        array(Weight, 4, 4, Some((4, 4))),
        array(Weight, 5, 3, Some((1, 64))),
        array(Weight, 2, 7, Some((8, 1))),
        array(Weight, 3, 8, Some((5, 1))),
        array(Weight, 8, 8, Some((2, 16))),
        array(Weight, 16, 16, Some((4, 4))),
        array(Weight, 9, 16, Some((2, 5))),
        array(Weight, 2, 3, Some((7, 6))),
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

/// Simulates the cases on their array; how many results were compared.
fn simulate(verilator: &Verilator, cases: &[Case]) -> usize {
    let parameters = cases[0].array.parameters();
    let text = text(cases);
    check(
        cases,
        &limited(|| verilator.build("tb_array", &parameters).run(&text)),
    )
}

/// The cases in the test bench's format.
fn text(cases: &[Case]) -> String {
    let mut text = String::new();
    cases.iter().for_each(|case| case.write(&mut text));
    text
}

/// Compares a log with what the cases must log, and with the stepped array; how many results there are.
fn check(cases: &[Case], log: &str) -> usize {
    let array = cases[0].array;
    let runs = read_log(log, cases);
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
    let cases: Vec<_> = ARRAYS.map(|array| random_cases(array, count)).into();
    let (next, results) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(cases) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            for cases in cases.chunks(200) {
                results.fetch_add(simulate(&verilator, cases), Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        work();
        other.join().unwrap();
    });
    let of =
        |kind: &dyn Fn(&Case) -> bool| cases.iter().flatten().filter(|case| kind(case)).count();
    let stationary = |kind, swap| of(&|case| case.array.stationary == kind && case.swap == swap);
    println!(
        "arrays: {} cases, {} results: output stationary {} (exchanged {}), weight stationary {}, input stationary {}; \
         {} with stalls, {} with partial folds, {} with several cycles per step, {} with several MACs per step",
        of(&|_| true),
        results.into_inner(),
        stationary(Stationary::Output, false),
        stationary(Stationary::Output, true),
        stationary(Stationary::Weight, false),
        stationary(Stationary::Weight, true),
        of(&|case| !case.ready.is_empty()),
        of(&|case| {
            let Array { rows, cols, .. } = case.array;
            case.folds
                .iter()
                .any(|fold| fold.rows < rows || fold.cols < cols)
        }),
        of(&|case| case.phases() > 1),
        of(&|case| case.lanes() > 1),
    );
}

/// Reproducible cases of an array.
fn random_cases(array: Array, count: usize) -> Vec<Case> {
    let seed = 1000 * array.rows + 10 * array.cols + array.multipliers();
    let mut random = Random(seed as u64);
    (0..count)
        .map(|_| Case::random(array, &mut random))
        .collect()
}

/// A simulator that, other than Verilator, knows unknown bits, and takes its time.
#[test]
fn a_second_simulator_gives_the_same() {
    let Some(icarus) = Icarus::find() else { return };
    let small = ARRAYS.iter().filter(|array| array.rows * array.cols <= 20);
    let mut count = 0;
    for array in small {
        let cases = random_cases(*array, if thorough() { 100 } else { 5 });
        let log = limited(|| icarus.run("tb_array", &array.parameters(), &text(&cases)));
        count += check(&cases, &log);
    }
    println!("Icarus Verilog: {count} results");
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
    assert_eq!(simulate(&verilator, &[case]), 1);
}
