//! Machines and layers for the tests.

use proptest::prelude::*;

use super::super::array_plan::{ArrayPlan, SecondLayout};
use super::super::cost::{Goal, MemoryRates, UnitEnergies};
use super::super::fold::{ArrayTiming, EdgePort, OutputPath};
use super::super::memory::{Allocator, TensorLayout};
use super::super::nest::{Axis, Nest, SecondOperand};
use super::super::tiling::{Limits, Tiling};
use crate::approx::{LayerPrecision, OperandFormat};
use crate::arch::{Dataflow, FillDrain, Objective, PerOperand, WindowUse};
use crate::blocked::Signedness;

/// A small deterministic generator of random numbers.
pub(super) fn xorshift(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 16
    }
}

/// An array of plain 8-bit PEs whose ports and converter never hold it up.
pub(super) fn wide_timing(dataflow: Dataflow, rows: u32, columns: u32) -> ArrayTiming {
    let wide = EdgePort {
        value_bits: 8,
        port_bits: 1 << 30,
    };
    ArrayTiming {
        rows,
        columns,
        dataflow,
        exchanged: false,
        double_buffered_weights: false,
        fill_drain: FillDrain::Overlapped,
        macs_per_step: 1,
        cycles_per_step: 1,
        activation: wide,
        weight: wide,
        output: OutputPath {
            psum_bits: 32,
            value_bits: 8,
            port_bits: 1 << 30,
            single_port: false,
            converter_values_per_cycle: 1 << 30,
        },
    }
}

/// Limits of buffers that hold `capacity_bits` bits, 8-bit operands and 64-byte bursts.
pub(super) fn limits(capacity_bits: [u64; 3]) -> Limits {
    Limits {
        activation_bits: 8,
        weight_bits: 8,
        output_bits: 8,
        psum_bits: 32,
        capacity_bits: capacity_bits.into(),
        double_buffered: PerOperand::same(true),
        burst_bytes: 64,
        operand_exchange: false,
    }
}

/// Memory of a burst in four cycles, and prices of about the right proportions.
pub(super) fn goal(objective: Objective, timing: &ArrayTiming) -> Goal {
    Goal {
        objective,
        memory: MemoryRates {
            read_ticks: 4096,
            write_ticks: 4200,
            copy_ticks: 4500,
            read_latency_cycles: 60,
            write_latency_cycles: 20,
        },
        energies: UnitEnergies {
            read_burst_fj: 4_000_000,
            written_burst_fj: 4_200_000,
            word_fj: PerOperand::same(20_000),
            tile_fj: 10_000,
            core_cycle_fj: 200_000,
            active_pe_cycle_fj: 1000,
            idle_pe_cycle_fj: 50,
        },
        port_cycles: PerOperand::same(1),
        tile_setup_cycles: 16,
        converter_cycles: 4,
        pes: u64::from(timing.rows) * u64::from(timing.columns),
    }
}

/// Any of the objectives.
pub(super) fn objective() -> impl Strategy<Value = Objective> {
    prop::sample::select(vec![
        Objective::Latency,
        Objective::Energy,
        Objective::Edp,
        Objective::Traffic,
    ])
}

/// Whatever the lowering of a workload can make of a layer.
#[derive(Debug, Clone, Copy)]
enum Sort {
    Convolution,
    Sampled,
    Flat,
    PerPosition,
    RowPerFilter,
    RowPerChannel,
}

fn axis() -> impl Strategy<Value = Axis> {
    (1u32..5, 1u32..4, 1u32..3, 0u32..4).prop_map(|(kernel, stride, dilation, padding)| Axis {
        kernel,
        stride,
        dilation,
        padding,
    })
}

/// Outputs along an axis that is padded on both sides; none where the window does not fit.
fn outputs(axis: &Axis, input: u32) -> Option<u32> {
    let reach = (axis.kernel - 1) * axis.dilation + 1;
    Some((input + 2 * axis.padding).checked_sub(reach)? / axis.stride + 1)
}

/// Loop nests of every sort of layer, small enough to go through element by element.
pub(super) fn nest() -> impl Strategy<Value = Nest> {
    let sort = prop::sample::select(vec![
        Sort::Convolution,
        Sort::Convolution,
        Sort::Sampled,
        Sort::Flat,
        Sort::PerPosition,
        Sort::RowPerFilter,
        Sort::RowPerChannel,
    ]);
    let extents = (1u32..3, 1u32..4, 1u32..9, 1u32..9);
    let channels = (1u32..20, 1u32..20);
    (sort, extents, channels, axis(), axis()).prop_filter_map("a window fits", |parts| {
        let (sort, (images, groups, in_rows, in_columns), (filters, channels), rows, columns) =
            parts;
        let point = Nest {
            images,
            repeats: 1,
            groups: 1,
            out_rows: in_rows,
            out_columns: in_columns,
            filters,
            channels,
            in_rows,
            in_columns,
            rows: Axis::POINT,
            columns: Axis::POINT,
            second: SecondOperand::Weights,
            flat: false,
            sampling: [1, 1],
        };
        let product = Nest {
            images: 1,
            repeats: images,
            groups,
            out_rows: in_rows * in_columns,
            out_columns: 1,
            in_rows: in_rows * in_columns,
            in_columns: 1,
            ..point
        };
        Some(match sort {
            Sort::Convolution => Nest {
                groups,
                out_rows: outputs(&rows, in_rows)?,
                out_columns: outputs(&columns, in_columns)?,
                rows,
                columns,
                ..point
            },
            Sort::Sampled => Nest {
                groups,
                sampling: [rows.stride, columns.stride],
                ..point
            },
            Sort::Flat => Nest {
                channels: channels * in_rows * in_columns,
                out_rows: 1,
                out_columns: 1,
                in_rows: 1,
                in_columns: 1,
                flat: in_rows * in_columns > 1,
                ..point
            },
            Sort::PerPosition => point,
            Sort::RowPerFilter => Nest {
                second: SecondOperand::RowPerFilter,
                ..product
            },
            Sort::RowPerChannel => Nest {
                second: SecondOperand::RowPerChannel,
                ..product
            },
        })
    })
}

