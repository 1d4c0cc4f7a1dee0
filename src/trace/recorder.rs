//! From what an observer of the hardware sees to a trace.
//!
//! | process | shows |
//! |---|---|
//! | controller | a slice for each layer, side by side where they overlap |
//! | DMA | a slice for each transfer, from first request to last byte: loads by operand, stores |
//! | DRAM | each channel's GB/s by read and write commands, in windows of a microsecond (longer late in a long run) |
//! | buffers | tiles held by each buffer, from the request for a tile to its end |
//! | PE array, vector unit | a slice for each tile step and for each wait, without gaps within a layer |
//! | format converter | a slice for each step whose finished values it converts |
//!
//! Flows follow a tile: from each load to the first step that computes with it. One of the loads of
//! the step that begins an output tile, the first, stands for the tile: its flow goes on through
//! every step that accumulates onto the tile and ends at the tile's store.
//!
//! Memory does not grow with the run: what is kept are transfers and conversions under way (bounded
//! by the DMA's bursts under way), stores not yet begun (by the output buffer's halves), the waits
//! before one step, a window per channel, and the names of steps, which end at [`NAMED_STEPS`].

use std::collections::BTreeMap;
use std::io;

use super::bandwidth::Bandwidth;
use super::lanes::Lanes;
use super::{
    CounterId, Flow, FlowPart, NameId, Slice, TraceFile, TraceSink, TraceSummary, TrackId,
};
use crate::arch::{Operand, PerOperand};
use crate::graph::{ProgramStep, ProgramTransfer};
use crate::hw::{Cause, CauseCycles, Engine, Observer, StallReason};
use crate::mapping::{Transfer, Work};
use crate::sim::{Khz, Tick};

/// Steps of a layer that are called by their number; later ones have it as an argument only.
pub(super) const NAMED_STEPS: u32 = 1 << 14;

/// What a recorder must know beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecorderInfo {
    /// Rate of the observed ticks: [`crate::hw::tick_rate`].
    pub tick_rate: Khz,
    /// Names of the layers in the order of the plan.
    pub layers: Vec<String>,
    /// DRAM channels.
    pub channels: u32,
}

/// Where transfers of one sort are shown.
#[derive(Debug, Clone, Copy)]
enum Port {
    Activation = 0,
    Weight = 1,
    Psum = 2,
    Store = 3,
}

impl Port {
    const ALL: [(Port, &'static str); 4] = [
        (Port::Activation, "load activations"),
        (Port::Weight, "load weights"),
        (Port::Psum, "load partial sums"),
        (Port::Store, "store outputs"),
    ];

    fn of(transfer: &Transfer) -> Port {
        match transfer.operand {
            _ if transfer.store => Port::Store,
            Operand::Activation => Port::Activation,
            Operand::Weight => Port::Weight,
            Operand::Output => Port::Psum,
        }
    }
}

/// Names of slices and arguments.
struct Names {
    activations: NameId,
    weights: NameId,
    outputs: NameId,
    psums: NameId,
    causes: [NameId; Cause::ALL.len()],
    cause_cycles: [NameId; Cause::ALL.len()],
    layer: NameId,
    steps: NameId,
    step: NameId,
    transfer: NameId,
    bytes: NameId,
    loaded_bytes: NameId,
    stored_bytes: NameId,
    macs: NameId,
    operations: NameId,
    values: NameId,
    /// Of the first steps.
    numbered_steps: Vec<NameId>,
}

impl Names {
    fn new(sink: &mut impl TraceSink) -> Self {
        Names {
            activations: sink.name("activations"),
            weights: sink.name("weights"),
            outputs: sink.name("outputs"),
            psums: sink.name("partial sums"),
            causes: Cause::ALL.map(|cause| sink.name(cause.label())),
            cause_cycles: Cause::ALL
                .map(|cause| sink.name(&format!("PE-cycles: {}", cause.label()))),
            layer: sink.name("layer"),
            steps: sink.name("steps"),
            step: sink.name("step"),
            transfer: sink.name("transfer"),
            bytes: sink.name("bytes"),
            loaded_bytes: sink.name("bytes loaded"),
            stored_bytes: sink.name("bytes stored"),
            macs: sink.name("MACs"),
            operations: sink.name("lane operations"),
            values: sink.name("values"),
            numbered_steps: Vec::new(),
        }
    }

