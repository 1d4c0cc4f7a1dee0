//! Area by component.

use schemars::JsonSchema;
use serde::Serialize;

use super::entry::{Action, Basis, Component};
use super::error::EnergyError;
use super::hardware::Hardware;
use super::sram::BufferPrice;
use super::table::EnergyTable;
use crate::arch::{Architecture, PerOperand};

/// Area of an accelerator in mm2 by component. The DRAM has none here. Cells and macros only: nothing is added for
/// placement and routing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct AreaBreakdown {
    /// PEs: the measured PE, and for `ax_bxp` registers for the widest operands that it can take.
    pub pe_mm2: f64,
    /// Registers of the array outside its PEs: skew at the edges, output chain, second stationary registers.
    pub array_registers_mm2: f64,
    /// Format converter, with block selection behind `ax_bxp` PEs.
    pub converter_mm2: f64,
    /// Activation buffer.
    pub activation_buffer_mm2: f64,
    /// Weight buffer.
    pub weight_buffer_mm2: f64,
    /// Output buffer.
    pub output_buffer_mm2: f64,
    /// Vector unit.
    pub vector_unit_mm2: f64,
    /// DMA engine.
    pub dma_mm2: f64,
    /// Tile controller.
    pub controller_mm2: f64,
    /// The same area by what it rests on.
    pub basis: AreaShares,
}

/// Area by what it rests on, in mm2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct AreaShares {
    /// Measured table values.
    pub measured_mm2: f64,
    /// Values derived from measured ones by a stated rule (all SRAM: interpolated).
    pub derived_mm2: f64,
    /// Assumed values.
    pub assumed_mm2: f64,
}

impl AreaBreakdown {
    /// Components with their names, in the order of the fields.
    pub fn components(&self) -> [(&'static str, f64); 9] {
        [
            ("pe", self.pe_mm2),
            ("array_registers", self.array_registers_mm2),
            ("converter", self.converter_mm2),
            ("activation_buffer", self.activation_buffer_mm2),
            ("weight_buffer", self.weight_buffer_mm2),
            ("output_buffer", self.output_buffer_mm2),
            ("vector_unit", self.vector_unit_mm2),
            ("dma", self.dma_mm2),
            ("controller", self.controller_mm2),
        ]
    }

    /// The array with its edges, in mm2: PEs, array registers, converter.
    pub fn array_mm2(&self) -> f64 {
        self.pe_mm2 + self.array_registers_mm2 + self.converter_mm2
    }

    /// Sum of all components in mm2.
    pub fn total_mm2(&self) -> f64 {
        self.components().iter().map(|(_, mm2)| mm2).sum()
    }
}

/// Area of an architecture's array with its edges (PEs, array registers, converter) in mm2, without its buffers: for
/// sizing arrays.
///
/// # Errors
/// An entry the table does not have.
pub(crate) fn array_mm2(
    table: &EnergyTable,
    architecture: &Architecture,
) -> Result<f64, EnergyError> {
    let hardware = Hardware::of(table, architecture)?;
    Ok(array(table, architecture, &hardware)?.array_mm2())
}

/// The whole accelerator.
pub(super) fn area(
    table: &EnergyTable,
    architecture: &Architecture,
    hardware: &Hardware,
    buffers: &PerOperand<BufferPrice>,
) -> Result<AreaBreakdown, EnergyError> {
    let mut area = array(table, architecture, hardware)?;
    let basis = &mut area.basis;
    area.vector_unit_mm2 = basis.of(table, hardware.vector_lanes, Component::VectorLane)?;
    area.dma_mm2 = basis.of(table, 1, Component::Dma)?;
    area.controller_mm2 = basis.of(table, 1, Component::Controller)?;
    let buffers = buffers.map(|buffer| basis.add(Basis::Derived, buffer.area_mm2));
    area.activation_buffer_mm2 = buffers.activation;
    area.weight_buffer_mm2 = buffers.weight;
    area.output_buffer_mm2 = buffers.output;
    Ok(area)
}

fn array(
    table: &EnergyTable,
    architecture: &Architecture,
    hardware: &Hardware,
) -> Result<AreaBreakdown, EnergyError> {
    let mut basis = AreaShares::default();
    let pe = Component::Pe(architecture.array.pe);
    let pe_mm2 = basis.of(table, hardware.pes, pe)?
        + basis.registers(table, hardware.added_pe_register_bits, Basis::Derived)?;
    let array_registers_mm2 =
        basis.registers(table, hardware.array_register_bits, Basis::Measured)?;
    let mut converter_mm2 = basis.of(table, hardware.converters, Component::Converter)?;
    if hardware.block_selects > 0 {
        converter_mm2 += basis.of(table, hardware.block_selects, Component::BlockSelect)?;
    }
    Ok(AreaBreakdown {
        pe_mm2,
        array_registers_mm2,
        converter_mm2,
        basis,
        ..AreaBreakdown::default()
    })
}

impl AreaShares {
    /// Area of `count` components, entered under what the entry rests on.
    fn of(
        &mut self,
        table: &EnergyTable,
        count: u64,
        component: Component,
    ) -> Result<f64, EnergyError> {
        let (um2, basis) = table.value(component, Action::Area)?;
        Ok(self.add(basis, count as f64 * um2 * 1e-6))
    }

    /// Area of `bits` register bits, entered under what their number rests on if that is weaker than the entry.
    fn registers(
        &mut self,
        table: &EnergyTable,
        bits: u64,
        number: Basis,
    ) -> Result<f64, EnergyError> {
        let (um2, basis) = table.value(Component::Register, Action::Area)?;
        Ok(self.add(basis.max(number), bits as f64 * um2 * 1e-6))
    }

    fn add(&mut self, basis: Basis, mm2: f64) -> f64 {
        match basis {
            Basis::Measured => self.measured_mm2 += mm2,
            Basis::Derived => self.derived_mm2 += mm2,
            Basis::Assumed => self.assumed_mm2 += mm2,
        }
        mm2
    }
}
