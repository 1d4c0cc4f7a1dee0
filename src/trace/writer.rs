//! Writing a trace in any format: names, bounds, buffer.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::encoder::Encoder;
use super::{
    CounterId, NameId, Slice, TimeScale, TraceFormat, TraceOptions, TraceSink, TraceSummary,
    TrackId,
};

/// Bytes after which the buffer is written out.
const BUFFER_BYTES: usize = 1 << 16;

/// Writes a trace to `W`. No buffer is needed below.
///
/// The trace is complete only after [`TraceWriter::finish`].
pub struct TraceWriter<W: Write> {
    output: W,
    encoder: Box<dyn Encoder + Send>,
    options: TraceOptions,
    buffer: Vec<u8>,
    names: BTreeMap<String, NameId>,
    /// When the last slice of each track began, by the id that tracks and counters share.
    last_starts_ps: Vec<u64>,
    counters: Vec<Counter>,
    summary: TraceSummary,
    error: Option<io::Error>,
}

/// What is known of a counter.
struct Counter {
    id: CounterId,
    /// Its last value before the time window, until it has been written.
    before_window: Option<f64>,
}

impl<W: Write> TraceWriter<W> {
    /// Begins a trace.
    pub fn new(output: W, format: TraceFormat, options: TraceOptions) -> Self {
        let mut encoder = format.encoder();
        let mut buffer = Vec::with_capacity(2 * BUFFER_BYTES);
        encoder.begin(&mut buffer);
        TraceWriter {
            output,
            encoder,
            options,
            buffer,
            names: BTreeMap::new(),
            last_starts_ps: Vec::new(),
            counters: Vec::new(),
            summary: TraceSummary::default(),
            error: None,
        }
    }

    /// What has been written and left out so far.
    pub fn summary(&self) -> TraceSummary {
        self.summary
    }

    /// Completes the trace and gives the output back.
    ///
    /// # Errors
    ///
    /// The first error of the output since the trace was begun.
    pub fn finish(mut self) -> io::Result<(W, TraceSummary)> {
        for index in 0..self.counters.len() {
            self.write_value_before_window(index);
        }
        let statements = self.statements();
        let track = TrackId(self.next_track());
        let start_ps = self.options.scale.shown_ps(self.options.from_ps);
        self.encoder
            .finish(&mut self.buffer, track, start_ps, &statements);
        self.write_out();
        match self.error {
            Some(error) => Err(error),
            None => {
                self.output.flush()?;
                Ok((self.output, self.summary))
            }
        }
    }

    /// What the trace says about itself.
    fn statements(&self) -> Vec<(String, String)> {
        let mut statements = self.options.metadata.clone();
        let mut say = |what: &str, text: String| statements.push((what.to_owned(), text));
        let end = match self.options.to_ps {
            u64::MAX => "the end".to_owned(),
            to_ps => format!("{to_ps} ps"),
        };
        say(
            "time window",
            format!("from {} ps to {end}", self.options.from_ps),
        );
        say(
            "time scale",
            match self.options.scale {
                TimeScale::Real => "1 ns is shown as 1 ns".to_owned(),
                TimeScale::Thousandfold => "1 ps is shown as 1 ns".to_owned(),
            },
        );
        say("slices", self.summary.slices.to_string());
        say("values", self.summary.values.to_string());
        if self.summary.slices_out_of_order > 0 {
            let text = format!("{}, may be shown wrongly", self.summary.slices_out_of_order);
            say("slices out of order", text);
        }
        say("left out", self.summary.left_out.to_string());
        statements
    }

    /// A new id for a track or counter.
    fn next_track(&mut self) -> u32 {
        let id = self.last_starts_ps.len() as u32;
        self.last_starts_ps.push(0);
        id
    }

    #[inline]
    fn note_order(&mut self, slice: &Slice<'_>) {
        if let Some(last_ps) = self.last_starts_ps.get_mut(slice.track.0 as usize) {
            self.summary.slices_out_of_order += u64::from(slice.start_ps < *last_ps);
            *last_ps = slice.start_ps;
        }
    }