/// Arrays of every dataflow.
pub(super) fn timing() -> impl Strategy<Value = ArrayTiming> {
    let dataflow = prop::sample::select(vec![
        Dataflow::OutputStationary,
        Dataflow::WeightStationary,
        Dataflow::InputStationary,
    ]);
    (dataflow, 1u32..9, 1u32..9, 1u32..4).prop_map(|(dataflow, rows, columns, macs_per_step)| {
        ArrayTiming {
            macs_per_step,
            ..wide_timing(dataflow, rows, columns)
        }
    })
}

/// Limits with buffers from too small to larger than the layer, and formats of 1 to 8 bits.
pub(super) fn any_limits() -> impl Strategy<Value = Limits> {
    let capacity =
        || (5u32..18, 0u64..1000).prop_map(|(log, part)| (1 << log) + (part << log) / 1000);
    (
        [capacity(), capacity(), capacity()],
        [1u32..9, 1u32..9, 1u32..9],
        prop::array::uniform3(any::<bool>()),
        prop::sample::select(vec![16u32, 24, 32]),
        prop::sample::select(vec![32u32, 64, 128]),
        any::<bool>(),
    )
        .prop_map(
            |(capacity_bits, bits, double_buffered, psum_bits, burst_bytes, exchange)| Limits {
                activation_bits: bits[0],
                weight_bits: bits[1],
                output_bits: bits[2],
                psum_bits,
                double_buffered: double_buffered.into(),
                burst_bytes,
                operand_exchange: exchange,
                ..limits(capacity_bits)
            },
        )
}

/// The plan of a nest with its tensors side by side in memory, in the order input, second operand,
/// output, psums, and the first byte behind each.
pub(super) fn plan_of(
    nest: &Nest,
    tiling: Tiling,
    limits: &Limits,
    timing: &ArrayTiming,
) -> (ArrayPlan, [u64; 4]) {
    let images = u64::from(nest.images * nest.repeats);
    let mut allocator = Allocator::default();
    let mut place = |channels, rows, columns, bits| {
        let layout = TensorLayout::dense(0, channels, rows, columns, bits);
        let bytes = layout.image_bytes * images;
        let base = allocator.take(bytes);
        (TensorLayout { base, ..layout }, base + bytes)
    };
    let [row_stride, column_stride] = nest.sampling;
    // A sampled tensor ends anywhere within the last stride.
    let (input, input_end) = if nest.flat {
        let positions = 2;
        place(
            nest.channels.div_ceil(positions),
            positions,
            1,
            limits.activation_bits,
        )
    } else {
        place(
            nest.groups * nest.channels,
            (nest.in_rows - 1) * row_stride + 1,
            (nest.in_columns - 1) * column_stride + 1,
            limits.activation_bits,
        )
    };
    let (output, output_end) = place(
        nest.groups * nest.filters,
        nest.out_rows,
        nest.out_columns,
        limits.output_bits,
    );
    let second = match nest.second {
        SecondOperand::Weights => None,
        SecondOperand::RowPerFilter => Some(place(
            nest.groups * nest.channels,
            nest.filters,
            1,
            limits.weight_bits,
        )),
        SecondOperand::RowPerChannel => Some(place(
            nest.groups * nest.filters,
            nest.channels,
            1,
            limits.weight_bits,
        )),
    };
    let (weights, psums) = ArrayPlan::region_bytes(
        nest,
        &tiling,
        limits.weight_bits,
        limits.psum_bits,
        limits.burst_bytes,
    );
    let base = allocator.take(weights);
    let psum_base = allocator.take(psums);
    let exact = |bits: u32| OperandFormat::Exact {
        bits: bits as u8,
        signedness: Signedness::Signed,
    };
    let plan = ArrayPlan {
        nest: *nest,
        precision: LayerPrecision {
            activations: exact(limits.activation_bits),
            weights: exact(limits.weight_bits),
            products: None,
            windows: WindowUse::Exact,
        },
        tiling,
        timing: ArrayTiming {
            exchanged: tiling.exchanged,
            output: OutputPath {
                psum_bits: limits.psum_bits,
                value_bits: limits.output_bits,
                ..timing.output
            },
            ..*timing
        },
        input: input.sampled(row_stride, column_stride),
        second: match second {
            Some((layout, _)) => SecondLayout::Activation(layout),
            None => SecondLayout::Weights {
                base,
                value_bits: limits.weight_bits,
            },
        },
        output,
        psum_base,
        burst_bytes: limits.burst_bytes,
    };
    let second_end = second.map_or(base + weights, |(_, end)| end);
    (plan, [input_end, second_end, output_end, psum_base + psums])
}
