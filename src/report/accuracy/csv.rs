//! Accuracies as comma-separated values.

use std::io;

use super::{AccuracyReport, ConfigurationReport, ObservedLayer, WindowReport};

const HEAD: [&str; 21] = [
    "model",
    "set",
    "images",
    "configuration",
    "correction",
    "top1",
    "top1_low",
    "top1_high",
    "top5",
    "top5_low",
    "top5_high",
    "loss_points",
    "loss_low_points",
    "loss_high_points",
    "p_value",
    "agreement",
    "layer",
    "activations",
    "weights",
    "products",
    "snr_db",
];

/// Columns of the windows of an operand: up to eight blocks of one bit.
const TOPS: usize = 8;

/// Writes a line for each configuration, without a layer, and one for each layer of it that was observed. Columns are
/// named in the first line; what does not exist is empty. Accuracies and windows are shares of 1; the windows of an
/// operand by the index of their top block.
///
/// # Errors
/// What writing gives.
pub fn csv(report: &AccuracyReport, to: impl io::Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(to);
    let windows = ["activation", "weight"].into_iter().flat_map(|operand| {
        let tops = (0..TOPS).map(move |top| format!("{operand}_top_{top}"));
        std::iter::once(format!("{operand}_zero")).chain(tops)
    });
    writer.write_record(HEAD.map(str::to_owned).into_iter().chain(windows))?;
    for configuration in &report.configurations {
        writer.write_record(record(report, configuration, None))?;
        for layer in &configuration.layers {
            writer.write_record(record(report, configuration, Some(layer)))?;
        }
    }
    writer.flush()
}

fn record(
    report: &AccuracyReport,
    configuration: &ConfigurationReport,
    layer: Option<&ObservedLayer>,
) -> Vec<String> {
    let share = |value: f64| format!("{value:.6}");
    let against = configuration.against_fxp8;
    let optional = |value: Option<f64>| value.map(share).unwrap_or_default();
    let (top1, top5) = (configuration.top1, configuration.top5);
    let mut cells = vec![
        report.model.name.clone(),
        report.images.set.name().to_owned(),
        report.images.count.to_string(),
        configuration.name.clone(),
        configuration.correction.clone(),
        share(top1.share),
        share(top1.low),
        share(top1.high),
        share(top5.share),
        share(top5.low),
        share(top5.high),
        optional(against.map(|against| against.loss_points)),
        optional(against.map(|against| against.low_points)),
        optional(against.map(|against| against.high_points)),
        against.map_or(String::new(), |against| format!("{:.6e}", against.p_value)),
        optional(against.map(|against| against.agreement)),
    ];
    let text = |of: fn(&ObservedLayer) -> String| layer.map(of).unwrap_or_default();
    cells.extend([
        text(|layer| layer.name.clone()),
        text(|layer| layer.activations.clone()),
        text(|layer| layer.weights.clone()),
        text(|layer| {
            layer
                .products
                .map_or(String::new(), |products| products.to_string())
        }),
        text(|layer| {
            layer
                .snr_db
                .map_or(String::new(), |snr| format!("{snr:.2}"))
        }),
    ]);
    cells.extend(windows(
        layer.and_then(|layer| layer.activation_windows.as_ref()),
    ));
    cells.extend(windows(
        layer.and_then(|layer| layer.weight_windows.as_ref()),
    ));
    cells
}

fn windows(windows: Option<&WindowReport>) -> [String; 1 + TOPS] {
    let mut cells = [const { String::new() }; 1 + TOPS];
    if let Some(windows) = windows {
        cells[0] = format!("{:.6}", windows.zero);
        let tops = &mut cells[1 + usize::from(windows.lowest_top)..];
        for (cell, share) in tops.iter_mut().zip(&windows.by_top) {
            *cell = format!("{share:.6}");
        }
    }
    cells
}
