//! Efficiency of all runs, a line each.

use comfy_table::Cell;

use super::columns::{figure, percent};
use super::layout::{between_workloads, has_batches, head, lines, plain_table, right};
use super::model::{Report, RunReport};
use super::performance::ratio;

/// The table with its legend.
pub(super) fn table(report: &Report) -> String {
    let shows_batch = has_batches(report);
    let mut heads = vec![Cell::new("workload")];
    if shows_batch {
        heads.push(right("batch"));
    }
    heads.extend(["architecture", "approx"].map(Cell::new));
    heads.extend(
        [
            ("TOPS", ""),
            ("TOPS/W", ""),
            ("EDP", "uJ ms"),
            ("power", "mW"),
            ("array", "mm2"),
            ("buffers", "mm2"),
            ("area", "mm2"),
            ("TOPS", "per mm2"),
            ("derived", "%"),
            ("assumed", "%"),
        ]
        .map(head),
    );
    let mut table = plain_table(heads);
    for run in &report.runs {
        table.add_row(row(run, shows_batch));
    }
    lines(&table, &between_workloads(report)) + LEGEND
}

const LEGEND: &str = "\
TOPS, TOPS/W       2 operations a MAC; all energy, DRAM included
EDP                energy x time
array, area        PEs with registers and converter at their edges; everything but the DRAM
derived, assumed   energy that rests on table entries derived from measured ones, and on assumed ones
";

fn row(run: &RunReport, shows_batch: bool) -> Vec<Cell> {
    let figures = &run.total.efficiency;
    let energy = &run.total.energy;
    let area = &run.architecture.area;
    let buffers_mm2 = area.activation_buffer_mm2 + area.weight_buffer_mm2 + area.output_buffer_mm2;
    let mut row = vec![Cell::new(&run.workload)];
    if shows_batch {
        row.push(right(run.batch.to_string()));
    }
    row.push(Cell::new(&run.architecture.name));
    row.push(Cell::new(&run.approximation));
    row.extend(
        [
            format!("{:.3}", figures.tops),
            format!("{:.3}", figures.tops_per_w),
            figure(figures.edp_pj_us / 1e9),
            figure(figures.average_power_mw),
            figure(area.array_mm2()),
            figure(buffers_mm2),
            figure(run.architecture.area_mm2),
            figure(figures.tops_per_mm2),
            percent(energy.derived_share()),
            percent(ratio(energy.basis.assumed_pj, run.total.energy_pj)),
        ]
        .map(right),
    );
    row
}
