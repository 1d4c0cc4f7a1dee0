//! The array's control, a cycle at a time: when stationary operands load, when a cycle of a stream is fed,
//! when a fold is over.
//!
//! A caller launches a fold when its predecessor has been fed, calls [`Sequencer::begin_cycle`], offers the
//! next fold if [`Sequencer::wants_next`] (double-buffered stationary operands), and ends the cycle.

use std::collections::VecDeque;

use super::feeding::{Feeding, Loading, WayOut};
use super::flight::Flight;
use super::fold::FoldOperands;
use super::mac::{Codec, MacUnit};
use super::operand_stationary::{LoadToken, OperandStationary};
use super::output_stationary::OutputStationary;
use super::{Leaving, Look, SteppedCounts, Token};
use crate::arch::{Dataflow, FillDrain, Operand};
use crate::blocked::Encoded;
use crate::hw::{ArrayProbe, PeView};
use crate::mapping::{ArrayTiming, Fold, Placement};

/// A fold to do.
#[derive(Debug, Clone)]
pub struct FoldWork {
    /// Its sizes and its demand on ports.
    pub fold: Fold,
    /// Its operands.
    pub operands: FoldOperands,
}

/// What a cycle brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CycleEnd {
    /// The fold at work has been fed: what its cycles went to.
    pub fed: Option<Placement>,
    /// Folds of which nothing is left in the array, so far.
    pub exited: u64,
}

impl ArrayProbe for Sequencer {
    fn fed(&self) -> Option<Token> {
        self.fed[0]
    }

    fn loading(&self) -> Option<LoadToken> {
        self.loaded[0]
    }

    fn leaving(&self) -> &[Leaving] {
        &self.leaving
    }

    fn pe(&self, row: u32, column: u32) -> PeView {
        let look = self.look(row, column);
        let (activation, weight) = self.mac.codecs();
        let decode = |codec: Codec, lanes: &[Encoded]| {
            lanes.iter().map(|&lane| codec.decode(lane)).collect()
        };
        let (activations, weights) = if self.swapped() {
            (look.top, look.left)
        } else {
            (look.left, look.top)
        };
        PeView {
            token: look.token,
            activations: decode(activation, activations),
            weights: decode(weight, weights),
            swapped: self.swapped(),
            sum: look.sum,
            out: look.out,
        }
    }
}

/// The PEs of a dataflow.
#[derive(Debug, Clone)]
enum Pes {
    Output(OutputStationary),
    Operand(OperandStationary),
}

/// The array with its control, in one layer.
#[derive(Debug, Clone)]
pub struct Sequencer {
    timing: ArrayTiming,
    mac: MacUnit,
    pes: Pes,
    flight: Flight,
    feeding: Option<Feeding>,
    next: Option<Loading>,
    /// What was fed, and which stationary row entered, this cycle and before.
    fed: VecDeque<Option<Token>>,
    loaded: VecDeque<Option<LoadToken>>,
    way_out: WayOut,
    /// Cycle from which the next fold may enter (exposed fill and drain).
    open_at: u64,
    counts: SteppedCounts,
    leaving: Vec<Leaving>,
}

impl Sequencer {
    /// An empty array for one layer.
    pub fn new(timing: ArrayTiming, mac: MacUnit) -> Self {
        let (rows, columns) = (timing.rows as usize, timing.columns as usize);
        let swapped = timing.exchanged || timing.dataflow == Dataflow::InputStationary;
        let lanes = timing.macs_per_step as usize;
        let pes = match timing.dataflow {
            Dataflow::OutputStationary => Pes::Output(OutputStationary::new(rows, columns, lanes)),
            Dataflow::WeightStationary | Dataflow::InputStationary => {
                let registers = 1 + usize::from(timing.double_buffered_weights);
                Pes::Operand(OperandStationary::new(rows, columns, lanes, registers))
            }
        };
        Sequencer {
            timing,
            mac: mac.with_edges(swapped),
            pes,
            flight: Flight::default(),
            feeding: None,
            next: None,
            fed: VecDeque::from(vec![None; rows.max(columns)]),
            loaded: VecDeque::from(vec![None; columns]),
            way_out: WayOut::default(),
            open_at: 0,
            counts: SteppedCounts::default(),
            leaving: Vec::new(),
        }
    }

    /// Whether weights enter from the left, and activations from the top.
    pub fn swapped(&self) -> bool {
        self.mac.swapped()
    }

    /// What was done so far.
    pub fn counts(&self) -> SteppedCounts {
        self.counts
    }

    /// Whether nothing is in the array or on its way into it.
    pub fn is_idle(&self) -> bool {
        self.feeding.is_none() && self.next.is_none() && self.flight.is_empty()
    }

