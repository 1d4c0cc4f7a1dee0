//! Operators that change how a tensor is read, or nothing at all.

use super::constant::Constant;
use super::node::{Node, shortened};
use super::problem::{OpResult, Problem};
use super::translate::Translator;
use super::value::{Value, View};

impl<'g> Translator<'g> {
    pub(super) fn identity(&mut self, node: &'g Node) -> OpResult<()> {
        let value = self.value(node, 0)?;
        self.set(node, 0, value);
        Ok(())
    }

    /// Does nothing outside training.
    pub(super) fn dropout(&mut self, node: &'g Node) -> OpResult<()> {
        if self
            .constant(node, 2)?
            .is_some_and(|training| training.is_true())
        {
            return Problem::new("it is in training mode")
                .expected("a model exported for inference")
                .fail();
        }
        if let Some(mask) = node
            .output(1)
            .filter(|name| self.graph.uses.contains_key(*name))
        {
            return Problem::new(format!("its mask `{mask}` is used"))
                .expected("only its first output")
                .fail();
        }
        self.identity(node)
    }

    pub(super) fn flatten(&mut self, node: &'g Node) -> OpResult<()> {
        let view = self.activation(node, 0)?;
        let rank = view.dims.len() as i64 + 1;
        match node.int("axis", 1)? {
            axis if axis == 1 || axis == 1 - rank => {
                let dims = vec![elements(&view.dims)];
                self.set(node, 0, Value::Activation(View { dims, ..view }));
                Ok(())
            }
            axis => Problem::new(format!("attribute `axis` is {axis}"))
                .expected("1: everything but the batch becomes one vector")
                .fail(),
        }
    }

    pub(super) fn reshape(&mut self, node: &'g Node) -> OpResult<()> {
        node.only("allowzero", 0)?;
        let Some(target) = self.integers(node, "shape", 1)? else {
            return Problem::new("input 1 (`shape`) is missing").fail();
        };
        if self.is_constant(node, 0) {
            let constant = self.needed(node, 0)?;
            let from: Vec<u64> = constant.dims.iter().map(|&size| size as u64).collect();
            let dims = resolved(&target, &from, constant.len() as u64)?;
            return self.reshaped(node, &constant, dims);
        }
        let view = self.activation(node, 0)?;
        let shown = || format!("it reshapes to {}", shortened(&target));
        let batch = self.graph.input.batch;
        let keeps_batch = match target.first() {
            Some(0 | -1) => true,
            Some(&size) => u64::try_from(size).is_ok_and(|size| size == batch.unwrap_or(1)),
            None => false,
        };
        if !keeps_batch {
            return Problem::new(shown())
                .expected("the batch to stay the first dimension")
                .fail();
        }
        // A dimension that is copied is one of the input's; behind a free batch the rest is spelled out.
        let rest = &target[1..];
        let dims = resolved(rest, &view.dims, elements(&view.dims))?;
        self.set(node, 0, Value::Activation(View { dims, ..view }));
        Ok(())
    }

    pub(super) fn squeeze(&mut self, node: &'g Node) -> OpResult<()> {
        let axes = self.integers(node, "axes", 1)?;
        let squeezed = |dims: &[u64], front: usize| -> OpResult<Vec<u64>> {
            let Some(axes) = &axes else {
                return Ok(dims.iter().copied().filter(|&size| size != 1).collect());
            };
            let axes = positions(axes, dims.len() + front)?;
            let gone = |index: &usize| axes.contains(&(index + front));
            let kept = (0..dims.len()).filter(|index| !gone(index));
            let kept = kept.map(|index| dims[index]).collect();
            match axes
                .iter()
                .all(|&axis| axis >= front && dims[axis - front] == 1)
            {
                true => Ok(kept),
                false => Problem::new(format!("it removes the axes {axes:?}"))
                    .expected("axes of size 1 behind the batch")
                    .fail(),
            }
        };
        if self.is_constant(node, 0) {
            let constant = self.needed(node, 0)?;
            let from: Vec<u64> = constant.dims.iter().map(|&size| size as u64).collect();
            let dims = squeezed(&from, 0)?;
            return self.reshaped(node, &constant, dims);
        }
        let view = self.activation(node, 0)?;
        let dims = squeezed(&view.dims, 1)?;
        self.set(node, 0, Value::Activation(View { dims, ..view }));
        Ok(())
    }

