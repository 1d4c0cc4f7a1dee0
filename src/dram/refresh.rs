//! When which rank has to be refreshed.

use super::bank::NEVER;
use super::index::RankIndex;
use super::spec::DramSpec;
use super::spec_file::{RefreshPolicy, RefreshPrecharge};

/// Refresh clock of a channel: every tREFI / ranks cycles the next rank falls due.
#[derive(Debug, Clone)]
pub(super) struct RefreshClock {
    interval: u64,
    next_due: u64,
    ranks: u32,
    /// The rank that is or will be next.
    rank: RankIndex,
    /// Refreshes due and not yet issued.
    pending: u32,
    pub precharge: RefreshPrecharge,
}

impl RefreshClock {
    pub(super) fn new(spec: &DramSpec) -> RefreshClock {
        let ranks = spec.organisation.ranks;
        let interval = match spec.controller.refresh {
            RefreshPolicy::AllBankStaggered => u64::from(spec.timing.refi / ranks),
            RefreshPolicy::Disabled => NEVER,
        };
        RefreshClock {
            interval,
            next_due: interval,
            ranks,
            rank: RankIndex::FIRST,
            pending: 0,
            precharge: spec.controller.refresh_precharge,
        }
    }

    /// When the next refresh falls due.
    #[inline]
    pub(super) fn next_due(&self) -> u64 {
        self.next_due
    }

    /// The rank whose refresh is under way.
    #[inline]
    pub(super) fn current(&self) -> Option<RankIndex> {
        (self.pending > 0).then_some(self.rank)
    }

    /// Lets what is due at `now` fall due; returns the rank if no refresh was under way.
    #[inline]
    pub(super) fn fall_due(&mut self, now: u64) -> Option<RankIndex> {
        if now < self.next_due {
            return None;
        }
        self.next_due += self.interval;
        self.pending += 1;
        (self.pending == 1).then_some(self.rank)
    }

    /// Notes that the current rank has been refreshed; returns the next that waits.
    pub(super) fn refreshed(&mut self) -> Option<RankIndex> {
        self.rank = self.rank.next_of(self.ranks);
        self.pending -= 1;
        self.current()
    }
}
