//! Shapes, signedness and counts against closed forms.

mod error;
mod property;
mod shipped;

use super::*;
use crate::blocked::Signedness;

/// Loads a network with this input and these layers, one a line.
fn load_text(text: &str) -> Result<Network, Diagnostics> {
    load(&SourceFile::from_text("net.ron", text))
}

fn text(inputs: &str, layers: &str) -> String {
    format!("(\n  name: \"net\",\n  inputs: [{inputs}],\n  layers: [\n{layers}\n  ],\n)\n")
}

/// A network of these layers on an image of 8x16x16, and on a vector.
fn on_image(layers: &str) -> String {
    text(
        "(name: \"image\", channels: 8, height: 16, width: 16)",
        layers,
    )
}

fn output(layers: &str) -> Tensor {
    let network = load_text(&on_image(layers)).unwrap_or_else(|error| panic!("{error}"));
    network.tensors.last().expect("a layer").clone()
}

fn shape(layers: &str) -> [u32; 3] {
    let tensor = output(layers);
    [tensor.channels, tensor.height, tensor.width]
}

#[test]
fn shapes_of_each_operation() {
    let conv = |fields: &str| {
        shape(&format!(
            "(name: \"x\", op: conv(out_channels: 4, {fields}))"
        ))
    };
    assert_eq!(conv("kernel: (3, 5)"), [4, 14, 12]);
    assert_eq!(
        conv("kernel: (3, 3), stride: (2, 1), padding: (1, 0, 2, 2)"),
        [4, 8, 18]
    );
    assert_eq!(conv("kernel: (3, 3), dilation: (2, 7)"), [4, 12, 2]);
    assert_eq!(conv("kernel: (16, 16), groups: 2"), [4, 1, 1]);
    let pool = |fields: &str| shape(&format!("(name: \"x\", op: pool(kind: max, {fields}))"));
    assert_eq!(pool("kernel: (2, 4)"), [8, 8, 4]);
    assert_eq!(pool("kernel: (3, 3), stride: (2, 2)"), [8, 7, 7]);
    assert_eq!(
        pool("kernel: (3, 3), stride: (2, 2), ceil_mode: true"),
        [8, 8, 8]
    );
    // The last window would begin in the padding at the end, as in PyTorch.
    let padded = "kernel: (2, 2), stride: (3, 3), padding: (1, 1, 1, 1)";
    assert_eq!(pool(padded), [8, 6, 6]);
    assert_eq!(pool(&format!("{padded}, ceil_mode: true")), [8, 6, 6]);
    assert_eq!(
        shape("(name: \"x\", op: global_pool(kind: average))"),
        [8, 1, 1]
    );
    assert_eq!(
        shape("(name: \"x\", op: fully_connected(out_features: 9))"),
        [9, 1, 1]
    );
    let per_position = "op: fully_connected(out_features: 9, per_position: true)";
    assert_eq!(
        shape(&format!("(name: \"x\", {per_position})")),
        [9, 16, 16]
    );
    let two = "inputs: [\"image\", \"image\"]";
    assert_eq!(
        shape(&format!("(name: \"x\", op: concat(), {two})")),
        [16, 16, 16]
    );
    assert_eq!(
        shape(&format!(
            "(name: \"x\", op: concat(axis: positions), {two})"
        )),
        [8, 512, 1]
    );
    assert_eq!(
        shape("(name: \"x\", op: slice(first_row: 3, rows: 2))"),
        [8, 2, 16]
    );
    let slice = |fields: &str| shape(&format!("(name: \"x\", op: slice({fields}))"));
    assert_eq!(slice("columns: 3, column_step: 5"), [8, 16, 3]);
    assert_eq!(
        slice("channels: 2, first_channel: 1, channel_step: 6, first_row: 15, rows: 1"),
        [2, 1, 16]
    );
    assert_eq!(
        shape("(name: \"x\", op: pad(channels: (4, 1), rows: (0, 2), columns: (3, 0)))"),
        [13, 18, 19]
    );
    assert_eq!(
        shape("(name: \"x\", op: normalisation(function: softmax, groups: 4))"),
        [8, 16, 16]
    );
    // Squeeze and excite: one factor per channel.
    let gate = "(name: \"s\", op: global_pool(kind: average)),\n(name: \"x\", op: elementwise(function: multiply), inputs: [\"image\", \"s\"])";
    assert_eq!(shape(gate), [8, 16, 16]);
}

#[test]
fn inner_dimensions_of_matrix_products() {
    let inputs = "(name: \"a\", channels: 12, height: 5), (name: \"b\", channels: 12, height: 7)";
    let layers = "(name: \"s\", op: matmul(heads: 3, transpose_b: true), inputs: [\"a\", \"b\"]),\n\
                  (name: \"c\", op: matmul(heads: 3), inputs: [\"s\", \"b\"])";
    let network = load_text(&text(inputs, layers)).expect("a network");
    let gemms: Vec<Gemm> = network
        .array_layers()
        .filter_map(|id| network.gemm(id))
        .collect();
    let scores = Gemm {
        groups: 3,
        m: 5,
        n: 7,
        k: 4,
    };
    let context = Gemm {
        groups: 3,
        m: 5,
        n: 4,
        k: 7,
    };
    assert_eq!(gemms, [scores, context]);
    assert_eq!(
        (
            network.tensors[2].to_string(),
            network.tensors[3].to_string()
        ),
        ("21x5x1".into(), "12x5x1".into())
    );
    assert_eq!(network.total_macs(), 3 * 5 * 7 * 4 * 2);
    assert_eq!(network.consumers(TensorId(1)), [LayerId(0), LayerId(1)]);
    assert_eq!(network.outputs().collect::<Vec<_>>(), [TensorId(3)]);
}

