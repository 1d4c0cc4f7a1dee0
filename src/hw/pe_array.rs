//! The PE array: takes tile steps from the controller, runs their folds one after the other, and
//! accounts for every one of its cycles.
//!
//! Fidelity `wavefront`: a fold is one event, at the cycle at which its last operand has been fed. That
//! cycle is the closed form of [`ArrayTiming::place`]; port cycles that the DMA takes meanwhile push
//! it back. Fidelity `stepped`: every cycle is an event, in which a [`SteppedLayer`] moves every operand
//! and computes every product. Either way the next step may be queued behind the current one, so that
//! folds follow each other without a gap across tiles. Across layers they do not: the first fold of a layer
//! enters an array that the layer before has left.

use std::collections::VecDeque;

use super::array_counts::ArrayCounts;
use super::bus::{ARRAY, Bus, CONTROL, CONTROLLER, CONVERTER, DATA, SETTLE, buffer_of};
use super::cause::StallReason;
use super::ledger::Assignment;
use super::machine::Fidelity;
use super::message::Message;
use super::observer::{Engine, Observer};
use super::stepped::{FoldName, OutputCheck, SteppedLayer};
use crate::arch::{Operand, PeKind, PerOperand};
use crate::graph::Program;
use crate::mapping::{
    ArrayTiming, Fold, Interference, LayerPlan, Placement, Predecessor, TileGemm, Work,
};

/// A step whose operands have been fed, with results in the array yet.
#[derive(Debug, Clone, Copy)]
struct LeavingStep {
    step: u32,
    values: u64,
    /// Folds that must have left.
    folds: u64,
}

/// The step at work.
#[derive(Debug, Clone, Copy)]
struct Running {
    step: u32,
    /// Its number in its layer.
    number: u32,
    ready: u64,
    began: u64,
    tile: TileGemm,
    next_fold: u64,
    folds: u64,
    fold: Fold,
    interference: Interference,
    finished_values: u64,
    /// Port words read and written.
    words: PerOperand<(u64, u64)>,
}

/// A layer on the stepped array, between its cycles.
#[derive(Debug, Clone)]
struct Stepping {
    layer: Box<SteppedLayer>,
    /// A cycle is on its way.
    clocked: bool,
    /// How the last fold that was fed went.
    fed: Placement,
    leaving: VecDeque<LeavingStep>,
    /// Folds launched and folds that have left.
    launched: u64,
    exited: u64,
}

impl Stepping {
    fn new(layer: Box<SteppedLayer>) -> Self {
        Stepping {
            layer,
            clocked: false,
            fed: Placement::default(),
            leaving: VecDeque::new(),
            launched: 0,
            exited: 0,
        }
    }
}

/// The PE array.
#[derive(Debug, Clone)]
pub(super) struct PeArray<'a> {
    fidelity: Fidelity<'a>,
    pe: PeKind,
    /// The layer of the step at work, or of the last one.
    layer: Option<u32>,
    timing: Option<ArrayTiming>,
    running: Option<Running>,
    /// Steps behind the one at work: a second only while the array empties for a layer.
    queued: VecDeque<Assignment>,
    before: Predecessor,
    /// Cycle by which all results of the folds so far have left the array. A wide fold's last column
    /// may leave after a narrow successor's, and steps end in their order.
    last_exit: u64,
    /// At fidelity `stepped`.
    stepping: Option<Stepping>,
    /// By layer.
    counts: Vec<ArrayCounts>,
    outputs: Vec<Option<OutputCheck>>,
}

impl<'a> PeArray<'a> {
    /// An array of such PEs for a program of so many layers.
    pub(super) fn new(pe: PeKind, fidelity: Fidelity<'a>, layers: usize) -> Self {
        PeArray {
            fidelity,
            pe,
            layer: None,
            timing: None,
            running: None,
            queued: VecDeque::with_capacity(2),
            before: Predecessor::default(),
            last_exit: 0,
            stepping: None,
            counts: vec![ArrayCounts::default(); layers],
            outputs: vec![None; layers],
        }
    }

