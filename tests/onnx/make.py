"""Writes the small models beside this file, and expected.json with what the `onnx` package says of them.

    python3 make.py        (onnx 1.23.2, onnxruntime 1.32.0, numpy 2)

For every model: the shape of each node's output (onnx.shape_inference), and the outputs for one input
(onnxruntime without optimisation, which onnx.reference must agree with), values ((i * 7919) % 257) / 64 - 2 in the order of the input's elements.
"""

import json
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

FOLDER = os.path.dirname(os.path.abspath(__file__))
expected = {}


def weights(*shape, seed=1, scale=0.25):
    count = int(np.prod(shape))
    values = ((np.arange(count) * 48271 + seed * 7) % 127 - 63) / 63 * scale
    return values.astype(np.float32).reshape(shape)


def model(name, nodes, constants, input_shape=(3, 8, 8), opset=13, raw=True, layers=None, batch="N"):
    """`layers`: the nodes that stay layers of their own, in order; by default all."""
    initialisers = [
        numpy_helper.from_array(np.asarray(value), key)
        if raw
        else helper.make_tensor(key, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape, value.flatten())
        for key, value in constants.items()
    ]
    output = nodes[-1].output[0]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, *input_shape])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        initialisers,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 8
    inferred = shape_inference.infer_shapes(made, strict_mode=True, data_prop=True)
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in [*inferred.graph.value_info, *inferred.graph.output]
    }
    checker.check_model(inferred)
    del made.graph.output[:]
    made.graph.output.extend(inferred.graph.output)
    with open(os.path.join(FOLDER, f"{name}.onnx"), "wb") as file:
        file.write(made.SerializeToString())
    count = int(np.prod(input_shape))
    image = (((np.arange(count) * 7919) % 257) / 64 - 2).astype(np.float32).reshape(1, *input_shape)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"input": image})
    (other,) = ReferenceEvaluator(made).run(None, {"input": image})
    assert np.allclose(result, other, atol=1e-5), name
    all_layers = [node.name for node in nodes] if layers is None else layers
    expected[name] = {
        "layers": {
            node.name: shapes[node.output[0]][1:] for node in nodes if node.name in all_layers
        },
        "output": [float(f"{value:.6g}") for value in result.flatten()],
    }


def node(operator, inputs, output, **attributes):
    return helper.make_node(operator, inputs.split(), [output], name=f"{output}_node", **attributes)


def names(*outputs):
    return [f"{output}_node" for output in outputs]


f32 = lambda *values: np.array(values, dtype=np.float32)
i64 = lambda *values: np.array(values, dtype=np.int64)

model("conv_groups", [
    node("Conv", "input w b", "y", group=2, strides=[2, 1], dilations=[1, 2], pads=[1, 0, 2, 2],
         kernel_shape=[3, 2]),
], {"w": weights(4, 2, 3, 2), "b": weights(4)}, input_shape=(4, 8, 7))
model("conv_same_upper", [
    node("Conv", "input w", "c", group=3, strides=[2, 2], auto_pad="SAME_UPPER"),
    node("Relu", "c", "y"),
], {"w": weights(3, 1, 3, 3)}, layers=names("c"))
model("conv_same_lower", [
    node("Conv", "input w", "y", strides=[2, 2], auto_pad="SAME_LOWER", dilations=[1, 1]),
], {"w": weights(2, 3, 3, 2)}, input_shape=(3, 8, 7))
model("conv_valid", [
    node("Conv", "input w", "y", auto_pad="VALID", strides=[3, 2]),
], {"w": weights(2, 3, 3, 3)}, raw=False)
# Below operator set 14 onnx.reference computes a batch norm as in training.
model("conv_batch_norm", [
    node("Conv", "input w", "c", pads=[1, 1, 1, 1]),
    node("BatchNormalization", "c s b m v", "n", epsilon=0.001),
    node("Relu", "n", "y"),
], {"w": weights(4, 3, 3, 3), "s": weights(4, scale=2), "b": weights(4, seed=2),
    "m": weights(4, seed=3), "v": f32(0.5, 1, 2, 4)}, opset=15, layers=names("c"))
model("gemm", [
    node("Flatten", "input", "f"),
    node("Gemm", "f w1 b1", "g", alpha=0.5, beta=2.0),
    node("Gemm", "g w2 b2", "y", transB=1),
], {"w1": weights(12, 5), "b1": weights(1, 5), "w2": weights(3, 5), "b2": weights(1)},
    input_shape=(3, 2, 2), layers=names("g", "y"))
model("gemm_batch_norm", [
    node("Gemm", "input w b", "g", transB=1),
    node("BatchNormalization", "g s h m v", "y"),
], {"w": weights(4, 6), "b": weights(4), "s": weights(4, scale=2), "h": weights(4, seed=2),
    "m": weights(4, seed=3), "v": f32(0.5, 1, 2, 4)}, input_shape=(6,), opset=15, layers=names("g"))
