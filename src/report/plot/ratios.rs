//! Speed-up and energy ratio of every run over the first of its workload, with the published ranges.

use super::super::columns::figure;
use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::{
    Area, BAND, Drawn, Entry, GRID, INK, LEFT, WIDTH, drawing, groups, label, legend, point,
    run_colour, text_style, title, workload, write,
};
use crate::report::model::{Comparison, PublishedRange, Report};

/// Pixels: a row, a heading, the axes below, the labels beside, between the panels.
const ROW: i32 = 18;
const HEADING: i32 = 22;
const AXIS: i32 = 50;
const LABELS: i32 = 270;
const GAP: i32 = 40;

/// Where the panels begin.
const TOP: i32 = 72;

/// A panel: one ratio of every comparison.
struct Panel {
    name: &'static str,
    columns: Range<i32>,
    colour: RGBColor,
    of: fn(&Comparison) -> f64,
    published: fn(&PublishedRange) -> (f64, f64),
}

/// A line of the plot, the same in both panels.
enum Line<'a> {
    /// A workload, and the lines of its runs.
    Heading(String),
    /// A run.
    Run(String, &'a Comparison),
}

/// Draws the ratios.
pub(super) fn draw(report: &Report) -> Drawn<String> {
    let lines = lines(report);
    let below = lines.iter().fold(TOP, |y, line| y + line.pixels());
    let source = report.comparisons.iter().find_map(|c| c.published);
    drawing((below + AXIS) as u32, |area| {
        title(area, "Ratios to the first run of each workload")?;
        if let Some(published) = source {
            let entry = Entry {
                colour: BAND,
                text: label(&format!("published: {}", published.source), 140),
            };
            legend(area, 46, WIDTH as i32, &[entry])?;
        }
        let mut y = TOP;
        for line in &lines {
            let (text, x) = match line {
                Line::Heading(text) => (text, LEFT),
                Line::Run(text, _) => (text, LEFT + 12),
            };
            let middle = y + line.pixels() / 2;
            write(area, text, (x, middle), &text_style(12, HPos::Left))?;
            y += line.pixels();
        }
        for panel in panels() {
            paint(area, &panel, &lines, TOP..below)?;
        }
        Ok(())
    })
}

fn panels() -> [Panel; 2] {
    let width = (WIDTH as i32 - LABELS - 2 * GAP) / 2;
    [
        Panel {
            name: "speed-up: time of the first run / time",
            columns: LABELS..LABELS + width,
            colour: run_colour(2),
            of: |comparison| comparison.speedup,
            published: |range| range.speedup,
        },
        Panel {
            name: "energy ratio: energy of the first run / energy",
            columns: LABELS + width + GAP..LABELS + 2 * width + GAP,
            colour: run_colour(3),
            of: |comparison| comparison.energy_ratio,
            published: |range| range.energy_ratio,
        },
    ]
}

impl Line<'_> {
    fn pixels(&self) -> i32 {
        match self {
            Line::Heading(..) => HEADING,
            Line::Run(..) => ROW,
        }
    }
}

fn lines(report: &Report) -> Vec<Line<'_>> {
    let runs = report.comparisons.iter().map(|c| &report.runs[c.run]);
    let mut lines = Vec::new();
    for group in groups(runs) {
        let comparisons = &report.comparisons[group];
        let run = |comparison: &Comparison| &report.runs[comparison.run];
        let baseline = &report.runs[comparisons[0].baseline_run];
        let heading = format!(
            "{}, first: {}",
            workload(run(&comparisons[0])),
            baseline.point()
        );
        lines.push(Line::Heading(label(&heading, 56)));
        let of_runs = comparisons.iter();
        lines.extend(of_runs.map(|c| Line::Run(label(&point(report, run(c)), 36), c)));
    }
    lines
}

fn paint(area: &Area<'_>, panel: &Panel, lines: &[Line<'_>], rows: Range<i32>) -> Drawn {
    let comparisons = || {
        lines.iter().filter_map(|line| match line {
            Line::Run(_, comparison) => Some(*comparison),
            Line::Heading(..) => None,
        })
    };
    let published = comparisons().filter_map(|c| c.published.map(|p| (panel.published)(&p).1));
    let longest = comparisons()
        .map(panel.of)
        .chain(published)
        .fold(1.0, f64::max);
    // Room for the figures at the ends of bars.
    let end = longest * 1.15;
    let width = f64::from(panel.columns.end - panel.columns.start);
    let at = |value: f64| panel.columns.start + (value / end * width).round() as i32;
    bands(area, panel, lines, at)?;
    axis(area, panel, rows.clone(), end)?;
    let mut y = rows.start;
    for line in lines {
        if let Line::Run(_, comparison) = line {
            let ratio = (panel.of)(comparison);
            let corners = [(at(0.0), y + 3), (at(ratio), y + ROW - 3)];
            area.draw(&Rectangle::new(corners, panel.colour.filled()))?;
            let text = format!("{ratio:.2}x");
            // Clear of the line at 1.
            let end = at(ratio) + 4;
            let x = if ratio < 1.0 && end + 34 > at(1.0) {
                at(1.0) + 4
            } else {
                end
            };
            let beside = (x, y + ROW / 2);
            write(area, &text, beside, &text_style(11, HPos::Left))?;
        }
        y += line.pixels();
    }
    let one = vec![(at(1.0), rows.start), (at(1.0), rows.end)];
    area.draw(&PathElement::new(one, INK.stroke_width(1)))
}

/// The published range of each workload, behind its runs.
fn bands(area: &Area<'_>, panel: &Panel, lines: &[Line<'_>], at: impl Fn(f64) -> i32) -> Drawn {
    let mut y = TOP;
    for line in lines {
        if let Line::Run(
            _,
            Comparison {
                published: Some(range),
                ..
            },
        ) = line
        {
            let (low, high) = (panel.published)(range);
            let corners = [(at(low), y), (at(high), y + ROW)];
            area.draw(&Rectangle::new(corners, BAND.filled()))?;
        }
        y += line.pixels();
    }
    Ok(())
}

/// The axis below a panel, from 0 to `end`.
fn axis(area: &Area<'_>, panel: &Panel, rows: Range<i32>, end: f64) -> Drawn {
    let (full_width, height) = area.dim_in_pixel();
    let region = area.margin(
        rows.start,
        height as i32 - rows.end - AXIS,
        panel.columns.start,
        full_width as i32 - panel.columns.end,
    );
    ChartBuilder::on(&region)
        .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
        .build_cartesian_2d(0.0..end, 0.0..1.0)?
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_max_light_lines(1)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .x_labels(8)
        .x_label_formatter(&|value| figure(*value))
        .label_style(text_style(12, HPos::Center))
        .axis_desc_style(text_style(13, HPos::Center))
        .x_desc(panel.name)
        .draw()
}
