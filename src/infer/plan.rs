//! A network as a list of steps on `[height, width, channels]` tensors, with memory that is used again.

use super::error::InferError;
use super::slots::assign_slots;
use crate::workload::{
    Activation, Axis, Conv, Function, Layer, LayerId, Network, NormalisationFunction, Op, Padding,
    Pool, PoolKind, Slice, Span, Tensor, TensorId,
};

/// Most values of a tensor, and most weights of a layer, that are computed: 2^28.
const MAX_VALUES: u64 = 1 << 28;

/// Sizes of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Shape {
    fn of(tensor: &Tensor) -> Shape {
        Shape {
            height: tensor.height as usize,
            width: tensor.width as usize,
            channels: tensor.channels as usize,
        }
    }

    /// Values.
    pub(super) fn elements(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Pixels.
    pub(super) fn positions(self) -> usize {
        self.height * self.width
    }
}

/// A convolution, or a fully connected layer as one whose kernel is the whole image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConvGeometry {
    pub(super) input: Shape,
    pub(super) output: Shape,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) dilation: [usize; 2],
    /// Rows of zeros above the image.
    pub(super) top: usize,
    /// Columns of zeros to its left.
    pub(super) left: usize,
    pub(super) groups: usize,
}

impl ConvGeometry {
    /// From the first to the last row (0) or column (1) under the kernel.
    pub(super) fn reach(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }

    /// Values under all windows, zeros around the image included.
    fn padded_elements(&self) -> u64 {
        let outputs = [self.output.height, self.output.width];
        let sides = [0, 1].map(|axis| (outputs[axis] - 1) * self.stride[axis] + self.reach(axis));
        // Sizes of a network are at most 2^20, a window's reach 2^40.
        let sides = sides.map(|side| side as u64);
        sides[0]
            .saturating_mul(sides[1])
            .saturating_mul(self.input.channels as u64)
    }

    /// Whether each output channel reads the one input channel of its number.
    pub(super) fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.input.channels && self.groups == self.output.channels
    }

    /// Weights of one output channel.
    pub(super) fn weights_per_channel(&self) -> usize {
        self.input.channels / self.groups * self.kernel[0] * self.kernel[1]
    }
}

/// Pooling over windows, or over the whole image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolGeometry {
    pub(super) kind: PoolKind,
    pub(super) input: Shape,
    pub(super) output: Shape,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 4],
    pub(super) count_padding: bool,
}

impl PoolGeometry {
    /// The rows (0) or columns (1) of the image in window `output`, and how many the window counts.
    pub(super) fn span(&self, axis: usize, output: usize) -> (std::ops::Range<usize>, usize) {
        let size = [self.input.height, self.input.width][axis];
        let (before, after) = (self.padding[2 * axis], self.padding[2 * axis + 1]);
        let begin = output * self.stride[axis];
        let end = (begin + self.kernel[axis]).min(before + size + after);
        let inside = begin.saturating_sub(before).min(size)..end.saturating_sub(before).min(size);
        let counted = match self.count_padding {
            true => end - begin,
            false => inside.len(),
        };
        (inside, counted)
    }
}

/// What is cut out of a tensor: first, count and step of rows, columns and channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) input: Shape,
    pub(super) rows: [usize; 3],
    pub(super) columns: [usize; 3],
    pub(super) channels: [usize; 3],
}

/// Where a tensor lies in a larger one of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) input: Shape,
    pub(super) output: Shape,
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) first_channel: usize,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Convolution(ConvGeometry),
    Pool(PoolGeometry),
    Add,
    Clip,
    Concat,
    Slice(Cut),
    Pad(Frame),
}

/// What happens to a value on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clip {
    None,
    Relu,
    Relu6,
}

impl Clip {
    /// Of a float value.
    pub(super) fn apply(self, value: f32) -> f32 {
        match self {
            Clip::None => value,
            Clip::Relu => value.max(0.0),
            Clip::Relu6 => value.clamp(0.0, 6.0),
        }
    }
}

/// A layer to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedLayer {
    pub(super) layer: LayerId,
    pub(super) work: Work,
    pub(super) inputs: Vec<TensorId>,
    pub(super) output: TensorId,
    pub(super) clip: Clip,
}

/// The steps from the input to the logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Vec<PlannedLayer>,
    pub(super) input: TensorId,
    /// The logits: what a last softmax reads, or the network's output.
    pub(super) output: TensorId,
    /// By tensor.
    pub(super) shapes: Vec<Shape>,
    /// By tensor: the memory it is in.
    pub(super) slots: Vec<usize>,
    /// Values of each memory.
    pub(super) slot_sizes: Vec<usize>,
}

impl Plan {
    pub(super) fn new(network: &Network) -> Result<Plan, InferError> {
        let inputs: Vec<usize> = (0..network.tensors.len())
            .filter(|&index| network.tensors[index].producer.is_none())
            .collect();
        let outputs: Vec<TensorId> = network.outputs().collect();
        let (&[input], &[end]) = (&inputs[..], &outputs[..]) else {
            return Err(InferError::Ends {
                inputs: inputs.len(),
                outputs: outputs.len(),
            });
        };
        for tensor in &network.tensors {
            check_size(&tensor.name, tensor.elements())?;
        }
        let mut steps = vec![];
        let mut output = end;
        for id in network.layer_ids() {
            let layer = network.layer(id);
            if layer.output == end && is_softmax(&layer.op) && layer.activation.is_none() {
                output = layer.inputs[0];
                continue;
            }
            let parameters = network.parameters(id);
            check_size(&layer.name, parameters.weights)?;
            let work = work(network, layer)?;
            if let Work::Convolution(window) = &work {
                check_size(&layer.name, window.padded_elements())?;
            }
            steps.push(PlannedLayer {
                layer: id,
                work,
                inputs: layer.inputs.clone(),
                output: layer.output,
                clip: clip(layer)?,
            });
        }
        let shapes: Vec<Shape> = network.tensors.iter().map(Shape::of).collect();
        let input = TensorId(input as u32);
        let (slots, slot_sizes) = assign_slots(&steps, input, output, &shapes);
        Ok(Plan {
            steps,
            input,
            output,
            shapes,
            slots,
            slot_sizes,
        })
    }

