//! What a channel gives to long streams: the bandwidth and the energy per burst that a planner may count on.
//!
//! Measured on the model itself, not derived: refresh, row changes and turns of the bus are in it.

use super::counts::DramCounts;
use super::energy::command_energies;
use super::replay::Replay;
use super::{DramSpec, NoSink, RequestKind};

/// Bursts of a measured stream: over a hundred rows of the common kinds, and several refreshes.
const BURSTS: u64 = 4096;

/// A stream of one channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stream {
    /// DRAM cycles for each burst, in 1/1024.
    pub cycles_per_1024_bursts: u64,
    /// Energy of commands and I/O for each burst, in femtojoules: activations in it, standby and refresh not.
    pub fj_per_burst: u64,
}

/// What one channel gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attained {
    /// Reads one behind the other.
    pub read: Stream,
    /// Writes one behind the other.
    pub write: Stream,
    /// Reads and writes in turn, at two places.
    pub copy: Stream,
    /// Standby and refresh of the channel, in femtojoules a DRAM cycle, while it is busy.
    pub background_fj_per_cycle: u64,
}

impl Attained {
    /// Measures a channel of `spec`.
    pub fn measure(spec: &DramSpec) -> Attained {
        let (read, counts, cycles) = stream(spec, |_| RequestKind::Read);
        let background = command_energies(spec).price(&counts).background_pj();
        Attained {
            read,
            write: stream(spec, |_| RequestKind::Write).0,
            copy: stream(spec, |index| {
                [RequestKind::Read, RequestKind::Write][index as usize % 2]
            })
            .0,
            background_fj_per_cycle: (background * 1000.0 / cycles as f64) as u64,
        }
    }
}

fn stream(spec: &DramSpec, kind: impl Fn(u64) -> RequestKind) -> (Stream, DramCounts, u64) {
    let burst_bytes = u64::from(spec.burst_bytes());
    let half = spec.capacity_bytes() / 2;
    let mut counts = DramCounts::default();
    let mut cycles = BURSTS;
    // A single channel is always possible, and the addresses lie in its first and its second half.
    if let Ok(mut replay) = Replay::new(spec, 1, |_| NoSink) {
        let (mut reads, mut writes) = (0, half);
        for index in 0..BURSTS {
            let kind = kind(index);
            let at = match kind {
                RequestKind::Read => &mut reads,
                RequestKind::Write => &mut writes,
            };
            let offered = replay.offer(*at, kind, 0);
            debug_assert!(offered.is_ok(), "{offered:?}");
            *at += burst_bytes;
        }
        let (result, _) = replay.finish();
        cycles = result.cycles;
        counts = result.total().counts;
    }
    let energy = command_energies(spec).price(&counts);
    let pj = energy.dynamic_pj() + energy.io_pj;
    let stream = Stream {
        cycles_per_1024_bursts: cycles * 1024 / BURSTS,
        fj_per_burst: (pj * 1000.0 / BURSTS as f64) as u64,
    };
    (stream, counts, cycles)
}
