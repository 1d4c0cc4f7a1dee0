//! Runs recorded, and their traces read again.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;

use crate::arch::{NetworkOptions, Operand};
use crate::hw::{Cause, Observer, tick_rate};
use crate::mapping::Schedule;
use crate::sim::Tick;
use crate::sweep::{DesignPoint, Job, JobResult, LayerOutcome};
use crate::trace::perfetto_proto::{EventType, TracePacket};
use crate::trace::*;
use crate::workload::{self, Network};

const CANDIDATE: &str = "axbxp_k4_8x8";

/// Recorded thousandfold, so that the trace's nanoseconds are picoseconds.
fn exact() -> TraceOptions {
    TraceOptions {
        scale: TimeScale::Thousandfold,
        ..TraceOptions::default()
    }
}

struct Recorded {
    bytes: Vec<u8>,
    summary: TraceSummary,
    result: JobResult,
    network: Network,
    cycle_ps: u64,
    burst_bytes: u32,
    pes: u64,
}

fn record(architecture: &str, format: TraceFormat, options: TraceOptions) -> Recorded {
    record_across(architecture, NetworkOptions::OFF, format, options)
}

fn record_across(
    architecture: &str,
    across: NetworkOptions,
    format: TraceFormat,
    options: TraceOptions,
) -> Recorded {
    let point = DesignPoint::open(architecture, None).unwrap();
    let network = workload::open("tiny").unwrap();
    let info = RecorderInfo {
        tick_rate: tick_rate(&point.architecture, &point.dram).unwrap(),
        layers: network.layers.iter().map(|l| l.name.clone()).collect(),
        channels: point.architecture.dram.channels,
    };
    let sink = TraceWriter::new(Vec::new(), format, options);
    let mut recorder = TraceRecorder::new(sink, info);
    let job = Job::new(&point, &network).across(across).plan().unwrap();
    let result = job.run(&mut recorder, &|_| ()).unwrap();
    let (bytes, summary) = recorder.into_sink().finish().unwrap();
    Recorded {
        bytes,
        summary,
        result,
        network,
        cycle_ps: 1_000_000_000 / point.architecture.core_clock_khz,
        burst_bytes: point.dram.burst_bytes(),
        pes: point.architecture.array.pes(),
    }
}

#[derive(Debug, Clone, Default)]
struct Shown {
    name: String,
    from: u64,
    to: u64,
    arguments: BTreeMap<String, u64>,
    /// Started or passed on.
    flows: Vec<u64>,
    ended_flows: Vec<u64>,
}

/// A Perfetto trace by the paths of its tracks.
#[derive(Default)]
struct Decoded {
    slices: BTreeMap<String, Vec<Shown>>,
    values: BTreeMap<String, Vec<(u64, f64)>>,
}

/// Decodes a trace in which each slice's end follows its beginning in the file.
fn decode(bytes: &[u8]) -> Decoded {
    #[derive(Clone, PartialEq, Message)]
    struct Trace {
        #[prost(message, repeated, tag = "1")]
        packet: Vec<TracePacket>,
    }
    let mut paths = BTreeMap::<u64, String>::new();
    let mut names = BTreeMap::<u64, String>::new();
    let mut decoded = Decoded::default();
    let mut open = Shown::default();
    for packet in Trace::decode(bytes).unwrap().packet {
        if let Some(track) = packet.track_descriptor {
            let name = track.name.unwrap_or_default();
            let path = match track.parent_uuid {
                Some(parent) => format!("{}/{name}", paths[&parent]),
                None => name,
            };
            assert!(!paths.values().any(|other| *other == path), "{path} twice");
            paths.insert(track.uuid.unwrap(), path);
        }
        for name in packet.interned_data.iter().flat_map(|d| &d.event_names) {
            names.insert(name.iid.unwrap(), name.name.clone().unwrap());
        }
        let Some(event) = packet.track_event else {
            continue;
        };
        let at = packet.timestamp.unwrap();
        let path = &paths[&event.track_uuid.unwrap()];
        match event.r#type() {
            EventType::SliceBegin => {
                open = Shown {
                    name: names[&event.name_iid.unwrap()].clone(),
                    from: at,
                    to: at,
                    arguments: event
                        .debug_annotations
                        .iter()
                        .map(|a| (names[&a.name_iid.unwrap()].clone(), a.uint_value.unwrap()))
                        .collect(),
                    flows: event.flow_ids,
                    ended_flows: event.terminating_flow_ids,
                }
            }
            EventType::SliceEnd => {
                open.to = at;
                let slices = decoded.slices.entry(path.clone()).or_default();
                slices.push(std::mem::take(&mut open));
            }
            EventType::Counter => {
                let value = (at, event.double_counter_value.unwrap());
                decoded.values.entry(path.clone()).or_default().push(value);
            }
            _ => {}
        }
    }
    decoded
}

