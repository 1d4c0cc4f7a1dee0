//! Visual traces: what happened when, for a trace viewer.
//!
//! [`TraceRecorder`] observes the hardware and describes a run to a [`TraceSink`]: tracks that nest,
//! slices with a beginning and an end on a track, values of counters, and flows (arrows) from slice
//! to slice. [`TraceWriter`] writes them in a [`TraceFormat`] to any [`std::io::Write`],
//! [`TraceFile`] to a file that takes its name only when it is complete.
//!
//! | format | file | viewer |
//! |---|---|---|
//! | [`TraceFormat::Perfetto`] | protobuf, `.pftrace` | ui.perfetto.dev |
//! | [`TraceFormat::ChromeJson`] | JSON, `.json` | chrome://tracing, ui.perfetto.dev, speedscope |
//!
//! [`waveform`] has the signals of a stepped array for waveform viewers (`.fst`, `.vcd`). [`TraceRequest`] records a job of
//! a comparison in any of these forms.
//!
//! # Time
//!
//! All times are picoseconds since the start of the simulation, as `u64` (up to 213 days). Chrome
//! JSON counts microseconds in decimal notation: six decimals hold them exactly, and no floating
//! point is involved. Perfetto counts whole nanoseconds: times are rounded down, which keeps the
//! order of events, but an event shorter than a nanosecond may show with no length.
//! [`TimeScale::Thousandfold`] shows a picosecond as a nanosecond and loses nothing.
//!
//! # Size
//!
//! A trace is written while it comes in: memory does not grow with the number of events.
//! [`TraceOptions`] bounds the file by a time window and a number of events. What was left out is
//! counted, returned in [`TraceSummary`] and stated in the trace.
//!
//! # Errors
//!
//! Describing events does not fail; the first error of the output is kept, nothing more is
//! written, and the error comes from `finish`.

mod bandwidth;
mod chrome;
mod encoder;
mod file;
mod lanes;
mod options;
mod perfetto;
mod perfetto_proto;
mod recorder;
mod request;
mod sink;
pub mod waveform;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use file::{TraceFile, end_of_links, folder_of, partial};
pub use options::{LeftOut, TimeScale, TraceOptions, TraceSummary};
pub use recorder::{RecorderInfo, TraceRecorder};
pub use request::{TraceRequest, TraceRunError};
pub use sink::{CounterId, Flow, FlowPart, NameId, Slice, TraceSink, TrackId};
pub use writer::TraceWriter;

/// The form of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TraceFormat {
    /// Perfetto protobuf.
    Perfetto,
    /// Chrome trace event format, JSON.
    ChromeJson,
}

impl TraceFormat {
    /// The form that a file's name asks for: JSON for `.json`, Perfetto's protobuf (by custom `.pftrace`) for any other.
    #[must_use]
    pub fn of(path: &Path) -> TraceFormat {
        match path.extension() {
            Some(extension) if extension == "json" => TraceFormat::ChromeJson,
            _ => TraceFormat::Perfetto,
        }
    }

    fn encoder(self) -> Box<dyn encoder::Encoder + Send> {
        match self {
            TraceFormat::Perfetto => Box::new(perfetto::Perfetto::default()),
            TraceFormat::ChromeJson => Box::new(chrome::Chrome::default()),
        }
    }
}
