//! A comparison with one of its jobs recorded.

use std::io;
use std::path::PathBuf;

use super::waveform::{WaveFile, WaveFormat, WaveInfo, WaveRecorder, WaveSelection};
use super::{RecorderInfo, TraceFile, TraceFormat, TraceOptions, TraceRecorder};
use crate::hw::Unobserved;
use crate::parallel::OnProgress;
use crate::sim::Khz;
use crate::sweep::{
    ComparisonOutcome, ComparisonRequest, Job, JobError, JobResult, PlannedJob, PlannedLayer,
};

/// What is to be recorded, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceRequest {
    /// The file, whose name tells the form: a waveform for `.fst` and `.vcd`, Chrome's JSON for `.json`, Perfetto's protobuf
    /// for anything else.
    pub path: PathBuf,
    /// Place of the recorded job among those of the comparison.
    pub job: usize,
    /// Start of the time window, in picoseconds.
    pub from_ps: u64,
    /// End of the time window (exclusive), in picoseconds.
    pub to_ps: u64,
    /// Most events, or changes of signals.
    pub max_events: u64,
    /// Row and column of the PE whose signals a waveform shows.
    pub pe: (u32, u32),
}

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceRunError {
    /// The simulation's reason.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The file can not be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl TraceRequest {
    /// Runs `comparison` and records the job. Events left out are logged.
    ///
    /// # Errors
    /// As [`ComparisonRequest::run`] says, or a file that can not be written.
    pub fn run(
        &self,
        comparison: &ComparisonRequest,
        progress: OnProgress<'_>,
    ) -> Result<ComparisonOutcome, TraceRunError> {
        comparison.run_with(progress, |index, job, layer_done| {
            if index == self.job {
                self.record(job, layer_done)
            } else {
                Ok(job.run(&mut Unobserved, layer_done)?)
            }
        })
    }

    fn record(
        &self,
        planned: &PlannedJob<'_>,
        layer_done: &dyn Fn(usize),
    ) -> Result<JobResult, TraceRunError> {
        if let Some(format) = WaveFormat::of(&self.path) {
            return self.record_waveform(planned, format, layer_done);
        }
        let format = TraceFormat::of(&self.path);
        let file = TraceFile::create(&self.path, format, self.options(planned.job()))?;
        let mut recorder = TraceRecorder::new(file, recorder_info(planned)?);
        let result = planned.run(&mut recorder, layer_done)?;
        let summary = recorder.finish()?;
        if summary.left_out.total() > 0 {
            tracing::warn!("trace {}: {}", self.path.display(), summary.left_out);
        }
        Ok(result)
    }

    fn record_waveform(
        &self,
        planned: &PlannedJob<'_>,
        format: WaveFormat,
        layer_done: &dyn Fn(usize),
    ) -> Result<JobResult, TraceRunError> {
        let info = wave_info(planned)?;
        let selection = WaveSelection {
            pe: self.pe,
            window_ps: (self.from_ps, self.to_ps),
            max_changes: self.max_events,
        };
        let variables = WaveRecorder::variables(&info, &selection);
        let file = WaveFile::create(&self.path, format, &variables)?;
        let mut recorder = WaveRecorder::new(file, info, selection);
        let result = planned.run(&mut recorder, layer_done)?;
        let summary = recorder.finish()?;
        if summary.left_out > 0 {
            tracing::warn!(
                "trace {}: {} changes of signals left out",
                self.path.display(),
                summary.left_out
            );
        }
        Ok(result)
    }

    fn options(&self, job: &Job<'_>) -> TraceOptions {
        let approximation = job.point.approximation.config();
        let metadata = [
            ("workload", job.network.name.clone()),
            ("batch", job.network.batch.to_string()),
            ("architecture", job.point.architecture.name.clone()),
            ("approximation", approximation.name.clone()),
        ];
        TraceOptions {
            from_ps: self.from_ps,
            to_ps: self.to_ps,
            max_events: self.max_events,
            metadata: metadata
                .map(|(name, value)| (name.to_string(), value))
                .into(),
            ..TraceOptions::default()
        }
    }
}

fn recorder_info(planned: &PlannedJob<'_>) -> Result<RecorderInfo, JobError> {
    let job = planned.job();
    let name = |layer: &PlannedLayer| job.network.layer(layer.mapping.id).name.clone();
    Ok(RecorderInfo {
        tick_rate: planned.tick_rate()?,
        layers: planned.layers().iter().map(name).collect(),
        channels: job.point.architecture.dram.channels,
    })
}

fn wave_info(planned: &PlannedJob<'_>) -> Result<WaveInfo, JobError> {
    let architecture = &planned.job().point.architecture;
    Ok(WaveInfo {
        tick_rate: planned.tick_rate()?,
        core_clock: Khz(architecture.core_clock_khz),
        columns: architecture.array.columns,
        lanes: planned.most_macs_per_step(),
    })
}
