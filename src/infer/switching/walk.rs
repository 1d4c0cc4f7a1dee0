//! The order in which a PE meets the operands of a layer.

use super::patterns::Pair;
use crate::arch::Dataflow;
use crate::infer::plan::ConvGeometry;

/// The MACs of a layer on one image as lines of MACs: those that a PE does one after another.
///
/// Arrays walk a reduction channel by channel, in a channel row by row of the kernel, in a row column by column: as weights
/// lie in memory. A PE of an output-stationary array does the reductions of one output after another; where weights stay it
/// does one MAC of each output in turn, position by position, row by row; where activations stay one MAC of each filter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) window: &'a ConvGeometry,
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
    pub(super) fn operands(&self, line: u64, step: usize) -> Pair {
        let mac = self.mac(line as usize, step);
        let reduction = self.window.weights_per_channel();
        let weight = self.weights[mac.filter * reduction + mac.place];
        Pair {
            activation: self.activation(mac),
            weight: weight.cast_unsigned(),
        }
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
/// Piece number `i` of image number `j` is where the `(j n + i)`-th multiple of the golden section, less its whole part, lies
/// among all pieces: nothing is drawn at random, no distance between neighbours is more than 2.62 times another, no period
/// of the layer's sizes is met, and successive images show different pieces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    length: usize,
    per_line: u64,
    all: u64,
    wanted: u64,
    first: u64,
}

/// The golden section's part after the point, times 2^64.
const GOLDEN_SECTION: u64 = 0x9E37_79B9_7F4A_7C15;

impl Sample {
    /// About `macs` MACs of image number `image`, at least a piece; all of them if there are no more than three times as
    /// many.
    pub(super) fn new(walk: &Walk<'_>, macs: u64, image: usize) -> Sample {
        let length = walk.length();
        let per_line = length.div_ceil(PIECE) as u64;
        Sample::of(length, per_line, walk.lines() * per_line, macs, image)
    }

    fn of(length: usize, per_line: u64, all: u64, macs: u64, image: usize) -> Sample {
        let wanted = (macs / length.min(PIECE) as u64).max(1);
        // Nearer to all, two multiples might be in one piece.
        let wanted = if wanted >= all.div_ceil(3) {
            all
        } else {
            wanted
        };
        Sample {
            length,
            per_line,
            all,
            wanted,
            first: wanted.wrapping_mul(image as u64),
        }
    }

    pub(super) fn pieces(self) -> impl Iterator<Item = Piece> {
        (0..self.wanted).map(move |index| {
            let place = self.place(index);
            let begin = (place % self.per_line) as usize * PIECE;
            Piece {
                line: place / self.per_line,
                steps: begin..(begin + PIECE).min(self.length),
            }
        })
    }

    fn place(&self, index: u64) -> u64 {
        if self.wanted == self.all {
            return index;
        }
        let part = self.first.wrapping_add(index).wrapping_mul(GOLDEN_SECTION);
        ((u128::from(part) * u128::from(self.all)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No piece comes twice, and none is far from the next that does.
    #[test]
    fn pieces_are_spread() {
        for all in [1, 2, 3, 7, 64, 1000, 12_345, 1 << 20, 1 << 56] {
            for (wanted, image) in [(1, 0), (2, 5), (64, 3), (300, 0), (333, 63), (400, 1)] {
                let sample = Sample::of(100, 1, all, 100 * wanted, image);
                let mut lines: Vec<u64> = sample.pieces().map(|piece| piece.line).collect();
                lines.sort_unstable();
                let expected = if 3 * wanted >= all { all } else { wanted };
                assert_eq!(lines.len() as u64, expected);
                assert!(lines.iter().all(|&line| line < all));
                let most = lines.windows(2).map(|pair| pair[1] - pair[0]);
                let least = most.clone().min().unwrap_or(1);
                let most = most.max().unwrap_or(0);
                assert!(least > 0, "{all} {wanted}");
                assert!(most <= all * 2 / expected + 1, "{all} {wanted}: {most}");
            }
        }
    }
}
