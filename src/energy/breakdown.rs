//! Energy by component.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use schemars::JsonSchema;
use serde::Serialize;

use super::entry::Basis;
use super::parts::PeParts;

/// Energy of a layer or a run, in pJ by component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct EnergyBreakdown {
    /// PEs while they compute.
    pub pe_array_pj: f64,
    /// PEs clocked without computing.
    pub pe_idle_pj: f64,
    /// Registers of the array outside computing PEs: skew, preload, drain.
    pub array_registers_pj: f64,
    /// Format converter.
    pub converter_pj: f64,
    /// Activation buffer accesses.
    pub activation_buffer_pj: f64,
    /// Weight buffer accesses.
    pub weight_buffer_pj: f64,
    /// Output buffer accesses.
    pub output_buffer_pj: f64,
    /// Vector unit.
    pub vector_unit_pj: f64,
    /// DMA engine.
    pub dma_pj: f64,
    /// Tile controller.
    pub controller_pj: f64,
    /// DRAM activates, precharges, reads and writes.
    pub dram_dynamic_pj: f64,
    /// DRAM standby and refresh.
    pub dram_background_pj: f64,
    /// DRAM interface.
    pub dram_io_pj: f64,
    /// Leakage of everything but the DRAM over the time taken.
    pub leakage_pj: f64,
    /// `pe_array_pj` by part of the PE.
    pub pe_parts: PeParts,
    /// `leakage_pj` by what leaks.
    pub leakage_parts: LeakageParts,
    /// The same energy by what it rests on.
    pub basis: BasisShares,
}

/// Leakage by what leaks, in pJ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct LeakageParts {
    /// PEs, array registers, converter, vector unit, DMA engine and controller, as far as the table has entries.
    pub logic_pj: f64,
    /// The three buffers.
    pub sram_pj: f64,
}

/// Energy by what it rests on, in pJ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct BasisShares {
    /// Measured table values.
    pub measured_pj: f64,
    /// Values derived from measured ones by a stated rule (all SRAM: a fit).
    pub derived_pj: f64,
    /// Assumed values.
    pub assumed_pj: f64,
    /// Values of the DRAM preset.
    pub dram_preset_pj: f64,
}

impl BasisShares {
    pub(super) fn add(&mut self, basis: Basis, pj: f64) {
        match basis {
            Basis::Measured => self.measured_pj += pj,
            Basis::Derived => self.derived_pj += pj,
            Basis::Assumed => self.assumed_pj += pj,
        }
    }

    fn total_pj(&self) -> f64 {
        self.measured_pj + self.derived_pj + self.assumed_pj + self.dram_preset_pj
    }
}

impl EnergyBreakdown {
    /// Components with their names, in the order of the fields.
    pub fn components(&self) -> [(&'static str, f64); 14] {
        [
            ("pe_array", self.pe_array_pj),
            ("pe_idle", self.pe_idle_pj),
            ("array_registers", self.array_registers_pj),
            ("converter", self.converter_pj),
            ("activation_buffer", self.activation_buffer_pj),
            ("weight_buffer", self.weight_buffer_pj),
            ("output_buffer", self.output_buffer_pj),
            ("vector_unit", self.vector_unit_pj),
            ("dma", self.dma_pj),
            ("controller", self.controller_pj),
            ("dram_dynamic", self.dram_dynamic_pj),
            ("dram_background", self.dram_background_pj),
            ("dram_io", self.dram_io_pj),
            ("leakage", self.leakage_pj),
        ]
    }

    /// Sum of all components in pJ.
    pub fn total_pj(&self) -> f64 {
        self.components().iter().map(|(_, pj)| pj).sum()
    }

    /// DRAM with its interface, in pJ.
    pub fn dram_pj(&self) -> f64 {
        self.dram_dynamic_pj + self.dram_background_pj + self.dram_io_pj
    }

    /// Everything but the DRAM, in pJ.
    pub fn on_chip_pj(&self) -> f64 {
        self.total_pj() - self.dram_pj()
    }

    /// Share of the energy that rests on derived values, 0 to 1 (0 if there is no energy).
    pub fn derived_share(&self) -> f64 {
        let total = self.basis.total_pj();
        if total > 0.0 {
            self.basis.derived_pj / total
        } else {
            0.0
        }
    }
}

impl AddAssign for EnergyBreakdown {
    fn add_assign(&mut self, other: Self) {
        self.pe_array_pj += other.pe_array_pj;
        self.pe_idle_pj += other.pe_idle_pj;
        self.array_registers_pj += other.array_registers_pj;
        self.converter_pj += other.converter_pj;
        self.activation_buffer_pj += other.activation_buffer_pj;
        self.weight_buffer_pj += other.weight_buffer_pj;
        self.output_buffer_pj += other.output_buffer_pj;
        self.vector_unit_pj += other.vector_unit_pj;
        self.dma_pj += other.dma_pj;
        self.controller_pj += other.controller_pj;
        self.dram_dynamic_pj += other.dram_dynamic_pj;
        self.dram_background_pj += other.dram_background_pj;
        self.dram_io_pj += other.dram_io_pj;
        self.leakage_pj += other.leakage_pj;
        self.pe_parts += other.pe_parts;
        self.leakage_parts.logic_pj += other.leakage_parts.logic_pj;
        self.leakage_parts.sram_pj += other.leakage_parts.sram_pj;
        self.basis.measured_pj += other.basis.measured_pj;
        self.basis.derived_pj += other.basis.derived_pj;
        self.basis.assumed_pj += other.basis.assumed_pj;
        self.basis.dram_preset_pj += other.basis.dram_preset_pj;
    }
}

impl Add for EnergyBreakdown {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sum for EnergyBreakdown {
    fn sum<I: Iterator<Item = Self>>(layers: I) -> Self {
        layers.fold(Self::default(), Add::add)
    }
}
