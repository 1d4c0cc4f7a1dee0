//! The reduction of a convolution in the order in which it is summed, and its weights in that order.

use super::{Chunk, Exactness, PANEL, Run};
use crate::infer::plan::ConvGeometry;

/// Integers below this are exact in f32.
const EXACT_LIMIT: f64 = 16_777_216.0;

/// Where the values of a band lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::infer) struct BandLayout {
    /// Channels of a pixel.
    pub(in crate::infer) channels: usize,
    /// Parts of a value.
    pub(in crate::infer) parts: usize,
    /// From one part of a pixel to the next: the channels, padded for depthwise convolutions.
    pub(in crate::infer) part_stride: usize,
    /// Columns of the band.
    pub(super) columns: usize,
}

impl BandLayout {
    /// Values of a pixel.
    pub(in crate::infer) fn pixel(&self) -> usize {
        self.parts * self.part_stride
    }

    /// Values of a row.
    pub(super) fn row(&self) -> usize {
        self.columns * self.pixel()
    }
}

/// An element of the reduction of one output channel.
#[derive(Debug, Clone, Copy)]
struct Element {
    part: usize,
    /// Index in the channel's weights, `[channels of the group, kernel height, kernel width]`.
    weight: usize,
}

/// Weights ready for the kernels.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) chunks: Vec<Chunk>,
    /// Dense: `[groups, panels, reduction, PANEL]`. Depthwise: `[taps, padded channels]`.
    pub(super) weights: Vec<f32>,
    /// Elements of the reduction.
    pub(super) reduction: usize,
}

/// Packs the weights of `window`: `weight(part, output channel, index in the channel's weights)`. With integers, no
/// partial sum of a chunk reaches 2^24 while no value of part `p` is greater than `bounds[p]`.
pub(super) fn pack(
    window: &ConvGeometry,
    layout: &BandLayout,
    exactness: Exactness,
    bounds: &[f32],
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Packed {
    let elements = elements(window, layout.parts);
    let runs = runs(window, layout);
    let outputs = window.output.channels;
    let padded = outputs.next_multiple_of(PANEL);
    let depthwise = window.is_depthwise();
    let per_group = outputs / window.groups;
    let panels = per_group.div_ceil(PANEL);
    let reduction = elements.len();
    let length = match depthwise {
        true => reduction * padded,
        false => window.groups * panels * reduction * PANEL,
    };
    let mut weights = vec![0.0; length];
    let mut sums = vec![0.0; outputs];
    let mut cuts = vec![];
    for (k, element) in elements.iter().enumerate() {
        let bound = f64::from(bounds[element.part]);
        let values: &mut dyn Iterator<Item = f32> =
            &mut (0..outputs).map(|channel| weight(element.part, channel, element.weight));
        let mut full = false;
        for (channel, value) in values.enumerate() {
            let (group, within) = (channel / per_group, channel % per_group);
            let place = match depthwise {
                true => k * padded + channel,
                false => {
                    let panel = group * panels + within / PANEL;
                    (panel * reduction + k) * PANEL + within % PANEL
                }
            };
            weights[place] = value;
            let more = f64::from(value.abs()) * bound;
            sums[channel] += more;
            full |= sums[channel] >= EXACT_LIMIT;
        }
        if full && exactness == Exactness::Integer {
            cuts.push(k);
            for (channel, sum) in sums.iter_mut().enumerate() {
                *sum = f64::from(weight(element.part, channel, element.weight).abs()) * bound;
            }
        }
    }
    Packed {
        chunks: cut(&runs, &cuts),
        weights,
        reduction,
    }
}

/// The reduction of an output channel in order: kernel rows, kernel columns, parts, channels.
fn elements(window: &ConvGeometry, parts: usize) -> Vec<Element> {
    let channels = window.input.channels / window.groups;
    let [height, width] = window.kernel;
    let mut elements = Vec::with_capacity(height * width * parts * channels);
    for tap in 0..height * width {
        for part in 0..parts {
            elements.extend((0..channels).map(|channel| Element {
                part,
                weight: channel * height * width + tap,
            }));
        }
    }
    elements
}

/// Where the elements lie under the kernel, for the first group.
fn runs(window: &ConvGeometry, layout: &BandLayout) -> Vec<Run> {
    let len = window.input.channels / window.groups;
    let mut runs: Vec<Run> = vec![];
    for row in 0..window.kernel[0] {
        for column in 0..window.kernel[1] {
            for part in 0..layout.parts {
                let offset = row * window.dilation[0] * layout.row()
                    + column * window.dilation[1] * layout.pixel()
                    + part * layout.part_stride;
                match runs.last_mut() {
                    Some(last) if !window.is_depthwise() && last.offset + last.len == offset => {
                        last.len += len;
                    }
                    _ => runs.push(Run { offset, len }),
                }
            }
        }
    }
    runs
}

/// The runs in chunks that begin at the elements `cuts`.
fn cut(runs: &[Run], cuts: &[usize]) -> Vec<Chunk> {
    let new = |first| Chunk {
        runs: vec![],
        first,
    };
    let (mut chunks, mut current, mut k) = (vec![], new(0), 0);
    let mut cuts = cuts.iter().copied().peekable();
    for &(mut run) in runs {
        while let Some(at) = cuts.next_if(|&at| at < k + run.len) {
            if at > k {
                current.runs.push(Run { len: at - k, ..run });
            }
            run.offset += at - k;
            run.len -= at - k;
            k = at;
            chunks.push(std::mem::replace(&mut current, new(k)));
        }
        current.runs.push(run);
        k += run.len;
    }
    chunks.push(current);
    chunks
}
