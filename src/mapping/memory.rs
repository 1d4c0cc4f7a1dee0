//! Where tensors lie in DRAM, and what a tile of one looks like as a list of contiguous runs.
//!
//! Activations are stored channels-last (`[image, row, column, channel]`) in the packed format; the
//! channel vector of each pixel starts at a byte. Weights are stored tile by tile in the order in
//! which the schedule reads them, each tile at a burst. Partial sums that leave the chip have a region
//! of their own, one burst-aligned place per output tile.

use std::ops::Range;

use crate::workload::{Slice, Span};

/// Alignment of every tensor's first byte: a DRAM page of the common kinds.
const TENSOR_ALIGNMENT: u64 = 4096;

/// Place and packing of one activation tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TensorLayout {
    /// First byte.
    pub base: u64,
    /// Channels of a pixel.
    pub channels: u32,
    /// Channels of the pixel in memory that come before them.
    pub first_channel: u32,
    /// Rows of an image.
    pub rows: u32,
    /// Columns of an image.
    pub columns: u32,
    /// Bits of one value.
    pub value_bits: u32,
    /// Bytes from one pixel to the next.
    pub pixel_pitch: u64,
    /// Bytes from one row to the next.
    pub row_pitch: u64,
    /// Bytes from one image to the next.
    pub image_bytes: u64,
}

impl TensorLayout {
    /// A tensor of images of `rows x columns` pixels, each right behind the one before.
    pub fn dense(base: u64, channels: u32, rows: u32, columns: u32, value_bits: u32) -> Self {
        let pixel_pitch = pixel_bytes(channels, value_bits);
        let row_pitch = pixel_pitch * u64::from(columns);
        TensorLayout {
            base,
            channels,
            first_channel: 0,
            rows,
            columns,
            value_bits,
            pixel_pitch,
            row_pitch,
            image_bytes: row_pitch * u64::from(rows),
        }
    }

    /// Every `row_stride`-th row and `column_stride`-th column, as a tensor of its own.
    #[must_use]
    pub fn sampled(&self, row_stride: u32, column_stride: u32) -> Self {
        TensorLayout {
            rows: self.rows.div_ceil(row_stride),
            columns: self.columns.div_ceil(column_stride),
            row_pitch: self.row_pitch * u64::from(row_stride),
            pixel_pitch: self.pixel_pitch * u64::from(column_stride),
            ..*self
        }
    }

    /// A band of rows of every image, as a tensor of its own.
    #[must_use]
    pub fn band(&self, rows: Range<u32>) -> Self {
        TensorLayout {
            base: self.base + u64::from(rows.start) * self.row_pitch,
            rows: rows.end - rows.start,
            ..*self
        }
    }

    /// The part that `slice` takes, as a tensor of its own; of the channels all from the first to the
    /// last taken.
    #[must_use]
    pub fn part(&self, slice: &Slice) -> Self {
        let all = |count: u32| Span {
            first: 0,
            count,
            step: 1,
        };
        let rows = slice.rows.unwrap_or(all(self.rows));
        let columns = slice.columns.unwrap_or(all(self.columns));
        let channels = slice.channels.unwrap_or(all(self.channels));
        TensorLayout {
            base: self.base
                + u64::from(rows.first) * self.row_pitch
                + u64::from(columns.first) * self.pixel_pitch,
            rows: rows.count,
            row_pitch: self.row_pitch * u64::from(rows.step),
            columns: columns.count,
            pixel_pitch: self.pixel_pitch * u64::from(columns.step),
            first_channel: self.first_channel + channels.first,
            channels: (channels.count - 1) * channels.step + 1,
            ..*self
        }
    }

    /// The same bytes with all positions of an image as rows of one column.
    #[must_use]
    pub fn flattened(&self) -> Self {
        TensorLayout {
            rows: self.rows * self.columns,
            columns: 1,
            row_pitch: self.pixel_pitch,
            ..*self
        }
    }

    /// The bytes of a box of the tensor.
    pub fn region(
        &self,
        images: Range<u32>,
        rows: Range<u32>,
        columns: Range<u32>,
        channels: Range<u32>,
    ) -> Runs {
        let bits = u64::from(self.value_bits);
        let from = u64::from(self.first_channel + channels.start) * bits / 8;
        let to = (u64::from(self.first_channel + channels.end) * bits).div_ceil(8);
        Runs {
            base: self.base
                + u64::from(images.start) * self.image_bytes
                + u64::from(rows.start) * self.row_pitch
                + u64::from(columns.start) * self.pixel_pitch
                + from,
            run_bytes: to - from,
            counts: [
                images.end - images.start,
                rows.end - rows.start,
                columns.end - columns.start,
            ],
            strides: [self.image_bytes, self.row_pitch, self.pixel_pitch],
        }
        .merged()
    }

