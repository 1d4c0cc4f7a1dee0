//! What the scheduler asks of an event queue.

use super::{Event, Tick};

/// A queue of future events in the order (tick, priority, component, sequence of pushes).
pub trait EventQueue<M: Copy>: Default {
    /// Adds an event.
    ///
    /// Its tick must not be earlier than that of the last event popped: [`super::Scheduler`] sees
    /// to it. An earlier one is a programming error, found by a debug assertion; without it the
    /// event is due at once, at the tick of the last event popped.
    fn push(&mut self, event: Event<M>);

    /// Takes the least event in the order.
    fn pop(&mut self) -> Option<Event<M>>;

    /// The tick of the event that [`EventQueue::pop`] would give.
    fn next_tick(&self) -> Option<Tick>;

    /// Events in the queue.
    fn len(&self) -> usize;

    /// Whether no event is in the queue.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
