//! The format of one operand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Widest operand in bits.
pub(super) const MAX_BITS: u8 = 8;

/// Whether an operand has a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signedness {
    /// Sign and magnitude, symmetric: `|x| <= 2^(b-1) - 1`.
    Signed,
    /// Magnitude only: `0 <= x <= 2^b - 1`.
    Unsigned,
}

impl Signedness {
    /// Bits of the magnitude, `m`, of an operand of `bits` bits.
    pub fn magnitude_bits(self, bits: u8) -> u8 {
        match self {
            Signedness::Signed => bits.saturating_sub(1),
            Signedness::Unsigned => bits,
        }
    }

    /// Blocks of `block_bits` bits in that magnitude, `N`.
    pub fn blocks(self, bits: u8, block_bits: u8) -> u8 {
        self.magnitude_bits(bits).div_ceil(block_bits.max(1))
    }
}

/// How the window of kept blocks is chosen. In RON: `dynamic`, `static()`, `static(top: 2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Window {
    /// The same window for a whole tensor.
    Static {
        /// Its top block; the operand's top block if not given.
        #[serde(default)]
        top: Option<u8>,
    },
    /// For each value, the window under its leading non-zero block.
    Dynamic,
}

/// What happens to the bits below the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// They are dropped.
    Truncate,
    /// The nearest kept value, ties away from zero. A carry out of the window moves a dynamic window up;
    /// at the top, and in a static window, it saturates.
    Nearest,
}

/// A format that does not exist, or a value that a format does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Operand width.
    #[error("operands of {0} bits: expected 2 to {MAX_BITS}")]
    Bits(u8),
    /// Block width.
    #[error("blocks of {0} bits: expected 1 to {MAX_BITS}")]
    BlockBits(u8),
    /// Kept blocks.
    #[error("{kept} blocks kept of {blocks}: expected 1 to {blocks}")]
    Kept {
        /// Blocks asked for.
        kept: u8,
        /// Blocks of the operand.
        blocks: u8,
    },
    /// Top block of a static window.
    #[error("static window with top block {top}: expected {} to {}", kept.saturating_sub(1), blocks.saturating_sub(1))]
    Top {
        /// Top block asked for.
        top: u8,
        /// Blocks kept.
        kept: u8,
        /// Blocks of the operand.
        blocks: u8,
    },
    /// A value out of range.
    #[error("the value {value} is outside {low} to {high}")]
    Value {
        /// The value.
        value: i32,
        /// Least value.
        low: i32,
        /// Greatest value.
        high: i32,
    },
    /// Products.
    #[error("{computed} products of {candidates}: expected 1 to {candidates}")]
    Products {
        /// Products asked for.
        computed: u32,
        /// Products of kept blocks.
        candidates: u32,
    },
    /// Operands of different block widths: the block multipliers are made for one.
    #[error(
        "activation blocks of {activation} bits and weight blocks of {weight}: expected the same width"
    )]
    BlockBitsDiffer {
        /// Block width of the activation.
        activation: u8,
        /// Block width of the weight.
        weight: u8,
    },
    /// A product set made for other numbers of kept blocks than the operands have.
    #[error(
        "products of {set_activation} x {set_weight} blocks, but the operands keep {activation} x {weight}: \
         expected the same"
    )]
    OtherProducts {
        /// Blocks of the activation that the set is made for.
        set_activation: u8,
        /// Blocks of the weight that the set is made for.
        set_weight: u8,
        /// Blocks the activation keeps.
        activation: u8,
        /// Blocks the weight keeps.
        weight: u8,
    },
    /// Packed bits that no value has.
    #[error("operand {index} of the packed data is no value of the format")]
    Corrupt {
        /// Which operand.
        index: usize,
    },
    /// Packed bytes that are too few.
    #[error("packed data of {bytes} bytes: expected at least {expected}")]
    Short {
        /// Bytes there.
        bytes: usize,
        /// Bytes that the operands take.
        expected: usize,
    },
}

/// The format of an operand; only formats that exist can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct BlockFormat {
    bits: u8,
    signedness: Signedness,
    block_bits: u8,
    kept: u8,
    window: Window,
    rounding: Rounding,
}

/// A value in a format: its sign and the blocks of its window. It means something only together with the
/// format that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Encoded {
    /// The value is negative.
    pub negative: bool,
    /// Top block of the window, `p`.
    pub top: u8,
    /// The kept blocks as one number, the lowest kept block in its lowest bits.
    pub window: u8,
}

