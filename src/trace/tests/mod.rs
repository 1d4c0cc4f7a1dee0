//! Traces written and read again.

mod bounds;
mod recorder;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use proptest::prelude::*;
use prost::Message;
use serde_json::Value;

use super::perfetto_proto::{EventType, TracePacket, TrackDescriptor};
use super::*;

/// `Trace` of Perfetto's trace.proto.
#[derive(Clone, PartialEq, Message)]
struct Trace {
    #[prost(message, repeated, tag = "1")]
    packet: Vec<TracePacket>,
}

const FORMATS: [TraceFormat; 2] = [TraceFormat::Perfetto, TraceFormat::ChromeJson];

fn written(
    format: TraceFormat,
    options: TraceOptions,
    describe: impl FnOnce(&mut dyn TraceSink),
) -> (Vec<u8>, TraceSummary) {
    let mut writer = TraceWriter::new(Vec::new(), format, options);
    describe(&mut writer);
    writer.finish().unwrap()
}

fn plain(track: TrackId, name: NameId, start_ps: u64, end_ps: u64) -> Slice<'static> {
    Slice {
        track,
        name,
        start_ps,
        end_ps,
        arguments: &[],
        flows: &[],
    }
}

/// A tile is loaded, then computed in two folds; a buffer fills and empties.
fn tiny(sink: &mut dyn TraceSink) {
    let array = sink.track(None, "pe_array");
    let folds = sink.track(Some(array), "folds");
    let dma = sink.track(None, "dma");
    let level = sink.counter(Some(dma), "occupancy", "bytes");
    let tile = sink.name("tile");
    let fold = sink.name("fold \"é\"");
    let number = sink.name("number");
    let flow = |part| [Flow { id: 7, part }];
    sink.value(level, 0, 0.0);
    sink.slice(Slice {
        flows: &flow(FlowPart::Start),
        ..plain(dma, tile, 1_000, 3_500)
    });
    sink.value(level, 3_500, 512.0);
    sink.slice(Slice {
        arguments: &[(number, 3), (tile, u64::MAX)],
        flows: &flow(FlowPart::Through),
        ..plain(array, tile, 3_500, 1_250_625)
    });
    sink.slice(Slice {
        flows: &flow(FlowPart::End),
        ..plain(folds, fold, 3_500, 4_125)
    });
    sink.slice(plain(folds, fold, 4_125, 1_250_625));
    sink.value(level, 1_250_625, 0.5);
}

fn options() -> TraceOptions {
    TraceOptions {
        metadata: vec![("network".into(), "tiny".into())],
        ..TraceOptions::default()
    }
}

/// The fields of a protobuf message by number, read without its declaration.
fn dump(mut bytes: &[u8], indent: usize, out: &mut String) {
    while !bytes.is_empty() {
        let key = prost::decode_length_delimiter(&mut bytes).unwrap();
        write!(out, "{:indent$}{}: ", "", key >> 3).unwrap();
        match key & 7 {
            0 => {
                let mut value = 0_u64;
                for shift in (0..).step_by(7) {
                    let (byte, rest) = bytes.split_first().unwrap();
                    bytes = rest;
                    value |= u64::from(byte & 0x7f) << shift;
                    if byte & 0x80 == 0 {
                        break;
                    }
                }
                writeln!(out, "{value}").unwrap();
            }
            1 => {
                let (value, rest) = bytes.split_first_chunk::<8>().unwrap();
                bytes = rest;
                writeln!(out, "{:#018x}", u64::from_le_bytes(*value)).unwrap();
            }
            2 => {
                let length = prost::decode_length_delimiter(&mut bytes).unwrap();
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                match std::str::from_utf8(value) {
                    Ok(text) if !text.chars().any(char::is_control) => {
                        writeln!(out, "{text:?}").unwrap();
                    }
                    _ => {
                        out.push('\n');
                        dump(value, indent + 2, out);
                    }
                }
            }
            wire_type => panic!("wire type {wire_type}"),
        }
    }
}

#[test]
fn perfetto_golden() {
    let (bytes, summary) = written(TraceFormat::Perfetto, options(), tiny);
    assert_eq!((summary.slices, summary.values), (4, 3));
    let mut text = String::new();
    dump(&bytes, 0, &mut text);
    insta::assert_snapshot!("perfetto", text);
}

#[test]
fn chrome_golden() {
    let (bytes, _) = written(TraceFormat::ChromeJson, options(), tiny);
    insta::assert_snapshot!("chrome", String::from_utf8(bytes).unwrap());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in FORMATS {
        let first = written(format, options(), tiny);
        assert_eq!(first, written(format, options(), tiny));
    }
}

