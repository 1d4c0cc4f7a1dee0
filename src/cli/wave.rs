//! `axbxp run --trace x.fst`: a job with its array's signals recorded.

use std::path::Path;

use super::args::{ArrayFidelity, RunArgs};
use super::error::CliError;
use super::output::end_of_links;
use crate::arch::Architecture;
use crate::sim::Khz;
use crate::sweep::{JobError, JobResult, PlannedJob};
use crate::trace::waveform::{WaveFile, WaveFormat, WaveInfo, WaveRecorder, WaveSelection};

/// Reads `ROW,COLUMN`.
pub fn pe(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("expected ROW,COLUMN counted from 0, such as 3,7, and not `{text}`");
    let (row, column) = text.split_once(',').ok_or_else(wrong)?;
    let number = |side: &str| side.trim().parse().map_err(|_| wrong());
    Ok((number(row)?, number(column)?))
}

/// Refuses a waveform of what has no signals, before any work is done for it.
pub fn check(args: &RunArgs, traced: &Architecture) -> Result<(), CliError> {
    let Some(path) = args
        .trace
        .as_deref()
        .filter(|path| WaveFormat::of(path).is_some())
    else {
        return Ok(());
    };
    if args.fidelity != ArrayFidelity::Stepped {
        return Err(CliError::Usage(format!(
            "--trace {}: a waveform shows the signals of a stepped array; add --fidelity stepped",
            path.display()
        )));
    }
    let (row, column) = args.trace_pe;
    if row >= traced.array.rows || column >= traced.array.columns {
        return Err(CliError::Usage(format!(
            "--trace-pe {row},{column}: `{}` has rows 0 to {} and columns 0 to {}",
            traced.name,
            traced.array.rows - 1,
            traced.array.columns - 1
        )));
    }
    Ok(())
}

/// Runs a job and writes the waveform of its array to `path`.
pub fn run_recorded(
    planned: &PlannedJob<'_>,
    path: &Path,
    format: WaveFormat,
    args: &RunArgs,
    progress: &dyn Fn(usize),
) -> Result<JobResult, CliError> {
    let failed = |error| CliError::Write {
        path: path.to_owned(),
        error,
    };
    let info = info(planned)?;
    let selection = WaveSelection {
        pe: args.trace_pe,
        window_ps: args
            .trace_window
            .map_or((0, u64::MAX), |window| (window.from_ps, window.to_ps)),
        max_changes: args.trace_events,
    };
    let variables = WaveRecorder::variables(&info, &selection);
    let file = WaveFile::create(&end_of_links(path), format, &variables).map_err(failed)?;
    let mut recorder = WaveRecorder::new(file, info, selection);
    let result = planned.run(&mut recorder, progress)?;
    let summary = recorder.finish().map_err(failed)?;
    if summary.left_out > 0 {
        tracing::warn!(
            "trace {}: {} changes of signals left out",
            path.display(),
            summary.left_out
        );
    }
    Ok(result)
}

fn info(planned: &PlannedJob<'_>) -> Result<WaveInfo, JobError> {
    let architecture = &planned.job().point.architecture;
    Ok(WaveInfo {
        tick_rate: planned.tick_rate()?,
        core_clock: Khz(architecture.core_clock_khz),
        columns: architecture.array.columns,
        lanes: planned.most_macs_per_step(),
    })
}
