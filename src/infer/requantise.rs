//! Accumulators to codes.

/// A positive factor as integer hardware has it: `multiplier / 2^shift` with 16 bits of multiplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaler {
    /// 2^15 to 2^16 - 1; 0 for a factor too small to move any accumulator off zero.
    pub multiplier: u16,
    /// 0 to 47.
    pub shift: u8,
}

/// Largest shift: beyond it no 32-bit accumulator comes to half of one.
const MAX_SHIFT: i32 = 47;

impl Scaler {
    /// The scaler nearest to `factor`. Factors of 2^16 and more, which no calibration gives, become the largest there is;
    /// what is no positive number becomes zero.
    pub fn new(factor: f64) -> Scaler {
        let zero = Scaler {
            multiplier: 0,
            shift: 0,
        };
        if factor.is_nan() || factor <= 0.0 {
            return zero;
        }
        // The power of two just below.
        let mut exponent = factor.log2().floor().clamp(-64.0, 64.0) as i32;
        let mut multiplier = (factor * f64::from(15 - exponent).exp2()).round();
        if multiplier >= 65_536.0 {
            exponent += 1;
            multiplier = (factor * f64::from(15 - exponent).exp2()).round();
        }
        let shift = 15 - exponent;
        if shift < 0 {
            return Scaler {
                multiplier: u16::MAX,
                shift: 0,
            };
        }
        if shift > MAX_SHIFT {
            return zero;
        }
        Scaler {
            multiplier: multiplier as u16,
            shift: shift as u8,
        }
    }

    /// The factor, exactly.
    pub fn factor(self) -> f64 {
        f64::from(self.multiplier) * (-f64::from(self.shift)).exp2()
    }
}

/// Least and greatest code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRange {
    /// The least: -127, or 0.
    pub low: i32,
    /// The greatest: 127, or 255, or what relu6 leaves.
    pub high: i32,
}

impl CodeRange {
    /// `clamp(round(value))`, ties away from zero, as a byte.
    pub(super) fn code(self, value: f64) -> u8 {
        rounded(value, f64::from(self.low), f64::from(self.high))
    }
}

/// A number that leaves integers of 51 bits in the low bits of its sum with them: 1.5 times 2^52.
const INTEGER_BITS: f64 = 6_755_399_441_055_744.0;

/// `clamp(round(value))`, ties away from zero, as a byte. Clamping first is the same, as the ends are integers. The usual
/// conversion to an integer is not vectorised; reading the bits is.
#[inline(always)]
fn rounded(value: f64, low: f64, high: f64) -> u8 {
    let clamped = value.max(low).min(high);
    let integer = (clamped + 0.5f64.copysign(clamped)).trunc();
    (integer + INTEGER_BITS).to_bits() as u8
}

/// How the accumulators of a layer become codes, by output channel:
/// `clamp(round((accumulator + bias) * multiplier / 2^shift))`, ties away from zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Requantiser {
    /// Added to the accumulator.
    pub bias: Vec<i32>,
    /// Scales the sum.
    pub scalers: Vec<Scaler>,
    /// The codes there are.
    pub range: CodeRange,
    factors: Vec<f64>,
    biases: Vec<f64>,
}

impl Requantiser {
    /// One bias and one scaler per output channel.
    pub fn new(bias: Vec<i32>, scalers: Vec<Scaler>, range: CodeRange) -> Requantiser {
        Requantiser {
            factors: scalers.iter().map(|scaler| scaler.factor()).collect(),
            biases: bias.iter().map(|&bias| f64::from(bias)).collect(),
            bias,
            scalers,
            range,
        }
    }

    /// The code of an accumulator of an output channel. Every step is exact: the sum has at most 33 bits, its product 49.
    pub fn code(&self, channel: usize, accumulator: i32) -> u8 {
        let sum = f64::from(accumulator) + self.biases[channel];
        self.range.code(sum * self.factors[channel])
    }

    /// The codes of accumulators, `[positions, channels]`.
    pub(super) fn codes<T: Copy + Into<f64>>(&self, accumulators: &[T], codes: &mut [u8]) {
        pulp::Arch::new().dispatch(Codes {
            accumulators,
            codes,
            factors: &self.factors,
            biases: &self.biases,
            range: self.range,
        });
    }
}

struct Codes<'a, T> {
    accumulators: &'a [T],
    codes: &'a mut [u8],
    factors: &'a [f64],
    biases: &'a [f64],
    range: CodeRange,
}

impl<T: Copy + Into<f64>> pulp::NullaryFnOnce for Codes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let channels = self.factors.len();
        let (low, high) = (f64::from(self.range.low), f64::from(self.range.high));
        let pixels = self.codes.chunks_exact_mut(channels);
        for (codes, accumulators) in pixels.zip(self.accumulators.chunks_exact(channels)) {
            let scales = self.biases.iter().zip(self.factors);
            let values = codes.iter_mut().zip(accumulators).zip(scales);
            for ((code, &accumulator), (bias, factor)) in values {
                *code = rounded((accumulator.into() + bias) * factor, low, high);
            }
        }
    }
}