/// A slice as a viewer shows it: track, name, beginning and end in nanoseconds, depth.
type Shown = (u64, u64, u64, u64, usize);

/// The slices of a Perfetto trace as the format defines them: packets in the order of time, and of
/// the file among equal times; an end closes the innermost open slice of its track.
fn shown(bytes: &[u8]) -> Vec<Shown> {
    let mut packets = Trace::decode(bytes).unwrap().packet;
    packets.retain(|packet| packet.track_event.is_some());
    packets.sort_by_key(|packet| packet.timestamp);
    let mut open: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    let mut shown = Vec::new();
    for packet in packets {
        let (at, event) = (packet.timestamp.unwrap(), packet.track_event.unwrap());
        let track = event.track_uuid.unwrap();
        let stack = open.entry(track).or_default();
        match event.r#type() {
            EventType::SliceBegin => stack.push((event.name_iid.unwrap(), at)),
            EventType::SliceEnd => {
                let (name, start) = stack.pop().expect("an end without a beginning");
                shown.push((track, name, start, at, stack.len()));
            }
            _ => {}
        }
    }
    assert!(open.values().all(Vec::is_empty), "a slice without an end");
    shown.sort_unstable();
    shown
}

/// Slices of one track that lie side by side or within one another, from the outer to the inner:
/// each cut divides the slice given by its number.
fn nested(cuts: &[(usize, u64, u64)]) -> Vec<(u64, u64, usize)> {
    let mut slices = vec![(0, 1_000_000, 0)];
    let mut free: Vec<(u64, u64, usize)> = slices.clone();
    for &(place, from, length) in cuts {
        // The part of a slice behind its last child is free for the next one.
        let place = place % free.len();
        let (start, end, depth) = free[place];
        let child_start = start + from % (end - start + 1);
        let child_end = child_start + length % (end - child_start + 1);
        free[place].0 = child_end;
        free.push((child_start, child_end, depth + 1));
        slices.push((child_start, child_end, depth + 1));
    }
    slices.sort_by_key(|slice| slice.0);
    slices
}

proptest! {
    #[test]
    fn perfetto_keeps_nesting_when_rounded(
        cuts in prop::collection::vec((0_usize..100, 0_u64..20_000, 0_u64..90_000), 0..40),
    ) {
        let slices = nested(&cuts);
        let (bytes, _) = written(TraceFormat::Perfetto, TraceOptions::default(), |sink| {
            let track = sink.track(None, "track");
            for (number, &(start, end, _)) in slices.iter().enumerate() {
                let name = sink.name(&number.to_string());
                sink.slice(plain(track, name, start, end));
            }
        });
        // A slice that is shown with no length may stand beside its outer one, not within it: times
        // are compared for all slices, name and depth for those with a length.
        let shown = shown(&bytes);
        let mut times: Vec<_> = shown.iter().map(|each| (each.2, each.3)).collect();
        let mut expected: Vec<_> =
            slices.iter().map(|&(start, end, _)| (start / 1_000, end / 1_000)).collect();
        times.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(times, expected);
        for (_, name, start, end, depth) in shown {
            let (true_start, true_end, true_depth) = slices[name as usize - 1];
            if end > start {
                prop_assert_eq!((start, end), (true_start / 1_000, true_end / 1_000));
                prop_assert_eq!(depth, true_depth);
            }
        }
    }

    #[test]
    fn chrome_keeps_every_picosecond(start in 0_u64..1 << 50, length in 0_u64..1 << 50) {
        let (bytes, _) = written(TraceFormat::ChromeJson, TraceOptions::default(), |sink| {
            let track = sink.track(None, "track");
            let name = sink.name("slice");
            sink.slice(plain(track, name, start, start + length));
        });
        let text = String::from_utf8(bytes).unwrap();
        let picoseconds = |key: &str| {
            let rest = text.split(key).nth(1).unwrap();
            let number = rest.split([',', '}']).next().unwrap();
            let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
            format!("{whole}{decimals:0<6}").parse::<u64>().unwrap()
        };
        prop_assert_eq!(picoseconds("\"ts\":"), start);
        prop_assert_eq!(picoseconds("\"dur\":"), length);
    }
}

