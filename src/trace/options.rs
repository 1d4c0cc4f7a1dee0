//! What a trace takes in, and what it left out.

use std::fmt;

/// What is written to a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceOptions {
    /// Start of the time window, in picoseconds.
    pub from_ps: u64,
    /// End of the time window (exclusive), in picoseconds.
    ///
    /// A slice is written, whole, when a part of it lies within the window. The last value of a
    /// counter before the window is written as its value at the start of the window.
    pub to_ps: u64,
    /// Greatest number of events. A slice or a value of a counter is one event.
    pub max_events: u64,
    /// What a nanosecond of the viewer stands for.
    pub scale: TimeScale,
    /// Statements about the run to be shown in the trace, such as the name of the network.
    pub metadata: Vec<(String, String)>,
}

impl Default for TraceOptions {
    /// Everything, in real time.
    fn default() -> Self {
        TraceOptions {
            from_ps: 0,
            to_ps: u64::MAX,
            max_events: u64::MAX,
            scale: TimeScale::Real,
            metadata: Vec::new(),
        }
    }
}

/// What a nanosecond of the viewer stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeScale {
    /// A simulated nanosecond.
    #[default]
    Real,
    /// A simulated picosecond, so that formats that count nanoseconds round nothing.
    ///
    /// Times beyond 5 simulated hours do not fit and are shown at the end.
    Thousandfold,
}

impl TimeScale {
    pub(super) fn shown_ps(self, picoseconds: u64) -> u64 {
        match self {
            TimeScale::Real => picoseconds,
            TimeScale::Thousandfold => picoseconds.saturating_mul(1_000),
        }
    }
}

/// What a complete trace holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceSummary {
    /// Slices written.
    pub slices: u64,
    /// Values of counters written.
    pub values: u64,
    /// Slices written that began before an earlier slice of their track. A viewer may show them
    /// wrongly.
    pub slices_out_of_order: u64,
    /// What was not written.
    pub left_out: LeftOut,
}

/// Events that a trace does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Slices outside the time window.
    pub slices_outside_window: u64,
    /// Values of counters outside the time window.
    pub values_outside_window: u64,
    /// Slices within the window beyond the greatest number of events.
    pub slices_over_limit: u64,
    /// Values of counters within the window beyond the greatest number of events.
    pub values_over_limit: u64,
    /// Values of counters that are infinite or not a number.
    pub values_not_finite: u64,
}

impl LeftOut {
    /// All events left out.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.slices_outside_window
            + self.values_outside_window
            + self.slices_over_limit
            + self.values_over_limit
            + self.values_not_finite
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.total() == 0 {
            return f.write_str("nothing was left out");
        }
        write!(
            f,
            "left out: {} slices and {} values outside the time window, \
             {} slices and {} values beyond the greatest number of events, \
             {} values that are not finite",
            self.slices_outside_window,
            self.values_outside_window,
            self.slices_over_limit,
            self.values_over_limit,
            self.values_not_finite,
        )
    }
}