#[test]
fn signedness_follows_the_values() {
    let sign = |layers: &str| output(layers).signedness;
    let (signed, unsigned) = (Signedness::Signed, Signedness::Unsigned);
    let conv = "op: conv(out_channels: 4, kernel: (1, 1))";
    assert_eq!(sign(&format!("(name: \"x\", {conv})")), signed);
    for activation in ["relu", "relu6", "sigmoid"] {
        let layer = format!("(name: \"x\", {conv}, activation: {activation})");
        assert_eq!(sign(&layer), unsigned, "{activation}");
        let next = format!("{layer},\n(name: \"y\", op: pool(kind: average, kernel: (2, 2)))");
        assert_eq!(sign(&next), unsigned, "{activation}");
        let sum = format!(
            "{layer},\n(name: \"y\", op: elementwise(function: add), inputs: [\"x\", \"x\"])"
        );
        assert_eq!(sign(&sum), unsigned, "{activation}");
    }
    for activation in ["gelu", "silu", "tanh", "hard_swish"] {
        assert_eq!(
            sign(&format!("(name: \"x\", {conv}, activation: {activation})")),
            signed
        );
        let function = format!("(name: \"x\", op: elementwise(function: {activation}))");
        assert_eq!(sign(&function), signed, "{activation}");
    }
    for (function, expected) in [
        ("softmax", unsigned),
        ("lrn", signed),
        ("layer_norm", signed),
        ("rms_norm", signed),
        ("batch_norm", signed),
    ] {
        let layer = format!("(name: \"x\", op: normalisation(function: {function}))");
        assert_eq!(sign(&layer), expected, "{function}");
    }
    for op in ["slice(rows: 2)", "pad(rows: (1, 1))"] {
        assert_eq!(sign(&format!("(name: \"x\", op: {op})")), signed);
        let after =
            format!("(name: \"r\", op: elementwise(function: relu)),\n(name: \"x\", op: {op})");
        assert_eq!(sign(&after), unsigned, "{op}");
    }
    let mixed = "(name: \"r\", op: elementwise(function: relu)),\n(name: \"x\", op: concat(), inputs: [\"r\", \"image\"])";
    assert_eq!(sign(mixed), signed);
}

#[test]
fn an_unsigned_input_reaches_what_only_moves_or_adds() {
    let layers = "(name: \"pad\", op: pad(rows: (1, 1))),\n\
                  (name: \"sum\", op: elementwise(function: add), inputs: [\"pad\", \"pad\"]),\n\
                  (name: \"conv\", op: conv(out_channels: 4, kernel: (1, 1))),\n\
                  (name: \"join\", op: concat(), inputs: [\"sum\", \"conv\"])";
    let model = Model {
        network: load_text(&on_image(layers)).expect("a network"),
        weights: Vec::new(),
        ranges: Vec::new(),
    };
    let signs = |model: &Model| -> Vec<bool> {
        let tensors = model.network.tensors.iter();
        tensors
            .map(|tensor| tensor.signedness == Signedness::Signed)
            .collect()
    };
    assert_eq!(signs(&model), [true; 5]);
    let unsigned = model.with_unsigned_input();
    assert_eq!(signs(&unsigned), [false, false, false, true, true]);
}

#[test]
fn parameters_are_counted_by_kind() {
    let count = |layer: &str| {
        let network = load_text(&on_image(layer)).expect("a network");
        let Parameters {
            weights,
            biases,
            normalisation,
            embeddings,
        } = network.total_parameters();
        [weights, biases, normalisation, embeddings]
    };
    let conv = |fields: &str| {
        count(&format!(
            "(name: \"x\", op: conv(out_channels: 6, kernel: (3, 5){fields}))"
        ))
    };
    assert_eq!(conv(""), [6 * 8 * 15, 6, 0, 0]);
    assert_eq!(conv(", groups: 2"), [6 * 4 * 15, 6, 0, 0]);
    assert_eq!(conv(", bias: false"), [6 * 8 * 15, 0, 0, 0]);
    assert_eq!(conv(", batch_norm: true"), [6 * 8 * 15, 0, 12, 0]);
    assert_eq!(
        conv(", batch_norm: true, bias: true"),
        [6 * 8 * 15, 6, 12, 0]
    );
    assert_eq!(
        count("(name: \"x\", op: fully_connected(out_features: 3))"),
        [3 * 8 * 256, 3, 0, 0]
    );
    let norm = |function: &str| {
        count(&format!(
            "(name: \"x\", op: normalisation(function: {function}))"
        ))[2]
    };
    assert_eq!(
        ["layer_norm", "batch_norm", "rms_norm", "softmax", "lrn"].map(norm),
        [16, 16, 8, 0, 0]
    );
}

#[test]
fn a_batch_multiplies_macs_but_not_parameters() {
    let one = on_image("(name: \"x\", op: conv(out_channels: 4, kernel: (3, 3)))");
    let three = one.replace("name: \"net\",", "name: \"net\", batch: 3,");
    let [one, three] = [one, three].map(|text| load_text(&text).expect("a network"));
    assert_eq!(one.total_macs(), 14 * 14 * 4 * 72);
    assert_eq!(three.total_macs(), 3 * one.total_macs());
    assert_eq!(three.total_parameters(), one.total_parameters());
}

#[test]
fn the_schema_describes_every_operation() {
    let schema = serde_json::to_string(&schemars::schema_for!(NetworkFile)).expect("a schema");
    for name in [
        "conv",
        "fully_connected",
        "matmul",
        "pool",
        "elementwise",
        "slice",
        "pad",
    ] {
        assert!(schema.contains(&format!("\"{name}\"")), "{name}");
    }
}