    pub(super) fn unsqueeze(&mut self, node: &'g Node) -> OpResult<()> {
        let Some(axes) = self.integers(node, "axes", 1)? else {
            return Problem::new("axes are missing").fail();
        };
        let grown = |dims: &[u64], front: usize| -> OpResult<Vec<u64>> {
            let axes = positions(&axes, dims.len() + front + axes.len())?;
            if axes.iter().any(|&axis| axis < front) {
                return Problem::new("it puts an axis in front of the batch")
                    .expected("axes behind the batch")
                    .fail();
            }
            let mut old = dims.iter();
            let all = front..dims.len() + front + axes.len();
            let size = |axis: usize| match axes.contains(&axis) {
                true => 1,
                false => old.next().copied().unwrap_or(1),
            };
            Ok(all.map(size).collect())
        };
        if self.is_constant(node, 0) {
            let constant = self.needed(node, 0)?;
            let from: Vec<u64> = constant.dims.iter().map(|&size| size as u64).collect();
            let dims = grown(&from, 0)?;
            return self.reshaped(node, &constant, dims);
        }
        let view = self.activation(node, 0)?;
        let dims = grown(&view.dims, 1)?;
        self.set(node, 0, Value::Activation(View { dims, ..view }));
        Ok(())
    }

    /// Only where nothing moves: the dimensions larger than 1 stay in their order.
    pub(super) fn transpose(&mut self, node: &'g Node) -> OpResult<()> {
        let value = self.value(node, 0)?;
        let rank = match &value {
            Value::Constant(constant) => constant.dims.len(),
            Value::Activation(view) | Value::Quantised(view, _) => view.dims.len() + 1,
            Value::Unknown => 0,
        };
        let order = match node.ints("perm") {
            Some(order) => positions(order, rank)?,
            None => (0..rank).rev().collect(),
        };
        let made = match value {
            Value::Constant(constant) => {
                return self.set_constant(node, constant.transposed(&order)?);
            }
            Value::Activation(view) => Value::Activation(turned(view, &order)?),
            Value::Quantised(view, codes) => Value::Quantised(turned(view, &order)?, codes),
            Value::Unknown => value,
        };
        self.set(node, 0, made);
        Ok(())
    }

    fn reshaped(&mut self, node: &'g Node, constant: &Constant, dims: Vec<u64>) -> OpResult<()> {
        let dims = dims.into_iter().map(|size| size as usize).collect();
        let made = constant.clone().with_dims(dims)?;
        self.set_constant(node, made)
    }
}

fn elements(dims: &[u64]) -> u64 {
    dims.iter()
        .fold(1, |product, &size| product.saturating_mul(size))
}

/// The view with its dimensions (the batch is 0) in another order.
fn turned(view: View, order: &[usize]) -> OpResult<View> {
    let refuse = || {
        Problem::new(format!("it reorders [batch, {:?}] as {order:?}", view.dims))
            .expected("an order in which no dimension larger than 1 passes another")
            .fail()
    };
    if order.len() != view.dims.len() + 1 || order.first() != Some(&0) {
        return refuse();
    }
    let behind: Vec<usize> = order[1..].iter().map(|axis| axis - 1).collect();
    let dims: Vec<u64> = behind.iter().map(|&axis| view.dims[axis]).collect();
    if view.channels_last {
        // The network's tensor has its channels first whatever the file calls them.
        return match behind[..] {
            [2, 0, 1] => Ok(View {
                dims,
                channels_last: false,
                ..view
            }),
            _ => refuse(),
        };
    }
    let large: Vec<usize> = behind
        .iter()
        .copied()
        .filter(|&axis| view.dims[axis] != 1)
        .collect();
    match large.is_sorted() {
        true => Ok(View { dims, ..view }),
        false => refuse(),
    }
}

