//! A model as the bytes of an ONNX file, so that another implementation can run it.

use axbxp::workload::{
    Activation, Conv, Function, LayerId, Model, NormalisationFunction, Op, Pad, Padding, Pool,
    PoolKind, Slice, Span,
};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    opset_import: Vec<Opset>,
}

#[derive(Clone, PartialEq, Message)]
struct Opset {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<Node>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int64, tag = "3")]
    i: i64,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    ints: Vec<i64>,
    #[prost(int32, tag = "20")]
    kind: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(float, repeated, tag = "4")]
    float_data: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct ValueInfo {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    value_type: Option<ValueType>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(message, optional, tag = "1")]
    tensor_type: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(int32, tag = "1")]
    elem_type: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<TensorShape>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorShape {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, tag = "1")]
    dim_value: i64,
}

fn int(name: &str, i: i64) -> Attribute {
    Attribute {
        name: name.into(),
        i,
        ints: vec![],
        kind: 2,
    }
}

fn ints(name: &str, ints: impl IntoIterator<Item = u32>) -> Attribute {
    Attribute {
        name: name.into(),
        i: 0,
        ints: ints.into_iter().map(i64::from).collect(),
        kind: 7,
    }
}

/// Top, left, bottom, right.
fn pads(padding: Padding) -> Attribute {
    let Padding {
        top,
        bottom,
        left,
        right,
    } = padding;
    ints("pads", [top, left, bottom, right])
}

#[derive(Default)]
struct Writer {
    nodes: Vec<Node>,
    initializers: Vec<Tensor>,
}

impl Writer {
    fn node(&mut self, kind: &str, inputs: Vec<String>, output: &str, attribute: Vec<Attribute>) {
        self.nodes.push(Node {
            input: inputs,
            output: vec![output.into()],
            name: format!("{kind}_{output}"),
            op_type: kind.into(),
            attribute,
        });
    }

    fn floats(&mut self, name: String, dims: &[u64], values: &[f32]) -> String {
        self.initializers.push(Tensor {
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            data_type: 1,
            float_data: values.to_vec(),
            int64_data: vec![],
            name: name.clone(),
        });
        name
    }

    fn integers(&mut self, name: String, values: Vec<i64>) -> String {
        self.initializers.push(Tensor {
            dims: vec![values.len() as i64],
            data_type: 7,
            float_data: vec![],
            int64_data: values,
            name: name.clone(),
        });
        name
    }

    fn conv(&mut self, model: &Model, id: LayerId, conv: &Conv, input: String, output: &str) {
        let weights = model.weights[id.index()].as_ref().unwrap();
        let in_channels = model.network.input(id, 0).channels / conv.groups;
        let [height, width] = conv.kernel;
        let dims = [conv.out_channels, in_channels, height, width].map(u64::from);
        let w = self.floats(format!("{output}_w"), &dims, &weights.values);
        let b = self.floats(format!("{output}_b"), &dims[..1], &weights.bias);
        let attributes = vec![
            ints("kernel_shape", conv.kernel),
            ints("strides", conv.stride),
            ints("dilations", conv.dilation),
            pads(conv.padding),
            int("group", i64::from(conv.groups)),
        ];
        self.node("Conv", vec![input, w, b], output, attributes);
    }

    fn fully_connected(&mut self, model: &Model, id: LayerId, input: String, output: &str) {
        let weights = model.weights[id.index()].as_ref().unwrap();
        let rows = weights.bias.len() as u64;
        let dims = [rows, weights.values.len() as u64 / rows];
        let w = self.floats(format!("{output}_w"), &dims, &weights.values);
        let b = self.floats(format!("{output}_b"), &dims[..1], &weights.bias);
        let flat = format!("{output}_flat");
        self.node("Flatten", vec![input], &flat, vec![int("axis", 1)]);
        self.node("Gemm", vec![flat, w, b], output, vec![int("transB", 1)]);
    }

