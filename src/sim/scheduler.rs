//! Where components send messages.

use super::{ComponentId, Event, EventQueue, Priority, Tick, TimingWheel};

/// The current time and the events to come.
#[derive(Debug)]
pub struct Scheduler<M: Copy, Q: EventQueue<M> = TimingWheel<M>> {
    queue: Q,
    now: Tick,
    fault: Option<Fault>,
    message: std::marker::PhantomData<M>,
}

/// A send that cannot be carried out. The run loop ends at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Sent at [`Tick::NEVER`].
    Never { to: ComponentId },
    /// Sent at a tick before the current one.
    Past { at: Tick, to: ComponentId },
}

impl<M: Copy> Scheduler<M> {
    /// A scheduler at tick zero with nothing to do, on the timing wheel.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<M: Copy, Q: EventQueue<M>> Default for Scheduler<M, Q> {
    fn default() -> Self {
        Scheduler {
            queue: Q::default(),
            now: Tick::ZERO,
            fault: None,
            message: std::marker::PhantomData,
        }
    }
}

impl<M: Copy, Q: EventQueue<M>> Scheduler<M, Q> {
    /// The current time: the tick of the event being handled.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Tick {
        self.now
    }

    /// Sends `message` to the component `to`, to be handled at the tick `at`.
    ///
    /// `at` may be the current tick. A tick before it is a programming error: the message is
    /// dropped and the run ends with [`super::RunError::SentToThePast`] after the event being
    /// handled. [`Tick::NEVER`] likewise ends it with [`super::RunError::TickOverflow`].
    #[inline]
    pub fn send(&mut self, at: Tick, priority: Priority, to: ComponentId, message: M) {
        if at < self.now || at == Tick::NEVER {
            self.refuse(at, to);
            return;
        }
        self.queue.push(Event {
            tick: at,
            priority,
            to,
            message,
        });
    }

    /// Sends `message` to the component `to`, to be handled `ticks` after the current tick.
    ///
    /// A time that does not fit ends the run with [`super::RunError::TickOverflow`].
    #[inline]
    pub fn send_after(&mut self, ticks: u64, priority: Priority, to: ComponentId, message: M) {
        self.send(self.now.after(ticks), priority, to, message);
    }

    /// Takes the next event in the order and moves the current time to its tick.
    ///
    /// [`super::run()`] does this; it is public for drivers that step by hand.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event<M>> {
        let event = self.queue.pop()?;
        self.now = event.tick;
        Some(event)
    }

    /// The tick of the next event.
    #[must_use]
    pub fn next_tick(&self) -> Option<Tick> {
        self.queue.next_tick()
    }

    /// Events sent and not handled yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Takes the first send that was refused.
    #[inline]
    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        // Taking is a write; the check alone keeps it off the event path.
        self.fault?;
        self.fault.take()
    }

    #[cold]
    #[inline(never)]
    fn refuse(&mut self, at: Tick, to: ComponentId) {
        let fault = if at == Tick::NEVER {
            Fault::Never { to }
        } else {
            Fault::Past { at, to }
        };
        self.fault.get_or_insert(fault);
    }
}