    fn is_full(&self) -> bool {
        self.summary.slices + self.summary.values >= self.options.max_events
    }

    fn write_value(&mut self, counter: CounterId, at_ps: u64, value: f64) {
        if self.is_full() {
            self.summary.left_out.values_over_limit += 1;
            return;
        }
        self.summary.values += 1;
        let at_ps = self.options.scale.shown_ps(at_ps);
        self.encoder.value(&mut self.buffer, counter, at_ps, value);
        self.write_out_when_large();
    }

    /// Writes a counter's last value before the window as that at its start.
    fn write_value_before_window(&mut self, index: usize) {
        let counter = &mut self.counters[index];
        let id = counter.id;
        let Some(value) = counter.before_window.take() else {
            return;
        };
        if self.options.from_ps < self.options.to_ps {
            self.write_value(id, self.options.from_ps, value);
        } else {
            self.summary.left_out.values_outside_window += 1;
        }
    }

    #[inline]
    fn write_out_when_large(&mut self) {
        if self.buffer.len() >= BUFFER_BYTES {
            self.write_out();
        }
    }

    #[cold]
    #[inline(never)]
    fn write_out(&mut self) {
        if self.error.is_none() {
            self.error = self.output.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }
}

impl<W: Write> TraceSink for TraceWriter<W> {
    fn track(&mut self, parent: Option<TrackId>, name: &str) -> TrackId {
        let id = TrackId(self.next_track());
        self.encoder.track(&mut self.buffer, id, parent, name);
        self.write_out_when_large();
        id
    }

    fn counter(&mut self, parent: Option<TrackId>, name: &str, unit: &str) -> CounterId {
        let id = CounterId(self.next_track());
        self.counters.push(Counter {
            id,
            before_window: None,
        });
        self.encoder
            .counter(&mut self.buffer, id, parent, name, unit);
        self.write_out_when_large();
        id
    }

    fn name(&mut self, name: &str) -> NameId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = NameId(self.names.len() as u32);
        self.names.insert(name.to_owned(), id);
        self.encoder.name(&mut self.buffer, id, name);
        self.write_out_when_large();
        id
    }

    fn slice(&mut self, mut slice: Slice<'_>) {
        debug_assert!(
            slice.start_ps <= slice.end_ps,
            "a slice ends before it begins"
        );
        slice.end_ps = slice.end_ps.max(slice.start_ps);
        let begins_before_the_end = slice.start_ps < self.options.to_ps;
        let ends_after_the_start =
            slice.end_ps > self.options.from_ps || slice.start_ps >= self.options.from_ps;
        if !(begins_before_the_end && ends_after_the_start) {
            self.summary.left_out.slices_outside_window += 1;
            return;
        }
        if self.is_full() {
            self.summary.left_out.slices_over_limit += 1;
            return;
        }
        self.summary.slices += 1;
        self.note_order(&slice);
        slice.start_ps = self.options.scale.shown_ps(slice.start_ps);
        slice.end_ps = self.options.scale.shown_ps(slice.end_ps);
        self.encoder.slice(&mut self.buffer, &slice);
        self.write_out_when_large();
    }

    fn value(&mut self, counter: CounterId, at_ps: u64, value: f64) {
        if !value.is_finite() {
            self.summary.left_out.values_not_finite += 1;
            return;
        }
        if at_ps >= self.options.to_ps {
            self.summary.left_out.values_outside_window += 1;
            return;
        }
        // Counters were added in the order of their ids.
        let index = self.counters.binary_search_by_key(&counter, |each| each.id);
        if let Ok(index) = index {
            if at_ps < self.options.from_ps {
                if self.counters[index].before_window.replace(value).is_some() {
                    self.summary.left_out.values_outside_window += 1;
                }
                return;
            }
            if at_ps > self.options.from_ps {
                self.write_value_before_window(index);
            } else if self.counters[index].before_window.take().is_some() {
                self.summary.left_out.values_outside_window += 1;
            }
        }
        self.write_value(counter, at_ps, value);
    }
}
