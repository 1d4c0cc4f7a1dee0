//! Output channels in the lanes: convolutions that sum over channels.

use pulp::{Simd, WithSimd};

use super::{PANEL, Run};

/// One chunk of the reduction for some outputs and the output channels of one panel.
pub(super) struct DensePanel<'a, const FUSED: bool> {
    /// The band.
    pub(super) input: &'a [f32],
    /// Where each output's window begins.
    pub(super) bases: &'a [usize],
    /// The reduction.
    pub(super) runs: &'a [Run],
    /// `[reduction, PANEL]`.
    pub(super) weights: &'a [f32],
    /// `[outputs, stride]` from the panel's first channel on.
    pub(super) out: &'a mut [f32],
    /// Channels of an output.
    pub(super) stride: usize,
    /// Channels of this panel, at most [`PANEL`].
    pub(super) width: usize,
}

impl<const FUSED: bool> WithSimd for DensePanel<'_, FUSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Blocks as large as the registers hold: sums, the row of weights, and one input.
        match S::F32_LANES {
            16 => self.all::<S, 12, 4, 1>(simd),
            8 => self.all::<S, 4, 2, 2>(simd),
            4 => self.all::<S, 2, 1, 4>(simd),
            _ => self.all::<S, 1, 1, PANEL>(simd),
        }
    }
}

impl<const FUSED: bool> DensePanel<'_, FUSED> {
    #[inline(always)]
    fn all<S: Simd, const ROWS: usize, const FEW: usize, const VECTORS: usize>(mut self, simd: S) {
        let mut output = 0;
        while output + ROWS <= self.bases.len() {
            self.block::<S, ROWS, VECTORS>(simd, output);
            output += ROWS;
        }
        while output + FEW <= self.bases.len() {
            self.block::<S, FEW, VECTORS>(simd, output);
            output += FEW;
        }
        while output < self.bases.len() {
            self.block::<S, 1, VECTORS>(simd, output);
            output += 1;
        }
    }

    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const VECTORS: usize>(&mut self, simd: S, output: usize) {
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        let bases: [usize; ROWS] = std::array::from_fn(|row| self.bases[output + row]);
        let (mut weights, _) = S::as_simd_f32s(self.weights);
        for run in self.runs {
            let rows: [&[f32]; ROWS] =
                std::array::from_fn(|row| &self.input[bases[row] + run.offset..][..run.len]);
            let (these, rest) = weights.split_at(run.len * VECTORS);
            weights = rest;
            for (k, row_of_weights) in these.chunks_exact(VECTORS).enumerate() {
                for row in 0..ROWS {
                    let x = simd.splat_f32s(rows[row][k]);
                    for vector in 0..VECTORS {
                        let (w, sum) = (row_of_weights[vector], sums[row][vector]);
                        sums[row][vector] = if FUSED {
                            simd.mul_add_e_f32s(x, w, sum)
                        } else {
                            simd.add_f32s(sum, simd.mul_f32s(x, w))
                        };
                    }
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(output + row) * self.stride..];
            store::<S, VECTORS>(sums, out, self.width);
        }
    }
}

/// The first `width` values of `sums` to `out`.
#[inline(always)]
pub(super) fn store<S: Simd, const VECTORS: usize>(
    sums: &[S::f32s; VECTORS],
    out: &mut [f32],
    width: usize,
) {
    if width == PANEL {
        let (vectors, _) = S::as_mut_simd_f32s(&mut out[..PANEL]);
        vectors[..VECTORS].copy_from_slice(sums);
    } else {
        let mut values = [0.0; PANEL];
        let (vectors, _) = S::as_mut_simd_f32s(&mut values);
        vectors[..VECTORS].copy_from_slice(sums);
        out[..width].copy_from_slice(&values[..width]);
    }
}
