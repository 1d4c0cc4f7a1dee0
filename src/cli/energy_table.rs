//! `axbxp energy-table`: an energy table with units and sources.

use super::args::{EnergyTableArgs, Global};
use super::error::{CliError, Exit};
use super::output::Output;
use crate::energy::{EnergyTable, Listing};
use crate::source::{self, FileKind};

/// Prints the table.
pub(super) fn energy_table(args: &EnergyTableArgs, global: &Global) -> Result<Exit, CliError> {
    let output = Output::resolve(args.out.as_deref(), false, args.format, global)?;
    let file = source::open(FileKind::Energy, &args.table)?;
    output.write(&Listing::of(&EnergyTable::load(&file)?), &[])?;
    Ok(Exit::Done)
}
