//! Small ONNX models of every operator against what the `onnx` package says of them: the shapes by its shape
//! inference, the outputs by its reference evaluator and onnxruntime (`tests/onnx/expected.json`, written by
//! `tests/onnx/make.py`). The outputs are computed here straight from the definition of each layer.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use axbxp::blocked::Signedness;
use axbxp::infer::FloatNetwork;
use axbxp::workload::{
    Activation, Conv, Function, Layer, LayerWeights, Model, NormalisationFunction, Op, Pool,
    PoolKind, Span, Tensor, TensorId, ValueRange, onnx,
};
use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
struct Expected {
    /// Dimensions behind the batch of the output of each node that stays a layer.
    layers: BTreeMap<String, Vec<u32>>,
    output: Vec<f64>,
}

fn folder() -> PathBuf {
    support::path("tests/onnx")
}

fn expected() -> BTreeMap<String, Expected> {
    let text = fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn import(name: &str) -> Model {
    let bytes = fs::read(folder().join(format!("{name}.onnx"))).unwrap();
    onnx::import(name, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_model_is_there() {
    let files: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".onnx").map(str::to_owned))
        .collect();
    let expected = expected();
    assert_eq!(files.len(), expected.len());
    assert!(files.iter().all(|file| expected.contains_key(file)));
}

#[test]
fn layers_have_the_shapes_of_shape_inference() {
    for (name, expected) in expected() {
        let network = import(&name).network;
        assert_eq!(network.layers.len(), expected.layers.len(), "{name}");
        for id in network.layer_ids() {
            let layer = network.layer(id);
            let dims = &expected.layers[&layer.name];
            let tensor = network.output(id);
            let shape = [tensor.channels, tensor.height, tensor.width];
            let padded: Vec<u32> = dims.iter().copied().chain([1; 3]).take(3).collect();
            assert_eq!(shape[..], padded, "{name}: {}", layer.name);
        }
    }
}

#[test]
fn outputs_are_those_of_the_reference() {
    for (name, expected) in expected() {
        let model = import(&name);
        let output = evaluate(&model, &name);
        assert_eq!(output.len(), expected.output.len(), "{name}");
        // Quantised models are rounded there to steps of 1/32 and not here.
        let tolerance = if name == "qdq" { 0.05 } else { 2e-5 };
        for (index, (have, want)) in output.iter().zip(&expected.output).enumerate() {
            let error = (have - want).abs();
            assert!(
                error <= tolerance * want.abs().max(1.0),
                "{name}[{index}]: {have} for {want}"
            );
        }
    }
}

#[test]
fn activations_are_fused_where_nothing_else_reads_the_tensor() {
    let activation = |model: &str, layer: &str| {
        let network = import(model).network;
        network
            .layer(network.find(layer).expect("a layer"))
            .activation
    };
    assert_eq!(
        activation("conv_batch_norm", "c_node"),
        Some(Activation::Relu)
    );
    assert_eq!(
        activation("clip_attributes", "c_node"),
        Some(Activation::Relu6)
    );
    assert_eq!(activation("clip_inputs", "c_node"), Some(Activation::Relu6));
    assert_eq!(activation("clip_inputs", "e_node"), Some(Activation::Relu));
    assert_eq!(activation("residual", "a_node"), None);
    assert_eq!(activation("residual", "s_node"), Some(Activation::Relu));
}

#[test]
fn pairs_on_activations_are_ranges_and_put_the_relu_back() {
    let model = import("qdq");
    let network = &model.network;
    assert_eq!(network.tensors[0].name, "input");
    let range = |low, high| Some(ValueRange { low, high });
    // Steps of 1/64 around 128; steps of 1/32 from -128 on.
    assert_eq!(model.ranges[0], range(-2.0, 127.0 / 64.0));
    assert_eq!(model.ranges[1], range(0.0, 255.0 / 32.0));
    assert_eq!(model.ranges[2], range(0.0, 255.0 / 32.0));
    let conv = network.find("c_node").expect("a layer");
    assert_eq!(network.layer(conv).activation, Some(Activation::Relu));
    assert_eq!(network.output(conv).signedness, Signedness::Unsigned);
    // Pooling what is not negative needs none.
    let pool = network.find("g_node").expect("a layer");
    assert_eq!(network.layer(pool).activation, None);
    let weights = model.weights[0].as_ref().expect("weights");
    // The scales are powers of two; biases have 1/64 of them.
    assert_eq!(weights.bias[1], -200.0 / 256.0 / 64.0);
    assert!(
        weights
            .values
            .iter()
            .all(|value| (value * 512.0).fract() == 0.0)
    );
}

/// Tensors so far, `[channels, height, width]` each.
struct Evaluator<'m> {
    model: &'m Model,
    values: Vec<Vec<f64>>,
}

