//! The fold that is being fed, its stationary operand on the way in, and the ports that both hang on.

use super::Token;
use super::operand_stationary::LoadToken;
use crate::arch::{Operand, PerOperand};
use crate::mapping::{Fold, Placement, PortDemand};

/// When the results of the predecessor leave the array's output side free (output stationary).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WayOut {
    /// Cycle from which a successor's last operand may have been fed.
    pub free: u64,
    /// The same, were it for the PEs' own chain alone.
    pub chain_free: u64,
}

/// A port that delivers a word a cycle, unless somebody else has it.
#[derive(Debug, Clone, Copy, Default)]
struct Port {
    demand: PortDemand,
    delivered: u64,
    blocked: u64,
}

impl Port {
    fn new(demand: PortDemand) -> Self {
        Port {
            demand,
            ..Port::default()
        }
    }

    fn take(&mut self, cycles: u64) {
        if self.delivered < self.demand.words() {
            self.blocked += cycles;
        }
    }

    fn tick(&mut self) {
        if self.blocked > 0 {
            self.blocked -= 1;
        } else if self.delivered < self.demand.words() {
            self.delivered += 1;
        }
    }

    fn allows(&self, cycle: u64) -> bool {
        self.demand.words() == 0 || self.demand.words_through(cycle) <= self.delivered
    }
}

/// A fold with its stationary operand on the way in.
#[derive(Debug, Clone)]
pub(super) struct Loading {
    id: u64,
    fold: Fold,
    /// Rows that have entered, and words that have come for them.
    entered: u64,
    words: u64,
    /// First cycle in which it may stream.
    loaded: Option<u64>,
}

impl Loading {
    /// Fold number `id`, with nothing loaded yet, or nothing to load.
    pub(super) fn new(id: u64, fold: Fold, nothing_to_load: bool) -> Self {
        Loading {
            id,
            fold,
            entered: 0,
            words: 0,
            loaded: nothing_to_load.then_some(0),
        }
    }

    /// Whether rows have yet to enter.
    pub(super) fn is_under_way(&self) -> bool {
        self.loaded.is_none()
    }

    /// Bits of the first `rows` rows that enter.
    fn bits_of(&self, rows: u64) -> u64 {
        let [last_row, other] = self.fold.load_bits;
        last_row + (rows - 1) * other
    }

    /// Takes a word, and lets the next row in if all of it is there.
    pub(super) fn tick(&mut self, now: u64, port_bits: u32) -> Option<LoadToken> {
        self.words += 1;
        if self.bits_of(self.entered + 1) > self.words * u64::from(port_bits) {
            return None;
        }
        let token = LoadToken {
            fold: self.id,
            index: self.entered as usize,
        };
        self.entered += 1;
        if self.entered == u64::from(self.fold.rows) {
            self.loaded = Some(now + 1);
        }
        Some(token)
    }
}

/// The fold that is being fed.
#[derive(Debug, Clone)]
pub(super) struct Feeding {
    load: Loading,
    begin: u64,
    /// Cycles it had to wait until the array was open to it.
    exposed: u64,
    /// Cycle before which it can not stream, whatever has been loaded.
    filled: u64,
    stream_start: Option<u64>,
    /// Cycles of the stream that have been fed.
    fed: u64,
    /// The array's ports to the buffers.
    ports: PerOperand<Port>,
    /// The way into the converter.
    conversion: Port,
    port_stalls: u64,
    chain_stalls: u64,
    way_out_stalls: u64,
    way_out_taken: u64,
}

impl Feeding {
    /// A fold started in cycle `now` that may enter from cycle `open_at` on, and then takes `fill` cycles at
    /// least before it streams.
    pub(super) fn new(load: Loading, now: u64, open_at: u64, fill: u64) -> Self {
        let fold = &load.fold;
        let ports = PerOperand {
            activation: Port::new(fold.activation),
            weight: Port::new(fold.weight),
            output: Port::new(fold.output),
        };
        let conversion = Port::new(fold.conversion);
        Feeding {
            load,
            begin: now.max(open_at),
            exposed: open_at.saturating_sub(now),
            filled: now.max(open_at) + fill,
            stream_start: None,
            fed: 0,
            ports,
            conversion,
            port_stalls: 0,
            chain_stalls: 0,
            way_out_stalls: 0,
            way_out_taken: 0,
        }
    }

    fn may_stream(&self, now: u64) -> bool {
        self.filled <= now && self.load.loaded.is_some_and(|loaded| loaded <= now)
    }

    /// Begins cycle `now`.
    pub(super) fn begin_cycle(&mut self, now: u64) {
        if self.may_stream(now) {
            self.stream_start.get_or_insert(now);
        }
    }

    /// Whether its stream has begun.
    pub(super) fn streams(&self) -> bool {
        self.stream_start.is_some()
    }

    /// Its stationary operand, if that may enter in cycle `now`.
    pub(super) fn load_in(&mut self, now: u64) -> Option<&mut Loading> {
        (self.begin <= now).then_some(&mut self.load)
    }

    /// Somebody else takes the port of an operand's buffer from cycle `now` on.
    pub(super) fn take_port(&mut self, operand: Operand, now: u64, cycles: u64) {
        if self.may_stream(now) {
            self.ports[operand].take(cycles);
        }
    }

    /// Somebody else put off the end of the predecessor's results.
    pub(super) fn put_off_way_out(&mut self, cycles: u64) {
        self.way_out_taken += cycles;
    }

    /// What is fed in cycle `now`, if anything is; without `ready` nothing is.
    pub(super) fn feed(
        &mut self,
        now: u64,
        ready: bool,
        way_out: WayOut,
        cycles_per_step: u32,
    ) -> Option<Token> {
        self.stream_start?;
        for operand in Operand::ALL {
            self.ports[operand].tick();
        }
        self.conversion.tick();
        let cycle = self.fed;
        let mut ports = self.ports.iter().chain([&self.conversion]);
        if !(ready && ports.all(|port| port.allows(cycle))) {
            self.port_stalls += 1;
            return None;
        }
        let is_last = cycle + 1 == self.load.fold.compute_cycles;
        if is_last && now + 1 < way_out.free {
            if now + 1 < way_out.chain_free {
                self.chain_stalls += 1;
            } else {
                self.way_out_stalls += 1;
            }
            return None;
        }
        self.fed += 1;
        let phase = (cycle % u64::from(cycles_per_step)) as u32;
        Some(Token {
            fold: self.load.id,
            step: (cycle / u64::from(cycles_per_step)) as usize,
            phase,
            ends_step: phase + 1 == cycles_per_step,
        })
    }

    /// The fold, if all of it has been fed.
    pub(super) fn fed_fold(&self) -> Option<&Fold> {
        let fold = &self.load.fold;
        (self.fed == fold.compute_cycles).then_some(fold)
    }

    /// What its cycles went to, when it has been fed by `fed_end`.
    pub(super) fn placement(&self, fed_end: u64) -> Placement {
        let fold = &self.load.fold;
        let stream_start = self.stream_start.unwrap_or(fed_end);
        let narrow = fold.unobstructed_cycles() - fold.compute_cycles;
        let narrow = narrow.min(self.port_stalls);
        let conflict = self.way_out_stalls.min(self.way_out_taken);
        Placement {
            stream_start,
            fed_end,
            exposed_cycles: self.exposed,
            load_cycles: stream_start - self.begin,
            compute_cycles: self.fed,
            narrow_port_cycles: narrow + self.way_out_stalls - conflict,
            bank_conflict_cycles: self.port_stalls - narrow + conflict,
            drain_cycles: self.chain_stalls,
        }
    }
}
