//! `axbxp multiply`: one approximate product, taken apart.

use super::args::MultiplyArgs;
use super::error::{CliError, Exit};
use super::output::{json, print};
use crate::blocked::{BlockFormat, ProductSet, Rounding, Signedness, Window, explain};

/// Operand width of the accelerator.
const BITS: u8 = 8;

/// Prints the product.
pub fn multiply(args: &MultiplyArgs) -> Result<Exit, CliError> {
    let signedness = if args.unsigned {
        Signedness::Unsigned
    } else {
        Signedness::Signed
    };
    let activation = format(args, signedness, args.keep_activation)?;
    let weight = format(args, Signedness::Signed, args.keep_weight)?;
    let products = match args.products {
        Some(products) => ProductSet::new(activation.kept(), weight.kept(), products)?,
        None => ProductSet::all(activation.kept(), weight.kept()),
    };
    let explanation = explain(
        (&activation, args.activation),
        (&weight, args.weight),
        &products,
    )?;
    if args.json {
        print(&json(&explanation)?)?;
    } else {
        print(explanation.to_string().as_bytes())?;
    }
    Ok(Exit::Done)
}

fn format(
    args: &MultiplyArgs,
    signedness: Signedness,
    kept: Option<u8>,
) -> Result<BlockFormat, CliError> {
    let exact = BlockFormat::exact(BITS, signedness, args.block_bits)?;
    let Some(kept) = kept else { return Ok(exact) };
    let rounding = if args.nearest {
        Rounding::Nearest
    } else {
        Rounding::Truncate
    };
    Ok(BlockFormat::new(
        BITS,
        signedness,
        args.block_bits,
        kept,
        window(args)?,
        rounding,
    )?)
}

fn window(args: &MultiplyArgs) -> Result<Window, CliError> {
    match args.window_static.as_deref() {
        None => Ok(Window::Dynamic),
        Some("max") => Ok(Window::Static { top: None }),
        Some(top) => match top.parse() {
            Ok(top) => Ok(Window::Static { top: Some(top) }),
            Err(_) => Err(CliError::Usage(format!(
                "--window-static {top}: expected the number of the top block, or `max`"
            ))),
        },
    }
}
