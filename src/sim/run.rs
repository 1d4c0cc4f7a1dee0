//! The run loop and how a run ends.

use std::fmt;

use super::scheduler::Fault;
use super::{ComponentId, Scheduler, Tick};

/// A set of components with the dispatch of messages to them.
pub trait Model {
    /// What components tell each other.
    type Message: Copy;

    /// Lets the component `to` handle `message`.
    fn handle(
        &mut self,
        to: ComponentId,
        message: Self::Message,
        scheduler: &mut Scheduler<Self::Message>,
    );

    /// Whether the work is finished. Asked when no event is left.
    fn is_done(&self) -> bool;

    /// The components that wait for something, for the report when the run cannot go on.
    fn waiting(&self) -> Vec<Waiting>;
}

/// A component that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Name of the component.
    pub component: String,
    /// What it waits for, as a noun phrase: "space in the output buffer".
    pub on: String,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waits for {}", self.component, self.on)
    }
}

/// Figures of a run that came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStatistics {
    /// Events handled.
    pub events: u64,
    /// Different ticks at which events were handled.
    pub active_ticks: u64,
    /// Tick of the last event.
    pub last_tick: Tick,
}

/// Bounds beyond which a run is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// Events handled in the whole call.
    pub events: u64,
    /// Events handled at one tick.
    pub events_per_tick: u64,
}

impl Default for RunLimits {
    /// No bound on the events of a run; 2^24 events at one tick, which no model reaches without
    /// an endless exchange of messages that takes no time.
    fn default() -> Self {
        RunLimits {
            events: u64::MAX,
            events_per_tick: 1 << 24,
        }
    }
}

/// Why a run ended before the model was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// No event is left, and the model is not done.
    #[error(
        "deadlock at {at}: no event is left and the work is not done{}",
        Listed(waiting)
    )]
    Deadlock {
        /// Tick of the last event.
        at: Tick,
        /// The waiting components.
        waiting: Vec<Waiting>,
    },
    /// Messages were exchanged at one tick without end.
    #[error(
        "livelock at {at}: {events} events without an advance of time, the last at component {}{}",
        to.0, Listed(waiting)
    )]
    Livelock {
        /// The tick that did not end.
        at: Tick,
        /// Events handled at this tick.
        events: u64,
        /// The component of the last event.
        to: ComponentId,
        /// The waiting components.
        waiting: Vec<Waiting>,
    },
    /// The bound on the number of events was reached. The run can be continued by another call.
    #[error("gave up at {at} after {events} events{}", Listed(waiting))]
    EventLimit {
        /// Tick of the last event.
        at: Tick,
        /// Events handled.
        events: u64,
        /// The waiting components.
        waiting: Vec<Waiting>,
    },
    /// A message was due at a time that a [`Tick`] cannot hold.
    #[error("at {at} a message to component {} was due at a time beyond 2^64 ticks", to.0)]
    TickOverflow {
        /// When it was sent.
        at: Tick,
        /// The component it was for.
        to: ComponentId,
    },
    /// A message was due before the tick at which it was sent: an error in the model.
    #[error("at {now} a message to component {} was sent to the past ({at})", to.0)]
    SentToThePast {
        /// When it was sent.
        now: Tick,
        /// When it was due.
        at: Tick,
        /// The component it was for.
        to: ComponentId,
    },
}

/// The waiting components, one a line.
struct Listed<'a>(&'a [Waiting]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("; no component says that it waits");
        }
        self.0.iter().try_for_each(|each| write!(f, "\n  {each}"))
    }
}

/// Handles events until none is left.
///
/// # Errors
///
/// [`RunError`], with the default [`RunLimits`].
pub fn run<M: Model>(
    model: &mut M,
    scheduler: &mut Scheduler<M::Message>,
) -> Result<RunStatistics, RunError> {
    run_with_limits(model, scheduler, RunLimits::default())
}

/// Handles events until none is left or a limit is reached.
///
/// # Errors
///
/// [`RunError`]. After [`RunError::EventLimit`] another call goes on where this one ended.
pub fn run_with_limits<M: Model>(
    model: &mut M,
    scheduler: &mut Scheduler<M::Message>,
    limits: RunLimits,
) -> Result<RunStatistics, RunError> {
    let mut statistics = RunStatistics {
        last_tick: scheduler.now(),
        ..RunStatistics::default()
    };
    let mut events_of_tick = 0_u64;
    while statistics.events < limits.events {
        let Some(event) = scheduler.next_event() else {
            return end(model, statistics);
        };
        if event.tick != statistics.last_tick || statistics.events == 0 {
            statistics.active_ticks += 1;
            statistics.last_tick = event.tick;
            events_of_tick = 0;
        }
        statistics.events += 1;
        events_of_tick += 1;
        model.handle(event.to, event.message, scheduler);
        if let Some(fault) = scheduler.take_fault() {
            return Err(refused(fault, event.tick));
        }
        if events_of_tick >= limits.events_per_tick && scheduler.next_tick() == Some(event.tick) {
            return Err(RunError::Livelock {
                at: event.tick,
                events: events_of_tick,
                to: event.to,
                waiting: model.waiting(),
            });
        }
    }
    if scheduler.pending() == 0 {
        return end(model, statistics);
    }
    Err(RunError::EventLimit {
        at: statistics.last_tick,
        events: statistics.events,
        waiting: model.waiting(),
    })
}

/// The end of a run with no event left.
fn end<M: Model>(model: &M, statistics: RunStatistics) -> Result<RunStatistics, RunError> {
    if model.is_done() {
        return Ok(statistics);
    }
    Err(RunError::Deadlock {
        at: statistics.last_tick,
        waiting: model.waiting(),
    })
}

fn refused(fault: Fault, now: Tick) -> RunError {
    match fault {
        Fault::Never { to } => RunError::TickOverflow { at: now, to },
        Fault::Past { at, to } => RunError::SentToThePast { now, at, to },
    }
}
