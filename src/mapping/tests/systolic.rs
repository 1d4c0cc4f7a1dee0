//! A systolic array simulated register by register, as the judge of the closed forms of
//! [`crate::mapping::fold`].
//!
//! Nothing here knows the formulas: operands move one PE a cycle, every PE multiplies what stands at
//! its inputs, results leave through a chain of registers in each column, and stationary operands
//! shift in row by row behind a skewed enable. When a fold may begin is found by trial: the earliest
//! cycle at which no register is overwritten before its value has been used. Values are real, and the
//! product that comes out is compared with a plain matrix product.
//!
//! One convention is the model's own: a stationary register is not overwritten in the very cycle
//! in which it is read for the last time.

use super::super::fold::{ArrayTiming, TileGemm};
use super::super::placement::Predecessor;
use super::cases::{wide_timing, xorshift};
use crate::arch::Dataflow;

/// A value had not been used when its register was needed: this start is too early.
#[derive(Debug)]
struct TooEarly;

/// What the PEs hold during one fold: rows and columns as ranges of the whole problem.
#[derive(Debug, Clone, Copy)]
struct Cut {
    row: usize,
    rows: usize,
    column: usize,
    columns: usize,
}

/// `left [I, K]` times `top [K, J]` on `rows x columns` PEs: `macs` elements of K a step of
/// `cycles` cycles.
struct Problem {
    rows: usize,
    columns: usize,
    macs: usize,
    cycles: usize,
    left: Vec<Vec<i64>>,
    top: Vec<Vec<i64>>,
}

#[derive(Debug)]
struct Outcome {
    /// Per fold: cycle after the last operand entered.
    fed_ends: Vec<u64>,
    /// Cycles up to and with the one in which the last result leaves.
    total: u64,
    /// `[I, J]`.
    product: Vec<Vec<i64>>,
}

fn cuts(extent: usize, size: usize) -> Vec<(usize, usize)> {
    (0..extent.div_ceil(size))
        .map(|i| (i * size, size.min(extent - i * size)))
        .collect()
}

/// Cuts of an `i x j` plane, rows innermost.
fn plane(i: usize, rows: usize, j: usize, columns: usize) -> Vec<Cut> {
    cuts(j, columns)
        .into_iter()
        .flat_map(|(column, columns)| {
            cuts(i, rows).into_iter().map(move |(row, rows)| Cut {
                row,
                rows,
                column,
                columns,
            })
        })
        .collect()
}

/// A step's operands on their way: which fold and step, which of its cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    fold: usize,
    step: usize,
    phase: usize,
}

mod output_stationary {
    use super::*;

    #[derive(Clone, Copy)]
    struct Result {
        fold: usize,
        row: usize,
        value: i64,
    }

    impl Problem {
        fn steps(&self) -> usize {
            self.left[0].len().div_ceil(self.macs)
        }

        fn dot(&self, cut: &Cut, step: usize, i: usize, j: usize) -> i64 {
            let reduction = self.left[0].len();
            (step * self.macs..((step + 1) * self.macs).min(reduction))
                .map(|k| self.left[cut.row + i][k] * self.top[k][cut.column + j])
                .sum()
        }

