//! The format converter at the array's output edge: accumulators to 8-bit values, those to blocks and
//! index. Its rate limits the folds (see [`crate::mapping::OutputPath`]); here it adds its latency
//! and counts.

use super::bus::{Bus, CONTROL, CONTROLLER};
use super::message::Message;
use super::observer::Observer;
use crate::arch::Converter as ConverterSpec;

/// The converter.
#[derive(Debug, Clone)]
pub(super) struct Converter {
    latency_cycles: u64,
    values: u64,
}

impl Converter {
    /// A converter as described.
    pub(super) fn new(spec: &ConverterSpec) -> Self {
        Converter {
            latency_cycles: u64::from(spec.latency_cycles),
            values: 0,
        }
    }

    /// Values converted so far.
    pub(super) fn values(&self) -> u64 {
        self.values
    }

    /// Handles a message.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        let Message::Results { step, values } = message else {
            debug_assert!(false, "converter got {message:?}");
            return;
        };
        self.values += values;
        let done = bus.cycle() + if values == 0 { 0 } else { self.latency_cycles };
        if values > 0 {
            let core = bus.clocks.core;
            bus.observer
                .converted(step, values, core.edge(bus.cycle()), core.edge(done));
        }
        bus.send(done, CONTROL, CONTROLLER, Message::Done { step });
    }
}
