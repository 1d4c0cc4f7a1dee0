//! Energy by component: bars of layers, or of runs relative to the first of their workload.

use plotters::style::RGBColor;

use super::Detail;
use super::canvas::{Drawn, Entry, groups, label, point, workload};
use super::stacked::{self, Bar, Bars, Row};
use crate::energy::EnergyBreakdown;
use crate::report::columns::{energy_unit, figure};
use crate::report::model::{Report, RunReport};
use crate::report::performance::ratio;
use crate::report::stack::{PARTS, Part, stack};

/// Most layers with bars of their own; the others share one.
const MAX_LAYERS: usize = 300;

/// Draws the bars.
pub(super) fn draw(report: &Report, detail: Detail) -> Drawn<String> {
    let mut bars = match detail {
        Detail::Layers => of_layers(report),
        Detail::Runs => of_runs(report),
    };
    bars.legend = shown(report)
        .iter()
        .map(|part| Entry {
            colour: colour(part),
            text: part.short.to_string(),
        })
        .collect();
    stacked::draw(&bars)
}

/// A row a layer, in it a bar a run.
fn of_layers(report: &Report) -> Bars {
    let total_pj = |run: &RunReport| run.total.energy_pj;
    let unit = energy_unit(report.runs.iter().map(total_pj).fold(0.0, f64::max));
    let names = report.runs.first();
    let names = names.map_or(Vec::new(), |run| {
        run.layers.iter().map(|layer| layer.name.as_str()).collect()
    });
    let plain = |energy: &EnergyBreakdown| bar(energy, unit.pj, String::new());
    let (own, others) = largest_layers(report);
    let mut rows: Vec<Row> = own
        .into_iter()
        .map(|index| Row {
            label: label(names[index], 32),
            bars: report
                .runs
                .iter()
                .map(|run| plain(&run.layers[index].energy))
                .collect(),
        })
        .collect();
    if !others.is_empty() {
        let sum = |run: &RunReport| others.iter().map(|&index| run.layers[index].energy).sum();
        rows.push(Row {
            label: format!("{} other layers", others.len()),
            bars: report.runs.iter().map(|run| plain(&sum(run))).collect(),
        });
    }
    let places = report.runs.iter().enumerate().map(|(index, run)| {
        let place = match (index, report.runs.len()) {
            (_, 1) => "bar".to_string(),
            (0, 2) => "upper bar".to_string(),
            (1, 2) => "lower bar".to_string(),
            (index, _) => format!("bar {}", index + 1),
        };
        let total = figure(run.total.energy_pj / unit.pj);
        format!("{place}: {}, all layers {total} {}", run.point(), unit.name)
    });
    Bars {
        title: report.runs.first().map_or(String::new(), |run| {
            format!("{}: energy of each layer by component", workload(run))
        }),
        explanation: places.map(|text| label(&text, 140)).collect(),
        axis: format!("energy of a layer ({})", unit.name),
        legend: Vec::new(),
        rows,
        bar_pixels: 8,
    }
}

/// Layers with rows of their own, and the others: those of the first run's least energy if there are too many.
fn largest_layers(report: &Report) -> (Vec<usize>, Vec<usize>) {
    let layers = report.runs.first().map_or(&[][..], |run| &run.layers);
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by(|&a, &b| layers[b].energy_pj.total_cmp(&layers[a].energy_pj));
    let mut others = order.split_off(order.len().min(MAX_LAYERS));
    order.sort_unstable();
    others.sort_unstable();
    (order, others)
}

/// A row a run, relative to the first of its workload.
fn of_runs(report: &Report) -> Bars {
    let mut rows = Vec::new();
    for group in groups(report.runs.iter()) {
        let runs = &report.runs[group];
        rows.push(Row {
            label: label(&workload(&runs[0]), 32),
            bars: Vec::new(),
        });
        for run in runs {
            let unit = energy_unit(run.total.energy_pj);
            let note = format!("{} {}", figure(run.total.energy_pj / unit.pj), unit.name);
            rows.push(Row {
                label: label(&point(report, run), 34),
                bars: vec![bar(
                    &run.total.energy,
                    runs[0].total.energy_pj / 100.0,
                    note,
                )],
            });
        }
    }
    Bars {
        title: "Energy by component".to_string(),
        explanation: vec![
            "each run relative to the first of its workload; its energy beside the bar".into(),
        ],
        axis: "energy (% of the first run of the workload)".to_string(),
        legend: Vec::new(),
        rows,
        bar_pixels: 14,
    }
}

fn bar(energy: &EnergyBreakdown, unit_pj: f64, note: String) -> Bar {
    let parts = stack(energy).map(|part| (colour(&part), ratio(part.pj, unit_pj)));
    Bar {
        parts: parts.into(),
        note,
    }
}

/// Components of which some run has any.
fn shown(report: &Report) -> Vec<Part> {
    let mut most = [0.0; PARTS];
    for run in &report.runs {
        for (most, part) in most.iter_mut().zip(stack(&run.total.energy)) {
            *most = part.pj.max(*most);
        }
    }
    let parts = stack(&EnergyBreakdown::default());
    let with = parts.into_iter().zip(most);
    with.filter(|&(_, pj)| pj > 0.0)
        .map(|(part, _)| part)
        .collect()
}

/// PEs blue, the array's edge purple, buffers green, leakage and the rest grey, DRAM red to yellow.
fn colour(part: &Part) -> RGBColor {
    let [red, green, blue] = match part.head {
        "mult" => [8, 48, 107],
        "shft" => [0, 160, 190],
        "acc" => [40, 110, 190],
        "oprg" => [120, 180, 225],
        "clk" => [120, 130, 225],
        "idle" => [205, 222, 240],
        "edge" => [106, 81, 163],
        "conv" => [221, 119, 200],
        "abuf" => [0, 90, 50],
        "wbuf" => [65, 171, 93],
        "obuf" => [166, 217, 140],
        "vec" => [40, 40, 40],
        "dma" => [99, 99, 99],
        "ctrl" => [150, 150, 150],
        "leak" => [204, 204, 204],
        "dram" => [178, 24, 43],
        "bg" => [244, 140, 60],
        _ => [254, 217, 90],
    };
    RGBColor(red, green, blue)
}
