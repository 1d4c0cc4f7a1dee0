//! Operators that only move values: concatenation, padding, slices.

use super::node::{Node, shortened};
use super::problem::{OpResult, Problem, about};
use super::translate::Translator;
use super::value::{Value, View};
use crate::workload::op::Axis;
use crate::workload::{Concat, MAX_DIMENSION, Pad, Slice, Span};

/// An axis of an activation with its batch, counted from the front.
fn axis(axis: i64, rank: usize) -> OpResult<usize> {
    let rank_signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_front = if axis < 0 { axis + rank_signed } else { axis };
    match usize::try_from(from_front) {
        Ok(found) if found < rank => Ok(found),
        _ => Problem::new(format!("axis {axis} of {rank} dimensions")).fail(),
    }
}

/// What a slice takes of an axis: first, how many, step.
type Taken = (u32, u32, u32);

impl<'g> Translator<'g> {
    pub(super) fn concat(&mut self, node: &'g Node) -> OpResult<()> {
        if node.inputs.is_empty() {
            return Problem::new("nothing to concatenate").fail();
        }
        if (0..node.inputs.len()).all(|index| self.is_constant(node, index)) {
            return self.concat_constants(node);
        }
        let views = (0..node.inputs.len())
            .map(|index| self.plain(node, index))
            .collect::<OpResult<Vec<View>>>()?;
        let rank = views[0].dims.len() + 1;
        let along = axis(node.int("axis", 1)?, rank)?;
        if along != 1 {
            return Problem::new(format!("attribute `axis` is {along}"))
                .expected("1, the channels")
                .fail();
        }
        if let [only] = &views[..] {
            let only = only.clone();
            self.set(node, 0, Value::Activation(only));
            return Ok(());
        }
        let inputs: Vec<usize> = views.iter().map(|view| view.tensor).collect();
        let op = Concat {
            axis: Axis::Channels,
        };
        let mut made = self.layer(node, op.into(), &inputs, None)?;
        made.dims.truncate(rank - 1);
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }

    pub(super) fn pad(&mut self, node: &'g Node) -> OpResult<()> {
        let view = self.plain(node, 0)?;
        match node.text("mode", "constant")? {
            "constant" => {}
            other => {
                return Problem::new(format!("attribute `mode` is `{other}`"))
                    .expected("constant")
                    .fail();
            }
        }
        self.pads_with_zero(node)?;
        let rank = view.dims.len() + 1;
        let sides = self.sides(node, rank)?;
        let [batch, channels, rows, columns] = sides;
        if batch != [0, 0] {
            return Problem::new("it pads the batch").expected("0 there").fail();
        }
        let border = [rows[0], rows[1], columns[0], columns[1]];
        let is_image = channels == [0, 0] && view.dims.len() == 3;
        let made = if [channels, rows, columns] == [[0; 2]; 3] {
            view
        } else if is_image && self.padded.can_pad(self.graph, node, border) {
            View { border, ..view }
        } else {
            let op = Pad {
                channels,
                rows,
                columns,
            };
            let mut made = self.layer(node, op.into(), &[view.tensor], None)?;
            made.dims.truncate(rank - 1);
            made
        };
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }

    fn pads_with_zero(&self, node: &'g Node) -> OpResult<()> {
        let value = match self.constant(node, 2)? {
            Some(value) if value.len() == 0 => 0.0,
            Some(value) => about("input 2 (`constant_value`)", value.scalar())?,
            None => node.float("value", 0.0)?,
        };
        if value != 0.0 {
            return Problem::new(format!("it pads with {value}"))
                .expected("0")
                .fail();
        }
        Ok(())
    }

    /// What padding adds before and after each axis: batch, channels, rows, columns.
    fn sides(&self, node: &'g Node, rank: usize) -> OpResult<[[u32; 2]; 4]> {
        let Some(pads) = self.integers(node, "pads", 1)? else {
            return Problem::new("input 1 (`pads`) is missing").fail();
        };
        let axes = match self.integers(node, "axes", 3)? {
            Some(axes) => axes
                .into_iter()
                .map(|along| axis(along, rank))
                .collect::<OpResult<Vec<usize>>>()?,
            None => (0..rank).collect(),
        };
        let wrong =
            |expected| Problem::new(format!("`pads` is {}", shortened(&pads))).expected(expected);
        if pads.len() != 2 * axes.len() {
            return wrong(format!("{} numbers, two an axis", 2 * axes.len())).fail();
        }
        let mut sides = [[0u32; 2]; 4];
        for (index, &along) in axes.iter().enumerate() {
            match [pads[index], pads[index + axes.len()]].map(u32::try_from) {
                [Ok(before), Ok(after)] if before.max(after) <= MAX_DIMENSION => {
                    sides[along] = [before, after];
                }
                _ => return wrong(format!("numbers from 0 to {MAX_DIMENSION}")).fail(),
            }
        }
        Ok(sides)
    }

