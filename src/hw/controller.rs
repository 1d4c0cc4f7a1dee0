//! The dataflow controller: walks through the tile steps of the program, loads tiles ahead as far as the buffers have
//! room and what they read has been stored, starts a step when its operands and its output space are there, and stores
//! what is finished.
//!
//! Each buffer's room goes to tiles in the order of the program, so that the first step that is not complete never
//! waits for room that a later one holds. The array and the vector unit take their own steps in order. Where a buffer
//! has too few banks for both, one of them has to be without a step before the other gets one.

use super::bus::{ARRAY, Bus, CONTROL, DMA, VECTOR_UNIT};
use super::cause::StallReason;
use super::message::Message;
use super::observer::Observer;
use super::room::Room;
use crate::arch::{Architecture, Buffer, Operand, PerOperand};
use crate::graph::Program;
use crate::mapping::Work;
use crate::sim::Waiting;

/// Steps that an engine may hold: one at work and one queued behind it.
const STEPS_IN_ENGINE: u32 = 2;

/// A layer's beginning is not known yet.
const NOT_YET: u64 = u64::MAX;

/// The state of a layer.
#[derive(Debug, Clone, Copy)]
struct LayerState {
    /// Core cycle of its first request.
    begin_cycle: u64,
    /// Tiles that it holds in each buffer.
    held: PerOperand<u32>,
    /// Bits that each of them takes.
    share: PerOperand<u64>,
    /// Steps started.
    tiles: u64,
}

/// The steps of one engine.
#[derive(Debug, Clone, Copy, Default)]
struct EngineState {
    /// The first of its steps that has not been started.
    next: usize,
    /// Steps that it holds.
    held: u32,
}

/// The controller.
#[derive(Debug, Clone)]
pub(super) struct Controller {
    tile_setup_cycles: u64,
    rooms: PerOperand<Room>,
    /// Per operand: the first step whose tile has not been asked for.
    cursor: PerOperand<usize>,
    /// Per step and operand: transfers still to arrive.
    missing: Vec<PerOperand<u32>>,
    /// Per step: itself, until it is done, and its stores that are not in DRAM.
    open: Vec<u32>,
    layers: Vec<LayerState>,
    /// Array and vector unit can work at the same time: their banks are apart.
    engines_apart: bool,
    /// The array's and the vector unit's.
    engines: [EngineState; 2],
    /// Leading steps that are complete, and how many were before the message at hand.
    complete: usize,
    complete_before: usize,
    stores_under_way: usize,
    /// Tensors that have left the activation buffer.
    freed: usize,
    /// What arrived last: the reason a waiting step can go on.
    last_arrival: StallReason,
}

/// Whether array and vector unit can use a buffer beside each other: one bank for the tile of each, and as many for the
/// DMA if it is double buffered.
fn has_banks_for_two(buffer: &Buffer) -> bool {
    buffer.banks >= if buffer.double_buffered { 4 } else { 2 }
}

fn engine_of(work: &Work) -> usize {
    match work {
        Work::Array(_) => 0,
        Work::Vector(_) => 1,
    }
}

impl Controller {
    /// The controller of an architecture, before the first step of a program.
    pub(super) fn new(arch: &Architecture, program: &Program<'_>) -> Self {
        let rooms = PerOperand::of(|operand| Room::of(arch.buffers[operand].size_bytes() * 8));
        let layers = program.layers.iter().map(|layer| LayerState {
            begin_cycle: NOT_YET,
            held: PerOperand::default(),
            share: PerOperand::of(|operand| {
                rooms[operand].share(layer.tile_bits[operand], layer.slots[operand])
            }),
            tiles: 0,
        });
        let steps = program.steps.iter();
        Controller {
            tile_setup_cycles: u64::from(arch.controller.tile_setup_cycles),
            rooms,
            cursor: PerOperand::default(),
            missing: steps
                .clone()
                .map(|step| PerOperand::of(|operand| step.loads[operand].len() as u32))
                .collect(),
            open: steps.map(|step| 1 + step.stores.len() as u32).collect(),
            layers: layers.collect(),
            engines_apart: [Operand::Activation, Operand::Output]
                .into_iter()
                .all(|operand| has_banks_for_two(&arch.buffers[operand])),
            engines: [EngineState::default(); 2],
            complete: 0,
            complete_before: 0,
            stores_under_way: 0,
            freed: 0,
            last_arrival: StallReason::Activations,
        }
    }

    /// Leading steps of the program that are complete: done, and what they store in DRAM.
    pub(super) fn complete(&self) -> usize {
        self.complete
    }

    /// Core cycle of a layer's first request.
    pub(super) fn begin_cycle(&self, layer: usize) -> u64 {
        self.layers[layer].begin_cycle
    }

