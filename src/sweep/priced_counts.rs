//! A layer's counts in the form in which energy is priced.

use crate::dram::DramCounts;
use crate::energy::{AccessCounts, LayerCounts, PeArrayCounts};
use crate::hw::{BufferCounts, Cause, LayerResult};

/// The counts of a layer with the DRAM commands that it answers for. PEs are clocked while a fold is in the array,
/// computing or not; while the whole array waits for operands, for output space or for the vector unit, and in a layer of
/// the vector unit alone, its clock is gated.
pub(super) fn layer_counts(
    result: &LayerResult,
    dram: &DramCounts,
    block_products_per_mac: u64,
    burst_bytes: u32,
) -> LayerCounts {
    let bursts = result.dma.read_bursts + result.dma.written_bursts;
    let clocked: &[Cause] = match result.array.macs {
        0 => &[],
        _ => &[
            Cause::IdleMapping,
            Cause::WeightLoad,
            Cause::FillDrain,
            Cause::NarrowPort,
            Cause::BankConflict,
        ],
    };
    let clocked_idle = clocked.iter().map(|&cause| result.causes.get(cause)).sum();
    LayerCounts {
        array: PeArrayCounts {
            macs: result.array.macs,
            block_products: result.array.macs * block_products_per_mac,
            pe_cycles_active: result.array.active_pe_cycles,
            pe_cycles_clocked_idle: clocked_idle,
            operand_register_bits: result.array.skew_register_bits,
            accumulator_updates: result.array.macs,
            weight_register_bits: result.array.preload_register_bits,
            drain_register_bits: result.array.drain_register_bits,
        },
        activation_buffer: buffer(&result.buffers.activation),
        weight_buffer: buffer(&result.buffers.weight),
        output_buffer: buffer(&result.buffers.output),
        converter_values: result.converted_values,
        vector_operations: result.vector.operations,
        dma_bursts: bursts,
        dma_bytes: bursts * u64::from(burst_bytes),
        controller_tiles: result.tiles,
        dram: *dram,
        core_cycles: result.cycles(),
    }
}

fn buffer(counts: &BufferCounts) -> AccessCounts {
    AccessCounts {
        read_accesses: counts.engine_reads + counts.dma_reads,
        write_accesses: counts.engine_writes + counts.dma_writes,
        access_bits: 0,
    }
}
