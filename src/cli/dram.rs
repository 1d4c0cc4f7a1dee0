//! `axbxp dram`: a request trace on a memory system alone.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::args::{DramArgs, Global};
use super::error::CliError;
use super::error::Exit;
use super::output::{Output, write_file_with};
use crate::dram::replay::{
    Arrivals, CommandLog, ReplayError, ReplayResult, RequestTrace, replay, write_commands,
};
use crate::dram::{DramSystem, NoSink};
use crate::report::TraceReport;
use crate::source::SourceError;

/// Runs the command.
pub(super) fn dram(args: &DramArgs, global: &Global) -> Result<Exit, CliError> {
    let beside = args.commands.is_some();
    let output = Output::resolve(args.out.as_deref(), beside, args.format.into(), global)?;
    if let Some(path) = &args.commands {
        output.check_beside("--commands", path)?;
    }
    let system = DramSystem::load(&args.config)?;
    let channels = args.channels.unwrap_or(system.channels);
    let arrivals = args.gap.map_or(Arrivals::AsTraced, Arrivals::Every);
    let result = replay_trace(args, &system, channels, arrivals)?;
    let report = TraceReport::new(&system, channels, args.trace.clone(), arrivals, &result);
    output.write(&report, &[])?;
    Ok(Exit::Done)
}

fn replay_trace(
    args: &DramArgs,
    system: &DramSystem,
    channels: u32,
    arrivals: Arrivals,
) -> Result<ReplayResult, CliError> {
    let mut trace = open_trace(&args.trace)?;
    let spec = &system.spec;
    let Some(path) = &args.commands else {
        let (result, _) =
            replay(spec, channels, &mut trace, arrivals, |_| NoSink).map_err(explain)?;
        return Ok(result);
    };
    let failed = |error| CliError::Write {
        path: path.clone(),
        error,
    };
    // As many as a system may have, for it is refused by the replay and not here if it asks for more.
    let logs = (0..channels.min(spec.max_channels)).map(|_| CommandLog::new());
    let mut logs = logs.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    #[expect(
        clippy::unreachable,
        reason = "the replay asks for one a channel, and for none beyond the most"
    )]
    let next_log = |_| logs.pop().unwrap_or_else(|| unreachable!("one a channel"));
    let (result, logs) = replay(spec, channels, &mut trace, arrivals, next_log).map_err(explain)?;
    write_file_with(path, |mut file| write_commands(logs, &mut file).map(|_| ()))?;
    Ok(result)
}

fn explain(error: ReplayError) -> CliError {
    match error {
        ReplayError::Trace(error) => CliError::Load(error),
        ReplayError::System(error) => CliError::Usage(format!("--channels: {error}")),
    }
}

/// The trace of this name; `-` is standard input.
fn open_trace(name: &str) -> Result<RequestTrace<Box<dyn BufRead>>, CliError> {
    if name == "-" {
        let reader = Box::new(BufReader::new(io::stdin()));
        return Ok(RequestTrace::new("standard input", reader));
    }
    let path = Path::new(name);
    if path.is_dir() {
        return Err(SourceError::Directory { path: path.into() }.into());
    }
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SourceError::Missing {
            path: path.into(),
            nearest: None,
        },
        _ => SourceError::Read {
            path: path.into(),
            source,
        },
    })?;
    Ok(RequestTrace::new(
        name,
        Box::new(BufReader::with_capacity(1 << 16, file)),
    ))
}
