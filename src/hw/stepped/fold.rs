//! The operands of one fold as they enter the array.

use std::ops::Range;

use super::mac::NOTHING;
use crate::blocked::Encoded;

/// Which part of the array a fold uses, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldShape {
    /// Rows in use.
    pub rows: usize,
    /// Columns in use.
    pub columns: usize,
    /// Steps of the stream.
    pub steps: usize,
    /// Operands of one row or column in a step.
    pub lanes: usize,
    /// Length of the reduction: what rows (or steps) have beyond it is empty.
    pub reduction: usize,
}

impl FoldShape {
    /// Operands in lanes of block `block` of the reduction (a step's, or a row's).
    pub fn filled_lanes(&self, block: usize) -> usize {
        self.lanes.min(self.reduction - block * self.lanes)
    }

    /// The lanes of block `block`: the operands `of(k)`, then nothing.
    fn fill(&self, block: usize, of: impl Fn(usize) -> Encoded) -> impl Iterator<Item = Encoded> {
        let (from, filled) = (block * self.lanes, self.filled_lanes(block));
        let nothing = std::iter::repeat_n(NOTHING, self.lanes - filled);
        (from..from + filled).map(of).chain(nothing)
    }
}

/// A fold's operands. `left` enters at the rows, `[steps, rows, lanes]`. `top` enters at the columns:
/// `[steps, columns, lanes]` in an output-stationary fold, `[rows, columns, lanes]` where it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldOperands {
    /// The shape.
    pub shape: FoldShape,
    left: Vec<Encoded>,
    top: Vec<Encoded>,
}

impl FoldOperands {
    /// An output-stationary fold: row `i` computes the products of `left(i, k)` with `top(k, j)`.
    pub fn output_stationary(
        shape: FoldShape,
        left: impl Fn(usize, usize) -> Encoded,
        top: impl Fn(usize, usize) -> Encoded,
    ) -> Self {
        let (mut at_left, mut at_top) = (Vec::new(), Vec::new());
        for step in 0..shape.steps {
            for i in 0..shape.rows {
                at_left.extend(shape.fill(step, |k| left(i, k)));
            }
            for j in 0..shape.columns {
                at_top.extend(shape.fill(step, |k| top(k, j)));
            }
        }
        FoldOperands {
            shape,
            left: at_left,
            top: at_top,
        }
    }

    /// A fold whose `top(k, j)` stays while `left(step, k)` streams.
    pub fn operand_stationary(
        shape: FoldShape,
        left: impl Fn(usize, usize) -> Encoded,
        top: impl Fn(usize, usize) -> Encoded,
    ) -> Self {
        let (mut at_left, mut in_place) = (Vec::new(), Vec::new());
        for row in 0..shape.rows {
            for j in 0..shape.columns {
                in_place.extend(shape.fill(row, |k| top(k, j)));
            }
        }
        for step in 0..shape.steps {
            for row in 0..shape.rows {
                at_left.extend(shape.fill(row, |k| left(step, k)));
            }
        }
        FoldOperands {
            shape,
            left: at_left,
            top: in_place,
        }
    }

    fn lanes(&self, line: usize) -> Range<usize> {
        line * self.shape.lanes..(line + 1) * self.shape.lanes
    }

    /// What enters row `row` in step `step`.
    pub fn left(&self, step: usize, row: usize) -> &[Encoded] {
        &self.left[self.lanes(step * self.shape.rows + row)]
    }

    /// What enters column `column`: with step `line`, or for row `line`, where it stays.
    pub fn top(&self, line: usize, column: usize) -> &[Encoded] {
        &self.top[self.lanes(line * self.shape.columns + column)]
    }
}
