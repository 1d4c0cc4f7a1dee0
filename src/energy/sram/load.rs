//! The rules an SRAM table has to keep.

use super::file::{AccessFit, MacroGrid, SramTableFile};
use crate::energy::load::{check_number, check_text};
use crate::source::{Checker, Diagnostics, Place, SourceFile};

/// Longest axis of a grid.
const MOST_POINTS: usize = 256;
/// Largest macro in KiB, and widest port in bits.
const LARGEST: u32 = 1 << 20;
/// Largest value of a macro, in pJ, uW or um2.
const LARGEST_VALUE: f64 = 1e12;

pub(super) fn check(file: &SourceFile, table: SramTableFile) -> Result<SramTableFile, Diagnostics> {
    let mut checker = Checker::new(file);
    let root = Place::root();
    for (field, text) in [("name", &table.name), ("technology", &table.technology)] {
        check_text(&mut checker, root.clone().field(field), field, text);
    }
    let (access, grid) = (root.clone().field("access"), root.field("grid"));
    check_fit(&mut checker, &access, &table.access);
    check_grid(&mut checker, &grid, &table.grid);
    // Only a grid in good order says how good the fit is.
    if checker.is_clean() {
        check_errors(&mut checker, &access, &table);
    }
    checker.finish(table)
}

fn check_fit(checker: &mut Checker<'_>, place: &Place, fit: &AccessFit) {
    let source = place.clone().field("source");
    check_text(checker, source, "source", &fit.source);
    for (field, value, limit) in [
        ("a_pj", fit.a_pj, 1e6),
        ("size_exponent", fit.size_exponent, 2.0),
        ("width_exponent", fit.width_exponent, 2.0),
        ("mean_error", fit.mean_error, 1.0),
        ("worst_error", fit.worst_error, 1.0),
    ] {
        check_number(checker, place.clone().field(field), field, value, limit);
    }
}

fn check_grid(checker: &mut Checker<'_>, place: &Place, grid: &MacroGrid) {
    let source = place.clone().field("source");
    check_text(checker, source, "source", &grid.source);
    for (field, axis) in [("size_kib", &grid.size_kib), ("port_bits", &grid.port_bits)] {
        check_axis(checker, &place.clone().field(field), field, axis);
    }
    for (field, matrix) in [
        ("read_pj", &grid.read_pj),
        ("write_pj", &grid.write_pj),
        ("leakage_uw", &grid.leakage_uw),
        ("area_um2", &grid.area_um2),
    ] {
        check_matrix(checker, &place.clone().field(field), field, matrix, grid);
    }
}

fn check_axis(checker: &mut Checker<'_>, place: &Place, field: &str, axis: &[u32]) {
    if axis.is_empty() || axis.len() > MOST_POINTS {
        checker.report(
            place.clone(),
            format!("`{field}` has {} points", axis.len()),
            format!("expected 1 to {MOST_POINTS}"),
        );
    }
    let mut last = 0;
    for (index, &point) in axis.iter().enumerate() {
        if point <= last || point > LARGEST {
            checker.report(
                place.clone().index(index),
                format!("`{field}` is {point} after {last}"),
                format!("expected more than {last}, at most {LARGEST}"),
            );
        }
        last = point;
    }
}

fn check_matrix(
    checker: &mut Checker<'_>,
    place: &Place,
    field: &str,
    matrix: &[Vec<f64>],
    grid: &MacroGrid,
) {
    let (rows, columns) = (grid.size_kib.len(), grid.port_bits.len());
    if matrix.len() != rows {
        checker.report(
            place.clone(),
            format!("`{field}` has {} rows", matrix.len()),
            format!("expected {rows}, one for each of `size_kib`"),
        );
    }
    for (row, values) in matrix.iter().enumerate() {
        let place = place.clone().index(row);
        if values.len() != columns {
            checker.report(
                place.clone(),
                format!(
                    "row {row} (counted from 0) of `{field}` has {} values",
                    values.len()
                ),
                format!("expected {columns}, one for each of `port_bits`"),
            );
        }
        for (column, &value) in values.iter().enumerate() {
            // NaN is not above 0 either.
            if !(value > 0.0 && value <= LARGEST_VALUE) {
                checker.report(
                    place.clone().index(column),
                    format!("`{field}` is {value}"),
                    format!("expected more than 0, at most {LARGEST_VALUE}"),
                );
            }
        }
    }
}

/// The stated errors have to cover what the grid's points show.
fn check_errors(checker: &mut Checker<'_>, place: &Place, table: &SramTableFile) {
    let errors = errors(table);
    let worst = errors.iter().copied().fold(0.0, f64::max);
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    for (field, stated, found) in [
        ("mean_error", table.access.mean_error, mean),
        ("worst_error", table.access.worst_error, worst),
    ] {
        if stated < found {
            checker.report(
                place.clone().field(field),
                format!("`{field}` is {stated}, but the fit is off by {found:.4}"),
                "expected at least what the points of `grid` show",
            );
        }
    }
}

/// Relative errors of the fit at the points of the grid.
fn errors(table: &SramTableFile) -> Vec<f64> {
    let grid = &table.grid;
    let mut errors = Vec::new();
    for (row, &kib) in grid.size_kib.iter().enumerate() {
        for (column, &bits) in grid.port_bits.iter().enumerate() {
            let measured = (grid.read_pj[row][column] + grid.write_pj[row][column]) / 2.0;
            let fitted = table.access.at(f64::from(kib), f64::from(bits));
            errors.push((fitted / measured - 1.0).abs());
        }
    }
    errors
}
