//! Every kind of bad file as its writer sees it.

use std::fmt::Write;

use super::{load_text, on_image, text};
use crate::workload::MAX_LAYERS;

/// Compares what is wrong with each text, under its heading, with the stored snapshot.
fn assert_errors(name: &str, cases: &[(&str, String)]) {
    let mut out = String::new();
    for (title, text) in cases {
        let error = load_text(text).expect_err(title);
        writeln!(out, "### {title}\n{error}\n").expect("writing to a string");
    }
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(name, out);
    });
}

#[test]
fn bad_names() {
    let conv = |name: &str, more: &str| {
        format!("    (name: \"{name}\", op: conv(out_channels: 8, kernel: (1, 1)){more}),")
    };
    assert_errors(
        "bad_names",
        &[
            (
                "name given twice",
                on_image(&[conv("a", ""), conv("b", ""), conv("a", "")].join("\n")),
            ),
            ("name of an input", on_image(&conv("image", ""))),
            (
                "unknown input",
                on_image(&[conv("conv1", ""), conv("conv2", ", inputs: [\"conv_1\"]")].join("\n")),
            ),
            (
                "unknown input, nothing near",
                on_image(&conv("a", ", inputs: [\"zebra\"]")),
            ),
            (
                "forward reference",
                on_image(&[conv("a", ", inputs: [\"b\"]"), conv("b", "")].join("\n")),
            ),
            ("own output", on_image(&conv("a", ", inputs: [\"a\"]"))),
            (
                "too many inputs",
                on_image(&conv("a", ", inputs: [\"image\", \"image\"]")),
            ),
            (
                "too few inputs",
                on_image("    (name: \"a\", op: elementwise(function: add)),"),
            ),
            ("no inputs", on_image(&conv("a", ", inputs: []"))),
            (
                "several inputs, none named",
                text(
                    "(name: \"a\", channels: 1), (name: \"b\", channels: 1)",
                    &conv("c", ""),
                ),
            ),
            (
                "input not used",
                text(
                    "(name: \"a\", channels: 1), (name: \"b\", channels: 1)",
                    &conv("c", ", inputs: [\"a\"]"),
                ),
            ),
            (
                "bad names",
                text(
                    "(name: \"\", channels: 1)",
                    &[conv("a ", ""), conv("layer*", "")].join("\n"),
                ),
            ),
            (
                "nothing at all",
                "(name: \"\", batch: 0, inputs: [], layers: [])".to_owned(),
            ),
        ],
    );
}

#[test]
fn bad_shapes() {
    let layer = |op: &str| on_image(&format!("    (name: \"x\", op: {op}),"));
    let two = |first: &str, second: &str| {
        on_image(&format!(
            "    (name: \"first\", op: {first}),\n    (name: \"second\", op: {second}, inputs: [\"image\", \"first\"]),"
        ))
    };
    assert_errors(
        "bad_shapes",
        &[
            (
                "groups do not divide",
                layer("conv(out_channels: 10, kernel: (1, 1), groups: 3)"),
            ),
            (
                "kernel too large",
                layer("conv(out_channels: 4, kernel: (17, 19), padding: (0, 0, 1, 1))"),
            ),
            (
                "dilated kernel too large",
                layer("conv(out_channels: 4, kernel: (3, 3), dilation: (8, 1))"),
            ),
            ("pool too large", layer("pool(kind: max, kernel: (17, 2))")),
            (
                "padding holds the kernel",
                layer("conv(out_channels: 4, kernel: (3, 3), padding: (1, 3, 0, 0))"),
            ),
            (
                "zeros",
                layer(
                    "conv(out_channels: 0, kernel: (0, 1), stride: (1, 0), dilation: (0, 1), groups: 0)",
                ),
            ),
            ("zero features", layer("fully_connected(out_features: 0)")),
            (
                "zero stride of a pool",
                layer("pool(kind: max, kernel: (2, 2), stride: (0, 2))"),
            ),
            (
                "zero heads",
                layer("normalisation(function: softmax, groups: 0)"),
            ),
            (
                "sum of two shapes",
                two("global_pool(kind: max)", "elementwise(function: add)")
                    .replace("[\"image\", \"first\"]", "[\"first\", \"image\"]"),
            ),
            (
                "product of two channels",
                two(
                    "conv(out_channels: 4, kernel: (1, 1))",
                    "elementwise(function: multiply)",
                ),
            ),
            (
                "concat of two heights",
                two("pool(kind: max, kernel: (2, 1))", "concat()"),
            ),
            (
                "concat of two channels",
                two(
                    "conv(out_channels: 4, kernel: (1, 1))",
                    "concat(axis: positions)",
                ),
            ),
            (
                "groups of a softmax",
                layer("normalisation(function: softmax, groups: 3)"),
            ),
            (
                "slice beyond the end",
                layer("slice(first_row: 10, rows: 7)"),
            ),
            (
                "slice beyond the end in steps",
                layer("slice(channels: 2, first_channel: 1, channel_step: 7)"),
            ),
            ("slice of how many", layer("slice(first_column: 3)")),
            ("slice in no steps", layer("slice(rows: 2, row_step: 0)")),
            ("slice of everything", layer("slice()")),
            ("huge padding", layer("pad(rows: (0, 4000000000))")),
            (
                "inner dimensions",
                two("pool(kind: max, kernel: (2, 2))", "matmul(heads: 2)"),
            ),
            (
                "inner dimensions, transposed",
                two(
                    "conv(out_channels: 4, kernel: (1, 1))",
                    "matmul(heads: 2, transpose_b: true)",
                ),
            ),
            (
                "heads",
                two("conv(out_channels: 4, kernel: (1, 1))", "matmul(heads: 3)"),
            ),
        ],
    );
}