#[test]
fn perfetto_tracks_and_flows() {
    let (bytes, _) = written(TraceFormat::Perfetto, options(), tiny);
    let packets = Trace::decode(&bytes[..]).unwrap().packet;
    let descriptors: Vec<&TrackDescriptor> = packets
        .iter()
        .filter_map(|packet| packet.track_descriptor.as_ref())
        .collect();
    let by_name = |name: &str| {
        descriptors
            .iter()
            .find(|each| each.name.as_deref() == Some(name))
            .unwrap()
    };
    assert_eq!(by_name("folds").parent_uuid, by_name("pe_array").uuid);
    assert_eq!(by_name("occupancy").parent_uuid, by_name("dma").uuid);
    let unit = by_name("occupancy").counter.as_ref().unwrap();
    assert_eq!(unit.unit_name.as_deref(), Some("bytes"));
    let flows: Vec<_> = packets
        .iter()
        .filter_map(|packet| packet.track_event.as_ref())
        .map(|event| (event.flow_ids.clone(), event.terminating_flow_ids.clone()))
        .filter(|flows| *flows != (vec![], vec![]))
        .collect();
    assert_eq!(
        flows,
        [(vec![7], vec![]), (vec![7], vec![]), (vec![], vec![7])]
    );
    assert!(
        packets
            .iter()
            .all(|packet| packet.trusted_packet_sequence_id == Some(1))
    );
}

#[test]
fn chrome_events_and_flows() {
    let (bytes, _) = written(TraceFormat::ChromeJson, options(), tiny);
    let trace: Value = serde_json::from_slice(&bytes).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of_phase =
        |phase: &str| -> Vec<&Value> { events.iter().filter(|each| each["ph"] == phase).collect() };
    let slices = of_phase("X");
    assert_eq!(slices.len(), 4);
    assert_eq!(slices[1]["args"]["number"], 3);
    assert_eq!(slices[1]["args"]["tile"], u64::MAX);
    assert_eq!(slices[2]["name"], "fold \"é\"");
    // A track within another is a thread of the same process.
    assert_eq!(slices[2]["pid"], slices[1]["pid"]);
    assert_ne!(slices[2]["tid"], slices[1]["tid"]);
    let values: Vec<&Value> = of_phase("C")
        .iter()
        .map(|each| &each["args"]["bytes"])
        .collect();
    assert_eq!(values, [0.0, 512.0, 0.5]);
    for (phase, slice) in [("s", 0), ("t", 1), ("f", 2)] {
        let steps = of_phase(phase);
        assert_eq!(steps.len(), 1);
        for key in ["pid", "tid", "ts"] {
            assert_eq!(steps[0][key], slices[slice][key]);
        }
        assert_eq!(steps[0]["id"], "0x7");
    }
    assert_eq!(trace["otherData"]["network"], "tiny");
    assert_eq!(trace["otherData"]["left out"], "nothing was left out");
}

#[test]
fn an_empty_trace_is_valid() {
    let (bytes, _) = written(TraceFormat::ChromeJson, TraceOptions::default(), |_| {});
    let trace: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(trace["traceEvents"], Value::Array(vec![]));
    let (bytes, _) = written(TraceFormat::Perfetto, TraceOptions::default(), |_| {});
    assert!(shown(&bytes).is_empty());
}

#[test]
fn window_takes_what_overlaps_it() {
    let window = TraceOptions {
        from_ps: 10_000,
        to_ps: 20_000,
        ..TraceOptions::default()
    };
    let describe = |sink: &mut dyn TraceSink| {
        let track = sink.track(None, "track");
        let (level, idle) = (
            sink.counter(None, "level", ""),
            sink.counter(None, "idle", ""),
        );
        let name = sink.name("slice");
        for (start, end) in [
            (0, 9_000),
            (5_000, 10_000),      // touches the start
            (9_000, 11_000),      // in
            (10_000, 10_000),     // in
            (12_000, 12_000),     // in
            (19_000, 90_000),     // in, whole
            (20_000, 21_000),     // begins at the end
            (u64::MAX, u64::MAX), // far beyond
        ] {
            sink.slice(plain(track, name, start, end));
        }
        for (at, value) in [(1, 1.0), (2, 2.0), (15_000, 3.0), (20_000, 4.0)] {
            sink.value(level, at, value);
        }
        sink.value(idle, 3, 5.0);
    };
    for format in FORMATS {
        let (_, summary) = written(format, window.clone(), describe);
        let expected = TraceSummary {
            slices: 4,
            // 2 and 3 of `level`, 5 of `idle`.
            values: 3,
            slices_out_of_order: 0,
            left_out: LeftOut {
                slices_outside_window: 4,
                values_outside_window: 2,
                ..LeftOut::default()
            },
        };
        assert_eq!(summary, expected);
    }
    let (bytes, _) = written(TraceFormat::ChromeJson, window, describe);
    let trace: Value = serde_json::from_slice(&bytes).unwrap();
    let values: Vec<(f64, f64)> = trace["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|each| each["ph"] == "C")
        .map(|each| {
            let value = each["args"]["value"].as_f64().unwrap();
            (each["ts"].as_f64().unwrap(), value)
        })
        .collect();
    assert_eq!(values, [(0.01, 2.0), (0.015, 3.0), (0.01, 5.0)]);
    let left_out = trace["otherData"]["left out"].as_str().unwrap();
    assert!(left_out.contains("4 slices and 2 values outside the time window"));
}

#[test]
fn limit_counts_what_it_leaves_out() {
    let options = TraceOptions {
        max_events: 5,
        ..TraceOptions::default()
    };
    for format in FORMATS {
        let (bytes, summary) = written(format, options.clone(), |sink| {
            let track = sink.track(None, "track");
            let level = sink.counter(None, "level", "");
            let name = sink.name("slice");
            for number in 0..6 {
                sink.slice(plain(track, name, number, number + 1));
                sink.value(level, number, f64::from(number as u32));
            }
            sink.value(level, 9, f64::NAN);
        });
        let left_out = LeftOut {
            slices_over_limit: 3,
            values_over_limit: 4,
            values_not_finite: 1,
            ..LeftOut::default()
        };
        assert_eq!((summary.slices, summary.values), (3, 2));
        assert_eq!(summary.left_out, left_out);
        // The trace itself says so.
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(&left_out.to_string()), "{text}");
    }
}

