//! Quantise and dequantise: weights become floats again, pairs on activations become ranges.

use super::constant::{Constant, Data};
use super::node::Node;
use super::problem::{OpResult, Problem, about};
use super::translate::Translator;
use super::value::{Codes, Value};
use crate::blocked::Signedness;
use crate::workload::ValueRange;
use crate::workload::op::Activation;

/// Scales and zero points, one for all values or one for each index of an axis.
struct Scales {
    scale: Vec<f32>,
    /// As many.
    zero: Vec<i32>,
    least: i32,
    greatest: i32,
}

impl<'g> Translator<'g> {
    pub(super) fn quantise(&mut self, node: &'g Node) -> OpResult<()> {
        let scales = self.scales(node)?;
        let made = match self.value(node, 0)? {
            Value::Constant(constant) => {
                let axis = node.int("axis", 1)?;
                return self.set_constant(node, scales.quantised(&constant, axis)?);
            }
            Value::Activation(view) => Value::Quantised(view, scales.codes()?),
            Value::Quantised(..) | Value::Unknown => {
                return Problem::new("input 0 is quantised already")
                    .expected("floats")
                    .fail();
            }
        };
        self.set(node, 0, made);
        Ok(())
    }

    pub(super) fn dequantise(&mut self, node: &'g Node) -> OpResult<()> {
        let scales = self.scales(node)?;
        match self.value(node, 0)? {
            Value::Constant(constant) => {
                let axis = node.int("axis", 1)?;
                let made = scales.dequantised(&constant, axis)?;
                self.set_constant(node, made)
            }
            Value::Quantised(mut view, codes) => {
                let own = scales.codes()?;
                // A zero point left out has no type of its own.
                let same = (own.scale, own.zero) == (codes.scale, codes.zero);
                if !same {
                    return Problem::new(
                        "scale or zero point differ from those of the QuantizeLinear before",
                    )
                    .expected("the same in both")
                    .fail();
                }
                // Codes end at zero: the pair itself does what a Relu before it would have done.
                if codes.zero == codes.least {
                    if view.tensor == 0 {
                        self.tensors[0].signedness = Signedness::Unsigned;
                    } else {
                        view = self.activate(node, view, Activation::Relu)?;
                    }
                }
                let range = ValueRange {
                    low: (codes.least - codes.zero) as f32 * codes.scale,
                    high: (codes.greatest - codes.zero) as f32 * codes.scale,
                };
                let known = &mut self.tensors[view.tensor].range;
                // Two pairs behind each other leave what both let through.
                *known = Some(known.map_or(range, |known| ValueRange {
                    low: known.low.max(range.low),
                    high: known.high.min(range.high),
                }));
                self.set(node, 0, Value::Activation(view));
                Ok(())
            }
            Value::Activation(_) | Value::Unknown => Problem::new("input 0 is not quantised")
                .expected("the output of a QuantizeLinear, or a constant")
                .fail(),
        }
    }

    fn scales(&self, node: &Node) -> OpResult<Scales> {
        node.only("block_size", 0)?;
        let scale = self.needed(node, 1)?;
        let scale = about("scale", scale.finite_floats())?.to_vec();
        if let Some(bad) = scale.iter().find(|&&scale| scale <= 0.0) {
            return Problem::new(format!("a scale of {bad}"))
                .expected("more than 0")
                .fail();
        }
        let zero = self.constant(node, 2)?;
        let (zero, [least, greatest]) = match zero.as_deref().map(|constant| &constant.data) {
            None => (vec![0; scale.len()], [0, 255]),
            Some(Data::U8(values)) => (values.iter().map(|&v| i32::from(v)).collect(), [0, 255]),
            Some(Data::I8(values)) => (values.iter().map(|&v| i32::from(v)).collect(), [-128, 127]),
            Some(Data::I32(values)) => (values.clone(), [i32::MIN, i32::MAX]),
            Some(other) => {
                return Problem::new(format!("the zero point is {}", other.type_name()))
                    .expected("INT8 or UINT8; INT32 for a bias")
                    .fail();
            }
        };
        if zero.len() != scale.len() {
            return Problem::new(format!(
                "{} scales and {} zero points",
                scale.len(),
                zero.len()
            ))
            .expected("as many of both")
            .fail();
        }
        Ok(Scales {
            scale,
            zero,
            least,
            greatest,
        })
    }
}

impl Scales {
    /// Of an activation.
    fn codes(&self) -> OpResult<Codes> {
        match (&self.scale[..], &self.zero[..]) {
            (&[scale], &[zero]) if self.greatest <= 255 => Ok(Codes {
                scale,
                zero,
                least: self.least,
                greatest: self.greatest,
            }),
            _ => Problem::new("an activation with several scales, or with more than 8 bits")
                .expected("one scale and 8 bits (UINT8 or INT8) for each activation")
                .fail(),
        }
    }

    /// Which scale belongs to element `index` of a constant.
    fn index(&self, constant: &Constant, axis: i64) -> OpResult<impl Fn(usize) -> usize + use<>> {
        let count = self.scale.len();
        let rank = constant.dims.len();
        let from_front = if axis < 0 {
            axis.saturating_add(rank as i64)
        } else {
            axis
        };
        let axis = usize::try_from(from_front).unwrap_or(usize::MAX);
        let size = constant.dims.get(axis).copied();
        if count != 1 && size != Some(count) {
            return Problem::new(format!(
                "{count} scales for axis {from_front} of {:?}",
                constant.dims
            ))
            .expected("one scale, or one for each index of the axis")
            .fail();
        }
        let inner: usize = constant.dims.iter().skip(axis.saturating_add(1)).product();
        Ok(move |element: usize| match count {
            1 => 0,
            count => element / inner.max(1) % count,
        })
    }

    fn dequantised(&self, constant: &Constant, axis: i64) -> OpResult<Constant> {
        let scale_of = self.index(constant, axis)?;
        let value = |element: usize, code: i32| {
            let index = scale_of(element);
            let steps = i64::from(code) - i64::from(self.zero[index]);
            // Both factors are exact in 64 bits, so that the product is rounded once.
            (steps as f64 * f64::from(self.scale[index])) as f32
        };
        let values = match &constant.data {
            Data::I8(codes) => with_index(codes, |i, &code| value(i, i32::from(code))),
            Data::U8(codes) => with_index(codes, |i, &code| value(i, i32::from(code))),
            Data::I32(codes) => with_index(codes, |i, &code| value(i, code)),
            other => {
                return Problem::new(format!("the codes are {}", other.type_name()))
                    .expected("INT8 or UINT8; INT32 for a bias")
                    .fail();
            }
        };
        Ok(Constant {
            dims: constant.dims.clone(),
            data: Data::F32(values),
        })
    }

    fn quantised(&self, constant: &Constant, axis: i64) -> OpResult<Constant> {
        let scale_of = self.index(constant, axis)?;
        let codes: Vec<i32> = constant
            .finite_floats()?
            .iter()
            .enumerate()
            .map(|(element, &value)| {
                let index = scale_of(element);
                let steps = f64::from((value / self.scale[index]).round_ties_even());
                let code = steps + f64::from(self.zero[index]);
                code.clamp(f64::from(self.least), f64::from(self.greatest)) as i32
            })
            .collect();
        Ok(Constant {
            dims: constant.dims.clone(),
            data: Data::I32(codes),
        })
    }
}

fn with_index<T>(codes: &[T], value: impl Fn(usize, &T) -> f32) -> Vec<f32> {
    codes
        .iter()
        .enumerate()
        .map(|(i, code)| value(i, code))
        .collect()
}