impl Decoded {
    /// Slices of both engines, in the order of time.
    fn engine(&self) -> Vec<&Shown> {
        let mut slices: Vec<_> = ["PE array/steps", "vector unit/steps"]
            .iter()
            .flat_map(|track| &self.slices[*track])
            .collect();
        slices.sort_by_key(|slice| slice.from);
        slices
    }

    /// Slices of tracks whose path begins so.
    fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Shown> {
        self.slices
            .iter()
            .filter(move |(track, _)| track.starts_with(path))
            .flat_map(|(_, slices)| slices)
    }
}

fn schedules(recorded: &Recorded) -> Vec<Schedule> {
    let layers = recorded.result.layers.iter();
    layers
        .map(|layer| layer.planned.mapping.plan.schedule())
        .collect()
}

#[test]
fn every_step_and_transfer_has_a_slice() {
    for architecture in [CANDIDATE, "fxp8_8x8"] {
        let recorded = record(architecture, TraceFormat::Perfetto, exact());
        let trace = decode(&recorded.bytes);
        let layers = &trace.slices["controller/layers"];
        assert_eq!(layers.len(), recorded.network.layers.len());
        for (index, schedule) in schedules(&recorded).iter().enumerate() {
            let layer = &layers[index];
            let run = &recorded.result.layers[index].run;
            assert_eq!(layer.name, recorded.network.layers[index].name);
            assert_eq!(layer.from, run.begin_cycle * recorded.cycle_ps);
            assert_eq!(layer.to, run.end_cycle * recorded.cycle_ps);
            assert_eq!(layer.arguments["MACs"], run.array.macs);
            assert_eq!(layer.arguments["bytes loaded"], run.dma.loaded_bytes);
            assert_eq!(layer.arguments["bytes stored"], run.dma.stored_bytes);
            let within = |slice: &&Shown| layer.from <= slice.from && slice.from < layer.to;
            let steps: Vec<_> = trace
                .engine()
                .into_iter()
                .filter(|slice| slice.arguments.contains_key("step"))
                .filter(|slice| within(slice))
                .map(|slice| slice.name.clone())
                .collect();
            let expected: Vec<_> = (0..schedule.steps.len())
                .map(|step| format!("step {step}"))
                .collect();
            assert_eq!(steps, expected);
            let moved: BTreeSet<_> = trace
                .below("DMA/")
                .filter(within)
                .map(|slice| slice.arguments["transfer"])
                .collect();
            assert_eq!(moved, (0..schedule.transfers.len() as u64).collect());
        }
    }
}

#[test]
fn slices_of_a_track_lie_one_after_the_other() {
    let recorded = record(CANDIDATE, TraceFormat::Perfetto, exact());
    assert_eq!(recorded.summary.slices_out_of_order, 0);
    for (track, slices) in decode(&recorded.bytes).slices {
        for pair in slices.windows(2) {
            assert!(pair[0].to <= pair[1].from, "{track}: {pair:?}");
        }
    }
}

/// Layers that overlap lie side by side, and what the array computes is what the counter shows.
#[test]
fn layers_that_overlap_have_tracks_of_their_own() {
    let all = NetworkOptions {
        fusion: true,
        residency: true,
        prefetch: true,
    };
    for architecture in [CANDIDATE, "fxp8_32x32_ws"] {
        let recorded = record_across(architecture, all, TraceFormat::Perfetto, exact());
        let trace = decode(&recorded.bytes);
        for (track, slices) in &trace.slices {
            let apart = |pair: &[Shown]| pair[0].to <= pair[1].from;
            assert!(slices.windows(2).all(apart), "{track}: {slices:#?}");
        }
        let layers = &recorded.result.layers;
        assert_eq!(trace.below("controller/").count(), layers.len());
        assert!(trace.slices.contains_key("controller/layers/lane 2"));
        let steps: u64 = layers.iter().map(|layer| layer.run.tiles).sum();
        let shown = trace.engine();
        let shown = shown.iter().filter(|slice| slice.name.starts_with("step "));
        assert_eq!(shown.count() as u64, steps);
        let values = &trace.values["PE array/PE utilization"];
        let rising = |pair: &[(u64, f64)]| pair[0].0 < pair[1].0;
        assert!(values.windows(2).all(rising), "{values:?}");
        let parts = values.windows(2);
        let area: f64 = parts.map(|p| (p[1].0 - p[0].0) as f64 * p[0].1).sum();
        let computing = |layer: &LayerOutcome| layer.run.causes.get(Cause::Computing);
        let computing: u64 = layers.iter().map(computing).sum();
        let counted = (computing * recorded.cycle_ps / recorded.pes) as f64;
        let shown = area / 100.0;
        assert!(
            (shown - counted).abs() < 1e-6 * counted,
            "{shown} {counted}"
        );
    }
}

