//! Sizes against a budget: on a made-up cost that grows with rows and columns.

use std::convert::Infallible;

use proptest::prelude::*;

use super::{ArraySize, MAX_SIDE, largest_within};
use crate::sweep::DesignPoint;

fn size(rows: u32, columns: u32) -> ArraySize {
    ArraySize { rows, columns }
}

/// PEs, and an edge by rows and by columns.
fn cost(pe: f64, edge: f64, size: ArraySize) -> f64 {
    pe * size.pes() as f64 + edge * (f64::from(size.rows) + 2.0 * f64::from(size.columns))
}

fn fit(own: ArraySize, budget: f64, pe: f64, edge: f64) -> Option<ArraySize> {
    let fitted = largest_within(own, budget, |size| {
        Ok::<_, Infallible>(cost(pe, edge, size))
    });
    match fitted {
        Ok(size) => size,
        Err(never) => match never {},
    }
}

#[test]
fn a_pe_of_1_47_times_the_area_leaves_26_of_32_rows() {
    // 1024 / 1.47 = 696.6; 26 x 26 = 676 fits and 27 x 27 = 729 does not.
    assert_eq!(fit(size(32, 32), 1024.0, 1.47, 0.0), Some(size(26, 26)));
    // 348.3 PEs at 1 : 2: 13 x 26 = 338; 13 x 27 = 351 does not fit.
    assert_eq!(fit(size(16, 32), 512.0, 1.47, 0.0), Some(size(13, 26)));
}

#[test]
fn an_edge_counts() {
    // 32 x 32 with an edge of 96: 1120. Twice the edge leaves room for 31 x 31 (961 + 186 <= 1120 is false), 30 x 30.
    assert_eq!(cost(1.0, 1.0, size(32, 32)), 1120.0);
    assert_eq!(fit(size(32, 32), 1120.0, 1.0, 2.0), Some(size(30, 30)));
}

#[test]
fn a_row_of_pes_stays_a_row() {
    assert_eq!(fit(size(1, 64), 17.5, 1.0, 0.0), Some(size(1, 17)));
    assert_eq!(fit(size(64, 1), 17.5, 1.0, 0.0), Some(size(17, 1)));
}

#[test]
fn nothing_fits_less_than_one_pe() {
    assert_eq!(fit(size(32, 32), 0.99, 1.0, 0.0), None);
    assert_eq!(fit(size(32, 32), 1.0, 1.0, 0.0), Some(size(1, 1)));
}

#[test]
fn no_side_is_longer_than_a_file_may_say() {
    assert_eq!(
        fit(size(3, 1), 1e12, 1.0, 0.0).map(|size| size.rows),
        Some(MAX_SIDE)
    );
    assert_eq!(
        fit(size(8, 8), 1e12, 1.0, 0.0),
        Some(size(MAX_SIDE, MAX_SIDE))
    );
}

proptest! {
    #[test]
    fn the_budget_is_kept_and_used(
        rows in 1_u32..200,
        columns in 1_u32..200,
        pe in 0.1_f64..10.0,
        edge in 0.0_f64..10.0,
        budget in 0.1_f64..50_000.0,
    ) {
        let own = size(rows, columns);
        let Some(best) = fit(own, budget, pe, edge) else {
            prop_assert!(cost(pe, edge, size(1, 1)) > budget);
            return Ok(());
        };
        prop_assert!(cost(pe, edge, best) <= budget);
        // The aspect is kept to less than a row or a column.
        let (r, c) = (f64::from(best.rows), f64::from(best.columns));
        let aspect = f64::from(columns) / f64::from(rows);
        prop_assert!((c - r * aspect).abs() < 1.0 || (r - c / aspect).abs() < 1.0);
        // One more row with the columns that belong to it is too much, and so the other way round.
        let wider = size(best.rows + 1, ((f64::from(best.rows + 1)) * aspect).ceil().max(c) as u32);
        let taller = size((f64::from(best.columns + 1) / aspect).ceil().max(r) as u32, best.columns + 1);
        for next in [wider, taller] {
            let within = next.rows <= MAX_SIDE && next.columns <= MAX_SIDE;
            prop_assert!(!within || cost(pe, edge, next) > budget, "{best} {next}");
        }
    }

    #[test]
    fn a_budget_of_its_own_cost_gives_the_array_itself(
        rows in 1_u32..=MAX_SIDE,
        columns in 1_u32..=MAX_SIDE,
        pe in 0.1_f64..10.0,
        edge in 0.0_f64..10.0,
    ) {
        let own = size(rows, columns);
        prop_assert_eq!(fit(own, cost(pe, edge, own), pe, edge), Some(own));
    }
}

#[test]
fn a_resized_architecture_has_another_name_array_and_converter() {
    let own = DesignPoint::open("axbxp_k4_16x16_edge", None)
        .expect("shipped")
        .architecture;
    assert_eq!(size(16, 16).of(&own), own);
    let resized = size(13, 14).of(&own);
    assert_eq!(resized.name, "axbxp_k4_16x16_edge@13x14");
    assert_eq!((resized.array.rows, resized.array.columns), (13, 14));
    let values = u64::from(own.converter.values_per_cycle);
    assert_eq!(
        u64::from(resized.converter.values_per_cycle),
        (values * 14).div_ceil(16)
    );
    assert_eq!(resized.buffers, own.buffers);
    assert_eq!(resized.array.pe, own.array.pe);
}
