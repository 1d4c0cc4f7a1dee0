//! A run layer by layer: energy by component, as figures and as stacked bars.

use std::fmt::Write as _;

use comfy_table::Cell;

use super::columns::{EnergyUnit, energy_unit, figure, percent};
use super::layout::{head, lines, narrow_table, plain_table, right};
use super::model::{LayerReport, Report, RunReport};
use super::performance::ratio;
use super::stack::{PARTS, bar, stack};

/// Characters of the longest bar.
const BAR_COLUMNS: usize = 70;

/// The figures, then the bars.
pub(super) fn run_tables(run: &RunReport) -> String {
    let unit = energy_unit(run.total.energy_pj);
    figures(run, unit) + "\n" + &bars(run, unit)
}

/// A row a layer, a column a component; then each component's share of the run.
fn figures(run: &RunReport, unit: EnergyUnit) -> String {
    let shown = shown(run);
    let mut heads = vec![Cell::new("layer"), head(("all", unit.name))];
    let of_run = stack(&run.total.energy);
    heads.extend(shown.iter().map(|&part| {
        head((
            of_run[part].head,
            of_run[part].letter.encode_utf8(&mut [0; 4]),
        ))
    }));
    let mut table = narrow_table(heads);
    for layer in run.layers.iter().chain([&run.total]) {
        let parts = stack(&layer.energy);
        let mut row = vec![
            Cell::new(&layer.name),
            right(figure(layer.energy_pj / unit.pj)),
        ];
        row.extend(shown.iter().map(|&part| match parts[part].pj {
            0.0 => right(""),
            pj => right(figure(pj / unit.pj)),
        }));
        table.add_row(row);
    }
    let mut shares = vec![Cell::new("% of total"), right("100")];
    shares.extend(
        shown
            .iter()
            .map(|&part| right(percent(ratio(of_run[part].pj, run.total.energy_pj)))),
    );
    table.add_row(shares);
    lines(&table, &[run.layers.len()])
}

/// Components of which the run has any.
fn shown(run: &RunReport) -> Vec<usize> {
    let parts = stack(&run.total.energy);
    (0..PARTS).filter(|&part| parts[part].pj > 0.0).collect()
}

/// A bar a layer on one scale, and one of full length for the total.
fn bars(run: &RunReport, unit: EnergyUnit) -> String {
    let largest_pj = run
        .layers
        .iter()
        .map(|layer| layer.energy_pj)
        .fold(0.0, f64::max);
    let character = format!(
        "a character: {} {}",
        figure(largest_pj / BAR_COLUMNS as f64 / unit.pj),
        unit.name
    );
    let mut table = plain_table(vec![
        Cell::new("layer"),
        head(("all", unit.name)),
        head(("share", "%")),
        Cell::new(format!(
            "by component\n{character}, in the total's bar {} %",
            figure(100.0 / BAR_COLUMNS as f64)
        )),
    ]);
    for layer in &run.layers {
        let length = ratio(layer.energy_pj, largest_pj) * BAR_COLUMNS as f64;
        table.add_row(bar_row(layer, run, unit, length.round() as usize));
    }
    table.add_row(bar_row(&run.total, run, unit, BAR_COLUMNS));
    lines(&table, &[run.layers.len()])
}

fn bar_row(layer: &LayerReport, run: &RunReport, unit: EnergyUnit, length: usize) -> Vec<Cell> {
    vec![
        Cell::new(&layer.name),
        right(figure(layer.energy_pj / unit.pj)),
        right(percent(ratio(layer.energy_pj, run.total.energy_pj))),
        Cell::new(bar(&stack(&layer.energy), length)),
    ]
}

/// What the components are, of those that are shown.
pub(super) fn legend(report: &Report) -> String {
    let mut text = String::new();
    let shown: Vec<usize> = report.runs.iter().flat_map(shown).collect();
    let Some(first) = report.runs.first() else {
        return text;
    };
    for (index, part) in stack(&first.total.energy).iter().enumerate() {
        if shown.contains(&index) {
            let _ = writeln!(text, "{}  {:4}  {}", part.letter, part.head, part.meaning);
        }
    }
    text
}
