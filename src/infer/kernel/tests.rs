//! The same sums in registers of every width.

use pulp::Simd;

use super::dense::DensePanel;
use super::depthwise::DepthwisePanels;
use super::{PANEL, Run};

/// Values between -1 and 1 that no sum of few of is exact.
fn values(count: usize, factor: f32) -> Vec<f32> {
    (0..count).map(|at| (at as f32 * factor).sin()).collect()
}

/// 23 outputs of 13 channels with a reduction of 5 + 9, float or integer, dense then depthwise.
fn sums<S: Simd, const FUSED: bool>(simd: S) -> Vec<f32> {
    let whole = |values: Vec<f32>| match FUSED {
        true => values.iter().map(|x| (x * 100.0).round()).collect(),
        false => values,
    };
    let input = whole(values(23 * 40 + 200, 0.37));
    let weights = whole(values(14 * PANEL, 0.91));
    let bases: Vec<usize> = (0..23).map(|output| output * 40).collect();
    let runs = [Run { offset: 3, len: 5 }, Run { offset: 21, len: 9 }];
    let mut out = vec![0.0; 23 * 13 + 3];
    simd.vectorize(DensePanel::<FUSED> {
        input: &input,
        bases: &bases,
        runs: &runs,
        weights: &weights,
        out: &mut out,
        stride: 13,
        width: 13,
    });
    let taps = [0, 16, 64].map(|offset| Run { offset, len: 1 });
    let mut depthwise = vec![0.0; 23 * 13];
    simd.vectorize(DepthwisePanels::<FUSED> {
        input: &input,
        bases: &bases,
        taps: &taps,
        weights: &weights,
        out: &mut depthwise,
        channels: 13,
        padded: PANEL,
    });
    out.extend(depthwise);
    out
}

fn all_widths<const FUSED: bool>() {
    let scalar = sums::<_, FUSED>(pulp::Scalar);
    assert!(scalar.iter().filter(|x| **x != 0.0).count() > 500);
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V3::try_new() {
            assert_eq!(sums::<_, FUSED>(simd), scalar, "8 lanes");
        }
        if let Some(simd) = pulp::x86::V4::try_new() {
            assert_eq!(sums::<_, FUSED>(simd), scalar, "16 lanes");
        }
    }
}

#[test]
fn float_sums_are_the_same_in_registers_of_every_width() {
    all_widths::<false>();
}

#[test]
fn integer_sums_are_the_same_in_registers_of_every_width() {
    all_widths::<true>();
}
