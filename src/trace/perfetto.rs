//! Perfetto protobuf: a stream of `TracePacket`, all on one packet sequence.
//!
//! A slice is a packet for its beginning and one for its end. They are written together; the
//! reader orders packets by time and keeps the order of the file among equal times, and an end
//! closes the innermost open slice of its track. This is why slices of a track have to come in the
//! order of their beginnings: with the inverse order, of two slices that meet the later would be
//! opened before the earlier is closed.

use prost::Message;

use super::encoder::Encoder;
use super::perfetto_proto::{
    CounterDescriptor, DebugAnnotation, EventType, InternedData, InternedName, MERGE_NONE,
    NEEDS_STATE, ORDER_EXPLICIT, STATE_CLEARED, TracePacket, TrackDescriptor, TrackEvent,
};
use super::{CounterId, FlowPart, NameId, Slice, TrackId};

/// Key of `Trace.packet`: field 1, a length and that many bytes.
const PACKET_KEY: u8 = 0x0a;
/// Number of the packet sequence; any but zero.
const SEQUENCE: u32 = 1;
const PICOSECONDS_PER_NANOSECOND: u64 = 1_000;

/// The encoder. The packet of an event is reused, so that its lists keep their memory.
#[derive(Default)]
pub(super) struct Perfetto {
    event: TracePacket,
}

impl Perfetto {
    /// Appends an event's packet after `fill` has set what distinguishes it.
    fn event(
        &mut self,
        out: &mut Vec<u8>,
        at_ps: u64,
        kind: EventType,
        track: u32,
        fill: impl FnOnce(&mut TrackEvent),
    ) {
        self.event.timestamp = Some(at_ps / PICOSECONDS_PER_NANOSECOND);
        let event = self.event.track_event.get_or_insert_default();
        event.r#type = Some(kind as i32);
        event.track_uuid = Some(uuid(track));
        event.name_iid = None;
        event.double_counter_value = None;
        event.debug_annotations.clear();
        event.flow_ids.clear();
        event.terminating_flow_ids.clear();
        fill(event);
        append(out, &self.event);
    }
}

/// Zero stands for the root, so the tracks begin at one.
fn uuid(track: u32) -> u64 {
    u64::from(track) + 1
}

/// Zero stands for "not set", so the names begin at one.
fn iid(name: NameId) -> u64 {
    u64::from(name.0) + 1
}

#[expect(
    clippy::expect_used,
    reason = "a vector grows to the length of any packet"
)]
fn append(out: &mut Vec<u8>, packet: &TracePacket) {
    out.push(PACKET_KEY);
    packet
        .encode_length_delimited(out)
        .expect("a vector has room for every packet");
}

/// A packet that describes the sequence rather than an event.
fn stateful() -> TracePacket {
    TracePacket {
        trusted_packet_sequence_id: Some(SEQUENCE),
        sequence_flags: Some(NEEDS_STATE),
        ..TracePacket::default()
    }
}

fn describe(out: &mut Vec<u8>, track_descriptor: TrackDescriptor) {
    append(
        out,
        &TracePacket {
            track_descriptor: Some(track_descriptor),
            ..stateful()
        },
    );
}

/// A descriptor with what tracks and counters have in common. Ids grow in the order in which
/// tracks are added, so they serve as ranks.
fn descriptor(id: u32, parent: Option<TrackId>, name: &str) -> TrackDescriptor {
    TrackDescriptor {
        uuid: Some(uuid(id)),
        name: Some(name.to_owned()),
        parent_uuid: parent.map(|parent| uuid(parent.0)),
        sibling_order_rank: Some(i32::try_from(id).unwrap_or(i32::MAX)),
        sibling_merge_behavior: Some(MERGE_NONE),
        ..TrackDescriptor::default()
    }
}

impl Encoder for Perfetto {
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.event = stateful();
        let root = TrackDescriptor {
            uuid: Some(0),
            child_ordering: Some(ORDER_EXPLICIT),
            ..TrackDescriptor::default()
        };
        append(
            out,
            &TracePacket {
                trusted_packet_sequence_id: Some(SEQUENCE),
                sequence_flags: Some(STATE_CLEARED),
                first_packet_on_sequence: Some(true),
                track_descriptor: Some(root),
                ..TracePacket::default()
            },
        );
    }

    fn track(&mut self, out: &mut Vec<u8>, id: TrackId, parent: Option<TrackId>, name: &str) {
        let track = TrackDescriptor {
            child_ordering: Some(ORDER_EXPLICIT),
            ..descriptor(id.0, parent, name)
        };
        describe(out, track);
    }

    fn counter(
        &mut self,
        out: &mut Vec<u8>,
        id: CounterId,
        parent: Option<TrackId>,
        name: &str,
        unit: &str,
    ) {
        let counter = CounterDescriptor {
            unit_name: (!unit.is_empty()).then(|| unit.to_owned()),
        };
        let track = TrackDescriptor {
            counter: Some(counter),
            ..descriptor(id.0, parent, name)
        };
        describe(out, track);
    }

    fn name(&mut self, out: &mut Vec<u8>, id: NameId, name: &str) {
        let interned = InternedName {
            iid: Some(iid(id)),
            name: Some(name.to_owned()),
        };
        let data = InternedData {
            event_names: vec![interned.clone()],
            debug_annotation_names: vec![interned],
        };
        append(
            out,
            &TracePacket {
                interned_data: Some(data),
                ..stateful()
            },
        );
    }

    fn slice(&mut self, out: &mut Vec<u8>, slice: &Slice<'_>) {
        let track = slice.track.0;
        self.event(out, slice.start_ps, EventType::SliceBegin, track, |event| {
            event.name_iid = Some(iid(slice.name));
            let annotation = |&(name, value)| DebugAnnotation {
                name_iid: Some(iid(name)),
                uint_value: Some(value),
                ..DebugAnnotation::default()
            };
            event
                .debug_annotations
                .extend(slice.arguments.iter().map(annotation));
            for flow in slice.flows {
                match flow.part {
                    FlowPart::Start | FlowPart::Through => event.flow_ids.push(flow.id),
                    FlowPart::End => event.terminating_flow_ids.push(flow.id),
                }
            }
        });
        self.event(out, slice.end_ps, EventType::SliceEnd, track, |_| {});
    }

    fn value(&mut self, out: &mut Vec<u8>, counter: CounterId, at_ps: u64, value: f64) {
        self.event(out, at_ps, EventType::Counter, counter.0, |event| {
            event.double_counter_value = Some(value);
        });
    }

    fn finish(
        &mut self,
        out: &mut Vec<u8>,
        track: TrackId,
        at_ps: u64,
        statements: &[(String, String)],
    ) {
        describe(out, descriptor(track.0, None, "about this trace"));
        let annotation = |(what, text): &(String, String)| DebugAnnotation {
            name: Some(what.clone()),
            string_value: Some(text.clone()),
            ..DebugAnnotation::default()
        };
        self.event(out, at_ps, EventType::Instant, track.0, |event| {
            event.name = Some("about this trace".to_owned());
            event
                .debug_annotations
                .extend(statements.iter().map(annotation));
        });
    }
}
