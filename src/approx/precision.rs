//! What a configuration comes to for one layer.

use crate::arch::{MacRate, MacWork, OperatingPoint, PeKind, WindowUse};
use crate::blocked::{BlockFormat, ProductSet, Signedness};

/// Formats of one layer on one PE kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerPrecision {
    /// Format of the activations; of a product of two activations, the first.
    pub activations: OperandFormat,
    /// Format of the weights; of a product of two activations, the second.
    pub weights: OperandFormat,
    /// The block products computed: on `ax_bxp` always, elsewhere never.
    pub products: Option<ProductSet>,
    /// How the windows of the operands that drop blocks are chosen.
    pub windows: WindowUse,
}

/// Format of one operand in memory and in the array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperandFormat {
    /// All bits of the PE (`fxp`, `bit_serial`, `bit_fusion`).
    Exact {
        /// Operand width b.
        bits: u8,
        /// Whether one of them is a sign.
        signedness: Signedness,
    },
    /// Fixed point of fewer bits (`bit_serial`, `bit_fusion`).
    Bits {
        /// Operand width b.
        bits: u8,
        /// Whether one of them is a sign.
        signedness: Signedness,
    },
    /// Blocks (`ax_bxp`); exact if it keeps all of them.
    Blocks(BlockFormat),
}

impl LayerPrecision {
    /// The multiplication asked of the PE, in plain numbers.
    pub fn work(&self) -> MacWork {
        MacWork {
            activation_bits: self.activations.value_bits(),
            weight_bits: self.weights.value_bits(),
            products: self.products.as_ref().map_or(1, ProductSet::computed),
        }
    }

    /// The rate of one PE of kind `pe` for this layer.
    pub fn rate(&self, pe: &PeKind) -> MacRate {
        pe.rate(self.work())
    }

    /// What one PE of kind `pe` does in this layer, as the energy model asks for it.
    pub fn operating_point(&self, pe: &PeKind) -> OperatingPoint {
        let work = self.work();
        OperatingPoint {
            rate: pe.rate(work),
            products: work.products,
            windows: self.windows,
            activation_bits: self.activations.bits_per_operand(),
            weight_bits: self.weights.bits_per_operand(),
        }
    }

    /// Whether every product is the full-precision one.
    pub fn is_exact(&self) -> bool {
        self.activations.is_exact()
            && self.weights.is_exact()
            && self
                .products
                .as_ref()
                .is_none_or(|set| set.computed() == set.candidates())
    }
}

impl OperandFormat {
    /// Bits one operand takes in memory, in the buffers and on its way through the array.
    pub fn bits_per_operand(&self) -> u32 {
        match self {
            OperandFormat::Exact { bits, .. } | OperandFormat::Bits { bits, .. } => {
                u32::from(*bits)
            }
            OperandFormat::Blocks(format) => format.bits_per_operand(),
        }
    }

    /// Whether the operand keeps all bits of full precision.
    pub fn is_exact(&self) -> bool {
        match self {
            OperandFormat::Exact { .. } => true,
            OperandFormat::Bits { .. } => false,
            OperandFormat::Blocks(format) => format.is_exact(),
        }
    }

    /// Bits b of the value before blocks are dropped.
    fn value_bits(&self) -> u8 {
        match self {
            OperandFormat::Exact { bits, .. } | OperandFormat::Bits { bits, .. } => *bits,
            OperandFormat::Blocks(_) => crate::arch::FULL_PRECISION_BITS,
        }
    }
}
