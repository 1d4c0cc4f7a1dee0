//! Leakage power of an accelerator.

use super::entry::{Action, Basis, Component};
use super::error::EnergyError;
use super::hardware::Hardware;
use super::sram::BufferPrice;
use super::table::EnergyTable;
use crate::arch::PerOperand;

/// Leakage power in uW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leakage {
    /// Logic, by what its entries rest on.
    logic: [(Basis, f64); 3],
    /// The three buffers.
    pub(super) sram_uw: f64,
}

impl Leakage {
    /// Adds up PEs, for which there has to be an entry, buffers, and the other components as far as they have one.
    ///
    /// # Errors
    /// No entry for the PE.
    pub(super) fn of(
        table: &EnergyTable,
        pe: Component,
        hardware: &Hardware,
        buffers: &PerOperand<BufferPrice>,
    ) -> Result<Leakage, EnergyError> {
        table.value(pe, Action::Leak)?;
        let register_bits = hardware.added_pe_register_bits + hardware.array_register_bits;
        let mut logic = [Basis::Measured, Basis::Derived, Basis::Assumed].map(|basis| (basis, 0.0));
        for (count, component) in [
            (hardware.pes, pe),
            (register_bits, Component::Register),
            (hardware.converters, Component::Converter),
            (hardware.block_selects, Component::BlockSelect),
            (hardware.vector_lanes, Component::VectorLane),
            (1, Component::Dma),
            (1, Component::Controller),
        ] {
            let Some(entry) = table.entry(component, Action::Leak) else {
                continue;
            };
            for (basis, power_uw) in &mut logic {
                if *basis == entry.basis {
                    *power_uw += count as f64 * entry.value.number();
                }
            }
        }
        Ok(Leakage {
            logic,
            sram_uw: buffers.iter().map(|buffer| buffer.leakage_uw).sum(),
        })
    }

    /// All logic.
    pub(super) fn logic_uw(&self) -> f64 {
        self.logic.iter().map(|(_, power_uw)| power_uw).sum()
    }

    /// Everything by what it rests on; SRAM is interpolated.
    pub(super) fn by_basis(&self) -> impl Iterator<Item = (Basis, f64)> {
        self.logic
            .into_iter()
            .chain([(Basis::Derived, self.sram_uw)])
    }
}
