//! A ratio taken apart into factors, one for each part of what is compared.

/// The factors of `baseline / this`, both given as parts that sum to them.
///
/// With B and C the sums and R = B / C, part i contributes `R^((b_i - c_i) / (B - C))`: the logarithmic mean Divisia
/// index, which leaves no residue. The product of all factors is R (up to rounding), a part that stays the same
/// contributes 1, and the order of the parts does not matter. For B = C it is the limit, `exp((b_i - c_i) / B)`.
///
/// None where a ratio does not exist: a sum of 0, or one that is not finite.
pub(super) fn factors<const N: usize>(baseline: [f64; N], this: [f64; N]) -> Option<[f64; N]> {
    let (from, to): (f64, f64) = (baseline.iter().sum(), this.iter().sum());
    let is_size = |sum: f64| sum.is_finite() && sum > 0.0;
    if !is_size(from) || !is_size(to) {
        return None;
    }
    // ln R / (B - C), in a form that keeps its digits where B and C are near.
    let growth = (from - to) / to;
    let inverse_mean = if growth == 0.0 {
        1.0 / to
    } else {
        growth.ln_1p() / growth / to
    };
    let mut factors = [1.0; N];
    for ((factor, from), to) in factors.iter_mut().zip(baseline).zip(this) {
        *factor = ((from - to) * inverse_mean).exp();
    }
    Some(factors)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::factors;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
    }

    #[test]
    fn by_hand() {
        // 60 + 40 = 100 against 10 + 40 = 50: twice, and all of it by the first part.
        let [first, second] = factors([60.0, 40.0], [10.0, 40.0]).expect("sizes");
        assert!(close(first, 2.0));
        assert_eq!(second, 1.0);
        // 90 + 30 + 0 against 15 + 10 + 5: four times; 75, 20 and -5 of a difference of 90.
        let parts = factors([90.0, 30.0, 0.0], [15.0, 10.0, 5.0]).expect("sizes");
        let expected = [75.0, 20.0, -5.0].map(|part: f64| 4.0_f64.powf(part / 90.0));
        for (part, expected) in parts.into_iter().zip(expected) {
            assert!(close(part, expected), "{part} {expected}");
        }
        // Equal sums: the parts cancel.
        let [up, down] = factors([3.0, 1.0], [1.0, 3.0]).expect("sizes");
        assert!(close(up, 0.5_f64.exp()) && close(down, (-0.5_f64).exp()));
    }

    #[test]
    fn nothing_has_no_ratio() {
        assert_eq!(factors([0.0, 0.0], [1.0, 0.0]), None);
        assert_eq!(factors([1.0, 0.0], [0.0, 0.0]), None);
        assert_eq!(factors([f64::INFINITY], [1.0]), None);
        assert_eq!(factors([1.0], [f64::NAN]), None);
    }

    fn part() -> impl Strategy<Value = f64> {
        prop_oneof![Just(0.0), 1e-3..1e6_f64]
    }

    proptest! {
        #[test]
        fn the_product_is_the_ratio(
            baseline in prop::array::uniform3(part()),
            this in prop::array::uniform3(part()),
        ) {
            let (from, to): (f64, f64) = (baseline.iter().sum(), this.iter().sum());
            let Some(parts) = factors(baseline, this) else {
                prop_assert!(from == 0.0 || to == 0.0);
                return Ok(());
            };
            let product: f64 = parts.iter().product();
            prop_assert!(close(product, from / to), "{product} {}", from / to);
        }

        #[test]
        fn a_part_counts_above_one_where_it_shrinks(
            baseline in prop::array::uniform3(1.0..1e3_f64),
            this in prop::array::uniform3(1.0..1e3_f64),
            scale in 1e-6..1e6_f64,
        ) {
            let parts = factors(baseline, this).expect("sizes");
            let scaled = factors(baseline.map(|x| x * scale), this.map(|x| x * scale)).expect("sizes");
            for i in 0..3 {
                prop_assert_eq!(parts[i] > 1.0, baseline[i] > this[i]);
                prop_assert!(close(parts[i], scaled[i]));
            }
        }

        #[test]
        fn near_and_equal_sums_agree(
            parts in prop::array::uniform3(1.0..1e3_f64),
            moved in 0.0..1.0_f64,
            off in 1e-15..1e-9_f64,
        ) {
            let [a, b, c] = parts;
            let equal = factors([a + moved, b, c], [a, b + moved, c]).expect("sizes");
            let near = factors([a + moved, b, c * (1.0 + off)], [a, b + moved, c]).expect("sizes");
            for i in 0..3 {
                prop_assert!((equal[i] - near[i]).abs() < 1e-8);
            }
        }
    }
}
