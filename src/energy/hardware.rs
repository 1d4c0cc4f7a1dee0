//! What an architecture is made of, counted: the same for its area and for its leakage.

use super::entry::{Action, Component};
use super::error::EnergyError;
use super::table::EnergyTable;
use crate::arch::{Architecture, Dataflow, FULL_PRECISION_BITS, PeKind};
use crate::blocked::{BlockFormat, Rounding, Signedness, Window};

/// Number of each component.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hardware {
    pub(super) pes: u64,
    /// Operand register bits of all PEs beyond those of the measured PE.
    pub(super) added_pe_register_bits: u64,
    /// Bits of the array's registers outside its PEs, see [`array_register_bits`].
    pub(super) array_register_bits: u64,
    /// Values that the converter takes a cycle.
    pub(super) converters: u64,
    /// Of these, with block selection.
    pub(super) block_selects: u64,
    pub(super) vector_lanes: u64,
}

impl Hardware {
    /// Counts `architecture`.
    ///
    /// # Errors
    /// An `ax_bxp` PE whose measured operand bits `table` does not say.
    pub(super) fn of(
        table: &EnergyTable,
        architecture: &Architecture,
    ) -> Result<Hardware, EnergyError> {
        let pe = architecture.array.pe;
        let pes = architecture.array.pes();
        let converters = u64::from(architecture.converter.values_per_cycle);
        let (added_bits, has_blocks) = match pe {
            PeKind::AxBxp { .. } => {
                let (measured_bits, _) = table.value(Component::Pe(pe), Action::OperandBits)?;
                let (activation_bits, weight_bits) = widest_operands(pe);
                let bits = activation_bits + weight_bits;
                (bits.saturating_sub(measured_bits as u64), true)
            }
            _ => (0, false),
        };
        Ok(Hardware {
            pes,
            added_pe_register_bits: pes * added_bits,
            array_register_bits: array_register_bits(architecture),
            converters,
            block_selects: if has_blocks { converters } else { 0 },
            vector_lanes: u64::from(architecture.vector_unit.lanes),
        })
    }
}

/// Bits of the widest activations and weights that one PE takes in a cycle, over all configurations that it can run.
///
/// `ax_bxp`: n blocks of one operand with one of the other are n products, so `floor(M / n)` MACs a cycle; the widest
/// of `floor(M / n) * bits(n)` over all n, in signed dynamic format. `bit_serial`: the serial bits of all lanes, and
/// their weights in parallel. `bit_fusion`: four 8 x 2 bit multiplications with the operand in question at 8 bits.
pub(super) fn widest_operands(pe: PeKind) -> (u64, u64) {
    let full = u64::from(FULL_PRECISION_BITS);
    match pe {
        PeKind::Fxp { bits } => (u64::from(bits), u64::from(bits)),
        PeKind::AxBxp {
            block_bits,
            multipliers,
        } => {
            let widest = (1..=FULL_PRECISION_BITS)
                .filter_map(|kept| {
                    let macs = (multipliers / u32::from(kept)).max(1);
                    Some(u64::from(macs * operand_bits(block_bits, kept)?))
                })
                .max()
                .unwrap_or(full);
            (widest, widest)
        }
        PeKind::BitSerial { serial_bits, lanes } => (
            u64::from(lanes) * u64::from(serial_bits),
            u64::from(lanes) * full,
        ),
        PeKind::BitFusion {} => (4 * full, 4 * full),
    }
}

/// Bits of an operand that keeps `kept` blocks; `None` if it has not so many.
fn operand_bits(block_bits: u8, kept: u8) -> Option<u32> {
    BlockFormat::new(
        FULL_PRECISION_BITS,
        Signedness::Signed,
        block_bits,
        kept,
        Window::Dynamic,
        Rounding::Truncate,
    )
    .ok()
    .map(|format| format.bits_per_operand())
}

/// Bits of the array's registers outside its PEs: those that the array's counted register writes go into.
///
/// - Skew: what enters row (or column) i passes i registers as wide as the operands of a step; both edges if outputs
///   are stationary, else the rows only. With `operand_exchange` either operand can come in at either edge.
/// - Outputs stationary: the chain that carries results down and out, one register for each PE. Else partial sums
///   leave through the PEs' own registers.
/// - `double_buffered_weights`: the second register of each PE for its stationary operand. The first is the PE's.
fn array_register_bits(architecture: &Architecture) -> u64 {
    let array = &architecture.array;
    let (rows, columns) = (u64::from(array.rows), u64::from(array.columns));
    let (activation_bits, weight_bits) = widest_operands(array.pe);
    let (by_row, other) = match array.dataflow {
        Dataflow::OutputStationary if array.operand_exchange => {
            let either = activation_bits.max(weight_bits);
            (either, either)
        }
        Dataflow::OutputStationary | Dataflow::WeightStationary => (activation_bits, weight_bits),
        Dataflow::InputStationary => (weight_bits, activation_bits),
    };
    let skew = |lines: u64| lines * lines.saturating_sub(1) / 2;
    let row_skew_bits = skew(rows) * by_row;
    match array.dataflow {
        Dataflow::OutputStationary => {
            let chain_bits = array.pes() * u64::from(architecture.tiling.psum_bits);
            row_skew_bits + skew(columns) * other + chain_bits
        }
        Dataflow::WeightStationary | Dataflow::InputStationary => {
            let second = u64::from(array.double_buffered_weights);
            row_skew_bits + second * array.pes() * other
        }
    }
}
