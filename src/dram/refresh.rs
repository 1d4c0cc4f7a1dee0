//! When which rank has to be refreshed.

use super::bank::NEVER;
use super::spec::{DramSpec, RefreshPolicy, RefreshPrecharge};

/// Refresh clock of a channel: every tREFI / ranks cycles the next rank falls due.
#[derive(Debug, Clone)]
pub(super) struct RefreshClock {
    interval: u64,
    next_due: u64,
    ranks: usize,
    /// The rank that is or will be next.
    rank: usize,
    /// Refreshes due and not yet issued.
    pending: u32,
    pub precharge: RefreshPrecharge,
}

impl RefreshClock {
    pub fn new(spec: &DramSpec) -> RefreshClock {
        let ranks = spec.organisation.ranks;
        let interval = match spec.controller.refresh {
            RefreshPolicy::AllBankStaggered => u64::from(spec.timing.refi / ranks),
            RefreshPolicy::Disabled => NEVER,
        };
        RefreshClock {
            interval,
            next_due: interval,
            ranks: ranks as usize,
            rank: 0,
            pending: 0,
            precharge: spec.controller.refresh_precharge,
        }
    }

    /// When the next refresh falls due.
    #[inline]
    pub fn next_due(&self) -> u64 {
        self.next_due
    }

    /// The rank whose refresh is under way.
    #[inline]
    pub fn current(&self) -> Option<usize> {
        (self.pending > 0).then_some(self.rank)
    }

    /// Lets what is due at `now` fall due; returns the rank if no refresh was under way.
    #[inline]
    pub fn fall_due(&mut self, now: u64) -> Option<usize> {
        if now < self.next_due {
            return None;
        }
        self.next_due += self.interval;
        self.pending += 1;
        (self.pending == 1).then_some(self.rank)
    }

    /// Notes that the current rank has been refreshed; returns the next that waits.
    pub fn refreshed(&mut self) -> Option<usize> {
        self.rank = (self.rank + 1) % self.ranks;
        self.pending -= 1;
        self.current()
    }
}
