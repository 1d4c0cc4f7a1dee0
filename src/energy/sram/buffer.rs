//! A buffer as SRAM macros: energy of an access, leakage, area.

use super::table::SramTable;
use crate::arch::{Buffer, Operand};
use crate::energy::error::EnergyError;

/// Prices of one buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::energy) struct BufferPrice {
    /// Energy of one access to one macro, in pJ.
    macro_pj: f64,
    /// Macros side by side in a bank.
    macros: u32,
    /// Port width of one macro in bits.
    macro_bits: f64,
    /// Leakage of all macros of all banks, in uW.
    pub(in crate::energy) leakage_uw: f64,
    /// Area of all macros of all banks, in mm2.
    pub(in crate::energy) area_mm2: f64,
}

/// An access goes to one bank. A bank whose port is wider than the data covers is made of the fewest macros side by
/// side that are not, which share its capacity and width evenly.
pub(in crate::energy) fn price(
    table: &SramTable,
    operand: Operand,
    buffer: &Buffer,
) -> Result<BufferPrice, EnergyError> {
    let banks = buffer.banks.max(1);
    let macros = buffer.port_bits.div_ceil(table.widest_bits().max(1)).max(1);
    let macro_kib = f64::from(buffer.size_kib) / f64::from(banks) / f64::from(macros);
    let macro_bits = f64::from(buffer.port_bits) / f64::from(macros);
    let all = f64::from(banks) * f64::from(macros);
    let (Some(leakage_uw), Some(area_um2)) = (
        table.leakage_uw(macro_kib, macro_bits),
        table.area_um2(macro_kib, macro_bits),
    ) else {
        return Err(EnergyError::OutsideSramGrid {
            file: table.file().to_owned(),
            buffer: operand,
            macro_kib,
            macro_bits,
            grid: table.bounds(),
        });
    };
    Ok(BufferPrice {
        macro_pj: table.access_pj(macro_kib, macro_bits),
        macros,
        macro_bits,
        leakage_uw: all * leakage_uw,
        area_mm2: all * area_um2 * 1e-6,
    })
}

impl BufferPrice {
    /// Energy of one access of `access_bits` (0: the whole port), in pJ.
    pub(in crate::energy) fn access_pj(&self, access_bits: u32) -> f64 {
        let touched = (1..self.macros)
            .find(|&n| access_bits > 0 && f64::from(access_bits) <= f64::from(n) * self.macro_bits)
            .unwrap_or(self.macros);
        f64::from(touched) * self.macro_pj
    }
}
