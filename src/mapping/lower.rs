//! From the operations of a workload to loop nests and vector work.

use super::memory::TensorLayout;
use super::nest::{Axis, Nest, SecondOperand};
use super::vector_plan::Piece;
use crate::workload::{
    self, Function, Layer, Network, NormalisationFunction, Op, Padding, Slice, Span,
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
    pub whole_channels: bool,
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
                        let band = output.band(from..from + input.rows);
                        from += input.rows;
                        Piece {
                            inputs: vec![*input],
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
    let point = Nest {
        images: network.batch,
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
    };
    match &layer.op {
        Op::Conv(conv) if conv.kernel == [1, 1] && conv.padding == Padding::default() => {
            Lowered::Array(Nest {
                groups: conv.groups,
                filters: conv.out_channels / conv.groups,
                channels: input.channels / conv.groups,
                in_rows: output.height,
                in_columns: output.width,
                sampling: conv.stride,
                ..point
            })
        }
        Op::Conv(conv) => Lowered::Array(Nest {
            groups: conv.groups,
            filters: conv.out_channels / conv.groups,
            channels: input.channels / conv.groups,
            rows: Axis {
                kernel: conv.kernel[0],
                stride: conv.stride[0],
                dilation: conv.dilation[0],
                padding: conv.padding.top,
            },
            columns: Axis {
                kernel: conv.kernel[1],
                stride: conv.stride[1],
                dilation: conv.dilation[1],
                padding: conv.padding.left,
            },
            ..point
        }),
        Op::FullyConnected(op) if op.per_position => Lowered::Array(point),
        Op::FullyConnected(_) => Lowered::Array(Nest {
            channels: input.elements() as u32,
            in_rows: 1,
            in_columns: 1,
            flat: input.positions() > 1,
            ..point
        }),
        Op::MatMul(op) => Lowered::Array(Nest {
            images: 1,
            repeats: network.batch,
            groups: op.heads,
            out_rows: output.height * output.width,
            out_columns: 1,
            filters: output.channels / op.heads,
            channels: input.channels / op.heads,
            in_rows: input.height * input.width,
            in_columns: 1,
            second: if op.transpose_b {
                SecondOperand::RowPerFilter
            } else {
                SecondOperand::RowPerChannel
            },
            ..point
        }),
        Op::Pool(pool) => {
            let axis = |index: usize, padding| Axis {
                kernel: pool.kernel[index],
                stride: pool.stride[index],
                dilation: 1,
                padding,
            };
            Lowered::Vector(VectorLayer {
                rows: axis(0, pool.padding.top),
                columns: axis(1, pool.padding.left),
                operations_per_value: pool.kernel[0] * pool.kernel[1],
                ..pointwise(1)
            })
        }
        Op::GlobalPool(_) => {
            let whole = |extent| Axis {
                kernel: extent,
                ..Axis::POINT
            };
            Lowered::Vector(VectorLayer {
                rows: whole(input.height),
                columns: whole(input.width),
                operations_per_value: input.height * input.width,
                ..pointwise(1)
            })
        }
        Op::Elementwise(op) => Lowered::Vector(pointwise(elementwise_operations(op.function))),
        Op::Normalisation(op) => Lowered::Vector(VectorLayer {
            whole_channels: op.function != NormalisationFunction::BatchNorm,
            ..pointwise(normalisation_operations(op.function))
        }),
        Op::Concat(op) => Lowered::Vector(match op.axis {
            workload::Axis::Channels => VectorLayer {
                whole_channels: true,
                ..pointwise(1)
            },
            workload::Axis::Positions => VectorLayer {
                arrangement: Arrangement::Bands,
                ..pointwise(1)
            },
        }),
        // Of the channels, the whole range from the first to the last crosses the bus.
        Op::Slice(op) => Lowered::Vector(VectorLayer {
            arrangement: Arrangement::Part(*op),
            channels: Axis {
                stride: op.channels.map_or(1, |span: Span| span.step),
                ..Axis::POINT
            },
            ..pointwise(1)
        }),
        Op::Pad(op) => {
            let behind = |sides: [u32; 2]| Axis {
                padding: sides[0],
                ..Axis::POINT
            };
            Lowered::Vector(VectorLayer {
                rows: behind(op.rows),
                columns: behind(op.columns),
                channels: behind(op.channels),
                ..pointwise(1)
            })
        }
    }
}

fn pointwise(operations_per_value: u32) -> VectorLayer {
    VectorLayer {
        rows: Axis::POINT,
        columns: Axis::POINT,
        channels: Axis::POINT,
        operations_per_value,
        whole_channels: false,
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

/// Lane operations per value, all passes together.
fn normalisation_operations(function: NormalisationFunction) -> u32 {
    match function {
        // Maximum; difference; exponential; sum; scale.
        NormalisationFunction::Softmax => 5,
        // Sum; difference; square and sum; scale; shift.
        NormalisationFunction::LayerNorm => 5,
        // Square and sum; scale twice.
        NormalisationFunction::RmsNorm => 3,
        // Scale; shift.
        NormalisationFunction::BatchNorm => 2,
        // Square; sliding sum in and out; power; scale.
        NormalisationFunction::Lrn => 5,
    }
}
