//! Energy by component: stacked bars of layers, or of runs relative to the first of their workload.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Detail;
use super::canvas::{
    Area, Drawn, Entry, GRID, INK, LEFT, drawing, groups, label, legend, legend_height, text_style,
    title, workload, write,
};
use crate::energy::EnergyBreakdown;
use crate::report::columns::{energy_unit, figure};
use crate::report::model::{Report, RunReport};
use crate::report::performance::ratio;
use crate::report::stack::{PARTS, Part, stack};

/// Most layers with bars of their own; the others share one.
const MAX_LAYERS: usize = 300;

/// Pixels: left edge of bars, a bar, between rows, axis and its title.
const BARS_LEFT: u32 = 240;
const ROW_GAP: u32 = 6;
const AXIS: u32 = 46;

/// Pixels from an entry of the legend to the next.
const PITCH: i32 = 178;

/// A row of bars under one label.
#[derive(Debug)]
struct Row {
    label: String,
    bars: Vec<Bar>,
}

/// A stacked bar, in units of the axis.
#[derive(Debug)]
struct Bar {
    parts: [(RGBColor, f64); PARTS],
    /// Written at its end.
    note: String,
}

/// What is drawn.
#[derive(Debug)]
struct Bars {
    title: String,
    /// Lines below the title.
    explanation: Vec<String>,
    axis: String,
    rows: Vec<Row>,
    bar_pixels: u32,
}

/// Draws the bars.
pub(super) fn draw(report: &Report, detail: Detail) -> Drawn<String> {
    let bars = match detail {
        Detail::Layers => of_layers(report),
        Detail::Runs => of_runs(report),
    };
    let shown: Vec<Part> = shown(report);
    let rows_pixels: u32 = bars
        .rows
        .iter()
        .map(|row| row.bars.len() as u32 * bars.bar_pixels + ROW_GAP)
        .sum();
    let top = 40 + 16 * bars.explanation.len() as i32 + legend_height(shown.len(), PITCH) + 4;
    let height = top as u32 + rows_pixels + 2 * AXIS;
    drawing(height, |area| {
        title(area, &bars.title)?;
        let style = text_style(12, HPos::Left);
        for (line, text) in bars.explanation.iter().enumerate() {
            write(area, text, (LEFT, 42 + 16 * line as i32), &style)?;
        }
        let entries: Vec<Entry> = shown
            .iter()
            .map(|part| Entry {
                colour: colour(part),
                text: part.short.to_string(),
            })
            .collect();
        let below = 46 + 16 * bars.explanation.len() as i32;
        legend(area, below, PITCH, &entries)?;
        let columns = axis(area, &bars, top)?;
        let mut y = top + AXIS as i32 + ROW_GAP as i32 / 2;
        for row in &bars.rows {
            y = paint(area, row, bars.bar_pixels as i32, y, &columns)?;
        }
        Ok(())
    })
}

/// Pixel columns of the axis.
#[derive(Debug)]
struct Columns {
    left: i32,
    pixels_per_unit: f64,
}

impl Columns {
    fn at(&self, value: f64) -> i32 {
        self.left + (value * self.pixels_per_unit).round() as i32
    }
}

/// Axes above and below the rows, from pixel `top` on.
fn axis(area: &Area<'_>, bars: &Bars, top: i32) -> Drawn<Columns> {
    let longest = bars
        .rows
        .iter()
        .flat_map(|row| &row.bars)
        .map(|bar| bar.parts.iter().map(|(_, length)| length).sum())
        .fold(0.0, f64::max);
    // Room for the notes at the ends of bars; something to divide by.
    let end = if longest > 0.0 { longest * 1.1 } else { 1.0 };
    let mut chart = ChartBuilder::on(&area.margin(top, 0, 0, 0))
        .margin_right(24)
        .set_label_area_size(LabelAreaPosition::Left, BARS_LEFT)
        .set_label_area_size(LabelAreaPosition::Top, AXIS)
        .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
        .build_cartesian_2d(0.0..end, 0.0..1.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_max_light_lines(1)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .x_labels(11)
        .x_label_formatter(&|value| number(*value))
        .label_style(text_style(12, HPos::Center))
        .axis_desc_style(text_style(13, HPos::Center))
        .x_desc(&bars.axis)
        .draw()?;
    let (columns, _) = chart.plotting_area().get_pixel_range();
    Ok(Columns {
        left: columns.start,
        pixels_per_unit: f64::from(columns.end - columns.start) / end,
    })
}

/// The bars of a row from `y` down; where the next row begins.
fn paint(area: &Area<'_>, row: &Row, bar_pixels: i32, mut y: i32, columns: &Columns) -> Drawn<i32> {
    let height = bar_pixels * row.bars.len() as i32;
    let beside = (columns.left - 6, y + height / 2);
    write(area, &row.label, beside, &text_style(11, HPos::Right))?;
    for bar in &row.bars {
        let mut end = 0.0;
        for &(colour, length) in &bar.parts {
            let begin = columns.at(end);
            end += length;
            let corners = [(begin, y), (columns.at(end), y + bar_pixels - 1)];
            if corners[1].0 > begin {
                area.draw(&Rectangle::new(corners, colour.filled()))?;
            }
        }
        let beside = (columns.at(end) + 5, y + bar_pixels / 2);
        write(area, &bar.note, beside, &text_style(10, HPos::Left))?;
        y += bar_pixels;
    }
    Ok(y + ROW_GAP as i32)
}

/// A row a layer, in it a bar a run.
fn of_layers(report: &Report) -> Bars {
    let total_pj = |run: &RunReport| run.total.energy_pj;
    let unit = energy_unit(report.runs.iter().map(total_pj).fold(0.0, f64::max));
    let names = report.runs.first();
    let names = names.map_or(Vec::new(), |run| {
        run.layers.iter().map(|layer| layer.name.as_str()).collect()
    });
    let bar = |energy: &EnergyBreakdown| Bar::of(energy, unit.pj, String::new());
    let (own, others) = largest_layers(report);
    let mut rows: Vec<Row> = own
        .into_iter()
        .map(|index| Row {
            label: label(names[index], 32),
            bars: report
                .runs
                .iter()
                .map(|run| bar(&run.layers[index].energy))
                .collect(),
        })
        .collect();
    if !others.is_empty() {
        let sum = |run: &RunReport| others.iter().map(|&index| run.layers[index].energy).sum();
        rows.push(Row {
            label: format!("{} other layers", others.len()),
            bars: report.runs.iter().map(|run| bar(&sum(run))).collect(),
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
                label: label(&run.point(), 32),
                bars: vec![Bar::of(
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
        rows,
        bar_pixels: 14,
    }
}

impl Bar {
    fn of(energy: &EnergyBreakdown, unit_pj: f64, note: String) -> Bar {
        Bar {
            parts: stack(energy).map(|part| (colour(&part), ratio(part.pj, unit_pj))),
            note,
        }
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

/// A number at an axis, without zeros after the point.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// PEs blue, the array's edge purple, buffers green, leakage and the rest grey, DRAM red to yellow.
fn colour(part: &Part) -> RGBColor {
    let [red, green, blue] = match part.head {
        "PE" => [8, 69, 148],
        "idle" => [158, 202, 225],
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
