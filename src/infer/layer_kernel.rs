//! A layer of the array under its precision: weights and tables ready for the convolution kernels.

use super::error::InferError;
use super::kernel::{BandLayout, Convolution, Exactness, Source};
use super::parts::Parts;
use super::quantised::{ArrayLayer, QuantisedModel, value};
use crate::approx::{LayerPrecision, OperandFormat};
use crate::blocked::Signedness;

/// Weights and tables of a layer under its precision.
#[derive(Debug)]
pub(super) struct LayerKernel {
    pub(super) precision: LayerPrecision,
    pub(super) convolution: Convolution,
    operands: Operands,
}

/// What the codes of an array layer's input stand for.
#[derive(Debug)]
enum Operands {
    /// Themselves.
    Signed,
    /// Themselves.
    Unsigned,
    /// By part.
    Tables(Vec<[f32; 256]>),
}

/// The codes of a tensor as a convolution reads them.
pub(super) struct CodePixels<'a> {
    pub(super) codes: &'a [u8],
    pub(super) kernel: &'a LayerKernel,
}

impl Source for CodePixels<'_> {
    fn fill(&self, first: usize, layout: &BandLayout, out: &mut [f32]) {
        let (channels, pixel) = (layout.channels, layout.pixel());
        let codes = &self.codes[first * channels..];
        if pixel == channels {
            // Whole rows at once.
            let length = out.len();
            return match &self.kernel.operands {
                Operands::Signed => {
                    widen(&codes[..length], out, |code| f32::from(code.cast_signed()))
                }
                Operands::Unsigned => widen(&codes[..length], out, f32::from),
                Operands::Tables(tables) => {
                    widen(&codes[..length], out, |code| tables[0][usize::from(code)])
                }
            };
        }
        let stride = layout.part_stride;
        for (out, codes) in out
            .chunks_exact_mut(pixel)
            .zip(codes.chunks_exact(channels))
        {
            match &self.kernel.operands {
                Operands::Signed => widen(codes, out, |code| f32::from(code.cast_signed())),
                Operands::Unsigned => widen(codes, out, f32::from),
                Operands::Tables(tables) => {
                    for (out, table) in out.chunks_exact_mut(stride).zip(tables) {
                        widen(codes, out, |code| table[usize::from(code)]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn widen(codes: &[u8], out: &mut [f32], map: impl Fn(u8) -> f32) {
    for (out, &code) in out.iter_mut().zip(codes) {
        *out = map(code);
    }
}

impl LayerKernel {
    fn new(
        layer: &ArrayLayer,
        name: &str,
        precision: &LayerPrecision,
    ) -> Result<LayerKernel, InferError> {
        let incompatible = |problem: String| InferError::Precision {
            layer: name.to_owned(),
            problem,
        };
        let expected = [layer.signedness, Signedness::Signed];
        let found = [&precision.activations, &precision.weights].map(signedness);
        for (operand, expected, found) in [
            ("activations", expected[0], found[0]),
            ("weights", expected[1], found[1]),
        ] {
            if expected != found {
                return Err(incompatible(format!(
                    "the {operand} are {expected:?}, not {found:?}"
                )));
            }
        }
        let parts = Parts::of(precision).map_err(incompatible)?;
        let per_channel = layer.window.weights_per_channel();
        let convolution = Convolution::new(
            &layer.window,
            Exactness::Integer,
            &parts.bounds(),
            |part, channel, index| {
                let code = layer.weights[channel * per_channel + index];
                parts.weights[part][usize::from(code as u8)]
            },
        );
        Ok(LayerKernel {
            precision: precision.clone(),
            convolution,
            operands: Operands::new(parts.activations, layer.signedness),
        })
    }
}

impl Operands {
    fn new(tables: Vec<[f32; 256]>, signedness: Signedness) -> Operands {
        // -128 is no code.
        let codes =
            || (0..=255u8).filter(|&code| signedness == Signedness::Unsigned || code != 128);
        let plain = |table: &[f32; 256]| {
            codes().all(|code| table[usize::from(code)] == value(code, signedness) as f32)
        };
        match (&tables[..], signedness) {
            ([table], Signedness::Signed) if plain(table) => Operands::Signed,
            ([table], Signedness::Unsigned) if plain(table) => Operands::Unsigned,
            _ => Operands::Tables(tables),
        }
    }
}

fn signedness(format: &OperandFormat) -> Signedness {
    match format {
        OperandFormat::Exact { signedness, .. } | OperandFormat::Bits { signedness, .. } => {
            *signedness
        }
        OperandFormat::Blocks(format) => format.signedness(),
    }
}

impl QuantisedModel {
    pub(super) fn kernel(
        &self,
        index: usize,
        precision: &LayerPrecision,
    ) -> Result<LayerKernel, InferError> {
        let layer = self.plan.steps[self.array_steps[index]].layer;
        let name = &self.network.layer(layer).name;
        LayerKernel::new(self.array_layer(index), name, precision)
    }
}

/// All bits of both operands.
pub(super) fn exact_precision(activations: Signedness) -> LayerPrecision {
    let exact = |signedness| OperandFormat::Exact {
        bits: 8,
        signedness,
    };
    LayerPrecision {
        activations: exact(activations),
        weights: exact(Signedness::Signed),
        products: None,
        windows: crate::arch::WindowUse::Exact,
    }
}
