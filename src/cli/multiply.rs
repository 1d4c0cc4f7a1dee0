//! `axbxp multiply`: one approximate product, taken apart.

use super::args::{Format, Global, MultiplyArgs};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::blocked::{
    BlockFormat, Explanation, FormatError, ProductSet, Rounding, Signedness, Window, explain,
};

/// Operand width of the accelerator.
const BITS: u8 = 8;

/// Prints the product.
pub(super) fn multiply(args: &MultiplyArgs, global: &Global) -> Result<Exit, CliError> {
    let format = if args.json {
        Format::Json
    } else {
        Format::Table
    };
    let output = Output::resolve(None, false, format, global)?;
    output.write(&explanation(args)?, &[])?;
    Ok(Exit::Done)
}

fn explanation(args: &MultiplyArgs) -> Result<Explanation, CliError> {
    refuse_moot(args)?;
    let signedness = if args.unsigned {
        Signedness::Unsigned
    } else {
        Signedness::Signed
    };
    let keep_activation = ("--keep-activation", args.keep_activation);
    let activation = format(args, signedness, keep_activation)?;
    let keep_weight = ("--keep-weight", args.keep_weight);
    let weight = format(args, Signedness::Signed, keep_weight)?;
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
    explain(
        (&activation, args.activation),
        (&weight, args.weight),
        &products,
    )
    .map_err(wrong("product"))
}

/// Refuses flags that say how blocks are left out where none are.
fn refuse_moot(args: &MultiplyArgs) -> Result<(), CliError> {
    if args.keep_activation.is_some() || args.keep_weight.is_some() {
        return Ok(());
    }
    let moot = [
        ("--window-static", args.window_static.is_some()),
        ("--nearest", args.nearest),
    ];
    match moot.into_iter().find(|&(_, given)| given) {
        None => Ok(()),
        Some((flag, _)) => Err(CliError::Usage(format!(
            "{flag} has no effect where all blocks are kept: give --keep-activation or --keep-weight too"
        ))),
    }
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
