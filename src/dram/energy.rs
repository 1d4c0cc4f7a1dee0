//! Energy of each command, from the currents of the data sheet.

use super::counts::DramCounts;
use super::spec::DramSpec;

/// Energies of one channel, in pJ for all devices of a rank together.
///
/// V * mA * ns = pJ. With n devices a rank and tCK in ns:
/// ACT and its PRE: VDD * (IDD0 * tRC - IDD3N * tRAS - IDD2N * (tRC - tRAS)) * tCK * n (tRC - tRAS is tRP where a
/// standard has no slack in tRC);
/// RD, WR: VDD * (IDD4R or IDD4W - IDD3N) * BL/2 * tCK * n;
/// REF: VDD * (IDD5AB - IDD3N) * tRFC * tCK * n;
/// standby: VDD * (IDD3N or IDD2N) * tCK * n a cycle. (Micron TN-41-01; the form DRAMsim3 uses, with tCK.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CommandEnergies {
    /// One ACT and the precharge that ends it.
    pub activate_precharge_pj: f64,
    /// The array and data path of one RD, without I/O.
    pub read_pj: f64,
    /// The array and data path of one WR, without I/O.
    pub write_pj: f64,
    /// I/O and termination of one read burst.
    pub read_io_pj: f64,
    /// I/O and termination of one write burst.
    pub write_io_pj: f64,
    /// One all-bank refresh, above standby.
    pub refresh_pj: f64,
    /// One cycle of a rank with a row open.
    pub active_standby_pj_per_cycle: f64,
    /// One cycle of a rank with all banks closed.
    pub precharge_standby_pj_per_cycle: f64,
}

/// The energies of a preset.
pub fn command_energies(spec: &DramSpec) -> CommandEnergies {
    let power = &spec.power;
    let timing = &spec.timing;
    let cycle_ns = 1e6 / spec.clock_khz as f64;
    let rank_pj_per_ma_cycle = power.vdd_v * cycle_ns * f64::from(spec.devices_per_rank());
    let burst_cycles = f64::from(spec.burst_cycles());
    let burst_bits = f64::from(spec.burst_bytes()) * 8.0;
    let activation_ma_cycles = power.idd0_ma * f64::from(timing.rc)
        - power.idd3n_ma * f64::from(timing.ras)
        - power.idd2n_ma * f64::from(timing.rc - timing.ras);
    let refresh_ma_cycles = (power.idd5ab_ma - power.idd3n_ma) * f64::from(timing.rfc);
    CommandEnergies {
        activate_precharge_pj: rank_pj_per_ma_cycle * activation_ma_cycles,
        read_pj: rank_pj_per_ma_cycle * (power.idd4r_ma - power.idd3n_ma) * burst_cycles,
        write_pj: rank_pj_per_ma_cycle * (power.idd4w_ma - power.idd3n_ma) * burst_cycles,
        read_io_pj: power.read_io_pj_per_bit * burst_bits,
        write_io_pj: power.write_io_pj_per_bit * burst_bits,
        refresh_pj: rank_pj_per_ma_cycle * refresh_ma_cycles,
        active_standby_pj_per_cycle: rank_pj_per_ma_cycle * power.idd3n_ma,
        precharge_standby_pj_per_cycle: rank_pj_per_ma_cycle * power.idd2n_ma,
    }
}

impl CommandEnergies {
    /// Energy of a channel's activity in pJ. Activations are charged with their precharge when they happen.
    pub fn total_pj(&self, counts: &DramCounts) -> f64 {
        let active: u64 = counts.active_standby_cycles.iter().sum();
        let precharged: u64 = counts.precharge_standby_cycles.iter().sum();
        counts.activates as f64 * self.activate_precharge_pj
            + counts.reads as f64 * (self.read_pj + self.read_io_pj)
            + counts.writes as f64 * (self.write_pj + self.write_io_pj)
            + counts.refreshes as f64 * self.refresh_pj
            + active as f64 * self.active_standby_pj_per_cycle
            + precharged as f64 * self.precharge_standby_pj_per_cycle
    }
}
