//! Which block products are computed, and the product composed of them.

use super::format::{BlockFormat, Encoded, FormatError};

/// The `L` most significant of the `n_a * n_w` products of kept blocks: in order of `u + v`, positions
/// counted from the top of each window, the smaller `u` first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductSet {
    kept_activation: u8,
    kept_weight: u8,
    computed: u32,
}

impl ProductSet {
    /// `computed` products of `kept_activation x kept_weight` blocks.
    ///
    /// # Errors
    /// [`FormatError::Products`] for none or more than there are.
    pub fn new(kept_activation: u8, kept_weight: u8, computed: u32) -> Result<Self, FormatError> {
        let set = ProductSet {
            kept_activation,
            kept_weight,
            computed,
        };
        let candidates = set.candidates();
        if !(1..=candidates).contains(&computed) {
            return Err(FormatError::Products {
                computed,
                candidates,
            });
        }
        Ok(set)
    }

    /// All products.
    pub fn all(kept_activation: u8, kept_weight: u8) -> Self {
        let computed = u32::from(kept_activation) * u32::from(kept_weight);
        ProductSet {
            kept_activation,
            kept_weight,
            computed,
        }
    }

    /// Products computed, `L`.
    pub fn computed(&self) -> u32 {
        self.computed
    }

    /// Products of kept blocks, `n_a * n_w`.
    pub fn candidates(&self) -> u32 {
        u32::from(self.kept_activation) * u32::from(self.kept_weight)
    }

    /// Products left out.
    pub fn left_out(&self) -> u32 {
        self.candidates() - self.computed
    }

    /// Whether every product is computed: the product is that of the two kept values.
    pub fn is_full(&self) -> bool {
        self.left_out() == 0
    }

    /// All candidates `(u, v)` in order of significance; the first [`ProductSet::computed`] are computed.
    pub fn candidates_in_order(&self) -> impl Iterator<Item = (u8, u8)> + use<> {
        let (activation, weight) = (self.kept_activation, self.kept_weight);
        (0..activation + weight - 1).flat_map(move |sum| {
            let first = (sum + 1).saturating_sub(weight);
            (first..=sum.min(activation - 1)).map(move |u| (u, sum - u))
        })
    }

    /// The computed products `(u, v)`, most significant first.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u8)> + use<> {
        self.candidates_in_order().take(self.computed as usize)
    }
}

/// The product of two encoded operands, composed of the computed block products, in 32 bits.
pub fn multiply(
    (activation_format, activation): (&BlockFormat, Encoded),
    (weight_format, weight): (&BlockFormat, Encoded),
    products: &ProductSet,
) -> i32 {
    let magnitude: i32 = products
        .iter()
        .map(|(u, v)| {
            let blocks = activation_format.block(activation, u) * weight_format.block(weight, v);
            blocks << product_shift(activation_format, activation, u, weight, v)
        })
        .sum();
    if activation.negative == weight.negative {
        magnitude
    } else {
        -magnitude
    }
}

/// Bits by which the product of two blocks is shifted: `(i + j) K` for blocks `i` and `j`.
pub(super) fn product_shift(
    format: &BlockFormat,
    activation: Encoded,
    u: u8,
    weight: Encoded,
    v: u8,
) -> u32 {
    u32::from(activation.top - u + weight.top - v) * u32::from(format.block_bits())
}
