//! Roofline: attained operations per second over operational intensity, both logarithmic, below the roofs of each
//! engine and memory.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Detail;
use super::canvas::{
    Area, Drawn, Entry, GRID, INK, LEFT, drawing, groups, label, legend, legend_height, point,
    run_colour, text_style, title, workload, write,
};
use crate::report::columns::figure;
use crate::report::model::{Engine, LayerReport, Report, RunReport};
use crate::report::performance::{Roofline, ratio};

/// Pixels of the chart with its axes.
const CHART: u32 = 660;

/// Pixels from an entry of the legend to the next.
const PITCH: i32 = 360;

/// Pixels that texts at roofs keep from each other.
const TEXT_LINE: i32 = 14;

/// A point of the plot.
#[derive(Debug)]
struct Point {
    place: Roofline,
    key: usize,
    vector: bool,
    radius: i32,
}

/// What a roof is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoofOf {
    Engine,
    Dram,
    /// What the DMA can ask for, reads and writes each: drawn where it is less than the DRAM could give.
    Dma,
}

/// A roof, and the design point it belongs to where that is one alone.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Roof {
    /// Giga-operations per second of an engine, or GB/s of a memory.
    level: f64,
    of: RoofOf,
    key: Option<usize>,
}

impl Roof {
    fn is_engine(&self) -> bool {
        self.of == RoofOf::Engine
    }
}

/// Draws the roofline.
pub(super) fn draw(report: &Report, detail: Detail) -> Drawn<String> {
    let keys = keys(report);
    let points = points(report, detail, &keys);
    let roofs = roofs(report, &keys);
    let top = 44 + legend_height(keys.len(), PITCH) + 30;
    drawing(top as u32 + CHART, |area| {
        title(area, &heading(report, detail))?;
        let entries: Vec<Entry> = keys
            .iter()
            .enumerate()
            .map(|(index, key)| Entry {
                colour: run_colour(index),
                text: label(key, 50),
            })
            .collect();
        let below = legend(area, 46, PITCH, &entries)?;
        write(
            area,
            explanation(detail),
            (LEFT, below),
            &text_style(12, HPos::Left),
        )?;
        let names = match detail {
            Detail::Layers => Vec::new(),
            Detail::Runs => highest_of_workloads(report),
        };
        chart(area, top, &points, &roofs, &names)
    })
}

fn heading(report: &Report, detail: Detail) -> String {
    match (detail, report.runs.first()) {
        (Detail::Layers, Some(run)) => format!("{}: roofline of each layer", workload(run)),
        _ => "Roofline of each run".to_string(),
    }
}

fn explanation(detail: Detail) -> &'static str {
    match detail {
        Detail::Layers => {
            "disc: layer on the array; ring: layer on the vector unit (lane operations); \
             its area grows with its share of the run's time"
        }
        Detail::Runs => {
            "a disc is a whole run: 2 operations a MAC over the DRAM traffic of all layers"
        }
    }
}

/// Design points, in order.
fn keys(report: &Report) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for run in &report.runs {
        let point = point(report, run);
        if !keys.contains(&point) {
            keys.push(point);
        }
    }
    keys
}

fn key_of(report: &Report, run: &RunReport, keys: &[String]) -> usize {
    let point = point(report, run);
    keys.iter().position(|key| *key == point).unwrap_or(0)
}

/// The points, large ones first so that they cover no small ones.
fn points(report: &Report, detail: Detail, keys: &[String]) -> Vec<Point> {
    let mut points = Vec::new();
    for run in &report.runs {
        let layers: &[LayerReport] = match detail {
            Detail::Layers => &run.layers,
            Detail::Runs => std::slice::from_ref(&run.total),
        };
        for layer in layers {
            if layer.roofline.attained_gops > 0.0 {
                points.push(Point {
                    place: layer.roofline,
                    key: key_of(report, run, keys),
                    vector: layer.engine == Engine::VectorUnit,
                    radius: match detail {
                        Detail::Layers => radius(ratio(layer.time_us, run.total.time_us)),
                        // Runs at the same place are rings around each other.
                        Detail::Runs => 11 - key_of(report, run, keys).min(7) as i32,
                    },
                });
            }
        }
    }
    points.sort_by_key(|point| std::cmp::Reverse(point.radius));
    points
}

/// Radius in pixels for a share of the run's time.
fn radius(share: f64) -> i32 {
    (3.0 + 20.0 * share.sqrt()).round() as i32
}

/// All levels of the engines and memories, each once.
fn roofs(report: &Report, keys: &[String]) -> Vec<Roof> {
    let mut roofs: Vec<Roof> = Vec::new();
    for run in &report.runs {
        let key = key_of(report, run, keys);
        let peaks = run
            .layers
            .iter()
            .map(|layer| (layer.roofline.peak_gops, RoofOf::Engine));
        let arch = &run.architecture;
        let narrow = arch
            .dma_is_narrower()
            .then_some((arch.dma_peak_gbps, RoofOf::Dma));
        let memory = [(arch.dram_peak_gbps, RoofOf::Dram)];
        for (level, of) in peaks.chain(memory).chain(narrow) {
            let same = |roof: &&mut Roof| roof.level == level && roof.of == of;
            match roofs.iter_mut().find(same) {
                Some(roof) if roof.key != Some(key) => roof.key = None,
                Some(_) => {}
                None => roofs.push(Roof {
                    level,
                    of,
                    key: Some(key),
                }),
            }
        }
    }
    roofs
}

