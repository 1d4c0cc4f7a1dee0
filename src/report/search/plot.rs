//! Every configuration tried, and the front, as an SVG plot: loss against energy and against time.

use std::io;
use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::{SearchPoint, SearchReport, points};
use crate::report::plot::canvas::{
    Area, Drawn, Entry, GRID, INK, LEFT, WIDTH, drawing, label, run_colour, text_style, title,
    write,
};

const HEIGHT: u32 = 520;
const TOP: i32 = 92;
const GAP: i32 = 24;

/// A panel: one ratio of every point.
struct Panel {
    name: &'static str,
    columns: Range<i32>,
    of: fn(&SearchPoint) -> f64,
}

/// Draws the plot.
///
/// # Errors
/// What drawing gives; there is none for a drawing in memory.
pub fn plot(report: &SearchReport) -> io::Result<String> {
    draw(report).map_err(io::Error::other)
}

fn draw(report: &SearchReport) -> Drawn<String> {
    let setting = &report.setting;
    drawing(HEIGHT, |area| {
        title(
            area,
            &format!("{} on {}", setting.model, setting.architecture),
        )?;
        let baseline = setting.baseline.as_deref().unwrap_or("itself at exact");
        let below = format!(
            "ratios to {baseline}; loss on {} images by labels or FxP8's confidence, the more; line: {} allowed",
            setting.selection_images,
            points(setting.max_loss_points)
        );
        write(
            area,
            &label(&below, 120),
            (LEFT, 42),
            &text_style(12, HPos::Left),
        )?;
        let entry = |colour, text: &str| Entry {
            colour,
            text: text.to_owned(),
        };
        let mut entries = vec![
            entry(GRID, "tried"),
            entry(
                INK,
                "front: nothing loses less, is faster and takes less energy",
            ),
        ];
        for (index, level) in report.levels.iter().enumerate() {
            entries.push(entry(
                run_colour(index + 1),
                &format!("found: {}", level.level),
            ));
        }
        key(area, &entries)?;
        for panel in panels() {
            paint(area, report, &panel)?;
        }
        Ok(())
    })
}

/// The legend in one line, each entry as wide as its text.
fn key(area: &Area<'_>, entries: &[Entry]) -> Drawn {
    let style = text_style(12, HPos::Left);
    let mut x = LEFT;
    for entry in entries {
        let square = Rectangle::new([(x, 60), (x + 12, 72)], entry.colour.filled());
        area.draw(&square)?;
        write(area, &entry.text, (x + 18, 66), &style)?;
        x += 40 + 7 * entry.text.chars().count() as i32;
    }
    Ok(())
}

fn panels() -> [Panel; 2] {
    let width = (WIDTH as i32 - 2 * LEFT - GAP) / 2;
    [
        Panel {
            name: "energy ratio",
            columns: LEFT..LEFT + width,
            of: |point| point.energy_ratio,
        },
        Panel {
            name: "speed-up",
            columns: LEFT + width + GAP..LEFT + 2 * width + GAP,
            of: |point| point.speedup,
        },
    ]
}

/// Ratios and losses that the axes show.
fn extents(report: &SearchReport, of: fn(&SearchPoint) -> f64) -> (Range<f64>, Range<f64>) {
    let all = || report.tried.iter();
    let most = all().map(of).fold(1.0, f64::max) * 1.05;
    let least = all().map(of).fold(1.0, f64::min) * 0.95;
    let bound = report.setting.max_loss_points;
    let losses = || all().map(SearchPoint::judged_loss_points);
    // Beyond a few times the bound only that it is beyond matters.
    let top = losses().fold(bound, f64::max).min((6.0 * bound).max(5.0)) * 1.05;
    let bottom = losses().fold(0.0, f64::min) - 0.05 * top;
    (least..most, bottom..top)
}

fn paint(area: &Area<'_>, report: &SearchReport, panel: &Panel) -> Drawn {
    let (width, height) = area.dim_in_pixel();
    let region = area.margin(
        TOP,
        8,
        panel.columns.start,
        width as i32 - panel.columns.end,
    );
    debug_assert!(height > TOP as u32);
    let of = panel.of;
    let all = || report.tried.iter();
    let bound = report.setting.max_loss_points;
    let (ratios, losses) = extents(report, of);
    let (least, most, top) = (ratios.start, ratios.end, losses.end);
    let mut chart = ChartBuilder::on(&region)
        .set_label_area_size(LabelAreaPosition::Bottom, 46)
        .set_label_area_size(LabelAreaPosition::Left, 56)
        .build_cartesian_2d(ratios, losses)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .x_labels(8)
        .y_labels(8)
        .label_style(text_style(12, HPos::Center))
        .axis_desc_style(text_style(13, HPos::Center))
        .x_desc(panel.name)
        .y_desc("top-1 lost, points")
        .draw()?;
    let line = vec![(least, bound), (most, bound)];
    chart.draw_series([PathElement::new(line, INK.stroke_width(1))])?;
    let seen = |point: &SearchPoint| point.judged_loss_points() <= top;
    let at = |point: &SearchPoint| (of(point), point.judged_loss_points());
    let dot = |point: &SearchPoint, size: i32, colour: RGBColor| {
        Circle::new(at(point), size, colour.filled())
    };
    let grey = RGBColor(190, 190, 190);
    chart.draw_series(
        all()
            .filter(|point| seen(point))
            .map(|point| dot(point, 3, grey)),
    )?;
    let front = report.front.iter().map(|&index| &report.tried[index]);
    chart.draw_series(
        front
            .filter(|point| seen(point))
            .map(|point| dot(point, 3, INK)),
    )?;
    for (index, level) in report.levels.iter().enumerate() {
        let size = 8 - 2 * index.min(2) as i32;
        chart.draw_series([dot(&level.best, size, run_colour(index + 1))])?;
    }
    Ok(())
}