#[test]
fn thousandfold_shows_picoseconds_as_nanoseconds() {
    let options = TraceOptions {
        scale: TimeScale::Thousandfold,
        ..TraceOptions::default()
    };
    let (bytes, _) = written(TraceFormat::Perfetto, options, |sink| {
        let track = sink.track(None, "track");
        let name = sink.name("slice");
        sink.slice(plain(track, name, 625, 1_250));
    });
    assert_eq!(shown(&bytes), [(1, 1, 625, 1_250, 0)]);
}

#[test]
fn slices_out_of_order_are_counted() {
    let (bytes, summary) = written(TraceFormat::ChromeJson, TraceOptions::default(), |sink| {
        let (a, b) = (sink.track(None, "a"), sink.track(None, "b"));
        let name = sink.name("slice");
        for (track, start) in [(a, 5), (b, 1), (a, 5), (a, 4), (b, 2)] {
            sink.slice(plain(track, name, start, start + 1));
        }
    });
    assert_eq!(summary.slices_out_of_order, 1);
    let trace: Value = serde_json::from_slice(&bytes).unwrap();
    let text = &trace["otherData"]["slices out of order"];
    assert_eq!(text, "1, may be shown wrongly");
}

/// Takes a number of bytes, then fails; notes the largest piece.
struct Limited {
    left: usize,
    largest: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.largest = self.largest.max(bytes.len());
        let rest = self.left.checked_sub(bytes.len());
        self.left = rest.ok_or_else(|| io::Error::other("disk full"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn long(writer: &mut TraceWriter<Limited>) {
    let track = writer.track(None, "track");
    let name = writer.name("slice");
    for number in 0..50_000 {
        writer.slice(plain(track, name, number, number + 1));
    }
}

#[test]
fn output_goes_out_in_pieces() {
    for format in FORMATS {
        let output = Limited {
            left: usize::MAX,
            largest: 0,
        };
        let mut writer = TraceWriter::new(output, format, TraceOptions::default());
        long(&mut writer);
        let (output, _) = writer.finish().unwrap();
        assert!(output.largest < 70_000);
        assert!(usize::MAX - output.left > 1_000_000);
    }
}

#[test]
fn first_error_comes_from_finish() {
    for format in FORMATS {
        let output = Limited {
            left: 100_000,
            largest: 0,
        };
        let mut writer = TraceWriter::new(output, format, TraceOptions::default());
        long(&mut writer);
        let error = writer.finish().map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "disk full");
    }
}

fn names_in(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn file_has_its_name_only_when_complete() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("run.json");
    let create = || TraceFile::create(&target, TraceFormat::ChromeJson, options()).unwrap();

    let mut abandoned = create();
    tiny(&mut abandoned);
    assert!(!target.exists());
    drop(abandoned);
    assert!(names_in(folder.path()).is_empty());

    std::fs::write(&target, "earlier").unwrap();
    let mut file = create();
    tiny(&mut file);
    assert_eq!(std::fs::read(&target).unwrap(), b"earlier");
    file.finish().unwrap();
    assert_eq!(names_in(folder.path()), ["run.json"]);
    let (bytes, _) = written(TraceFormat::ChromeJson, options(), tiny);
    assert_eq!(std::fs::read(&target).unwrap(), bytes);
}

#[test]
fn missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("missing").join("run.pftrace");
    let created = TraceFile::create(&target, TraceFormat::Perfetto, TraceOptions::default());
    assert!(created.is_err());
}
