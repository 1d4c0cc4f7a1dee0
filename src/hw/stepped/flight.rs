//! Folds in the array, from the first operand that enters to the last result that leaves.

use std::collections::VecDeque;

use super::fold::{FoldOperands, FoldShape};

/// A fold in the array.
#[derive(Debug, Clone)]
struct InFlight {
    operands: FoldOperands,
    /// Per column: cycle in which the last row's sum was written into the chain.
    complete: Vec<Option<u64>>,
    /// Results still in the array.
    left_inside: usize,
    /// Cycles that the way out of the array needs from the first result of the last column on
    /// (output stationary).
    output_cycles: u64,
    /// First cycle in which nothing of it is left.
    exit: u64,
}

/// All folds in the array, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Flight {
    first: u64,
    folds: VecDeque<InFlight>,
}

impl Flight {
    /// Takes a fold in, and gives it a number. `results` will leave.
    pub(super) fn enter(
        &mut self,
        operands: FoldOperands,
        results: usize,
        output_cycles: u64,
    ) -> u64 {
        let fold = self.first + self.folds.len() as u64;
        self.folds.push_back(InFlight {
            complete: vec![None; operands.shape.columns],
            operands,
            left_inside: results,
            output_cycles,
            exit: 0,
        });
        fold
    }

    /// Whether the array is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.folds.is_empty()
    }

    fn get(&self, fold: u64) -> &InFlight {
        &self.folds[(fold - self.first) as usize]
    }

    /// A fold's operands.
    pub(super) fn operands(&self, fold: u64) -> &FoldOperands {
        &self.get(fold).operands
    }

    /// A fold's operands, unless all of it has left.
    pub(super) fn find(&self, fold: u64) -> Option<&FoldOperands> {
        let index = fold.checked_sub(self.first)?;
        self.folds.get(index as usize).map(|fold| &fold.operands)
    }

    /// A fold's shape.
    pub(super) fn shape(&self, fold: u64) -> FoldShape {
        self.get(fold).operands.shape
    }

    /// The last sum of a column is in the chain since cycle `now`.
    pub(super) fn complete_column(&mut self, fold: u64, column: usize, now: u64) {
        self.folds[(fold - self.first) as usize].complete[column] = Some(now);
    }

    /// Whether the chain of this column may move the fold's results in cycle `now`.
    pub(super) fn column_complete(&self, fold: u64, column: usize, now: u64) -> bool {
        self.get(fold).complete[column].is_some_and(|since| since < now)
    }

    /// A result has left from `column` in cycle `now`.
    pub(super) fn leave(&mut self, fold: u64, column: usize, now: u64) {
        let fold = &mut self.folds[(fold - self.first) as usize];
        let last_column = column + 1 == fold.operands.shape.columns;
        if last_column && fold.output_cycles > 0 {
            // The way out is busy for a while from the last column's first result on.
            fold.exit = fold.exit.max(now + fold.output_cycles);
            fold.output_cycles = 0;
        }
        fold.left_inside -= 1;
        fold.exit = fold.exit.max(now + 1);
    }

    /// Lets the oldest folds go of which nothing is left in cycle `now`.
    pub(super) fn retire(&mut self, now: u64) {
        while let Some(oldest) = self.folds.front()
            && oldest.left_inside == 0
            && oldest.exit <= now
        {
            self.folds.pop_front();
            self.first += 1;
        }
    }

    /// Folds that have gone so far.
    pub(super) fn retired(&self) -> u64 {
        self.first
    }
}