    /// The bytes of `[from, to)` of `of` values of each image, the image taken as one flat vector.
    pub fn flat_region(&self, images: Range<u32>, values: Range<u32>, of: u32) -> Runs {
        let scale = |position: u32| u64::from(position) * self.image_bytes;
        let from = scale(values.start) / u64::from(of);
        let to = scale(values.end).div_ceil(u64::from(of));
        Runs {
            base: self.base + u64::from(images.start) * self.image_bytes + from,
            run_bytes: to - from,
            counts: [images.end - images.start, 1, 1],
            strides: [self.image_bytes, 0, 0],
        }
        .merged()
    }
}

/// Bytes of one pixel's channel vector.
fn pixel_bytes(channels: u32, value_bits: u32) -> u64 {
    (u64::from(channels) * u64::from(value_bits)).div_ceil(8)
}

/// Contiguous runs of bytes, repeated over up to three nested strides, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// First byte of the first run.
    pub base: u64,
    /// Bytes of each run.
    pub run_bytes: u64,
    /// Repetitions along each level.
    pub counts: [u32; 3],
    /// Bytes from one repetition to the next along each level.
    pub strides: [u64; 3],
}

impl Runs {
    /// One run.
    pub fn contiguous(base: u64, bytes: u64) -> Runs {
        Runs {
            base,
            run_bytes: bytes,
            counts: [1; 3],
            strides: [0; 3],
        }
    }

    /// Useful bytes.
    pub fn bytes(&self) -> u64 {
        self.run_bytes
            * self
                .counts
                .iter()
                .map(|&count| u64::from(count))
                .product::<u64>()
    }

    /// The same bytes in as few runs as possible: levels whose repetitions touch become one run.
    fn merged(mut self) -> Runs {
        for level in [2, 1, 0] {
            let touches = self.strides[level] == self.run_bytes;
            if self.counts[level] > 1 && !touches {
                break;
            }
            self.run_bytes *= u64::from(self.counts[level]);
            self.counts[level] = 1;
        }
        self
    }

    /// How many bursts cover the runs: those that [`Runs::bursts`] gives, counted without going through them.
    pub fn count_bursts(&self, burst_bytes: u32) -> u64 {
        if self.bytes() == 0 {
            return 0;
        }
        let mut bursts = 0;
        let mut before = None;
        for outer in 0..u64::from(self.counts[0]) {
            for middle in 0..u64::from(self.counts[1]) {
                let base = self.base + outer * self.strides[0] + middle * self.strides[1];
                let line = self.line_bursts(base, burst_bytes);
                bursts += line.bursts - u64::from(before == Some(line.first));
                before = Some(line.last);
            }
        }
        bursts
    }

    /// The bursts of the innermost level from `base` on. Where runs begin within a burst repeats after some of them, so
    /// only two such periods and what is left over are gone through.
    fn line_bursts(&self, base: u64, burst_bytes: u32) -> LineBursts {
        let shift = burst_bytes.trailing_zeros();
        let (count, stride) = (u64::from(self.counts[2]), self.strides[2]);
        let phase = stride.trailing_zeros().min(shift);
        let period = 1 << (shift - phase);
        let mut bursts = 0;
        let mut last = None;
        let mut run = |index: u64| {
            let start = base + index * stride;
            let (from, to) = (start >> shift, (start + self.run_bytes - 1) >> shift);
            let new = to - from + u64::from(last != Some(from));
            last = Some(to);
            new
        };
        for index in 0..count.min(period) {
            bursts += run(index);
        }
        if count > period {
            let repeated: u64 = (period..count.min(2 * period)).map(&mut run).sum();
            bursts += repeated;
            let left = count.saturating_sub(2 * period);
            // The last run of a skipped period lies to the next as that of the first to the second.
            let skipped = left / period * period;
            bursts += repeated * (skipped / period);
            let from = 2 * period + skipped;
            if from < count {
                run(from - 1);
                bursts += (from..count).map(&mut run).sum::<u64>();
            }
        }
        LineBursts {
            bursts,
            first: base >> shift,
            last: (base + (count - 1) * stride + self.run_bytes - 1) >> shift,
        }
    }

    /// The bursts that cover the runs, in order; a burst that two neighbouring runs share is there once.
    pub fn bursts(&self, burst_bytes: u32) -> Bursts {
        let empty = self.bytes() == 0;
        let shift = burst_bytes.trailing_zeros();
        Bursts {
            runs: *self,
            shift,
            position: [0; 3],
            next: self.base >> shift,
            last: if empty {
                0
            } else {
                (self.base + self.run_bytes - 1) >> shift
            },
            done: empty,
        }
    }
}

