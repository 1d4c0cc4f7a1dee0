//! Accuracies as aligned tables.

use comfy_table::Cell;

use super::{AccuracyReport, ConfigurationReport, ObservedLayer, ShareReport, WindowReport};
use crate::report::layout::{head, lines, plain_table, right, wrapped};

/// A table of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccuracyView {
    /// A line a configuration: accuracies, and the loss against FxP8.
    Accuracy,
    /// A line a layer: signal over noise under each configuration.
    Layers,
    /// A line a layer and configuration: where the windows of the operands are.
    Windows,
}

const ACCURACY_NOTES: [&str; 3] = [
    "intervals of 95 %: Wilson's of an accuracy, Newcombe's (method 10) of a loss, which is paired",
    "loss: top-1 of FxP8 less that of the line, on the same images; p: exact McNemar test that there is none",
    "agree: images to which FxP8 and the line give the same class, right or wrong",
];

/// The tables `views`, one after the other, with what their columns mean if `notes`.
pub fn table(report: &AccuracyReport, views: &[AccuracyView], notes: bool) -> String {
    let mut text = title(report);
    for view in views {
        text.push('\n');
        text += &match view {
            AccuracyView::Accuracy => accuracy(report),
            AccuracyView::Layers => layers(report),
            AccuracyView::Windows => windows(report),
        };
    }
    if notes {
        text.push('\n');
        for note in notes_of(report, views) {
            text += &wrapped("note: ", &note);
        }
    }
    text
}

fn title(report: &AccuracyReport) -> String {
    let AccuracyReport { model, images, .. } = report;
    format!(
        "{} ({:.2} M MACs, {} classes) on {} images of the {} set; ranges by {} of {} calibration images\n\
         configurations for {} ({})\n",
        model.name,
        model.macs as f64 / 1e6,
        model.classes,
        images.count,
        images.set.name(),
        images.range,
        images.calibration_count,
        report.architecture,
        report.pe,
    )
}

fn notes_of(report: &AccuracyReport, views: &[AccuracyView]) -> Vec<String> {
    let mut notes = Vec::new();
    for view in views {
        match view {
            AccuracyView::Accuracy => notes.extend(ACCURACY_NOTES.map(str::to_owned)),
            AccuracyView::Layers => notes.push(format!(
                "layers: signal over noise of a layer's outputs in dB, against floating point, on {} images",
                report.images.observed_count
            )),
            AccuracyView::Windows => notes.push(format!(
                "windows: share of the values by the top block of their window, in %, on {} images; zeros apart; \
                 weights once each",
                report.images.observed_count
            )),
        }
    }
    notes
}

fn accuracy(report: &AccuracyReport) -> String {
    let mut heads = vec![Cell::new("configuration"), Cell::new("correction")];
    heads.extend(
        [
            ("top-1", "%"),
            ("interval", "%"),
            ("top-5", "%"),
            ("interval", "%"),
            ("loss", "points"),
            ("interval", "points"),
            ("p", ""),
            ("agree", "%"),
        ]
        .map(head),
    );
    let mut table = plain_table(heads);
    for configuration in &report.configurations {
        let against = configuration.against_fxp8;
        let mut cells = vec![
            Cell::new(&configuration.name),
            Cell::new(match &*configuration.correction {
                "none" => "",
                other => other,
            }),
        ];
        for share in [configuration.top1, configuration.top5] {
            cells.extend(share_cells(share));
        }
        cells.extend(match against {
            None => [(); 4].map(|()| right("")),
            Some(against) => [
                right(signed(against.loss_points)),
                right(format!(
                    "{} to {}",
                    signed(against.low_points),
                    signed(against.high_points)
                )),
                right(p_value(against.p_value)),
                right(format!("{:.1}", 100.0 * against.agreement)),
            ],
        });
        table.add_row(cells);
    }
    lines(&table, &[])
}

fn share_cells(share: ShareReport) -> [Cell; 2] {
    [
        right(format!("{:.2}", 100.0 * share.share)),
        right(format!(
            "{:.1} to {:.1}",
            100.0 * share.low,
            100.0 * share.high
        )),
    ]
}

/// Points with two decimals and no negative zero.
fn signed(points: f64) -> String {
    let text = format!("{points:.2}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// Configurations with observed layers.
fn observed(report: &AccuracyReport) -> impl Iterator<Item = &ConfigurationReport> {
    report
        .configurations
        .iter()
        .filter(|configuration| !configuration.layers.is_empty())
}

/// A configuration's name, with its correction if there is one.
fn full_name(configuration: &ConfigurationReport) -> String {
    match &*configuration.correction {
        "none" => configuration.name.clone(),
        correction => format!("{}+{correction}", configuration.name),
    }
}

fn layers(report: &AccuracyReport) -> String {
    let mut heads = vec![Cell::new("SNR by layer")];
    heads.extend(observed(report).map(|configuration| head((&full_name(configuration), "dB"))));
    let mut table = plain_table(heads);
    let Some(first) = observed(report).next() else {
        return String::new();
    };
    for (index, layer) in first.layers.iter().enumerate() {
        let snr = |layer: &ObservedLayer| match layer.snr_db {
            Some(snr) => right(format!("{snr:.1}")),
            None => right("inf"),
        };
        let mut cells = vec![Cell::new(&layer.name)];
        cells.extend(observed(report).map(|configuration| snr(&configuration.layers[index])));
        table.add_row(cells);
    }
    lines(&table, &[])
}

fn windows(report: &AccuracyReport) -> String {
    let mut tops = 0;
    for configuration in observed(report) {
        for layer in &configuration.layers {
            for windows in [&layer.activation_windows, &layer.weight_windows]
                .into_iter()
                .flatten()
            {
                tops = tops.max(usize::from(windows.lowest_top) + windows.by_top.len());
            }
        }
    }
    if tops == 0 {
        return "no operand of these configurations has windows of its own for each value\n"
            .to_owned();
    }
    let mut heads = ["configuration", "layer", "operand", "format"]
        .map(Cell::new)
        .to_vec();
    heads.push(head(("zero", "%")));
    heads.extend((0..tops).map(|top| head((&format!("top {top}"), "%"))));
    let mut table = plain_table(heads);
    let mut ruled = Vec::new();
    let mut rows = 0;
    for configuration in observed(report) {
        if rows > 0 {
            ruled.push(rows);
        }
        for layer in &configuration.layers {
            for (operand, format, windows) in [
                ("activations", &layer.activations, &layer.activation_windows),
                ("weights", &layer.weights, &layer.weight_windows),
            ] {
                let Some(windows) = windows else { continue };
                let mut cells = [&full_name(configuration), &layer.name, operand, format]
                    .map(Cell::new)
                    .to_vec();
                cells.extend(window_cells(windows, tops));
                table.add_row(cells);
                rows += 1;
            }
        }
    }
    lines(&table, &ruled)
}

fn window_cells(windows: &WindowReport, tops: usize) -> Vec<Cell> {
    let percent = |share: f64| right(format!("{:.1}", 100.0 * share));
    let mut cells = vec![percent(windows.zero)];
    cells.extend((0..tops).map(|top| {
        let index = top.checked_sub(usize::from(windows.lowest_top));
        match index.and_then(|index| windows.by_top.get(index)) {
            Some(&share) => percent(share),
            None => right(""),
        }
    }));
    cells
}
