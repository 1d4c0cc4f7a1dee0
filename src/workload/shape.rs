//! The shape of a layer's output, and what about the layer does not fit its inputs.

use std::fmt;

use super::limits::{MAX_DIMENSION, MAX_TENSOR_ELEMENTS};
use super::op::{Axis, Conv, Elementwise, Function, MatMul, Normalisation, Op, Padding, Pool};
use crate::source::{Checker, Place};

/// `[channels, height, width]`, wide enough for any sum of valid sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) channels: u64,
    pub(super) height: u64,
    pub(super) width: u64,
}

impl Shape {
    pub(super) fn positions(self) -> u64 {
        self.height.saturating_mul(self.width)
    }

    /// The sizes, if all are within the limits.
    pub(super) fn within_limits(self) -> Option<[u32; 3]> {
        let Shape {
            channels,
            height,
            width,
        } = self;
        let elements = channels.checked_mul(height)?.checked_mul(width)?;
        let dimension = |size| {
            u32::try_from(size)
                .ok()
                .filter(|&size| size <= MAX_DIMENSION)
        };
        let sizes = [dimension(channels)?, dimension(height)?, dimension(width)?];
        (elements <= MAX_TENSOR_ELEMENTS).then_some(sizes)
    }
}

/// `channels x height x width`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// An input of a layer.
pub(super) struct Input<'n> {
    pub(super) name: &'n str,
    pub(super) shape: Shape,
}

/// Looks at one layer, and reports what it finds.
pub(super) struct Inspector<'c, 'f> {
    pub(super) checker: &'c mut Checker<'f>,
    /// Place of the layer.
    pub(super) layer: Place,
}

impl Inspector<'_, '_> {
    pub(super) fn op(&self, field: &str) -> Place {
        self.layer.clone().field("op").field(field)
    }

    fn input(&self, index: usize) -> Place {
        self.layer.clone().field("inputs").index(index)
    }

    /// Whether every size written in the operation lies within the limits.
    pub(super) fn sizes_are_valid(&mut self, op: &Op) -> bool {
        match op {
            Op::Conv(conv) => {
                let pairs = [
                    ("kernel", conv.kernel),
                    ("stride", conv.stride),
                    ("dilation", conv.dilation),
                ];
                let one = self.size("out_channels", conv.out_channels);
                let groups = self.size("groups", conv.groups);
                self.pairs(&pairs) & self.padding_is_valid(conv.padding) & one & groups
            }
            Op::Pool(pool) => {
                let pairs = [("kernel", pool.kernel), ("stride", pool.stride)];
                self.pairs(&pairs) & self.padding_is_valid(pool.padding)
            }
            Op::FullyConnected(op) => self.size("out_features", op.out_features),
            Op::MatMul(op) => self.size("heads", op.heads),
            Op::Normalisation(op) => self.size("groups", op.groups),
            Op::Slice(op) => self.slice_is_valid(op),
            Op::Pad(op) => self.pad_is_valid(op),
            Op::GlobalPool(_) | Op::Elementwise(_) | Op::Concat(_) => true,
        }
    }

    pub(super) fn size(&mut self, field: &str, size: u32) -> bool {
        let place = self.op(field);
        check_size(self.checker, place, field, size)
    }

    fn pairs(&mut self, pairs: &[(&str, [u32; 2])]) -> bool {
        let mut valid = true;
        for (field, sizes) in pairs {
            for (index, &size) in sizes.iter().enumerate() {
                let place = self.op(field).index(index);
                valid &= check_size(self.checker, place, field, size);
            }
        }
        valid
    }

    fn padding_is_valid(&mut self, padding: Padding) -> bool {
        let sides = [padding.top, padding.bottom, padding.left, padding.right];
        let mut valid = true;
        for (index, &size) in sides.iter().enumerate() {
            let place = self.op("padding").index(index);
            valid &= size == 0 || check_size(self.checker, place, "padding", size);
        }
        valid
    }