    pub(super) fn shape(&self, tensor: TensorId) -> Shape {
        self.shapes[tensor.index()]
    }

    pub(super) fn slot(&self, tensor: TensorId) -> usize {
        self.slots[tensor.index()]
    }

    /// `[height, width, channels]` of an image.
    pub(super) fn input_shape(&self) -> [usize; 3] {
        let shape = self.shape(self.input);
        [shape.height, shape.width, shape.channels]
    }

    /// Logits.
    pub(super) fn classes(&self) -> usize {
        self.shape(self.output).elements()
    }
}

fn check_size(name: &str, elements: u64) -> Result<(), InferError> {
    if elements > MAX_VALUES {
        return Err(InferError::TooLarge {
            name: name.to_owned(),
            elements,
            limit: MAX_VALUES,
        });
    }
    Ok(())
}

fn is_softmax(op: &Op) -> bool {
    matches!(op, Op::Normalisation(op) if op.function == NormalisationFunction::Softmax)
}

fn unsupported(layer: &Layer, operation: &str) -> InferError {
    InferError::Unsupported {
        layer: layer.name.clone(),
        operation: operation.to_owned(),
    }
}

/// What the layer's activation does, or the layer itself where it is one.
fn clip(layer: &Layer) -> Result<Clip, InferError> {
    let of = |activation| match activation {
        Activation::Relu => Ok(Clip::Relu),
        Activation::Relu6 => Ok(Clip::Relu6),
        other => Err(unsupported(layer, &format!("the activation {other:?}"))),
    };
    let own = match &layer.op {
        Op::Elementwise(op) => match op.function {
            Function::Activation(activation) => of(activation)?,
            _ => Clip::None,
        },
        _ => Clip::None,
    };
    match layer.activation.map(of).transpose()? {
        Some(Clip::Relu) if own == Clip::Relu6 => Ok(Clip::Relu6),
        Some(clip) => Ok(clip),
        None => Ok(own),
    }
}

fn work(network: &Network, layer: &Layer) -> Result<Work, InferError> {
    let input = Shape::of(network.tensor(layer.inputs[0]));
    let output = Shape::of(network.tensor(layer.output));
    Ok(match &layer.op {
        Op::Conv(conv) => Work::Convolution(convolution(conv, input, output)),
        Op::FullyConnected(op) if op.per_position && input.positions() > 1 => {
            return Err(unsupported(layer, "a fully connected layer per position"));
        }
        Op::FullyConnected(_) => Work::Convolution(ConvGeometry {
            input,
            output,
            kernel: [input.height, input.width],
            stride: [1, 1],
            dilation: [1, 1],
            top: 0,
            left: 0,
            groups: 1,
        }),
        Op::Pool(pool) => Work::Pool(pool_window(pool, input, output)),
        Op::GlobalPool(op) => Work::Pool(PoolGeometry {
            kind: op.kind,
            input,
            output,
            kernel: [input.height, input.width],
            stride: [1, 1],
            padding: [0; 4],
            count_padding: false,
        }),
        Op::Elementwise(op) => match op.function {
            Function::Add => {
                if network.tensor(layer.inputs[1]).elements() != output.elements() as u64 {
                    return Err(unsupported(layer, "a sum of tensors of different shapes"));
                }
                Work::Add
            }
            Function::Activation(_) => Work::Clip,
            other => return Err(unsupported(layer, &format!("the function {other:?}"))),
        },
        Op::Concat(op) if op.axis == Axis::Channels => Work::Concat,
        Op::Slice(slice) => Work::Slice(cut(slice, input)),
        Op::Pad(pad) => Work::Pad(Frame {
            input,
            output,
            top: pad.rows[0] as usize,
            left: pad.columns[0] as usize,
            first_channel: pad.channels[0] as usize,
        }),
        Op::Concat(_) => return Err(unsupported(layer, "a concatenation of positions")),
        other => return Err(unsupported(layer, &format!("`{}`", other.name()))),
    })
}

fn convolution(conv: &Conv, input: Shape, output: Shape) -> ConvGeometry {
    let pair = |sizes: [u32; 2]| sizes.map(|size| size as usize);
    ConvGeometry {
        input,
        output,
        kernel: pair(conv.kernel),
        stride: pair(conv.stride),
        dilation: pair(conv.dilation),
        top: conv.padding.top as usize,
        left: conv.padding.left as usize,
        groups: conv.groups as usize,
    }
}

fn pool_window(pool: &Pool, input: Shape, output: Shape) -> PoolGeometry {
    let Padding {
        top,
        bottom,
        left,
        right,
    } = pool.padding;
    PoolGeometry {
        kind: pool.kind,
        input,
        output,
        kernel: pool.kernel.map(|size| size as usize),
        stride: pool.stride.map(|size| size as usize),
        padding: [top, bottom, left, right].map(|size| size as usize),
        count_padding: pool.count_padding,
    }
}

fn cut(slice: &Slice, input: Shape) -> Cut {
    let span = |span: Option<Span>, size: usize| match span {
        Some(Span { first, count, step }) => [first as usize, count as usize, step as usize],
        None => [0, size, 1],
    };
    Cut {
        input,
        rows: span(slice.rows, input.height),
        columns: span(slice.columns, input.width),
        channels: span(slice.channels, input.channels),
    }
}
