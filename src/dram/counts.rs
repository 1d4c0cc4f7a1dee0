//! What a channel has done.

/// Commands and states of one channel as integers; energy is a function of these and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// Reads answered from a posted write.
    pub forwarded_reads: u64,
    /// Reads answered by the RD of an earlier read of the same burst.
    pub merged_reads: u64,
    /// Writes absorbed by a posted write to the same burst.
    pub merged_writes: u64,
    /// Per rank, cycles with at least one row open.
    pub active_standby_cycles: Vec<u64>,
    /// Per rank, cycles with every bank closed (refresh included).
    pub precharge_standby_cycles: Vec<u64>,
}

impl DramCounts {
    pub(super) fn new(ranks: usize) -> DramCounts {
        DramCounts {
            active_standby_cycles: vec![0; ranks],
            precharge_standby_cycles: vec![0; ranks],
            ..DramCounts::default()
        }
    }

    /// Adds the counts of another channel, rank by rank.
    pub fn add(&mut self, other: &DramCounts) {
        self.activates += other.activates;
        self.precharges += other.precharges;
        self.reads += other.reads;
        self.writes += other.writes;
        self.refreshes += other.refreshes;
        self.row_hits += other.row_hits;
        self.forwarded_reads += other.forwarded_reads;
        self.merged_reads += other.merged_reads;
        self.merged_writes += other.merged_writes;
        add_ranks(
            &mut self.active_standby_cycles,
            &other.active_standby_cycles,
        );
        add_ranks(
            &mut self.precharge_standby_cycles,
            &other.precharge_standby_cycles,
        );
    }
}

fn add_ranks(sum: &mut Vec<u64>, addend: &[u64]) {
    if sum.len() < addend.len() {
        sum.resize(addend.len(), 0);
    }
    for (total, more) in sum.iter_mut().zip(addend) {
        *total += more;
    }
}
