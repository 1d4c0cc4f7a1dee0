//! What is not a convolution, on floats; and what only moves values, on values of any kind.

use super::plan::{Clip, Cut, Frame, PoolGeometry};
use crate::workload::PoolKind;

/// Pooling of floats; an average sums a window row by row.
pub(super) fn pool(pool: &PoolGeometry, clip: Clip, input: &[f32], output: &mut [f32]) {
    windows(pool, output, |rows, columns, counted, out| {
        let channels = pool.input.channels;
        let start = match pool.kind {
            PoolKind::Max => f32::NEG_INFINITY,
            PoolKind::Average => 0.0,
        };
        out.fill(start);
        for row in rows {
            for column in columns.clone() {
                let at = (row * pool.input.width + column) * channels;
                for (out, &x) in out.iter_mut().zip(&input[at..][..channels]) {
                    *out = match pool.kind {
                        PoolKind::Max => out.max(x),
                        PoolKind::Average => *out + x,
                    };
                }
            }
        }
        for out in out {
            *out = clip.apply(match pool.kind {
                PoolKind::Max => *out,
                PoolKind::Average => *out / counted as f32,
            });
        }
    });
}

/// Calls `each` with the rows and columns of every window, how many values it counts, and its outputs.
pub(super) fn windows<T>(
    pool: &PoolGeometry,
    output: &mut [T],
    mut each: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>, usize, &mut [T]),
) {
    let mut pixels = output.chunks_exact_mut(pool.output.channels);
    for row in 0..pool.output.height {
        let (rows, counted_rows) = pool.span(0, row);
        for column in 0..pool.output.width {
            let (columns, counted_columns) = pool.span(1, column);
            let Some(out) = pixels.next() else { return };
            // A window that lies in the padding alone counts nothing, and is zero over one.
            let counted = (counted_rows * counted_columns).max(1);
            each(rows.clone(), columns, counted, out);
        }
    }
}

/// The inputs, each with its channels, one behind the other in every pixel; `map` gets the number of the input.
pub(super) fn concat<T: Copy>(
    inputs: &[(&[T], usize)],
    output: &mut [T],
    map: impl Fn(usize, T) -> T,
) {
    let all: usize = inputs.iter().map(|&(_, channels)| channels).sum();
    for (pixel, out) in output.chunks_exact_mut(all).enumerate() {
        let mut place = 0;
        for (index, &(input, channels)) in inputs.iter().enumerate() {
            let out = &mut out[place..][..channels];
            for (out, &x) in out.iter_mut().zip(&input[pixel * channels..]) {
                *out = map(index, x);
            }
            place += channels;
        }
    }
}

/// Some of the rows, columns and channels.
pub(super) fn slice<T: Copy>(cut: &Cut, input: &[T], output: &mut [T], map: impl Fn(T) -> T) {
    let places =
        |[first, count, step]: [usize; 3]| (0..count).map(move |index| first + index * step);
    let mut output = output.iter_mut();
    for row in places(cut.rows) {
        for column in places(cut.columns) {
            let pixel = (row * cut.input.width + column) * cut.input.channels;
            for (channel, out) in places(cut.channels).zip(&mut output) {
                *out = map(input[pixel + channel]);
            }
        }
    }
}

/// Zeros around.
pub(super) fn pad<T: Copy + Default>(
    frame: &Frame,
    input: &[T],
    output: &mut [T],
    map: impl Fn(T) -> T,
) {
    output.fill(map(T::default()));
    let channels = frame.input.channels;
    for (pixel, values) in input.chunks_exact(channels).enumerate() {
        let row = pixel / frame.input.width + frame.top;
        let column = pixel % frame.input.width + frame.left;
        let at = (row * frame.output.width + column) * frame.output.channels + frame.first_channel;
        for (out, &x) in output[at..].iter_mut().zip(values) {
            *out = map(x);
        }
    }
}
