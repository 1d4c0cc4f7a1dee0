"""Trains the embedded network on Fashion-MNIST and writes what the repository ships of it.

    apt-get install dataset-fashion-mnist
    pip install -r workloads/training/requirements.txt
    python3 workloads/training/fashion_cnn.py [FOLDER]

FOLDER holds the four gzipped IDX files of Fashion-MNIST; by default where Debian's package puts them.
Written to workloads/models/:

- fashion_cnn.onnx: float32, opset 13, batch norm folded.
- fashion_test1000-*: the first 1,000 test images, on which results are reported.
- fashion_held_out500-*: the last 500 of the training file. They are not trained on: 200 are for
  calibration, 300 for the selection of a configuration.

One thread and fixed seeds, so that a second run on the same processor writes the same bytes; other
processors round sums otherwise and give slightly different weights.
"""

import gzip
import os
import struct
import sys
import time
from pathlib import Path

# Before jax is loaded: with several threads the order of sums, and so the weights, vary. Some of XLA's loops are cut into as many
# parts as the process has processors, whatever the flags say, so it gets one.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
import optax
from onnx import TensorProto, helper, numpy_helper

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
MODELS = Path(__file__).resolve().parent.parent / "models"
SEED = 1
EPOCHS = 12
BATCH = 128
PEAK_RATE = 0.2
WEIGHT_DECAY = 5e-4
# Of the 60,000 training images, in units of a pixel divided by 255.
MEAN, STD = 0.2860, 0.3530
HELD_OUT = 500
REPORT = 1000
BN_EPSILON = 1e-5
BN_MOMENTUM = 0.99

# name, kind, input channels, output channels, stride; activations are 28x28, then 14x14, then 7x7.
LAYERS = [
    ("conv1", "conv", 1, 16, 1),
    ("conv2", "conv", 16, 24, 2),
    ("conv3a", "conv", 24, 24, 1),
    ("conv3b", "conv", 24, 24, 1),
    ("dw4", "depthwise", 24, 24, 2),
    ("pw4", "pointwise", 24, 96, 1),
    ("dw5", "depthwise", 96, 96, 1),
    ("pw5", "pointwise", 96, 96, 1),
]


