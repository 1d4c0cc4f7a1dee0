//! Networks of any sizes: none breaks the reader, and what loads is consistent.

use proptest::prelude::*;

use super::{load_text, text};
use crate::workload::MAX_TENSOR_ELEMENTS;

/// A layer with any sizes, written as RON.
fn any_layer() -> impl Strategy<Value = String> {
    let size = prop_oneof![0..4u32, 0..40u32, any::<u32>()];
    let sizes = proptest::collection::vec(size, 12);
    let activation = prop::sample::select(vec!["", ", activation: relu", ", activation: gelu"]);
    let inputs = prop::sample::select(vec![
        "",
        ", inputs: [\"image\"]",
        ", inputs: [\"image\", \"l0\"]",
        ", inputs: [\"l1\", \"l0\"]",
        ", inputs: []",
    ]);
    (0..11usize, sizes, activation, inputs, any::<bool>()).prop_map(|(kind, s, activation, inputs, flag)| {
        let [a, b, c, d, e, f, g, h, i, j] = std::array::from_fn(|index| s[index]);
        let window = format!("kernel: ({b}, {c}), stride: ({d}, {e}), padding: ({f}, {g}, {h}, {f})");
        let op = match kind {
            0 => format!("conv(out_channels: {a}, {window}, dilation: ({i}, 1), groups: {j}, batch_norm: {flag})"),
            1 => format!("pool(kind: max, {window}, ceil_mode: {flag})"),
            2 => format!("fully_connected(out_features: {a}, per_position: {flag})"),
            3 => format!("matmul(heads: {a}, transpose_b: {flag})"),
            4 => format!("elementwise(function: {})", if flag { "add" } else { "rope" }),
            5 => format!("normalisation(function: softmax, groups: {a})"),
            6 => format!("concat(axis: {})", if flag { "channels" } else { "positions" }),
            7 => format!("slice(first_row: {a}, rows: {b})"),
            8 => format!("slice(first_channel: {a}, channels: {b}, channel_step: {c}, first_column: {d}, columns: {e}, column_step: {f})"),
            9 => format!("pad(channels: ({a}, {b}), rows: ({c}, {d}), columns: ({e}, {f}))"),
            _ => "global_pool(kind: max)".to_owned(),
        };
        format!("op: {op}{activation}{inputs})")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_sizes_are_borne_and_what_loads_is_consistent(
        channels in prop_oneof![1..5u32, any::<u32>()],
        height in prop_oneof![1..50u32, any::<u32>()],
        layers in proptest::collection::vec(any_layer(), 1..4),
        batch in prop_oneof![1..4u32, any::<u32>()],
    ) {
        let layers: Vec<String> = layers.iter().enumerate().map(|(i, layer)| format!("(name: \"l{i}\", {layer},")).collect();
        let text = text(&format!("(name: \"image\", channels: {channels}, height: {height}, width: 7)"), &layers.join("\n"));
        match load_text(&text.replace("name: \"net\",", &format!("name: \"net\", batch: {batch},"))) {
            Err(error) => prop_assert!(!error.to_string().is_empty()),
            Ok(network) => {
                let macs: u64 = network.layer_ids().map(|id| network.macs(id)).sum();
                prop_assert_eq!(macs, network.total_macs());
                for id in network.layer_ids() {
                    let output = network.output(id);
                    prop_assert!(output.elements() > 0 && output.elements() <= MAX_TENSOR_ELEMENTS);
                    prop_assert_eq!(output.producer, Some(id));
                    if let Some(gemm) = network.gemm(id) {
                        prop_assert_eq!(gemm.groups * gemm.m * gemm.n, output.elements());
                        prop_assert_eq!(gemm.macs() * u64::from(batch), network.macs(id));
                    }
                }
            }
        }
    }

    #[test]
    fn convolution_outputs_are_the_positions_of_the_kernel(
        size in 1..40u32, kernel in 1..8u32, stride in 1..5u32, dilation in 1..4u32, before in 0..4u32, after in 0..4u32,
    ) {
        // Counts the positions one by one.
        let reach = (kernel - 1) * dilation + 1;
        let (before, after) = (before.min(reach - 1), after.min(reach - 1));
        let padded = size + before + after;
        let expected = (0..padded).step_by(stride as usize).filter(|start| start + reach <= padded).count();
        let input = format!("(name: \"image\", channels: 2, height: {size}, width: {size})");
        let op = format!("conv(out_channels: 2, kernel: ({kernel}, {kernel}), stride: ({stride}, {stride}), dilation: ({dilation}, {dilation}), padding: ({before}, {after}, {before}, {after}))");
        match load_text(&text(&input, &format!("(name: \"x\", op: {op})"))) {
            Ok(network) => prop_assert_eq!(network.tensors[1].height as usize, expected),
            Err(_) => prop_assert_eq!(expected, 0),
        }
    }
}
