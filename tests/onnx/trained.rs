//! Trained networks as they are found, against their own list of layers. The environment variable
//! `AXBXP_MODELS` names the folder that holds them; without it nothing is tested here.

use std::collections::BTreeMap;
use std::path::Path;

use axbxp::blocked::Signedness;
use axbxp::sweep::{DesignPoint, Job};
use axbxp::workload::{self, Activation, Gemm, Model, Network, Op, TensorId, onnx};

use crate::support::models;

fn open(folder: &Path, file: &str) -> Model {
    let path = folder.join(file);
    let path = path.to_str().expect("a path in UTF-8");
    onnx::open(path).unwrap_or_else(|error| panic!("{error}"))
}

/// The rows of `layers.csv` beside a model.
fn listed(folder: &Path, model: &str) -> Vec<csv::StringRecord> {
    let path = folder.join(model).with_file_name("layers.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(Result::unwrap).collect()
}

/// Every layer of the array has the shape, the weights and the MACs that the list says, and none is missing.
fn assert_listed(folder: &Path, file: &str, total_macs: u64) {
    let model = open(folder, file);
    let network = &model.network;
    let rows = listed(folder, file);
    let array: Vec<_> = network.array_layers().collect();
    assert_eq!(array.len(), rows.len(), "{file}");
    for (&id, row) in array.iter().zip(&rows) {
        let layer = network.layer(id);
        let name = &row[0];
        assert_eq!(layer.name, name, "{file}");
        let size = |column: usize| row[column].parse::<u64>().unwrap();
        let (input, output) = (network.input(id, 0), network.output(id));
        let shapes = [
            input.channels,
            input.height,
            input.width,
            output.channels,
            output.height,
            output.width,
        ];
        let listed = [3, 4, 5, 6, 7, 8].map(size);
        assert_eq!(shapes.map(u64::from), listed, "{file}: {name}");
        let weights = model.weights[id.index()].as_ref().expect("weights");
        assert_eq!(weights.values.len() as u64, size(14), "{file}: {name}");
        assert_eq!(weights.bias.len() as u64, size(6), "{file}: {name}");
        assert_eq!(network.macs(id), size(15), "{file}: {name}");
        if let Op::Conv(conv) = &layer.op {
            assert_eq!(
                conv.kernel.map(u64::from),
                [9, 10].map(size),
                "{file}: {name}"
            );
            assert_eq!(u64::from(conv.groups), size(13), "{file}: {name}");
            let pads = conv.padding;
            let pads = format!("{} {} {} {}", pads.top, pads.left, pads.bottom, pads.right);
            assert_eq!(pads, row[12], "{file}: {name}");
        }
    }
    assert_eq!(network.total_macs(), total_macs, "{file}");
}

#[test]
fn layers_are_those_of_the_lists() {
    let Some(folder) = models() else { return };
    assert_listed(&folder, "resnet8_cifar10/resnet8_fp32.onnx", 12_501_632);
    assert_listed(
        &folder,
        "resnet20_cifar10/resnet20_cifar10_fp32.onnx",
        40_551_040,
    );
    assert_listed(
        &folder,
        "resnet20_cifar10/resnet20_cifar10_int8_qdq.onnx",
        40_551_040,
    );
    let small = "mobilenetv1_025_imagenet/mobilenet_v1_0.25_128_qat_fp32.onnx";
    assert_listed(&folder, small, 13_570_048);
    assert_listed(&folder, MOBILENET, 300_774_272);
}

const MOBILENET: &str = "mobilenetv2_imagenet/mobilenet_v2_1.0_224_qat_fp32.onnx";

fn cycles(network: &Network) -> u64 {
    let point = DesignPoint::open("fxp8_32x32", None).expect("shipped");
    let result = Job::new(&point, network).run().expect("it fits");
    result.cycles()
}

/// The same products in the same order as the network that ships; the files pad the stride-2 layers on
/// other sides, which moves a few cycles.
#[test]
fn mobilenet_v2_is_the_one_that_ships() {
    let Some(folder) = models() else { return };
    let shipped = workload::open("mobilenet_v2").expect("shipped");
    let imported = open(&folder, MOBILENET).network;
    let gemms = |network: &Network| -> Vec<Gemm> {
        network
            .array_layers()
            .filter_map(|id| network.gemm(id))
            .collect()
    };
    assert_eq!(gemms(&imported), gemms(&shipped));
    let [ours, theirs] = [cycles(&shipped), cycles(&imported)];
    assert!(
        ours.abs_diff(theirs) * 200 < ours,
        "{ours} and {theirs} cycles"
    );
}

/// The layers without their order: name, operation, activation, names and shapes of what they read.
fn by_name(network: &Network) -> BTreeMap<&str, (&Op, Option<Activation>, Vec<String>)> {
    let layers = network.layers.iter().map(|layer| {
        let tensor = |id: &TensorId| network.tensor(*id);
        let inputs = layer.inputs.iter().map(tensor);
        let inputs =
            inputs.map(|tensor| format!("{} {tensor} {:?}", tensor.name, tensor.signedness));
        let what = (&layer.op, layer.activation, inputs.collect());
        (layer.name.as_str(), what)
    });
    layers.collect()
}

/// Quantising took the Relu out of the file: the import puts it back, so that the layers are the same.
#[test]
fn the_quantised_resnet_is_the_float_one() {
    let Some(folder) = models() else { return };
    let float = open(&folder, "resnet20_cifar10/resnet20_cifar10_fp32.onnx");
    let quantised = open(&folder, "resnet20_cifar10/resnet20_cifar10_int8_qdq.onnx");
    assert_eq!(by_name(&float.network), by_name(&quantised.network));
    let fused = float.network.layers.iter();
    let fused = fused.filter(|layer| layer.activation == Some(Activation::Relu));
    // One behind each of the 19 convolutions but the second of each of 9 blocks, one behind each sum.
    assert_eq!(fused.count(), 19);
    assert!(quantised.ranges.iter().all(Option::is_some));
    assert!(float.ranges.iter().all(Option::is_none));
    for (tensor, range) in quantised.network.tensors.iter().zip(&quantised.ranges) {
        let range = range.expect("a range");
        let signed = tensor.signedness == Signedness::Signed;
        assert_eq!(range.low < 0.0, signed, "{}", tensor.name);
    }
    // Weights within half a step of 1/127 of the largest of their channel.
    for id in quantised.network.array_layers() {
        let same = float.network.find(&quantised.network.layer(id).name);
        let float = float.weights[same.expect("a layer").index()].as_ref();
        let quantised = quantised.weights[id.index()].as_ref();
        let (float, quantised) = (float.expect("weights"), quantised.expect("weights"));
        let width = float.values.len() / float.bias.len();
        for (a, b) in float
            .values
            .chunks(width)
            .zip(quantised.values.chunks(width))
        {
            let most = a.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            let near = a
                .iter()
                .zip(b)
                .all(|(a, b)| (a - b).abs() <= 0.51 * most / 127.0);
            assert!(near, "a weight moved by more than half a step");
        }
    }
}
