//! `axbxp run --trace`: a job with a recorder that watches it.

use std::path::Path;

use super::args::RunArgs;
use super::error::CliError;
use super::output::end_of_links;
use super::wave;
use crate::sweep::{Job, JobError, JobResult, PlannedJob, PlannedLayer};
use crate::trace::waveform::WaveFormat;
use crate::trace::{RecorderInfo, TraceFile, TraceFormat, TraceOptions, TraceRecorder};

const PS_PER_US: f64 = 1e6;

/// A span of simulated time in picoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    pub from_ps: u64,
    pub to_ps: u64,
}

/// Reads `FROM..TO` in microseconds; either side may be left out.
pub fn window(text: &str) -> Result<TimeSpan, String> {
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

/// Runs a job and writes its trace to `path`, in the format that its name tells: a waveform for `.fst` and
/// `.vcd`, JSON for `.json`, Perfetto's protobuf for anything else.
pub fn run_traced(
    planned: &PlannedJob<'_>,
    path: &Path,
    args: &RunArgs,
    progress: &dyn Fn(usize),
) -> Result<JobResult, CliError> {
    if let Some(format) = WaveFormat::of(path) {
        return wave::run_recorded(planned, path, format, args, progress);
    }
    let failed = |error| CliError::Write {
        path: path.to_owned(),
        error,
    };
    let format = match path.extension() {
        Some(extension) if extension == "json" => TraceFormat::ChromeJson,
        _ => TraceFormat::Perfetto,
    };
    let file = TraceFile::create(&end_of_links(path), format, options(planned.job(), args))
        .map_err(failed)?;
    let mut recorder = TraceRecorder::new(file, info(planned)?);
    let result = planned.run(&mut recorder, progress)?;
    let summary = recorder.finish().map_err(failed)?;
    if summary.left_out.total() > 0 {
        tracing::warn!("trace {}: {}", path.display(), summary.left_out);
    }
    Ok(result)
}

fn options(job: &Job<'_>, args: &RunArgs) -> TraceOptions {
    let everything = TraceOptions::default();
    TraceOptions {
        from_ps: args.trace_window.map_or(everything.from_ps, |w| w.from_ps),
        to_ps: args.trace_window.map_or(everything.to_ps, |w| w.to_ps),
        max_events: args.trace_events,
        metadata: vec![
            ("workload".into(), job.network.name.clone()),
            ("batch".into(), job.network.batch.to_string()),
            ("architecture".into(), job.point.architecture.name.clone()),
            (
                "approximation".into(),
                job.point.approximation.config().name.clone(),
            ),
        ],
        ..everything
    }
}

fn info(planned: &PlannedJob<'_>) -> Result<RecorderInfo, JobError> {
    let job = planned.job();
    let architecture = &job.point.architecture;
    let name = |layer: &PlannedLayer| job.network.layer(layer.mapping.id).name.clone();
    Ok(RecorderInfo {
        tick_rate: planned.tick_rate()?,
        layers: planned.layers().iter().map(name).collect(),
        channels: architecture.dram.channels,
    })
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
