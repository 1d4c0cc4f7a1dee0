//! Points in simulated time and frequencies.

use std::fmt;

/// A point in simulated time, in ticks since the start of the simulation.
///
/// The length of a tick is 1 / rate, where the rate comes from [`super::clock_domains`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub u64);

impl Tick {
    /// The start of the simulation.
    pub const ZERO: Tick = Tick(0);

    /// Not a point in time: what arithmetic yields when the result does not fit.
    ///
    /// It compares greater than every time. A message sent at this tick ends the run with
    /// [`super::RunError::TickOverflow`].
    pub const NEVER: Tick = Tick(u64::MAX);

    /// The tick `ticks` later, or [`Tick::NEVER`] when it does not fit.
    #[inline]
    #[must_use]
    pub const fn after(self, ticks: u64) -> Tick {
        Tick(self.0.saturating_add(ticks))
    }

    /// Ticks from `earlier` to `self`; zero when `earlier` is not earlier.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time in picoseconds, rounded down, when ticks run at `rate`.
    ///
    /// The result is capped at `u64::MAX` (213 days).
    #[must_use]
    pub fn picoseconds(self, rate: Khz) -> u64 {
        // 1 / kHz is a millisecond: 10^9 ps.
        let picoseconds = u128::from(self.0) * 1_000_000_000 / u128::from(rate.0.max(1));
        u64::try_from(picoseconds).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tick {}", self.0)
    }
}

/// A frequency in kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Khz(pub u64);

impl fmt::Display for Khz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kHz", self.0)
    }
}