    /// The shape of the output; none if something does not fit, which has then been reported.
    pub(super) fn output(&mut self, op: &Op, inputs: &[Input<'_>]) -> Option<Shape> {
        let shape = inputs.first()?.shape;
        match op {
            Op::Conv(conv) => self.conv(conv, shape),
            Op::FullyConnected(op) => Some(Shape {
                channels: u64::from(op.out_features),
                height: if op.per_position { shape.height } else { 1 },
                width: if op.per_position { shape.width } else { 1 },
            }),
            Op::MatMul(op) => self.matmul(op, inputs),
            Op::Pool(pool) => self.pool(pool, shape),
            Op::GlobalPool(_) => Some(Shape {
                height: 1,
                width: 1,
                ..shape
            }),
            Op::Elementwise(op) => self.elementwise(op, inputs),
            Op::Normalisation(op) => self.normalisation(op, shape),
            Op::Concat(op) => self.concat(op.axis, inputs),
            Op::Slice(op) => self.slice(op, shape),
            Op::Pad(op) => Some(super::slices::padded(op, shape)),
        }
    }

    fn conv(&mut self, conv: &Conv, input: Shape) -> Option<Shape> {
        let [out, groups] = [conv.out_channels, conv.groups].map(u64::from);
        let in_fits = self.divides(groups, input.channels, "groups", "input channels");
        let out_fits = self.divides(groups, out, "groups", "output channels");
        let window = SlidingGeometry {
            kernel: conv.kernel,
            stride: conv.stride,
            dilation: conv.dilation,
            padding: conv.padding,
            ceil_mode: false,
        };
        let [height, width] = self.slide(&window, input)?;
        (in_fits && out_fits).then_some(Shape {
            channels: out,
            height,
            width,
        })
    }

    fn pool(&mut self, pool: &Pool, input: Shape) -> Option<Shape> {
        let window = SlidingGeometry {
            kernel: pool.kernel,
            stride: pool.stride,
            dilation: [1, 1],
            padding: pool.padding,
            ceil_mode: pool.ceil_mode,
        };
        let [height, width] = self.slide(&window, input)?;
        Some(Shape {
            height,
            width,
            ..input
        })
    }

    /// Height and width of the output of a sliding window.
    fn slide(&mut self, window: &SlidingGeometry, input: Shape) -> Option<[u64; 2]> {
        let Padding {
            top,
            bottom,
            left,
            right,
        } = window.padding;
        let rows = self.slide_along(window, 0, input.height, [top, bottom]);
        let columns = self.slide_along(window, 1, input.width, [left, right]);
        Some([rows?, columns?])
    }

    /// Outputs along axis `axis` (0 vertical, 1 horizontal) of an input of `size`.
    fn slide_along(
        &mut self,
        window: &SlidingGeometry,
        axis: usize,
        size: u64,
        padding: [u32; 2],
    ) -> Option<u64> {
        let side = ["high", "wide"][axis];
        let reach = window.reach(axis);
        let mut fits = true;
        for (end, &pad) in padding.iter().enumerate() {
            if u64::from(pad) >= reach {
                self.checker.report(
                    self.op("padding").index(2 * axis + end),
                    format!("padding of {pad} holds the whole kernel, which is {reach} {side}"),
                    format!("at most {}", reach - 1),
                );
                fits = false;
            }
        }
        let [before, after] = padding.map(u64::from);
        let padded = size + before + after;
        if reach > padded {
            let dilated = if window.dilation[axis] > 1 {
                " with its dilation"
            } else {
                ""
            };
            self.checker.report(
                self.op("kernel").index(axis),
                format!("the kernel is {reach} {side}{dilated}, the padded input only {padded}"),
                format!("larger than the padded input ({size} + {before} + {after})"),
            );
            fits = false;
        }
        fits.then(|| window.outputs(axis, size, before, padded))
    }

    fn divides(&mut self, groups: u64, channels: u64, field: &str, what: &str) -> bool {
        let divides = channels.is_multiple_of(groups);
        if !divides {
            self.checker.report(
                self.op(field),
                format!("{groups} {field} do not divide the {channels} {what}"),
                format!("a divisor of {channels}"),
            );
        }
        divides
    }

    fn matmul(&mut self, op: &MatMul, inputs: &[Input<'_>]) -> Option<Shape> {
        let [a, b] = [inputs.first()?, inputs.get(1)?];
        let heads = u64::from(op.heads);
        let a_fits = self.divides(
            heads,
            a.shape.channels,
            "heads",
            "channels of the first input",
        );
        let b_fits = self.divides(
            heads,
            b.shape.channels,
            "heads",
            "channels of the second input",
        );
        if !(a_fits && b_fits) {
            return None;
        }
        let k = a.shape.channels / heads;
        let b_positions = b.shape.positions();
        let (b_k, n) = match op.transpose_b {
            true => (b.shape.channels / heads, b_positions),
            false => (b_positions, b.shape.channels / heads),
        };
        if k != b_k {
            let source = match op.transpose_b {
                true => "channels of a head",
                false => "positions",
            };
            self.checker.report_with_help(
                self.input(1),
                format!(
                    "the inner dimensions differ: `{}` ({}) has {k} channels of a head, `{}` ({}) has {b_k} {source}",
                    a.name, a.shape, b.name, b.shape
                ),
                format!("expected {k} {source}"),
                "the reduction runs over the channels of a head of the first input; over those of the \
                 second with `transpose_b: true`, else over its positions",
            );
            return None;
        }
        Some(Shape {
            channels: n.saturating_mul(heads),
            height: a.shape.positions(),
            width: 1,
        })
    }

    fn elementwise(&mut self, op: &Elementwise, inputs: &[Input<'_>]) -> Option<Shape> {
        let first = inputs.first()?;
        if !matches!(op.function, Function::Add | Function::Multiply) {
            return Some(first.shape);
        }
        let second = inputs.get(1)?;
        let broadcast = Shape {
            height: 1,
            width: 1,
            ..first.shape
        };
        if second.shape != first.shape && second.shape != broadcast {
            self.mismatch(1, first, second);
            return None;
        }
        Some(first.shape)
    }

    fn mismatch(&mut self, index: usize, first: &Input<'_>, other: &Input<'_>) {
        self.checker.report(
            self.input(index),
            format!(
                "the inputs do not fit each other: `{}` is {}, `{}` is {}",
                first.name, first.shape, other.name, other.shape
            ),
            format!("this is {}, the first input {}", other.shape, first.shape),
        );
    }

    fn normalisation(&mut self, op: &Normalisation, input: Shape) -> Option<Shape> {
        self.divides(u64::from(op.groups), input.channels, "groups", "channels")
            .then_some(input)
    }

    fn concat(&mut self, axis: Axis, inputs: &[Input<'_>]) -> Option<Shape> {
        let first = inputs.first()?;
        let mut fits = true;
        for (index, other) in inputs.iter().enumerate().skip(1) {
            let [a, b] = [first.shape, other.shape];
            let same = match axis {
                Axis::Channels => (a.height, a.width) == (b.height, b.width),
                Axis::Positions => a.channels == b.channels,
            };
            if !same {
                self.mismatch(index, first, other);
                fits = false;
            }
        }
        let sum = |size: fn(Shape) -> u64| {
            inputs
                .iter()
                .fold(0u64, |sum, input| sum.saturating_add(size(input.shape)))
        };
        fits.then(|| match axis {
            Axis::Channels => Shape {
                channels: sum(|shape| shape.channels),
                ..first.shape
            },
            Axis::Positions => Shape {
                channels: first.shape.channels,
                height: sum(Shape::positions),
                width: 1,
            },
        })
    }
}

/// A window that slides over an image.
struct SlidingGeometry {
    kernel: [u32; 2],
    stride: [u32; 2],
    dilation: [u32; 2],
    padding: Padding,
    ceil_mode: bool,
}

impl SlidingGeometry {
    /// From the first to the last row (or column) the kernel touches; all sizes are at least 1.
    fn reach(&self, axis: usize) -> u64 {
        u64::from(self.kernel[axis] - 1) * u64::from(self.dilation[axis]) + 1
    }

    /// Outputs along an axis on which the input has `size` elements, `before` padding in front of them,
    /// and `padded` with all padding.
    fn outputs(&self, axis: usize, size: u64, before: u64, padded: u64) -> u64 {
        let stride = u64::from(self.stride[axis]);
        let travel = padded - self.reach(axis);
        if !self.ceil_mode {
            return travel / stride + 1;
        }
        let outputs = travel.div_ceil(stride) + 1;
        // A window that would begin in the padding behind the image gives none.
        match (outputs - 1) * stride >= size + before {
            true => outputs - 1,
            false => outputs,
        }
    }
}

/// Whether a size lies within 1..=[`MAX_DIMENSION`]; reports it if not.
pub(super) fn check_size(checker: &mut Checker<'_>, place: Place, what: &str, size: u32) -> bool {
    if size == 0 {
        checker.report(place, format!("`{what}` is 0"), "at least 1");
    } else if size > MAX_DIMENSION {
        let message = format!("`{what}` is {size}, beyond any network");
        checker.report(place, message, format!("at most {MAX_DIMENSION}"));
    }
    (1..=MAX_DIMENSION).contains(&size)
}
