//! Definitions checked exhaustively, against closed forms and hand-computed values.

mod interface;
mod oracle;

use proptest::prelude::*;

use super::pack::{pack, packed_bytes, unpack};
use super::*;

const SIGNS: [Signedness; 2] = [Signedness::Signed, Signedness::Unsigned];
const ROUNDINGS: [Rounding; 2] = [Rounding::Truncate, Rounding::Nearest];

fn format(
    signedness: Signedness,
    k: u8,
    kept: u8,
    window: Window,
    rounding: Rounding,
) -> BlockFormat {
    BlockFormat::new(8, signedness, k, kept, window, rounding).unwrap()
}

fn values(format: &BlockFormat) -> impl Iterator<Item = i32> + use<> {
    format.min_value()..=format.max_magnitude()
}

/// Every format of 8-bit operands.
fn all_formats() -> Vec<BlockFormat> {
    let mut formats = Vec::new();
    for signedness in SIGNS {
        for k in 1..=8 {
            let blocks = BlockFormat::exact(8, signedness, k).unwrap().blocks();
            for kept in 1..=blocks {
                let statics = (kept - 1..blocks).map(|top| Window::Static { top: Some(top) });
                let windows = [Window::Dynamic, Window::Static { top: None }]
                    .into_iter()
                    .chain(statics);
                for window in windows {
                    for rounding in ROUNDINGS {
                        formats.push(format(signedness, k, kept, window, rounding));
                    }
                }
            }
        }
    }
    formats
}

fn product(a: &BlockFormat, x: i32, w: &BlockFormat, y: i32, set: &ProductSet) -> i32 {
    multiply((a, a.encode(x).unwrap()), (w, w.encode(y).unwrap()), set)
}

#[test]
fn all_blocks_and_products_are_exact_for_every_pair() {
    for signedness in SIGNS {
        for k in 1..=8 {
            let a = BlockFormat::exact(8, signedness, k).unwrap();
            let w = BlockFormat::exact(8, Signedness::Signed, k).unwrap();
            let set = ProductSet::all(a.kept(), w.kept());
            for x in values(&a) {
                for y in values(&w) {
                    assert_eq!(product(&a, x, &w, y, &set), x * y, "K = {k}, {x} x {y}");
                }
            }
        }
    }
}

#[test]
fn keeping_all_blocks_is_exact_whatever_the_window_and_rounding() {
    for format in all_formats().into_iter().filter(BlockFormat::is_exact) {
        for value in values(&format) {
            assert_eq!(format.approximate(value).unwrap(), value);
        }
    }
}

/// The figures of the project's definitions: magnitudes 1 to 127, dynamic windows, truncation.
#[test]
fn relative_error_of_dynamic_truncation_is_as_stated() {
    let stated = [
        (4, 1, 0.484, 0.115),
        (2, 1, 0.496, 0.244),
        (2, 2, 0.190, 0.056),
        (2, 3, 0.045, 0.008),
    ];
    for (k, kept, worst, mean) in stated {
        let format = format(
            Signedness::Signed,
            k,
            kept,
            Window::Dynamic,
            Rounding::Truncate,
        );
        let errors: Vec<f64> = (1..=127)
            .map(|x| f64::from(x - format.approximate(x).unwrap()) / f64::from(x))
            .collect();
        let measured_worst = errors.iter().copied().fold(0.0, f64::max);
        let measured_mean = errors.iter().sum::<f64>() / 127.0;
        assert!(
            (measured_worst - worst).abs() < 0.0005,
            "K {k} n {kept}: worst {measured_worst}"
        );
        assert!(
            (measured_mean - mean).abs() < 0.0005,
            "K {k} n {kept}: mean {measured_mean}"
        );
    }
}

