//! The dataflow controller: walks through the tile steps of a layer, loads tiles ahead as far as the
//! buffers have room, starts a step when its operands and its output space are there, and stores
//! what is finished.

use super::bus::{ARRAY, Bus, CONTROL, DMA, VECTOR_UNIT};
use super::cause::StallReason;
use super::message::Message;
use super::observer::Observer;
use crate::arch::{Operand, PerOperand};
use crate::mapping::{Schedule, Work};
use crate::sim::{ComponentId, Waiting};

/// Steps that an engine may hold: one at work and one queued behind it.
const STEPS_IN_ENGINE: u32 = 2;

/// The controller's state within a layer.
#[derive(Debug, Clone)]
pub(super) struct Controller {
    tile_setup_cycles: u64,
    slots: PerOperand<u32>,
    held: PerOperand<u32>,
    /// Per operand: the first step whose tile has not been asked for.
    cursor: PerOperand<usize>,
    /// Per step and operand: transfers still to arrive.
    missing: Vec<PerOperand<u32>>,
    /// Step of each transfer.
    step_of: Vec<u32>,
    next_start: usize,
    in_engine: u32,
    done: usize,
    stores_under_way: usize,
    steps: usize,
    /// What arrived last: the reason a waiting step can go on.
    last_arrival: StallReason,
    /// Tiles started in the whole run.
    tiles: u64,
}

impl Controller {
    /// A controller that needs `tile_setup_cycles` to start a step.
    pub(super) fn new(tile_setup_cycles: u32) -> Self {
        Controller {
            tile_setup_cycles: u64::from(tile_setup_cycles),
            slots: PerOperand::default(),
            held: PerOperand::default(),
            cursor: PerOperand::default(),
            missing: Vec::new(),
            step_of: Vec::new(),
            next_start: 0,
            in_engine: 0,
            done: 0,
            stores_under_way: 0,
            steps: 0,
            last_arrival: StallReason::Activations,
            tiles: 0,
        }
    }

