//! Chrome trace event format: the JSON object form, one event a line.
//!
//! The format has two levels, processes and threads. A track without a parent becomes a process;
//! the tracks below it, at any depth, become its threads, named by their path. A slice is an "X"
//! event, a value a "C" event, a part of a flow an "s", "t" or "f" event at the start of its slice.
//! Statements about the trace are in `otherData`.

use std::io::Write;

use super::encoder::Encoder;
use super::{CounterId, Flow, FlowPart, NameId, Slice, TrackId};

const PICOSECONDS_PER_MICROSECOND: u64 = 1_000_000;

/// The encoder. Strings are kept in their JSON form, quotes included.
#[derive(Default)]
pub(super) struct Chrome {
    names: Vec<String>,
    /// By the id that tracks and counters share.
    tracks: Vec<Track>,
    has_events: bool,
}

struct Track {
    process: u32,
    /// Names from below the process to this track.
    path: String,
    /// Of a counter: its path and its unit as JSON.
    counter: Option<(String, String)>,
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Microseconds, exactly, without needless zeros.
fn write_microseconds(out: &mut Vec<u8>, picoseconds: u64) {
    let whole = picoseconds / PICOSECONDS_PER_MICROSECOND;
    let mut rest = picoseconds % PICOSECONDS_PER_MICROSECOND;
    append(out, format_args!("{whole}"));
    if rest == 0 {
        return;
    }
    let mut decimals = 6;
    while rest.is_multiple_of(10) {
        rest /= 10;
        decimals -= 1;
    }
    append(out, format_args!(".{rest:0decimals$}"));
}

#[expect(clippy::expect_used, reason = "writing to a vector does not fail")]
fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes every text");
}

impl Chrome {
    /// Begins an event of the kind `phase` on a track.
    fn begin_event(&mut self, out: &mut Vec<u8>, phase: char, process: u32, thread: u32) {
        let comma = if self.has_events { "," } else { "" };
        self.has_events = true;
        append(
            out,
            format_args!("{comma}\n{{\"ph\":\"{phase}\",\"pid\":{process},\"tid\":{thread}"),
        );
    }

    /// A metadata event: `what` of a process or thread is `value`, in JSON.
    fn state(&mut self, out: &mut Vec<u8>, of: (u32, u32), what: &str, key: &str, value: &str) {
        self.begin_event(out, 'M', of.0, of.1);
        append(
            out,
            format_args!(",\"name\":\"{what}\",\"args\":{{\"{key}\":{value}}}}}"),
        );
    }

    fn process_of(&self, track: u32) -> u32 {
        self.tracks
            .get(track as usize)
            .map_or(track + 1, |track| track.process)
    }

    fn state_process(&mut self, out: &mut Vec<u8>, process: u32, name: &str) {
        let at = (process, process);
        self.state(out, at, "process_name", "name", &json(name));
        self.state(
            out,
            at,
            "process_sort_index",
            "sort_index",
            &process.to_string(),
        );
    }

    /// The process and the path of a new track.
    fn place(&self, id: u32, parent: Option<TrackId>, name: &str) -> Track {
        let parent = parent.and_then(|parent| self.tracks.get(parent.0 as usize));
        let (process, path) = match parent {
            None => (id + 1, String::new()),
            Some(parent) if parent.path.is_empty() => (parent.process, name.to_owned()),
            Some(parent) => (parent.process, format!("{}/{name}", parent.path)),
        };
        Track {
            process,
            path,
            counter: None,
        }
    }

    fn flow(&mut self, out: &mut Vec<u8>, slice: &Slice<'_>, flow: &Flow) {
        let (phase, binding) = match flow.part {
            FlowPart::Start => ('s', ""),
            FlowPart::Through => ('t', ""),
            FlowPart::End => ('f', ",\"bp\":\"e\""),
        };
        let process = self.process_of(slice.track.0);
        self.begin_event(out, phase, process, slice.track.0 + 1);
        append(
            out,
            format_args!(
                "{binding},\"name\":\"flow\",\"cat\":\"flow\",\"id\":\"{:#x}\",\"ts\":",
                flow.id
            ),
        );
        write_microseconds(out, slice.start_ps);
        out.push(b'}');
    }
}