/// Name and place of the fastest run of each workload.
fn highest_of_workloads(report: &Report) -> Vec<(String, Roofline)> {
    groups(report.runs.iter())
        .into_iter()
        .filter_map(|group| {
            let runs = report.runs[group].iter();
            let fastest = runs.max_by(|a, b| {
                let attained = |run: &RunReport| run.total.roofline.attained_gops;
                attained(a).total_cmp(&attained(b))
            })?;
            Some((workload(fastest), fastest.total.roofline))
        })
        .filter(|(_, place)| place.attained_gops > 0.0)
        .collect()
}

/// Whole decades around `values`.
fn decades(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values
        .filter(|value| *value > 0.0)
        .fold((f64::MAX, 0.0f64), |(least, most), value| {
            (least.min(value), most.max(value))
        });
    if most == 0.0 {
        return 1.0..10.0;
    }
    let begin = 10f64.powi(least.log10().floor() as i32);
    let end = 10f64.powi((most * 1.2).log10().ceil() as i32);
    begin..end.max(begin * 10.0)
}

/// Axes, roofs, points and the names of some.
fn chart(
    area: &Area<'_>,
    top: i32,
    points: &[Point],
    roofs: &[Roof],
    names: &[(String, Roofline)],
) -> Drawn {
    let engines = || roofs.iter().filter(|roof| roof.is_engine());
    let memories = || roofs.iter().filter(|roof| !roof.is_engine());
    let ridges = engines().flat_map(|engine| memories().map(|memory| engine.level / memory.level));
    let intensities = points.iter().map(|point| point.place.operations_per_byte);
    let x_range = decades(intensities.chain(ridges));
    let attained = points.iter().map(|point| point.place.attained_gops);
    let y_range = decades(attained.chain(engines().map(|roof| roof.level)));
    let (x_least, x_most) = (x_range.start, x_range.end);
    let y_least = y_range.start;
    let mut chart = ChartBuilder::on(&area.margin(top, 10, 10, 0))
        .margin_right(24)
        .set_label_area_size(LabelAreaPosition::Left, 74)
        .set_label_area_size(LabelAreaPosition::Bottom, 50)
        .build_cartesian_2d(x_range.log_scale(), y_range.log_scale())?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(GRID.mix(0.5))
        .axis_style(INK)
        .label_style(text_style(12, HPos::Center))
        .y_label_style(text_style(12, HPos::Right))
        .axis_desc_style(text_style(13, HPos::Center))
        .x_label_formatter(&|value| decade(*value))
        .y_label_formatter(&|value| decade(*value))
        .x_desc("operational intensity (operations per DRAM byte)")
        .y_desc("attained (giga-operations per second)")
        .draw()?;
    let at = |x: f64, y: f64| chart.backend_coord(&(x, y));
    draw_roofs(area, roofs, (x_least, x_most), y_least, &at)?;
    let opacity = if names.is_empty() { 0.55 } else { 1.0 };
    draw_points(area, points, opacity, &at)?;
    for (name, place) in names {
        let (x, y) = at(place.operations_per_byte, place.attained_gops);
        let beside = (x + 18, y + 4);
        write(area, &label(name, 32), beside, &text_style(12, HPos::Left))?;
    }
    Ok(())
}

/// Pixels of an intensity and a rate.
type Place<'a> = &'a dyn Fn(f64, f64) -> (i32, i32);

fn draw_roofs(
    area: &Area<'_>,
    roofs: &[Roof],
    (x_least, x_most): (f64, f64),
    y_least: f64,
    at: Place<'_>,
) -> Drawn {
    let level = |engine: bool| {
        let alike = roofs.iter().filter(move |roof| roof.is_engine() == engine);
        alike.map(|roof| roof.level).fold(0.0, f64::max)
    };
    let (highest, fastest) = (level(true), level(false));
    let mut texts: Vec<i32> = Vec::new();
    for roof in roofs {
        let colour = roof.key.map_or(INK, run_colour);
        let (from, to) = if roof.is_engine() {
            let ridge = ratio(roof.level, fastest).max(x_least);
            (at(ridge, roof.level), at(x_most, roof.level))
        } else {
            let begin = (ratio(y_least, roof.level)).max(x_least);
            let ridge = ratio(highest, roof.level);
            (at(begin, begin * roof.level), at(ridge, ridge * roof.level))
        };
        area.draw(&PathElement::new(vec![from, to], colour.stroke_width(2)))?;
        let y = to.1 - TEXT_LINE / 2;
        let memory = match roof.of {
            RoofOf::Engine => {
                if texts.iter().all(|other| (other - y).abs() >= TEXT_LINE) {
                    texts.push(y);
                    let text = format!("{} GOPS", figure(roof.level));
                    write(area, &text, (to.0 - 4, y), &text_style(11, HPos::Right))?;
                }
                continue;
            }
            RoofOf::Dram => "DRAM",
            RoofOf::Dma => "DMA, each way",
        };
        let beside = (from.0 + 34, from.1 - 6);
        let text = format!("{} GB/s {memory}", figure(roof.level));
        write(area, &text, beside, &text_style(11, HPos::Left))?;
    }
    Ok(())
}

fn draw_points(area: &Area<'_>, points: &[Point], opacity: f64, at: Place<'_>) -> Drawn {
    for point in points {
        let centre = at(point.place.operations_per_byte, point.place.attained_gops);
        let colour = run_colour(point.key);
        let style = if point.vector {
            colour.stroke_width(2)
        } else {
            colour.mix(opacity).filled()
        };
        area.draw(&Circle::new(centre, point.radius, style))?;
    }
    Ok(())
}

/// A number at a logarithmic axis.
fn decade(value: f64) -> String {
    if value >= 1.0 {
        format!("{value:.0}")
    } else {
        format!("{value}")
    }
}