/// The same from the inference engine, every tensor on the way.
#[test]
fn inference_computes_what_the_definitions_say() {
    for name in expected().keys() {
        let model = import(name);
        let values = tensors(&model, name);
        let network = match FloatNetwork::new(&model) {
            Ok(network) => network,
            // The engine has no sums of different shapes, and says so.
            Err(_) if name == "broadcast_add" => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        let channels_last = |id: TensorId| -> Vec<f32> {
            let tensor = model.network.tensor(id);
            let [channels, positions] = [tensor.channels as usize, tensor.positions() as usize];
            let at = |index: usize| index % channels * positions + index / channels;
            let value = |index: usize| values[id.index()][at(index)] as f32;
            (0..channels * positions).map(value).collect()
        };
        let mut seen = 0;
        network.observe(&channels_last(TensorId(0)), &mut |id, have| {
            for (have, want) in have.iter().zip(channels_last(id)) {
                let error = (have - want).abs();
                assert!(
                    error <= 1e-5 * want.abs().max(1.0),
                    "{name}: {have} for {want}"
                );
            }
            assert_eq!(
                have.len() as u64,
                model.network.tensor(id).elements(),
                "{name}"
            );
            seen += 1;
        });
        // A softmax at the end moves no answer and is left out.
        let softmax = usize::from(name == "softmax");
        assert_eq!(seen + softmax, model.network.tensors.len(), "{name}");
    }
}

/// The output of the model for the input of `make.py`.
fn evaluate(model: &Model, name: &str) -> Vec<f64> {
    tensors(model, name).pop().expect("an output")
}

/// Every tensor of the model for the input of `make.py`, `[channels, height, width]` each.
fn tensors(model: &Model, name: &str) -> Vec<Vec<f64>> {
    let input = &model.network.tensors[0];
    let count = input.elements();
    let mut image: Vec<f64> = (0..count)
        .map(|i| ((i * 7919) % 257) as f64 / 64.0 - 2.0)
        .collect();
    if name == "channels_last" {
        let [channels, positions] = [input.channels as usize, input.positions() as usize];
        let at = |index: usize| image[index % positions * channels + index / positions];
        image = (0..image.len()).map(at).collect();
    }
    let mut evaluator = Evaluator {
        model,
        values: vec![image],
    };
    for (layer, weights) in model.network.layers.iter().zip(&model.weights) {
        evaluator.layer(layer, weights.as_ref());
    }
    evaluator.values
}

impl Evaluator<'_> {
    /// Value at a position; none outside.
    fn at(&self, layer: &Layer, input: usize, [c, y, x]: [i64; 3]) -> Option<f64> {
        let id = layer.inputs[input];
        let tensor = self.model.network.tensor(id);
        let [channels, height, width] =
            [tensor.channels, tensor.height, tensor.width].map(i64::from);
        let inside =
            (0..channels).contains(&c) && (0..height).contains(&y) && (0..width).contains(&x);
        inside.then(|| self.values[id.index()][((c * height + y) * width + x) as usize])
    }

    fn layer(&mut self, layer: &Layer, weights: Option<&LayerWeights>) {
        let network = &self.model.network;
        let output: &Tensor = network.tensor(layer.output);
        let input: &Tensor = network.tensor(layer.inputs[0]);
        let mut values = Vec::new();
        for c in 0..i64::from(output.channels) {
            for y in 0..i64::from(output.height) {
                for x in 0..i64::from(output.width) {
                    values.push(match &layer.op {
                        Op::Conv(conv) => {
                            self.conv(layer, conv, input, weights.unwrap(), [c, y, x])
                        }
                        Op::FullyConnected(_) => {
                            let weights = weights.unwrap();
                            let features = &self.values[layer.inputs[0].index()];
                            let row = &weights.values[c as usize * features.len()..];
                            let products = features.iter().zip(row).map(|(a, &w)| a * f64::from(w));
                            products.sum::<f64>() + f64::from(weights.bias[c as usize])
                        }
                        Op::Pool(pool) => self.pool(layer, pool, input, [c, y, x]),
                        Op::GlobalPool(pool) => {
                            let window = [input.height, input.width].map(i64::from);
                            self.window(layer, pool.kind, c, [0, 0], window, None)
                        }
                        Op::Elementwise(op) => {
                            let first = self.at(layer, 0, [c, y, x]).unwrap();
                            match op.function {
                                Function::Add => {
                                    let same = self.at(layer, 1, [c, y, x]);
                                    first + same.or_else(|| self.at(layer, 1, [c, 0, 0])).unwrap()
                                }
                                Function::Activation(activation) => activated(activation, first),
                                other => panic!("{other:?}"),
                            }
                        }
                        Op::Normalisation(op) => {
                            assert_eq!(op.function, NormalisationFunction::Softmax);
                            let all = &self.values[layer.inputs[0].index()];
                            let sum: f64 = all.iter().map(|value| value.exp()).sum();
                            all[c as usize].exp() / sum
                        }
                        Op::Concat(_) => self.concat(layer, [c, y, x]),
                        Op::Slice(op) => {
                            let from = |span: Option<Span>, index: i64| {
                                span.map_or(index, |s| {
                                    i64::from(s.first) + index * i64::from(s.step)
                                })
                            };
                            let at = [from(op.channels, c), from(op.rows, y), from(op.columns, x)];
                            self.at(layer, 0, at).unwrap()
                        }
                        Op::Pad(op) => {
                            let before = [op.channels[0], op.rows[0], op.columns[0]].map(i64::from);
                            let at = [c - before[0], y - before[1], x - before[2]];
                            self.at(layer, 0, at).unwrap_or(0.0)
                        }
                        other => panic!("{other:?}"),
                    });
                }
            }
        }
        if let Some(activation) = layer.activation {
            values
                .iter_mut()
                .for_each(|value| *value = activated(activation, *value));
        }
        self.values.push(values);
    }

    fn conv(
        &self,
        layer: &Layer,
        conv: &Conv,
        input: &Tensor,
        weights: &LayerWeights,
        [c, y, x]: [i64; 3],
    ) -> f64 {
        let within = i64::from(input.channels / conv.groups);
        let group = c / i64::from(conv.out_channels / conv.groups);
        let [rows, columns] = conv.kernel.map(i64::from);
        let mut sum = f64::from(weights.bias[c as usize]);
        for i in 0..within {
            for ky in 0..rows {
                for kx in 0..columns {
                    let at = [
                        group * within + i,
                        y * i64::from(conv.stride[0]) + ky * i64::from(conv.dilation[0])
                            - i64::from(conv.padding.top),
                        x * i64::from(conv.stride[1]) + kx * i64::from(conv.dilation[1])
                            - i64::from(conv.padding.left),
                    ];
                    let weight =
                        weights.values[(((c * within + i) * rows + ky) * columns + kx) as usize];
                    sum += self.at(layer, 0, at).unwrap_or(0.0) * f64::from(weight);
                }
            }
        }
        sum
    }

    fn pool(&self, layer: &Layer, pool: &Pool, input: &Tensor, [c, y, x]: [i64; 3]) -> f64 {
        let from = [
            y * i64::from(pool.stride[0]) - i64::from(pool.padding.top),
            x * i64::from(pool.stride[1]) - i64::from(pool.padding.left),
        ];
        // How far the padding that an average counts goes.
        let ends = [
            input.height + pool.padding.bottom,
            input.width + pool.padding.right,
        ];
        let counted = pool.count_padding.then(|| {
            let along = |axis: usize| {
                (i64::from(pool.kernel[axis])).min(i64::from(ends[axis]) - from[axis])
            };
            (along(0) * along(1)) as f64
        });
        self.window(
            layer,
            pool.kind,
            c,
            from,
            pool.kernel.map(i64::from),
            counted,
        )
    }

    fn window(
        &self,
        layer: &Layer,
        kind: PoolKind,
        c: i64,
        from: [i64; 2],
        size: [i64; 2],
        counted: Option<f64>,
    ) -> f64 {
        let rows = from[0]..from[0] + size[0];
        let values: Vec<f64> = rows
            .flat_map(|y| (from[1]..from[1] + size[1]).map(move |x| [c, y, x]))
            .filter_map(|at| self.at(layer, 0, at))
            .collect();
        match kind {
            PoolKind::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            PoolKind::Average => {
                values.iter().sum::<f64>() / counted.unwrap_or(values.len() as f64)
            }
        }
    }

    fn concat(&self, layer: &Layer, [mut c, y, x]: [i64; 3]) -> f64 {
        for input in 0..layer.inputs.len() {
            let channels = self.model.network.tensor(layer.inputs[input]).channels;
            match c - i64::from(channels) {
                left if left >= 0 => c = left,
                _ => return self.at(layer, input, [c, y, x]).unwrap(),
            }
        }
        panic!("a channel of no input")
    }
}

fn activated(activation: Activation, value: f64) -> f64 {
    match activation {
        Activation::Relu => value.max(0.0),
        Activation::Relu6 => value.clamp(0.0, 6.0),
        other => panic!("{other:?}"),
    }
}
