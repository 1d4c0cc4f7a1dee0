//! One product, taken apart.

use std::fmt;

use serde::Serialize;

use super::format::{BlockFormat, Encoded, FormatError, Rounding, Signedness, Window};
use super::product::{ProductSet, multiply, product_shift};

/// One operand of an explained product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperandExplanation {
    /// The value.
    pub value: i32,
    /// Its format.
    pub format: BlockFormat,
    /// Bits it takes in memory.
    pub bits_per_operand: u32,
    /// All blocks of the magnitude, highest first.
    pub blocks: Vec<i32>,
    /// Top block of the window, `p`.
    pub top: u8,
    /// Index stored beside the blocks (`p - n + 1`), if the format has one.
    pub index: Option<u8>,
    /// The kept blocks after rounding, highest first.
    pub window: Vec<i32>,
    /// The value that is kept.
    pub kept_value: i32,
}

/// One candidate product of kept blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Term {
    /// Position in the activation's window, from the top.
    pub u: u8,
    /// Position in the weight's window, from the top.
    pub v: u8,
    /// Number of the activation's block, `i`.
    pub activation_block: u8,
    /// Number of the weight's block, `j`.
    pub weight_block: u8,
    /// The activation's block.
    pub a: i32,
    /// The weight's block.
    pub w: i32,
    /// Bits by which the product is shifted.
    pub shift: u32,
    /// The shifted product, with the sign of the whole.
    pub value: i32,
    /// Whether the hardware computes it.
    pub computed: bool,
}

/// One product, taken apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The activation.
    pub activation: OperandExplanation,
    /// The weight.
    pub weight: OperandExplanation,
    /// Products computed, `L`.
    pub products: u32,
    /// All candidates, in order of significance.
    pub terms: Vec<Term>,
    /// The approximate product: the sum of the computed terms.
    pub approximate: i32,
    /// The exact product.
    pub exact: i32,
    /// Exact less approximate.
    pub error: i32,
    /// The error's magnitude.
    pub absolute_error: i32,
    /// The error's magnitude over the exact product's; none if that is 0.
    pub relative_error: Option<f64>,
}

/// Takes the product of `activation` and `weight` apart.
///
/// # Errors
/// [`FormatError`] for a value that its format does not hold, formats with different block widths, or other
/// numbers of blocks kept than `products` is made for.
pub fn explain(
    (activation_format, activation): (&BlockFormat, i32),
    (weight_format, weight): (&BlockFormat, i32),
    products: &ProductSet,
) -> Result<Explanation, FormatError> {
    products.check(activation_format, weight_format)?;
    let a = activation_format.encode(activation)?;
    let w = weight_format.encode(weight)?;
    let sign = if a.negative == w.negative { 1 } else { -1 };
    let terms: Vec<Term> = products
        .candidates_in_order()
        .enumerate()
        .map(|(index, (u, v))| {
            let (block_a, block_w) = (activation_format.block(a, u), weight_format.block(w, v));
            let shift = product_shift(activation_format, a, u, w, v);
            Term {
                u,
                v,
                activation_block: a.top - u,
                weight_block: w.top - v,
                a: block_a,
                w: block_w,
                shift,
                value: sign * ((block_a * block_w) << shift),
                computed: (index as u32) < products.computed(),
            }
        })
        .collect();
    let approximate = multiply((activation_format, a), (weight_format, w), products);
    let exact = activation * weight;
    let error = exact - approximate;
    Ok(Explanation {
        activation: operand(activation_format, activation, a),
        weight: operand(weight_format, weight, w),
        products: products.computed(),
        terms,
        approximate,
        exact,
        error,
        absolute_error: error.abs(),
        relative_error: (exact != 0).then(|| f64::from(error.abs()) / f64::from(exact.abs())),
    })
}

fn operand(format: &BlockFormat, value: i32, encoded: Encoded) -> OperandExplanation {
    let width = u32::from(format.block_bits());
    let mask = (1 << width) - 1;
    let blocks = (0..u32::from(format.blocks())).rev();
    OperandExplanation {
        value,
        format: *format,
        bits_per_operand: format.bits_per_operand(),
        blocks: blocks
            .map(|i| (value.abs() >> (i * width)) & mask)
            .collect(),
        top: encoded.top,
        index: (format.index_bits() > 0).then(|| encoded.top + 1 - format.kept()),
        window: (0..format.kept())
            .map(|position| format.block(encoded, position))
            .collect(),
        kept_value: format.decode(encoded),
    }
}

impl OperandExplanation {
    fn write(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        let format = &self.format;
        let width = usize::from(format.block_bits());
        let binary = |blocks: &[i32]| {
            blocks
                .iter()
                .map(|block| format!("{block:0width$b}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let signedness = match format.signedness() {
            Signedness::Signed => "signed",
            Signedness::Unsigned => "unsigned",
        };
        let choice = match format.window() {
            _ if format.is_exact() => "exact",
            Window::Static { .. } => "static",
            Window::Dynamic => "dynamic",
        };
        let rounding = match format.rounding() {
            Rounding::Truncate => "truncate",
            Rounding::Nearest => "nearest",
        };
        writeln!(
            f,
            "{name:<11}{:>6}  {} bits {signedness}, K = {}, {} of {} blocks kept, {choice}, {rounding}; \
             {} bits in memory",
            self.value,
            format.bits(),
            format.block_bits(),
            format.kept(),
            format.blocks(),
            self.bits_per_operand,
        )?;
        writeln!(f, "  blocks   {}", binary(&self.blocks))?;
        write!(
            f,
            "  window   {}  (blocks {} to {}",
            binary(&self.window),
            self.top,
            self.top + 1 - format.kept()
        )?;
        if let Some(index) = self.index {
            write!(f, ", index {index}")?;
        }
        writeln!(f, ")")?;
        writeln!(f, "  kept     {}", self.kept_value)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.activation.write(f, "activation")?;
        self.weight.write(f, "weight")?;
        writeln!(
            f,
            "products   {} of {} computed",
            self.products,
            self.terms.len()
        )?;
        for term in &self.terms {
            writeln!(
                f,
                "  {:<8} a[{}] x w[{}] = {:>3} x {:>3} << {:<2} = {:>7}",
                if term.computed {
                    "computed"
                } else {
                    "left out"
                },
                term.activation_block,
                term.weight_block,
                term.a,
                term.w,
                term.shift,
                term.value,
            )?;
        }
        writeln!(f, "approximate{:>8}", self.approximate)?;
        writeln!(f, "exact      {:>8}", self.exact)?;
        write!(f, "error      {:>8}", self.error)?;
        match self.relative_error {
            Some(relative) => writeln!(f, "  ({:.2} %)", relative * 100.0),
            None => writeln!(f),
        }
    }
}
