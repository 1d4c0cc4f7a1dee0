//! What the plots share: sizes, colours, text, legends.

use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::model::{Report, RunReport};

/// A drawing area in memory.
pub(in crate::report) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The result of drawing.
pub(in crate::report) type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<io::Error>>;

/// Width of every plot in pixels.
pub(in crate::report) const WIDTH: u32 = 1100;

/// Left edge of titles and legends.
pub(in crate::report) const LEFT: i32 = 16;

/// Lines, text, and what is drawn in the background.
pub(in crate::report) const INK: RGBColor = RGBColor(40, 40, 40);
pub(in crate::report) const GRID: RGBColor = RGBColor(222, 222, 222);
pub(in crate::report) const BAND: RGBColor = RGBColor(255, 226, 170);

/// Colours of runs, those of Okabe and Ito that are told apart with any colour vision; runs beyond are tints of them.
const RUNS: [RGBColor; 8] = [
    RGBColor(0, 0, 0),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(140, 110, 60),
];

/// The colour of a run.
pub(in crate::report) fn run_colour(index: usize) -> RGBColor {
    let RGBColor(red, green, blue) = RUNS[index % RUNS.len()];
    // Every other round through the colours they are tints: halfway to white.
    let tint = |channel: u8| match index / RUNS.len() % 2 {
        0 => channel,
        _ => channel / 2 + 127,
    };
    RGBColor(tint(red), tint(green), tint(blue))
}

/// A drawing of `height` pixels by `paint`.
pub(in crate::report) fn drawing(
    height: u32,
    paint: impl FnOnce(&Area<'_>) -> Drawn,
) -> Drawn<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        paint(&root)?;
        root.present()?;
    }
    Ok(svg)
}

/// Text of `pixels` height that ends, begins or is centred where it is put.
pub(in crate::report) fn text_style(pixels: u32, horizontal: HPos) -> TextStyle<'static> {
    // The backend divides sizes by 1.24.
    ("sans-serif", f64::from(pixels) * 1.24)
        .into_font()
        .color(&INK)
        .pos(Pos::new(horizontal, VPos::Center))
}

/// Writes text at a pixel.
pub(in crate::report) fn write(
    area: &Area<'_>,
    text: &str,
    at: (i32, i32),
    style: &TextStyle<'_>,
) -> Drawn {
    area.draw_text(text, style, at)
}

/// The heading of a plot.
pub(in crate::report) fn title(area: &Area<'_>, text: &str) -> Drawn {
    write(
        area,
        &label(text, 120),
        (LEFT, 20),
        &text_style(17, HPos::Left),
    )
}

/// An entry of a legend.
#[derive(Debug)]
pub(in crate::report) struct Entry {
    pub colour: RGBColor,
    pub text: String,
}

/// Pixels from a line of a legend to the next.
const LEGEND_LINE: i32 = 18;

/// A legend in columns of `pitch` pixels from `top` on; where it ends.
pub(in crate::report) fn legend(
    area: &Area<'_>,
    top: i32,
    pitch: i32,
    entries: &[Entry],
) -> Drawn<i32> {
    let columns = ((WIDTH as i32 - LEFT) / pitch).max(1);
    let style = text_style(12, HPos::Left);
    for (index, entry) in entries.iter().enumerate() {
        let x = LEFT + index as i32 % columns * pitch;
        let y = top + index as i32 / columns * LEGEND_LINE;
        area.draw(&Rectangle::new(
            [(x, y - 6), (x + 12, y + 6)],
            entry.colour.filled(),
        ))?;
        write(area, &entry.text, (x + 18, y), &style)?;
    }
    Ok(top + legend_height(entries.len(), pitch))
}

/// Pixels that a legend of so many entries takes.
pub(in crate::report) fn legend_height(entries: usize, pitch: i32) -> i32 {
    let columns = ((WIDTH as i32 - LEFT) / pitch).max(1);
    (entries as i32 + columns - 1) / columns * LEGEND_LINE
}

/// `text` for a plot: without characters that XML does not have, and its middle left out if it is longer than
/// `most` characters.
pub(in crate::report) fn label(text: &str, most: usize) -> String {
    let clean: Vec<char> = text
        .chars()
        .map(|c| match c {
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => ' ',
            c => c,
        })
        .collect();
    if clean.len() <= most {
        return clean.into_iter().collect();
    }
    let head = (most - 3) / 2;
    let tail = most - 3 - head;
    clean[..head]
        .iter()
        .chain(&['.'; 3])
        .chain(&clean[clean.len() - tail..])
        .collect()
}

/// `alexnet`, or `alexnet (batch 16)`.
pub(in crate::report) fn workload(run: &RunReport) -> String {
    match run.batch {
        1 => run.workload.clone(),
        batch => format!("{} (batch {batch})", run.workload),
    }
}

/// `architecture:approximation`, and the array's size where the report has the same with another.
pub(in crate::report) fn point(report: &Report, run: &RunReport) -> String {
    let size = |run: &RunReport| (run.architecture.rows, run.architecture.columns);
    let point = run.point();
    let resized = |other: &RunReport| size(other) != size(run) && other.point() == point;
    if report.runs.iter().any(resized) {
        let (rows, columns) = size(run);
        format!("{point} {rows}x{columns}")
    } else {
        point
    }
}

/// Spans of `runs` that follow each other and are of the same workload and batch.
pub(in crate::report) fn groups<'a>(
    runs: impl Iterator<Item = &'a RunReport>,
) -> Vec<std::ops::Range<usize>> {
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    let mut before: Option<(&str, u32)> = None;
    for (index, run) in runs.enumerate() {
        let this = (run.workload.as_str(), run.batch);
        match groups.last_mut() {
            Some(group) if before == Some(this) => group.end = index + 1,
            _ => groups.push(index..index + 1),
        }
        before = Some(this);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::{RUNS, run_colour};

    #[test]
    fn colours_differ_for_twice_as_many_runs() {
        let colours: Vec<_> = (0..2 * RUNS.len()).map(run_colour).collect();
        for (index, colour) in colours.iter().enumerate() {
            assert!(!colours[..index].contains(colour), "{index}");
        }
    }
}
