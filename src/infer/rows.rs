//! Which output rows of an image are looked at.

use std::ops::Range;

/// Rows of an image of `height` rows, in order: `wanted` of them, or all. Image `turn` of `turns` sees others than the rest,
/// so that all together see rows that are evenly spread.
pub(super) fn spread(wanted: usize, height: usize, turn: usize, turns: usize) -> Vec<usize> {
    let wanted = wanted.clamp(1, height);
    let place = |row: usize| (row * turns + turn) * height / (wanted * turns);
    (0..wanted).map(place).collect()
}

/// Consecutive rows as ranges.
pub(super) fn runs_of(rows: &[usize]) -> impl Iterator<Item = Range<usize>> {
    rows.chunk_by(|a, b| a + 1 == *b)
        .map(|run| run[0]..run[0] + run.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_differ_and_all_images_together_see_evenly_spread_ones() {
        assert_eq!(spread(3, 9, 0, 1), [0, 3, 6]);
        assert_eq!(spread(3, 9, 1, 2), [1, 4, 7]);
        assert_eq!(spread(20, 4, 2, 5), [0, 1, 2, 3]);
        for (wanted, height, turns) in [(1, 112, 50), (1, 224, 20), (2, 28, 200), (5, 7, 3)] {
            let mut seen = vec![0; height];
            for turn in 0..turns {
                let rows = spread(wanted, height, turn, turns);
                assert_eq!(rows.len(), wanted);
                assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "{rows:?}");
                rows.iter().for_each(|&row| seen[row] += 1);
            }
            // As often as rows are looked at in all, give or take one.
            let (least, most) = (turns * wanted / height, (turns * wanted).div_ceil(height));
            assert!(
                seen.iter().all(|&times| least <= times && times <= most),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn runs_hold_the_rows() {
        let runs: Vec<Range<usize>> = runs_of(&[0, 1, 2, 5, 7, 8]).collect();
        assert_eq!(runs, [0..3, 5..6, 7..9]);
    }
}
