"""Writes the broken models of tests/bad/onnx (onnx_*.onnx).

    python3 broken.py      (onnx 1.23.2, numpy 2)
"""

import os

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bad", "onnx")


def write(name, data):
    with open(os.path.join(FOLDER, f"onnx_{name}.onnx"), "wb") as file:
        file.write(data)


def node(operator, inputs, output, name=None, **attributes):
    return helper.make_node(operator, inputs.split(), [output], name=name or f"{output}_node", **attributes)


def model(nodes, constants=(), shape=("N", 3, 4, 4), opset=13, inputs=("input",), kind=TensorProto.FLOAT, outputs=None):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs or nodes[-1].output],
        [c if isinstance(c, TensorProto) else numpy_helper.from_array(np.asarray(c[1]), c[0]) for c in constants],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 8
    return made


def broken(name, *arguments, **options):
    write(name, model(*arguments, **options).SerializeToString())


def f32(*shape, value=0.5):
    return np.full(shape, value, np.float32)


i64 = lambda *values: np.array(values, np.int64)
conv = node("Conv", "input w", "c")
w = ("w", f32(2, 3, 1, 1))

broken("unsupported", [
    node("Convolution", "input w", "a"),
    node("LRN", "a", "b", name="first_norm", size=5),
    node("LRN", "b", "d", name="second_norm", size=5),
    helper.make_node("FusedConv", ["d", "w"], ["e"], name="fused", domain="com.microsoft"),
    node("QLinearAdd", "e", "y"),
], [w])
# Only the sigmoid is wrong: of the product nothing is known.
broken("swish", [
    conv,
    node("Sigmoid", "c", "s"),
    node("Mul", "c s", "y"),
], [w])
broken("several", [
    node("Conv", "input w", "a", name="stem", group=2),
    node("Clip", "input", "b", name="hard", min=-1.0, max=1.0),
    node("MaxPool", "input", "p", kernel_shape=[2, 2], dilations=[2, 2]),
    node("Add", "a b", "s"),
    node("Concat", "s p", "y", axis=1),
], [w])
broken("opset", [conv], [w], opset=6)
broken("cycle", [node("Add", "input b", "a"), node("Relu", "a", "b"), node("Relu", "b", "y")])
broken("missing_value", [node("Conv", "input conv1_w", "y")], [("conv_1_w", f32(2, 3, 1, 1))])
broken("given_twice", [conv, node("Relu", "c", "input")], [w], outputs=["c"])
few = helper.make_tensor("w", TensorProto.FLOAT, [2, 3, 1, 1], f32(6).tobytes(), raw=True)
few.raw_data = few.raw_data[:20]
broken("few_weights", [conv], [few])
broken("wrong_bias", [node("Conv", "input w b", "y")], [w, ("b", f32(3))])
nan = f32(2, 3, 1, 1)
nan[1, 1] = np.nan
broken("nan_weights", [conv], [("w", nan)])
broken("float16", [conv], [("w", f32(2, 3, 1, 1).astype(np.float16))])
outside = numpy_helper.from_array(f32(2, 3, 1, 1), "w")
outside.ClearField("raw_data")
outside.data_location = TensorProto.EXTERNAL
outside.external_data.add(key="location", value="weights.bin")
broken("external", [conv], [outside])
huge = TensorProto(name="w", dims=[1 << 40, 1 << 40, 1, 1], data_type=TensorProto.FLOAT)
broken("huge_tensor", [conv], [huge])
broken("huge_image", [conv], [w], shape=("N", 3, 1 << 20, 1 << 20))
broken("open_size", [conv], [w], shape=("N", 3, "height", "width"))
broken("two_inputs", [node("Add", "left right", "y")], inputs=("left", "right"))
broken("float16_input", [node("Relu", "input", "y")], kind=TensorProto.FLOAT16)
ones = [(name, f32(3)) for name in "abcd"]
broken("batch_norm", [node("Relu", "input", "r"), node("BatchNormalization", "r a b c d", "y", name="bn1")], ones)
broken("clip", [conv, node("Clip", "c low", "y", name="hard")], [w, ("low", np.float32(-1))])
broken("channels", [conv], [("w", f32(2, 4, 1, 1))])
broken("large_kernel", [conv], [("w", f32(2, 3, 5, 1))])
broken("transpose", [node("Relu", "input", "r"), node("Transpose", "r", "y", perm=[0, 2, 3, 1])])
broken("reshape", [node("Reshape", "input shape", "y")], [("shape", i64(-1, 47))])
broken("gemm", [node("Gemm", "input w", "y")], [("w", f32(3, 2))])
broken("matmul", [node("MatMul", "input input", "y")])
broken("slice_back", [node("Slice", "input starts ends axes steps", "y")],
       [("starts", i64(3)), ("ends", i64(0)), ("axes", i64(2)), ("steps", i64(-1))])
broken("pad_value", [node("Pad", "input pads value", "y")], [("pads", i64(0, 0, 1, 1, 0, 0, 1, 1)), ("value", np.float32(-3))])
broken("softmax_inside", [conv, node("GlobalAveragePool", "c", "g"), node("Softmax", "g", "s", axis=1), node("Relu", "s", "r"),
                          node("Conv", "s v", "y")], [w, ("v", f32(2, 2, 1, 1))])
broken("two_scales", [node("QuantizeLinear", "input s1", "q"), node("DequantizeLinear", "q s2", "y")],
       [("s1", np.float32(0.5)), ("s2", np.float32(0.25))])
broken("no_output", [conv], [w], outputs=["logits"])
whole = model([conv], [w]).SerializeToString()
write("truncated", whole[:-20])
write("text", b"This is a text, and no model at all.\n")
write("empty", b"")
write("no_graph", model([conv], [w]).SerializeToString()[:2])
