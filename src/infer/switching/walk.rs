//! The order in which a PE meets the operands of a layer.

use crate::arch::Dataflow;
use crate::infer::plan::Window;

/// The MACs of a layer on one image as lines of MACs: those that a PE does one after another.
///
/// Arrays walk a reduction channel by channel, in a channel row by row of the kernel, in a row column by column: as weights
/// lie in memory. A PE of an output-stationary array does the reductions of one output after another; where weights stay it
/// does one MAC of each output in turn, position by position, row by row; where activations stay one MAC of each filter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) window: &'a Window,
    /// `[output channels, weights of a channel]`.
    pub(super) weights: &'a [i8],
    /// `[height, width, channels]`.
    pub(super) codes: &'a [u8],
    pub(super) dataflow: Dataflow,
}

/// One MAC: an output's position and channel, and a place in the reduction.
#[derive(Debug, Clone, Copy)]
struct Mac {
    position: usize,
    filter: usize,
    place: usize,
}

impl Walk<'_> {
    /// MACs of a line.
    pub(super) fn length(&self) -> usize {
        match self.dataflow {
            Dataflow::OutputStationary => self.window.weights_per_channel(),
            Dataflow::WeightStationary => self.window.output.positions(),
            Dataflow::InputStationary => self.filters_of_group(),
        }
    }

    /// Lines. With sizes of at most 2^28 windows and 2^28 weights there are at most 2^56 MACs.
    pub(super) fn lines(&self) -> u64 {
        let positions = self.window.output.positions() as u64;
        let filters = self.window.output.channels as u64;
        let reduction = self.window.weights_per_channel() as u64;
        match self.dataflow {
            Dataflow::OutputStationary => filters * positions,
            Dataflow::WeightStationary => filters * reduction,
            Dataflow::InputStationary => self.window.groups as u64 * positions * reduction,
        }
    }

    /// Codes of activation and weight of MAC number `step` of line `line`; padding is zero.
    pub(super) fn operands(&self, line: u64, step: usize) -> (u8, u8) {
        let mac = self.mac(line as usize, step);
        let reduction = self.window.weights_per_channel();
        let weight = self.weights[mac.filter * reduction + mac.place];
        (self.activation(mac), weight.cast_unsigned())
    }

    fn mac(&self, line: usize, step: usize) -> Mac {
        let positions = self.window.output.positions();
        let reduction = self.window.weights_per_channel();
        match self.dataflow {
            Dataflow::OutputStationary => Mac {
                position: line % positions,
                filter: line / positions,
                place: step,
            },
            Dataflow::WeightStationary => Mac {
                position: step,
                filter: line / reduction,
                place: line % reduction,
            },
            Dataflow::InputStationary => Mac {
                position: line / reduction % positions,
                filter: line / reduction / positions * self.filters_of_group() + step,
                place: line % reduction,
            },
        }
    }

    fn activation(&self, mac: Mac) -> u8 {
        let window = self.window;
        let [rows, columns] = window.kernel;
        let group = mac.filter / self.filters_of_group();
        let channel =
            group * (window.input.channels / window.groups) + mac.place / (rows * columns);
        let inside = |axis: usize, output: usize, tap: usize, before: usize, size: usize| {
            let at = output * window.stride[axis] + tap * window.dilation[axis];
            at.checked_sub(before).filter(|&at| at < size)
        };
        let (row, column) = (
            mac.position / window.output.width,
            mac.position % window.output.width,
        );
        let (tap_row, tap_column) = (mac.place / columns % rows, mac.place % columns);
        let row = inside(0, row, tap_row, window.top, window.input.height);
        let column = inside(1, column, tap_column, window.left, window.input.width);
        match (row, column) {
            (Some(row), Some(column)) => {
                let pixel = row * window.input.width + column;
                self.codes[pixel * window.input.channels + channel]
            }
            _ => 0,
        }
    }

    fn filters_of_group(&self) -> usize {
        self.window.output.channels / self.window.groups
    }
}

/// Most MACs that are looked at in one piece.
const PIECE: usize = 256;

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) line: u64,
    pub(super) steps: std::ops::Range<usize>,
}

/// A part of the MACs of a layer: pieces of lines, spread evenly over all of them.
///
/// Piece number `i` of image number `j` is the `(j n + i)`-th of the sequence that goes on by the golden section of all
/// pieces, rounded to a number that has no factor in common with theirs: nothing is drawn at random, no piece comes twice
/// before all have come once, and successive images show different ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    length: usize,
    per_line: u64,
    all: u64,
    wanted: u64,
    stride: u64,
    first: u64,
}

impl Sample {
    /// About `macs` MACs of image number `image`, at least a piece; all of them if there are no more.
    pub(super) fn new(walk: &Walk<'_>, macs: u64, image: usize) -> Sample {
        let length = walk.length();
        let per_line = length.div_ceil(PIECE) as u64;
        let all = walk.lines() * per_line;
        let wanted = (macs / length.min(PIECE) as u64).clamp(1, all);
        let mut stride = (all as f64 * 0.618_033_988_749_895) as u64 + 1;
        while common_divisor(stride, all) > 1 {
            stride += 1;
        }
        let first = (u128::from(wanted) * image as u128 % u128::from(all)) as u64;
        Sample {
            length,
            per_line,
            all,
            wanted,
            stride,
            first,
        }
    }

    pub(super) fn pieces(self) -> impl Iterator<Item = Piece> {
        (0..self.wanted).map(move |index| {
            let place = u128::from(self.first + index) * u128::from(self.stride);
            let place = (place % u128::from(self.all)) as u64;
            let begin = (place % self.per_line) as usize * PIECE;
            Piece {
                line: place / self.per_line,
                steps: begin..(begin + PIECE).min(self.length),
            }
        })
    }
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many pieces are wanted of each image, the images together see each once before one is seen twice.
    #[test]
    fn pieces_are_spread() {
        for all in [1u64, 2, 7, 64, 1000, 1 << 20] {
            let stride = (1..).find(|&s| s * 1000 >= all * 618 && common_divisor(s, all) == 1);
            let sample = Sample {
                length: 600,
                per_line: 1,
                all,
                wanted: all.min(500),
                stride: stride.expect("a number without common factors"),
                first: all - 1,
            };
            let mut lines: Vec<u64> = sample.pieces().map(|piece| piece.line).collect();
            let count = lines.len() as u64;
            lines.sort_unstable();
            let gaps = lines.windows(2).map(|pair| pair[1] - pair[0]);
            let (least, most) = gaps.fold((u64::MAX, 0), |(a, b), gap| (a.min(gap), b.max(gap)));
            if count > 1 {
                assert!(
                    least > 0 && most <= 4 * all / count,
                    "{all}: {least} {most}"
                );
            }
        }
    }
}
