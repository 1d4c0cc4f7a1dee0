//! Trained models on labelled images: the folder that `AXBXP_MODELS` names; without it these tests say so and do nothing.
//!
//! By default few images: enough to see that every layer does what it should. `AXBXP_THOROUGH=1 cargo test --release --test
//! onnx infer` takes all of them, and judges accuracies.

use std::path::Path;
use std::sync::Arc;

use axbxp::blocked::{Rounding, Signedness, Window};
use axbxp::infer::{
    Calibration, Classifier, ConfiguredModel, FloatNetwork, Images, Prediction, QuantisedModel,
    RangeRule, Scratch, calibrate, classify,
};
use axbxp::workload::{self, LayerWeights, Model};

use super::accumulators::precision;
use super::{networks, stepped};
use crate::support::{Random, models, thorough};

const THREADS: usize = 2;

fn model(path: &Path) -> Model {
    workload::onnx::open(path.to_str().unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first `count` images of a CIFAR-10 file, each value mapped.
fn cifar10(path: &Path, count: usize, map: impl Fn(usize, f32) -> f32) -> Images {
    let bytes = std::fs::read(path).unwrap();
    let (mut values, mut labels) = (vec![], vec![]);
    for record in bytes.chunks_exact(3073).take(count) {
        labels.push(u32::from(record[0]));
        for pixel in 0..1024 {
            for channel in 0..3 {
                values.push(map(channel, f32::from(record[1 + channel * 1024 + pixel])));
            }
        }
    }
    Images::from_values([32, 32, 3], values, labels).unwrap()
}

fn normalised(channel: usize, value: f32) -> f32 {
    let mean = [0.485, 0.456, 0.406][channel];
    let deviation = [0.229, 0.224, 0.225][channel];
    (value / 255.0 - mean) / deviation
}

/// The first `count` photographs, shrunk to `size` where they are larger.
fn photographs(folder: &Path, count: usize, size: u32) -> Images {
    let labels = std::fs::read_to_string(folder.join("labels.csv")).unwrap();
    let mut rows = labels.lines();
    let header: Vec<&str> = rows.next().unwrap().split(',').collect();
    let column = |names: &[&str]| {
        let at = header.iter().position(|field| names.contains(field));
        at.unwrap_or_else(|| panic!("labels.csv has {header:?}"))
    };
    let (file, label) = (
        column(&["file", "filename", "image"]),
        column(&["label", "class"]),
    );
    let (mut values, mut classes) = (vec![], vec![]);
    for row in rows.take(count) {
        let fields: Vec<&str> = row.split(',').collect();
        classes.push(fields[label].parse().unwrap());
        let mut image = image::open(folder.join(fields[file])).unwrap().to_rgb8();
        if image.width() != size {
            image =
                image::imageops::resize(&image, size, size, image::imageops::FilterType::Triangle);
        }
        values.extend(
            image
                .as_raw()
                .iter()
                .map(|&x| (f32::from(x) - 128.0) / 128.0),
        );
    }
    let size = size as usize;
    Images::from_values([size, size, 3], values, classes).unwrap()
}

fn right(predictions: &[Prediction]) -> usize {
    predictions.iter().filter(|p| p.is_within(1)).count()
}

fn run(network: &impl Classifier, images: &Images) -> Vec<Prediction> {
    let indices: Vec<usize> = (0..images.len()).collect();
    classify(network, images, &indices, THREADS, &|_| {}).unwrap()
}

fn quantise(model: &Model, float: &FloatNetwork<'_>, images: &Images) -> ConfiguredModel {
    let indices: Vec<usize> = (0..images.len()).collect();
    let rule = RangeRule::Percentile(99.99);
    let calibration: Calibration =
        calibrate(float, images, &indices, rule, THREADS, &|_| {}).unwrap();
    let base = Arc::new(QuantisedModel::new(model, &calibration).unwrap());
    ConfiguredModel::exact(&base).unwrap()
}

/// Float and FxP8 on the same images: accuracies, judged where there are enough.
fn compare(name: &str, model: &Model, calibration: &Images, images: &Images) -> usize {
    let float = FloatNetwork::new(model).unwrap();
    let quantised = quantise(model, &float, calibration);
    let [float, quantised] = [run(&float, images), run(&quantised, images)].map(|p| right(&p));
    let percent = |count: usize| 100.0 * count as f64 / images.len() as f64;
    println!(
        "{name}: {} images, float {:.2} %, FxP8 {:.2} %",
        images.len(),
        percent(float),
        percent(quantised)
    );
    // Half a point; of few images one of them more.
    let allowed = images.len() / 200 + 1;
    assert!(
        float.abs_diff(quantised) <= allowed,
        "{name}: {float} and {quantised}"
    );
    float
}

/// The values of a `.npy` file of 32-bit floats.
fn npy(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY\x01"), "version 1 of npy");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..10 + header]);
    assert!(text.contains("'<f4'") && text.contains("False"), "{text}");
    let values = bytes[10 + header..].chunks_exact(4);
    values
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}

#[test]
fn resnet20_has_the_logits_of_onnxruntime_and_fxp8_its_accuracy() {
    let Some(folder) = models() else { return };
    let count = if thorough() { 2000 } else { 40 };
    let own = folder.join("resnet20_cifar10");
    let model = model(&own.join("resnet20_cifar10_fp32.onnx"));
    let test = folder.join("cifar10/cifar10_test_first2000.bin");
    let images = cifar10(&test, count, normalised);
    let expected = npy(&own.join("logits_fp32_first2000.npy"));
    let float = FloatNetwork::new(&model).unwrap();
    let mut image = vec![0.0; images.elements()];
    let mut worst = 0.0f32;
    for index in 0..images.len().min(200) {
        images.input(index, &mut image).unwrap();
        for (found, expected) in float.logits(&image).iter().zip(&expected[10 * index..]) {
            worst = worst.max((found - expected).abs());
        }
    }
    println!("logits differ from onnxruntime's by at most {worst:e}");
    assert!(worst < 1e-3);
    let train = folder.join("cifar10/cifar10_train_first1000.bin");
    let calibration = cifar10(&train, if thorough() { 500 } else { 30 }, normalised);
    let right = compare("ResNet-20", &model, &calibration, &images);
    if thorough() {
        assert_eq!(right, 1833, "91.65 % of 2,000");
    }
}

#[test]
fn resnet8_is_as_accurate_in_fxp8() {
    let Some(folder) = models() else { return };
    let count = if thorough() { 2000 } else { 60 };
    let model = model(&folder.join("resnet8_cifar10/resnet8_fp32.onnx")).with_unsigned_input();
    let test = folder.join("cifar10/cifar10_test_first2000.bin");
    let images = cifar10(&test, count, |_, value| value);
    let train = folder.join("cifar10/cifar10_train_first1000.bin");
    let calibration = cifar10(&train, if thorough() { 500 } else { 30 }, |_, value| value);
    compare("ResNet-8", &model, &calibration, &images);
}

#[test]
fn mobilenets_are_as_accurate_in_fxp8() {
    let Some(folder) = models() else { return };
    for (name, file, size, count) in [
        (
            "MobileNetV1 0.25",
            "mobilenetv1_025_imagenet/mobilenet_v1_0.25_128_qat_fp32.onnx",
            128,
            40,
        ),
        (
            "MobileNetV2",
            "mobilenetv2_imagenet/mobilenet_v2_1.0_224_qat_fp32.onnx",
            224,
            4,
        ),
    ] {
        let count = if thorough() { 250 } else { count };
        let model = model(&folder.join(file));
        let images = photographs(&folder.join("imagenet_like"), count, size);
        // Ranges are no labels: the same photographs serve for both.
        compare(name, &model, &images, &images);
    }
}

/// What a layer deep inside ResNet-20 reads of a photograph, and some of its filters, on the array PE by PE.
#[test]
fn a_layer_of_resnet20_is_that_of_the_stepped_array() {
    let Some(folder) = models() else { return };
    let trained = model(&folder.join("resnet20_cifar10/resnet20_cifar10_fp32.onnx"));
    let train = folder.join("cifar10/cifar10_train_first1000.bin");
    let images = cifar10(&train, 4, normalised);
    let float = FloatNetwork::new(&trained).unwrap();
    let exact = quantise(&trained, &float, &images);
    let mut image = vec![0.0; images.elements()];
    images.input(0, &mut image).unwrap();
    // The last convolution: 64 channels on 8 x 8.
    let wanted = exact.base().array_layers().len() - 2;
    let (mut codes, mut index) = (vec![], 0);
    exact.observe(&image, &mut Scratch::default(), &mut |_, observed| {
        if index == wanted {
            codes = observed.inputs.to_vec();
        }
        index += 1;
    });
    assert!(codes.iter().filter(|&&code| code > 15).count() > 100);
    let filters = 6;
    let weights = &exact.base().weights(wanted)[..filters * 64 * 9];
    let ron = format!(
        "(name: \"one\", inputs: [(name: \"image\", channels: 64, height: 8, width: 8, signed: false)], layers: [
            (name: \"conv\", op: conv(out_channels: {filters}, kernel: (3, 3), padding: (1, 1, 1, 1)))])"
    );
    let mut one = networks::model(&ron, &mut Random(1));
    one.weights[0] = Some(LayerWeights {
        values: weights.iter().map(|&code| f32::from(code)).collect(),
        bias: vec![0.0; filters],
    });
    let scales = vec![1.0; 2];
    let base = Arc::new(QuantisedModel::new(&one, &Calibration { scales }).unwrap());
    // Each channel's greatest weight is 127, so codes stay what they are.
    assert_eq!(base.weights(0), weights);
    let values: Vec<f32> = codes.iter().map(|&code| f32::from(code)).collect();
    for (kept, products) in [((2, 2), 4), ((2, 2), 3), ((1, 1), 1)] {
        let (window, rounding) = (Window::Dynamic, Rounding::Nearest);
        let precision = precision(Signedness::Unsigned, 4, kept, window, rounding, products);
        let configured = ConfiguredModel::new(&base, &[precision]).unwrap();
        let compared = stepped::compare(&one, &configured, &values, "axbxp_k4_8x8");
        assert_eq!(compared, 64 * filters as u64);
    }
}