    /// Counts of a layer. They are complete when the next has begun, or the array was [left](Self::leave_layer).
    pub(super) fn counts(&self, layer: usize) -> &ArrayCounts {
        &self.counts[layer]
    }

    /// Outputs of a layer on a stepped array beside a direct computation.
    pub(super) fn outputs(&self, layer: usize) -> Option<OutputCheck> {
        self.outputs[layer]
    }

    /// The layer on the array, and the cycle by which the last of its results so far have left.
    pub(super) fn last_exit(&self) -> Option<(u32, u64)> {
        self.layer.map(|layer| (layer, self.last_exit))
    }

    /// The layer on the array has ended.
    pub(super) fn leave_layer(&mut self) {
        let Some(layer) = self.layer.take() else {
            return;
        };
        if let (Some(stepped), Some(timing)) = (self.stepping.take(), &self.timing) {
            self.counts[layer as usize].measure(&stepped.layer, timing);
            self.outputs[layer as usize] = Some(stepped.layer.check());
        }
    }

    /// Another layer comes to an empty array.
    fn enter_layer(&mut self, layer: u32, program: &Program<'_>, cycle: u64) {
        self.leave_layer();
        self.layer = Some(layer);
        self.timing = program.layers[layer as usize].timing;
        self.before = Predecessor {
            fed_end: cycle,
            stream_start: cycle,
            ..Predecessor::default()
        };
        self.last_exit = cycle;
        self.stepping = self.stepped_layer(layer, program).map(Stepping::new);
    }

    /// The layer for a stepped array, if that is the fidelity.
    fn stepped_layer(&self, layer: u32, program: &Program<'_>) -> Option<Box<SteppedLayer>> {
        let Fidelity::Stepped { seed, given } = self.fidelity else {
            return None;
        };
        let mapping = program.layers[layer as usize].mapping;
        let LayerPlan::Array(plan) = &mapping.plan else {
            return None;
        };
        let stepped = SteppedLayer::new(plan, &self.pe, seed, u64::from(mapping.id.0));
        let given = given.iter().find(|(id, _)| *id == mapping.id);
        Some(Box::new(match given {
            Some((_, operands)) => stepped.with_values(operands),
            None => stepped,
        }))
    }

    /// Whether a step is at work or queued.
    pub(super) fn is_busy(&self) -> bool {
        self.running.is_some() || !self.queued.is_empty()
    }

