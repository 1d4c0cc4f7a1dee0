//! The float reference against `rten`.

use axbxp::infer::FloatNetwork;
use axbxp::workload::Model;
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::{networks, onnx_file};
use crate::support::Random;

/// `rten`'s result for an image `[height, width, channels]`.
fn rten_logits(model: &rten::Model, shape: [usize; 3], image: &[f32]) -> Vec<f32> {
    let [height, width, channels] = shape;
    let image = NdTensor::from_fn([1, channels, height, width], |[_, channel, row, column]| {
        image[(row * width + column) * channels + channel]
    });
    let output = model.run_one(image.view().into(), None).unwrap();
    let output: rten_tensor::Tensor<f32> = output.try_into().unwrap();
    output.to_vec()
}

fn compare(ron: &str, seed: u64) {
    let mut random = Random(seed);
    let model = networks::model(ron, &mut random);
    compare_model(&model, &mut random);
}

fn compare_model(model: &Model, random: &mut Random) {
    let oracle = rten::Model::load(onnx_file::encode(model)).unwrap();
    let network = FloatNetwork::new(model).unwrap();
    let images = networks::images(model, 2, random);
    for index in 0..images.len() {
        let image = networks::image(&images, index);
        let found = network.logits(&image);
        let expected = rten_logits(&oracle, images.shape(), &image);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let difference = (found - expected).abs();
            assert!(
                difference < 1e-4,
                "{}: {found} is not {expected}",
                model.network.name
            );
        }
    }
}

/// Layers that end in 5 logits, on an image of 9x11 with 6 channels.
fn network(layers: &str) -> String {
    format!(
        "(name: \"{}\", inputs: [(name: \"image\", channels: 6, height: 9, width: 11)], layers: [{layers},
            (name: \"logits\", op: fully_connected(out_features: 5))])",
        layers.chars().filter(|c| c.is_alphanumeric()).take(60).collect::<String>()
    )
}

#[test]
fn convolutions_are_those_of_rten() {
    for op in [
        "out_channels: 17, kernel: (3, 3)",
        "out_channels: 40, kernel: (1, 1)",
        "out_channels: 16, kernel: (3, 3), padding: (1, 1, 1, 1)",
        "out_channels: 8, kernel: (3, 2), stride: (2, 3), padding: (0, 1, 1, 0)",
        "out_channels: 8, kernel: (2, 3), dilation: (2, 3), padding: (1, 2, 3, 0)",
        "out_channels: 9, kernel: (3, 3), groups: 3, padding: (1, 1, 1, 1)",
        "out_channels: 6, kernel: (3, 3), groups: 6, padding: (1, 1, 1, 1)",
        "out_channels: 6, kernel: (5, 3), groups: 6, stride: (2, 1), padding: (2, 1, 0, 1)",
        "out_channels: 12, kernel: (3, 3), groups: 6, dilation: (2, 1)",
        "out_channels: 6, kernel: (9, 11)",
    ] {
        let layer = format!("(name: \"conv\", op: conv({op}), activation: Some(relu))");
        compare(&network(&layer), 1);
    }
}

#[test]
fn pools_are_those_of_rten() {
    for op in [
        "kind: max, kernel: (2, 2)",
        "kind: average, kernel: (2, 2)",
        "kind: max, kernel: (3, 3), stride: Some((2, 2)), padding: (1, 1, 1, 1)",
        "kind: average, kernel: (3, 3), stride: Some((2, 2)), padding: (1, 1, 1, 1)",
        "kind: average, kernel: (3, 3), stride: Some((2, 2)), padding: (1, 1, 1, 1), count_padding: true",
        "kind: max, kernel: (2, 3), stride: Some((2, 2)), ceil_mode: true",
        "kind: average, kernel: (2, 3), stride: Some((2, 2)), ceil_mode: true",
    ] {
        compare(&network(&format!("(name: \"pool\", op: pool({op}))")), 2);
    }
    for kind in ["max", "average"] {
        let layer = format!("(name: \"pool\", op: global_pool(kind: {kind}))");
        compare(&network(&layer), 3);
    }
}

#[test]
fn everything_else_is_that_of_rten() {
    let layers = "
        (name: \"a\", op: conv(out_channels: 6, kernel: (3, 3), padding: (1, 1, 1, 1))),
        (name: \"sum\", op: elementwise(function: add), inputs: Some([\"image\", \"a\"]), activation: Some(relu6)),
        (name: \"relu\", op: elementwise(function: relu), inputs: Some([\"a\"])),
        (name: \"both\", op: concat(), inputs: Some([\"sum\", \"relu\", \"image\"])),
        (name: \"cut\", op: slice(first_row: 1, rows: Some(4), row_step: 2, columns: Some(6), column_step: 2, first_channel: 3, channels: Some(5), channel_step: 3)),
        (name: \"pad\", op: pad(channels: (1, 2), rows: (0, 1), columns: (2, 0)))";
    compare(&network(layers), 4);
    let softmax = format!(
        "{layers}, (name: \"x\", op: conv(out_channels: 3, kernel: (2, 2)), activation: Some(relu6))"
    );
    compare(&network(&softmax), 5);
    compare(&networks::resnet20(), 6);
}