impl BlockFormat {
    /// Operands of `bits` bits in blocks of `block_bits`, `kept` of which are kept.
    ///
    /// # Errors
    /// [`FormatError`] naming what is out of its range.
    pub fn new(
        bits: u8,
        signedness: Signedness,
        block_bits: u8,
        kept: u8,
        window: Window,
        rounding: Rounding,
    ) -> Result<Self, FormatError> {
        if !(2..=MAX_BITS).contains(&bits) {
            return Err(FormatError::Bits(bits));
        }
        if !(1..=MAX_BITS).contains(&block_bits) {
            return Err(FormatError::BlockBits(block_bits));
        }
        let format = BlockFormat {
            bits,
            signedness,
            block_bits,
            kept,
            window,
            rounding,
        };
        let blocks = format.blocks();
        if !(1..=blocks).contains(&kept) {
            return Err(FormatError::Kept { kept, blocks });
        }
        if let Window::Static { top: Some(top) } = window
            && !(kept - 1..blocks).contains(&top)
        {
            return Err(FormatError::Top { top, kept, blocks });
        }
        Ok(format)
    }

    /// The format that keeps every block.
    ///
    /// # Errors
    /// [`FormatError`] for widths out of range.
    pub fn exact(bits: u8, signedness: Signedness, block_bits: u8) -> Result<Self, FormatError> {
        let one = Self::new(
            bits,
            signedness,
            block_bits,
            1,
            Window::Dynamic,
            Rounding::Truncate,
        )?;
        Ok(BlockFormat {
            kept: one.blocks(),
            ..one
        })
    }

    /// Operand width `b`.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether there is a sign.
    pub fn signedness(&self) -> Signedness {
        self.signedness
    }

    /// Block width `K`.
    pub fn block_bits(&self) -> u8 {
        self.block_bits
    }

    /// Blocks kept, `n`.
    pub fn kept(&self) -> u8 {
        self.kept
    }

    /// How the window is chosen.
    pub fn window(&self) -> Window {
        self.window
    }

    /// What happens below the window.
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// Bits of the magnitude, `m`.
    pub fn magnitude_bits(&self) -> u8 {
        self.signedness.magnitude_bits(self.bits)
    }

    /// Blocks of the magnitude, `N`.
    pub fn blocks(&self) -> u8 {
        self.signedness.blocks(self.bits, self.block_bits)
    }

    /// Whether every block is kept.
    pub fn is_exact(&self) -> bool {
        self.kept == self.blocks()
    }

    /// Greatest magnitude of the operand.
    pub fn max_magnitude(&self) -> i32 {
        (1 << self.magnitude_bits()) - 1
    }

    /// Least value of the operand.
    pub fn min_value(&self) -> i32 {
        match self.signedness {
            Signedness::Signed => -self.max_magnitude(),
            Signedness::Unsigned => 0,
        }
    }

    fn sign_bits(&self) -> u8 {
        u8::from(self.signedness == Signedness::Signed)
    }

    /// Bits of the index that tells a dynamic window's place; none in other formats.
    pub fn index_bits(&self) -> u8 {
        if self.is_exact() || self.window != Window::Dynamic {
            return 0;
        }
        let places = u32::from(self.blocks() - self.kept) + 1;
        places.next_power_of_two().trailing_zeros() as u8
    }

    /// Bits of the kept blocks in memory.
    pub(super) fn window_bits(&self) -> u8 {
        if self.is_exact() {
            self.magnitude_bits()
        } else {
            self.kept * self.block_bits
        }
    }

    /// Bits one operand takes in memory: sign, kept blocks and index; `b` when exact.
    ///
    /// ```
    /// use axbxp::blocked::{BlockFormat, Rounding, Signedness, Window};
    /// let format = BlockFormat::new(8, Signedness::Signed, 4, 1, Window::Dynamic, Rounding::Truncate)?;
    /// assert_eq!(format.bits_per_operand(), 1 + 4 + 1);
    /// # Ok::<(), axbxp::blocked::FormatError>(())
    /// ```
    pub fn bits_per_operand(&self) -> u32 {
        u32::from(self.sign_bits() + self.window_bits() + self.index_bits())
    }

    /// Bits below a window with top block `top`.
    pub(super) fn shift(&self, top: u8) -> u32 {
        u32::from(top + 1 - self.kept) * u32::from(self.block_bits)
    }

    /// Greatest number that the kept blocks hold in a window with top block `top`.
    pub(super) fn max_window(&self, top: u8) -> i32 {
        let blocks = (1 << (u32::from(self.kept) * u32::from(self.block_bits))) - 1;
        blocks.min(self.max_magnitude() >> self.shift(top))
    }

    /// Top block of the window for a magnitude.
    fn top(&self, magnitude: i32) -> u8 {
        let last = self.blocks() - 1;
        match self.window {
            _ if self.is_exact() => last,
            Window::Static { top } => top.unwrap_or(last),
            Window::Dynamic => {
                let significant = 32 - magnitude.leading_zeros();
                let leading = significant.saturating_sub(1) / u32::from(self.block_bits);
                (leading as u8).max(self.kept - 1)
            }
        }
    }

