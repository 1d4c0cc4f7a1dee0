//! The loop nest of a layer that runs on the PE array, free of how the workload file spelled it.

/// One layer as nested loops: for every group an implicit GEMM of `[images * out_rows * out_columns,
/// channels * kernel]` by `[channels * kernel, filters]` (im2col).
///
/// A matrix product of two activations has its heads as groups and repeats once per image
/// (`repeats`), because its second operand differs from image to image; everything else shares its
/// weights among the images (`images`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nest {
    /// Images that share the weights: part of the GEMM's `M`.
    pub images: u32,
    /// Whole repetitions with other operands (images of a matrix product of activations).
    pub repeats: u32,
    /// Convolution groups, or heads.
    pub groups: u32,
    /// Output rows.
    pub out_rows: u32,
    /// Output columns.
    pub out_columns: u32,
    /// Filters (output channels) per group.
    pub filters: u32,
    /// Input channels per group.
    pub channels: u32,
    /// Input rows.
    pub in_rows: u32,
    /// Input columns.
    pub in_columns: u32,
    /// The window's rows.
    pub rows: Axis,
    /// The window's columns.
    pub columns: Axis,
    /// Where the second operand comes from.
    pub second: SecondOperand,
    /// The input is one flat vector an image: channels may be cut anywhere in it.
    pub flat: bool,
    /// A 1x1 window with a stride reads only every so many rows and columns; `in_rows` and `in_columns`
    /// count those alone.
    pub sampling: [u32; 2],
}

/// One spatial axis of a convolution window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Kernel extent.
    pub kernel: u32,
    /// Stride.
    pub stride: u32,
    /// Dilation.
    pub dilation: u32,
    /// Padding before the first input element.
    pub padding: u32,
}

impl Axis {
    /// No window: one input element for each output element.
    pub const POINT: Axis = Axis {
        kernel: 1,
        stride: 1,
        dilation: 1,
        padding: 0,
    };

    /// The input elements `[from, to)` that outputs `[first, first + count)` read: from the first that a
    /// tap touches to the last. Padding is left out; outputs that see only padding read nothing.
    pub fn input_span(&self, first: u32, count: u32, input: u32) -> (u32, u32) {
        let padding = u64::from(self.padding);
        let inside = padding..padding + u64::from(input);
        let begin = u64::from(first) * u64::from(self.stride);
        let last = u64::from(first + count - 1) * u64::from(self.stride)
            + u64::from(self.kernel - 1) * u64::from(self.dilation);
        let low = if begin >= inside.start {
            Some(begin)
        } else {
            self.taps(first, count)
                .filter_map(|tap| tap.first_from(inside.start))
                .min()
        };
        let high = if last < inside.end {
            Some(last)
        } else {
            self.taps(first, count)
                .filter_map(|tap| tap.last_before(inside.end))
                .max()
        };
        match (low, high) {
            (Some(low), Some(high)) if low <= high && high >= padding && low < inside.end => {
                ((low - padding) as u32, (high + 1 - padding) as u32)
            }
            _ => (0, 0),
        }
    }

    /// The positions of each tap over the outputs, counted from the first padding element.
    fn taps(&self, first: u32, count: u32) -> impl Iterator<Item = Tap> {
        let (stride, dilation) = (u64::from(self.stride), u64::from(self.dilation));
        (0..u64::from(self.kernel)).map(move |tap| Tap {
            start: u64::from(first) * stride + tap * dilation,
            stride,
            last: u64::from(first + count - 1) * stride + tap * dilation,
        })
    }

    /// Most input elements that any `count` neighbouring outputs read.
    pub fn input_extent(&self, count: u32, input: u32) -> u32 {
        let reach = u64::from(self.kernel - 1) * u64::from(self.dilation) + 1;
        (u64::from(count - 1) * u64::from(self.stride) + reach).min(u64::from(input)) as u32
    }
}

/// Where one tap of the window lies over several outputs.
struct Tap {
    start: u64,
    stride: u64,
    last: u64,
}

impl Tap {
    /// The first position that is not before `bound`.
    fn first_from(&self, bound: u64) -> Option<u64> {
        let steps = bound.saturating_sub(self.start).div_ceil(self.stride);
        let position = self.start + steps * self.stride;
        (position <= self.last).then_some(position)
    }

    /// The last position before `bound`.
    fn last_before(&self, bound: u64) -> Option<u64> {
        let room = bound.checked_sub(self.start + 1)?;
        Some((self.start + room / self.stride * self.stride).min(self.last))
    }
}

/// The second operand of the GEMM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecondOperand {
    /// Weights, laid out in memory tile by tile ahead of time.
    Weights,
    /// Another activation tensor, stored one row per filter (`Q x K^T`): `[filters, groups * channels]`.
    RowPerFilter,
    /// Another activation tensor, stored one row per channel: `[channels, groups * filters]`.
    RowPerChannel,
}

impl Nest {
    /// MACs of the layer, padding included.
    pub fn macs(&self) -> u64 {
        self.output_values() * self.reduction(self.channels)
    }

    /// Values of the layer's output.
    pub fn output_values(&self) -> u64 {
        self.outputs() * u64::from(self.repeats) * u64::from(self.groups) * u64::from(self.filters)
    }

    /// GEMM rows `M` of one repetition.
    pub fn outputs(&self) -> u64 {
        u64::from(self.images) * u64::from(self.out_rows) * u64::from(self.out_columns)
    }

    /// Reduction length over `channels` channels.
    pub fn reduction(&self, channels: u32) -> u64 {
        u64::from(channels) * u64::from(self.rows.kernel) * u64::from(self.columns.kernel)
    }

    /// Weights of one tile: `groups x filters x channels` and the whole kernel.
    pub fn weights(&self, groups: u32, filters: u32, channels: u32) -> u64 {
        u64::from(groups) * u64::from(filters) * self.reduction(channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The span reaches from the first input position that some tap of some output touches to the last.
        #[test]
        fn span_is_the_union_of_the_taps(
            kernel in 1u32..5, stride in 1u32..4, dilation in 1u32..3, padding in 0u32..4,
            input in 1u32..30, first in 0u32..10, count in 1u32..6,
        ) {
            let axis = Axis { kernel, stride, dilation, padding };
            let taps: Vec<i64> = (first..first + count)
                .flat_map(|o| (0..kernel).map(move |t| {
                    i64::from(o * stride + t * dilation) - i64::from(padding)
                }))
                .filter(|&p| p >= 0 && p < i64::from(input))
                .collect();
            let (from, to) = axis.input_span(first, count, input);
            prop_assert!(to - from <= axis.input_extent(count, input));
            let expected = match (taps.iter().min(), taps.iter().max()) {
                (Some(&low), Some(&high)) => (low as u32, high as u32 + 1),
                _ => (0, 0),
            };
            prop_assert_eq!((from, to), expected);
        }
    }
}
