//! Measurements to reports.

use super::{
    ACCURACY_SCHEMA, AccuracyReport, AgainstReport, ArithmeticKind, ConfigurationReport,
    MeasuredImages, MeasuredModel, ObservedLayer, ShareReport, WindowReport,
};
use crate::approx::{LayerPrecision, OperandFormat};
use crate::arch::PeKind;
use crate::blocked::{Rounding, Window};
use crate::infer::evaluation::{Accuracy, against, agreement};
use crate::infer::measure::{Arithmetic, Candidate, Measurement, MeasurementRequest};
use crate::infer::observation::{LayerObservation, WindowCounts};
use crate::infer::statistics::Interval;
use crate::infer::{Correction, Prediction, RangeRule};
use crate::workload::Network;

impl AccuracyReport {
    /// The report of a measurement.
    pub fn of(request: &MeasurementRequest, measurement: &Measurement) -> AccuracyReport {
        let MeasurementRequest {
            file,
            trained,
            architecture,
            ..
        } = request;
        let description = file.description();
        let network = &trained.model.network;
        let fxp8 = measurement
            .candidates
            .iter()
            .find(|candidate| candidate.arithmetic == Arithmetic::Fxp8)
            .map(|candidate| &candidate.predictions[..]);
        AccuracyReport {
            schema: ACCURACY_SCHEMA.to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            model: MeasuredModel {
                name: description.name.clone(),
                sha256: trained.sha256.clone(),
                preprocessing_sha256: description.preprocessing.sha256(),
                classes: description.classes,
                macs: network.total_macs(),
            },
            images: MeasuredImages {
                set: request.set,
                count: measurement.images as u64,
                calibration_count: measurement.calibration_images as u64,
                range: range_name(request.range),
                observed_count: measurement.observed_images as u64,
            },
            architecture: architecture.name.clone(),
            pe: pe_name(&architecture.array.pe),
            configurations: measurement
                .candidates
                .iter()
                .map(|candidate| configuration(candidate, fxp8, network))
                .collect(),
        }
    }
}

fn configuration(
    candidate: &Candidate,
    fxp8: Option<&[Prediction]>,
    network: &Network,
) -> ConfigurationReport {
    let (name, arithmetic, correction) = match &candidate.arithmetic {
        Arithmetic::Float => ("float", ArithmeticKind::Float, None),
        Arithmetic::Fxp8 => ("fxp8", ArithmeticKind::Fxp8, None),
        Arithmetic::Approximate { name, correction } => {
            (&**name, ArithmeticKind::Approximate, *correction)
        }
    };
    let accuracy = Accuracy::of(&candidate.predictions);
    let share = |images, share, Interval { low, high }| ShareReport {
        images,
        share,
        low,
        high,
    };
    ConfigurationReport {
        name: name.to_owned(),
        arithmetic,
        correction: correction_name(correction).to_owned(),
        top1: share(
            accuracy.top1,
            accuracy.top1_share(),
            accuracy.top1_interval(),
        ),
        top5: share(
            accuracy.top5,
            accuracy.top5_share(),
            accuracy.top5_interval(),
        ),
        against_fxp8: fxp8
            .filter(|_| arithmetic != ArithmeticKind::Fxp8)
            .map(|fxp8| against_report(fxp8, &candidate.predictions)),
        layers: candidate
            .layers
            .iter()
            .zip(&candidate.precisions)
            .map(|(layer, precision)| layer_report(layer, precision, network))
            .collect(),
    }
}

fn against_report(fxp8: &[Prediction], predictions: &[Prediction]) -> AgainstReport {
    let paired = against(fxp8, predictions);
    let interval = paired.interval();
    AgainstReport {
        loss_points: 100.0 * paired.difference(),
        low_points: 100.0 * interval.low,
        high_points: 100.0 * interval.high,
        p_value: paired.mcnemar(),
        only_fxp8_right: paired.only_first,
        only_this_right: paired.only_second,
        agreement: agreement(fxp8, predictions) as f64 / predictions.len() as f64,
    }
}

fn layer_report(
    observed: &LayerObservation,
    precision: &LayerPrecision,
    network: &Network,
) -> ObservedLayer {
    let snr_db = observed.snr_db();
    ObservedLayer {
        name: network.layer(observed.layer).name.clone(),
        activations: format_name(&precision.activations),
        weights: format_name(&precision.weights),
        products: precision.products.as_ref().map(|set| set.computed()),
        // Logarithms differ in their last bits from machine to machine.
        snr_db: snr_db.is_finite().then(|| (snr_db * 100.0).round() / 100.0),
        activation_windows: observed.activation_windows.as_ref().map(window_report),
        weight_windows: observed.weight_windows.as_ref().map(window_report),
    }
}

fn window_report(counts: &WindowCounts) -> WindowReport {
    let total = counts.total().max(1) as f64;
    WindowReport {
        zero: counts.zeros as f64 / total,
        lowest_top: counts.lowest_top,
        by_top: counts
            .by_top
            .iter()
            .map(|&count| count as f64 / total)
            .collect(),
    }
}

/// A format in a few characters.
fn format_name(format: &OperandFormat) -> String {
    match format {
        OperandFormat::Exact { bits, .. } => format!("exact {bits}"),
        OperandFormat::Bits { bits, .. } => format!("{bits} bits"),
        OperandFormat::Blocks(format) if format.is_exact() => "exact".to_owned(),
        OperandFormat::Blocks(format) => {
            let window = match format.window() {
                Window::Dynamic => "dynamic".to_owned(),
                Window::Static { top: None } => "static".to_owned(),
                Window::Static { top: Some(top) } => format!("static at {top}"),
            };
            let rounding = match format.rounding() {
                Rounding::Truncate => "",
                Rounding::Nearest => " nearest",
            };
            format!("{}/{} {window}{rounding}", format.kept(), format.blocks())
        }
    }
}

pub(super) fn pe_name(pe: &PeKind) -> String {
    pe.to_string()
}

/// As the argument says it.
pub(super) fn range_name(range: RangeRule) -> String {
    match range {
        RangeRule::MinMax => "min_max".to_owned(),
        RangeRule::Percentile(percent) => format!("percentile:{percent}"),
        RangeRule::Mse => "mse".to_owned(),
    }
}

/// As the argument says it.
pub fn correction_name(correction: Option<Correction>) -> &'static str {
    match correction {
        None => "none",
        Some(Correction::Bias) => "bias",
        Some(Correction::Scale) => "scale",
    }
}
