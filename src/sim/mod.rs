//! The discrete-event kernel: time, clock domains, the event queue and the run loop.
//!
//! The kernel knows no hardware. A [`Model`] owns its components and dispatches each message to
//! one of them; components send further messages through the [`Scheduler`].
//!
//! # Time
//!
//! [`Tick`] counts from zero. Its rate is the least common multiple of the clock frequencies in
//! kHz ([`clock_domains`]), so that every edge of every [`ClockDomain`] falls on a whole tick.
//! [`Tick::NEVER`], the greatest value, is no time: arithmetic that would pass it stays there, and
//! sending a message at that tick ends the run with [`RunError::TickOverflow`].
//!
//! # Order
//!
//! Events run in the order (tick, priority, component, sequence), the sequence being the order of
//! the calls of [`Scheduler::send`]. A message sent for the current tick takes its place among
//! those that have not run yet, so the least remaining key always runs next. The order does not
//! depend on the queue: [`TimingWheel`] and [`HeapQueue`] give the same one.
//!
//! # End of a run
//!
//! [`run()`] returns when no event is left and the model says it is done. When no event is left and
//! it is not done, the run ends in [`RunError::Deadlock`], which names the waiting components. An
//! endless exchange of messages within one tick ends in [`RunError::Livelock`].

mod clock;
mod event;
mod heap;
mod queue;
mod run;
mod scheduler;
mod time;
mod wheel;

#[cfg(test)]
mod tests;

pub use clock::{ClockDomain, ClockError, clock_domains};
pub use event::{ComponentId, Event, Priority};
pub use heap::HeapQueue;
pub use queue::EventQueue;
pub use run::{Model, RunError, RunLimits, RunStatistics, Waiting, run, run_with_limits};
pub use scheduler::Scheduler;
pub use time::{Khz, Tick};
pub use wheel::TimingWheel;