    /// Handles a message.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        match message {
            Message::Start { step, stall } => {
                let assignment = Assignment {
                    step,
                    arrived: bus.cycle(),
                    stall,
                };
                self.queued.push_back(assignment);
                if self.running.is_none() && self.queued.len() == 1 {
                    self.begin_next(bus);
                }
            }
            Message::Emptied => self.begin_next(bus),
            Message::WorkEnd => self.fold_ends(bus),
            Message::ArrayCycle => self.step_cycle(bus),
            Message::Conflict { operand, cycles } => {
                self.yield_port(operand, bus.cycle(), u64::from(cycles));
            }
            other => debug_assert!(false, "array got {other:?}"),
        }
    }

    fn yield_port(&mut self, operand: Operand, cycle: u64, cycles: u64) {
        let Some(running) = self.running.as_mut() else {
            return;
        };
        match &mut self.stepping {
            None => running
                .interference
                .take(&running.fold, operand, cycle, cycles),
            Some(stepping) => stepping.layer.take_port(operand, cycle, cycles),
        }
    }

    /// Begins the step that is queued first, when the array is empty if it is of another layer.
    fn begin_next<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let Some(&next) = self.queued.front() else {
            return;
        };
        let layer = bus.program.steps[next.step as usize].layer;
        if self.layer != Some(layer) {
            if !self.is_empty(bus.cycle()) {
                if self.stepping.is_none() {
                    bus.send(self.last_exit, CONTROL, ARRAY, Message::Emptied);
                }
                return;
            }
            if let Some(before) = self.layer {
                let of = (Engine::Array, before);
                let (drain, until) = (StallReason::Drain, self.last_exit);
                bus.ledger
                    .account_stall(of, drain, until, bus.clocks, bus.observer);
            }
            self.enter_layer(layer, bus.program, bus.cycle());
        }
        self.queued.pop_front();
        self.begin_step(next, bus);
    }

    /// Whether all results of the folds so far have left.
    fn is_empty(&self, cycle: u64) -> bool {
        match &self.stepping {
            Some(stepping) => stepping.exited == stepping.launched,
            None => self.last_exit <= cycle,
        }
    }

    fn begin_step<O: Observer>(&mut self, next: Assignment, bus: &mut Bus<'_, O>) {
        let Some(timing) = self.timing else {
            debug_assert!(false, "array started in a layer without array work");
            return;
        };
        let what = &bus.program.steps[next.step as usize];
        let Work::Array(tile) = what.work else {
            debug_assert!(false, "array got a step of the vector unit");
            return;
        };
        bus.ledger
            .array_begins(&next, what.layer, bus.clocks, bus.observer);
        let running = Running {
            step: next.step,
            number: what.number,
            ready: next.arrived,
            began: bus.ledger.accounted_to(),
            tile,
            next_fold: 0,
            folds: timing.fold_count(&tile),
            fold: Fold::default(),
            interference: Interference::default(),
            finished_values: 0,
            words: PerOperand::default(),
        };
        self.launch(running, &timing, bus);
    }

    fn launch<O: Observer>(
        &mut self,
        mut running: Running,
        timing: &ArrayTiming,
        bus: &mut Bus<'_, O>,
    ) {
        running.fold = timing.fold(&running.tile, running.next_fold);
        if let Some(stepping) = &mut self.stepping {
            let cycle = bus.cycle();
            stepping.layer.launch(cycle, &running.name());
            stepping.launched += 1;
            if !std::mem::replace(&mut stepping.clocked, true) {
                bus.send(cycle, SETTLE, ARRAY, Message::ArrayCycle);
            }
        } else {
            running.interference = timing.undisturbed(&self.before, running.ready, &running.fold);
            let fed_end = running.placed(&self.before, timing).fed_end;
            bus.send(fed_end, CONTROL, ARRAY, Message::WorkEnd);
        }
        running.next_fold += 1;
        self.running = Some(running);
    }

    /// One cycle of the stepped array, when everything else in it has happened.
    fn step_cycle<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let next = self.next_fold(bus);
        let Some(stepping) = &mut self.stepping else {
            debug_assert!(false, "only a stepped array has cycles");
            return;
        };
        let (now, then) = (bus.cycle(), bus.cycle() + 1);
        let end = stepping.layer.cycle(now, next.as_ref());
        let at = bus.scheduler.now();
        bus.observer.array_cycle(stepping.layer.probe(), at);
        if end.exited > stepping.exited {
            stepping.exited = end.exited;
            self.last_exit = then;
            // Steps wait behind none only for an empty array.
            let empty = stepping.exited == stepping.launched;
            if empty && self.running.is_none() && !self.queued.is_empty() {
                bus.send(then, CONTROL, ARRAY, Message::Emptied);
            }
        }
        stepping.send_results(then, bus);
        if let Some(placed) = end.fed {
            stepping.fed = placed;
            bus.send(then, CONTROL, ARRAY, Message::WorkEnd);
        }
        stepping.clocked = !stepping.layer.is_idle();
        if stepping.clocked {
            bus.send(then, SETTLE, ARRAY, Message::ArrayCycle);
        }
    }

    /// The fold behind the one at work, if it is known yet.
    fn next_fold<O: Observer>(&self, bus: &Bus<'_, O>) -> Option<FoldName> {
        let running = self.running.as_ref()?;
        if running.next_fold < running.folds {
            return Some(running.name());
        }
        let next = &bus.program.steps[self.queued.front()?.step as usize];
        match next.work {
            Work::Array(gemm) if self.layer == Some(next.layer) => Some(FoldName {
                step: next.number,
                gemm,
                index: 0,
            }),
            _ => None,
        }
    }

    fn fold_ends<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let (Some(mut running), Some(timing)) = (self.running, self.timing) else {
            debug_assert!(false, "a fold ended that had not begun");
            return;
        };
        let placed = match &self.stepping {
            Some(stepping) => stepping.fed,
            None => running.placed(&self.before, &timing),
        };
        if placed.fed_end > bus.cycle() {
            bus.send(placed.fed_end, CONTROL, ARRAY, Message::WorkEnd);
            return;
        }
        let layer = bus.program.steps[running.step as usize].layer;
        bus.ledger.account_fold(layer, &running.fold, &placed);
        self.counts[layer as usize].add_fold(&running.fold, &timing);
        running.count_words(&timing);
        self.before = timing.succeed(&placed, &running.fold);
        if self.stepping.is_none() {
            let exit = placed.fed_end + running.fold.exit_cycles();
            self.last_exit = self.last_exit.max(exit);
        }
        if running.next_fold < running.folds {
            self.launch(running, &timing, bus);
            return;
        }
        self.running = None;
        bus.ledger.array_rests();
        self.end_step(&running, bus);
        self.begin_next(bus);
    }

    fn end_step<O: Observer>(&mut self, running: &Running, bus: &mut Bus<'_, O>) {
        let fed = bus.cycle();
        let step = running.step;
        bus.send(fed, CONTROL, CONTROLLER, Message::Fed { step });
        let values = running.finished_values;
        if let Some(stepping) = &mut self.stepping {
            stepping.leaving.push_back(LeavingStep {
                step,
                values,
                folds: stepping.launched,
            });
            stepping.send_results(fed, bus);
        } else {
            let results = Message::Results { step, values };
            bus.send(self.last_exit, CONTROL, CONVERTER, results);
        }
        for operand in Operand::ALL {
            let (reads, writes) = running.words[operand];
            bus.send(
                fed,
                DATA,
                buffer_of(operand),
                Message::Used {
                    step,
                    reads,
                    writes,
                },
            );
        }
        let what = (step, &bus.program.steps[step as usize]);
        let (from, to) = (bus.clocks.core.edge(running.began), bus.scheduler.now());
        bus.ledger.observe_step(what, from, to, bus.observer);
    }
}