    /// A PE after the last cycle.
    fn look(&self, row: u32, column: u32) -> Look<'_> {
        let (row, column) = (row as usize, column as usize);
        match &self.pes {
            Pes::Output(pes) => pes.look(row, column),
            Pes::Operand(pes) => pes.look(row, column),
        }
    }

    fn enter(&mut self, work: FoldWork) -> Loading {
        let shape = work.operands.shape;
        let (results, output_cycles, nothing_to_load) = match self.pes {
            Pes::Output(_) => (shape.rows, work.fold.output_cycles(), true),
            Pes::Operand(_) => (shape.steps, 0, false),
        };
        let id = self
            .flight
            .enter(work.operands, results * shape.columns, output_cycles);
        Loading::new(id, work.fold, nothing_to_load)
    }

    /// Starts a fold in cycle `now`.
    pub fn launch(&mut self, now: u64, work: FoldWork) {
        debug_assert!(self.next.is_none(), "folds start in their order");
        let loading = self.enter(work);
        self.start(now, loading);
    }

    /// Starts the fold that was offered, in cycle `now`.
    pub fn launch_next(&mut self, now: u64) {
        if let Some(loading) = self.next.take() {
            self.start(now, loading);
        }
    }

    fn start(&mut self, now: u64, loading: Loading) {
        debug_assert!(self.feeding.is_none(), "one fold is fed at a time");
        // Where folds do not overlap, every row is loaded, in use or not.
        let fill = match (self.timing.fill_drain, &self.pes) {
            (FillDrain::Exposed, Pes::Operand(_)) => u64::from(self.timing.rows),
            _ => 0,
        };
        self.feeding = Some(Feeding::new(loading, now, self.open_at, fill));
    }

    /// Whether a fold has been offered that has not started.
    pub fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// Begins cycle `now`.
    pub fn begin_cycle(&mut self, now: u64) {
        if let Some(feeding) = &mut self.feeding {
            feeding.begin_cycle(now);
        }
    }

    /// Whether the operands of the fold behind the one at work can begin to load in this cycle.
    pub fn wants_next(&self) -> bool {
        matches!(self.pes, Pes::Operand(_))
            && self.timing.double_buffered_weights
            && self.next.is_none()
            && self.feeding.as_ref().is_some_and(Feeding::streams)
    }

    /// Offers the fold behind the one at work.
    pub fn offer_next(&mut self, work: FoldWork) {
        self.next = Some(self.enter(work));
    }

    /// Somebody else takes the port of an operand's buffer from cycle `now` on, which has not begun.
    pub fn take_port(&mut self, operand: Operand, now: u64, cycles: u64) {
        let Some(feeding) = &mut self.feeding else {
            return;
        };
        if operand == Operand::Output && matches!(self.pes, Pes::Output(_)) {
            if now < self.way_out.free {
                self.way_out.free += cycles;
                feeding.put_off_way_out(cycles);
            }
        } else {
            feeding.take_port(operand, now, cycles);
        }
    }

    /// Does cycle `now`. Without `feed_ready` nothing is fed, without `load_ready` no row enters.
    pub fn end_cycle(&mut self, now: u64, feed_ready: bool, load_ready: bool) -> CycleEnd {
        self.load(now, load_ready);
        self.feed(now, feed_ready);
        self.leaving.clear();
        self.step_pes(now);
        for index in 0..self.leaving.len() {
            let Leaving { fold, column, .. } = self.leaving[index];
            self.flight.leave(fold, column, now);
        }
        CycleEnd {
            fed: self.end_fold(now + 1),
            exited: self.folds_exited(now + 1),
        }
    }

    fn load(&mut self, now: u64, ready: bool) {
        self.loaded.pop_back();
        let port_bits = if self.timing.dataflow == Dataflow::InputStationary {
            self.timing.activation.port_bits
        } else {
            self.timing.weight.port_bits
        };
        let own = self
            .feeding
            .as_mut()
            .and_then(|feeding| feeding.load_in(now));
        let loading = own
            .into_iter()
            .chain(&mut self.next)
            .find(|loading| loading.is_under_way());
        let token = loading
            .filter(|_| ready)
            .and_then(|loading| loading.tick(now, port_bits));
        self.loaded.push_front(token);
    }

    fn feed(&mut self, now: u64, ready: bool) {
        self.fed.pop_back();
        let (way_out, cycles_per_step) = (self.way_out, self.timing.cycles_per_step);
        let feeding = self.feeding.as_mut();
        let token = feeding.and_then(|feeding| feeding.feed(now, ready, way_out, cycles_per_step));
        self.fed.push_front(token);
    }

    fn step_pes(&mut self, now: u64) {
        let (fed, loaded) = (&self.fed, &self.loaded);
        let edge = |skew: usize| fed[skew];
        let load = |skew: usize| loaded[skew];
        let (flight, counts) = (&mut self.flight, &mut self.counts);
        let leaving = &mut self.leaving;
        match &mut self.pes {
            Pes::Output(pes) => {
                pes.cycle(now, &self.mac, &edge, flight, counts, leaving);
            }
            Pes::Operand(pes) => {
                pes.cycle(&self.mac, &edge, &load, flight, counts, leaving);
            }
        }
    }

    fn end_fold(&mut self, fed_end: u64) -> Option<Placement> {
        let fold = self.feeding.as_ref()?.fed_fold()?;
        if matches!(self.pes, Pes::Output(_)) {
            self.way_out = WayOut {
                free: fed_end + fold.output_cycles(),
                chain_free: fed_end + fold.drain_chain_cycles,
            };
        }
        if self.timing.fill_drain == FillDrain::Exposed {
            self.open_at = fed_end + fold.exit_cycles();
        }
        self.feeding.take().map(|done| done.placement(fed_end))
    }

    fn folds_exited(&mut self, now: u64) -> u64 {
        // Where folds do not overlap, the array counts as full for as long as a fold that uses all of it.
        if now >= self.open_at {
            self.flight.retire(now);
        }
        self.flight.retired()
    }
}
