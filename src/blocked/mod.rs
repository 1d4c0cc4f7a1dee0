//! Blocked fixed-point arithmetic: number formats, choice of blocks, block products, packing. Pure
//! functions on integers; nothing here knows the hardware.
//!
//! The idea is that of Ax-BxP (Elangovan, Jain, Raghunathan, arXiv 2011.13000): operands are cut into
//! blocks of `K` bits, and of the block-wise products of a multiplication only some are computed. The
//! exact definitions below are this project's own; where they say "adopted" in the documentation, the
//! paper is the inspiration and not the authority.
//!
//! * An operand has `b` bits and is signed (sign and magnitude, symmetric) or unsigned; its magnitude has
//!   `m = b - 1` or `m = b` bits and `N = ceil(m / K)` blocks, block `i` being bits `[iK, min(m, iK + K))`.
//! * It keeps a window of `n` contiguous blocks `p - n + 1 ..= p`. A static window has one `p` for a whole
//!   tensor; a larger value saturates. A dynamic window follows the leading non-zero block of each value.
//! * What lies below the window is truncated or rounded to nearest, ties away from zero.
//! * Of the `n_a * n_w` products of kept blocks, `L` are computed, most significant first.
//! * `n = N` on both sides with all products is exact.

mod explain;
mod format;
pub mod pack;
mod product;
#[cfg(test)]
mod tests;

pub use explain::{Explanation, OperandExplanation, Term, explain};
pub use format::{BlockFormat, Encoded, FormatError, Rounding, Signedness, Window};
pub use product::{ProductSet, multiply};
