//! What happened in a layer, in integers.

use crate::dram::DramCounts;

/// Everything in one layer that costs energy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerCounts {
    /// The PE array.
    pub array: PeArrayCounts,
    /// The activation buffer.
    pub activation_buffer: AccessCounts,
    /// The weight buffer.
    pub weight_buffer: AccessCounts,
    /// The output buffer.
    pub output_buffer: AccessCounts,
    /// Values turned from accumulators into the output format.
    pub converter_values: u64,
    /// Scalar operations of the vector unit.
    pub vector_operations: u64,
    /// DRAM bursts the DMA engine asked for.
    pub dma_bursts: u64,
    /// Bytes the DMA engine moved.
    pub dma_bytes: u64,
    /// Tiles the controller set up.
    pub controller_tiles: u64,
    /// The DRAM, over all channels.
    pub dram: DramCounts,
    /// Core cycles the layer took, over which everything leaks.
    pub core_cycles: u64,
}

/// Counts of the PE array.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeArrayCounts {
    /// Multiply-accumulates. Not priced (a PE's cycles are); kept for energy per MAC.
    pub macs: u64,
    /// Block multiplications. Not priced; kept for utilisation.
    pub block_products: u64,
    /// PE-cycles in which a PE computes. Their price holds the PE's own operand registers, multipliers, adder tree
    /// and accumulator, so register writes inside a computing PE must not be counted again below.
    pub pe_cycles_active: u64,
    /// PE-cycles in which a PE is clocked and does nothing. Cycles that are neither these nor active are gated: they
    /// cost leakage only.
    pub pe_cycles_clocked_idle: u64,
    /// Bits written into operand registers outside computing PEs: the skew registers at the array's edges, and PEs
    /// that only pass operands on.
    pub operand_register_bits: u64,
    /// Accumulations. Not priced: the PE's active cycle holds them.
    pub accumulator_updates: u64,
    /// Bits written into stationary-operand registers (weights, or activations if input stationary) on preload,
    /// one count per register on the way.
    pub weight_register_bits: u64,
    /// Bits written into registers that carry results out of the array after the computation (drain).
    pub drain_register_bits: u64,
}

/// Counts of one buffer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccessCounts {
    /// Accesses that read.
    pub read_accesses: u64,
    /// Accesses that write.
    pub write_accesses: u64,
    /// Width of the accesses in bits, up to the port's; 0 stands for the whole port. Where a port is made of
    /// several macros side by side, only those that the width touches are paid.
    pub access_bits: u32,
}
