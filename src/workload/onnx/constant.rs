//! Constants of the file: initialisers and what is computed from them.

use std::rc::Rc;

use rten_onnx::onnx::{DataLocation, DataType, TensorProto};

use super::problem::{OpResult, Problem};
use crate::workload::MAX_TENSOR_ELEMENTS;

/// A constant with its shape, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Constant {
    pub(super) dims: Vec<usize>,
    pub(super) data: Data,
}

/// The elements of a constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    F32(Vec<f32>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    I8(Vec<i8>),
    U8(Vec<u8>),
    Bool(Vec<u8>),
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Data::F32(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::I32(values) => values.len(),
            Data::I8(values) => values.len(),
            Data::U8(values) | Data::Bool(values) => values.len(),
        }
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Data::F32(_) => "FLOAT",
            Data::I64(_) => "INT64",
            Data::I32(_) => "INT32",
            Data::I8(_) => "INT8",
            Data::U8(_) => "UINT8",
            Data::Bool(_) => "BOOL",
        }
    }
}

impl Constant {
    /// A list of integers.
    pub(super) fn list(values: Vec<i64>) -> Constant {
        Constant {
            dims: vec![values.len()],
            data: Data::I64(values),
        }
    }

    /// The constant that `tensor` holds.
    pub(super) fn decode(tensor: &TensorProto) -> OpResult<Constant> {
        if tensor.data_location == Some(DataLocation::EXTERNAL) || !tensor.external_data.is_empty()
        {
            return Problem::new("the values are in another file")
                .expected("all weights in the model's own file (save it without external data)")
                .fail();
        }
        let (dims, count) = shape(&tensor.dims)?;
        let data = elements(tensor)?;
        if data.len() != count {
            return Problem::new(format!(
                "a tensor of shape {dims:?} has {} values",
                data.len()
            ))
            .expected(format!("{count} values"))
            .fail();
        }
        Ok(Constant { dims, data })
    }

    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// The values as 32-bit floats, whatever they are.
    pub(super) fn floats(&self) -> OpResult<&[f32]> {
        match &self.data {
            Data::F32(values) => Ok(values),
            other => Problem::new(format!("the values are {}", other.type_name()))
                .expected("32-bit floats (FLOAT)")
                .fail(),
        }
    }

    /// The values as 32-bit floats, none of them NaN or infinite.
    pub(super) fn finite_floats(&self) -> OpResult<&[f32]> {
        let values = self.floats()?;
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Problem::new(format!("value {index} is {}", values[index]))
                .expected("finite numbers")
                .fail(),
            None => Ok(values),
        }
    }

    /// The values as 32-bit floats, none of them NaN or infinite, without a copy if nothing else holds them.
    pub(super) fn into_floats(constant: Rc<Constant>) -> OpResult<Vec<f32>> {
        constant.finite_floats()?;
        let data = match Rc::try_unwrap(constant) {
            Ok(constant) => constant.data,
            Err(shared) => shared.data.clone(),
        };
        match data {
            Data::F32(values) => Ok(values),
            _ => Ok(Vec::new()),
        }
    }

    /// The one value of a constant with one element.
    pub(super) fn scalar(&self) -> OpResult<f32> {
        match self.floats()? {
            [value] => Ok(*value),
            values => Problem::new(format!("{} values", values.len()))
                .expected("one value")
                .fail(),
        }
    }

    /// The values as integers.
    pub(super) fn integers(&self) -> OpResult<Vec<i64>> {
        match &self.data {
            Data::I64(values) => Ok(values.clone()),
            Data::I32(values) => Ok(values.iter().map(|&value| i64::from(value)).collect()),
            other => Problem::new(format!("the values are {}", other.type_name()))
                .expected("integers (INT64 or INT32)")
                .fail(),
        }
    }

    /// Whether it is one value that is not zero.
    pub(super) fn is_true(&self) -> bool {
        matches!(&self.data, Data::Bool(values) if values.first() == Some(&1))
    }

    /// The same values in another shape of as many elements.
    pub(super) fn with_dims(self, dims: Vec<usize>) -> OpResult<Constant> {
        if dims.iter().product::<usize>() != self.len() {
            return Problem::new(format!(
                "{} values do not fit the shape {dims:?}",
                self.len()
            ))
            .fail();
        }
        Ok(Constant { dims, ..self })
    }

    /// Its dimensions in another order: dimension `i` of the result is `order[i]` of this one.
    pub(super) fn transposed(&self, order: &[usize]) -> OpResult<Constant> {
        let rank = self.dims.len();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted != (0..rank).collect::<Vec<_>>() {
            return Problem::new(format!("{order:?} does not order {rank} dimensions")).fail();
        }
        let dims: Vec<usize> = order.iter().map(|&axis| self.dims[axis]).collect();
        let mut strides = vec![1; rank];
        for axis in (0..rank.saturating_sub(1)).rev() {
            strides[axis] = strides[axis + 1] * self.dims[axis + 1];
        }
        let source = |index: usize| {
            let mut rest = index;
            let mut at = 0;
            for (axis, &size) in order.iter().zip(&dims).rev() {
                at += rest % size * strides[*axis];
                rest /= size;
            }
            at
        };
        let data = match &self.data {
            Data::F32(values) => Data::F32((0..values.len()).map(|i| values[source(i)]).collect()),
            Data::I64(values) => Data::I64((0..values.len()).map(|i| values[source(i)]).collect()),
            Data::I32(values) => Data::I32((0..values.len()).map(|i| values[source(i)]).collect()),
            Data::I8(values) => Data::I8((0..values.len()).map(|i| values[source(i)]).collect()),
            Data::U8(values) => Data::U8((0..values.len()).map(|i| values[source(i)]).collect()),
            Data::Bool(values) => {
                Data::Bool((0..values.len()).map(|i| values[source(i)]).collect())
            }
        };
        Ok(Constant { dims, data })
    }
}

