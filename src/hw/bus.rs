//! What a component sees of the world while it handles a message.

use super::message::Message;
use super::observer::Observer;
use crate::arch::Operand;
use crate::mapping::Schedule;
use crate::sim::{ClockDomain, ComponentId, Priority, Scheduler};

/// The controller.
pub const CONTROLLER: ComponentId = ComponentId(0);
/// The DMA engine.
pub const DMA: ComponentId = ComponentId(1);
/// The first of the three buffers, which follow in the order of [`Operand::ALL`].
pub const BUFFERS: ComponentId = ComponentId(2);
/// The PE array.
pub const ARRAY: ComponentId = ComponentId(5);
/// The format converter.
pub const CONVERTER: ComponentId = ComponentId(6);
/// The vector unit.
pub const VECTOR_UNIT: ComponentId = ComponentId(7);
/// The first DRAM channel.
pub const CHANNELS: ComponentId = ComponentId(8);

/// Data that arrives, before anybody acts on it.
pub const DATA: Priority = Priority(0);
/// Engines and the controller.
pub const CONTROL: Priority = Priority(1);
/// DRAM channels, after every request of the same tick.
pub const MEMORY: Priority = Priority(2);
/// What sums up a tick, after everything that happened in it.
pub const SETTLE: Priority = Priority(3);

/// The component of a buffer.
pub fn buffer_of(operand: Operand) -> ComponentId {
    ComponentId(BUFFERS.0 + operand as u32)
}

/// The two clocks of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// Everything but the DRAM.
    pub core: ClockDomain,
    /// The DRAM channels.
    pub dram: ClockDomain,
}

/// Time, mail and the layer at hand, lent to a component for one message.
pub struct Bus<'a, O: Observer> {
    /// The events.
    pub scheduler: &'a mut Scheduler<Message>,
    /// The clocks.
    pub clocks: Clocks,
    /// The layer's steps and transfers.
    pub schedule: &'a Schedule,
    /// Sees what happens; changes nothing.
    pub observer: &'a mut O,
}

impl<O: Observer> Bus<'_, O> {
    /// The core clock cycle at hand. All components but the DRAM act on core edges only.
    #[inline]
    pub fn cycle(&self) -> u64 {
        self.clocks.core.cycle_of(self.scheduler.now())
    }

    /// The first core cycle whose edge is not before now.
    #[inline]
    pub fn next_core_cycle(&self) -> u64 {
        let edge = self.clocks.core.next_edge_at_or_after(self.scheduler.now());
        self.clocks.core.cycle_of(edge)
    }

    /// Sends a message for core cycle `cycle`.
    #[inline]
    pub fn send(&mut self, cycle: u64, priority: Priority, to: ComponentId, message: Message) {
        self.scheduler
            .send(self.clocks.core.edge(cycle), priority, to, message);
    }
}
