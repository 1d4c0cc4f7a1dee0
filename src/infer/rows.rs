//! Which output rows of an image are looked at.

use std::ops::Range;

/// `wanted` of `height` rows, or all, evenly spread and in order; another `turn` starts elsewhere.
pub(super) fn spread(wanted: usize, height: usize, turn: usize) -> Vec<usize> {
    let wanted = wanted.clamp(1, height);
    let first = turn % height;
    let mut rows: Vec<usize> = (0..wanted)
        .map(|row| (first + row * height / wanted) % height)
        .collect();
    rows.sort_unstable();
    rows
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
    fn rows_differ_are_spread_and_turn() {
        assert_eq!(spread(3, 9, 0), [0, 3, 6]);
        assert_eq!(spread(3, 9, 7), [1, 4, 7]);
        assert_eq!(spread(20, 4, 2), [0, 1, 2, 3]);
        assert_eq!(spread(0, 4, 6), [2]);
        for (wanted, height) in [(2, 7), (5, 7), (6, 7), (7, 7)] {
            for turn in 0..14 {
                let rows = spread(wanted, height, turn);
                assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "{rows:?}");
                assert!(rows.iter().all(|&row| row < height));
            }
        }
    }

    #[test]
    fn runs_hold_the_rows() {
        let runs: Vec<Range<usize>> = runs_of(&[0, 1, 2, 5, 7, 8]).collect();
        assert_eq!(runs, [0..3, 5..6, 7..9]);
    }
}