        /// Runs the folds with `gaps[f]` idle cycles before the last step of fold `f`.
        fn stream(&self, folds: &[Cut], gaps: &[usize]) -> std::result::Result<Outcome, TooEarly> {
            let steps = self.steps();
            let mut stream: Vec<Option<Token>> = Vec::new();
            let mut fed_ends = Vec::new();
            for (fold, &gap) in gaps.iter().enumerate() {
                for step in 0..steps {
                    if step + 1 == steps {
                        stream.extend(std::iter::repeat_n(None, gap));
                    }
                    stream.extend((0..self.cycles).map(|phase| Some(Token { fold, step, phase })));
                }
                fed_ends.push(stream.len() as u64);
            }
            let (rows, columns) = (self.rows, self.columns);
            let mut from_left = vec![vec![None::<Token>; columns]; rows];
            let mut from_top = from_left.clone();
            let mut accumulators = vec![vec![0; columns]; rows];
            let mut finished = vec![vec![None::<Result>; columns]; rows];
            let mut chain = finished.clone();
            let mut shift_after = vec![vec![usize::MAX; columns]; folds.len()];
            let mut product = vec![vec![0; self.top[0].len()]; self.left.len()];
            let mut total = 0;
            for now in 0..stream.len() + 3 * (rows + columns) {
                // The output chains: shift what is complete, then take what was finished.
                let mut next_chain = vec![vec![None::<Result>; columns]; rows];
                for j in 0..columns {
                    for i in (0..rows).rev() {
                        let Some(result) = chain[i][j] else { continue };
                        let moves = now > shift_after[result.fold][j];
                        if moves && i + 1 == rows {
                            continue;
                        }
                        let slot = &mut next_chain[i + usize::from(moves)][j];
                        if slot.replace(result).is_some() {
                            return Err(TooEarly);
                        }
                    }
                    for i in 0..rows {
                        let Some(result) = finished[i][j].take() else {
                            continue;
                        };
                        if next_chain[i][j].replace(result).is_some() {
                            return Err(TooEarly);
                        }
                        if i + 1 == folds[result.fold].rows {
                            shift_after[result.fold][j] = now;
                        }
                    }
                    if let Some(result) = next_chain[rows - 1][j] {
                        let cut = &folds[result.fold];
                        product[cut.row + result.row][cut.column + j] = result.value;
                        total = now as u64 + 1;
                    }
                }
                chain = next_chain;
                // The PEs, far corner first, so that each sees its neighbours' registers of before.
                let edge = |skew: usize| {
                    now.checked_sub(skew)
                        .and_then(|at| stream.get(at).copied().flatten())
                };
                for i in (0..rows).rev() {
                    for j in (0..columns).rev() {
                        let left = if j == 0 {
                            edge(i).filter(|token| i < folds[token.fold].rows)
                        } else {
                            from_left[i][j - 1]
                        };
                        let top = if i == 0 {
                            edge(j).filter(|token| j < folds[token.fold].columns)
                        } else {
                            from_top[i - 1][j]
                        };
                        from_left[i][j] = left;
                        from_top[i][j] = top;
                        let (Some(left), Some(top)) = (left, top) else {
                            continue;
                        };
                        assert_eq!(left, top, "operands meet out of step");
                        if left.phase + 1 < self.cycles {
                            continue;
                        }
                        let sum = &mut accumulators[i][j];
                        if left.step == 0 {
                            *sum = 0;
                        }
                        *sum += self.dot(&folds[left.fold], left.step, i, j);
                        if left.step + 1 == steps {
                            finished[i][j] = Some(Result {
                                fold: left.fold,
                                row: i,
                                value: *sum,
                            });
                        }
                    }
                }
            }
            Ok(Outcome {
                fed_ends,
                total,
                product,
            })
        }

        pub(super) fn run_output_stationary(&self, folds: &[Cut]) -> Outcome {
            let mut gaps = Vec::new();
            let mut last = None;
            for _ in folds {
                gaps.push(0);
                last = loop {
                    match self.stream(folds, &gaps) {
                        Ok(outcome) => break Some(outcome),
                        Err(TooEarly) => *gaps.last_mut().expect("just pushed") += 1,
                    }
                };
            }
            last.expect("at least one fold")
        }
    }
}

mod operand_stationary {
    use super::*;

    /// When a fold's stationary operands enter at the top, and its stream at the left.
    #[derive(Debug, Clone, Copy)]
    struct Start {
        load: usize,
        stream: usize,
    }

