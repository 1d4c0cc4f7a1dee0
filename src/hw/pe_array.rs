//! The PE array: takes tile steps from the controller, runs their folds one after the other, and
//! accounts for every one of its cycles.
//!
//! Fidelity `wavefront`: a fold is one event, at the cycle at which its last operand has been fed. That
//! cycle is the closed form of [`ArrayTiming::place`]; port cycles that the DMA takes meanwhile push
//! it back. Fidelity `stepped`: every cycle is an event, in which a [`SteppedLayer`] moves every operand
//! and computes every product. Either way the next step may be queued behind the current one, so that
//! folds follow each other without a gap across tiles.

use std::collections::VecDeque;

use super::array_counts::ArrayCounts;
use super::bus::{ARRAY, Bus, CONTROL, CONTROLLER, CONVERTER, DATA, SETTLE, buffer_of};
use super::cause::{Cause, CauseCycles, StallReason};
use super::ledger::{Assignment, Ledger};
use super::message::Message;
use super::observer::Observer;
use super::stepped::{FoldName, OutputCheck, SteppedLayer};
use crate::arch::{Operand, PerOperand};
use crate::mapping::{ArrayTiming, Fold, Interference, Placement, Predecessor, TileGemm, Work};
use crate::sim::ClockDomain;

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

/// What a layer on the array comes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct ArrayLayerEnd {
    /// PE-cycles by cause.
    pub causes: CauseCycles,
    /// Counts.
    pub counts: ArrayCounts,
    /// Outputs of a stepped array beside a direct computation.
    pub outputs: Option<OutputCheck>,
}

/// The PE array.
#[derive(Debug, Clone)]
pub(super) struct PeArray {
    timing: Option<ArrayTiming>,
    running: Option<Running>,
    queued: Option<Assignment>,
    before: Predecessor,
    /// Cycle by which all results of the folds so far have left the array. A wide fold's last column
    /// may leave after a narrow successor's, and steps end in their order.
    last_exit: u64,
    /// At fidelity `stepped`.
    stepping: Option<Stepping>,
    ledger: Ledger,
    counts: ArrayCounts,
}

impl PeArray {
    /// An array of `pes` PEs.
    pub(super) fn new(pes: u64, tile_setup_cycles: u32) -> Self {
        PeArray {
            timing: None,
            running: None,
            queued: None,
            before: Predecessor::default(),
            last_exit: 0,
            stepping: None,
            ledger: Ledger::new(pes, tile_setup_cycles),
            counts: ArrayCounts::default(),
        }
    }

    /// Prepares for a layer that begins at `cycle`; with `stepped`, it is done cycle by cycle.
    pub(super) fn begin_layer(
        &mut self,
        timing: Option<ArrayTiming>,
        stepped: Option<Box<SteppedLayer>>,
        cycle: u64,
    ) {
        self.timing = timing;
        self.before = Predecessor {
            fed_end: cycle,
            stream_start: cycle,
            ..Predecessor::default()
        };
        self.last_exit = cycle;
        self.stepping = stepped.map(Stepping::new);
        self.ledger.begin_layer(cycle);
        self.counts = ArrayCounts::default();
    }

    /// Ends the layer at `cycle` and gives what happened since its beginning.
    pub(super) fn end_layer<O: Observer>(
        &mut self,
        cycle: u64,
        core: ClockDomain,
        observer: &mut O,
    ) -> ArrayLayerEnd {
        let exit = self.last_exit.min(cycle);
        self.ledger
            .account_stall(StallReason::Drain, exit, core, observer);
        self.ledger
            .account_stall(StallReason::Output, cycle, core, observer);
        let stepped = self.stepping.take();
        if let (Some(stepped), Some(timing)) = (&stepped, &self.timing) {
            self.counts.measure(&stepped.layer, timing);
        }
        ArrayLayerEnd {
            causes: self.ledger.causes(),
            counts: self.counts,
            outputs: stepped.map(|stepped| stepped.layer.check()),
        }
    }

    /// Whether a step is at work or queued.
    pub(super) fn is_busy(&self) -> bool {
        self.running.is_some() || self.queued.is_some()
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
                if self.running.is_none() {
                    self.begin_step(assignment, bus);
                } else {
                    self.queued = Some(assignment);
                }
            }
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

    fn begin_step<O: Observer>(&mut self, next: Assignment, bus: &mut Bus<'_, O>) {
        let Some(timing) = self.timing else {
            debug_assert!(false, "array started in a layer without array work");
            return;
        };
        let Work::Array(tile) = bus.schedule.steps[next.step as usize].work else {
            debug_assert!(false, "array got a step of the vector unit");
            return;
        };
        self.ledger.account_wait(&next, bus);
        let running = Running {
            step: next.step,
            ready: next.arrived,
            began: self.ledger.accounted_to(),
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
        let step = self.queued.as_ref()?.step;
        match bus.schedule.steps[step as usize].work {
            Work::Array(gemm) => Some(FoldName {
                step,
                gemm,
                index: 0,
            }),
            Work::Vector(_) => None,
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
        self.account_fold(&running.fold, &placed);
        self.counts.add_fold(&running.fold, &timing);
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
        self.end_step(&running, bus);
        if let Some(queued) = self.queued.take() {
            self.begin_step(queued, bus);
        }
    }

    fn account_fold(&mut self, fold: &Fold, placed: &Placement) {
        let used = u64::from(fold.rows) * u64::from(fold.columns);
        let mut until = self.ledger.accounted_to() + placed.exposed_cycles;
        self.ledger.account(Cause::FillDrain, until);
        until += placed.load_cycles;
        self.ledger.account(Cause::WeightLoad, until);
        until += placed.compute_cycles;
        self.ledger
            .account_split(Cause::Computing, used, Cause::IdleMapping, until);
        until += placed.narrow_port_cycles;
        self.ledger.account(Cause::NarrowPort, until);
        until += placed.bank_conflict_cycles;
        self.ledger.account(Cause::BankConflict, until);
        until += placed.drain_cycles;
        self.ledger.account(Cause::FillDrain, until);
        debug_assert_eq!(until, placed.fed_end);
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
                Message::Used { reads, writes },
            );
        }
        self.ledger.observe_step(step, running.began, bus);
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
            step: self.step,
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
