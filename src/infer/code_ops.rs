//! What is not a convolution, on codes.

use super::float_ops::windows;
use super::plan::PoolGeometry;
use super::quantised::{Addition, AveragePool, value};
use super::requantise::CodeRange;
use crate::blocked::Signedness;

/// The greatest code of each window, mapped.
pub(super) fn max_pool(
    pool: &PoolGeometry,
    signedness: Signedness,
    table: &[u8; 256],
    input: &[u8],
    output: &mut [u8],
) {
    let (flip, least) = match signedness {
        // Two's complement is in order once its sign is flipped.
        Signedness::Signed => (0x80, 0),
        Signedness::Unsigned => (0, 0),
    };
    let channels = pool.input.channels;
    windows(pool, output, |rows, columns, _, out| {
        out.fill(least);
        for row in rows {
            for column in columns.clone() {
                let at = (row * pool.input.width + column) * channels;
                for (out, &code) in out.iter_mut().zip(&input[at..][..channels]) {
                    *out = (*out).max(code ^ flip);
                }
            }
        }
        for out in out {
            *out = table[usize::from(*out ^ flip)];
        }
    });
}

/// The mean of each window.
pub(super) fn average_pool(
    layer: &AveragePool,
    input: &[u8],
    sums: &mut Vec<i32>,
    output: &mut [u8],
) {
    let pool = &layer.pool;
    let channels = pool.input.channels;
    windows(pool, output, |rows, columns, counted, out| {
        sums.clear();
        sums.resize(channels, 0);
        for row in rows {
            for column in columns.clone() {
                let at = (row * pool.input.width + column) * channels;
                for (sum, &code) in sums.iter_mut().zip(&input[at..][..channels]) {
                    // At most 2^28 values of 8 bits: beyond 32 bits it wraps, as the adder would.
                    *sum = sum.wrapping_add(value(code, layer.signedness));
                }
            }
        }
        let found = layer.scalers.iter().find(|(count, _)| *count == counted);
        let factor = found.map_or(0.0, |(_, scaler)| scaler.factor());
        for (out, &sum) in out.iter_mut().zip(&*sums) {
            *out = layer.range.code(f64::from(sum) * factor);
        }
    });
}

/// The sum of two tensors.
pub(super) fn add(layer: &Addition, a: &[u8], b: &[u8], output: &mut [u8]) {
    use Signedness::{Signed, Unsigned};
    let arch = pulp::Arch::new();
    match layer.signedness {
        [Signed, Signed] => arch.dispatch(Adding::<true, true>(layer, a, b, output)),
        [Signed, Unsigned] => arch.dispatch(Adding::<true, false>(layer, a, b, output)),
        [Unsigned, Signed] => arch.dispatch(Adding::<false, true>(layer, a, b, output)),
        [Unsigned, Unsigned] => arch.dispatch(Adding::<false, false>(layer, a, b, output)),
    }
}

struct Adding<'a, const A: bool, const B: bool>(&'a Addition, &'a [u8], &'a [u8], &'a mut [u8]);

impl<const A: bool, const B: bool> pulp::NullaryFnOnce for Adding<'_, A, B> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Adding(layer, a, b, output) = self;
        let ([first, second], shift) = (layer.multipliers, layer.shift & 31);
        let half = if shift == 0 { 0 } else { 1 << (shift - 1) };
        let CodeRange { low, high } = layer.range;
        for ((out, &a), &b) in output.iter_mut().zip(a).zip(b) {
            let a = signed_if(A, a);
            let b = signed_if(B, b);
            // Two products of 8 and 16 bits, and a half of at most 2^29.
            let sum = a * first + b * second;
            let rounded = (sum.abs() + half) >> shift;
            let rounded = if sum < 0 { -rounded } else { rounded };
            *out = rounded.clamp(low, high) as u8;
        }
    }
}

#[inline(always)]
fn signed_if(signed: bool, code: u8) -> i32 {
    if signed {
        i32::from(code.cast_signed())
    } else {
        i32::from(code)
    }
}