#[test]
fn steps_and_waits_cover_each_layer() {
    for architecture in [CANDIDATE, "fxp8_8x8"] {
        let recorded = record(architecture, TraceFormat::Perfetto, exact());
        let trace = decode(&recorded.bytes);
        let engine = trace.engine();
        for pair in engine.windows(2) {
            assert_eq!(pair[0].to, pair[1].from, "{pair:?}");
        }
        let layers = &trace.slices["controller/layers"];
        assert_eq!(engine[0].from, layers[0].from);
        assert_eq!(engine.last().unwrap().to, layers.last().unwrap().to);
        // What the slices say adds up to what the run counted, cause by cause.
        let pe_cycles = |slice: &Shown| (slice.to - slice.from) / recorded.cycle_ps * recorded.pes;
        for cause in Cause::ALL {
            let label = format!("PE-cycles: {}", cause.label());
            let shown: u64 = engine
                .iter()
                .map(|slice| match slice.arguments.get(&label) {
                    Some(&within) => within,
                    None if slice.name == cause.label() => pe_cycles(slice),
                    None => 0,
                })
                .sum();
            let layers = recorded.result.layers.iter();
            let counted: u64 = layers.map(|layer| layer.run.causes.get(cause)).sum();
            assert_eq!(shown, counted, "{}", cause.label());
        }
        for step in engine.iter().filter(|s| s.arguments.contains_key("step")) {
            let parts = step.arguments.iter();
            let within: u64 = parts
                .filter(|(name, _)| name.starts_with("PE-cycles"))
                .map(|(_, cycles)| cycles)
                .sum();
            assert_eq!(within, pe_cycles(step));
        }
    }
}

#[test]
fn flows_lead_from_loads_through_steps_to_stores() {
    for architecture in [CANDIDATE, "fxp8_8x8"] {
        let recorded = record(architecture, TraceFormat::Perfetto, exact());
        let trace = decode(&recorded.bytes);
        let loads: Vec<_> = trace.below("DMA/load").collect();
        let stores: Vec<_> = trace.below("DMA/store").collect();
        let starts: BTreeMap<u64, &Shown> = loads.iter().map(|s| (s.flows[0], *s)).collect();
        let ends: BTreeMap<u64, &Shown> = stores.iter().map(|s| (s.ended_flows[0], *s)).collect();
        assert_eq!(starts.len(), loads.len(), "one flow for each load");
        assert_eq!(ends.len(), stores.len(), "one flow for each store");
        assert_eq!(starts.keys().next(), Some(&1));
        let steps = trace.engine();
        for (id, load) in &starts {
            let users: Vec<_> = steps
                .iter()
                .filter(|s| s.flows.contains(id) || s.ended_flows.contains(id))
                .collect();
            assert!(users[0].from >= load.to, "a step before its operand");
            match ends.get(id) {
                // Passed on by every step of the output tile.
                Some(store) => {
                    assert!(users.iter().all(|step| step.flows.contains(id)));
                    assert!(users.iter().all(|step| step.to <= store.from));
                }
                None => assert!(users.len() == 1 && users[0].ended_flows.contains(id)),
            }
        }
        // By number: the loads of a step are those that the schedule names.
        let mut before = 0;
        let mut steps = steps.iter().filter(|s| s.arguments.contains_key("step"));
        for schedule in schedules(&recorded) {
            for step in &schedule.steps {
                let shown = steps.next().unwrap();
                for load in step.loads.iter().cloned().flatten() {
                    let id = before + u64::from(load) + 1;
                    assert!(shown.flows.contains(&id) || shown.ended_flows.contains(&id));
                }
            }
            before += schedule.transfers.len() as u64;
        }
    }
}

/// Bytes of all bursts that a run tells of.
fn bursts_of_a_run(architecture: &str) -> u64 {
    struct Tally(u64);
    impl Observer for Tally {
        fn burst(&mut self, _channel: u32, bytes: u32, _at: Tick) {
            self.0 += u64::from(bytes);
        }
    }
    let point = DesignPoint::open(architecture, None).unwrap();
    let network = workload::open("tiny").unwrap();
    let mut tally = Tally(0);
    let job = Job::new(&point, &network).plan().unwrap();
    job.run(&mut tally, &|_| ()).unwrap();
    tally.0
}