    pub(super) fn slice(&mut self, node: &'g Node) -> OpResult<()> {
        let (Some(starts), Some(ends)) = (
            self.integers(node, "starts", 1)?,
            self.integers(node, "ends", 2)?,
        ) else {
            return Problem::new("starts or ends are missing").fail();
        };
        let axes = match self.integers(node, "axes", 3)? {
            Some(axes) => axes,
            None => (0..).take(starts.len()).collect(),
        };
        let steps = match self.integers(node, "steps", 4)? {
            Some(steps) => steps,
            None => vec![1; starts.len()],
        };
        if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
            return Problem::new("starts, ends, axes and steps differ in number")
                .expected("one of each for each axis")
                .fail();
        }
        if self.is_constant(node, 0) {
            return self.slice_constant(node, &starts, &ends, &steps);
        }
        let view = self.plain(node, 0)?;
        let rank = view.dims.len() + 1;
        let mut taken: [Option<Taken>; 3] = [None; 3];
        for (index, &along) in axes.iter().enumerate() {
            let bounds = [starts[index], ends[index], steps[index]];
            match axis(along, rank)? {
                0 if bounds[0] == 0 && bounds[1] >= i64::from(i32::MAX) && bounds[2] == 1 => {}
                0 => {
                    return Problem::new("it slices the batch")
                        .expected("all of it")
                        .fail();
                }
                along => taken[along - 1] = of_axis(bounds, view.dims[along - 1])?,
            }
        }
        let made = if taken == [None; 3] {
            view
        } else {
            let span = |taken: Option<Taken>| {
                taken.map(|(first, count, step)| Span { first, count, step })
            };
            let [channels, rows, columns] = taken.map(span);
            let op = Slice {
                channels,
                rows,
                columns,
            };
            let mut made = self.layer(node, op.into(), &[view.tensor], None)?;
            made.dims.truncate(rank - 1);
            made
        };
        self.set(node, 0, Value::Activation(made));
        Ok(())
    }
}

/// What `[start, end, step]` take of an axis of `size`; none if all.
fn of_axis(bounds: [i64; 3], size: u64) -> OpResult<Option<Taken>> {
    let (first, count, step) = bounded(bounds, size)?;
    if (first, count, step) == (0, size, 1) {
        return Ok(None);
    }
    let sizes = [first, count, step].map(u32::try_from);
    match sizes {
        [Ok(first), Ok(count), Ok(step)] => Ok(Some((first, count, step))),
        _ => Problem::new("it takes more than fits a network").fail(),
    }
}

/// First, count and step; ends before the front and behind the end are cut, a single value has step 1.
pub(super) fn bounded([start, end, step]: [i64; 3], size: u64) -> OpResult<(u64, u64, u64)> {
    let Ok(step) = u64::try_from(step).map(|step| step.min(u64::from(u32::MAX))) else {
        return Problem::new(format!("a step of {step}"))
            .expected("at least 1: nothing is reversed")
            .fail();
    };
    if step == 0 {
        return Problem::new("a step of 0").expected("at least 1").fail();
    }
    let signed = i64::try_from(size).unwrap_or(i64::MAX);
    let clamped = |at: i64| {
        let at = if at < 0 {
            at.saturating_add(signed)
        } else {
            at
        };
        at.clamp(0, signed).unsigned_abs()
    };
    let [first, behind] = [start, end].map(clamped);
    if first >= behind {
        return Problem::new(format!(
            "it takes {start} to {end} of {size}, which is nothing"
        ))
        .expected("at least one")
        .fail();
    }
    let count = (behind - first).div_ceil(step);
    Ok((first, count, if count == 1 { 1 } else { step }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_count_from_either_side_and_are_cut() {
        let taken = |bounds| bounded(bounds, 10).ok();
        assert_eq!(taken([0, i64::MAX, 2]), Some((0, 5, 2)));
        assert_eq!(taken([1, -1, 3]), Some((1, 3, 3)));
        assert_eq!(taken([-100, 4, 1]), Some((0, 4, 1)));
        assert_eq!(taken([-1, i64::MAX, 7]), Some((9, 1, 1)));
        assert_eq!(taken([i64::MIN, i64::MAX, i64::MAX]), Some((0, 1, 1)));
        assert_eq!(taken([4, 4, 1]), None);
        assert_eq!(taken([0, 5, 0]), None);
        assert_eq!(taken([5, 0, -1]), None);
    }
}
