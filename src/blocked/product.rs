//! Which block products are computed, and the product composed of them.

use super::format::{BlockFormat, Encoded, FormatError, MAX_BITS};

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
    /// [`FormatError::Kept`] for numbers of blocks that no operand keeps, [`FormatError::Products`] for no
    /// product or more than there are.
    pub fn new(kept_activation: u8, kept_weight: u8, computed: u32) -> Result<Self, FormatError> {
        for kept in [kept_activation, kept_weight] {
            if !(1..=MAX_BITS).contains(&kept) {
                let blocks = MAX_BITS;
                return Err(FormatError::Kept { kept, blocks });
            }
        }
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

    /// All products. The numbers of blocks are those of two formats ([`BlockFormat::kept`]), 1 to 8.
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
        let activation = u16::from(self.kept_activation);
        let weight = u16::from(self.kept_weight);
        (0..(activation + weight).saturating_sub(1)).flat_map(move |sum| {
            let first = (sum + 1).saturating_sub(weight);
            (first..activation.min(sum + 1)).map(move |u| (u as u8, (sum - u) as u8))
        })
    }

    /// Whether the set is made for operands of these formats.
    ///
    /// # Errors
    /// [`FormatError::BlockBitsDiffer`] for formats that no multiplier takes together,
    /// [`FormatError::OtherProducts`] for a set made for other numbers of kept blocks.
    pub fn check(&self, activation: &BlockFormat, weight: &BlockFormat) -> Result<(), FormatError> {
        if activation.block_bits() != weight.block_bits() {
            return Err(FormatError::BlockBitsDiffer {
                activation: activation.block_bits(),
                weight: weight.block_bits(),
            });
        }
        let kept = (activation.kept(), weight.kept());
        if kept != (self.kept_activation, self.kept_weight) {
            return Err(FormatError::OtherProducts {
                set_activation: self.kept_activation,
                set_weight: self.kept_weight,
                activation: kept.0,
                weight: kept.1,
            });
        }
        Ok(())
    }

    /// The computed products `(u, v)`, most significant first.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u8)> + use<> {
        self.candidates_in_order().take(self.computed as usize)
    }
}

/// The product of two encoded operands, composed of the computed block products, in 32 bits.
///
/// The encodings must be of their formats and the set made for them ([`ProductSet::check`]); anything else is
/// a programming error, caught in debug builds.
pub fn multiply(
    (activation_format, activation): (&BlockFormat, Encoded),
    (weight_format, weight): (&BlockFormat, Encoded),
    products: &ProductSet,
) -> i32 {
    debug_assert_eq!(products.check(activation_format, weight_format), Ok(()));
    debug_assert!(activation_format.holds(activation) && weight_format.holds(weight));
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