impl Stepping {
    /// Tells the converter of the steps of which nothing is left in the array in cycle `cycle`.
    fn send_results<O: Observer>(&mut self, cycle: u64, bus: &mut Bus<'_, O>) {
        while let Some(&LeavingStep {
            step,
            values,
            folds,
        }) = self.leaving.front()
            && folds <= self.exited
        {
            let results = Message::Results { step, values };
            bus.send(cycle, CONTROL, CONVERTER, results);
            self.leaving.pop_front();
        }
    }
}

impl Running {
    /// The fold to be launched next.
    fn name(&self) -> FoldName {
        FoldName {
            step: self.number,
            gemm: self.tile,
            index: self.next_fold,
        }
    }

    fn placed(&self, before: &Predecessor, timing: &ArrayTiming) -> Placement {
        timing.place(before, self.ready, &self.fold, &self.interference)
    }

    fn count_words(&mut self, timing: &ArrayTiming) {
        let fold = &self.fold;
        self.words.activation.0 += timing.activation.cycles(fold.activation_values);
        self.words.weight.0 += timing.weight.cycles(fold.weight_values);
        self.words.output.0 += fold.psum_read_words;
        self.words.output.1 += fold.output_write_words;
        if fold.finished {
            self.finished_values += fold.results;
        }
    }
}