/// Axes counted from the front, each once.
fn positions(axes: &[i64], rank: usize) -> OpResult<Vec<usize>> {
    let rank_signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let found: Vec<usize> = axes
        .iter()
        .map(|&axis| {
            if axis < 0 {
                axis.saturating_add(rank_signed)
            } else {
                axis
            }
        })
        .filter_map(|axis| usize::try_from(axis).ok())
        .filter(|&axis| axis < rank)
        .collect();
    let mut sorted = found.clone();
    sorted.sort_unstable();
    sorted.dedup();
    match sorted.len() == axes.len() {
        true => Ok(found),
        false => Problem::new(format!("the axes {} of {rank} dimensions", shortened(axes)))
            .expected("axes that exist, each once")
            .fail(),
    }
}

/// The shape that `target` asks for: 0 copies a dimension, one -1 is what is left.
fn resolved(target: &[i64], from: &[u64], elements: u64) -> OpResult<Vec<u64>> {
    let wrong = || {
        Problem::new(format!(
            "{from:?} does not reshape to {}",
            shortened(target)
        ))
        .expected(format!("{elements} elements"))
        .fail()
    };
    let mut dims = Vec::with_capacity(target.len());
    let mut open = None;
    for (index, &size) in target.iter().enumerate() {
        let size = match (size, from.get(index)) {
            (0, Some(&size)) => size,
            (-1, _) if open.is_none() => {
                open = Some(index);
                1
            }
            (size, _) => match u64::try_from(size) {
                Ok(size) if size > 0 => size,
                _ => return wrong(),
            },
        };
        dims.push(size);
    }
    let known = self::elements(&dims);
    if let Some(index) = open {
        if known == 0 || !elements.is_multiple_of(known) {
            return wrong();
        }
        dims[index] = elements / known;
    }
    match self::elements(&dims) == elements {
        true => Ok(dims),
        false => wrong(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reshapes_copy_and_infer() {
        let shape = |target: &[i64]| resolved(target, &[4, 2, 3], 24).ok();
        assert_eq!(shape(&[-1]), Some(vec![24]));
        assert_eq!(shape(&[0, -1]), Some(vec![4, 6]));
        assert_eq!(shape(&[2, 0, 6]), Some(vec![2, 2, 6]));
        assert_eq!(shape(&[5, -1]), None);
        assert_eq!(shape(&[-1, -1]), None);
        assert_eq!(shape(&[25]), None);
        assert_eq!(shape(&[i64::MAX, i64::MAX]), None);
    }

    #[test]
    fn only_ones_move() {
        let view = |dims: &[u64], channels_last| View {
            tensor: 0,
            dims: dims.to_vec(),
            exclusive: true,
            channels_last,
            border: [0; 4],
        };
        let dims = |view: View, order: &[usize]| turned(view, order).ok().map(|view| view.dims);
        assert_eq!(
            dims(view(&[8, 1, 1], false), &[0, 2, 3, 1]),
            Some(vec![1, 1, 8])
        );
        assert_eq!(dims(view(&[8, 2, 1], false), &[0, 2, 3, 1]), None);
        assert_eq!(dims(view(&[8, 1, 1], false), &[1, 0, 2, 3]), None);
        assert_eq!(
            dims(view(&[5, 6, 3], true), &[0, 3, 1, 2]),
            Some(vec![3, 5, 6])
        );
        assert_eq!(dims(view(&[5, 6, 3], true), &[0, 1, 2, 3]), None);
    }
}