    fn of_step(&mut self, sink: &mut impl TraceSink, step: u32) -> NameId {
        if step >= NAMED_STEPS {
            return self.step;
        }
        while self.numbered_steps.len() <= step as usize {
            let name = format!("step {}", self.numbered_steps.len());
            self.numbered_steps.push(sink.name(&name));
        }
        self.numbered_steps[step as usize]
    }

    fn of_transfer(&self, transfer: &Transfer) -> NameId {
        match transfer.operand {
            _ if transfer.psums => self.psums,
            Operand::Activation => self.activations,
            Operand::Weight => self.weights,
            Operand::Output => self.outputs,
        }
    }
}

/// A counter that is written when it changes.
struct Level {
    counter: CounterId,
    shown: f64,
}

impl Level {
    fn show(&mut self, sink: &mut impl TraceSink, at_ps: u64, value: f64) {
        if value != self.shown {
            sink.value(self.counter, at_ps, value);
            self.shown = value;
        }
    }
}

/// A buffer's occupancy. Of several values of one time only the last is shown.
struct Occupancy {
    level: Level,
    latest: (Tick, u32),
}

/// A layer under way.
#[derive(Default)]
struct Layer {
    steps: u64,
    macs: u64,
    loaded_bytes: u64,
    stored_bytes: u64,
    /// The flow of the output tile at work.
    output_flow: Option<u64>,
}

/// Describes a run to a sink: a process for each kind of component, flows that follow tiles.
///
/// The trace is whole only when the recorder is finished.
pub struct TraceRecorder<S: TraceSink> {
    sink: S,
    info: RecorderInfo,
    names: Names,
    layers: Lanes,
    ports: [Lanes; 4],
    channels: Vec<Bandwidth>,
    buffers: PerOperand<Occupancy>,
    array: TrackId,
    utilization: Level,
    /// End of the array's last step.
    array_until: Tick,
    vector_unit: TrackId,
    converter: Lanes,
    /// Layers under way.
    open: BTreeMap<u32, Layer>,
    /// Before the next step.
    stalls: Vec<(Engine, StallReason, Tick, Tick)>,
    /// Flows of stores that have not ended: (transfer, flow).
    stores: Vec<(u32, u64)>,
    arguments: Vec<(NameId, u64)>,
    flows: Vec<Flow>,
}

impl<S: TraceSink> TraceRecorder<S> {
    /// Begins a trace of a run with the tracks of all components.
    pub fn new(mut sink: S, info: RecorderInfo) -> Self {
        let s = &mut sink;
        let names = Names::new(s);
        let controller = s.track(None, "controller");
        let layers = Lanes::new(s, Some(controller), "layers");
        let array = s.track(None, "PE array");
        let utilization = Level {
            counter: s.counter(Some(array), "PE utilization", "%"),
            shown: 0.0,
        };
        let array = s.track(Some(array), "steps");
        let vector_unit = s.track(None, "vector unit");
        let vector_unit = s.track(Some(vector_unit), "steps");
        let converter = s.track(None, "format converter");
        let converter = Lanes::new(s, Some(converter), "conversions");
        let dma = s.track(None, "DMA");
        let ports = Port::ALL.map(|(_, name)| Lanes::new(s, Some(dma), name));
        let buffers = s.track(None, "buffers");
        let buffers = PerOperand::of(|operand| Occupancy {
            level: Level {
                counter: s.counter(Some(buffers), &operand.to_string(), "tiles"),
                shown: 0.0,
            },
            latest: (Tick::ZERO, 0),
        });
        let dram = s.track(None, "DRAM");
        let channels = (0..info.channels)
            .map(|channel| {
                let counter = s.counter(Some(dram), &format!("channel {channel}"), "GB/s");
                Bandwidth::new(counter, info.tick_rate)
            })
            .collect();
        TraceRecorder {
            sink,
            info,
            names,
            layers,
            ports,
            channels,
            buffers,
            array,
            utilization,
            array_until: Tick::ZERO,
            vector_unit,
            converter,
            open: BTreeMap::new(),
            stalls: Vec::new(),
            stores: Vec::new(),
            arguments: Vec::new(),
            flows: Vec::new(),
        }
    }

    /// Describes what is still open at the end of the run, and gives the sink back.
    pub fn into_sink(mut self) -> S {
        for operand in Operand::ALL {
            self.show_occupancy(operand);
        }
        for channel in &mut self.channels {
            channel.finish(&mut self.sink);
        }
        self.sink
    }

