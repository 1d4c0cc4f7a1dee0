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
    /// By layer.
    values: Vec<u64>,
}

impl Converter {
    /// A converter as described, for a program of so many layers.
    pub(super) fn new(spec: &ConverterSpec, layers: usize) -> Self {
        Converter {
            latency_cycles: u64::from(spec.latency_cycles),
            values: vec![0; layers],
        }
    }

    /// Values of a layer converted so far.
    pub(super) fn values(&self, layer: usize) -> u64 {
        self.values[layer]
    }

    /// Handles a message.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        let Message::Results { step, values } = message else {
            debug_assert!(false, "converter got {message:?}");
            return;
        };
        let what = &bus.program.steps[step as usize];
        self.values[what.layer as usize] += values;
        let done = bus.cycle() + if values == 0 { 0 } else { self.latency_cycles };
        if values > 0 {
            let core = bus.clocks.core;
            let (from, to) = (core.edge(bus.cycle()), core.edge(done));
            bus.observer.converted(step, what, values, from, to);
        }
        bus.send(done, CONTROL, CONTROLLER, Message::Done { step });
    }
}
