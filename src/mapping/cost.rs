//! What a schedule costs, and what it is chosen for.

use std::cmp::Ordering;

use crate::arch::{Objective, PerOperand};

/// What the memory gives, in core cycles. Rates are in 1/1024 of a core cycle for each burst, all channels together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemoryRates {
    /// A stream of reads.
    pub read_ticks: u64,
    /// A stream of writes.
    pub write_ticks: u64,
    /// Reads and writes in turn, for each of them.
    pub copy_ticks: u64,
    /// Core cycles from the request of a burst to its arrival at the buffer.
    pub read_latency_cycles: u64,
    /// Core cycles from the request of a written burst to the word that it has been taken.
    pub write_latency_cycles: u64,
}

/// Energies by which schedules differ, in femtojoules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct UnitEnergies {
    /// A burst read from DRAM, DMA included.
    pub read_burst_fj: u64,
    /// A burst written to DRAM.
    pub written_burst_fj: u64,
    /// A port word read from or written to each buffer.
    pub word_fj: PerOperand<u64>,
    /// A tile set up.
    pub tile_fj: u64,
    /// A core cycle: leakage, and refresh and standby of the DRAM.
    pub core_cycle_fj: u64,
    /// A PE for a cycle in which it multiplies.
    pub active_pe_cycle_fj: u64,
    /// A PE for a cycle in which it is clocked and does not.
    pub idle_pe_cycle_fj: u64,
}

/// What schedules are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Goal {
    /// What counts.
    pub objective: Objective,
    /// What the memory gives.
    pub memory: MemoryRates,
    /// What activity costs.
    pub energies: UnitEnergies,
    /// Core cycles in which a burst passes the port of each buffer.
    pub port_cycles: PerOperand<u64>,
    /// Core cycles to set up a tile.
    pub tile_setup_cycles: u64,
    /// Core cycles through the converter.
    pub converter_cycles: u64,
    /// PEs of the array.
    pub pes: u64,
}

/// What a layer comes to under a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Core cycles.
    pub cycles: f64,
    /// Picojoules, without what no schedule changes outside the array (converter, vector operations).
    pub energy_pj: f64,
    /// DRAM bursts.
    pub bursts: u64,
}

impl Cost {
    /// What the objective makes as small as possible.
    pub fn under(&self, objective: Objective) -> f64 {
        match objective {
            Objective::Latency => self.cycles,
            Objective::Energy => self.energy_pj,
            Objective::Edp => self.cycles * self.energy_pj,
            Objective::Traffic => self.bursts as f64,
        }
    }

    /// Which of two is better: by the objective, then by time, then by traffic.
    pub(super) fn compare(&self, other: &Cost, objective: Objective) -> Ordering {
        self.under(objective)
            .total_cmp(&other.under(objective))
            .then(self.cycles.total_cmp(&other.cycles))
            .then(self.bursts.cmp(&other.bursts))
    }
}

/// Activity by which schedules differ.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Activity {
    pub cycles: f64,
    pub steps: u64,
    pub read_bursts: u64,
    pub written_bursts: u64,
    /// Port words of array and DMA.
    pub words: PerOperand<u64>,
    pub active_pe_cycles: u64,
    /// Core cycles in which the array holds folds.
    pub busy_cycles: u64,
}

impl Activity {
    /// What it costs.
    pub(super) fn cost(&self, goal: &Goal) -> Cost {
        let energies = &goal.energies;
        let idle = (goal.pes * self.busy_cycles).saturating_sub(self.active_pe_cycles);
        let words = self.words;
        let terms = [
            (self.read_bursts, energies.read_burst_fj),
            (self.written_bursts, energies.written_burst_fj),
            (words.activation, energies.word_fj.activation),
            (words.weight, energies.word_fj.weight),
            (words.output, energies.word_fj.output),
            (self.steps, energies.tile_fj),
            (self.active_pe_cycles, energies.active_pe_cycle_fj),
            (idle, energies.idle_pe_cycle_fj),
        ];
        let activity: f64 = terms
            .iter()
            .map(|&(count, fj)| count as f64 * fj as f64)
            .sum();
        let passing = self.cycles * energies.core_cycle_fj as f64;
        Cost {
            cycles: self.cycles,
            energy_pj: (activity + passing) / 1000.0,
            bursts: self.read_bursts + self.written_bursts,
        }
    }
}
