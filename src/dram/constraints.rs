//! Least distances between commands, derived from the timing parameters.

use super::spec::DramSpec;

/// Least cycles from one command to another. `_same` is within a bank group, `_other` between bank groups of a
/// rank, `_rank` between ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distances {
    pub read_to_read_same: u64,
    pub read_to_read_other: u64,
    pub read_to_read_rank: u64,
    /// The data bus turns around: the same within a rank and between ranks.
    pub read_to_write: u64,
    pub read_to_precharge: u64,
    pub write_to_write_same: u64,
    pub write_to_write_other: u64,
    pub write_to_write_rank: u64,
    pub write_to_read_same: u64,
    pub write_to_read_other: u64,
    pub write_to_read_rank: u64,
    pub write_to_precharge: u64,
    pub activate_to_read: u64,
    pub activate_to_write: u64,
    pub activate_to_precharge: u64,
    pub activate_to_activate_bank: u64,
    pub activate_to_activate_same: u64,
    pub activate_to_activate_other: u64,
    pub four_activate_window: u64,
    pub precharge_to_activate: u64,
    pub precharge_all_to_activate: u64,
    /// Zero where precharges of a rank need no distance.
    pub precharge_to_precharge: u64,
    pub refresh_to_activate: u64,
    /// RD to the end of its data.
    pub read_latency: u64,
    /// WR to the end of its data.
    pub write_latency: u64,
}

impl Distances {
    pub fn new(spec: &DramSpec) -> Distances {
        let timing = &spec.timing;
        let burst = spec.burst_cycles();
        let read_latency = spec.read_latency_cycles();
        let write_latency = spec.write_latency_cycles();
        // With one bank group there is no "within": the standard's short distances hold everywhere.
        let long = |l: u32, s: u32| {
            if spec.organisation.bank_groups == 1 {
                s
            } else {
                l
            }
        };
        let column_same = burst.max(long(timing.ccd_l, timing.ccd_s));
        let column_other = burst.max(timing.ccd_s);
        let wide = u64::from;
        Distances {
            read_to_read_same: wide(column_same),
            read_to_read_other: wide(column_other),
            read_to_read_rank: wide(burst + timing.rtrs),
            read_to_write: wide((read_latency + timing.rtrs).saturating_sub(timing.cwl)),
            read_to_precharge: wide(timing.rtp),
            write_to_write_same: wide(column_same),
            write_to_write_other: wide(column_other),
            // The controller drives the bus all along, so writes to two ranks need no gap.
            write_to_write_rank: wide(burst),
            write_to_read_same: wide(write_latency + long(timing.wtr_l, timing.wtr_s)),
            write_to_read_other: wide(write_latency + timing.wtr_s),
            write_to_read_rank: wide((write_latency + timing.rtrs).saturating_sub(timing.cl)),
            write_to_precharge: wide(write_latency + timing.wr),
            activate_to_read: wide(timing.rcd_read),
            activate_to_write: wide(timing.rcd_write),
            activate_to_precharge: wide(timing.ras),
            activate_to_activate_bank: wide(timing.rc),
            activate_to_activate_same: wide(long(timing.rrd_l, timing.rrd_s)),
            activate_to_activate_other: wide(timing.rrd_s),
            four_activate_window: wide(timing.faw),
            precharge_to_activate: wide(timing.rp),
            precharge_all_to_activate: wide(timing.rp_all_bank),
            precharge_to_precharge: wide(timing.ppd),
            refresh_to_activate: wide(timing.rfc),
            read_latency: wide(read_latency),
            write_latency: wide(write_latency),
        }
    }
}