impl Encoder for Chrome {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    }

    fn track(&mut self, out: &mut Vec<u8>, id: TrackId, parent: Option<TrackId>, name: &str) {
        let track = self.place(id.0, parent, name);
        let thread = id.0 + 1;
        if parent.is_none() {
            self.state_process(out, track.process, name);
        }
        let shown = if track.path.is_empty() {
            name
        } else {
            &track.path
        };
        let at = (track.process, thread);
        self.state(out, at, "thread_name", "name", &json(shown));
        self.state(
            out,
            at,
            "thread_sort_index",
            "sort_index",
            &thread.to_string(),
        );
        self.tracks.push(track);
    }

    fn counter(
        &mut self,
        out: &mut Vec<u8>,
        id: CounterId,
        parent: Option<TrackId>,
        name: &str,
        unit: &str,
    ) {
        let mut track = self.place(id.0, parent, name);
        let mut shown = name;
        if parent.is_none() {
            self.state_process(out, track.process, name);
        } else {
            shown = &track.path;
        }
        let unit = if unit.is_empty() { "value" } else { unit };
        track.counter = Some((json(shown), json(unit)));
        self.tracks.push(track);
    }

    fn name(&mut self, _out: &mut Vec<u8>, _id: NameId, name: &str) {
        self.names.push(json(name));
    }

    fn slice(&mut self, out: &mut Vec<u8>, slice: &Slice<'_>) {
        let process = self.process_of(slice.track.0);
        self.begin_event(out, 'X', process, slice.track.0 + 1);
        let name = |id: NameId| {
            self.names
                .get(id.0 as usize)
                .map_or("\"?\"", String::as_str)
        };
        append(out, format_args!(",\"name\":{},\"ts\":", name(slice.name)));
        write_microseconds(out, slice.start_ps);
        out.extend_from_slice(b",\"dur\":");
        write_microseconds(out, slice.end_ps - slice.start_ps);
        if !slice.arguments.is_empty() {
            out.extend_from_slice(b",\"args\":{");
            for (number, &(argument, value)) in slice.arguments.iter().enumerate() {
                let comma = if number > 0 { "," } else { "" };
                append(out, format_args!("{comma}{}:{value}", name(argument)));
            }
            out.push(b'}');
        }
        out.push(b'}');
        for flow in slice.flows {
            self.flow(out, slice, flow);
        }
    }

    fn value(&mut self, out: &mut Vec<u8>, counter: CounterId, at_ps: u64, value: f64) {
        let process = self.process_of(counter.0);
        self.begin_event(out, 'C', process, process);
        let track = self.tracks.get(counter.0 as usize);
        let (name, unit) = track
            .and_then(|track| track.counter.as_ref())
            .map_or(("\"?\"", "\"value\""), |(name, unit)| (name, unit));
        append(out, format_args!(",\"name\":{name},\"ts\":"));
        write_microseconds(out, at_ps);
        append(out, format_args!(",\"args\":{{{unit}:{value}}}}}"));
    }

    fn finish(
        &mut self,
        out: &mut Vec<u8>,
        _track: TrackId,
        _at_ps: u64,
        statements: &[(String, String)],
    ) {
        out.extend_from_slice(b"\n],\"otherData\":{");
        for (number, (what, text)) in statements.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            append(out, format_args!("{comma}\n{}:{}", json(what), json(text)));
        }
        out.extend_from_slice(b"\n}}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_exact() {
        for (picoseconds, text) in [
            (0, "0"),
            (1, "0.000001"),
            (625, "0.000625"),
            (1_000_000, "1"),
            (1_250_000, "1.25"),
            (10_000_010, "10.00001"),
            (u64::MAX, "18446744073709.551615"),
        ] {
            let mut out = Vec::new();
            write_microseconds(&mut out, picoseconds);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