    /// Steps of a layer that were started.
    pub(super) fn tiles(&self, layer: usize) -> u64 {
        self.layers[layer].tiles
    }

    /// Whether both engines have stood still until now for the stores of the steps that the last message completed.
    pub(super) fn waited_for_stores(&self, program: &Program<'_>) -> bool {
        let idle = self.engines.iter().all(|engine| engine.held == 0);
        idle && program
            .steps
            .get(self.complete)
            .is_none_or(|next| next.starts_after() as usize > self.complete_before)
    }

    /// What the controller waits for, for a deadlock report.
    pub(super) fn waiting(&self, program: &Program<'_>) -> Vec<Waiting> {
        let say = |on: String| Waiting {
            component: "controller".into(),
            on,
        };
        let mut report = Vec::new();
        let first = self.complete;
        if let Some(step) = program.steps.get(first)
            && self.open[first] == 1 + step.stores.len() as u32
        {
            for operand in Operand::ALL {
                if self.cursor[operand] <= first {
                    report.push(say(self.waits_for_room(operand, program)));
                } else if self.missing[first][operand] > 0 {
                    report.push(say(format!(
                        "{} transfers into the {operand} buffer for step {}",
                        self.missing[first][operand], step.number
                    )));
                }
            }
            if step.starts_after() as usize > first {
                let after = step.starts_after();
                report.push(say(format!("{after} steps, {first} of which are complete")));
            }
        }
        let in_engines: u32 = self.engines.iter().map(|engine| engine.held).sum();
        if in_engines > 0 {
            report.push(say(format!("{in_engines} steps in the engine")));
        }
        if self.stores_under_way > 0 {
            report.push(say(format!("{} stores of outputs", self.stores_under_way)));
        }
        if report.is_empty() {
            report.push(say(format!("{first} of {} steps", program.steps.len())));
        }
        report
    }

    fn waits_for_room(&self, operand: Operand, program: &Program<'_>) -> String {
        let step = &program.steps[self.complete];
        let layer = &self.layers[step.layer as usize];
        let slots = program.layers[step.layer as usize].slots[operand];
        let mut report = format!(
            "room in the {operand} buffer ({} of {slots} tiles held) for step {}",
            layer.held[operand], step.number
        );
        if layer.held[operand] < slots {
            let bits = layer.share[operand] + step.keeps_in(operand);
            let free = self.rooms[operand].free_bits();
            report += &format!(", which takes {bits} bits of {free} that are free");
        }
        report
    }