/// The dimensions with the number of elements.
fn shape(dims: &[i64]) -> OpResult<(Vec<usize>, usize)> {
    let sizes: Option<Vec<usize>> = dims.iter().map(|&dim| usize::try_from(dim).ok()).collect();
    let count = sizes.as_ref().and_then(|sizes| {
        sizes
            .iter()
            .try_fold(1usize, |product, &size| product.checked_mul(size))
            .filter(|&count| count as u64 <= MAX_TENSOR_ELEMENTS)
    });
    match (sizes, count) {
        (Some(sizes), Some(count)) => Ok((sizes, count)),
        _ => Problem::new(format!("a tensor of shape {dims:?}"))
            .expected(format!("at most {MAX_TENSOR_ELEMENTS} elements"))
            .fail(),
    }
}

fn elements(tensor: &TensorProto) -> OpResult<Data> {
    let raw = tensor.raw_data.as_ref().map(|cell| cell.borrow());
    let raw = raw.as_ref().map(|bytes| bytes.as_slice());
    let ints = &tensor.int32_data;
    Ok(match tensor.data_type {
        Some(DataType::FLOAT) => Data::F32(match raw {
            Some(raw) => numbers(raw, f32::from_le_bytes)?,
            None => tensor.float_data.clone(),
        }),
        Some(DataType::INT64) => Data::I64(match raw {
            Some(raw) => numbers(raw, i64::from_le_bytes)?,
            None => tensor.int64_data.clone(),
        }),
        Some(DataType::INT32) => Data::I32(match raw {
            Some(raw) => numbers(raw, i32::from_le_bytes)?,
            None => ints.clone(),
        }),
        Some(DataType::INT8) => Data::I8(match raw {
            Some(raw) => numbers(raw, i8::from_le_bytes)?,
            None => narrow(ints)?,
        }),
        Some(DataType::UINT8) => Data::U8(match raw {
            Some(raw) => raw.to_vec(),
            None => narrow(ints)?,
        }),
        Some(DataType::BOOL) => Data::Bool(match raw {
            Some(raw) => raw.to_vec(),
            None => narrow(ints)?,
        }),
        other => {
            let name = other.map_or("of no type".to_owned(), |data_type| data_type.to_string());
            return Problem::new(format!("the values are {name}"))
                .expected("FLOAT (32 bits); for indices INT64 or INT32; for quantised values INT8, UINT8 or INT32")
                .fail();
        }
    })
}

