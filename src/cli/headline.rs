//! `axbxp headline`: the comparison that this program is for, in one table.

use super::args::{Format, Global, HeadlineArgs};
use super::compare::ComparisonRequest;
use super::error::{CliError, Exit};
use super::output::{check_targets, json, write_bytes};
use crate::report::headline::{self, Headline};

/// Runs the command.
pub fn headline(args: &HeadlineArgs, global: &Global) -> Result<Exit, CliError> {
    check_targets(args.out.as_deref(), None)?;
    let request = ComparisonRequest {
        points: &args.points,
        workloads: &args.workloads,
        batches: &args.batch,
        sizings: &args.iso,
        prices: &args.prices.choice(),
        threads: args.threads,
    };
    let headline = Headline::of(&request.run(global)?);
    let bytes = match args.format {
        Format::Table => headline::table(&headline, !global.quiet).into_bytes(),
        Format::Json => json(&headline)?,
        Format::Csv => {
            let mut bytes = Vec::new();
            headline::csv(&headline, &mut bytes)?;
            bytes
        }
    };
    write_bytes(args.out.as_deref(), &bytes)?;
    Ok(Exit::Done)
}
