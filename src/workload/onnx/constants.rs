//! Operators on constants, as exporters put them around a Reshape.

use super::constant::{Constant, Data};
use super::data_movement::bounded;
use super::node::Node;
use super::problem::{OpResult, Problem};
use super::translate::Translator;
use super::value::Value;

/// Most elements of a list that is computed here; shapes have a handful.
const MAX_LIST: usize = 256;

/// Numbers of element types in `onnx.proto`.
const FLOAT: i64 = 1;
const INT32: i64 = 6;
const INT64: i64 = 7;

impl<'g> Translator<'g> {
    /// A constant that is written into the node.
    pub(super) fn literal(&mut self, node: &'g Node) -> OpResult<()> {
        let constant = if let Some(tensor) = node.tensor("value") {
            Constant::decode(tensor)?
        } else if let Some(values) = node.floats("value_floats").filter(|v| !v.is_empty()) {
            Constant {
                dims: vec![values.len()],
                data: Data::F32(values.to_vec()),
            }
        } else if let Some(values) = node.ints("value_ints").filter(|v| !v.is_empty()) {
            Constant::list(values.to_vec())
        } else if node.has("value_float") {
            Constant {
                dims: Vec::new(),
                data: Data::F32(vec![node.float("value_float", 0.0)?]),
            }
        } else if node.has("value_int") {
            Constant {
                dims: Vec::new(),
                data: Data::I64(vec![node.int("value_int", 0)?]),
            }
        } else {
            return Problem::new("it has no value that is read")
                .expected("value, value_float, value_floats, value_int or value_ints")
                .fail();
        };
        self.set_constant(node, constant)
    }

    /// The shape of an activation; a batch that the file leaves open is 1.
    pub(super) fn shape_of(&mut self, node: &'g Node) -> OpResult<()> {
        if node.has("start") || node.has("end") {
            return Problem::new("it takes a part of the shape (`start`, `end`)")
                .expected("the whole shape")
                .fail();
        }
        let dims = match self.value(node, 0)? {
            Value::Constant(constant) => constant.dims.iter().map(|&size| size as u64).collect(),
            Value::Activation(view) | Value::Quantised(view, _) => {
                let batch = self.graph.input.batch.unwrap_or(1);
                [&[batch], &view.dims[..]].concat()
            }
            Value::Unknown => Vec::new(),
        };
        let sizes = dims
            .into_iter()
            .map(|size| i64::try_from(size).unwrap_or(i64::MAX));
        self.set_constant(node, Constant::list(sizes.collect()))
    }

    /// Elements of a list by their indices.
    pub(super) fn gather(&mut self, node: &'g Node) -> OpResult<()> {
        let list = self.list(node)?;
        node.only("axis", 0)?;
        let indices = self.needed(node, 1)?;
        short(indices.len())?;
        let count = list.len() as i64;
        let picked: Option<Vec<i64>> = indices
            .integers()?
            .into_iter()
            .map(|index| {
                if index < 0 {
                    index.saturating_add(count)
                } else {
                    index
                }
            })
            .map(|index| list.get(usize::try_from(index).ok()?).copied())
            .collect();
        let Some(picked) = picked else {
            return Problem::new(format!("an index beyond the {count} elements")).fail();
        };
        let made = Constant {
            dims: indices.dims.clone(),
            data: Data::I64(picked),
        };
        self.set_constant(node, made)
    }

    pub(super) fn cast(&mut self, node: &'g Node) -> OpResult<()> {
        let target = node.int("to", 0)?;
        let value = self.value(node, 0)?;
        let stays = match &value {
            Value::Constant(constant) => match constant.data {
                Data::F32(_) => target == FLOAT,
                Data::I64(_) | Data::I32(_) => matches!(target, INT32 | INT64),
                _ => false,
            },
            Value::Activation(_) => target == FLOAT,
            _ => false,
        };
        if !stays {
            return Problem::new(format!(
                "it changes the type of the values (to type {target})"
            ))
            .expected("a cast that changes nothing")
            .fail();
        }
        self.set(node, 0, value);
        Ok(())
    }

    pub(super) fn concat_constants(&mut self, node: &'g Node) -> OpResult<()> {
        node.only("axis", 0)?;
        let mut all = Vec::new();
        for index in 0..node.inputs.len() {
            all.extend(self.needed(node, index)?.integers()?);
            short(all.len())?;
        }
        self.set_constant(node, Constant::list(all))
    }

    pub(super) fn slice_constant(
        &mut self,
        node: &'g Node,
        starts: &[i64],
        ends: &[i64],
        steps: &[i64],
    ) -> OpResult<()> {
        let list = self.list(node)?;
        let (&[start], &[end], &[step]) = (starts, ends, steps) else {
            return Problem::new("a constant is cut along several axes")
                .expected("a list and one axis")
                .fail();
        };
        let (first, count, step) = bounded([start, end, step], list.len() as u64)?;
        let taken = list
            .iter()
            .skip(first as usize)
            .step_by(step as usize)
            .take(count as usize);
        let made = Constant::list(taken.copied().collect());
        self.set_constant(node, made)
    }

    /// Input 0 as a list of integers.
    fn list(&self, node: &Node) -> OpResult<Vec<i64>> {
        let constant = self.needed(node, 0)?;
        match constant.dims.len() {
            1 => constant.integers(),
            rank => Problem::new(format!("a constant of {rank} dimensions"))
                .expected("a list of integers")
                .fail(),
        }
    }
}

fn short(count: usize) -> OpResult<()> {
    match count <= MAX_LIST {
        true => Ok(()),
        false => Problem::new(format!("it makes a list of {count} elements"))
            .expected(format!("at most {MAX_LIST}: the shape of a tensor"))
            .fail(),
    }
}
