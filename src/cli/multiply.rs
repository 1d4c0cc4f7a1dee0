//! `axbxp multiply`: one approximate product, taken apart.

use super::args::MultiplyArgs;
use super::error::{CliError, Exit};
use super::output::{json, print};
use crate::blocked::{BlockFormat, FormatError, ProductSet, Rounding, Signedness, Window, explain};

/// Operand width of the accelerator.
const BITS: u8 = 8;

/// Prints the product.
pub fn multiply(args: &MultiplyArgs) -> Result<Exit, CliError> {
    if args.keep_activation.is_none() && args.keep_weight.is_none() {
        let moot = [
            ("--window-static", args.window_static.is_some()),
            ("--nearest", args.nearest),
        ];
        if let Some((flag, _)) = moot.into_iter().find(|&(_, given)| given) {
            return Err(CliError::Usage(format!(
                "{flag} has no effect where all blocks are kept: give --keep-activation or --keep-weight too"
            )));
        }
    }
    let signedness = if args.unsigned {
        Signedness::Unsigned
    } else {
        Signedness::Signed
    };
    let activation = format(
        args,
        signedness,
        ("--keep-activation", args.keep_activation),
    )?;
    let weight = format(
        args,
        Signedness::Signed,
        ("--keep-weight", args.keep_weight),
    )?;
    let products = match args.products {
        Some(products) => ProductSet::new(activation.kept(), weight.kept(), products)
            .map_err(wrong("--products"))?,
        None => ProductSet::all(activation.kept(), weight.kept()),
    };
    // Said here, where it is known which of the two is wrong.
    activation
        .encode(args.activation)
        .map_err(wrong("activation"))?;
    weight.encode(args.weight).map_err(wrong("weight"))?;
    let explanation = explain(
        (&activation, args.activation),
        (&weight, args.weight),
        &products,
    )
    .map_err(wrong("product"))?;
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
    (flag, kept): (&'static str, Option<u8>),
) -> Result<BlockFormat, CliError> {
    let exact =
        BlockFormat::exact(BITS, signedness, args.block_bits).map_err(wrong("--block-bits"))?;
    let window = window(args)?;
    let Some(kept) = kept else { return Ok(exact) };
    let rounding = if args.nearest {
        Rounding::Nearest
    } else {
        Rounding::Truncate
    };
    BlockFormat::new(BITS, signedness, args.block_bits, kept, window, rounding).map_err(|error| {
        let argument = match error {
            FormatError::Top { .. } => "--window-static",
            _ => flag,
        };
        CliError::Format { argument, error }
    })
}

fn wrong(argument: &'static str) -> impl Fn(FormatError) -> CliError {
    move |error| CliError::Format { argument, error }
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