    fn pool(&mut self, pool: &Pool, input: String, output: &str) {
        let mut attributes = vec![
            ints("kernel_shape", pool.kernel),
            ints("strides", pool.stride),
            pads(pool.padding),
            int("ceil_mode", i64::from(pool.ceil_mode)),
        ];
        let kind = match pool.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Average => {
                attributes.push(int("count_include_pad", i64::from(pool.count_padding)));
                "AveragePool"
            }
        };
        self.node(kind, vec![input], output, attributes);
    }

    fn slice(&mut self, slice: &Slice, input: String, output: &str) {
        let spans = [(1, slice.channels), (2, slice.rows), (3, slice.columns)];
        let spans: Vec<(i64, Span)> = spans
            .into_iter()
            .filter_map(|(axis, span)| Some((axis, span?)))
            .collect();
        let mut inputs = vec![input];
        for (name, of) in [
            (
                "starts",
                (|(_, span)| i64::from(span.first)) as fn((i64, Span)) -> i64,
            ),
            ("ends", |(_, span)| span.end() as i64),
            ("axes", |(axis, _)| axis),
            ("steps", |(_, span)| i64::from(span.step)),
        ] {
            let values = spans.iter().copied().map(of).collect();
            inputs.push(self.integers(format!("{output}_{name}"), values));
        }
        self.node("Slice", inputs, output, vec![]);
    }

    fn pad(&mut self, pad: &Pad, input: String, output: &str) {
        let sides = [0, 1].map(|side| [0, pad.channels[side], pad.rows[side], pad.columns[side]]);
        let values = sides.concat().into_iter().map(i64::from).collect();
        let pads = self.integers(format!("{output}_pads"), values);
        self.node("Pad", vec![input, pads], output, vec![]);
    }

    fn activation(&mut self, activation: Activation, input: String, output: &str) {
        match activation {
            Activation::Relu => self.node("Relu", vec![input], output, vec![]),
            Activation::Relu6 => {
                let low = self.floats(format!("{output}_low"), &[], &[0.0]);
                let high = self.floats(format!("{output}_high"), &[], &[6.0]);
                self.node("Clip", vec![input, low, high], output, vec![]);
            }
            other => panic!("no {other:?} in these tests"),
        }
    }

    fn layer(&mut self, model: &Model, id: LayerId) {
        let layer = model.network.layer(id);
        let name = |index: usize| {
            let tensor = layer.inputs[index];
            model.network.tensor(tensor).name.clone()
        };
        let own = match layer.activation {
            Some(_) => format!("{}_before", layer.name),
            None => layer.name.clone(),
        };
        match &layer.op {
            Op::Conv(conv) => self.conv(model, id, conv, name(0), &own),
            Op::FullyConnected(_) => self.fully_connected(model, id, name(0), &own),
            Op::Pool(pool) => self.pool(pool, name(0), &own),
            Op::GlobalPool(op) => {
                let kind = match op.kind {
                    PoolKind::Max => "GlobalMaxPool",
                    PoolKind::Average => "GlobalAveragePool",
                };
                self.node(kind, vec![name(0)], &own, vec![]);
            }
            Op::Elementwise(op) => match op.function {
                Function::Add => self.node("Add", vec![name(0), name(1)], &own, vec![]),
                Function::Activation(activation) => self.activation(activation, name(0), &own),
                other => panic!("no {other:?} in these tests"),
            },
            Op::Concat(_) => {
                let inputs = (0..layer.inputs.len()).map(name).collect();
                self.node("Concat", inputs, &own, vec![int("axis", 1)]);
            }
            Op::Slice(slice) => self.slice(slice, name(0), &own),
            Op::Pad(pad) => self.pad(pad, name(0), &own),
            Op::Normalisation(op) if op.function == NormalisationFunction::Softmax => {
                self.node("Softmax", vec![name(0)], &own, vec![int("axis", 1)]);
            }
            other => panic!("no {other:?} in these tests"),
        }
        if let Some(activation) = layer.activation {
            self.activation(activation, own, &layer.name);
        }
    }
}

fn value(name: &str, dims: &[u32]) -> ValueInfo {
    let dims = dims.iter().map(|&dim| Dimension {
        dim_value: i64::from(dim),
    });
    let shape = TensorShape {
        dim: dims.collect(),
    };
    ValueInfo {
        name: name.into(),
        value_type: Some(ValueType {
            tensor_type: Some(TensorType {
                elem_type: 1,
                shape: Some(shape),
            }),
        }),
    }
}

/// The model as an ONNX file (opset 13), its input `[any, channels, height, width]`.
pub fn encode(model: &Model) -> Vec<u8> {
    let network = &model.network;
    let mut writer = Writer::default();
    for id in network.layer_ids() {
        writer.layer(model, id);
    }
    let input = &network.tensors[0];
    let output = network.tensor(network.outputs().next().unwrap());
    let graph = Graph {
        node: writer.nodes,
        name: network.name.clone(),
        initializer: writer.initializers,
        input: vec![value(
            &input.name,
            &[0, input.channels, input.height, input.width],
        )],
        output: vec![ValueInfo {
            name: output.name.clone(),
            value_type: None,
        }],
    };
    let model = ModelProto {
        ir_version: 8,
        graph: Some(graph),
        opset_import: vec![Opset {
            domain: String::new(),
            version: 13,
        }],
    };
    model.encode_to_vec()
}
