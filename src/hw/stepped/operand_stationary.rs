//! The array with one operand in place, register by register: weight stationary, and input stationary,
//! which is the same array with the operands exchanged.
//!
//! The stationary operand moves in from the top, the last row in use first, until each value has come to
//! its row. The other operand moves along the rows, partial sums down the columns, one PE a cycle. Rows
//! that are not in use pass sums on. Results leave from the adders of the bottom row.

use super::flight::Flight;
use super::mac::{MacUnit, NOTHING};
use super::{Leaving, Look, SteppedCounts, Token};
use crate::blocked::Encoded;

/// A row of stationary operands on its way: which fold's, and how many came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadToken {
    /// The fold.
    pub fold: u64,
    /// Rows of the fold that entered before this one.
    pub index: usize,
}

/// A partial sum between two rows.
#[derive(Debug, Clone, Copy)]
struct PartialSum {
    token: Token,
    value: i32,
}

/// The PEs.
#[derive(Debug, Clone)]
pub(super) struct OperandStationary {
    rows: usize,
    columns: usize,
    lanes: usize,
    /// Registers of the stationary operand in each PE; folds take turns.
    registers: Vec<Vec<Encoded>>,
    loading: Vec<Option<LoadToken>>,
    at_left: Vec<Option<Token>>,
    left: Vec<Encoded>,
    /// Sums of the phases of the step at hand.
    phases: Vec<i32>,
    below: Vec<Option<PartialSum>>,
}

impl OperandStationary {
    /// An empty array whose PEs hold `lanes` operands in each of `registers` registers.
    pub(super) fn new(rows: usize, columns: usize, lanes: usize, registers: usize) -> Self {
        let pes = rows * columns;
        OperandStationary {
            rows,
            columns,
            lanes,
            registers: vec![vec![NOTHING; pes * lanes]; registers],
            loading: vec![None; pes],
            at_left: vec![None; pes],
            left: vec![NOTHING; pes * lanes],
            phases: vec![0; pes],
            below: vec![None; pes],
        }
    }