#[test]
fn error_bounds_hold_for_every_value_of_every_format() {
    for format in all_formats() {
        let (k, n, blocks) = (format.block_bits(), format.kept(), format.blocks());
        for value in values(&format) {
            let kept = format.approximate(value).unwrap();
            let error = (value - kept).abs();
            match (format.window(), format.rounding()) {
                (Window::Dynamic, Rounding::Truncate) if value != 0 => {
                    let bound = 1.0 / (f64::from(1 << ((n - 1) * k)) + 1.0);
                    assert!(
                        f64::from(error) / f64::from(value.abs()) < bound,
                        "{format:?} {value}"
                    );
                }
                (Window::Static { top: None }, Rounding::Truncate) => {
                    assert!(error < 1 << ((blocks - n) * k), "{format:?} {value}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn kept_values_are_fixed_points_and_nearest_is_never_further_off() {
    for format in all_formats() {
        for value in values(&format) {
            let kept = format.approximate(value).unwrap();
            assert_eq!(
                format.approximate(kept).unwrap(),
                kept,
                "{format:?} {value}"
            );
            assert_eq!(
                format.approximate(-value).unwrap_or(-kept),
                -kept,
                "symmetric"
            );
            if format.rounding() == Rounding::Nearest {
                let truncating = BlockFormat::new(
                    8,
                    format.signedness(),
                    format.block_bits(),
                    format.kept(),
                    format.window(),
                    Rounding::Truncate,
                )
                .unwrap();
                let truncated = truncating.approximate(value).unwrap();
                assert!(
                    (value - kept).abs() <= (value - truncated).abs(),
                    "{format:?} {value}"
                );
            }
        }
    }
}

#[test]
fn with_all_products_the_product_is_that_of_the_kept_values() {
    for (k, kept_a, kept_w) in [
        (4, 1, 1),
        (4, 2, 1),
        (2, 3, 2),
        (3, 2, 1),
        (1, 4, 3),
        (5, 1, 1),
    ] {
        for window in [Window::Dynamic, Window::Static { top: None }] {
            for rounding in ROUNDINGS {
                let a = format(Signedness::Unsigned, k, kept_a, window, rounding);
                let w = format(Signedness::Signed, k, kept_w, window, rounding);
                let set = ProductSet::all(kept_a, kept_w);
                assert!(set.is_full());
                for x in values(&a) {
                    let kept_x = a.approximate(x).unwrap();
                    for y in values(&w) {
                        let expected = kept_x * w.approximate(y).unwrap();
                        assert_eq!(product(&a, x, &w, y, &set), expected);
                    }
                }
            }
        }
    }
}

#[test]
fn more_products_come_closer_to_the_product_of_the_kept_values() {
    let a = format(
        Signedness::Unsigned,
        2,
        3,
        Window::Dynamic,
        Rounding::Truncate,
    );
    let w = format(
        Signedness::Signed,
        2,
        3,
        Window::Dynamic,
        Rounding::Truncate,
    );
    for x in values(&a).step_by(3) {
        for y in values(&w).step_by(3) {
            let magnitudes: Vec<i32> = (1..=9)
                .map(|l| product(&a, x, &w, y, &ProductSet::new(3, 3, l).unwrap()).abs())
                .collect();
            assert!(magnitudes.is_sorted());
        }
    }
}

#[test]
fn products_come_in_order_of_significance() {
    let order = |a, w| ProductSet::all(a, w).iter().collect::<Vec<_>>();
    assert_eq!(order(2, 2), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(
        order(3, 2),
        [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    );
    assert_eq!(order(1, 3), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(ProductSet::new(2, 2, 3).unwrap().iter().count(), 3);
    for a in 1..=8 {
        for w in 1..=8 {
            let mut sorted = order(a, w);
            assert_eq!(sorted.len(), usize::from(a) * usize::from(w));
            sorted.sort_by_key(|&(u, v)| (u + v, u));
            assert_eq!(sorted, order(a, w));
        }
    }
}

/// Sign, n blocks, index of a dynamic window; b bits when exact. Written out by hand.
#[test]
fn bits_in_memory() {
    let dynamic = |signedness, k, kept| {
        format(signedness, k, kept, Window::Dynamic, Rounding::Truncate).bits_per_operand()
    };
    let fixed = |signedness, k, kept| {
        format(
            signedness,
            k,
            kept,
            Window::Static { top: None },
            Rounding::Truncate,
        )
        .bits_per_operand()
    };
    use Signedness::{Signed, Unsigned};
    assert_eq!([dynamic(Signed, 4, 1), dynamic(Signed, 4, 2)], [6, 8]);
    assert_eq!([dynamic(Unsigned, 4, 1), dynamic(Unsigned, 4, 2)], [5, 8]);
    assert_eq!([1, 2, 3, 4].map(|n| dynamic(Signed, 2, n)), [5, 7, 8, 8]);
    assert_eq!([1, 2, 3, 4].map(|n| dynamic(Unsigned, 2, n)), [4, 6, 7, 8]);
    assert_eq!([1, 2, 3, 4].map(|n| fixed(Signed, 2, n)), [3, 5, 7, 8]);
    assert_eq!([fixed(Signed, 4, 1), fixed(Unsigned, 4, 1)], [5, 4]);
    // m = 7 in blocks of 3: three blocks, the top one a single bit; a window with it takes all bits.
    assert_eq!([1, 2, 3].map(|n| fixed(Signed, 3, n)), [4, 7, 8]);
    assert_eq!([1, 2, 3].map(|n| dynamic(Signed, 3, n)), [6, 8, 8]);
    assert_eq!(dynamic(Unsigned, 1, 1), 4);
}

#[test]
fn hand_computed_windows() {
    let kept = |signedness, k, n, window, rounding, value| {
        format(signedness, k, n, window, rounding)
            .approximate(value)
            .unwrap()
    };
    use Rounding::{Nearest, Truncate};
    use Signedness::{Signed, Unsigned};
    let fixed = |top| Window::Static { top: Some(top) };
    // 93 = 0101 1101.
    assert_eq!(kept(Signed, 4, 1, Window::Dynamic, Truncate, 93), 80);
    assert_eq!(kept(Signed, 4, 1, Window::Dynamic, Nearest, 93), 96);
    assert_eq!(kept(Signed, 4, 1, Window::Dynamic, Truncate, -13), -13);
    // Ties go away from zero: 88 = 0101 1000.
    assert_eq!(kept(Signed, 4, 1, Window::Dynamic, Nearest, -88), -96);
    // 125 rounds to 128, which has no place: saturates at the top.
    assert_eq!(kept(Signed, 4, 1, Window::Dynamic, Nearest, 125), 112);
    assert_eq!(kept(Unsigned, 4, 1, Window::Dynamic, Nearest, 255), 240);
    // 31 = 01 11 11: one 2-bit block rounds up to 32 and the window moves up.
    assert_eq!(kept(Signed, 2, 1, Window::Dynamic, Nearest, 31), 32);
    let moved = format(Signed, 2, 1, Window::Dynamic, Nearest)
        .encode(62)
        .unwrap();
    assert_eq!((moved.top, moved.window), (3, 1));
    // A static window saturates what is above it and drops what is below it.
    assert_eq!(kept(Signed, 4, 1, fixed(0), Truncate, 93), 15);
    assert_eq!(kept(Signed, 4, 1, fixed(1), Truncate, 13), 0);
    assert_eq!(kept(Signed, 4, 1, fixed(1), Nearest, 13), 16);
    assert_eq!(kept(Signed, 2, 2, fixed(2), Truncate, -100), -60);
    assert_eq!(kept(Signed, 2, 2, fixed(2), Nearest, 63), 60);
}

#[test]
fn formats_that_do_not_exist_are_refused() {
    use Signedness::Signed;
    let new = |bits, k, n, window| BlockFormat::new(bits, Signed, k, n, window, Rounding::Truncate);
    assert_eq!(new(9, 4, 1, Window::Dynamic), Err(FormatError::Bits(9)));
    assert_eq!(new(1, 4, 1, Window::Dynamic), Err(FormatError::Bits(1)));
    assert_eq!(
        new(8, 0, 1, Window::Dynamic),
        Err(FormatError::BlockBits(0))
    );
    assert_eq!(
        new(8, 4, 3, Window::Dynamic),
        Err(FormatError::Kept { kept: 3, blocks: 2 })
    );
    assert_eq!(
        new(8, 4, 0, Window::Dynamic),
        Err(FormatError::Kept { kept: 0, blocks: 2 })
    );
    let top = |top| Window::Static { top: Some(top) };
    assert_eq!(
        new(8, 2, 2, top(4)),
        Err(FormatError::Top {
            top: 4,
            kept: 2,
            blocks: 4
        })
    );
    assert_eq!(
        new(8, 2, 2, top(0)),
        Err(FormatError::Top {
            top: 0,
            kept: 2,
            blocks: 4
        })
    );
    assert!(ProductSet::new(2, 2, 0).is_err());
    assert!(ProductSet::new(2, 2, 5).is_err());
    let format = BlockFormat::exact(8, Signed, 4).unwrap();
    assert!(format.encode(128).is_err());
    assert!(format.encode(-128).is_err());
    assert!(format.encode(i32::MIN).is_err());
}

#[test]
fn table_lists_every_value_in_order() {
    let format = format(Signedness::Signed, 4, 1, Window::Dynamic, Rounding::Nearest);
    let table = format.table();
    assert_eq!(table.len(), 255);
    assert_eq!(table[(93 + 127) as usize], 96);
    assert!(table.is_sorted());
}

#[test]
fn explanations_add_up() {
    for (kept_a, kept_w, l) in [(1, 1, 1), (2, 1, 1), (3, 2, 4), (4, 4, 16)] {
        let a = format(
            Signedness::Unsigned,
            2,
            kept_a,
            Window::Dynamic,
            Rounding::Truncate,
        );
        let w = format(
            Signedness::Signed,
            2,
            kept_w,
            Window::Dynamic,
            Rounding::Nearest,
        );
        let set = ProductSet::new(kept_a, kept_w, l).unwrap();
        for (x, y) in [(0, 5), (255, -127), (117, 93), (7, -1), (200, 64)] {
            let explained = explain((&a, x), (&w, y), &set).unwrap();
            let sum = |computed| -> i32 {
                explained
                    .terms
                    .iter()
                    .filter(|t| t.computed == computed)
                    .map(|t| t.value)
                    .sum()
            };
            assert_eq!(sum(true), explained.approximate);
            assert_eq!(
                sum(true) + sum(false),
                explained.activation.kept_value * explained.weight.kept_value
            );
            assert_eq!(explained.approximate + explained.error, x * y);
            assert_eq!(
                explained.terms.iter().filter(|t| t.computed).count(),
                l as usize
            );
            assert_eq!(explained.approximate, product(&a, x, &w, y, &set));
        }
    }
}

#[test]
fn an_explanation_as_text() {
    let a = BlockFormat::exact(8, Signedness::Unsigned, 4).unwrap();
    let w = format(
        Signedness::Signed,
        4,
        1,
        Window::Dynamic,
        Rounding::Truncate,
    );
    let explained = explain((&a, 117), (&w, -93), &ProductSet::new(2, 1, 1).unwrap()).unwrap();
    insta::assert_snapshot!(explained, @r"
    activation    117  8 bits unsigned, K = 4, 2 of 2 blocks kept, exact, truncate; 8 bits in memory
      blocks   0111 0101
      window   0111 0101  (blocks 1 to 0)
      kept     117
    weight        -93  8 bits signed, K = 4, 1 of 2 blocks kept, dynamic, truncate; 6 bits in memory
      blocks   0101 1101
      window   0101  (blocks 1 to 1, index 1)
      kept     -80
    products   1 of 2 computed
      computed a[1] x w[1] =   7 x   5 << 8  =   -8960
      left out a[0] x w[1] =   5 x   5 << 4  =    -400
    approximate   -8960
    exact        -10881
    error         -1921  (17.65 %)
    ");
}

proptest! {
    #[test]
    fn packing_round_trips(index in 0usize..4096, raw in prop::collection::vec(0u32..65536, 0..70)) {
        let formats = all_formats();
        let format = formats[index % formats.len()];
        let span = (format.max_magnitude() - format.min_value() + 1) as u32;
        let values: Vec<i32> =
            raw.iter().map(|r| format.min_value() + (r % span) as i32).collect();
        let bytes = pack(&format, &values).unwrap();
        prop_assert_eq!(bytes.len(), packed_bytes(&format, values.len()));
        let kept: Vec<i32> = values.iter().map(|&v| format.approximate(v).unwrap()).collect();
        prop_assert_eq!(unpack(&format, &bytes, values.len()).unwrap(), kept);
    }

    #[test]
    fn unpacking_anything_does_not_panic(index in 0usize..4096, bytes in prop::collection::vec(any::<u8>(), 0..40), count in 0usize..80) {
        let formats = all_formats();
        let _ = unpack(&formats[index % formats.len()], &bytes, count);
    }
}
