//! Reproducible random numbers.

use axbxp::blocked::{BlockFormat, Rounding, Signedness, Window};

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn range(&mut self, low: usize, high: usize) -> usize {
        low + (self.bits() % (high - low + 1) as u64) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.range(1, n) == 1
    }

    /// A format of blocks of `block_bits`.
    pub fn format(&mut self, block_bits: u8) -> BlockFormat {
        let bits = if self.one_in(4) { self.range(2, 8) } else { 8 } as u8;
        let signedness = [Signedness::Signed, Signedness::Unsigned][self.range(0, 1)];
        let exact = BlockFormat::exact(bits, signedness, block_bits).unwrap();
        let kept = self.range(1, exact.blocks().into()) as u8;
        let window = if self.one_in(2) {
            Window::Dynamic
        } else {
            let top = self.range(usize::from(kept) - 1, usize::from(exact.blocks()) - 1);
            Window::Static {
                top: (!self.one_in(4)).then_some(top as u8),
            }
        };
        let rounding = [Rounding::Truncate, Rounding::Nearest][self.range(0, 1)];
        BlockFormat::new(bits, signedness, block_bits, kept, window, rounding).unwrap()
    }

    /// A value of a format: large, small, and at the ends.
    pub fn value(&mut self, format: &BlockFormat) -> i32 {
        let (low, high) = (format.min_value(), format.max_magnitude());
        match self.range(0, 9) {
            0 => low,
            1 => high,
            2 => 0,
            3 => (self.range(0, 15) as i32).min(high),
            _ => low + self.range(0, (high - low) as usize) as i32,
        }
    }
}
