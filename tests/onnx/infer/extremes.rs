//! Operands and reductions at which 16-bit sums saturate and f32 sums round, and what does not fit.

use std::sync::Arc;

use axbxp::approx::{LayerPrecision, OperandFormat};
use axbxp::arch::WindowUse;
use axbxp::blocked::Signedness;
use axbxp::infer::{Calibration, ConfiguredModel, FloatNetwork, QuantisedModel, Scratch, classify};
use axbxp::workload::{LayerId, LayerWeights, Model};

use super::accumulators::operand;
use super::correction::{Small, coarse, small};
use super::networks;
use crate::support::Random;

fn quantised(model: &Model, scale: f32) -> Arc<QuantisedModel> {
    let scales = vec![scale; model.network.tensors.len()];
    Arc::new(QuantisedModel::new(model, &Calibration { scales }).unwrap())
}

fn observe(model: &ConfiguredModel, image: &[f32]) -> Vec<(Vec<u8>, Vec<i32>)> {
    let mut all = vec![];
    let mut see = |_: LayerId, observed: axbxp::infer::Observed<'_>| {
        all.push((observed.inputs.to_vec(), observed.accumulators.to_vec()));
    };
    model.observe(image, &mut Scratch::default(), &mut see);
    all
}

/// A pair of neighbouring products of 127 x 255 is beyond 16 bits, and 600 of them beyond 24.
#[test]
fn the_largest_operands_are_summed_exactly() {
    for (channels, signed) in [(1, false), (600, false), (4100, false), (2100, true)] {
        let ron = format!(
            "(name: \"extreme\", inputs: [(name: \"image\", channels: {channels}, height: 3, width: 3, signed: {signed})], layers: [
                (name: \"conv\", op: conv(out_channels: 19, kernel: (3, 3), padding: (1, 1, 1, 1)))])"
        );
        let mut model = networks::model(&ron, &mut Random(1));
        let count = 19 * channels * 9;
        // Channel 0 all positive, 1 all negative, the rest of mixed signs but for one odd weight.
        let weight = |index: usize| match index / (channels * 9) {
            0 => 1.0,
            1 => -1.0,
            2 if index.is_multiple_of(2) => 1.0,
            2 => -1.0,
            channel => match index % (channel * 7) {
                0 => 3.0 / 127.0,
                _ => 1.0,
            },
        };
        model.weights[0] = Some(LayerWeights {
            values: (0..count).map(weight).collect(),
            bias: vec![0.0; 19],
        });
        let base = quantised(&model, 1.0);
        let exact = ConfiguredModel::exact(&base).unwrap();
        let greatest = if signed { -127.0 } else { 255.0 };
        let image = vec![greatest; channels * 9];
        let (_, accumulators) = &observe(&exact, &image)[0];
        let weights = base.weights(0);
        // The output in the middle sees the whole kernel.
        for channel in 0..19 {
            let weights = &weights[channel * channels * 9..][..channels * 9];
            let sum: i64 = weights
                .iter()
                .map(|&w| i64::from(w) * greatest as i64)
                .sum();
            assert_eq!(
                i64::from(accumulators[4 * 19 + channel]),
                sum,
                "channel {channel}"
            );
        }
        let sum = 127 * greatest as i64 * channels as i64 * 9;
        assert_eq!(i64::from(accumulators[4 * 19]), sum);
    }
}

/// A reduction of more than 2^31 / (127 x 255) products wraps, as a 32-bit accumulator does.
#[test]
fn accumulators_wrap_at_32_bits() {
    let channels = 70_000;
    let ron = format!(
        "(name: \"wrap\", inputs: [(name: \"image\", channels: {channels}, signed: false)], layers: [
            (name: \"logits\", op: fully_connected(out_features: 1))])"
    );
    let mut model = networks::model(&ron, &mut Random(1));
    model.weights[0] = Some(LayerWeights {
        values: vec![1.0; channels],
        bias: vec![0.0],
    });
    let exact = ConfiguredModel::exact(&quantised(&model, 1.0)).unwrap();
    let (_, accumulators) = &observe(&exact, &vec![255.0; channels])[0];
    let sum = 127 * 255 * channels as i64;
    assert!(sum > i64::from(i32::MAX));
    assert_eq!(accumulators[0], sum as i32);
}

/// Fixed point of fewer bits: the top bits of each code.
#[test]
fn operands_of_fewer_bits_keep_their_top_bits() {
    let ron =
        "(name: \"bits\", inputs: [(name: \"image\", channels: 5, height: 3, width: 4)], layers: [
        (name: \"conv\", op: conv(out_channels: 3, kernel: (1, 1))),
        (name: \"relu\", op: elementwise(function: relu)),
        (name: \"last\", op: conv(out_channels: 2, kernel: (1, 1)))])";
    let mut random = Random(5);
    let model = networks::model(ron, &mut random);
    let base = quantised(&model, 0.01);
    let image = networks::image(&networks::images(&model, 1, &mut random), 0);
    for (a_bits, w_bits) in [(8, 8), (5, 3), (2, 4), (7, 2)] {
        let format = |bits, signedness| OperandFormat::Bits { bits, signedness };
        let of = |sign| LayerPrecision {
            activations: format(a_bits, sign),
            weights: format(w_bits, Signedness::Signed),
            products: None,
            windows: WindowUse::Exact,
        };
        let signs = [Signedness::Signed, Signedness::Unsigned];
        let configured = ConfiguredModel::new(&base, &signs.map(of)).unwrap();
        for (index, (inputs, accumulators)) in observe(&configured, &image).into_iter().enumerate()
        {
            // The nearest multiple of the step, ties away from zero, within the range of the bits.
            let kept = |value: i32, bits: u8, sign: Signedness| {
                let step = f64::from(1 << (8 - bits));
                let signed = sign == Signedness::Signed;
                let greatest = f64::from((1 << (bits - u8::from(signed))) - 1);
                ((f64::from(value) / step).round().clamp(-greatest, greatest) * step) as i32
            };
            let channels = inputs.len() / 12;
            let weights = base.weights(index);
            let outputs = weights.len() / channels;
            for (at, &accumulator) in accumulators.iter().enumerate() {
                let (pixel, output) = (at / outputs, at % outputs);
                let sum: i32 = (0..channels)
                    .map(|channel| {
                        let code = operand(inputs[pixel * channels + channel], signs[index]);
                        let weight = i32::from(weights[output * channels + channel]);
                        kept(code, a_bits, signs[index]) * kept(weight, w_bits, Signedness::Signed)
                    })
                    .sum();
                assert_eq!(accumulator, sum, "{a_bits} and {w_bits} bits");
            }
        }
    }
}

/// What does not fit is refused with its name.
#[test]
fn incompatibilities_are_named() {
    let Small { model, images, .. } = small();
    let base = quantised(&model, 0.01);
    let mut precisions = coarse(&base);
    precisions.swap(0, 1);
    let error = ConfiguredModel::new(&base, &precisions)
        .unwrap_err()
        .to_string();
    assert!(error.contains("`a`") && error.contains("Signed"), "{error}");
    let error = ConfiguredModel::new(&base, &precisions[1..])
        .unwrap_err()
        .to_string();
    assert!(error.contains("3 precisions for 4 layers"), "{error}");
    let exact = ConfiguredModel::exact(&base).unwrap();
    let other = axbxp::infer::Images::from_values([1, 1, 3], vec![0.0; 3], vec![0]).unwrap();
    let error = classify(&exact, &other, &[0], 1, &|_| {})
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("[1, 1, 3]") && error.contains("[12, 12, 3]"),
        "{error}"
    );
    let labels = vec![9; images.len()];
    let values = (0..images.len())
        .flat_map(|index| networks::image(&images, index))
        .collect();
    let wrong = axbxp::infer::Images::from_values([12, 12, 3], values, labels).unwrap();
    let error = classify(&exact, &wrong, &[4], 1, &|_| {})
        .unwrap_err()
        .to_string();
    assert!(error.contains("image 4 has the label 9"), "{error}");
    let ron = "(name: \"gelu\", inputs: [(name: \"image\", channels: 3)], layers: [
        (name: \"odd\", op: fully_connected(out_features: 2), activation: Some(gelu))])";
    let error = FloatNetwork::new(&networks::model(ron, &mut Random(1)))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("layer `odd` is the activation Gelu"),
        "{error}"
    );
    let ron = "(name: \"wide\", inputs: [(name: \"image\", channels: 1000, height: 9, width: 9)], layers: [
        (name: \"far\", op: conv(out_channels: 1000, kernel: (2, 2), dilation: (100000, 100000), stride: (100000, 100000), padding: (100000, 100000, 100000, 100000), groups: 1000))])";
    let file = axbxp::source::SourceFile::from_text("wide.ron", ron);
    let model = Model {
        network: axbxp::workload::load(&file).unwrap(),
        weights: vec![None],
        ranges: vec![None; 2],
    };
    let error = FloatNetwork::new(&model).unwrap_err().to_string();
    assert!(
        error.contains("`far` has") && error.contains("at most"),
        "{error}"
    );
}
