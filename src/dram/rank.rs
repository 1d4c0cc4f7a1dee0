//! What the banks of a rank share: the activate window, the refresh and the standby state.

/// State of one rank.
#[derive(Debug, Clone, Default)]
pub(super) struct Rank {
    /// Cycles of the last four ACTs, a ring; `None` before the fourth.
    activations: [Option<u64>; 4],
    oldest: usize,
    /// Earliest refresh as far as commands decide.
    pub refresh_earliest: u64,
    /// The rank gives way to a refresh that is due.
    pub blocked: bool,
    open_banks: u32,
    /// Cycles with a row open, up to `active_since`.
    active_cycles: u64,
    /// The current or last stretch with a row open.
    active_since: u64,
    /// Its end, if no row is open.
    active_until: u64,
}

impl Rank {
    /// Notes an ACT. Returns the cycle of the fourth ACT back from the next one, if there were four.
    #[inline]
    pub(super) fn activate(&mut self, now: u64) -> Option<u64> {
        self.activations[self.oldest] = Some(now);
        self.oldest = (self.oldest + 1) % 4;
        if self.open_banks == 0 && now > self.active_until {
            self.active_cycles += self.active_until - self.active_since;
            self.active_since = now;
        }
        self.open_banks += 1;
        self.activations[self.oldest]
    }

    /// Notes that a bank is closed by a precharge at `cycle`.
    #[inline]
    pub(super) fn close(&mut self, cycle: u64) {
        self.open_banks -= 1;
        self.active_until = self.active_until.max(cycle);
    }

    #[inline]
    pub(super) fn refresh_not_before(&mut self, cycle: u64) {
        self.refresh_earliest = self.refresh_earliest.max(cycle);
    }

    /// When the last precharge so far happens or happened.
    pub(super) fn last_close(&self) -> u64 {
        self.active_until
    }

    /// Cycles before `end` with a row open.
    pub(super) fn active_cycles_until(&self, end: u64) -> u64 {
        let until = if self.open_banks > 0 {
            end
        } else {
            self.active_until.min(end)
        };
        self.active_cycles + until.saturating_sub(self.active_since)
    }
}