fn numbers<const N: usize, T>(raw: &[u8], number: fn([u8; N]) -> T) -> OpResult<Vec<T>> {
    let (chunks, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        return Problem::new(format!("{} bytes are no whole number of values", raw.len()))
            .expected(format!("{N} bytes a value"))
            .fail();
    }
    Ok(chunks.iter().map(|&chunk| number(chunk)).collect())
}

fn narrow<T: TryFrom<i32>>(values: &[i32]) -> OpResult<Vec<T>> {
    values
        .iter()
        .map(|&value| {
            T::try_from(value).map_err(|_| {
                Problem::new(format!("the value {value} does not fit its type")).into()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::problem::Failure;
    use super::*;

    fn said(outcome: OpResult<Constant>) -> String {
        match outcome.expect_err("refused") {
            Failure::Said(problem) | Failure::Unsupported(problem) => {
                format!("{} ({})", problem.message, problem.note)
            }
            Failure::Silent => "nothing".to_owned(),
        }
    }

    fn tensor(data_type: DataType, dims: &[i64], raw: Option<&[u8]>) -> TensorProto {
        TensorProto {
            dims: dims.to_vec(),
            data_type: Some(data_type),
            raw_data: raw.map(|bytes| RefCell::new(bytes.to_vec())),
            ..TensorProto::default()
        }
    }

    #[test]
    fn values_are_raw_bytes_or_typed_lists() {
        let raw = tensor(DataType::INT8, &[2, 1], Some(&[0xff, 3]));
        let constant = Constant::decode(&raw).expect("two values");
        assert_eq!(
            (constant.dims, constant.data),
            (vec![2, 1], Data::I8(vec![-1, 3]))
        );
        let typed = TensorProto {
            int32_data: vec![255],
            ..tensor(DataType::UINT8, &[], None)
        };
        assert_eq!(
            Constant::decode(&typed).expect("one").data,
            Data::U8(vec![255])
        );
        let float = tensor(DataType::FLOAT, &[1], Some(&1.5f32.to_le_bytes()));
        assert_eq!(
            Constant::decode(&float)
                .expect("one")
                .scalar()
                .expect("one"),
            1.5
        );
    }

    #[test]
    fn what_is_no_constant() {
        let case = |data_type, dims: &[i64], raw: &[u8]| {
            said(Constant::decode(&tensor(data_type, dims, Some(raw))))
        };
        assert_eq!(
            case(DataType::FLOAT, &[2], &[0; 4]),
            "a tensor of shape [2] has 1 values (expected 2 values)"
        );
        assert_eq!(
            case(DataType::FLOAT, &[1], &[0; 5]),
            "5 bytes are no whole number of values (expected 4 bytes a value)"
        );
        assert!(case(DataType::FLOAT, &[-1], &[]).starts_with("a tensor of shape [-1]"));
        assert!(case(DataType::FLOAT, &[1 << 40, 1 << 40], &[]).starts_with("a tensor of shape"));
        assert!(case(DataType::FLOAT16, &[1], &[0; 2]).starts_with("the values are FLOAT16"));
        let typed = TensorProto {
            int32_data: vec![300],
            ..tensor(DataType::UINT8, &[1], None)
        };
        assert!(said(Constant::decode(&typed)).starts_with("the value 300 does not fit"));
        let outside = TensorProto {
            data_location: Some(DataLocation::EXTERNAL),
            ..tensor(DataType::FLOAT, &[1], None)
        };
        assert!(said(Constant::decode(&outside)).starts_with("the values are in another file"));
    }

    #[test]
    fn dimensions_change_places() {
        let constant = Constant {
            dims: vec![2, 3, 1],
            data: Data::I64(vec![1, 2, 3, 4, 5, 6]),
        };
        let turned = constant.transposed(&[1, 2, 0]).expect("an order");
        assert_eq!(
            (turned.dims, turned.data),
            (vec![3, 1, 2], Data::I64(vec![1, 4, 2, 5, 3, 6]))
        );
        assert!(constant.transposed(&[0, 1]).is_err());
        assert!(constant.transposed(&[0, 0, 1]).is_err());
    }
}
