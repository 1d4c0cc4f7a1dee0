//! The vector unit: pooling, element-wise functions, normalisation. One step at a time, at the rate of
//! its lanes or of the buffer ports, whichever is slower.

use super::bus::{Bus, CONTROL, CONTROLLER, DATA, VECTOR_UNIT, buffer_of};
use super::ledger::{Assignment, VectorSpan};
use super::message::Message;
use super::observer::Observer;
use crate::arch::{Architecture, Operand};
use crate::graph::ProgramStep;
use crate::mapping::{VectorWork, Work};

/// What the vector unit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VectorCounts {
    /// Lane operations.
    pub operations: u64,
    /// Values written.
    pub values: u64,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    step: u32,
    began: u64,
    work: VectorWork,
}

/// Port words of a step.
#[derive(Debug, Clone, Copy)]
struct Words {
    /// Read from the activation buffer.
    reads: u64,
    /// Read from the output buffer: a tile that the array left there.
    takes: u64,
    /// Written to the output buffer.
    writes: u64,
}

/// The vector unit.
#[derive(Debug, Clone)]
pub(super) struct VectorUnit {
    lanes: u64,
    latency_cycles: u64,
    input_port_bits: u64,
    output_port_bits: u64,
    running: Option<Running>,
    queued: Option<Assignment>,
    /// By layer.
    counts: Vec<VectorCounts>,
}

impl VectorUnit {
    /// The vector unit of an architecture, for a program of so many layers.
    pub(super) fn new(arch: &Architecture, layers: usize) -> Self {
        VectorUnit {
            lanes: u64::from(arch.vector_unit.lanes),
            latency_cycles: u64::from(arch.vector_unit.latency_cycles),
            input_port_bits: u64::from(arch.buffers.activation.port_bits),
            output_port_bits: u64::from(arch.buffers.output.port_bits),
            running: None,
            queued: None,
            counts: vec![VectorCounts::default(); layers],
        }
    }

    /// What was done for a layer so far.
    pub(super) fn counts(&self, layer: usize) -> &VectorCounts {
        &self.counts[layer]
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
            Message::WorkEnd => self.step_ends(bus),
            other => debug_assert!(false, "vector unit got {other:?}"),
        }
    }

    fn begin_step<O: Observer>(&mut self, next: Assignment, bus: &mut Bus<'_, O>) {
        let what = &bus.program.steps[next.step as usize];
        let Work::Vector(work) = what.work else {
            debug_assert!(false, "vector unit got a step of the array");
            return;
        };
        let began = bus.cycle();
        let words = self.words(what, &work);
        let lanes_until = began + work.operations.div_ceil(self.lanes);
        let span = VectorSpan {
            layer: what.layer,
            lanes_until,
        };
        bus.ledger
            .vector_begins(&next, span, bus.clocks, bus.observer);
        self.running = Some(Running {
            step: next.step,
            began,
            work,
        });
        let end = lanes_until.max(began + words.reads.max(words.takes + words.writes));
        bus.send(end, CONTROL, VECTOR_UNIT, Message::WorkEnd);
    }

    fn words(&self, step: &ProgramStep, work: &VectorWork) -> Words {
        let taken_bits = step.takes.map_or(0, |tile| tile.bits);
        Words {
            reads: work.input_bits.div_ceil(self.input_port_bits),
            takes: taken_bits.div_ceil(self.output_port_bits),
            writes: work.output_bits.div_ceil(self.output_port_bits),
        }
    }

    fn step_ends<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let Some(running) = self.running.take() else {
            debug_assert!(false, "a vector step ended that had not begun");
            return;
        };
        let now = bus.cycle();
        let Running { step, began, work } = running;
        let what = &bus.program.steps[step as usize];
        let counts = &mut self.counts[what.layer as usize];
        counts.operations += work.operations;
        counts.values += work.values;
        let words = self.words(what, &work);
        bus.send(
            now,
            DATA,
            buffer_of(Operand::Activation),
            Message::Used {
                step,
                reads: words.reads,
                writes: 0,
            },
        );
        bus.send(
            now,
            DATA,
            buffer_of(Operand::Output),
            Message::Used {
                step,
                reads: words.takes,
                writes: words.writes,
            },
        );
        bus.send(now, CONTROL, CONTROLLER, Message::Fed { step });
        bus.send(
            now + self.latency_cycles,
            CONTROL,
            CONTROLLER,
            Message::Done { step },
        );
        bus.ledger.vector_ends(now);
        let (from, to) = (bus.clocks.core.edge(began), bus.scheduler.now());
        bus.ledger
            .observe_step((step, what), from, to, bus.observer);
        if let Some(queued) = self.queued.take() {
            self.begin_step(queued, bus);
        }
    }
}
