//! What the arrays must do: values by [`multiply`], times in closed form.
//!
//! `T` is a fold's steps x cycles per step, `r` and `c` the rows and columns it uses, `R` the array's rows.

use axbxp::blocked::{Encoded, multiply};

use super::case::{Case, Fold, Lanes, Stationary};

/// What a case logs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// First cycle of each fold's load (weight stationary).
    pub loads: Vec<u64>,
    /// First cycle of each fold's stream.
    pub streams: Vec<u64>,
    /// Cycle, column and value of every result, in this order.
    pub results: Vec<(u64, usize, u32)>,
}

/// What the case must log.
pub fn expected(case: &Case) -> Run {
    let mut run = match case.array.stationary {
        Stationary::Output => output_stationary(case),
        Stationary::Weight => weight_stationary(case),
    };
    run.results.sort_unstable();
    run
}

/// The first cycle from `cycle` on in which the port delivers.
fn next(case: &Case, port: impl Fn(&(bool, bool)) -> bool, cycle: u64) -> u64 {
    let known = case.ready.iter().skip(cycle as usize);
    cycle + known.take_while(|ready| !port(ready)).count() as u64
}

fn next_feed(case: &Case, cycle: u64) -> u64 {
    next(case, |(_, feed)| *feed, cycle)
}

fn next_load(case: &Case, cycle: u64) -> u64 {
    next(case, |(load, _)| *load, cycle)
}

fn output_stationary(case: &Case) -> Run {
    let mut run = Run::default();
    let (mut free, mut end_from) = (0, 0);
    for fold in &case.folds {
        // Phase by phase, the last one not before the output chain is free.
        let total = fold.steps() * case.phases();
        let mut fed = vec![];
        let mut from = free.max(fold.ready);
        for phase in 0..total {
            let chain = if phase + 1 == total { end_from } else { 0 };
            let cycle = next_feed(case, from.max(chain));
            fed.push(cycle);
            from = cycle + 1;
        }
        run.streams.push(fed[0]);
        let last = *fed.last().unwrap();
        (free, end_from) = (last + 1, last + fold.rows as u64);
        for row in 0..fold.rows {
            for col in 0..fold.cols {
                let value = fold
                    .fed
                    .iter()
                    .zip(&fold.other)
                    .fold(0_u32, |sum, (fed, other)| {
                        sum.wrapping_add(dot(case, &fed[row], &other[col]))
                    });
                let computed = last + (fold.rows - 1 + col) as u64;
                let leaves = computed + 1 + (case.array.rows - 1 - row) as u64;
                run.results.push((leaves, col, value));
            }
        }
    }
    run
}

fn weight_stationary(case: &Case) -> Run {
    let mut run = Run::default();
    // Ends of the previous load and stream, first cycle in which the previous stream may begin.
    let (mut load_end, mut fed_end, mut stream) = (0, 0, 0);
    for fold in &case.folds {
        let allowed = if case.double_buffered {
            stream
        } else {
            fed_end
        };
        let mut from = load_end.max(allowed).max(fold.ready);
        for row in 0..fold.rows {
            let cycle = next_load(case, from);
            if row == 0 {
                run.loads.push(cycle);
            }
            from = cycle + 1;
        }
        load_end = from;
        stream = load_end.max(fed_end);
        let mut from = stream;
        for (step, fed) in fold.fed.iter().enumerate() {
            let cycles: Vec<u64> = (0..case.phases())
                .map(|_| {
                    let cycle = next_feed(case, from);
                    from = cycle + 1;
                    cycle
                })
                .collect();
            if step == 0 {
                run.streams.push(cycles[0]);
            }
            let last = cycles[cycles.len() - 1];
            for col in 0..fold.cols {
                let leaves = last + (case.array.rows - 1 + col) as u64;
                run.results.push((leaves, col, psum(case, fold, fed, col)));
            }
        }
        fed_end = from;
    }
    run
}

fn psum(case: &Case, fold: &Fold, fed: &[Lanes], col: usize) -> u32 {
    (0..fold.rows).fold(0, |sum, row| {
        sum.wrapping_add(dot(case, &fed[row], &fold.other[row][col]))
    })
}

/// Sum of the products of two operands' lanes.
fn dot(case: &Case, fed: &[Encoded], other: &[Encoded]) -> u32 {
    let pairs = fed.iter().zip(other).take(case.lanes());
    pairs.fold(0, |sum, (fed, other)| {
        let (a, w) = if case.swap {
            (*other, *fed)
        } else {
            (*fed, *other)
        };
        let product = multiply((&case.activation, a), (&case.weight, w), &case.products);
        sum.wrapping_add(product.cast_unsigned())
    })
}

/// Cycles from the start to after the last result of a run of one fold without stalls, by the formulas that the mapper
/// counts with.
pub fn alone_cycles(case: &Case) -> u64 {
    let fold = &case.folds[0];
    let total = fold.steps() * case.phases();
    let (rows, cols, all_rows) = (fold.rows, fold.cols, case.array.rows);
    let cycles = match case.array.stationary {
        Stationary::Output => total + rows + cols + all_rows - 2,
        Stationary::Weight => rows + total + all_rows + cols - 2,
    };
    cycles as u64
}
