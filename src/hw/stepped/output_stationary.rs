//! The output-stationary array, register by register.
//!
//! Both operands move: from the left along the rows, from the top down the columns, one PE a cycle. The
//! last product of a sum goes into the output chain of its column instead of the accumulator. Results
//! of a fold stand in the chain until that of its last row has come; then they move down, a row a cycle,
//! and leave from the bottom row.

use super::flight::Flight;
use super::fold::FoldOperands;
use super::mac::{MacUnit, NOTHING};
use super::{Leaving, Look, SteppedCounts, Token};
use crate::blocked::Encoded;

/// A finished sum in the chain.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    fold: u64,
    row: usize,
    value: i32,
}

/// The PEs.
#[derive(Debug, Clone)]
pub(super) struct OutputStationary {
    rows: usize,
    columns: usize,
    lanes: usize,
    /// What stands at each PE's inputs, and its lanes.
    at_left: Vec<Option<Token>>,
    at_top: Vec<Option<Token>>,
    left: Vec<Encoded>,
    top: Vec<Encoded>,
    accumulators: Vec<i32>,
    chain: Vec<Option<Waiting>>,
    /// Sums finished in the cycle before.
    finished: Vec<Option<Waiting>>,
}

impl OutputStationary {
    /// An empty array whose PEs take `lanes` operands of each kind a step.
    pub(super) fn new(rows: usize, columns: usize, lanes: usize) -> Self {
        let pes = rows * columns;
        OutputStationary {
            rows,
            columns,
            lanes,
            at_left: vec![None; pes],
            at_top: vec![None; pes],
            left: vec![NOTHING; pes * lanes],
            top: vec![NOTHING; pes * lanes],
            accumulators: vec![0; pes],
            chain: vec![None; pes],
            finished: vec![None; pes],
        }
    }

    /// A PE's token, operands from the left and from the top, accumulator, and what stands in its chain.
    pub(super) fn look(&self, row: usize, column: usize) -> Look<'_> {
        let pe = row * self.columns + column;
        let lanes = pe * self.lanes..(pe + 1) * self.lanes;
        Look {
            token: self.at_left[pe].filter(|_| self.at_top[pe].is_some()),
            left: &self.left[lanes.clone()],
            top: &self.top[lanes],
            sum: self.accumulators[pe],
            out: self.finished[pe]
                .or(self.chain[pe])
                .map(|waiting| waiting.value),
        }
    }

    /// One cycle. `edge(skew)` is what was fed `skew` cycles ago.
    pub(super) fn cycle(
        &mut self,
        now: u64,
        mac: &MacUnit,
        edge: &dyn Fn(usize) -> Option<Token>,
        flight: &mut Flight,
        counts: &mut SteppedCounts,
        leaving: &mut Vec<Leaving>,
    ) {
        self.shift_chain(now, flight, counts, leaving);
        self.move_operands(edge, flight, counts);
        self.compute(mac, flight, counts);
    }

    fn shift_chain(
        &mut self,
        now: u64,
        flight: &mut Flight,
        counts: &mut SteppedCounts,
        leaving: &mut Vec<Leaving>,
    ) {
        let (rows, columns) = (self.rows, self.columns);
        for j in 0..columns {
            for i in (0..rows).rev() {
                let Some(waiting) = self.chain[i * columns + j] else {
                    continue;
                };
                if !flight.column_complete(waiting.fold, j, now) {
                    continue;
                }
                self.chain[i * columns + j] = None;
                if i + 1 < rows {
                    let below = &mut self.chain[(i + 1) * columns + j];
                    debug_assert!(below.is_none(), "the chain is overrun");
                    *below = Some(waiting);
                    counts.chain_writes += 1;
                }
            }
            for i in 0..rows {
                let Some(done) = self.finished[i * columns + j].take() else {
                    continue;
                };
                let place = &mut self.chain[i * columns + j];
                debug_assert!(place.is_none(), "the chain is overrun");
                *place = Some(done);
                counts.chain_writes += 1;
                if i + 1 == flight.shape(done.fold).rows {
                    flight.complete_column(done.fold, j, now);
                }
            }
            // What stands in the bottom row leaves in this cycle.
            if let Some(result) = self.chain[(rows - 1) * columns + j].take() {
                leaving.push(Leaving {
                    fold: result.fold,
                    row: result.row,
                    column: j,
                    value: result.value,
                });
            }
        }
    }

    fn move_operands(
        &mut self,
        edge: &dyn Fn(usize) -> Option<Token>,
        flight: &Flight,
        counts: &mut SteppedCounts,
    ) {
        let (rows, columns, lanes) = (self.rows, self.columns, self.lanes);
        let inside = |token: &Token, of: &dyn Fn(&FoldOperands) -> usize, line: usize| {
            flight.find(token.fold).is_some_and(|fold| line < of(fold))
        };
        for i in 0..rows {
            let from = i * columns;
            self.at_left.copy_within(from..from + columns - 1, from + 1);
            let values = from * lanes;
            self.left
                .copy_within(values..values + (columns - 1) * lanes, values + lanes);
            let token = edge(i).filter(|token| inside(token, &|fold| fold.shape.rows, i));
            self.at_left[from] = token;
            if let Some(token) = token {
                let operands = flight.operands(token.fold);
                let entering = operands.left(token.step, i);
                self.left[values..values + lanes].copy_from_slice(entering);
                if token.phase == 0 {
                    counts.enter_left(operands.shape.filled_lanes(token.step), i);
                }
            }
        }
        let last = (rows - 1) * columns;
        self.at_top.copy_within(0..last, columns);
        self.top.copy_within(0..last * lanes, columns * lanes);
        for j in 0..columns {
            let token = edge(j).filter(|token| inside(token, &|fold| fold.shape.columns, j));
            self.at_top[j] = token;
            if let Some(token) = token {
                let operands = flight.operands(token.fold);
                self.top[j * lanes..(j + 1) * lanes].copy_from_slice(operands.top(token.step, j));
                if token.phase == 0 {
                    counts.enter_top(operands.shape.filled_lanes(token.step), j);
                }
            }
        }
    }

    fn compute(&mut self, mac: &MacUnit, flight: &Flight, counts: &mut SteppedCounts) {
        let lanes = self.lanes;
        for pe in 0..self.rows * self.columns {
            let (Some(token), Some(other)) = (self.at_left[pe], self.at_top[pe]) else {
                continue;
            };
            debug_assert_eq!(token, other, "operands meet out of step");
            let (left, top) = (
                &self.left[pe * lanes..(pe + 1) * lanes],
                &self.top[pe * lanes..(pe + 1) * lanes],
            );
            let sum = &mut self.accumulators[pe];
            if token.step == 0 && token.phase == 0 {
                *sum = 0;
            }
            *sum = sum.wrapping_add(mac.phase(left, top, token.phase));
            counts.active_pe_cycles += 1;
            if !token.ends_step {
                continue;
            }
            let operands = flight.operands(token.fold);
            counts.macs += operands.shape.filled_lanes(token.step) as u64;
            if token.step + 1 == operands.shape.steps {
                self.finished[pe] = Some(Waiting {
                    fold: token.fold,
                    row: pe / self.columns,
                    value: *sum,
                });
            }
        }
    }
}
