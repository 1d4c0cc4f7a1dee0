//! A multiplication under a configuration as exact products of a few parts.
//!
//! The computed block products of a pair are `(u, v)`, `u` and `v` positions in the windows of activation and
//! weight. They are taken in order of `u + v`, so position `u` of the activation meets the first `c_u` positions of
//! the weight. Positions with the same `c_u` belong together: with
//!
//! * `A_g`, the sum of the activation's blocks at the positions of group `g`, in their places, with its sign, and
//! * `W_g`, the sum of the first `c_g` blocks of the weight's window, in their places, with its sign,
//!
//! the product is `sum over g of A_g * W_g`. With all products computed there is one group, and the product is that of the
//! two kept values. There are at most `min(n_a, n_w)` groups.

use crate::approx::{LayerPrecision, OperandFormat};
use crate::blocked::{BlockFormat, Encoded, ProductSet, Signedness};

/// For each group of positions, what an operand's code stands for: entry `code as u8`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts {
    /// Of the activations.
    pub(super) activations: Vec<[f32; 256]>,
    /// Of the weights.
    pub(super) weights: Vec<[f32; 256]>,
}

impl Parts {
    /// The parts of `precision`; or what about it does not fit.
    pub(super) fn of(precision: &LayerPrecision) -> Result<Parts, String> {
        let (activations, weights) = (&precision.activations, &precision.weights);
        if let (OperandFormat::Blocks(a), OperandFormat::Blocks(w)) = (activations, weights) {
            let Some(products) = &precision.products else {
                return Err("blocks without a set of products".to_owned());
            };
            products.check(a, w).map_err(|error| error.to_string())?;
            if a.bits() != 8 || w.bits() != 8 {
                return Err("operands that are not 8 bits wide".to_owned());
            }
            return Ok(blocks(a, w, products));
        }
        if precision.products.is_some() {
            return Err("a set of products for operands without blocks".to_owned());
        }
        Ok(Parts {
            activations: vec![whole(activations)?],
            weights: vec![whole(weights)?],
        })
    }

    /// The greatest magnitude of each part of the activations.
    pub(super) fn bounds(&self) -> Vec<f32> {
        let greatest = |table: &[f32; 256]| table.iter().fold(0.0f32, |max, x| max.max(x.abs()));
        self.activations.iter().map(greatest).collect()
    }
}

/// The groups of a product set: the positions of the activation, and the positions of the weight that they meet.
pub(super) fn groups(products: &ProductSet, positions: u8) -> Vec<(Vec<u8>, u8)> {
    let mut groups: Vec<(Vec<u8>, u8)> = vec![];
    for u in 0..positions {
        let met = products.iter().filter(|&(at, _)| at == u).count() as u8;
        if met == 0 {
            continue;
        }
        match groups.iter_mut().find(|(_, count)| *count == met) {
            Some((members, _)) => members.push(u),
            None => groups.push((vec![u], met)),
        }
    }
    groups
}

fn blocks(activation: &BlockFormat, weight: &BlockFormat, products: &ProductSet) -> Parts {
    let groups = groups(products, activation.kept());
    Parts {
        activations: groups
            .iter()
            .map(|(members, _)| table(activation, |u| members.contains(&u)))
            .collect(),
        weights: groups
            .iter()
            .map(|&(_, met)| table(weight, |v| v < met))
            .collect(),
    }
}

/// For every code the sum of the blocks at some positions of its window.
fn table(format: &BlockFormat, holds: impl Fn(u8) -> bool) -> [f32; 256] {
    std::array::from_fn(|code| {
        let value = operand(code as u8, format.signedness()).max(format.min_value());
        format.encode(value).map_or(0.0, |encoded| {
            let positions = (0..format.kept()).filter(|&u| holds(u));
            let magnitude: i32 = positions.map(|u| block_value(format, encoded, u)).sum();
            // f32 holds 8 bits exactly.
            magnitude as f32 * if encoded.negative { -1.0 } else { 1.0 }
        })
    })
}

/// The block at position `u` of the window in its place.
fn block_value(format: &BlockFormat, encoded: Encoded, u: u8) -> i32 {
    format.block(encoded, u) << (u32::from(encoded.top - u) * u32::from(format.block_bits()))
}

fn operand(code: u8, signedness: Signedness) -> i32 {
    match signedness {
        Signedness::Signed => i32::from(code.cast_signed()),
        Signedness::Unsigned => i32::from(code),
    }
}

/// What a code stands for in a format without choice of products.
fn whole(format: &OperandFormat) -> Result<[f32; 256], String> {
    match *format {
        OperandFormat::Blocks(format) if format.bits() == 8 => {
            Ok(format.byte_table().map(f32::from))
        }
        OperandFormat::Exact { bits, signedness } | OperandFormat::Bits { bits, signedness }
            if (1..=8).contains(&bits) =>
        {
            Ok(top_bits(bits, signedness))
        }
        OperandFormat::Blocks(_) | OperandFormat::Exact { .. } | OperandFormat::Bits { .. } => {
            Err("operands wider than the 8 bits of a value".to_owned())
        }
    }
}

/// Fixed point of `bits` bits: a value is rounded to its top bits, ties away from zero, and saturates.
fn top_bits(bits: u8, signedness: Signedness) -> [f32; 256] {
    let step = 1 << (8 - bits);
    let magnitude_bits = signedness.magnitude_bits(bits);
    let greatest = (1 << magnitude_bits) - 1;
    std::array::from_fn(|code| {
        let value = operand(code as u8, signedness).max(-127);
        let magnitude = ((value.abs() + step / 2) / step).min(greatest) * step;
        (magnitude * value.signum()) as f32
    })
}
