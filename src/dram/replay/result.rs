//! What a replay has found.

use hdrhistogram::Histogram;

use super::super::DramCounts;

/// Latencies of reads in cycles.
#[derive(Debug, Clone)]
pub struct Latencies {
    histogram: Histogram<u64>,
    /// Exact, where the histogram keeps three digits.
    sum: u64,
    max: u64,
}

impl Default for Latencies {
    #[expect(clippy::unreachable, reason = "a histogram can have these bounds")]
    fn default() -> Self {
        Latencies {
            histogram: Histogram::new_with_bounds(1, 1 << 32, 3).unwrap_or_else(|_| unreachable!()),
            sum: 0,
            max: 0,
        }
    }
}

impl Latencies {
    /// One read.
    #[inline]
    pub(super) fn add(&mut self, cycles: u32) {
        let cycles = u64::from(cycles);
        self.histogram.saturating_record(cycles);
        self.sum += cycles;
        self.max = self.max.max(cycles);
    }

    /// Adds those of another channel.
    fn merge(&mut self, other: &Latencies) {
        // Both have the same bounds, so no value is refused.
        let _ = self.histogram.add(&other.histogram);
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// Reads.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Mean in cycles, exact; 0 without reads.
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.count().max(1) as f64
    }

    /// The longest in cycles, exact.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The latency in cycles that this share of the reads does not exceed, to three digits.
    pub fn quantile(&self, share: f64) -> u64 {
        self.histogram.value_at_quantile(share).min(self.max)
    }
}

/// One channel.
#[derive(Debug, Clone)]
pub struct ChannelResult {
    /// Requests it was given.
    pub requests: u64,
    /// What it did, over all cycles of the run.
    pub counts: DramCounts,
    /// Latencies of its reads.
    pub read_latency: Latencies,
}

/// A whole replay.
#[derive(Debug, Clone)]
pub struct ReplayResult {
    /// Cycles of the run.
    pub cycles: u64,
    /// Every channel.
    pub channels: Vec<ChannelResult>,
}

impl ReplayResult {
    /// All channels together.
    pub fn total(&self) -> ChannelResult {
        let mut total = ChannelResult {
            requests: 0,
            counts: DramCounts::default(),
            read_latency: Latencies::default(),
        };
        for channel in &self.channels {
            total.requests += channel.requests;
            total.counts = total.counts.plus(&channel.counts);
            total.read_latency.merge(&channel.read_latency);
        }
        total
    }
}