    /// A PE's token, operands from the left and in place, sum, and what it hands down.
    pub(super) fn look(&self, row: usize, column: usize) -> Look<'_> {
        let pe = row * self.columns + column;
        let lanes = pe * self.lanes..(pe + 1) * self.lanes;
        let token = self.at_left[pe];
        let bank = token.map_or(0, |token| token.fold % self.registers.len() as u64);
        Look {
            token,
            left: &self.left[lanes.clone()],
            top: &self.registers[bank as usize][lanes],
            sum: self.phases[pe],
            out: self.below[pe].map(|sum| sum.value),
        }
    }

    /// One cycle. `edge(skew)` is what was fed, `load(skew)` which row entered `skew` cycles ago.
    pub(super) fn cycle(
        &mut self,
        mac: &MacUnit,
        edge: &dyn Fn(usize) -> Option<Token>,
        load: &dyn Fn(usize) -> Option<LoadToken>,
        flight: &Flight,
        counts: &mut SteppedCounts,
        leaving: &mut Vec<Leaving>,
    ) {
        self.move_operands(edge, flight, counts);
        self.compute(mac, flight, counts, leaving);
        self.move_stationary(load, flight, counts);
    }

    fn move_operands(
        &mut self,
        edge: &dyn Fn(usize) -> Option<Token>,
        flight: &Flight,
        counts: &mut SteppedCounts,
    ) {
        let (columns, lanes) = (self.columns, self.lanes);
        for i in 0..self.rows {
            let from = i * columns;
            self.at_left.copy_within(from..from + columns - 1, from + 1);
            let values = from * lanes;
            self.left
                .copy_within(values..values + (columns - 1) * lanes, values + lanes);
            // Rows out of use get the token alone: it lets the sums pass.
            let token = edge(i);
            self.at_left[from] = token;
            let Some(token) = token else { continue };
            let operands = flight.operands(token.fold);
            if i < operands.shape.rows {
                self.left[values..values + lanes].copy_from_slice(operands.left(token.step, i));
                if token.phase == 0 {
                    counts.enter_left(operands.shape.filled_lanes(i), i);
                }
            }
        }
    }

    fn compute(
        &mut self,
        mac: &MacUnit,
        flight: &Flight,
        counts: &mut SteppedCounts,
        leaving: &mut Vec<Leaving>,
    ) {
        let (columns, lanes) = (self.columns, self.lanes);
        // From the bottom up: each row takes what the row above put out a cycle before.
        for i in (0..self.rows).rev() {
            for j in 0..columns {
                let pe = i * columns + j;
                self.below[pe] = None;
                let Some(token) = self.at_left[pe] else {
                    continue;
                };
                let operands = flight.operands(token.fold);
                if j + 1 == operands.shape.columns {
                    // It goes no further.
                    self.at_left[pe] = None;
                }
                if token.phase == 0 {
                    self.phases[pe] = 0;
                }
                if i < operands.shape.rows {
                    let bank = (token.fold % self.registers.len() as u64) as usize;
                    let lanes = pe * lanes..(pe + 1) * lanes;
                    let (left, top) = (&self.left[lanes.clone()], &self.registers[bank][lanes]);
                    let added = mac.phase(left, top, token.phase);
                    self.phases[pe] = self.phases[pe].wrapping_add(added);
                    counts.active_pe_cycles += 1;
                }
                if !token.ends_step {
                    continue;
                }
                let mut value = self.phases[pe];
                if i > 0 {
                    let above = self.below[pe - columns];
                    debug_assert_eq!(above.map(|sum| sum.token), Some(token), "sums out of step");
                    value = value.wrapping_add(above.map_or(0, |sum| sum.value));
                }
                if i < operands.shape.rows {
                    counts.macs += operands.shape.filled_lanes(i) as u64;
                } else {
                    counts.chain_writes += 1;
                }
                if i + 1 < self.rows {
                    self.below[pe] = Some(PartialSum { token, value });
                } else {
                    leaving.push(Leaving {
                        fold: token.fold,
                        row: token.step,
                        column: j,
                        value,
                    });
                }
            }
        }
    }

    /// At the end of the cycle: a row's new value is the one that the row above has held.
    fn move_stationary(
        &mut self,
        load: &dyn Fn(usize) -> Option<LoadToken>,
        flight: &Flight,
        counts: &mut SteppedCounts,
    ) {
        let (columns, lanes) = (self.columns, self.lanes);
        let last = (self.rows - 1) * columns;
        self.loading.copy_within(0..last, columns);
        for j in 0..columns {
            // A short fold may have left before the edge's skew brings it to the far columns.
            let used = |token: &LoadToken| {
                flight
                    .find(token.fold)
                    .is_some_and(|fold| j < fold.shape.columns)
            };
            self.loading[j] = load(j).filter(used);
        }
        for i in (0..self.rows).rev() {
            for j in 0..columns {
                let pe = i * columns + j;
                let Some(token) = self.loading[pe] else {
                    continue;
                };
                let operands = flight.operands(token.fold);
                let used = operands.shape.rows;
                // It has come to its row.
                if i + token.index >= used {
                    self.loading[pe] = None;
                    continue;
                }
                let row = used - 1 - token.index;
                let bank = (token.fold % self.registers.len() as u64) as usize;
                let register = &mut self.registers[bank];
                if i == 0 {
                    register[pe * lanes..(pe + 1) * lanes].copy_from_slice(operands.top(row, j));
                    counts.top_values += operands.shape.filled_lanes(row) as u64;
                } else {
                    let above = (pe - columns) * lanes;
                    register.copy_within(above..above + lanes, pe * lanes);
                }
                counts.preload_writes += operands.shape.filled_lanes(row) as u64;
            }
        }
    }
}
