//! A convolution, band by band.

use std::ops::Range;

use super::dense::DensePanel;
use super::depthwise::DepthwisePanels;
use super::packing::{BandLayout, Packed, pack};
use super::{Chunk, Exactness, PANEL};
use crate::infer::plan::ConvGeometry;

/// Values of a band, and of its outputs: they stay in the second-level cache.
const BAND_VALUES: usize = 1 << 16;

/// What a convolution reads.
pub(in crate::infer) trait Source {
    /// Writes the values of the pixels from `first` on to `out`, which holds whole pixels in this layout.
    fn fill(&self, first: usize, layout: &BandLayout, out: &mut [f32]);
}

/// What a convolution gives: `[outputs, channels]`.
pub(in crate::infer) enum Sums<'a> {
    /// Float sums, or integers that f32 holds exactly.
    F32(&'a [f32]),
    /// Sums of several chunks.
    I32(&'a [i32]),
}

/// Memory that convolutions share.
#[derive(Debug, Clone, Default)]
pub(in crate::infer) struct ConvScratch {
    band: Vec<f32>,
    sums: Vec<f32>,
    totals: Vec<i32>,
}

/// A convolution with its weights.
#[derive(Debug, Clone)]
pub(in crate::infer) struct Convolution {
    window: ConvGeometry,
    layout: BandLayout,
    exactness: Exactness,
    /// Output rows computed at a time.
    rows: usize,
    /// Where the windows of a band's outputs begin.
    bases: Vec<usize>,
    packed: Packed,
}

impl Convolution {
    /// Weights as [`pack`] takes them: `bounds` are the greatest magnitudes of the parts of the input's values.
    pub(in crate::infer) fn new(
        window: &ConvGeometry,
        exactness: Exactness,
        bounds: &[f32],
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Convolution {
        let channels = window.input.channels;
        let layout = BandLayout {
            channels,
            parts: bounds.len(),
            part_stride: match window.is_depthwise() {
                true => channels.next_multiple_of(PANEL),
                false => channels,
            },
            columns: (window.output.width - 1) * window.stride[1] + window.reach(1),
        };
        let input_row = window.stride[0] * layout.row();
        let output_row = window.output.width * window.output.channels;
        let fixed = (window.reach(0) - 1) * layout.row();
        let rows = (BAND_VALUES.saturating_sub(fixed) / input_row)
            .min(BAND_VALUES / output_row)
            .clamp(1, window.output.height);
        let bases = (0..rows)
            .flat_map(|row| {
                (0..window.output.width)
                    .map(move |column| row * input_row + column * window.stride[1] * layout.pixel())
            })
            .collect();
        Convolution {
            packed: pack(window, &layout, exactness, bounds, weight),
            window: *window,
            layout,
            exactness,
            rows,
            bases,
        }
    }

    /// Computes the output rows `rows` and hands them on: the first output (row times width plus column), and sums.
    pub(in crate::infer) fn run(
        &self,
        source: &impl Source,
        rows: Range<usize>,
        scratch: &mut ConvScratch,
        mut sink: impl FnMut(usize, Sums<'_>),
    ) {
        let mut first = rows.start;
        while first < rows.end {
            let count = self.rows.min(rows.end - first);
            let ConvScratch { band, sums, totals } = scratch;
            let band = self.fill(source, first, count, band);
            let bases = &self.bases[..count * self.window.output.width];
            let length = bases.len() * self.window.output.channels;
            let sums = take(sums, length);
            let chunks = &self.packed.chunks;
            for (index, chunk) in chunks.iter().enumerate() {
                self.chunk(chunk, band, bases, sums);
                if chunks.len() > 1 {
                    let totals = take(totals, length);
                    for (total, &sum) in totals.iter_mut().zip(&*sums) {
                        // The sum is an integer below 2^24.
                        let before = if index == 0 { 0 } else { *total };
                        *total = before.wrapping_add(sum as i32);
                    }
                }
            }
            let output = first * self.window.output.width;
            match chunks.len() {
                1 => sink(output, Sums::F32(sums)),
                _ => sink(output, Sums::I32(take(totals, length))),
            }
            first += count;
        }
    }

    /// The input under `count` output rows from `first` on, with zeros around.
    fn fill<'s>(
        &self,
        source: &impl Source,
        first: usize,
        count: usize,
        band: &'s mut Vec<f32>,
    ) -> &'s [f32] {
        let window = &self.window;
        let rows = (count - 1) * window.stride[0] + window.reach(0);
        let band = take(band, rows * self.layout.row());
        let pixel = self.layout.pixel();
        let columns = window.input.width.min(self.layout.columns - window.left);
        let inner = window.left * pixel..(window.left + columns) * pixel;
        for (index, row) in band.chunks_exact_mut(self.layout.row()).enumerate() {
            let place = first * window.stride[0] + index;
            match place.checked_sub(window.top) {
                Some(input) if input < window.input.height => {
                    row[..inner.start].fill(0.0);
                    row[inner.end..].fill(0.0);
                    let pixel = input * window.input.width;
                    source.fill(pixel, &self.layout, &mut row[inner.clone()]);
                }
                _ => row.fill(0.0),
            }
        }
        band
    }

    fn chunk(&self, chunk: &Chunk, band: &[f32], bases: &[usize], sums: &mut [f32]) {
        match self.exactness {
            Exactness::Float => self.chunk_as::<false>(chunk, band, bases, sums),
            Exactness::Integer => self.chunk_as::<true>(chunk, band, bases, sums),
        }
    }

    fn chunk_as<const FUSED: bool>(
        &self,
        chunk: &Chunk,
        band: &[f32],
        bases: &[usize],
        sums: &mut [f32],
    ) {
        let arch = pulp::Arch::new();
        let channels = self.window.output.channels;
        if self.window.is_depthwise() {
            let padded = channels.next_multiple_of(PANEL);
            return arch.dispatch(DepthwisePanels::<FUSED> {
                input: band,
                bases,
                taps: &chunk.runs,
                weights: &self.packed.weights[chunk.first * padded..],
                out: sums,
                channels,
                padded,
            });
        }
        let per_group = channels / self.window.groups;
        let in_group = self.window.input.channels / self.window.groups;
        let mut weights = self
            .packed
            .weights
            .chunks_exact(self.packed.reduction * PANEL);
        for group in 0..self.window.groups {
            for first in (0..per_group).step_by(PANEL) {
                let Some(panel) = weights.next() else { return };
                arch.dispatch(DensePanel::<FUSED> {
                    input: &band[group * in_group..],
                    bases,
                    runs: &chunk.runs,
                    weights: &panel[chunk.first * PANEL..],
                    out: &mut sums[group * per_group + first..],
                    stride: channels,
                    width: PANEL.min(per_group - first),
                });
            }
        }
    }
}

/// The first `length` values of `memory`, which grows where it must.
fn take<T: Default + Clone>(memory: &mut Vec<T>, length: usize) -> &mut [T] {
    if memory.len() < length {
        memory.resize(length, T::default());
    }
    &mut memory[..length]
}
