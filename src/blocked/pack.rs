//! The packed format in memory: a stream of bits without gaps between operands.
//!
//! Bits go into bytes lowest first. Of each operand come the kept blocks (lowest block first), the index
//! of a dynamic window (`p - n + 1`, the lowest kept block), and the sign (1: negative). An exact
//! operand is its magnitude and its sign. What is left of the last byte is zero.
//!
//! ```text
//! lowest bit                                                                  highest bit
//! | kept blocks: n K bits | dynamic: index, ceil(log2(N - n + 1)) bits | signed: sign, 1 bit |
//! | exact: magnitude, m bits                                           | signed: sign, 1 bit |
//! ```

use super::format::{BlockFormat, Encoded, FormatError, Window};

/// Bytes that `count` operands take.
pub fn packed_bytes(format: &BlockFormat, count: usize) -> usize {
    let bits = format.bits_per_operand() as usize;
    // Eight operands are `bits` whole bytes; at no more than a byte each, nothing overflows.
    count / 8 * bits + (count % 8 * bits).div_ceil(8)
}

/// Packs values.
///
/// # Errors
/// [`FormatError::Value`] for a value that the format does not hold.
pub fn pack(format: &BlockFormat, values: &[i32]) -> Result<Vec<u8>, FormatError> {
    let bits = format.bits_per_operand();
    let mut bytes = Vec::with_capacity(packed_bytes(format, values.len()));
    let (mut pending, mut filled) = (0_u32, 0);
    for &value in values {
        pending |= word(format, format.encode(value)?) << filled;
        filled += bits;
        while filled >= 8 {
            bytes.push(pending as u8);
            pending >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        bytes.push(pending as u8);
    }
    Ok(bytes)
}

/// Unpacks `count` values, as the format kept them.
///
/// # Errors
/// [`FormatError::Short`] for too few bytes, [`FormatError::Corrupt`] for bits that no value has.
pub fn unpack(format: &BlockFormat, bytes: &[u8], count: usize) -> Result<Vec<i32>, FormatError> {
    let expected = packed_bytes(format, count);
    if bytes.len() < expected {
        return Err(FormatError::Short {
            bytes: bytes.len(),
            expected,
        });
    }
    let bits = format.bits_per_operand();
    let mut source = bytes.iter();
    let (mut pending, mut filled) = (0_u32, 0);
    let mut values = Vec::with_capacity(count);
    for index in 0..count {
        while filled < bits {
            pending |= u32::from(*source.next().unwrap_or(&0)) << filled;
            filled += 8;
        }
        let word = pending & ((1 << bits) - 1);
        pending >>= bits;
        filled -= bits;
        let encoded = from_word(format, word).ok_or(FormatError::Corrupt { index })?;
        values.push(format.decode(encoded));
    }
    Ok(values)
}

fn word(format: &BlockFormat, encoded: Encoded) -> u32 {
    let window_bits = u32::from(format.window_bits());
    let index_bits = u32::from(format.index_bits());
    let index = if index_bits > 0 {
        u32::from(encoded.top + 1 - format.kept())
    } else {
        0
    };
    u32::from(encoded.window)
        | index << window_bits
        | u32::from(encoded.negative) << (window_bits + index_bits)
}

fn from_word(format: &BlockFormat, word: u32) -> Option<Encoded> {
    let window_bits = u32::from(format.window_bits());
    let index_bits = u32::from(format.index_bits());
    let window = word & ((1 << window_bits) - 1);
    let index = (word >> window_bits) & ((1 << index_bits) - 1);
    let negative = word >> (window_bits + index_bits) & 1 == 1;
    let last = format.blocks() - 1;
    let top = match format.window() {
        _ if format.is_exact() => last,
        Window::Static { top } => top.unwrap_or(last),
        Window::Dynamic => index as u8 + format.kept() - 1,
    };
    let encoded = Encoded {
        negative,
        top,
        window: window as u8,
    };
    format.holds(encoded).then_some(encoded)
}
