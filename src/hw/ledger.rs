//! The account of the array's cycles over the whole run: each goes to exactly one cause and to exactly one layer, in the
//! order of time.
//!
//! While a step is in the array, cycles are the array's. While none is and the vector unit works, they are the vector
//! unit's. While both stand still, they belong to the layer whose step begins next.

use super::bus::Clocks;
use super::cause::{Cause, CauseCycles, StallReason};
use super::observer::{Engine, Observer};
use crate::graph::ProgramStep;
use crate::mapping::{Fold, Placement};
use crate::sim::Tick;

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

/// The step of the vector unit at work.
#[derive(Debug, Clone, Copy)]
pub(super) struct VectorSpan {
    /// Its layer.
    pub layer: u32,
    /// The cycle in which its lanes have done; from there on it waits for a port.
    pub lanes_until: u64,
}

/// What went to a layer.
#[derive(Debug, Clone, Copy, Default)]
struct Account {
    causes: CauseCycles,
    at_last_step: CauseCycles,
}

/// PE-cycles by layer and cause since the beginning of the run.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    pes: u64,
    tile_setup_cycles: u64,
    accounted_to: u64,
    layers: Vec<Account>,
    /// A step is in the array.
    array_works: bool,
    vector: Option<VectorSpan>,
}

impl Ledger {
    /// The account of an array of `pes` PEs that runs `layers`.
    pub(super) fn new(pes: u64, tile_setup_cycles: u32, layers: usize) -> Self {
        Ledger {
            pes,
            tile_setup_cycles: u64::from(tile_setup_cycles),
            accounted_to: 0,
            layers: vec![Account::default(); layers],
            array_works: false,
            vector: None,
        }
    }

    /// The first cycle that is still open.
    pub(super) fn accounted_to(&self) -> u64 {
        self.accounted_to
    }

    /// PE-cycles of a layer so far.
    pub(super) fn causes(&self, layer: usize) -> CauseCycles {
        self.layers[layer].causes
    }

    /// Cycles of a layer so far.
    pub(super) fn cycles(&self, layer: usize) -> u64 {
        self.layers[layer].causes.total() / self.pes
    }

    /// Attributes all open cycles up to `until`, of the whole array, to a layer's `cause`.
    pub(super) fn account(&mut self, layer: u32, cause: Cause, until: u64) {
        self.account_split(layer, cause, self.pes, Cause::IdleMapping, until);
    }

    /// Attributes all open cycles up to `until`: of `some` PEs to `cause`, of the others to `rest`.
    pub(super) fn account_split(
        &mut self,
        layer: u32,
        cause: Cause,
        some: u64,
        rest: Cause,
        until: u64,
    ) {
        if until > self.accounted_to {
            let cycles = until - self.accounted_to;
            let causes = &mut self.layers[layer as usize].causes;
            causes.add(cause, cycles * some);
            causes.add(rest, cycles * (self.pes - some));
            self.accounted_to = until;
        }
    }

    /// Where the cycles of a fold went.
    pub(super) fn account_fold(&mut self, layer: u32, fold: &Fold, placed: &Placement) {
        let used = u64::from(fold.rows) * u64::from(fold.columns);
        let mut until = self.accounted_to() + placed.exposed_cycles;
        self.account(layer, Cause::FillDrain, until);
        until += placed.load_cycles;
        self.account(layer, Cause::WeightLoad, until);
        until += placed.compute_cycles;
        self.account_split(layer, Cause::Computing, used, Cause::IdleMapping, until);
        until += placed.narrow_port_cycles;
        self.account(layer, Cause::NarrowPort, until);
        until += placed.bank_conflict_cycles;
        self.account(layer, Cause::BankConflict, until);
        until += placed.drain_cycles;
        self.account(layer, Cause::FillDrain, until);
        debug_assert_eq!(until, placed.fed_end);
    }

    /// Attributes open cycles up to `until`, in which no step was in the array: to the vector unit if it works, else to
    /// the reason for which `engine` waits, and tells the observer of the wait.
    pub(super) fn account_stall<O: Observer>(
        &mut self,
        (engine, layer): (Engine, u32),
        reason: StallReason,
        until: u64,
        clocks: Clocks,
        observer: &mut O,
    ) {
        self.account_vector(until);
        if until > self.accounted_to {
            let [from, to] = [self.accounted_to, until].map(|cycle| clocks.core.edge(cycle));
            observer.stall(engine, reason, from, to);
            self.account(layer, reason.cause(), until);
        }
    }

    /// Attributes open cycles up to `until` to the vector unit, if it works.
    fn account_vector(&mut self, until: u64) {
        if let Some(VectorSpan { layer, lanes_until }) = self.vector {
            self.account(layer, Cause::VectorUnit, until.min(lanes_until));
            self.account(layer, Cause::NarrowPort, until);
        }
    }

    /// A step begins in the array. What is open before it was spent waiting for it, and setting it up.
    pub(super) fn array_begins<O: Observer>(
        &mut self,
        next: &Assignment,
        layer: u32,
        clocks: Clocks,
        observer: &mut O,
    ) {
        self.account_wait((Engine::Array, layer), next, clocks, observer);
        self.array_works = true;
    }

    /// No step is in the array any more.
    pub(super) fn array_rests(&mut self) {
        self.array_works = false;
    }

    /// A step begins in the vector unit.
    pub(super) fn vector_begins<O: Observer>(
        &mut self,
        next: &Assignment,
        span: VectorSpan,
        clocks: Clocks,
        observer: &mut O,
    ) {
        if !self.array_works {
            self.account_wait((Engine::VectorUnit, span.layer), next, clocks, observer);
        }
        self.vector = Some(span);
    }

    /// The vector unit's step ends in cycle `cycle`.
    pub(super) fn vector_ends(&mut self, cycle: u64) {
        if !self.array_works {
            self.account_vector(cycle);
        }
        self.vector = None;
    }

    fn account_wait<O: Observer>(
        &mut self,
        of: (Engine, u32),
        next: &Assignment,
        clocks: Clocks,
        observer: &mut O,
    ) {
        let setup_from = next.arrived.saturating_sub(self.tile_setup_cycles);
        self.account_stall(of, next.stall, setup_from, clocks, observer);
        let setup = StallReason::TileSetup;
        self.account_stall(of, setup, next.arrived, clocks, observer);
    }

    /// Tells the observer of a step that ends now, with what its layer's time since the step before went to.
    pub(super) fn observe_step<O: Observer>(
        &mut self,
        (step, what): (u32, &ProgramStep),
        from: Tick,
        to: Tick,
        observer: &mut O,
    ) {
        let account = &mut self.layers[what.layer as usize];
        let mut spent = account.causes;
        spent -= account.at_last_step;
        account.at_last_step = account.causes;
        observer.step(step, what, from, to, &spent);
    }
}
