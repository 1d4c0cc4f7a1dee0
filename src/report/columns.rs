//! Figures as text, and the groups in which tables show energy.

use crate::energy::{EnergyBreakdown, ParallelMacRule};

/// Energy in the four groups of the console tables, in pJ.
pub(super) fn energy_groups(energy: &EnergyBreakdown) -> [(&'static str, f64); 4] {
    let buffers = energy.activation_buffer_pj + energy.weight_buffer_pj + energy.output_buffer_pj;
    let array = energy.pe_array_pj + energy.pe_idle_pj + energy.array_registers_pj;
    [
        ("array", array),
        ("buffers", buffers),
        ("DRAM", energy.dram_pj()),
        (
            "other",
            energy.total_pj() - array - buffers - energy.dram_pj(),
        ),
    ]
}

/// `value` with as many decimals as three significant digits take, at most two.
pub(super) fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A share of 1 in per cent; nothing for nothing.
pub(super) fn percent(share: f64) -> String {
    if share == 0.0 {
        String::new()
    } else {
        format!("{:.1}", share * 100.0)
    }
}

/// Energy: all of it, then the groups of [`energy_groups`].
pub(super) const ENERGY_HEADS: [(&str, &str); 5] = [
    ("energy", "uJ"),
    ("array", "uJ"),
    ("buffers", "uJ"),
    ("DRAM", "uJ"),
    ("other", "uJ"),
];

/// A unit of energy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct EnergyUnit {
    pub name: &'static str,
    pub pj: f64,
}

/// The smallest unit in which a run has figures of up to four digits before the point.
pub(super) fn energy_unit(pj: f64) -> EnergyUnit {
    let units = [("nJ", 1e3), ("uJ", 1e6), ("mJ", 1e9), ("J", 1e12)];
    let fits = |&(_, unit_pj): &(&str, f64)| pj < 1e4 * unit_pj;
    let (name, pj) = units.into_iter().find(fits).unwrap_or(units[3]);
    EnergyUnit { name, pj }
}

/// A rule for several MACs a cycle, as it is written in RON.
pub(super) fn rule_name(rule: ParallelMacRule) -> &'static str {
    match rule {
        ParallelMacRule::Lanes => "lanes",
        ParallelMacRule::ExactCycle => "exact_cycle",
    }
}