def read_idx(path):
    """Array of a gzipped IDX file of unsigned bytes."""
    data = gzip.open(path).read()
    zero, kind, rank = struct.unpack(">HBB", data[:4])
    assert (zero, kind) == (0, 8), path
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def write_idx(path, array):
    """Writes unsigned bytes as IDX, not compressed."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(header + array.tobytes())


def initial(rng):
    """He-initialised weights (height, width, input, output) and batch norm parameters."""
    parameters, running = {}, {}
    for name, kind, inputs, outputs, _ in LAYERS:
        kernel = 1 if kind == "pointwise" else 3
        fan_in = kernel * kernel * (1 if kind == "depthwise" else inputs)
        shape = (kernel, kernel, 1 if kind == "depthwise" else inputs, outputs)
        weights = rng.normal(0, np.sqrt(2 / fan_in), shape)
        parameters[name] = {
            "weights": jnp.asarray(weights, jnp.float32),
            "gain": jnp.ones(outputs),
            "shift": jnp.zeros(outputs),
        }
        running[name] = {"mean": jnp.zeros(outputs), "variance": jnp.ones(outputs)}
    last = LAYERS[-1][3]
    parameters["fc"] = {
        "weights": jnp.asarray(rng.normal(0, np.sqrt(1 / last), (last, 10)), jnp.float32),
        "bias": jnp.zeros(10),
    }
    return parameters, running


def convolve(x, weights, kind, stride):
    """Convolution of NHWC values, one pixel of padding around for 3x3 kernels (as ONNX pads, also
    where the stride is 2)."""
    if kind == "pointwise":
        return jnp.einsum("nhwi,io->nhwo", x, weights[0, 0])
    if kind == "depthwise":
        # A sum of nine products: XLA's grouped convolution is slow on processors.
        x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        rows, columns = x.shape[1] - 2, x.shape[2] - 2
        taps = [
            x[:, i : i + rows : stride, j : j + columns : stride] * weights[i, j, 0]
            for i in range(3)
            for j in range(3)
        ]
        return sum(taps)
    return jax.lax.conv_general_dilated(
        x,
        weights,
        (stride, stride),
        ((1, 1), (1, 1)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def forward(parameters, running, x, training):
    """Logits, and the running statistics of batch norm after this batch."""
    updated = {}

    def layer(x, index, relu=True):
        name, kind, _, _, stride = LAYERS[index]
        p, r = parameters[name], running[name]
        y = convolve(x, p["weights"], kind, stride)
        if training:
            mean, variance = y.mean((0, 1, 2)), y.var((0, 1, 2))
            updated[name] = {
                "mean": BN_MOMENTUM * r["mean"] + (1 - BN_MOMENTUM) * mean,
                "variance": BN_MOMENTUM * r["variance"] + (1 - BN_MOMENTUM) * variance,
            }
        else:
            mean, variance = r["mean"], r["variance"]
        y = (y - mean) * (p["gain"] / jnp.sqrt(variance + BN_EPSILON)) + p["shift"]
        return jax.nn.relu(y) if relu else y

    x = layer(layer(x, 0), 1)
    x = jax.nn.relu(x + layer(layer(x, 2), 3, relu=False))
    x = layer(layer(x, 4), 5)
    x = jax.nn.relu(x + layer(layer(x, 6), 7, relu=False))
    x = x.mean((1, 2))
    return x @ parameters["fc"]["weights"] + parameters["fc"]["bias"], updated


def augmented(images, rng):
    """Each image flipped with probability 1/2 and moved by up to 2 pixels."""
    count, size = images.shape[:2]
    flip = rng.random(count) < 0.5
    images = np.where(flip[:, None, None], images[:, :, ::-1], images)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    down, right = rng.integers(0, 5, (2, count))
    rows = down[:, None] + np.arange(size)
    columns = right[:, None] + np.arange(size)
    return padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def normalised(images):
    """NHWC float32 input of the network."""
    return ((images.astype(np.float32) / 255 - MEAN) / STD)[..., None].astype(np.float32)


def train(images, labels):
    """Trained parameters and running statistics."""
    rng = np.random.default_rng(SEED)
    parameters, running = initial(rng)
    steps = len(images) // BATCH
    rate = optax.cosine_onecycle_schedule(EPOCHS * steps, PEAK_RATE, 0.2, 10, 1000)
    decayed = jax.tree.map(lambda p: p.ndim > 1, parameters)
    optimiser = optax.chain(
        optax.add_decayed_weights(WEIGHT_DECAY, decayed),
        optax.sgd(rate, momentum=0.9, nesterov=True),
    )
    state = optimiser.init(parameters)

    @jax.jit
    def step(parameters, running, state, x, y):
        def loss(parameters):
            logits, updated = forward(parameters, running, x, True)
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, y)
            return losses.mean(), updated

        (value, updated), gradient = jax.value_and_grad(loss, has_aux=True)(parameters)
        change, state = optimiser.update(gradient, state, parameters)
        return optax.apply_updates(parameters, change), updated, state, value

    for epoch in range(EPOCHS):
        begin = time.monotonic()
        order = rng.permutation(len(images))
        x = normalised(augmented(images, rng))
        total = 0.0
        for i in range(steps):
            chosen = order[i * BATCH : (i + 1) * BATCH]
            parameters, running, state, value = step(
                parameters, running, state, x[chosen], labels[chosen].astype(np.int32)
            )
            total += float(value)
        print(f"epoch {epoch}: loss {total / steps:.4f}, {time.monotonic() - begin:.0f} s", flush=True)
    return parameters, running


def export(parameters, running):
    """The ONNX model, batch norm folded into the convolutions."""
    nodes, constants = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def conv(source, index, relu=True):
        name, kind, inputs, _, stride = LAYERS[index]
        p = jax.tree.map(lambda v: np.asarray(v, np.float64), parameters[name])
        r = jax.tree.map(lambda v: np.asarray(v, np.float64), running[name])
        gain = p["gain"] / np.sqrt(r["variance"] + BN_EPSILON)
        weights = (p["weights"] * gain).transpose(3, 2, 0, 1)
        bias = p["shift"] - r["mean"] * gain
        kernel = weights.shape[-1]
        nodes.append(
            helper.make_node(
                "Conv",
                [source, constant(f"{name}.weight", weights), constant(f"{name}.bias", bias)],
                [name],
                name,
                kernel_shape=[kernel, kernel],
                strides=[stride, stride],
                pads=[kernel // 2] * 4,
                group=inputs if kind == "depthwise" else 1,
            )
        )
        return simple("Relu", f"{name}.relu", name) if relu else name

    def simple(op, name, *sources):
        nodes.append(helper.make_node(op, list(sources), [name], name))
        return name

    x = conv(conv("image", 0), 1)
    x = simple("Relu", "relu3", simple("Add", "add3", conv(conv(x, 2), 3, False), x))
    x = conv(conv(x, 4), 5)
    x = simple("Relu", "relu5", simple("Add", "add5", conv(conv(x, 6), 7, False), x))
    x = simple("Flatten", "flatten", simple("GlobalAveragePool", "pool", x))
    fc = parameters["fc"]
    weights = constant("fc.weight", np.asarray(fc["weights"]).T)
    bias = constant("fc.bias", np.asarray(fc["bias"]))
    nodes.append(helper.make_node("Gemm", [x, weights, bias], ["logits"], "fc", transB=1))
    graph = helper.make_graph(
        nodes,
        "fashion_cnn",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        constants,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
        producer_name="workloads/training/fashion_cnn.py",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def accuracy(path, images, labels):
    """Images classified rightly, by onnxruntime on the file as written."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    x = normalised(images).transpose(0, 3, 1, 2)
    logits = [session.run(None, {"image": x[i : i + 500]})[0] for i in range(0, len(x), 500)]
    return int((np.concatenate(logits).argmax(1) == labels).sum())


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEBIAN
    images = read_idx(folder / "train-images-idx3-ubyte.gz")
    labels = read_idx(folder / "train-labels-idx1-ubyte.gz")
    test_images = read_idx(folder / "t10k-images-idx3-ubyte.gz")
    test_labels = read_idx(folder / "t10k-labels-idx1-ubyte.gz")
    MODELS.mkdir(exist_ok=True)
    parts = [
        ("fashion_test1000", test_images[:REPORT], test_labels[:REPORT]),
        ("fashion_held_out500", images[-HELD_OUT:], labels[-HELD_OUT:]),
    ]
    for name, part, part_labels in parts:
        write_idx(MODELS / f"{name}-images-idx3-ubyte", part)
        write_idx(MODELS / f"{name}-labels-idx1-ubyte", part_labels)

    parameters, running = train(images[:-HELD_OUT], labels[:-HELD_OUT])
    path = MODELS / "fashion_cnn.onnx"
    onnx.save(export(parameters, running), path)
    weights = sum(int(np.prod(p["weights"].shape)) for p in parameters.values())
    print(f"{path.name}: {path.stat().st_size} bytes, {weights} weights")
    for what, part, part_labels in [
        ("10,000 test images", test_images, test_labels),
        ("first 1,000 of them", test_images[:REPORT], test_labels[:REPORT]),
        ("500 held out", images[-HELD_OUT:], labels[-HELD_OUT:]),
    ]:
        right = accuracy(path, part, part_labels)
        print(f"float32 on the {what}: {right} right, {100 * right / len(part):.2f} %")


if __name__ == "__main__":
    main()