    /// The value in this format.
    ///
    /// # Errors
    /// [`FormatError::Value`] for a value that the operand can not have.
    pub fn encode(&self, value: i32) -> Result<Encoded, FormatError> {
        let (low, high) = (self.min_value(), self.max_magnitude());
        if !(low..=high).contains(&value) {
            return Err(FormatError::Value { value, low, high });
        }
        Ok(self.encode_in_range(value))
    }

    fn encode_in_range(&self, value: i32) -> Encoded {
        let magnitude = value.abs();
        let mut top = self.top(magnitude);
        let shift = self.shift(top);
        let half = match self.rounding {
            Rounding::Nearest if shift > 0 => 1 << (shift - 1),
            _ => 0,
        };
        let mut window = (magnitude + half) >> shift;
        if window > self.max_window(top) {
            // A carry out of a dynamic window leaves zeros behind: one block up loses nothing.
            if self.window == Window::Dynamic && top + 1 < self.blocks() {
                top += 1;
                window >>= self.block_bits;
            } else {
                window = self.max_window(top);
            }
        }
        Encoded {
            negative: value < 0 && window > 0,
            top,
            window: window as u8,
        }
    }

    /// Whether `encoded` is an encoding of this format: a place its window can have, blocks that fit, a
    /// sign only if there is one. A negative zero is allowed (it is zero), though encoding never makes one.
    pub fn holds(&self, encoded: Encoded) -> bool {
        let last = self.blocks() - 1;
        let (lowest, highest) = match self.window {
            _ if self.is_exact() => (last, last),
            Window::Static { top } => (top.unwrap_or(last), top.unwrap_or(last)),
            Window::Dynamic => (self.kept - 1, last),
        };
        (lowest..=highest).contains(&encoded.top)
            && i32::from(encoded.window) <= self.max_window(encoded.top)
            && !(encoded.negative && self.signedness == Signedness::Unsigned)
    }

    /// The value that an encoding stands for. It must be of this format ([`BlockFormat::holds`]), as what
    /// [`BlockFormat::encode`] makes is; another one is a programming error, caught in debug builds.
    pub fn decode(&self, encoded: Encoded) -> i32 {
        debug_assert!(self.holds(encoded), "{encoded:?} is not of {self:?}");
        let magnitude = i32::from(encoded.window) << self.shift(encoded.top);
        if encoded.negative {
            -magnitude
        } else {
            magnitude
        }
    }

    /// The value as the format keeps it: encoded and decoded.
    ///
    /// # Errors
    /// As [`BlockFormat::encode`].
    pub fn approximate(&self, value: i32) -> Result<i32, FormatError> {
        Ok(self.decode(self.encode(value)?))
    }

    /// [`BlockFormat::approximate`] of every value from the least on, in order: `2^b` entries for unsigned
    /// operands, `2^b - 1` for signed ones.
    pub fn table(&self) -> Vec<i32> {
        (self.min_value()..=self.max_magnitude())
            .map(|value| self.decode(self.encode_in_range(value)))
            .collect()
    }

    /// [`BlockFormat::approximate`] of every byte, for look-up: entry `x as u8` holds the value kept of `x`,
    /// bytes being two's complement for signed operands. Bytes that are no operand (-128, and what does
    /// not fit fewer than 8 bits) first saturate to the nearest operand.
    ///
    /// ```
    /// use axbxp::blocked::{BlockFormat, Rounding, Signedness, Window};
    /// let format = BlockFormat::new(8, Signedness::Signed, 4, 1, Window::Dynamic, Rounding::Truncate)?;
    /// assert_eq!(format.byte_table()[usize::from(-93_i8 as u8)], -80);
    /// # Ok::<(), axbxp::blocked::FormatError>(())
    /// ```
    pub fn byte_table(&self) -> [i16; 256] {
        std::array::from_fn(|index| {
            let byte = index as u8;
            let value = match self.signedness {
                Signedness::Signed => i32::from(byte.cast_signed()),
                Signedness::Unsigned => i32::from(byte),
            };
            let operand = value.clamp(self.min_value(), self.max_magnitude());
            self.decode(self.encode_in_range(operand)) as i16
        })
    }

    /// The block at position `position` of an encoding's window, counted from the top; positions are below
    /// [`BlockFormat::kept`].
    pub fn block(&self, encoded: Encoded, position: u8) -> i32 {
        let from_bottom = u32::from(self.kept - 1 - position) * u32::from(self.block_bits);
        (i32::from(encoded.window) >> from_bottom) & ((1 << self.block_bits) - 1)
    }
}
