//! Arrays of equal size: as many PEs as another array, or as much area.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::arch::Architecture;

/// Most rows or columns of an array, as for an architecture's file.
pub(super) const MAX_SIDE: u32 = 1024;

/// How the arrays of a comparison are sized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Iso {
    /// As their files say.
    None,
    /// As many PEs as the baseline's array; where its own aspect does not allow that, the most below.
    Pes,
    /// The most PEs whose array, with the registers and the converter at its edge, takes no more area than the
    /// baseline's.
    Area,
}

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Iso::None => "none",
            Iso::Pes => "pes",
            Iso::Area => "area",
        })
    }
}

/// Rows and columns of an array, each 1 to 1024, as an architecture file may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArraySize {
    /// PE rows.
    pub rows: u32,
    /// PE columns.
    pub columns: u32,
}

impl fmt::Display for ArraySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.rows, self.columns)
    }
}

impl ArraySize {
    /// The size of an architecture's array.
    pub fn from_architecture(architecture: &Architecture) -> ArraySize {
        ArraySize {
            rows: architecture.array.rows,
            columns: architecture.array.columns,
        }
    }

    /// Number of PEs.
    pub fn pes(self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }

    /// `architecture` with an array of this size and a converter for as many columns, named `NAME@ROWSxCOLUMNS`;
    /// as it is if it has this size.
    pub fn of(self, architecture: &Architecture) -> Architecture {
        if self == ArraySize::from_architecture(architecture) {
            return architecture.clone();
        }
        let own_columns = u64::from(architecture.array.columns.max(1));
        let values = u64::from(architecture.converter.values_per_cycle) * u64::from(self.columns);
        // 65,536 values for one column, times 1024 columns, fit.
        let values = u32::try_from(values.div_ceil(own_columns)).unwrap_or(u32::MAX);
        let name = format!("{}@{self}", architecture.name);
        architecture.resized(name, self.rows, self.columns, values)
    }

    /// The sizes that keep this size's aspect as near as integers allow, where rows or columns are `side`: the other
    /// is `side` times the aspect, rounded down and up.
    fn near_aspect(self, side: u32) -> impl Iterator<Item = ArraySize> {
        let scaled = |numerator: u32, denominator: u32| {
            let product = u64::from(side) * u64::from(numerator);
            let denominator = u64::from(denominator.max(1));
            [product / denominator, product.div_ceil(denominator)]
                .into_iter()
                .filter_map(|side| u32::try_from(side).ok())
                .filter(|other| (1..=MAX_SIDE).contains(other))
        };
        let by_rows = scaled(self.columns, self.rows).map(move |columns| ArraySize {
            rows: side,
            columns,
        });
        let by_columns = scaled(self.rows, self.columns).map(move |rows| ArraySize {
            rows,
            columns: side,
        });
        by_rows.chain(by_columns)
    }

    /// How far the size is from the aspect of `own`, 0 for the same: the difference of the two products across.
    fn off_aspect(self, own: ArraySize) -> u64 {
        let across = u64::from(self.rows) * u64::from(own.columns);
        across.abs_diff(u64::from(self.columns) * u64::from(own.rows))
    }
}

/// Of the sizes with the aspect of `own` (any number of rows or of columns, and as many of the other as the aspect
/// asks for, rounded down or up) the one with the most PEs whose `cost` is at most `budget`; of several the one
/// nearest to the aspect, then the one met first as the side grows. None if not even 1 x 1 fits.
///
/// `cost` must not fall when the array grows.
///
/// # Errors
/// That of `cost`.
pub(super) fn largest_within<E>(
    own: ArraySize,
    budget: f64,
    cost: impl Fn(ArraySize) -> Result<f64, E>,
) -> Result<Option<ArraySize>, E> {
    let mut best: Option<ArraySize> = None;
    for side in 1..=MAX_SIDE {
        for size in own.near_aspect(side) {
            if best.is_none_or(|best| is_better(size, best, own)) && cost(size)? <= budget {
                best = Some(size);
            }
        }
    }
    Ok(best)
}

fn is_better(size: ArraySize, best: ArraySize, own: ArraySize) -> bool {
    match size.pes().cmp(&best.pes()) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => size.off_aspect(own) < best.off_aspect(own),
        std::cmp::Ordering::Less => false,
    }
}

#[cfg(test)]
mod tests;
