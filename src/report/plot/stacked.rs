//! Horizontal stacked bars in rows, on one linear axis.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::{
    Area, Drawn, Entry, GRID, INK, LEFT, drawing, legend, legend_height, text_style, title, write,
};

/// Pixels: left edge of bars, a bar, between rows, axis and its title.
const BARS_LEFT: u32 = 240;
const ROW_GAP: u32 = 6;
const AXIS: u32 = 46;

/// Pixels of a row without bars, a heading.
const HEADING: u32 = 22;

/// Pixels from an entry of the legend to the next.
const PITCH: i32 = 178;

/// A row of bars under one label.
#[derive(Debug)]
pub(super) struct Row {
    pub label: String,
    pub bars: Vec<Bar>,
}

/// A stacked bar, in units of the axis.
#[derive(Debug)]
pub(super) struct Bar {
    pub parts: Vec<(RGBColor, f64)>,
    /// Written at its end.
    pub note: String,
}

/// What is drawn.
#[derive(Debug)]
pub(super) struct Bars {
    pub title: String,
    /// Lines below the title.
    pub explanation: Vec<String>,
    pub axis: String,
    pub legend: Vec<Entry>,
    pub rows: Vec<Row>,
    pub bar_pixels: u32,
}

/// Draws the bars.
pub(super) fn draw(bars: &Bars) -> Drawn<String> {
    let lines = 16 * bars.explanation.len() as i32;
    let top = 44 + lines + legend_height(bars.legend.len(), PITCH);
    let rows: u32 = bars.rows.iter().map(|row| row.pixels(bars)).sum();
    drawing(top as u32 + rows + 2 * AXIS, |area| {
        title(area, &bars.title)?;
        let style = text_style(12, HPos::Left);
        for (line, text) in bars.explanation.iter().enumerate() {
            write(area, text, (LEFT, 42 + 16 * line as i32), &style)?;
        }
        legend(area, 46 + lines, PITCH, &bars.legend)?;
        let columns = axis(area, bars, top)?;
        let mut y = top + AXIS as i32;
        for row in &bars.rows {
            paint(area, row, bars.bar_pixels as i32, y, &columns)?;
            y += row.pixels(bars) as i32;
        }
        Ok(())
    })
}

impl Row {
    /// Height.
    fn pixels(&self, bars: &Bars) -> u32 {
        match self.bars.len() {
            0 => HEADING,
            count => count as u32 * bars.bar_pixels + ROW_GAP,
        }
    }
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

/// The label and the bars of a row from `y` down.
fn paint(area: &Area<'_>, row: &Row, bar_pixels: i32, y: i32, columns: &Columns) -> Drawn {
    if row.bars.is_empty() {
        let at = (LEFT, y + HEADING as i32 / 2 + 2);
        return write(area, &row.label, at, &text_style(13, HPos::Left));
    }
    let mut y = y + ROW_GAP as i32 / 2;
    let beside = (columns.left - 6, y + bar_pixels * row.bars.len() as i32 / 2);
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
    Ok(())
}

/// A number at an axis, without zeros after the point.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
