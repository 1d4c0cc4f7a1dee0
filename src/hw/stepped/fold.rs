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
        let lanes = |line: usize, step: usize, of: &dyn Fn(usize, usize) -> Encoded| {
            let from = step * shape.lanes;
            (from..from + shape.lanes)
                .map(|k| {
                    if k < shape.reduction {
                        of(line, k)
                    } else {
                        NOTHING
                    }
                })
                .collect::<Vec<_>>()
        };
        let edge = |lines: usize, of: &dyn Fn(usize, usize) -> Encoded| {
            (0..shape.steps)
                .flat_map(|step| (0..lines).flat_map(move |line| lanes(line, step, of)))
                .collect()
        };
        FoldOperands {
            shape,
            left: edge(shape.rows, &left),
            top: edge(shape.columns, &|j, k| top(k, j)),
        }
    }

    /// A fold whose `top(k, j)` stays while `left(step, k)` streams.
    pub fn operand_stationary(
        shape: FoldShape,
        left: impl Fn(usize, usize) -> Encoded,
        top: impl Fn(usize, usize) -> Encoded,
    ) -> Self {
        let within = |k: usize, value: &dyn Fn(usize) -> Encoded| {
            if k < shape.reduction {
                value(k)
            } else {
                NOTHING
            }
        };
        let padded = shape.rows * shape.lanes;
        let mut stationary = Vec::with_capacity(padded * shape.columns);
        for row in 0..shape.rows {
            for j in 0..shape.columns {
                let lanes = row * shape.lanes..(row + 1) * shape.lanes;
                stationary.extend(lanes.map(|k| within(k, &|k| top(k, j))));
            }
        }
        FoldOperands {
            shape,
            left: (0..shape.steps)
                .flat_map(|step| (0..padded).map(move |k| (step, k)))
                .map(|(step, k)| within(k, &|k| left(step, k)))
                .collect(),
            top: stationary,
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

    /// Operands in lanes of block `block` of the reduction (a step's, or a row's).
    pub fn filled_lanes(&self, block: usize) -> usize {
        self.shape
            .lanes
            .min(self.shape.reduction - block * self.shape.lanes)
    }
}
