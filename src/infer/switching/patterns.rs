//! What multipliers see of operands, as bits.

use crate::approx::{LayerPrecision, OperandFormat};
use crate::blocked::BlockFormat;
use crate::infer::parts::{Parts, groups};
use crate::infer::quantised::value;

/// A pattern of bits for each code.
type Table = [u8; 256];

/// The magnitudes of operands under a precision, as multipliers see them.
///
/// Positions of the activation's window that meet the same positions of the weight's belong together (see `parts`): the
/// partial products that are computed are, for each group, all bits of one pattern times all bits of the other.
#[derive(Debug, Clone)]
pub(super) struct Magnitudes {
    groups: Vec<(Table, Table)>,
}

/// A pair of operands: their codes, which are what a multiplier of two's complement sees, or patterns for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pair {
    pub(super) activation: u8,
    pub(super) weight: u8,
}

impl Pair {
    /// Partial products that are 1 in one of two pairs, 0 in the other.
    pub(super) fn toggles(self, other: Pair) -> u32 {
        let ones = |activation: u8, weight: u8| activation.count_ones() * weight.count_ones();
        let both = ones(
            self.activation & other.activation,
            self.weight & other.weight,
        );
        ones(self.activation, self.weight) + ones(other.activation, other.weight) - 2 * both
    }

    /// Bits that differ between two pairs.
    pub(super) fn bit_toggles(self, other: Pair) -> u32 {
        (self.activation ^ other.activation).count_ones()
            + (self.weight ^ other.weight).count_ones()
    }

    fn is_product(self) -> bool {
        self.activation != 0 && self.weight != 0
    }
}

impl Magnitudes {
    /// Under a precision of which a layer's kernel has been made; or what about it does not fit.
    pub(super) fn of(precision: &LayerPrecision) -> Result<Magnitudes, String> {
        let (activations, weights) = (&precision.activations, &precision.weights);
        let groups = match (activations, weights, &precision.products) {
            (OperandFormat::Blocks(a), OperandFormat::Blocks(w), Some(products)) => {
                let groups = groups(products, a.kept()).into_iter();
                groups
                    .map(|(positions, met)| {
                        (
                            table(a, |position| positions.contains(&position)),
                            table(w, |position| position < met),
                        )
                    })
                    .collect()
            }
            _ => {
                let parts = Parts::of(precision)?;
                let magnitude = |table: &[f32; 256]| table.map(|value| value.abs() as u8);
                let operands = parts.activations.iter().zip(&parts.weights);
                operands
                    .map(|(a, w)| (magnitude(a), magnitude(w)))
                    .collect()
            }
        };
        Ok(Magnitudes { groups })
    }

    /// Partial products, of those that are computed, that differ between two MACs, and whether one of them has a product
    /// that is not zero. The operands are given by their codes.
    pub(super) fn compare(&self, before: Pair, now: Pair) -> (u32, bool) {
        let (mut toggles, mut changes) = (0, false);
        for (activations, weights) in &self.groups {
            let seen = |codes: Pair| Pair {
                activation: activations[usize::from(codes.activation)],
                weight: weights[usize::from(codes.weight)],
            };
            let (before, now) = (seen(before), seen(now));
            toggles += now.toggles(before);
            // The block products of a MAC have one sign: they do not cancel.
            changes |= before.is_product() || now.is_product();
        }
        (toggles, changes)
    }
}

/// For every code the bits of its window at the positions that are wanted, counted from the top.
fn table(format: &BlockFormat, wanted: impl Fn(u8) -> bool) -> Table {
    let (bits, kept) = (u32::from(format.block_bits()), format.kept());
    let block = (1u32 << bits) - 1;
    let mask = (0..kept)
        .filter(|&position| wanted(position))
        .fold(0, |mask, position| {
            mask | block << (u32::from(kept - 1 - position) * bits)
        });
    std::array::from_fn(|code| {
        // -128 is no code.
        let code = value(code as u8, format.signedness()).max(format.min_value());
        let window = format.encode(code).map_or(0, |encoded| encoded.window);
        window & mask as u8
    })
}