#[test]
fn bad_sizes() {
    let layer = |op: &str| on_image(&format!("    (name: \"x\", op: {op}),"));
    let fully = |inputs: &str, features: u32| {
        text(
            inputs,
            &format!("    (name: \"x\", op: fully_connected(out_features: {features})),"),
        )
    };
    let many = "(name: \"big\", channels: 1048576, height: 16384)";
    assert_errors(
        "bad_sizes",
        &[
            ("dimension of an input", fully("(name: \"i\", channels: 1048577, height: 0)", 1)),
            ("elements of an input", fully("(name: \"i\", channels: 1048576, height: 16385)", 1)),
            ("dimension of a layer", layer("conv(out_channels: 4000000000, kernel: (1, 1))")),
            ("dimension that results", layer("concat(axis: positions)").replace("axis: positions)", "axis: positions), inputs: [\"image\", \"big\"]").replace("inputs: [(", "inputs: [(name: \"big\", channels: 8, height: 1048576), (")),
            ("elements that result", layer("fully_connected(out_features: 1048576, per_position: true)").replace("height: 16,", "height: 1048576,")),
            ("weights", fully(many, 2)),
            ("MACs of a layer", text("(name: \"a\", channels: 1048576, height: 16384), (name: \"b\", channels: 1048576, height: 16384)", "    (name: \"x\", op: matmul(transpose_b: true), inputs: [\"a\", \"b\"]),").replace("name: \"net\",", "name: \"net\", batch: 65536,")),
            ("batch", fully("(name: \"i\", channels: 1)", 1).replace("name: \"net\",", "name: \"net\", batch: 65537,")),
            ("syntax", fully("(name: \"i\", channels: 1)", 1).replace("out_features", "out_feature")),
            ("no such operation", layer("convolution(out_channels: 1)")),
            ("no such activation", layer("conv(out_channels: 1, kernel: (1, 1)), activation: relu7")),
        ],
    );
}

#[test]
fn too_many_layers_are_said_once() {
    let layers = "(name:\"x\",op:concat()),".repeat(MAX_LAYERS + 1);
    let error = load_text(&on_image(&layers)).expect_err("too many layers");
    assert_eq!(error.problems().len(), 1);
    let message = &error.problems().next().expect("one").message;
    assert_eq!(message, "the network has 100001 layers");
}

#[test]
fn everything_wrong_is_said_in_one_go() {
    let layers: String = (0..1000)
        .map(|index| format!("(name: \"l{index}\", op: conv(out_channels: 3, kernel: (1, 0)), inputs: [\"m{index}\"]),\n"))
        .collect();
    let error = load_text(&on_image(&layers)).expect_err("two problems a layer");
    assert!(
        error
            .to_string()
            .ends_with("2000 problems, the first 50 shown"),
        "{error}"
    );
}