    /// Prepares for a layer and asks for its first tiles.
    pub(super) fn begin_layer<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let schedule = bus.schedule;
        self.slots = schedule.slots;
        self.held = PerOperand::default();
        self.cursor = PerOperand::default();
        self.missing.clear();
        self.missing.extend(
            schedule
                .steps
                .iter()
                .map(|step| PerOperand::of(|operand| step.loads[operand].len() as u32)),
        );
        self.step_of.clear();
        self.step_of.resize(schedule.transfers.len(), 0);
        for (index, step) in schedule.steps.iter().enumerate() {
            for range in step.loads.iter().chain([&step.stores]) {
                self.step_of[range.start as usize..range.end as usize].fill(index as u32);
            }
        }
        self.next_start = 0;
        self.in_engine = 0;
        self.done = 0;
        self.stores_under_way = 0;
        self.steps = schedule.steps.len();
        self.advance(bus);
    }

    /// Whether the layer is complete: every step done, every store in DRAM.
    pub(super) fn layer_is_done(&self) -> bool {
        self.done == self.steps && self.stores_under_way == 0
    }

    /// Tiles started since the beginning of the run.
    pub(super) fn tiles(&self) -> u64 {
        self.tiles
    }

    /// What the controller waits for, for a deadlock report.
    pub(super) fn waiting(&self, schedule: &Schedule) -> Vec<Waiting> {
        let say = |on: String| Waiting {
            component: "controller".into(),
            on,
        };
        let mut report = Vec::new();
        if self.next_start < self.steps {
            for operand in Operand::ALL {
                if self.cursor[operand] <= self.next_start {
                    report.push(say(format!(
                        "room in the {operand} buffer ({} of {} tiles held) for step {}",
                        self.held[operand], self.slots[operand], self.next_start
                    )));
                } else if self.missing[self.next_start][operand] > 0 {
                    report.push(say(format!(
                        "{} transfers into the {operand} buffer for step {}",
                        self.missing[self.next_start][operand], self.next_start
                    )));
                }
            }
        }
        if self.in_engine > 0 {
            report.push(say(format!("{} steps in the engine", self.in_engine)));
        }
        if self.stores_under_way > 0 {
            report.push(say(format!("{} stores of outputs", self.stores_under_way)));
        }
        if report.is_empty() {
            report.push(say(format!(
                "{} of {} steps",
                self.done,
                schedule.steps.len()
            )));
        }
        report
    }

    /// Handles a message.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        match message {
            Message::Filled { transfer } => {
                let operand = bus.schedule.transfers[transfer as usize].operand;
                let step = self.step_of[transfer as usize] as usize;
                self.missing[step][operand] -= 1;
                self.last_arrival = waited_for(operand);
            }
            Message::Fed { step } => self.fed(step as usize, bus),
            Message::Done { step } => self.finish_step(step as usize, bus),
            Message::Stored { .. } => {
                self.stores_under_way -= 1;
                self.release(Operand::Output, bus);
                self.last_arrival = StallReason::Output;
            }
            other => debug_assert!(false, "controller got {other:?}"),
        }
        self.advance(bus);
    }

    fn fed<O: Observer>(&mut self, step: usize, bus: &mut Bus<'_, O>) {
        self.in_engine -= 1;
        for operand in [Operand::Activation, Operand::Weight] {
            if bus.schedule.steps[step].ends[operand] {
                self.release(operand, bus);
            }
        }
    }

    fn finish_step<O: Observer>(&mut self, step: usize, bus: &mut Bus<'_, O>) {
        self.done += 1;
        for transfer in bus.schedule.steps[step].stores.clone() {
            self.stores_under_way += 1;
            bus.send(bus.cycle(), CONTROL, DMA, Message::Store { transfer });
        }
    }

    fn release<O: Observer>(&mut self, operand: Operand, bus: &mut Bus<'_, O>) {
        self.held[operand] -= 1;
        bus.observer
            .tiles_held(operand, self.held[operand], bus.scheduler.now());
    }

    /// Asks for every tile that there is room for, in the order of the steps, and starts what can start.
    fn advance<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        while let Some(operand) = self.next_to_load(bus.schedule) {
            self.load(operand, bus);
        }
        while self.in_engine < STEPS_IN_ENGINE && self.can_start() {
            self.start(bus);
        }
    }

    /// The operand whose next tile is wanted soonest and has room.
    fn next_to_load(&mut self, schedule: &Schedule) -> Option<Operand> {
        for operand in Operand::ALL {
            let cursor = &mut self.cursor[operand];
            while *cursor < self.steps && !schedule.steps[*cursor].begins[operand] {
                *cursor += 1;
            }
        }
        Operand::ALL
            .into_iter()
            .filter(|&operand| {
                self.cursor[operand] < self.steps && self.held[operand] < self.slots[operand]
            })
            .min_by_key(|&operand| self.cursor[operand])
    }

    fn load<O: Observer>(&mut self, operand: Operand, bus: &mut Bus<'_, O>) {
        let step = self.cursor[operand];
        self.cursor[operand] += 1;
        self.held[operand] += 1;
        bus.observer
            .tiles_held(operand, self.held[operand], bus.scheduler.now());
        for transfer in bus.schedule.steps[step].loads[operand].clone() {
            bus.send(bus.cycle(), CONTROL, DMA, Message::Load { transfer });
        }
    }

    fn can_start(&self) -> bool {
        self.next_start < self.steps
            && Operand::ALL.into_iter().all(|operand| {
                self.cursor[operand] > self.next_start
                    && self.missing[self.next_start][operand] == 0
            })
    }

    fn start<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let engine: ComponentId = match bus.schedule.steps[self.next_start].work {
            Work::Array(_) => ARRAY,
            Work::Vector(_) => VECTOR_UNIT,
        };
        let message = Message::Start {
            step: self.next_start as u32,
            stall: self.last_arrival,
        };
        bus.send(
            bus.cycle() + self.tile_setup_cycles,
            CONTROL,
            engine,
            message,
        );
        self.next_start += 1;
        self.in_engine += 1;
        self.tiles += 1;
    }
}

fn waited_for(operand: Operand) -> StallReason {
    match operand {
        Operand::Activation => StallReason::Activations,
        Operand::Weight => StallReason::Weights,
        Operand::Output => StallReason::Output,
    }
}