    impl Problem {
        /// The array with `top` in place, cut along K (rows, `macs` a PE) and J (columns).
        fn stream_past(
            &self,
            folds: &[Cut],
            starts: &[Start],
            registers: usize,
        ) -> Result<Outcome, TooEarly> {
            let (rows, columns) = (self.rows, self.columns);
            let count = self.left.len();
            let mut product = vec![vec![0; self.top[0].len()]; count];
            let mut total = 0;
            // Which fold's row each register holds.
            let mut stationary = vec![vec![vec![None::<(usize, usize)>; columns]; rows]; registers];
            let mut from_left = vec![vec![None::<Token>; columns]; rows];
            let mut from_top = vec![vec![None::<(Token, i64)>; columns]; rows];
            let end = starts.iter().map(|start| start.stream).max().unwrap_or(0)
                + count * self.cycles
                + 2 * (rows + columns);
            for now in 0..end {
                let mut written = Vec::new();
                for (fold, (cut, start)) in folds.iter().zip(starts).enumerate() {
                    let used_rows = cut.rows.div_ceil(self.macs);
                    let places = (0..used_rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
                    for (i, j) in places {
                        if now < start.load + i + j || now >= start.load + used_rows + j {
                            continue;
                        }
                        let bank = fold % registers;
                        let value = if i == 0 {
                            Some((fold, used_rows - 1 - (now - start.load - j)))
                        } else {
                            stationary[bank][i - 1][j]
                        };
                        written.push((bank, i, j, value));
                    }
                }
                let edge = |skew: usize| {
                    let at = now.checked_sub(skew)?;
                    starts.iter().enumerate().find_map(|(fold, start)| {
                        let since = at.checked_sub(start.stream)?;
                        (since < count * self.cycles).then_some(Token {
                            fold,
                            step: since / self.cycles,
                            phase: since % self.cycles,
                        })
                    })
                };
                for i in (0..rows).rev() {
                    for j in (0..columns).rev() {
                        let left = if j == 0 { edge(i) } else { from_left[i][j - 1] };
                        let above = if i == 0 { None } else { from_top[i - 1][j] };
                        from_left[i][j] = left;
                        from_top[i][j] = None;
                        let Some(token) = left else { continue };
                        let cut = &folds[token.fold];
                        if j >= cut.columns {
                            continue;
                        }
                        let mut sum = 0;
                        if i > 0 {
                            let (with, psum) = above.unwrap_or((token, 0));
                            assert_eq!((with.fold, with.step), (token.fold, token.step));
                            sum = psum;
                        }
                        if i * self.macs < cut.rows {
                            let bank = token.fold % registers;
                            let overwritten =
                                written.iter().any(|w| (w.0, w.1, w.2) == (bank, i, j));
                            if overwritten || stationary[bank][i][j] != Some((token.fold, i)) {
                                return Err(TooEarly);
                            }
                            sum += (i * self.macs..((i + 1) * self.macs).min(cut.rows))
                                .map(|k| {
                                    self.left[token.step][cut.row + k]
                                        * self.top[cut.row + k][cut.column + j]
                                })
                                .sum::<i64>();
                        }
                        if token.phase + 1 < self.cycles {
                            continue;
                        }
                        from_top[i][j] = Some((token, sum));
                        if i + 1 == rows {
                            product[token.step][cut.column + j] += sum;
                            total = now as u64 + 1;
                        }
                    }
                }
                for (bank, i, j, value) in written {
                    stationary[bank][i][j] = value;
                }
            }
            let fed_ends = starts
                .iter()
                .map(|start| (start.stream + count * self.cycles) as u64)
                .collect();
            Ok(Outcome {
                fed_ends,
                total,
                product,
            })
        }

        /// With `registers` registers for the stationary operand in each PE.
        pub(super) fn run_operand_stationary(&self, folds: &[Cut], registers: usize) -> Outcome {
            let mut starts: Vec<Start> = Vec::new();
            let mut last = None;
            for fold in 0..folds.len() {
                // Both edges serve one fold at a time.
                let (load_free, stream_free) = match starts.last() {
                    None => (0, 0),
                    Some(before) => (
                        before.load + folds[fold - 1].rows.div_ceil(self.macs),
                        before.stream + self.left.len() * self.cycles,
                    ),
                };
                last = (stream_free..).find_map(|stream| {
                    (load_free..stream).find_map(|load| {
                        starts.push(Start { load, stream });
                        let outcome = self.stream_past(&folds[..=fold], &starts, registers).ok();
                        if outcome.is_none() {
                            starts.pop();
                        }
                        outcome
                    })
                });
            }
            last.expect("at least one fold")
        }
    }
}

/// Folds as the closed form places them: (cycle after the last operand, total).
fn closed_form(timing: &ArrayTiming, tile: &TileGemm) -> (Vec<u64>, u64) {
    let mut before = Predecessor::default();
    let mut fed_ends = Vec::new();
    let mut total = 0;
    for index in 0..timing.fold_count(tile) {
        let fold = timing.fold(tile, index);
        let placed = timing.place(&before, 0, &fold, &timing.undisturbed(&before, 0, &fold));
        before = timing.succeed(&placed, &fold);
        fed_ends.push(placed.fed_end);
        total = total.max(placed.fed_end + fold.tail_cycles);
    }
    (fed_ends, total)
}

fn transposed(matrix: &[Vec<i64>]) -> Vec<Vec<i64>> {
    (0..matrix[0].len())
        .map(|j| matrix.iter().map(|row| row[j]).collect())
        .collect()
}

/// Simulates and compares: numbers, and every fold's time.
fn compare(timing: &ArrayTiming, tile: &TileGemm, seed: u64) {
    let mut random = xorshift(seed);
    let mut matrix = |rows: u32, columns: u32| -> Vec<Vec<i64>> {
        (0..rows)
            .map(|_| (0..columns).map(|_| random() as i64 % 17 - 8).collect())
            .collect()
    };
    let activations = matrix(tile.outputs, tile.reduction);
    let weights = matrix(tile.reduction, tile.filters);
    // Filters take the place of pixels: the transposed product.
    let swapped = timing.exchanged || timing.dataflow == Dataflow::InputStationary;
    let (left, top) = if swapped {
        (transposed(&weights), transposed(&activations))
    } else {
        (activations.clone(), weights.clone())
    };
    let (rows, columns) = (timing.rows as usize, timing.columns as usize);
    let macs = timing.macs_per_step as usize;
    let problem = Problem {
        rows,
        columns,
        macs,
        cycles: timing.cycles_per_step as usize,
        left,
        top,
    };
    let outcome = if timing.dataflow == Dataflow::OutputStationary {
        let folds = plane(problem.left.len(), rows, problem.top[0].len(), columns);
        problem.run_output_stationary(&folds)
    } else {
        let folds = plane(
            problem.top.len(),
            rows * macs,
            problem.top[0].len(),
            columns,
        );
        let registers = 1 + usize::from(timing.double_buffered_weights);
        problem.run_operand_stationary(&folds, registers)
    };
    let expected: Vec<Vec<i64>> = activations
        .iter()
        .map(|row| {
            (0..tile.filters as usize)
                .map(|n| row.iter().zip(&weights).map(|(a, w)| a * w[n]).sum())
                .collect()
        })
        .collect();
    let product = if swapped {
        transposed(&outcome.product)
    } else {
        outcome.product
    };
    assert_eq!(product, expected, "{timing:?} {tile:?}");
    assert_eq!(
        (outcome.fed_ends, outcome.total),
        closed_form(timing, tile),
        "{timing:?} {tile:?}"
    );
}

fn compare_many(dataflow: Dataflow, cases: u64) {
    let mut random = xorshift(dataflow as u64 + 1);
    let mut pick = |low: u32, high: u32| low + (random() % u64::from(high - low + 1)) as u32;
    for case in 0..cases {
        let timing = ArrayTiming {
            macs_per_step: pick(1, 3),
            cycles_per_step: pick(1, 3),
            exchanged: dataflow == Dataflow::OutputStationary && pick(0, 1) == 1,
            double_buffered_weights: dataflow != Dataflow::OutputStationary && pick(0, 1) == 1,
            ..wide_timing(dataflow, pick(1, 5), pick(1, 5))
        };
        let tile = TileGemm {
            groups: 1,
            outputs: pick(1, 11),
            filters: pick(1, 11),
            reduction: pick(1, 13),
            first: true,
            last: true,
        };
        compare(&timing, &tile, case);
    }
}

#[test]
fn output_stationary_takes_the_cycles_of_the_registers() {
    compare_many(Dataflow::OutputStationary, 400);
}

#[test]
fn weight_stationary_takes_the_cycles_of_the_registers() {
    compare_many(Dataflow::WeightStationary, 300);
}

#[test]
fn input_stationary_takes_the_cycles_of_the_registers() {
    compare_many(Dataflow::InputStationary, 300);
}