    /// Takes note of a message; [`advance`](Self::advance) acts on it.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        self.complete_before = self.complete;
        match message {
            Message::Filled { transfer } => {
                let transfer = &bus.program.transfers[transfer as usize];
                let operand = transfer.operand;
                self.missing[transfer.step as usize][operand] -= 1;
                self.last_arrival = waited_for(operand);
            }
            Message::Fed { step } => self.fed(step as usize, bus),
            Message::Done { step } => self.finish_step(step as usize, bus),
            Message::Stored { transfer } => {
                let step = bus.program.transfers[transfer as usize].step as usize;
                self.stores_under_way -= 1;
                self.open[step] -= 1;
                let holder = bus.program.steps[step].holder;
                self.release(holder, Operand::Output, bus);
                self.last_arrival = StallReason::Output;
            }
            other => debug_assert!(false, "controller got {other:?}"),
        }
        while self.open.get(self.complete) == Some(&0) {
            self.complete += 1;
        }
        while let Some(kept) = bus.program.kept.get(self.freed)
            && kept.freed_after as usize <= self.complete
        {
            self.rooms.activation.free(kept.bits);
            self.freed += 1;
        }
    }

    fn fed<O: Observer>(&mut self, step: usize, bus: &mut Bus<'_, O>) {
        let step = &bus.program.steps[step];
        self.engines[engine_of(&step.work)].held -= 1;
        for operand in [Operand::Activation, Operand::Weight] {
            if step.ends[operand] {
                self.release(step.layer, operand, bus);
            }
        }
    }

    fn finish_step<O: Observer>(&mut self, step: usize, bus: &mut Bus<'_, O>) {
        self.open[step] -= 1;
        for transfer in bus.program.steps[step].stores.clone() {
            self.stores_under_way += 1;
            bus.send(bus.cycle(), CONTROL, DMA, Message::Store { transfer });
        }
    }

    fn release<O: Observer>(&mut self, layer: u32, operand: Operand, bus: &mut Bus<'_, O>) {
        let layer = &mut self.layers[layer as usize];
        layer.held[operand] -= 1;
        self.rooms[operand].release(layer.share[operand]);
        let held = self.rooms[operand].tiles();
        bus.observer.tiles_held(operand, held, bus.scheduler.now());
    }

    /// Asks for every tile that there is room for, in the order of the steps, and starts what can start.
    pub(super) fn advance<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        while let Some(operand) = self.next_to_load(bus.program) {
            self.load(operand, bus);
        }
        while let Some(engine) = self.next_to_start(bus.program) {
            self.start(engine, bus);
        }
    }

    /// The operand whose next tile is wanted soonest, may be read and has room.
    fn next_to_load(&mut self, program: &Program<'_>) -> Option<Operand> {
        let steps = &program.steps;
        for operand in Operand::ALL {
            let cursor = &mut self.cursor[operand];
            while *cursor < steps.len() && !steps[*cursor].takes_room(operand) {
                *cursor += 1;
            }
        }
        let can_load = |&operand: &Operand| {
            let Some(step) = steps.get(self.cursor[operand]) else {
                return false;
            };
            let layer = &self.layers[step.layer as usize];
            if !step.begins[operand] {
                return self.rooms[operand].has(step.keeps_bits);
            }
            let keeps_bits = step.keeps_in(operand);
            step.loads_after[operand] as usize <= self.complete
                && layer.held[operand] < program.layers[step.layer as usize].slots[operand]
                && self.rooms[operand].has(layer.share[operand] + keeps_bits)
        };
        Operand::ALL
            .into_iter()
            .filter(can_load)
            .min_by_key(|&operand| self.cursor[operand])
    }

    fn load<O: Observer>(&mut self, operand: Operand, bus: &mut Bus<'_, O>) {
        let program = bus.program;
        let step = &program.steps[self.cursor[operand]];
        self.cursor[operand] += 1;
        self.rooms[operand].keep(step.keeps_in(operand));
        if !step.begins[operand] {
            return;
        }
        self.begin_layer(step.layer, bus);
        let layer = &mut self.layers[step.layer as usize];
        layer.held[operand] += 1;
        self.rooms[operand].claim(layer.share[operand]);
        let held = self.rooms[operand].tiles();
        bus.observer.tiles_held(operand, held, bus.scheduler.now());
        for transfer in step.loads[operand].clone() {
            bus.send(bus.cycle(), CONTROL, DMA, Message::Load { transfer });
        }
    }

    /// Takes note of the first that is done for a layer.
    fn begin_layer<O: Observer>(&mut self, layer: u32, bus: &mut Bus<'_, O>) {
        let begin = &mut self.layers[layer as usize].begin_cycle;
        if *begin == NOT_YET {
            *begin = bus.cycle();
            bus.observer.layer_begins(layer, bus.scheduler.now());
        }
    }

    /// The engine that can start its next step; the one whose step comes first in the program, if both can.
    fn next_to_start(&mut self, program: &Program<'_>) -> Option<usize> {
        for (index, engine) in self.engines.iter_mut().enumerate() {
            while program
                .steps
                .get(engine.next)
                .is_some_and(|step| engine_of(&step.work) != index)
            {
                engine.next += 1;
            }
        }
        let may_work = |index: usize| self.engines_apart || self.engines[1 - index].held == 0;
        (0..2)
            .filter(|&index| may_work(index) && self.can_start(&self.engines[index], program))
            .min_by_key(|&index| self.engines[index].next)
    }

    fn can_start(&self, engine: &EngineState, program: &Program<'_>) -> bool {
        let next = engine.next;
        let Some(step) = program.steps.get(next) else {
            return false;
        };
        engine.held < STEPS_IN_ENGINE
            && step
                .takes
                .is_none_or(|tile| self.open[tile.step as usize] == 0)
            && Operand::ALL
                .into_iter()
                .all(|operand| self.cursor[operand] > next && self.missing[next][operand] == 0)
    }

    fn start<O: Observer>(&mut self, engine: usize, bus: &mut Bus<'_, O>) {
        let state = &mut self.engines[engine];
        let step = state.next;
        state.next += 1;
        state.held += 1;
        let layer = bus.program.steps[step].layer;
        self.begin_layer(layer, bus);
        self.layers[layer as usize].tiles += 1;
        let message = Message::Start {
            step: step as u32,
            stall: self.last_arrival,
        };
        bus.send(
            bus.cycle() + self.tile_setup_cycles,
            CONTROL,
            [ARRAY, VECTOR_UNIT][engine],
            message,
        );
    }
}

fn waited_for(operand: Operand) -> StallReason {
    match operand {
        Operand::Activation => StallReason::Activations,
        Operand::Weight => StallReason::Weights,
        Operand::Output => StallReason::Output,
    }
}
