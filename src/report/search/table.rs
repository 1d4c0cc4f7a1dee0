//! The outcome as a table.

use std::fmt::Write as _;

use comfy_table::Cell;

use super::{Accuracy, LevelReport, Reported, SearchReport, points};
use crate::report::layout::{head, lines, plain_table, right};

const LEGEND: &str = "\
energy, speedup, EDP   the baseline over the configuration
loss       top-1 accuracy lost against FxP8, in points: on the selection images by their labels (with standard
           error) and as FxP8's confidence in the answers that changed has it (exp.; both are bound); on the
           report images, which took no part, with 95 % interval and McNemar's p (two-sided)
tried      configurations measured on the selection images at this level
a2d w1s L2 kept blocks of activations and weights (x: all), dynamic or static window (~: rounded to
           nearest), block products computed (all if not said)
";

/// The whole table.
pub fn table(report: &SearchReport) -> String {
    let mut table = plain_table(heads());
    let exact = &report.exact;
    let mut row = vec![Cell::new("exact"), Cell::new("")];
    row.extend([exact.energy_ratio, exact.speedup].map(|ratio| right(format!("{ratio:.2}x"))));
    row.push(right(format!("{:.2}x", exact.energy_ratio * exact.speedup)));
    row.push(right("0.00"));
    row.extend([
        right(""),
        right(""),
        right(""),
        right(""),
        accuracy(report.exact_accuracy),
        right(""),
    ]);
    table.add_row(row);
    let mut ruled = Vec::new();
    let mut rows = 1;
    for level in &report.levels {
        ruled.push(rows);
        for (index, reported) in level.reported.iter().enumerate() {
            table.add_row(cells(level, reported, index == 0));
            rows += 1;
        }
    }
    let mut text = heading(report);
    text += &lines(&table, &ruled);
    text.push('\n');
    for level in &report.levels {
        let _ = writeln!(text, "{:8} {}", level.level, level.best.configuration);
        if let Some(nearest) = &level.nearest {
            let _ = writeln!(
                text,
                "         nothing cheaper is within the bound; nearest, {:.2} points lost: {}",
                nearest.judged_loss_points(),
                nearest.configuration
            );
        }
    }
    text.push('\n');
    text += LEGEND;
    let ranges: Vec<String> = report.levels.iter().map(published).collect();
    for range in distinct(ranges) {
        text += &range;
    }
    text
}

/// `ranges` without what comes again.
fn distinct(ranges: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for range in ranges {
        if !kept.contains(&range) {
            kept.push(range);
        }
    }
    kept
}

fn published(level: &LevelReport) -> String {
    let range = |(low, high): (f64, f64)| format!("{low:.2}-{high:.2}x");
    format!(
        "published: energy {}, speedup {} ({})\n",
        range(level.published.energy_ratio),
        range(level.published.speedup),
        level.published.source
    )
}

fn heading(report: &SearchReport) -> String {
    let setting = &report.setting;
    let against = match &setting.baseline {
        Some(baseline) => format!("against {baseline}"),
        None => "against itself at exact".to_owned(),
    };
    let margin = match setting.margin {
        0.0 => String::new(),
        margin => format!(" less {margin} standard errors"),
    };
    format!(
        "{} (batch {}) on {} {against}; least {}, at most {} lost{margin}; energy {}\n\
         images: {} for calibration, {} for selection, {} for this report; correction in the search: {}\n",
        setting.model,
        setting.batch,
        setting.architecture,
        setting.objective,
        points(setting.max_loss_points),
        setting.energy_table,
        setting.calibration_images,
        setting.selection_images,
        setting.report_images,
        setting.correction,
    )
}

fn heads() -> Vec<Cell> {
    let mut heads = vec![Cell::new("level"), Cell::new("correction")];
    heads.extend(
        [
            ("energy", "ratio"),
            ("speedup", ""),
            ("EDP", "ratio"),
            ("loss", "sel."),
            ("loss", "exp."),
            ("loss", "report"),
            ("95 %", "interval"),
            ("p", ""),
            ("top-1 %", "report"),
            ("tried", ""),
        ]
        .map(head),
    );
    heads
}

/// A line of a level: its first also has what does not depend on the correction.
fn cells(level: &LevelReport, reported: &Reported, first: bool) -> Vec<Cell> {
    let only_first = |text: String| if first { text } else { String::new() };
    let best = &level.best;
    vec![
        Cell::new(only_first(level.level.clone())),
        Cell::new(&reported.correction),
        right(only_first(format!("{:.2}x", best.energy_ratio))),
        right(only_first(format!("{:.2}x", best.speedup))),
        right(only_first(format!(
            "{:.2}x",
            best.energy_ratio * best.speedup
        ))),
        right(only_first(format!(
            "{:.2} ±{:.1}",
            best.loss_points, best.loss_error_points
        ))),
        right(only_first(format!("{:.2}", best.expected_loss_points))),
        right(format!("{:.2}", reported.loss_points)),
        right(format!(
            "{:.2} to {:.2}",
            reported.loss_low_points, reported.loss_high_points
        )),
        right(format!("{:.2}", reported.p_value)),
        accuracy(reported.accuracy),
        right(only_first(level.measurements.to_string())),
    ]
}

fn accuracy(accuracy: Accuracy) -> Cell {
    right(format!(
        "{:.2} ({:.1}-{:.1})",
        accuracy.percent, accuracy.low_percent, accuracy.high_percent
    ))
}
