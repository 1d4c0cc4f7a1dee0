//! What a PE can do with a layer.

use crate::approx::{LayerFormats, OperandSpec};
use crate::arch::FULL_PRECISION_BITS;
use crate::blocked::{Rounding, Signedness, Window};

/// Signedness of the operands of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerOperands {
    /// Of the activations.
    pub activations: Signedness,
    /// Of the weights.
    pub weights: Signedness,
}

impl LayerOperands {
    /// Blocks N of the activations and of the weights.
    fn blocks(self, block_bits: u8) -> [u8; 2] {
        [self.activations, self.weights]
            .map(|signedness| signedness.blocks(FULL_PRECISION_BITS, block_bits))
    }
}

/// Windows and roundings an operand that drops blocks can have.
const STYLES: [(Window, Rounding); 4] = [
    (Window::Dynamic, Rounding::Truncate),
    (Window::Dynamic, Rounding::Nearest),
    (Window::Static { top: None }, Rounding::Truncate),
    (Window::Static { top: None }, Rounding::Nearest),
];

/// Every choice of kept blocks, windows, roundings and products that each of `layers` has on PEs of
/// `block_bits`-bit blocks; the exact one first. With `apart`, window and rounding of the two operands are chosen
/// apart; else both have the same. An operand that keeps all blocks has no window and no rounding, so no two options
/// are the same by definition. Where signed and unsigned operands have different numbers of blocks (K = 1 and 7), the
/// smaller one bounds what is offered.
pub fn options(block_bits: u8, layers: &[LayerOperands], apart: bool) -> Vec<LayerFormats> {
    let least = layers
        .iter()
        .map(|layer| layer.blocks(block_bits))
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]);
    let [activation_blocks, weight_blocks] = least.unwrap_or([1, 1]);
    enumerate(activation_blocks, weight_blocks, apart)
}

fn enumerate(activation_blocks: u8, weight_blocks: u8, apart: bool) -> Vec<LayerFormats> {
    let mut found = Vec::new();
    for keep_a in (1..=activation_blocks).rev() {
        for keep_w in (1..=weight_blocks).rev() {
            for (activations, weights) in
                styles((keep_a, activation_blocks), (keep_w, weight_blocks), apart)
            {
                let all = u32::from(keep_a) * u32::from(keep_w);
                found.extend((1..=all).rev().map(|products| LayerFormats {
                    activations,
                    weights,
                    products: (products < all).then_some(products),
                }));
            }
        }
    }
    found
}

/// The pairs of formats for kept blocks of all blocks.
fn styles(a: (u8, u8), w: (u8, u8), apart: bool) -> Vec<(OperandSpec, OperandSpec)> {
    let spec = |(keep, blocks): (u8, u8), (window, rounding): (Window, Rounding)| {
        if keep == blocks {
            OperandSpec::Exact
        } else {
            OperandSpec::Blocks {
                keep,
                window,
                rounding,
            }
        }
    };
    let mut found = Vec::new();
    for style_a in STYLES {
        for style_w in STYLES {
            let pair = (spec(a, style_a), spec(w, style_w));
            let allowed = apart || style_a == style_w;
            if allowed && !found.contains(&pair) {
                found.push(pair);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELU: LayerOperands = LayerOperands {
        activations: Signedness::Unsigned,
        weights: Signedness::Signed,
    };

    #[test]
    fn the_numbers_are_those_counted_by_hand() {
        // K = 4, N = 2: (2,2) has 4 products and no style; (2,1) and (1,2) 2 products, (1,1) one.
        assert_eq!(options(4, &[RELU], false).len(), 4 + (2 + 2 + 1) * 4);
        // Apart: (1,1) has 16 pairs of styles, the others 4.
        assert_eq!(options(4, &[RELU], true).len(), 4 + (2 + 2) * 4 + 16);
        // K = 2, N = 4: of the 100 = (1+2+3+4)^2 products 16 without a style.
        assert_eq!(options(2, &[RELU], false).len(), 16 + 84 * 4);
        // 16 + 2 * (4 * 6) * 4 + 36 * 16.
        assert_eq!(options(2, &[RELU], true).len(), 16 + 192 + 576);
        assert_eq!(
            options(8, &[RELU], true),
            [super::super::configuration::EXACT]
        );
    }

    #[test]
    fn no_option_comes_twice_and_coarser_spaces_are_inside_finer_ones() {
        for block_bits in 2..=8 {
            let apart = options(block_bits, &[RELU], true);
            for (index, option) in apart.iter().enumerate() {
                assert!(!apart[..index].contains(option), "{option:?}");
            }
            let together = options(block_bits, &[RELU], false);
            assert!(together.iter().all(|option| apart.contains(option)));
        }
    }

    #[test]
    fn a_signed_and_an_unsigned_layer_share_what_both_have() {
        let signed = LayerOperands {
            activations: Signedness::Signed,
            weights: Signedness::Signed,
        };
        // K = 1: 7 and 8 blocks.
        let shared = options(1, &[signed, RELU], false);
        assert_eq!(shared, options(1, &[signed], false));
    }
}
