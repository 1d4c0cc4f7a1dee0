//! Formats of every width, and products of every `L`, against oracles that share no code with the module: sets
//! of numbers that have the right blocks, found by trying all numbers, and sums written down from the definition.

use crate::blocked::*;

/// What a format is made of, for the oracles' own use.
#[derive(Debug, Clone, Copy)]
struct Case {
    bits: u8,
    signed: bool,
    k: u32,
    kept: u32,
    window: Window,
    rounding: Rounding,
}

impl Case {
    fn magnitude_bits(self) -> u32 {
        u32::from(self.bits) - u32::from(self.signed)
    }

    fn blocks(self) -> u32 {
        (0..self.magnitude_bits())
            .filter(|bit| bit % self.k == 0)
            .count() as u32
    }

    fn format(self) -> BlockFormat {
        let signedness = if self.signed {
            Signedness::Signed
        } else {
            Signedness::Unsigned
        };
        let (k, kept) = (self.k as u8, self.kept as u8);
        BlockFormat::new(self.bits, signedness, k, kept, self.window, self.rounding).unwrap()
    }

    /// All magnitudes whose non-zero blocks lie inside one of the windows allowed, in order.
    fn representable(self) -> Vec<i32> {
        let last = self.blocks() - 1;
        let tops = match self.window {
            Window::Static { top } => {
                let top = top.map_or(last, u32::from);
                top..=top
            }
            Window::Dynamic => self.kept - 1..=last,
        };
        (0..1_i32 << self.magnitude_bits())
            .filter(|magnitude| {
                tops.clone().any(|top| {
                    (0..=last)
                        .filter(|&block| block > top || block + self.kept <= top)
                        .all(|block| magnitude >> (block * self.k) & ((1 << self.k) - 1) == 0)
                })
            })
            .collect()
    }
}

/// Every format of 2 to 8 bits.
fn all_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 2..=8 {
        for signed in [true, false] {
            for k in 1..=8 {
                let whole = Case {
                    bits,
                    signed,
                    k,
                    kept: 1,
                    window: Window::Dynamic,
                    rounding: Rounding::Truncate,
                };
                for kept in 1..=whole.blocks() {
                    let tops = (kept - 1..whole.blocks()).map(|top| Some(top as u8));
                    let statics = tops.chain([None]).map(|top| Window::Static { top });
                    for window in statics.chain([Window::Dynamic]) {
                        for rounding in [Rounding::Truncate, Rounding::Nearest] {
                            cases.push(Case {
                                kept,
                                window,
                                rounding,
                                ..whole
                            });
                        }
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn the_kept_value_is_the_right_one_of_all_that_could_be_kept() {
    let mut checked = 0;
    for case in all_cases() {
        let format = case.format();
        let representable = case.representable();
        assert_eq!(u32::from(format.blocks()), case.blocks());
        for value in format.min_value()..=format.max_magnitude() {
            let magnitude = value.abs();
            let above = representable.partition_point(|&r| r <= magnitude);
            let below = representable[above - 1];
            let expected = match (case.rounding, representable.get(above)) {
                (Rounding::Nearest, Some(&next)) if next - magnitude <= magnitude - below => next,
                _ => below,
            };
            let kept = format.approximate(value).unwrap();
            assert_eq!(kept, expected * value.signum(), "{case:?} {value}");
            checked += 1;
        }
    }
    assert!(checked > 100_000, "only {checked} values checked");
}

#[test]
fn the_largest_errors_of_truncation_are_the_closed_forms() {
    let truncating = |case: &Case| case.rounding == Rounding::Truncate;
    for case in all_cases().into_iter().filter(truncating) {
        let format = case.format();
        let dropped = (case.blocks() - case.kept) * case.k;
        let errors = (1..=format.max_magnitude()).map(|x| (x - format.approximate(x).unwrap(), x));
        match case.window {
            Window::Static { top: None } => {
                let worst = errors.map(|(error, _)| error).max();
                assert_eq!(worst, Some((1 << dropped) - 1), "{case:?}");
            }
            Window::Static { .. } => {}
            Window::Dynamic => {
                // A leading block of 1 and ones in all that is dropped, in the highest window.
                let error = (1 << dropped) - 1;
                let value = (1 << (dropped + (case.kept - 1) * case.k)) + error;
                let worst = errors.max_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1))).unwrap();
                assert_eq!(worst.0 * value, error * worst.1, "{case:?}: {worst:?}");
            }
        }
    }
}

#[test]
fn no_format_takes_more_bits_than_the_exact_one() {
    for case in all_cases() {
        let (format, most) = (case.format(), u32::from(case.bits));
        let bits = format.bits_per_operand();
        assert!(bits <= most, "{case:?}: {bits}");
        // Without an index, leaving blocks out always saves bits.
        let saves = !format.is_exact() && case.window != Window::Dynamic;
        assert!(bits < most || !saves, "{case:?}: {bits}");
    }
}

/// `P` as the definition has it, from the kept magnitudes and their windows' top blocks.
fn composed(k: u32, a: (i32, u32, u32), w: (i32, u32, u32), computed: usize) -> i32 {
    let ((a, a_top, a_kept), (w, w_top, w_kept)) = (a, w);
    let block = |magnitude: i32, index: u32| magnitude / (1 << (k * index)) % (1 << k);
    let mut pairs: Vec<(u32, u32)> = (0..a_kept)
        .flat_map(|u| (0..w_kept).map(move |v| (u, v)))
        .collect();
    pairs.sort_by_key(|&(u, v)| (u + v, u));
    pairs[..computed]
        .iter()
        .map(|&(u, v)| {
            let (i, j) = (a_top - u, w_top - v);
            block(a, i) * block(w, j) * (1 << ((i + j) * k))
        })
        .sum()
}

#[test]
fn every_count_of_products_composes_as_defined() {
    for (k, a_kept, w_kept) in [(4, 2, 1), (4, 2, 2), (2, 3, 2), (3, 2, 3), (2, 4, 4)] {
        let dynamic = |bits, signed, kept, rounding| Case {
            bits,
            signed,
            k,
            kept,
            window: Window::Dynamic,
            rounding,
        };
        let a = dynamic(8, false, a_kept, Rounding::Nearest).format();
        let w = dynamic(8, true, w_kept, Rounding::Truncate).format();
        // The window of a kept value is under its leading non-zero block.
        let parts = |format: &BlockFormat, value: i32, kept: u32| {
            let magnitude = format.approximate(value).unwrap().abs();
            let leading = (0..8).rev().find(|&i| magnitude >> (i * k) != 0);
            (magnitude, leading.unwrap_or(0).max(kept - 1), kept)
        };
        // Steps prime to the block sizes, beginning with zero and the negative extreme.
        for computed in 1..=a_kept * w_kept {
            let set = ProductSet::new(a_kept as u8, w_kept as u8, computed).unwrap();
            for x in (0..=255).step_by(3) {
                let encoded_x = a.encode(x).unwrap();
                for y in (-127..=127).step_by(5) {
                    let product = multiply((&a, encoded_x), (&w, w.encode(y).unwrap()), &set);
                    let magnitude = composed(
                        k,
                        parts(&a, x, a_kept),
                        parts(&w, y, w_kept),
                        computed as usize,
                    );
                    let sign = x.signum() * y.signum();
                    assert_eq!(product, sign * magnitude, "K {k} L {computed}: {x} x {y}");
                }
            }
        }
    }
}