    fn ps(&self, at: Tick) -> u64 {
        at.picoseconds(self.info.tick_rate)
    }

    /// A slice with the collected arguments and flows.
    fn slice(&mut self, track: TrackId, name: NameId, from: Tick, to: Tick) {
        let slice = Slice {
            track,
            name,
            start_ps: from.picoseconds(self.info.tick_rate),
            end_ps: to.picoseconds(self.info.tick_rate),
            arguments: &self.arguments,
            flows: &self.flows,
        };
        self.sink.slice(slice);
        self.arguments.clear();
        self.flows.clear();
    }

    fn track_of(&self, engine: Engine) -> TrackId {
        match engine {
            Engine::Array => self.array,
            Engine::VectorUnit => self.vector_unit,
        }
    }

    /// The array has done nothing since its last step.
    fn show_rest(&mut self) {
        let until_ps = self.ps(self.array_until);
        self.utilization.show(&mut self.sink, until_ps, 0.0);
    }

    fn show_stalls(&mut self) {
        for index in 0..self.stalls.len() {
            let (engine, reason, from, to) = self.stalls[index];
            if engine == Engine::Array {
                self.show_rest();
            }
            let name = self.names.causes[reason.cause() as usize];
            self.slice(self.track_of(engine), name, from, to);
        }
        self.stalls.clear();
    }

    fn show_occupancy(&mut self, operand: Operand) {
        let buffer = &mut self.buffers[operand];
        let (at, tiles) = buffer.latest;
        let at_ps = at.picoseconds(self.info.tick_rate);
        buffer.level.show(&mut self.sink, at_ps, f64::from(tiles));
    }

    /// Collects the flows of a step: those of its loads, and that of its output tile.
    fn collect_flows(&mut self, step: &ProgramStep) {
        let through = |id| Flow {
            id,
            part: FlowPart::Through,
        };
        let layer = self.open.entry(step.layer).or_default();
        let mut of_tile = if step.begins.output || step.takes.is_some() {
            None
        } else {
            layer.output_flow
        };
        self.flows.extend(of_tile.map(through));
        for transfer in step.loads.iter().cloned().flatten() {
            let id = flow_of_load(transfer);
            self.flows.push(match of_tile {
                Some(_) => Flow {
                    id,
                    part: FlowPart::End,
                },
                None => through(*of_tile.insert(id)),
            });
        }
        if let Some(id) = of_tile {
            self.stores
                .extend(step.stores.clone().map(|transfer| (transfer, id)));
        }
        layer.output_flow = of_tile.filter(|_| step.stores.is_empty());
    }

    /// Collects a step's number, its work, and what its PE-cycles went to; waits are slices of their own.
    /// Gives the share of the PE-cycles in which a PE computed, in per cent.
    fn collect_work(&mut self, step: &ProgramStep, spent: &CauseCycles) -> f64 {
        self.arguments
            .push((self.names.step, u64::from(step.number)));
        match step.work {
            Work::Array(tile) => {
                let macs = tile.macs();
                self.open.entry(step.layer).or_default().macs += macs;
                self.arguments.push((self.names.macs, macs));
            }
            Work::Vector(work) => self
                .arguments
                .push((self.names.operations, work.operations)),
        }
        let mut total = 0;
        for (cause, cycles) in spent.iter() {
            if !is_wait(cause) && cycles > 0 {
                let name = self.names.cause_cycles[cause as usize];
                self.arguments.push((name, cycles));
                total += cycles;
            }
        }
        100.0 * spent.get(Cause::Computing) as f64 / total.max(1) as f64
    }
}

/// The flow that a load starts.
fn flow_of_load(transfer: u32) -> u64 {
    u64::from(transfer) + 1
}

/// The cause is one of those that keep an engine from a step, not one within a step.
fn is_wait(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::WaitWeights | Cause::WaitActivations | Cause::WaitOutput | Cause::TileSetup
    )
}

impl TraceRecorder<TraceFile> {
    /// Completes the trace and gives the file its name.
    ///
    /// # Errors
    /// Those of [`TraceFile::finish`].
    pub fn finish(self) -> io::Result<TraceSummary> {
        self.into_sink().finish()
    }
}

impl<S: TraceSink> Observer for TraceRecorder<S> {
    fn layer_begins(&mut self, index: u32, at: Tick) {
        self.open.insert(index, Layer::default());
        self.layers.begin(&mut self.sink, index, at);
    }

