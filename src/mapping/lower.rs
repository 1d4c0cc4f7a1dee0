//! From the operations of a workload to loop nests and vector work.

use super::memory::TensorLayout;
use super::nest::{Axis, Nest, SecondOperand};
use super::vector_plan::{Group, Piece, Reach};
use crate::workload::{
    self, Conv, FullyConnected, Function, Layer, MatMul, Network, Normalisation,
    NormalisationFunction, Op, Pad, Padding, Pool, Slice, Span, Tensor,
};

/// A layer as the hardware sees it.
pub(super) enum Lowered {
    /// On the PE array.
    Array(Nest),
    /// On the vector unit.
    Vector(VectorLayer),
}

/// A layer of the vector unit.
pub(super) struct VectorLayer {
    pub rows: Axis,
    pub columns: Axis,
    pub channels: Axis,
    pub operations_per_value: u32,
    pub reach: Reach,
    pub arrangement: Arrangement,
}

/// How the inputs of a vector layer lie to its output.
pub(super) enum Arrangement {
    /// Every input to the whole output.
    Together,
    /// Each input to its own band of rows, one after the other.
    Bands,
    /// The output is a part of the input.
    Part(Slice),
}

impl Arrangement {
    /// The pieces of the layer.
    pub(super) fn pieces(&self, inputs: &[TensorLayout], output: &TensorLayout) -> Vec<Piece> {
        match self {
            Arrangement::Together => vec![Piece {
                inputs: inputs.to_vec(),
                output: *output,
            }],
            Arrangement::Bands => {
                let mut from = 0;
                inputs
                    .iter()
                    .map(|input| {
                        // All positions of an input lie one after the other along the rows of the output.
                        let input = input.flattened();
                        let band = output.band(from..from + input.rows);
                        from += input.rows;
                        Piece {
                            inputs: vec![input],
                            output: band,
                        }
                    })
                    .collect()
            }
            Arrangement::Part(slice) => vec![Piece {
                inputs: vec![inputs[0].part(slice)],
                output: *output,
            }],
        }
    }
}

/// What `layer` asks of the hardware.
pub(super) fn lower(network: &Network, layer: &Layer) -> Lowered {
    let input = network.tensor(layer.inputs[0]);
    let output = network.tensor(layer.output);
    let point = || point(network.batch, input, output);
    match &layer.op {
        Op::Conv(op) => Lowered::Array(conv(op, point())),
        Op::FullyConnected(op) => Lowered::Array(fully_connected(op, input, point())),
        Op::MatMul(op) => Lowered::Array(mat_mul(op, point())),
        Op::Pool(op) => Lowered::Vector(pool(op)),
        Op::GlobalPool(_) => Lowered::Vector(global_pool(input)),
        Op::Elementwise(op) => Lowered::Vector(pointwise(elementwise_operations(op.function))),
        Op::Normalisation(op) => Lowered::Vector(normalisation(op, input)),
        Op::Concat(op) => Lowered::Vector(concat(op.axis)),
        Op::Slice(op) => Lowered::Vector(slice(*op)),
        Op::Pad(op) => Lowered::Vector(pad(op)),
    }
}

/// A kernel of one position and one group: every output position takes all channels of the input there.
fn point(images: u32, input: &Tensor, output: &Tensor) -> Nest {
    Nest {
        images,
        repeats: 1,
        groups: 1,
        out_rows: output.height,
        out_columns: output.width,
        filters: output.channels,
        channels: input.channels,
        in_rows: input.height,
        in_columns: input.width,
        rows: Axis::POINT,
        columns: Axis::POINT,
        second: SecondOperand::Weights,
        flat: false,
        sampling: [1, 1],
    }
}

fn conv(op: &Conv, point: Nest) -> Nest {
    let nest = Nest {
        groups: op.groups,
        filters: op.out_channels / op.groups,
        channels: point.channels / op.groups,
        ..point
    };
    if op.kernel == [1, 1] && op.padding == Padding::default() {
        // Only the positions that are used are read.
        return Nest {
            in_rows: nest.out_rows,
            in_columns: nest.out_columns,
            sampling: op.stride,
            ..nest
        };
    }
    let axis = |index: usize, padding| Axis {
        kernel: op.kernel[index],
        stride: op.stride[index],
        dilation: op.dilation[index],
        padding,
    };
    Nest {
        rows: axis(0, op.padding.top),
        columns: axis(1, op.padding.left),
        ..nest
    }
}

fn fully_connected(op: &FullyConnected, input: &Tensor, point: Nest) -> Nest {
    if op.per_position {
        return point;
    }
    Nest {
        channels: input.elements() as u32,
        in_rows: 1,
        in_columns: 1,
        flat: input.positions() > 1,
        ..point
    }
}

