//! Energy of the buffers: one access is paid macro by macro.

use super::error::EnergyError;
use super::table::{EnergyTable, SramFit};
use crate::arch::Buffer;

/// Prices of one buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BufferPrice {
    /// Energy of one access to one macro, in pJ.
    macro_pj: f64,
    /// Macros side by side in a bank.
    macros: u32,
    /// Port width of one macro in bits.
    macro_bits: f64,
}

impl SramFit {
    /// Energy of one access to a macro of `kib` KiB through a port of `bits` bits, in pJ.
    pub fn access_pj(&self, kib: f64, bits: f64) -> f64 {
        self.a_pj * kib.powf(self.size_exponent) * (bits / 64.0).powf(self.width_exponent)
    }

    fn covers(&self, kib: f64, bits: f64) -> bool {
        let within = |value: f64, (low, high): (u32, u32)| {
            (f64::from(low)..=f64::from(high)).contains(&value)
        };
        within(kib, self.size_kib) && within(bits, self.port_bits)
    }
}

/// An access goes to one bank. A bank whose port is wider than the data covers is made of the fewest macros side by
/// side that are not, which share its capacity and width evenly.
pub(super) fn price(
    table: &EnergyTable,
    name: &'static str,
    buffer: &Buffer,
) -> Result<BufferPrice, EnergyError> {
    let fit = &table.sram;
    let macros = buffer.port_bits.div_ceil(fit.port_bits.1.max(1)).max(1);
    let bank_kib = f64::from(buffer.size_kib) / f64::from(buffer.banks.max(1));
    let macro_kib = bank_kib / f64::from(macros);
    let macro_bits = f64::from(buffer.port_bits) / f64::from(macros);
    if !fit.covers(macro_kib, macro_bits) {
        return Err(EnergyError::OutsideSramGrid {
            file: table.file.clone(),
            buffer: name,
            macro_kib,
            macro_bits,
            grid: format!(
                "{} to {} KiB and {} to {} bits",
                fit.size_kib.0, fit.size_kib.1, fit.port_bits.0, fit.port_bits.1
            ),
        });
    }
    Ok(BufferPrice {
        macro_pj: fit.access_pj(macro_kib, macro_bits),
        macros,
        macro_bits,
    })
}

impl BufferPrice {
    /// Energy of one access of `access_bits` (0: the whole port), in pJ.
    pub(super) fn access_pj(&self, access_bits: u32) -> f64 {
        let touched = (1..self.macros)
            .find(|&n| access_bits > 0 && f64::from(access_bits) <= f64::from(n) * self.macro_bits)
            .unwrap_or(self.macros);
        f64::from(touched) * self.macro_pj
    }
}
