//! The vector unit: pooling, element-wise functions, normalisation. One step at a time, at the rate of
//! its lanes or of the buffer ports, whichever is slower.

use super::bus::{Bus, CONTROL, CONTROLLER, DATA, VECTOR_UNIT, buffer_of};
use super::cause::{Cause, CauseCycles, StallReason};
use super::ledger::{Assignment, Ledger};
use super::message::Message;
use super::observer::Observer;
use crate::arch::{Architecture, Operand};
use crate::mapping::{VectorWork, Work};
use crate::sim::ClockDomain;

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

/// The vector unit.
#[derive(Debug, Clone)]
pub(super) struct VectorUnit {
    lanes: u64,
    latency_cycles: u64,
    input_port_bits: u64,
    output_port_bits: u64,
    running: Option<Running>,
    queued: Option<Assignment>,
    ledger: Ledger,
    counts: VectorCounts,
}

impl VectorUnit {
    /// The vector unit of an architecture.
    pub(super) fn new(arch: &Architecture) -> Self {
        VectorUnit {
            lanes: u64::from(arch.vector_unit.lanes),
            latency_cycles: u64::from(arch.vector_unit.latency_cycles),
            input_port_bits: u64::from(arch.buffers.activation.port_bits),
            output_port_bits: u64::from(arch.buffers.output.port_bits),
            running: None,
            queued: None,
            ledger: Ledger::new(arch.array.pes(), arch.controller.tile_setup_cycles),
            counts: VectorCounts::default(),
        }
    }

    /// Prepares for a layer that begins at `cycle`.
    pub(super) fn begin_layer(&mut self, cycle: u64) {
        self.ledger.begin_layer(cycle);
        self.counts = VectorCounts::default();
    }

    /// Ends the layer at `cycle`: where the array's cycles went meanwhile, and what was done.
    pub(super) fn end_layer<O: Observer>(
        &mut self,
        cycle: u64,
        core: ClockDomain,
        observer: &mut O,
    ) -> (CauseCycles, VectorCounts) {
        self.ledger
            .account_stall(StallReason::Output, cycle, core, observer);
        (self.ledger.causes(), self.counts)
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
        let Work::Vector(work) = bus.schedule.steps[next.step as usize].work else {
            debug_assert!(false, "vector unit got a step of the array");
            return;
        };
        self.ledger.account_wait(&next, bus);
        let began = self.ledger.accounted_to();
        let (reads, writes) = self.words(&work);
        self.ledger.account(
            Cause::VectorUnit,
            began + work.operations.div_ceil(self.lanes),
        );
        self.ledger
            .account(Cause::NarrowPort, began + reads.max(writes));
        self.running = Some(Running {
            step: next.step,
            began,
            work,
        });
        bus.send(
            self.ledger.accounted_to(),
            CONTROL,
            VECTOR_UNIT,
            Message::WorkEnd,
        );
    }

    fn words(&self, work: &VectorWork) -> (u64, u64) {
        (
            work.input_bits.div_ceil(self.input_port_bits),
            work.output_bits.div_ceil(self.output_port_bits),
        )
    }

    fn step_ends<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let Some(running) = self.running.take() else {
            debug_assert!(false, "a vector step ended that had not begun");
            return;
        };
        let now = bus.cycle();
        let Running { step, began, work } = running;
        self.counts.operations += work.operations;
        self.counts.values += work.values;
        let (reads, writes) = self.words(&work);
        bus.send(
            now,
            DATA,
            buffer_of(Operand::Activation),
            Message::Used { reads, writes: 0 },
        );
        bus.send(
            now,
            DATA,
            buffer_of(Operand::Output),
            Message::Used { reads: 0, writes },
        );
        bus.send(now, CONTROL, CONTROLLER, Message::Fed { step });
        bus.send(
            now + self.latency_cycles,
            CONTROL,
            CONTROLLER,
            Message::Done { step },
        );
        self.ledger.observe_step(step, began, bus);
        if let Some(queued) = self.queued.take() {
            self.begin_step(queued, bus);
        }
    }
}