model("matmul_add", [
    node("Reshape", "input shape", "f"),
    node("MatMul", "f w", "m"),
    node("Add", "b m", "a"),
    node("Relu", "a", "y"),
], {"shape": i64(0, -1), "w": weights(12, 5), "b": weights(5, seed=4)}, input_shape=(3, 2, 2),
    layers=names("m"))
model("conv_add_bias", [
    node("Conv", "input w", "c"),
    node("Add", "c b", "d"),
    node("Add", "d s", "e"),
    node("Mul", "b e", "y"),
], {"w": weights(4, 3, 1, 1), "b": weights(1, 4, 1, 1), "s": f32(0.75)}, input_shape=(3, 2, 3),
    layers=names("c"))
model("clip_attributes", [
    node("Conv", "input w", "c"),
    node("Clip", "c", "y", min=0.0, max=6.0),
], {"w": weights(4, 3, 2, 2, scale=4)}, input_shape=(3, 4, 4), opset=9, layers=names("c"))
model("clip_inputs", [
    node("Conv", "input w", "c"),
    node("Clip", "c zero six", "d"),
    helper.make_node("Conv", ["d", "v"], ["e"], name="e_node"),
    helper.make_node("Clip", ["e", "zero"], ["y"], name="y_node"),
], {"w": weights(4, 3, 2, 2, scale=4), "v": weights(2, 4, 1, 1), "zero": np.float32(0), "six": f32(6)},
    input_shape=(3, 4, 4), layers=names("c", "e"))
model("residual", [
    node("Conv", "input w1", "a", pads=[1, 1, 1, 1]),
    node("Relu", "a", "r"),
    node("Conv", "r w2", "b"),
    node("Add", "b a", "s"),
    node("Relu", "s", "y"),
], {"w1": weights(4, 3, 3, 3), "w2": weights(4, 4, 1, 1)}, input_shape=(3, 5, 4),
    layers=names("a", "r", "b", "s"))
