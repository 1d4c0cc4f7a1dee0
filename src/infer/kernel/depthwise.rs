//! Channels in the lanes: convolutions of each channel alone.

use pulp::{Simd, WithSimd};

use super::dense::store;
use super::{PANEL, Run};

/// One chunk of the reduction of a depthwise convolution for some outputs.
pub(super) struct DepthwisePanels<'a, const FUSED: bool> {
    /// The band; the channels of a pixel and part take a multiple of [`PANEL`].
    pub(super) input: &'a [f32],
    /// Where each output's window begins.
    pub(super) bases: &'a [usize],
    /// The taps: a run of one element each.
    pub(super) taps: &'a [Run],
    /// `[taps, padded channels]`.
    pub(super) weights: &'a [f32],
    /// `[outputs, channels]`.
    pub(super) out: &'a mut [f32],
    /// Channels.
    pub(super) channels: usize,
    /// Channels of a pixel and part.
    pub(super) padded: usize,
}

impl<const FUSED: bool> WithSimd for DepthwisePanels<'_, FUSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.all::<S, 8, 1>(simd),
            8 => self.all::<S, 4, 2>(simd),
            4 => self.all::<S, 4, 4>(simd),
            _ => self.all::<S, 1, PANEL>(simd),
        }
    }
}

impl<const FUSED: bool> DepthwisePanels<'_, FUSED> {
    #[inline(always)]
    fn all<S: Simd, const ROWS: usize, const VECTORS: usize>(mut self, simd: S) {
        let mut output = 0;
        while output + ROWS <= self.bases.len() {
            self.block::<S, ROWS, VECTORS>(simd, output);
            output += ROWS;
        }
        while output < self.bases.len() {
            self.block::<S, 1, VECTORS>(simd, output);
            output += 1;
        }
    }

    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const VECTORS: usize>(&mut self, simd: S, output: usize) {
        let bases: [usize; ROWS] = std::array::from_fn(|row| self.bases[output + row]);
        for first in (0..self.channels).step_by(PANEL) {
            let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
            for (tap, run) in self.taps.iter().enumerate() {
                let weights = &self.weights[tap * self.padded + first..][..PANEL];
                let (weights, _) = S::as_simd_f32s(weights);
                for row in 0..ROWS {
                    let input = &self.input[bases[row] + run.offset + first..][..PANEL];
                    let (input, _) = S::as_simd_f32s(input);
                    for vector in 0..VECTORS {
                        let (x, w, sum) = (input[vector], weights[vector], sums[row][vector]);
                        sums[row][vector] = if FUSED {
                            simd.mul_add_e_f32s(x, w, sum)
                        } else {
                            simd.add_f32s(sum, simd.mul_f32s(x, w))
                        };
                    }
                }
            }
            let width = PANEL.min(self.channels - first);
            for (row, sums) in sums.iter().enumerate() {
                let out = &mut self.out[(output + row) * self.channels + first..];
                store::<S, VECTORS>(sums, out, width);
            }
        }
    }
}
