//! What a component sees of the world while it handles a message.

use super::ledger::Ledger;
use super::message::Message;
use super::observer::Observer;
use crate::arch::Operand;
use crate::graph::Program;
use crate::sim::{ClockDomain, ComponentId, Priority, Scheduler};

/// The controller.
pub(super) const CONTROLLER: ComponentId = ComponentId(0);
/// The DMA engine.
pub(super) const DMA: ComponentId = ComponentId(1);
/// The first of the three buffers, which follow in the order of [`Operand::ALL`].
pub(super) const BUFFERS: ComponentId = ComponentId(2);
/// The PE array.
pub(super) const ARRAY: ComponentId = ComponentId(5);
/// The format converter.
pub(super) const CONVERTER: ComponentId = ComponentId(6);
/// The vector unit.
pub(super) const VECTOR_UNIT: ComponentId = ComponentId(7);
/// The first DRAM channel.
pub(super) const CHANNELS: ComponentId = ComponentId(8);

/// Data that arrives, before anybody acts on it.
pub(super) const DATA: Priority = Priority(0);
/// Engines and the controller.
pub(super) const CONTROL: Priority = Priority(1);
/// DRAM channels, after every request of the same tick.
pub(super) const MEMORY: Priority = Priority(2);
/// What sums up a tick, after everything that happened in it.
pub(super) const SETTLE: Priority = Priority(3);

/// The component of a buffer.
pub(super) fn buffer_of(operand: Operand) -> ComponentId {
    ComponentId(BUFFERS.0 + operand as u32)
}

/// The two clocks of the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    /// Everything but the DRAM.
    pub core: ClockDomain,
    /// The DRAM channels.
    pub dram: ClockDomain,
}

/// Time, mail, the program and the account of cycles, lent to a component for one message.
pub(super) struct Bus<'a, O: Observer> {
    /// The events.
    pub scheduler: &'a mut Scheduler<Message>,
    /// The clocks.
    pub clocks: Clocks,
    /// The steps and transfers.
    pub program: &'a Program<'a>,
    /// Where the array's cycles go.
    pub ledger: &'a mut Ledger,
    /// Sees what happens; changes nothing.
    pub observer: &'a mut O,
}

impl<O: Observer> Bus<'_, O> {
    /// The core clock cycle at hand. All components but the DRAM act on core edges only.
    #[inline]
    pub(super) fn cycle(&self) -> u64 {
        self.clocks.core.cycle_of(self.scheduler.now())
    }

    /// The first core cycle whose edge is not before now.
    #[inline]
    pub(super) fn next_core_cycle(&self) -> u64 {
        let edge = self.clocks.core.next_edge_at_or_after(self.scheduler.now());
        self.clocks.core.cycle_of(edge)
    }

    /// Sends a message for core cycle `cycle`.
    #[inline]
    pub(super) fn send(
        &mut self,
        cycle: u64,
        priority: Priority,
        to: ComponentId,
        message: Message,
    ) {
        self.scheduler
            .send(self.clocks.core.edge(cycle), priority, to, message);
    }
}