    fn layer_ends(&mut self, index: u32, at: Tick) {
        self.show_stalls();
        let layer = self.open.remove(&index).unwrap_or_default();
        if self.open.is_empty() {
            self.show_rest();
        }
        let name = match self.info.layers.get(index as usize) {
            Some(name) => self.sink.name(name),
            None => self.sink.name(&format!("layer {index}")),
        };
        let Some((track, began)) = self.layers.end(index, at) else {
            debug_assert!(false, "layer {index} ended that had not begun");
            return;
        };
        let Layer {
            steps,
            macs,
            loaded_bytes,
            stored_bytes,
            ..
        } = layer;
        self.arguments.extend([
            (self.names.layer, u64::from(index)),
            (self.names.steps, steps),
            (self.names.macs, macs),
            (self.names.loaded_bytes, loaded_bytes),
            (self.names.stored_bytes, stored_bytes),
        ]);
        self.slice(track, name, began, at);
    }

    fn transfer_begins(&mut self, transfer: u32, what: &ProgramTransfer, at: Tick) {
        self.ports[Port::of(what) as usize].begin(&mut self.sink, transfer, at);
    }

    fn transfer(&mut self, transfer: u32, what: &ProgramTransfer, _from: Tick, to: Tick) {
        let port = &mut self.ports[Port::of(what) as usize];
        let Some((track, from)) = port.end(transfer, to) else {
            debug_assert!(false, "transfer {transfer} ended that had not begun");
            return;
        };
        let bytes = what.runs.bytes();
        let dram_bytes = if what.on_chip { 0 } else { bytes };
        let layer = self.open.entry(what.layer).or_default();
        if what.store {
            layer.stored_bytes += dram_bytes;
            let of_this = |&(store, _): &(u32, u64)| store == transfer;
            if let Some(index) = self.stores.iter().position(of_this) {
                let (_, id) = self.stores.swap_remove(index);
                let part = FlowPart::End;
                self.flows.push(Flow { id, part });
            }
        } else {
            layer.loaded_bytes += dram_bytes;
            let id = flow_of_load(transfer);
            let part = FlowPart::Start;
            self.flows.push(Flow { id, part });
        }
        self.arguments.extend([
            (self.names.transfer, u64::from(what.number)),
            (self.names.bytes, bytes),
        ]);
        self.slice(track, self.names.of_transfer(what), from, to);
    }

    fn step(&mut self, _step: u32, what: &ProgramStep, from: Tick, to: Tick, spent: &CauseCycles) {
        let engine = match what.work {
            Work::Array(_) => Engine::Array,
            Work::Vector(_) => Engine::VectorUnit,
        };
        self.open.entry(what.layer).or_default().steps += 1;
        self.show_stalls();
        self.collect_flows(what);
        let utilization = self.collect_work(what, spent);
        if engine == Engine::Array {
            if from > self.array_until {
                self.show_rest();
            }
            self.array_until = to;
            let from_ps = self.ps(from);
            self.utilization.show(&mut self.sink, from_ps, utilization);
        }
        let name = self.names.of_step(&mut self.sink, what.number);
        self.slice(self.track_of(engine), name, from, to);
    }

    fn stall(&mut self, engine: Engine, reason: StallReason, from: Tick, to: Tick) {
        self.stalls.push((engine, reason, from, to));
    }

    fn converted(&mut self, step: u32, what: &ProgramStep, values: u64, from: Tick, to: Tick) {
        self.converter.begin(&mut self.sink, step, from);
        let Some((track, from)) = self.converter.end(step, to) else {
            return;
        };
        self.arguments.extend([
            (self.names.step, u64::from(what.number)),
            (self.names.values, values),
        ]);
        let name = self.names.of_step(&mut self.sink, what.number);
        self.slice(track, name, from, to);
    }

    fn tiles_held(&mut self, operand: Operand, tiles: u32, at: Tick) {
        if at > self.buffers[operand].latest.0 {
            self.show_occupancy(operand);
        }
        self.buffers[operand].latest = (at, tiles);
    }

    fn burst(&mut self, channel: u32, bytes: u32, at: Tick) {
        if let Some(channel) = self.channels.get_mut(channel as usize) {
            channel.moved(&mut self.sink, bytes, at);
        }
    }
}