/// The bursts of runs one stride apart.
struct LineBursts {
    bursts: u64,
    first: u64,
    last: u64,
}

/// Iterator over burst addresses (in bytes) of [`Runs`].
#[derive(Debug, Clone, Copy)]
pub struct Bursts {
    runs: Runs,
    shift: u32,
    position: [u32; 3],
    next: u64,
    last: u64,
    done: bool,
}

impl Bursts {
    /// Whether all bursts have been taken.
    pub fn is_empty(&self) -> bool {
        self.done
    }

    /// Moves on to the next run that has a burst not yet given.
    fn next_run(&mut self) {
        loop {
            let Some(level) = (0..3)
                .rev()
                .find(|&level| self.position[level] + 1 < self.runs.counts[level])
            else {
                self.done = true;
                return;
            };
            self.position[level] += 1;
            self.position[level + 1..].fill(0);
            let offset: u64 = (0..3)
                .map(|level| u64::from(self.position[level]) * self.runs.strides[level])
                .sum();
            let start = self.runs.base + offset;
            let first = start >> self.shift;
            let last = (start + self.runs.run_bytes - 1) >> self.shift;
            let from = if first == self.last { first + 1 } else { first };
            if from <= last {
                self.next = from;
                self.last = last;
                return;
            }
        }
    }
}

impl Iterator for Bursts {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        if self.done {
            return None;
        }
        let address = self.next << self.shift;
        if self.next < self.last {
            self.next += 1;
        } else {
            self.next_run();
        }
        Some(address)
    }
}

/// Hands out DRAM addresses one after the other.
#[derive(Debug, Default)]
pub(super) struct Allocator {
    next: u64,
}

impl Allocator {
    /// A region of `bytes`.
    pub(super) fn take(&mut self, bytes: u64) -> u64 {
        let base = self.next;
        self.next = (base + bytes).next_multiple_of(TENSOR_ALIGNMENT);
        base
    }

    /// Bytes handed out so far.
    pub(super) fn used(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn whole_tensor_is_one_run() {
        let layout = TensorLayout::dense(4096, 3, 5, 7, 8);
        let runs = layout.region(0..2, 0..5, 0..7, 0..3);
        assert_eq!(
            runs,
            Runs {
                counts: [1; 3],
                strides: runs.strides,
                ..Runs::contiguous(4096, 210)
            }
        );
    }

    #[test]
    fn rows_merge_but_partial_columns_do_not() {
        let layout = TensorLayout::dense(0, 64, 56, 56, 6);
        assert_eq!(layout.pixel_pitch, 48);
        let rows = layout.region(0..1, 3..7, 0..56, 0..64);
        assert_eq!(
            (rows.base, rows.run_bytes, rows.counts),
            (3 * 56 * 48, 4 * 56 * 48, [1, 1, 1])
        );
        let part = layout.region(0..1, 3..7, 2..10, 0..64);
        assert_eq!((part.run_bytes, part.counts), (8 * 48, [1, 4, 1]));
        let slice = layout.region(0..1, 3..7, 2..10, 32..64);
        assert_eq!((slice.run_bytes, slice.counts), (24, [1, 4, 8]));
    }

    proptest! {
        /// The bursts are exactly those that hold a byte of the region, each once, in rising order.
        #[test]
        fn bursts_cover_the_region_once(
            channels in 1u32..20, rows in 1u32..6, columns in 1u32..6, bits in 1u32..9,
            cut in (0u32..6, 0u32..6, 0u32..20), burst in prop::sample::select(vec![32u32, 64, 128]),
        ) {
            let layout = TensorLayout::dense(8192, channels, rows, columns, bits);
            let (row, column, channel) = (cut.0 % rows, cut.1 % columns, cut.2 % channels);
            let runs = layout.region(0..3, row..rows, column..columns, channel..channels);
            let mut bytes = BTreeSet::new();
            for image in 0..3u64 {
                for r in u64::from(row)..u64::from(rows) {
                    for c in u64::from(column)..u64::from(columns) {
                        let pixel = 8192 + image * layout.image_bytes
                            + (r * u64::from(columns) + c) * layout.pixel_pitch;
                        let bits = u64::from(bits);
                        for b in u64::from(channel) * bits / 8..(u64::from(channels) * bits).div_ceil(8) {
                            bytes.insert(pixel + b);
                        }
                    }
                }
            }
            prop_assert_eq!(runs.bytes(), bytes.len() as u64);
            let expected: BTreeSet<u64> =
                bytes.iter().map(|b| b / u64::from(burst) * u64::from(burst)).collect();
            prop_assert_eq!(runs.count_bursts(burst), expected.len() as u64);
            let got: Vec<u64> = runs.bursts(burst).collect();
            prop_assert_eq!(got, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
