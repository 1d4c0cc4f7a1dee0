//! `axbxp energy-table`: an energy table with units and sources.

use super::args::{EnergyTableArgs, Format};
use super::error::{CliError, Exit};
use super::output::{check_targets, json, print, write_file};
use crate::energy::{EnergyTable, Listing};
use crate::source::{self, FileKind};

/// Prints the table.
pub fn energy_table(args: &EnergyTableArgs) -> Result<Exit, CliError> {
    check_targets(args.out.as_deref(), None)?;
    let file = source::open(FileKind::Energy, &args.table)?;
    let listing = Listing::of(&EnergyTable::load(&file)?);
    let bytes = match args.format {
        Format::Table => listing.text().into_bytes(),
        Format::Json => json(&listing)?,
        Format::Csv => {
            let mut bytes = Vec::new();
            listing.write_csv(&mut bytes)?;
            bytes
        }
    };
    match &args.out {
        Some(path) => write_file(path, &bytes)?,
        None => print(&bytes)?,
    }
    Ok(Exit::Done)
}