#[test]
fn counters_agree_with_the_run() {
    let recorded = record(CANDIDATE, TraceFormat::Perfetto, exact());
    let trace = decode(&recorded.bytes);
    for (counter, values) in &trace.values {
        let rising = |pair: &[(u64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1;
        assert!(values.windows(2).all(rising), "{counter}: {values:?}");
        assert_eq!(values.last().unwrap().1, 0.0, "{counter} at the end");
    }
    // Area below a counter, in its unit times picoseconds.
    let area = |values: &[(u64, f64)]| -> f64 {
        let parts = values.windows(2);
        parts.map(|p| (p[1].0 - p[0].0) as f64 * p[0].1).sum()
    };
    let bytes: f64 = trace
        .values
        .iter()
        .filter(|(counter, _)| counter.starts_with("DRAM/"))
        .map(|(_, values)| area(values) / 1e3)
        .sum();
    let layers = || recorded.result.layers.iter().map(|layer| &layer.run);
    let moved = bursts_of_a_run(CANDIDATE) as f64;
    assert!((bytes - moved).abs() < 1e-6 * moved, "{bytes} {moved}");
    // The write queues drain behind the last layer.
    let bursts: u64 = layers().map(|l| l.dram.reads + l.dram.writes).sum();
    assert!(moved >= (bursts * u64::from(recorded.burst_bytes)) as f64);
    let computing: u64 = layers().map(|l| l.causes.get(Cause::Computing)).sum();
    let shown = area(&trace.values["PE array/PE utilization"]) / 100.0;
    let counted = (computing * recorded.cycle_ps / recorded.pes) as f64;
    assert!(
        (shown - counted).abs() < 1e-6 * counted,
        "{shown} {counted}"
    );
    for operand in Operand::ALL {
        let slots = schedules(&recorded)
            .iter()
            .map(|schedule| schedule.slots[operand])
            .max();
        let values = &trace.values[&format!("buffers/{operand}")];
        let most = values.iter().map(|&(_, tiles)| tiles).fold(0.0, f64::max);
        assert!(most > 0.0 && most <= f64::from(slots.unwrap()));
    }
}

#[test]
fn a_run_is_not_changed_and_gives_the_same_bytes_twice() {
    let point = DesignPoint::open(CANDIDATE, None).unwrap();
    let network = workload::open("tiny").unwrap();
    let unobserved = Job::new(&point, &network).run().unwrap();
    for format in [TraceFormat::Perfetto, TraceFormat::ChromeJson] {
        let first = record(CANDIDATE, format, TraceOptions::default());
        let second = record(CANDIDATE, format, TraceOptions::default());
        assert_eq!(first.bytes, second.bytes);
        assert_eq!(first.result.cycles(), unobserved.cycles());
    }
}

#[test]
fn window_and_limit_hold() {
    let whole = record(CANDIDATE, TraceFormat::Perfetto, exact());
    let layers = decode(&whole.bytes).slices["controller/layers"].clone();
    let window = TraceOptions {
        from_ps: layers[1].from,
        to_ps: layers[1].to,
        ..exact()
    };
    let part = record(CANDIDATE, TraceFormat::Perfetto, window);
    let trace = decode(&part.bytes);
    let names: Vec<_> = trace.slices["controller/layers"]
        .iter()
        .map(|slice| &slice.name)
        .collect();
    assert_eq!(names, ["depthwise"]);
    let inside = |slice: &Shown| slice.from <= layers[1].to && slice.to >= layers[1].from;
    assert!(trace.slices.values().flatten().all(inside));
    let left_out = part.summary.left_out;
    assert_eq!(
        part.summary.slices + left_out.slices_outside_window,
        whole.summary.slices
    );
    let limit = TraceOptions {
        max_events: 50,
        ..exact()
    };
    let part = record(CANDIDATE, TraceFormat::Perfetto, limit);
    assert_eq!(part.summary.slices + part.summary.values, 50);
    let all = whole.summary.slices + whole.summary.values;
    assert_eq!(part.summary.left_out.total(), all - 50);
}

#[test]
fn chrome_json_has_the_same_slices() {
    let json = record(CANDIDATE, TraceFormat::ChromeJson, TraceOptions::default());
    let perfetto = record(CANDIDATE, TraceFormat::Perfetto, TraceOptions::default());
    assert_eq!(json.summary, perfetto.summary);
    let trace: serde_json::Value = serde_json::from_slice(&json.bytes).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let slices = events.iter().filter(|event| event["ph"] == "X").count();
    assert_eq!(slices as u64, json.summary.slices);
}
