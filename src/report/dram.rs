//! The report of a replayed request trace. Its JSON form is these types as they are; its version is
//! [`DRAM_SCHEMA`].

use schemars::JsonSchema;
use serde::Serialize;

use crate::dram::replay::{Arrivals, ChannelResult, Latencies, ReplayResult};
use crate::dram::{DramEnergy, DramSpec, DramSystem, command_energies};

/// Name and version of the JSON form.
pub const DRAM_SCHEMA: &str = "axbxp.dram/1";

/// A trace on a memory system.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TraceReport {
    /// `axbxp.dram/1`.
    pub schema: String,
    /// Version of the program.
    pub program_version: String,
    /// The memory system.
    pub memory: MemoryReport,
    /// The trace.
    pub trace: String,
    /// Cycles between arrivals; none where the trace's third column decides.
    pub gap_cycles: Option<u64>,
    /// Cycles of the DRAM clock from the start to the last data.
    pub cycles: u64,
    /// The same in nanoseconds.
    pub time_ns: f64,
    /// All channels together.
    pub total: ChannelReport,
    /// Each channel, in order.
    pub channels: Vec<ChannelReport>,
    /// What was assumed, and what to keep in mind.
    pub notes: Vec<String>,
}

/// A memory system.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MemoryReport {
    /// Name of the standard.
    pub name: String,
    /// Where its description comes from.
    pub source: String,
    /// Channels.
    pub channels: u32,
    /// Clock of the command bus in MHz.
    pub clock_mhz: f64,
    /// Order of the address fields.
    pub mapping: String,
    /// Bytes of a burst.
    pub burst_bytes: u32,
    /// Bytes of all channels.
    pub capacity_bytes: u64,
    /// Bytes per nanosecond of all channels at most.
    pub peak_gbps: f64,
}

/// One channel, or all of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChannelReport {
    /// Requests of the trace.
    pub requests: u64,
    /// Bytes per nanosecond on the data bus, over the whole run.
    pub bandwidth_gbps: f64,
    /// The same of the peak; 0 to 1.
    pub peak_share: f64,
    /// Latency of reads, from acceptance by the controller to the last data.
    pub read_latency: LatencyReport,
    /// Commands issued.
    pub commands: CommandReport,
    /// Column commands other than the first of an activation, of all; 0 to 1.
    pub row_hit_rate: f64,
    /// Reads answered from a posted write.
    pub forwarded_reads: u64,
    /// Reads answered by the RD of another read of the same burst.
    pub merged_reads: u64,
    /// Writes absorbed by a posted write to the same burst.
    pub merged_writes: u64,
    /// Writes that the controller still keeps at the end.
    pub writes_left: u64,
    /// Energy in pJ by part.
    pub energy: DramEnergy,
    /// Sum of the parts in pJ.
    pub energy_pj: f64,
    /// Of each bit moved.
    pub pj_per_bit: f64,
    /// Over the whole run.
    pub mean_power_mw: f64,
}

/// A distribution of latencies, in cycles of the DRAM clock. Mean and maximum are exact, the quantiles have three
/// digits.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct LatencyReport {
    /// Reads.
    pub count: u64,
    /// Mean.
    pub mean_cycles: f64,
    /// Median.
    pub p50_cycles: u64,
    /// 95th percentile.
    pub p95_cycles: u64,
    /// 99th percentile.
    pub p99_cycles: u64,
    /// Longest.
    pub max_cycles: u64,
    /// Mean in nanoseconds.
    pub mean_ns: f64,
}

/// Numbers of commands.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct CommandReport {
    /// ACT.
    pub act: u64,
    /// PRE, and rows closed by all-bank and automatic precharges.
    pub pre: u64,
    /// RD.
    pub rd: u64,
    /// WR.
    pub wr: u64,
    /// REF, all banks of a rank.
    #[serde(rename = "ref")]
    pub refresh: u64,
}

impl TraceReport {
    /// The report of `result`, of the trace called `trace` on `channels` channels of `system`.
    pub fn new(
        system: &DramSystem,
        channels: u32,
        trace: String,
        arrivals: Arrivals,
        result: &ReplayResult,
    ) -> TraceReport {
        let spec = &system.spec;
        let peak_gbps = spec.peak_bytes_per_second() as f64 / 1e9;
        let run = Run {
            spec,
            time_ns: result.cycles as f64 * 1e6 / spec.clock_khz as f64,
        };
        let each = result.channels.iter();
        TraceReport {
            schema: DRAM_SCHEMA.to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            memory: MemoryReport {
                name: spec.name.clone(),
                source: spec.source.clone(),
                channels,
                clock_mhz: spec.clock_khz as f64 / 1e3,
                mapping: spec.mapping.clone(),
                burst_bytes: spec.burst_bytes(),
                capacity_bytes: spec.capacity_bytes() * u64::from(channels),
                peak_gbps: peak_gbps * f64::from(channels),
            },
            trace,
            gap_cycles: match arrivals {
                Arrivals::Every(gap) => Some(gap),
                Arrivals::AsTraced => None,
            },
            cycles: result.cycles,
            time_ns: run.time_ns,
            total: run.report(&result.total(), peak_gbps * f64::from(channels)),
            channels: each.map(|channel| run.report(channel, peak_gbps)).collect(),
            notes: system.notes.clone(),
        }
    }
}

/// What the reports of all channels share.
struct Run<'a> {
    spec: &'a DramSpec,
    time_ns: f64,
}

impl Run<'_> {
    fn report(&self, channel: &ChannelResult, peak_gbps: f64) -> ChannelReport {
        let c = &channel.counts;
        let bursts = c.bursts();
        let bytes = bursts as f64 * f64::from(self.spec.burst_bytes());
        let bandwidth_gbps = bytes / self.time_ns;
        let energy = command_energies(self.spec).price(c);
        let energy_pj = energy.total_pj();
        let reads = c.reads + c.forwarded_reads + c.merged_reads;
        ChannelReport {
            requests: channel.requests,
            bandwidth_gbps,
            peak_share: bandwidth_gbps / peak_gbps,
            read_latency: self.latency(&channel.read_latency),
            commands: CommandReport {
                act: c.activates,
                pre: c.precharges,
                rd: c.reads,
                wr: c.writes,
                refresh: c.refreshes,
            },
            row_hit_rate: c.row_hits as f64 / bursts.max(1) as f64,
            forwarded_reads: c.forwarded_reads,
            merged_reads: c.merged_reads,
            merged_writes: c.merged_writes,
            writes_left: channel.requests - reads - c.writes - c.merged_writes,
            energy,
            energy_pj,
            pj_per_bit: if bursts == 0 {
                0.0
            } else {
                energy_pj / (8.0 * bytes)
            },
            mean_power_mw: energy_pj / self.time_ns,
        }
    }

    fn latency(&self, latencies: &Latencies) -> LatencyReport {
        LatencyReport {
            count: latencies.count(),
            mean_cycles: latencies.mean(),
            p50_cycles: latencies.quantile(0.5),
            p95_cycles: latencies.quantile(0.95),
            p99_cycles: latencies.quantile(0.99),
            max_cycles: latencies.max(),
            mean_ns: latencies.mean() * 1e6 / self.spec.clock_khz as f64,
        }
    }
}
