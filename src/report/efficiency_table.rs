//! Efficiency of all runs, a line each.

use comfy_table::Cell;

use super::columns::{figure, percent};
use super::layout::{between_workloads, head, lines, plain_table, right};
use super::model::{Report, RunReport};
use super::performance::ratio;

/// The table with its legend.
pub(super) fn table(report: &Report) -> String {
    let mut heads = ["workload", "architecture", "approx"]
        .map(Cell::new)
        .to_vec();
    heads.extend(
        [
            ("TOPS", ""),
            ("TOPS/W", ""),
            ("EDP", "uJ ms"),
            ("power", "mW"),
            ("derived", "%"),
            ("assumed", "%"),
        ]
        .map(head),
    );
    let mut table = plain_table(heads);
    for run in &report.runs {
        table.add_row(row(run));
    }
    lines(&table, &between_workloads(report)) + LEGEND
}

const LEGEND: &str = "\
TOPS, TOPS/W       2 operations a MAC; all energy, DRAM included
EDP                energy x time
derived, assumed   energy that rests on table entries derived from measured ones, and on assumed ones
";

fn row(run: &RunReport) -> Vec<Cell> {
    let figures = &run.total.efficiency;
    let energy = &run.total.energy;
    let mut row = vec![
        Cell::new(&run.workload),
        Cell::new(&run.architecture.name),
        Cell::new(&run.approximation),
    ];
    row.extend(
        [
            format!("{:.3}", figures.tops),
            format!("{:.3}", figures.tops_per_w),
            figure(figures.edp_pj_us / 1e9),
            figure(figures.average_power_mw),
            percent(energy.derived_share()),
            percent(ratio(energy.basis.assumed_pj, run.total.energy_pj)),
        ]
        .map(right),
    );
    row
}
