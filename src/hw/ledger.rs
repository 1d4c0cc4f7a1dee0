//! The account of an engine's cycles: each goes to exactly one cause, in the order of time.

use super::bus::Bus;
use super::cause::{Cause, CauseCycles, StallReason};
use super::observer::Observer;
use crate::sim::ClockDomain;

/// A step that the controller handed to an engine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assignment {
    /// The step.
    pub step: u32,
    /// Cycle at which it arrived.
    pub arrived: u64,
    /// What it waited for last.
    pub stall: StallReason,
}

/// PE-cycles by cause since the beginning of the layer.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    pes: u64,
    tile_setup_cycles: u64,
    accounted_to: u64,
    causes: CauseCycles,
    at_last_step: CauseCycles,
}

impl Ledger {
    /// The account of an array of `pes` PEs.
    pub(super) fn new(pes: u64, tile_setup_cycles: u32) -> Self {
        Ledger {
            pes,
            tile_setup_cycles: u64::from(tile_setup_cycles),
            accounted_to: 0,
            causes: CauseCycles::default(),
            at_last_step: CauseCycles::default(),
        }
    }

    /// Begins anew at `cycle`.
    pub(super) fn begin_layer(&mut self, cycle: u64) {
        self.accounted_to = cycle;
        self.causes = CauseCycles::default();
        self.at_last_step = CauseCycles::default();
    }

    /// The first cycle that is still open.
    pub(super) fn accounted_to(&self) -> u64 {
        self.accounted_to
    }

    /// PE-cycles so far.
    pub(super) fn causes(&self) -> CauseCycles {
        self.causes
    }

    /// Attributes all open cycles up to `until`, of the whole array, to `cause`.
    pub(super) fn account(&mut self, cause: Cause, until: u64) {
        self.account_split(cause, self.pes, Cause::IdleMapping, until);
    }

    /// Attributes all open cycles up to `until`: of `some` PEs to `cause`, of the others to `rest`.
    pub(super) fn account_split(&mut self, cause: Cause, some: u64, rest: Cause, until: u64) {
        if until > self.accounted_to {
            let cycles = until - self.accounted_to;
            self.causes.add(cause, cycles * some);
            self.causes.add(rest, cycles * (self.pes - some));
            self.accounted_to = until;
        }
    }

    /// Attributes open cycles up to `until`, in which the engine stood still, to a reason, and tells the observer.
    pub(super) fn account_stall<O: Observer>(
        &mut self,
        reason: StallReason,
        until: u64,
        core: ClockDomain,
        observer: &mut O,
    ) {
        if until > self.accounted_to {
            observer.stall(reason, core.edge(self.accounted_to), core.edge(until));
            self.account(reason.cause(), until);
        }
    }

    /// Attributes the time in which the engine stood still before `next` came: its wait, and its setup.
    pub(super) fn account_wait<O: Observer>(&mut self, next: &Assignment, bus: &mut Bus<'_, O>) {
        let from = self.accounted_to;
        let setup_from = next
            .arrived
            .saturating_sub(self.tile_setup_cycles)
            .max(from);
        let core = bus.clocks.core;
        self.account_stall(next.stall, setup_from, core, bus.observer);
        self.account_stall(StallReason::TileSetup, next.arrived, core, bus.observer);
    }

    /// Tells the observer of a step that ends now, with what the time since the step before went to.
    pub(super) fn observe_step<O: Observer>(
        &mut self,
        step: u32,
        began: u64,
        bus: &mut Bus<'_, O>,
    ) {
        let mut spent = self.causes;
        spent -= self.at_last_step;
        self.at_last_step = self.causes;
        let (from, to) = (bus.clocks.core.edge(began), bus.scheduler.now());
        bus.observer
            .step(step, &bus.schedule.steps[step as usize], from, to, &spent);
    }
}
