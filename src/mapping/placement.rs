//! Folds in time: when each begins behind its predecessor, and what its cycles go to.
//!
//! The closed forms are those of [`super::fold`]; here they meet what folds do to each other and what
//! others do to the array's ports.

use super::fold::{ArrayTiming, Fold};
use super::port::PortProgress;
use crate::arch::{Dataflow, FillDrain, Operand, PerOperand};

/// What others do to the array's ports during a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interference {
    stream_start: u64,
    /// That of the outputs where results leave under the stream (weight and input stationary).
    ports: PerOperand<PortProgress>,
    /// Cycle from which the predecessor's results leave the way out free (output stationary).
    way_out_free: Option<u64>,
    /// Cycles by which that was put off.
    way_out_cycles: u64,
}

impl Interference {
    /// Somebody else takes `cycles` cycles of the port of `operand`'s buffer from cycle `now` on. Only what
    /// is taken while operands stream, or while results hold the way out, costs the array time; loads
    /// of the stationary operand go first.
    pub fn take(&mut self, fold: &Fold, operand: Operand, now: u64, cycles: u64) {
        if let (Operand::Output, Some(free)) = (operand, self.way_out_free) {
            if now < free {
                self.way_out_free = Some(free + cycles);
                self.way_out_cycles += cycles;
            }
            return;
        }
        let Some(at) = now.checked_sub(self.stream_start) else {
            return;
        };
        let demand = match operand {
            Operand::Activation => &fold.activation,
            Operand::Weight => &fold.weight,
            Operand::Output => &fold.output,
        };
        self.ports[operand].take(demand, at, cycles);
    }
}

/// What a fold's predecessor leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Predecessor {
    /// Cycle at which its stream began.
    pub stream_start: u64,
    /// Cycle after its last operand was fed.
    pub fed_end: u64,
    /// Cycles from `fed_end` for which its results hold the way out (output stationary).
    pub output_cycles: u64,
    /// ... and how many of them are the PEs' own chain rather than port or converter.
    pub chain_cycles: u64,
    /// Cycle from which the array is open to a successor (exposed fill and drain; else 0).
    pub open_at: u64,
}

impl Predecessor {
    /// Cycle from which a successor's last operand may have been fed (output stationary).
    fn way_out_free(&self) -> u64 {
        self.fed_end + self.output_cycles
    }
}

/// A fold in time, and what each cycle from `max(ready, predecessor.fed_end)` to `fed_end` went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Placement {
    /// Cycle at which the first operand enters.
    pub stream_start: u64,
    /// Cycle after the last operand entered.
    pub fed_end: u64,
    /// Waiting until the predecessor has left the array (exposed fill and drain).
    pub exposed_cycles: u64,
    /// Loading stationary operands with the array idle.
    pub load_cycles: u64,
    /// Streaming at full rate.
    pub compute_cycles: u64,
    /// Streaming held up by a port or converter that is too narrow.
    pub narrow_port_cycles: u64,
    /// Streaming held up by somebody else's accesses to the same bank.
    pub bank_conflict_cycles: u64,
    /// Held up by the predecessor's results still in the PEs' output chain.
    pub drain_cycles: u64,
}

impl ArrayTiming {
    /// Cycle from which a fold's operands may enter, and the one in which its stream begins.
    fn begin(&self, before: &Predecessor, ready: u64, fold: &Fold) -> (u64, u64) {
        let begin = before.fed_end.max(ready).max(before.open_at);
        if self.dataflow == Dataflow::OutputStationary {
            return (begin, begin);
        }
        let load_start = if self.double_buffered_weights {
            before.stream_start.max(ready)
        } else {
            begin
        };
        (begin, begin.max(load_start + fold.load_cycles))
    }

    /// Nobody has touched the ports yet of `fold`, which is to be placed as by [`ArrayTiming::place`].
    pub fn undisturbed(&self, before: &Predecessor, ready: u64, fold: &Fold) -> Interference {
        let leaves_later = self.dataflow == Dataflow::OutputStationary;
        Interference {
            stream_start: self.begin(before, ready, fold).1,
            way_out_free: leaves_later.then(|| before.way_out_free()),
            ..Interference::default()
        }
    }

    /// Places a fold whose operands are in the buffers from `ready` on behind its predecessor.
    pub fn place(
        &self,
        before: &Predecessor,
        ready: u64,
        fold: &Fold,
        interference: &Interference,
    ) -> Placement {
        let (begin, stream_start) = self.begin(before, ready, fold);
        let unobstructed = fold.unobstructed_cycles();
        let contended = unobstructed
            .max(interference.ports.activation.cycles(&fold.activation))
            .max(interference.ports.weight.cycles(&fold.weight))
            .max(interference.ports.output.cycles(&fold.output));
        let streamed = stream_start + contended;
        let mut placement = Placement {
            stream_start,
            fed_end: streamed,
            exposed_cycles: begin - before.fed_end.max(ready),
            load_cycles: stream_start - begin,
            compute_cycles: fold.compute_cycles,
            narrow_port_cycles: unobstructed - fold.compute_cycles,
            bank_conflict_cycles: contended - unobstructed,
            drain_cycles: 0,
        };
        if let Some(way_out_free) = interference.way_out_free {
            let held = way_out_free.saturating_sub(streamed);
            // What the chain alone would have held is drain; the rest is port or converter.
            let chain_held = (before.fed_end + before.chain_cycles)
                .saturating_sub(streamed)
                .min(held);
            let conflict = (held - chain_held).min(interference.way_out_cycles);
            placement.fed_end += held;
            placement.narrow_port_cycles += held - chain_held - conflict;
            placement.bank_conflict_cycles += conflict;
            placement.drain_cycles = chain_held;
        }
        placement
    }

    /// What `fold`, placed so, leaves to its successor.
    pub fn succeed(&self, placement: &Placement, fold: &Fold) -> Predecessor {
        let output_stationary = self.dataflow == Dataflow::OutputStationary;
        Predecessor {
            stream_start: placement.stream_start,
            fed_end: placement.fed_end,
            output_cycles: if output_stationary {
                fold.output_cycles()
            } else {
                0
            },
            chain_cycles: fold.drain_chain_cycles,
            open_at: match self.fill_drain {
                FillDrain::Overlapped => 0,
                FillDrain::Exposed => placement.fed_end + fold.exit_cycles(),
            },
        }
    }
}
