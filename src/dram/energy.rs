//! Energy of each command, from the currents of the data sheet.

use schemars::JsonSchema;
use serde::Serialize;

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

/// Energy in pJ by what it is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct DramEnergy {
    /// Activations, with the precharges that end them.
    pub activate_pj: f64,
    /// Reads, in the array and on the data path.
    pub read_pj: f64,
    /// Writes, likewise.
    pub write_pj: f64,
    /// Drivers and termination; 0 where the description leaves them out.
    pub io_pj: f64,
    /// Refreshes, above standby.
    pub refresh_pj: f64,
    /// Standby with a row open.
    pub active_standby_pj: f64,
    /// Standby with all banks closed.
    pub precharge_standby_pj: f64,
}

impl DramEnergy {
    /// (label, pJ) in the order of the fields.
    pub fn parts(&self) -> [(&'static str, f64); 7] {
        [
            ("activate", self.activate_pj),
            ("read", self.read_pj),
            ("write", self.write_pj),
            ("I/O", self.io_pj),
            ("refresh", self.refresh_pj),
            ("active standby", self.active_standby_pj),
            ("precharge standby", self.precharge_standby_pj),
        ]
    }

    /// Activations, reads and writes inside the devices.
    pub fn dynamic_pj(&self) -> f64 {
        self.activate_pj + self.read_pj + self.write_pj
    }

    /// What is spent without any request: refresh and standby.
    pub fn background_pj(&self) -> f64 {
        self.refresh_pj + self.active_standby_pj + self.precharge_standby_pj
    }

    /// All parts together.
    pub fn total_pj(&self) -> f64 {
        self.parts().iter().map(|&(_, pj)| pj).sum()
    }
}

impl CommandEnergies {
    /// What `counts` cost. Activations are charged with their precharge when they happen.
    pub fn price(&self, counts: &DramCounts) -> DramEnergy {
        let times = |count: u64, pj: f64| count as f64 * pj;
        DramEnergy {
            activate_pj: times(counts.activates, self.activate_precharge_pj),
            read_pj: times(counts.reads, self.read_pj),
            write_pj: times(counts.writes, self.write_pj),
            io_pj: times(counts.reads, self.read_io_pj) + times(counts.writes, self.write_io_pj),
            refresh_pj: times(counts.refreshes, self.refresh_pj),
            active_standby_pj: times(
                counts.active_standby_cycles,
                self.active_standby_pj_per_cycle,
            ),
            precharge_standby_pj: times(
                counts.precharge_standby_cycles,
                self.precharge_standby_pj_per_cycle,
            ),
        }
    }
}
