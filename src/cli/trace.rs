//! `axbxp run --trace`: what is to be recorded.

use super::args::{ArrayFidelity, RunArgs};
use super::error::CliError;
use crate::arch::Architecture;
use crate::trace::TraceRequest;
use crate::trace::waveform::WaveFormat;

const PS_PER_US: f64 = 1e6;

/// A span of simulated time in picoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeSpan {
    pub from_ps: u64,
    pub to_ps: u64,
}

/// Reads `FROM..TO` in microseconds; either side may be left out.
pub(super) fn window(text: &str) -> Result<TimeSpan, String> {
    let wrong = || format!("expected FROM..TO in microseconds, such as 100..250, and not `{text}`");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let picoseconds = |side: &str, default: u64| -> Result<u64, String> {
        if side.is_empty() {
            return Ok(default);
        }
        match side.trim().parse::<f64>() {
            Ok(us) if us >= 0.0 && us < u64::MAX as f64 / PS_PER_US => Ok((us * PS_PER_US) as u64),
            _ => Err(wrong()),
        }
    };
    let window = TimeSpan {
        from_ps: picoseconds(from, 0)?,
        to_ps: picoseconds(to, u64::MAX)?,
    };
    if window.from_ps >= window.to_ps {
        return Err(format!("`{text}` is an empty span"));
    }
    Ok(window)
}

/// Reads `ROW,COLUMN`.
pub(super) fn pe(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("expected ROW,COLUMN counted from 0, such as 3,7, and not `{text}`");
    let (row, column) = text.split_once(',').ok_or_else(wrong)?;
    let number = |side: &str| side.trim().parse().map_err(|_| wrong());
    Ok((number(row)?, number(column)?))
}

/// The trace of job `job`, which is on `architecture`, if one is asked for.
///
/// # Errors
/// A waveform of what has no signals.
pub(super) fn request(
    args: &RunArgs,
    job: usize,
    architecture: &Architecture,
) -> Result<Option<TraceRequest>, CliError> {
    let Some(path) = args.trace.clone() else {
        return Ok(None);
    };
    if WaveFormat::of(&path).is_some() {
        if args.fidelity != ArrayFidelity::Stepped {
            return Err(CliError::Usage(format!(
                "--trace {}: a waveform shows the signals of a stepped array; add --fidelity stepped",
                path.display()
            )));
        }
        check_pe(args.trace_pe, architecture)?;
    }
    let window = args.trace_window;
    Ok(Some(TraceRequest {
        path,
        job,
        from_ps: window.map_or(0, |window| window.from_ps),
        to_ps: window.map_or(u64::MAX, |window| window.to_ps),
        max_events: args.trace_events,
        pe: args.trace_pe,
    }))
}

fn check_pe((row, column): (u32, u32), architecture: &Architecture) -> Result<(), CliError> {
    let array = &architecture.array;
    if row < array.rows && column < array.columns {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "--trace-pe {row},{column}: `{}` has rows 0 to {} and columns 0 to {}",
        architecture.name,
        array.rows - 1,
        array.columns - 1
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_in_microseconds() {
        let read = |text| window(text).map(|w| (w.from_ps, w.to_ps));
        assert_eq!(read("1..2.5"), Ok((1_000_000, 2_500_000)));
        assert_eq!(read("..3"), Ok((0, 3_000_000)));
        assert_eq!(read("4.."), Ok((4_000_000, u64::MAX)));
        for wrong in [
            "", "5", "2..1", "1..1", "-1..2", "a..b", "1..nan", "1..1e300",
        ] {
            assert!(window(wrong).is_err(), "{wrong}");
        }
    }
}
