//! What DRAM channels have done.

/// Commands and states as integers; energy is a function of these and nothing else. Of one channel or of several:
/// they add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DramCounts {
    /// ACT commands.
    pub activates: u64,
    /// Rows closed: by PRE, by an all-bank precharge (one for each open bank) or by an auto-precharge.
    pub precharges: u64,
    /// RD commands.
    pub reads: u64,
    /// WR commands.
    pub writes: u64,
    /// All-bank refreshes.
    pub refreshes: u64,
    /// Column commands other than the first of an activation.
    pub row_hits: u64,
    /// Reads answered from a posted write, without a command.
    pub forwarded_reads: u64,
    /// Reads answered by the RD of an earlier read of the same burst.
    pub merged_reads: u64,
    /// Writes absorbed by a posted write to the same burst.
    pub merged_writes: u64,
    /// Cycles of a rank with at least one row open, summed over the ranks.
    pub active_standby_cycles: u64,
    /// Cycles of a rank with every bank closed (refresh included), summed over the ranks.
    pub precharge_standby_cycles: u64,
}

impl DramCounts {
    /// Bursts on the data bus.
    pub fn bursts(&self) -> u64 {
        self.reads + self.writes
    }

    /// The commands alone: without the time that passed.
    #[must_use]
    pub fn without_standby(&self) -> DramCounts {
        DramCounts {
            active_standby_cycles: 0,
            precharge_standby_cycles: 0,
            ..*self
        }
    }

    /// Sum.
    #[must_use]
    pub fn plus(&self, other: &DramCounts) -> DramCounts {
        self.zip(other, |a, b| a + b)
    }

    /// What came since `before`.
    #[must_use]
    pub fn since(&self, before: &DramCounts) -> DramCounts {
        self.zip(before, |a, b| a - b)
    }

    /// Combines two counts field by field.
    fn zip(&self, other: &DramCounts, with: impl Fn(u64, u64) -> u64) -> DramCounts {
        let of = |field: fn(&DramCounts) -> u64| with(field(self), field(other));
        DramCounts {
            activates: of(|c| c.activates),
            precharges: of(|c| c.precharges),
            reads: of(|c| c.reads),
            writes: of(|c| c.writes),
            refreshes: of(|c| c.refreshes),
            row_hits: of(|c| c.row_hits),
            forwarded_reads: of(|c| c.forwarded_reads),
            merged_reads: of(|c| c.merged_reads),
            merged_writes: of(|c| c.merged_writes),
            active_standby_cycles: of(|c| c.active_standby_cycles),
            precharge_standby_cycles: of(|c| c.precharge_standby_cycles),
        }
    }
}

impl std::iter::Sum for DramCounts {
    fn sum<I: Iterator<Item = DramCounts>>(counts: I) -> DramCounts {
        counts.fold(DramCounts::default(), |sum, of_one| sum.plus(&of_one))
    }
}
