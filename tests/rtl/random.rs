//! Random formats and values.

use axbxp::blocked::{BlockFormat, Rounding, Signedness, Window};

use super::support::Random;

impl Random {
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
