//! What must not grow with a run: tracks, names, values of counters.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::arch::PerOperand;
use crate::graph::ProgramStep;
use crate::hw::Observer;
use crate::mapping::{Step, VectorWork, Work};
use crate::sim::{Khz, Tick};
use crate::trace::bandwidth::Bandwidth;
use crate::trace::lanes::Lanes;
use crate::trace::*;

/// Counts what it is told.
#[derive(Default)]
struct Counting {
    tracks: u32,
    names: u32,
    values: Vec<(u64, f64)>,
    slices: u64,
}

impl TraceSink for Counting {
    fn track(&mut self, _parent: Option<TrackId>, _name: &str) -> TrackId {
        self.tracks += 1;
        TrackId(self.tracks)
    }
    fn counter(&mut self, _parent: Option<TrackId>, _name: &str, _unit: &str) -> CounterId {
        CounterId(0)
    }
    fn name(&mut self, _name: &str) -> NameId {
        self.names += 1;
        NameId(self.names)
    }
    fn slice(&mut self, _slice: Slice<'_>) {
        self.slices += 1;
    }
    fn value(&mut self, _counter: CounterId, at_ps: u64, value: f64) {
        self.values.push((at_ps, value));
    }
}

#[test]
fn names_of_a_huge_layer_stay_bounded() {
    let info = RecorderInfo {
        tick_rate: Khz(1_000_000),
        layers: Vec::new(),
        channels: 1,
    };
    let mut recorder = TraceRecorder::new(Counting::default(), info);
    recorder.layer_begins(0, Tick::ZERO);
    let mut what = ProgramStep {
        layer: 0,
        number: 0,
        holder: 0,
        takes: None,
        keeps_bits: 0,
        step: Step {
            loads: PerOperand::of(|_| 0..0),
            begins: PerOperand::same(false),
            ends: PerOperand::same(false),
            stores: 0..0,
            work: Work::Vector(VectorWork {
                operations: 0,
                input_bits: 0,
                output_bits: 0,
                values: 1,
            }),
        },
        loads_after: PerOperand::same(0),
    };
    let steps = 4 * recorder::NAMED_STEPS;
    for step in 0..steps {
        let at = Tick(u64::from(step));
        what.number = step;
        recorder.converted(step, &what, 1, at, at.after(1));
    }
    recorder.layer_ends(0, Tick(u64::from(steps)));
    let sink = recorder.into_sink();
    assert_eq!(sink.slices, u64::from(steps) + 1);
    assert!(sink.names < recorder::NAMED_STEPS + 100);
    assert!(sink.tracks < 30);
}

#[test]
fn bandwidth_values_stay_bounded() {
    let mut sink = Counting::default();
    // A tick is a microsecond; a burst every other one, with a rate that never stays the same.
    let mut bandwidth = Bandwidth::new(CounterId(0), Khz(1_000));
    let ticks = 1 << 20;
    let mut moved = 0.0;
    for tick in (0..ticks).step_by(2) {
        let bytes = 64 + (tick % 4) as u32;
        moved += f64::from(bytes);
        bandwidth.moved(&mut sink, bytes, Tick(tick));
    }
    bandwidth.finish(&mut sink);
    assert!(sink.values.len() < 7 << 14, "{}", sink.values.len());
    let parts = sink.values.windows(2);
    let area: f64 = parts.map(|p| (p[1].0 - p[0].0) as f64 * p[0].1 / 1e3).sum();
    assert!((area - moved).abs() < 1e-6 * moved, "{area} {moved}");
}

/// Beginnings and lengths.
fn overlapping() -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((0_u64..100, 0_u64..40), 1..30)
}

proptest! {
    /// Begin and end told in the order of time: no two things of a lane overlap, and there are no more
    /// lanes than things at once.
    #[test]
    fn lanes_never_overlap(things in overlapping()) {
        let mut sink = Counting::default();
        let mut lanes = Lanes::new(&mut sink, None, "lanes");
        let mut events = Vec::new();
        for (number, &(from, length)) in things.iter().enumerate() {
            events.push((from, 1, number));
            events.push((from + length, if length == 0 { 2 } else { 0 }, number));
        }
        events.sort_unstable();
        let mut shown = BTreeMap::<TrackId, Vec<(Tick, Tick)>>::new();
        let (mut now, mut most) = (0_u32, 0);
        for (at, what, number) in events {
            if what == 1 {
                lanes.begin(&mut sink, number as u32, Tick(at));
                now += 1;
                most = most.max(now);
            } else {
                let (track, from) = lanes.end(number as u32, Tick(at)).unwrap();
                shown.entry(track).or_default().push((from, Tick(at)));
                now -= 1;
            }
        }
        prop_assert_eq!(sink.tracks, most);
        for slices in shown.values() {
            prop_assert!(slices.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        }
    }
}

#[test]
fn a_transfer_that_never_began_is_left_out() {
    let mut sink = Counting::default();
    let mut lanes = Lanes::new(&mut sink, None, "lanes");
    lanes.begin(&mut sink, 3, Tick(5));
    assert_eq!(lanes.end(4, Tick(6)), None);
    assert_eq!(lanes.end(3, Tick(6)), Some((TrackId(1), Tick(5))));
}
