//! A run layer by layer against its baseline: speed-up and energy ratio with their factors.

use comfy_table::Cell;

use super::comparison::{energy_factors, speedup_factors};
use super::layout::{FACTORS, head, lines, plain_table, right};
use super::model::{Comparison, LayerReport, Report};
use super::performance::ratio;

/// A table for each run that is compared with another.
pub(super) fn tables(report: &Report) -> String {
    report
        .comparisons
        .iter()
        .map(|comparison| table(report, comparison) + "\n")
        .collect()
}

fn table(report: &Report, comparison: &Comparison) -> String {
    let [base, this] = [comparison.baseline_run, comparison.run].map(|index| &report.runs[index]);
    let mut heads = vec![Cell::new("layer"), Cell::new("precision")];
    heads.extend(
        [
            ("speedup", ""),
            ("comp", ""),
            ("mem", ""),
            ("other", ""),
            ("energy", "ratio"),
            ("comp", ""),
            ("mem", ""),
            ("leak", ""),
        ]
        .map(head),
    );
    heads.extend([Cell::new("bound of\nbaseline"), Cell::new("\nthis run")]);
    let mut table = plain_table(heads);
    let layers = |run: usize| {
        let run = &report.runs[run];
        run.layers.iter().chain([&run.total])
    };
    for (base, this) in layers(comparison.baseline_run).zip(layers(comparison.run)) {
        table.add_row(row(base, this));
    }
    format!(
        "{} (batch {}): {} over {}\n{}",
        this.workload,
        this.batch,
        base.point(),
        this.point(),
        lines(&table, &[this.layers.len()])
    )
}

/// Both simulate the same layers in the same order.
fn row(base: &LayerReport, this: &LayerReport) -> Vec<Cell> {
    let mut row = vec![Cell::new(&this.name), Cell::new(&this.precision)];
    let times = |ratio: f64| right(format!("{ratio:.2}x"));
    let factor = |factor: Option<f64>| right(factor.map(|x| format!("{x:.2}")).unwrap_or_default());
    let speedup = speedup_factors(base, this);
    row.push(times(ratio(base.time_us, this.time_us)));
    row.push(factor(speedup.map(|parts| parts.compute)));
    row.push(factor(speedup.map(|parts| parts.memory)));
    row.push(factor(speedup.map(|parts| parts.other)));
    let energy = energy_factors(base, this);
    row.push(times(ratio(base.energy_pj, this.energy_pj)));
    row.push(factor(energy.map(|parts| parts.compute)));
    row.push(factor(energy.map(|parts| parts.memory)));
    row.push(factor(energy.map(|parts| parts.leakage)));
    row.push(Cell::new(base.roofline.bound_label()));
    row.push(Cell::new(this.roofline.bound_label()));
    row
}

/// What the columns mean.
pub(super) fn legend() -> String {
    format!(
        "speedup, energy ratio: the baseline over this run; each is the product of the factors after it\n\
         {FACTORS}bound    the lower roof (see the roofline)\n"
    )
}
