//! The shapes of slices and of what is padded.

use super::op::{Pad, Slice, Span};
use super::shape::{Inspector, Shape, check_size};

impl Inspector<'_, '_> {
    pub(super) fn slice_is_valid(&mut self, op: &Slice) -> bool {
        let spans = [
            ("channels", "channel_step", op.channels),
            ("rows", "row_step", op.rows),
            ("columns", "column_step", op.columns),
        ];
        if spans.iter().all(|(_, _, span)| span.is_none()) {
            let place = self.layer.clone().field("op");
            let message = "a slice that takes everything";
            let expected = "expected `channels`, `rows` or `columns`";
            self.checker.report(place, message, expected);
            return false;
        }
        spans.iter().fold(true, |valid, (count, step, span)| {
            let fits =
                span.is_none_or(|span| self.size(count, span.count) & self.size(step, span.step));
            valid & fits
        })
    }

    pub(super) fn pad_is_valid(&mut self, op: &Pad) -> bool {
        let mut valid = true;
        let sides = [
            ("channels", op.channels),
            ("rows", op.rows),
            ("columns", op.columns),
        ];
        for (field, sides) in sides {
            for (index, &size) in sides.iter().enumerate() {
                let place = self.op(field).index(index);
                valid &= size == 0 || check_size(self.checker, place, field, size);
            }
        }
        valid
    }

    pub(super) fn slice(&mut self, op: &Slice, input: Shape) -> Option<Shape> {
        let channels = self.span("channels", op.channels, input.channels);
        let height = self.span("rows", op.rows, input.height);
        let width = self.span("columns", op.columns, input.width);
        Some(Shape {
            channels: channels?,
            height: height?,
            width: width?,
        })
    }

    /// How many of `size` channels, rows or columns (`what`) a slice takes.
    fn span(&mut self, what: &str, span: Option<Span>, size: u64) -> Option<u64> {
        let Some(span) = span else {
            return Some(size);
        };
        let (first, end) = (span.first, span.end());
        if end > size {
            let step = match span.step {
                1 => String::new(),
                step => format!(" in steps of {step}"),
            };
            self.checker.report(
                self.op(what),
                format!("{what} {first}..{end}{step} of an input with {size} {what}"),
                format!("{what} end at {size}"),
            );
            return None;
        }
        Some(u64::from(span.count))
    }
}

/// The shape of a padded tensor; sizes are checked before.
pub(super) fn padded(op: &Pad, input: Shape) -> Shape {
    let grown = |size: u64, sides: [u32; 2]| size + u64::from(sides[0]) + u64::from(sides[1]);
    Shape {
        channels: grown(input.channels, op.channels),
        height: grown(input.height, op.rows),
        width: grown(input.width, op.columns),
    }
}