model("broadcast_add", [
    node("GlobalAveragePool", "input", "g"),
    node("Sum", "g input", "y"),
], {}, input_shape=(3, 4, 2))
model("max_pool", [
    node("MaxPool", "input", "a", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    node("MaxPool", "a", "y", kernel_shape=[2, 3], auto_pad="SAME_UPPER"),
], {}, input_shape=(2, 8, 8))
model("average_pool", [
    node("AveragePool", "input", "a", kernel_shape=[3, 2], strides=[1, 2], pads=[1, 0, 1, 1]),
    node("AveragePool", "a", "y", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
], {}, input_shape=(2, 6, 5))
model("softmax", [
    node("Conv", "input w", "c"),
    node("GlobalMaxPool", "c", "g"),
    node("Flatten", "g", "f"),
    node("Softmax", "f", "y"),
], {"w": weights(5, 3, 1, 1)}, layers=names("c", "g", "y"))
model("reduce_mean_attribute", [
    node("ReduceMean", "input", "m", axes=[2, 3], keepdims=0),
    node("Gemm", "m w", "y"),
], {"w": weights(3, 4)}, layers=names("m", "y"))
model("reduce_mean_input", [
    node("ReduceMean", "input axes", "m"),
    node("Conv", "m w", "y"),
], {"axes": i64(-1, -2), "w": weights(4, 3, 1, 1)}, opset=18)
model("concat", [
    node("Conv", "input w", "c"),
    node("Concat", "input c input", "y", axis=1),
], {"w": weights(2, 3, 1, 1)}, input_shape=(3, 3, 3))
model("pad_attribute", [
    node("Pad", "input", "y", pads=[0, 1, 2, 0, 0, 0, 1, 3], mode="constant"),
], {}, input_shape=(2, 3, 3), opset=9)
model("pad_input", [
    node("Pad", "input pads zero", "p"),
    node("Conv", "p w", "y", strides=[2, 2]),
], {"pads": i64(0, 0, 0, 0, 0, 0, 1, 1), "zero": np.float32(0), "w": weights(2, 3, 3, 3)})
# Both convolutions pad themselves, the second one beside its own padding.
model("pad_convs", [
    node("Relu", "input", "r"),
    node("Pad", "r pads", "p"),
    node("Conv", "p w", "c", kernel_shape=[3, 3], strides=[2, 2]),
    node("Conv", "p v", "d", kernel_shape=[2, 3], strides=[2, 2], dilations=[2, 1], pads=[1, 0, 0, 0]),
    node("Add", "c d", "y"),
], {"pads": i64(0, 0, 0, 1, 0, 0, 1, 1), "w": weights(2, 3, 3, 3), "v": weights(2, 3, 2, 3, seed=2)},
    layers=names("r", "c", "d", "y"))
# Padding as high as the kernel, and padding that a pooling reads too, stay layers.
model("pad_layers", [
    node("Pad", "input pads", "p"),
    node("Conv", "p w", "c", kernel_shape=[2, 2], strides=[2, 2]),
    node("Pad", "c more", "q"),
    node("Conv", "q v", "d", kernel_shape=[3, 3]),
    node("MaxPool", "q", "m", kernel_shape=[3, 3], strides=[1, 1]),
    node("Add", "d m", "y"),
], {"pads": i64(0, 0, 2, 0, 0, 0, 0, 0), "more": i64(0, 0, 1, 1, 0, 0, 1, 1), "w": weights(2, 3, 2, 2), "v": weights(2, 2, 3, 3)})
model("pad_axes", [
    helper.make_node("Pad", ["input", "pads", "", "axes"], ["y"], name="y_node"),
], {"pads": i64(1, 0, 0, 2), "axes": i64(-1, 1)}, input_shape=(2, 3, 3), opset=18)
model("slice_attributes", [
    node("Slice", "input", "y", starts=[1, -3], ends=[2147483647, -1], axes=[1, 3]),
], {}, opset=9, input_shape=(3, 4, 5))
model("slice_inputs", [
    node("Slice", "input starts ends axes steps", "s"),
    node("Relu", "s", "y"),
], {"starts": i64(0, 1), "ends": i64(np.iinfo(np.int64).max, -1), "axes": i64(2, -1), "steps": i64(2, 3)},
    layers=names("s"))
model("shortcut", [
    node("Slice", "input starts ends axes steps", "s"),
    node("Pad", "s pads", "p"),
    node("Conv", "input w", "c", strides=[2, 2], pads=[1, 1, 1, 1]),
    node("Add", "c p", "y"),
], {"starts": i64(0, 0), "ends": i64(2147483647, 2147483647), "axes": i64(2, 3), "steps": i64(2, 2),
    "pads": i64(0, 2, 0, 0, 0, 1, 0, 0), "w": weights(6, 3, 3, 3)})
model("views", [
    node("GlobalAveragePool", "input", "g"),
    node("Squeeze", "g axes", "v"),
    node("Unsqueeze", "v axes", "u"),
    node("Transpose", "u", "t", perm=[0, 2, 3, 1]),
    node("Reshape", "t shape", "f"),
    node("Gemm", "f w", "y"),
], {"axes": i64(2, 3), "shape": i64(-1, 3), "w": weights(3, 2)}, layers=names("g", "y"))
model("exported_view", [
    node("Shape", "input", "s"),
    helper.make_node("Constant", [], ["zero"], name="zero_node", value=numpy_helper.from_array(i64(0).reshape(()))),
    node("Gather", "s zero", "b", axis=0),
    node("Unsqueeze", "b axis", "u"),
    node("Concat", "u rest", "shape", axis=0),
    node("Reshape", "input shape", "f"),
    node("Gemm", "f w", "y"),
], {"axis": i64(0), "rest": i64(-1), "w": weights(12, 2)}, input_shape=(3, 2, 2), batch=1, layers=names("y"))
model("channels_last", [
    node("Transpose", "input", "t", perm=[0, 3, 1, 2]),
    node("Conv", "t w", "y"),
], {"w": weights(2, 3, 1, 1)}, input_shape=(4, 5, 3), layers=names("y"))
model("constants", [
    helper.make_node("Constant", [], ["w"], name="w_node", value=numpy_helper.from_array(weights(4, 2))),
    node("Transpose", "w", "v", perm=[1, 0]),
    node("Identity", "v", "u"),
    node("Dropout", "input", "d"),
    node("Gemm", "d u", "y", transB=1),
], {}, input_shape=(4,), layers=names("y"))

quantised = (weights(4, 3, 3, 3) * 400).astype(np.int8)
model("qdq", [
    node("QuantizeLinear", "input si zi", "qi"),
    node("DequantizeLinear", "qi si zi", "di"),
    node("DequantizeLinear", "w sw zw", "dw", axis=0),
    node("DequantizeLinear", "b sb zb", "db", axis=0),
    node("Conv", "di dw db", "c"),
    node("QuantizeLinear", "c sc zc", "qc"),
    node("DequantizeLinear", "qc sc zc", "dc"),
    node("GlobalAveragePool", "dc", "g"),
    node("QuantizeLinear", "g sc zc", "qg"),
    node("DequantizeLinear", "qg sc zc", "y"),
], {"si": np.float32(1 / 64), "zi": np.uint8(128), "w": quantised, "sw": f32(0.5, 1, 2, 4) / 256,
    "zw": np.zeros(4, np.int8), "b": np.array([100, -200, 300, -400], np.int32),
    "sb": f32(0.5, 1, 2, 4) / 256 / 64, "zb": np.zeros(4, np.int32), "sc": np.float32(1 / 32),
    "zc": np.int8(-128)}, input_shape=(3, 4, 4), opset=19, layers=names("c", "g"))
model("qdq_float_weights", [
    node("QuantizeLinear", "w s z", "q"),
    node("DequantizeLinear", "q s z", "d"),
    node("Conv", "input d", "y"),
], {"w": weights(2, 3, 1, 1), "s": np.float32(0.01), "z": np.uint8(3)}, input_shape=(3, 2, 2), opset=19,
    layers=names("y"))

with open(os.path.join(FOLDER, "expected.json"), "w") as file:
    rows = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in expected.items()]
    file.write("{\n" + ",\n".join(rows) + "\n}\n")