fn mat_mul(op: &MatMul, point: Nest) -> Nest {
    Nest {
        images: 1,
        repeats: point.images,
        groups: op.heads,
        out_rows: point.out_rows * point.out_columns,
        out_columns: 1,
        filters: point.filters / op.heads,
        channels: point.channels / op.heads,
        in_rows: point.in_rows * point.in_columns,
        in_columns: 1,
        second: if op.transpose_b {
            SecondOperand::RowPerFilter
        } else {
            SecondOperand::RowPerChannel
        },
        ..point
    }
}

fn pool(op: &Pool) -> VectorLayer {
    let axis = |index: usize, padding| Axis {
        kernel: op.kernel[index],
        stride: op.stride[index],
        dilation: 1,
        padding,
    };
    VectorLayer {
        rows: axis(0, op.padding.top),
        columns: axis(1, op.padding.left),
        ..pointwise(op.kernel[0] * op.kernel[1])
    }
}

fn global_pool(input: &Tensor) -> VectorLayer {
    let whole = |extent| Axis {
        kernel: extent,
        ..Axis::POINT
    };
    VectorLayer {
        rows: whole(input.height),
        columns: whole(input.width),
        ..pointwise(input.height * input.width)
    }
}

fn normalisation(op: &Normalisation, input: &Tensor) -> VectorLayer {
    let passes = normalisation_passes(op.function);
    VectorLayer {
        reach: match op.function {
            NormalisationFunction::BatchNorm => Reach::Behind,
            // How far its window reaches is not said.
            NormalisationFunction::Lrn => Reach::Pixel,
            NormalisationFunction::Softmax
            | NormalisationFunction::LayerNorm
            | NormalisationFunction::RmsNorm => Reach::Group(Group {
                channels: input.channels / op.groups,
                passes,
            }),
        },
        ..pointwise(passes.iter().sum())
    }
}

fn concat(axis: workload::Axis) -> VectorLayer {
    match axis {
        workload::Axis::Channels => VectorLayer {
            reach: Reach::Pixel,
            ..pointwise(1)
        },
        workload::Axis::Positions => VectorLayer {
            arrangement: Arrangement::Bands,
            ..pointwise(1)
        },
    }
}

fn slice(op: Slice) -> VectorLayer {
    VectorLayer {
        arrangement: Arrangement::Part(op),
        // Of the channels, the whole range from the first to the last crosses the bus.
        channels: Axis {
            stride: op.channels.map_or(1, |span: Span| span.step),
            ..Axis::POINT
        },
        ..pointwise(1)
    }
}

fn pad(op: &Pad) -> VectorLayer {
    let behind = |sides: [u32; 2]| Axis {
        padding: sides[0],
        ..Axis::POINT
    };
    VectorLayer {
        rows: behind(op.rows),
        columns: behind(op.columns),
        channels: behind(op.channels),
        ..pointwise(1)
    }
}

fn pointwise(operations_per_value: u32) -> VectorLayer {
    VectorLayer {
        rows: Axis::POINT,
        columns: Axis::POINT,
        channels: Axis::POINT,
        operations_per_value,
        reach: Reach::Behind,
        arrangement: Arrangement::Together,
    }
}

/// Lane operations per value: an arithmetic operation or a table look-up each.
fn elementwise_operations(function: Function) -> u32 {
    match function {
        Function::Add | Function::Multiply | Function::Activation(_) => 1,
        // Each value of a rotated pair: two products and a sum.
        Function::Rope => 3,
    }
}

/// Lane operations per value for the statistics of a group, and for the result once they are there.
fn normalisation_passes(function: NormalisationFunction) -> [u32; 2] {
    match function {
        // Maximum, difference, exponential and sum in one pass, the sum rescaled when a larger value comes
        // (Milakov and Gimelshein, "Online normalizer calculation for softmax", arXiv 1805.02867). Then the
        // scale; that the exponential is looked up once more where it was not kept is not counted.
        NormalisationFunction::Softmax => [4, 1],
        // Sum; square and sum: integers, so the variance is exact. Then difference; scale; shift.
        NormalisationFunction::LayerNorm => [2, 3],
        // Square and sum. Then scale twice.
        NormalisationFunction::RmsNorm => [1, 2],
        // Its statistics are constants. Scale; shift.
        NormalisationFunction::BatchNorm => [0, 2],
        // Square; sliding sum in and out; power; scale.
        NormalisationFunction::Lrn => [0, 5],
    }
}
