//! The rules an architecture has to keep, field by field.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::operand::Operand;
use super::pe::PeKind;
use super::types::{
    ArchitectureFile, Array, Buffer, BurstsPerCycle, Dataflow, Dma, DramChoice, FillDrain,
};
use crate::source::{Checker, FileKind, Place};

/// Latencies beyond this are taken for mistakes.
const LATENCY_CYCLES: RangeInclusive<u32> = 0..=10_000;

/// Reports everything in `architecture` that cannot be simulated.
pub(super) fn check(architecture: &ArchitectureFile, checker: &mut Checker<'_>) {
    let root = Place::root();
    check_name(checker, root.clone().field("name"), &architecture.name);
    check_array(checker, &root.clone().field("array"), &architecture.array);
    let buffers = root.clone().field("buffers");
    for operand in Operand::ALL {
        let place = buffers.clone().field(operand.to_string());
        check_buffer(checker, &place, &architecture.buffers[operand]);
    }

    check_dma(checker, &root.clone().field("dma"), &architecture.dma);
    let dram = root.clone().field("dram");
    let DramChoice { standard, channels } = &architecture.dram;
    let standard_place = dram.clone().field("standard");
    checker.open_reference(standard_place, FileKind::Dram, standard);
    power_of_two(checker, &dram, "channels", *channels, 1..=64);
    in_range(
        checker,
        &root,
        "core_clock_khz",
        architecture.core_clock_khz,
        1_000..=10_000_000,
    );
    check_units(checker, architecture);
    check_references(checker, architecture);
}

/// What the file names, beside the DRAM standard.
fn check_references(checker: &mut Checker<'_>, architecture: &ArchitectureFile) {
    let mut references = vec![
        ("energy_table", FileKind::Energy, &architecture.energy_table),
        (
            "approximation",
            FileKind::Approximation,
            &architecture.approximation,
        ),
    ];
    references.extend(
        architecture
            .baseline
            .iter()
            .map(|baseline| ("baseline", FileKind::Architecture, baseline)),
    );
    for (field, kind, reference) in references {
        checker.open_reference(Place::root().field(field), kind, reference);
    }
}

fn check_name(checker: &mut Checker<'_>, place: Place, name: &str) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() {
        checker.report(place, "the name is empty", "expected a name");
    } else if !name.chars().all(allowed) {
        checker.report(
            place,
            format!("`{name}` is no name"),
            "expected letters, digits, `_`, `-` and `.` only",
        );
    }
}

fn check_array(checker: &mut Checker<'_>, place: &Place, array: &Array) {
    in_range(checker, place, "rows", array.rows, 1..=1024);
    in_range(checker, place, "columns", array.columns, 1..=1024);
    let pe = place.clone().field("pe");
    match array.pe {
        PeKind::Fxp { bits } => in_range(checker, &pe, "bits", bits, 2..=8),
        PeKind::AxBxp {
            block_bits,
            multipliers,
        } => {
            in_range(checker, &pe, "block_bits", block_bits, 1..=8);
            in_range(checker, &pe, "multipliers", multipliers, 1..=64);
        }
        PeKind::BitSerial { serial_bits, lanes } => {
            in_range(checker, &pe, "serial_bits", serial_bits, 1..=8);
            in_range(checker, &pe, "lanes", lanes, 1..=64);
        }
        PeKind::BitFusion {} => {}
    }
    if array.double_buffered_weights && array.dataflow == Dataflow::OutputStationary {
        checker.report_with_help(
            place.clone().field("double_buffered_weights"),
            "an output-stationary array keeps no operand in its PEs",
            "expected false",
            "only `weight_stationary` and `input_stationary` arrays preload an operand",
        );
    }
    if array.double_buffered_weights && array.fill_drain == FillDrain::Exposed {
        checker.report_with_help(
            place.clone().field("double_buffered_weights"),
            "nothing is preloaded where no fold begins before its predecessor has left",
            "expected false",
            "with `fill_drain: overlapped` operands load under the stream of the fold before",
        );
    }
    if array.operand_exchange && array.dataflow != Dataflow::OutputStationary {
        checker.report_with_help(
            place.clone().field("operand_exchange"),
            "only the operands that both stream can be exchanged",
            "expected false",
            "`weight_stationary` and `input_stationary` are each other's exchange",
        );
    }
}

fn check_buffer(checker: &mut Checker<'_>, place: &Place, buffer: &Buffer) {
    in_range(checker, place, "size_kib", buffer.size_kib, 1..=256 * 1024);
    power_of_two(checker, place, "banks", buffer.banks, 1..=1024);
    let port = place.clone().field("port_bits");
    if !(8..=65_536).contains(&buffer.port_bits) || !buffer.port_bits.is_multiple_of(8) {
        checker.report(
            port,
            format!("`port_bits` is {}", buffer.port_bits),
            "expected a multiple of 8 from 8 to 65536",
        );
    } else if buffer.banks != 0
        && buffer.size_bytes() * 8 / u64::from(buffer.banks) < u64::from(buffer.port_bits)
    {
        checker.report(
            port,
            format!(
                "a bank of {} KiB / {} does not hold one access of {} bits",
                buffer.size_kib, buffer.banks, buffer.port_bits
            ),
            "expected at most the bits of one bank",
        );
    }
}

fn check_dma(checker: &mut Checker<'_>, place: &Place, dma: &Dma) {
    in_range(
        checker,
        place,
        "outstanding_bursts",
        dma.outstanding_bursts,
        1..=4096,
    );
    let latencies = [
        ("request_latency_cycles", dma.request_latency_cycles),
        ("response_latency_cycles", dma.response_latency_cycles),
    ];
    for (field, cycles) in latencies {
        in_range(checker, place, field, cycles, LATENCY_CYCLES);
    }
    let (BurstsPerCycle::Shared(bursts) | BurstsPerCycle::PerChannel(bursts)) =
        dma.bursts_per_cycle;
    in_range(checker, place, "bursts_per_cycle", bursts, 1..=64);
}

fn check_units(checker: &mut Checker<'_>, architecture: &ArchitectureFile) {
    let root = Place::root();
    let converter = root.clone().field("converter");
    in_range(
        checker,
        &converter,
        "values_per_cycle",
        architecture.converter.values_per_cycle,
        1..=65_536,
    );
    in_range(
        checker,
        &converter,
        "latency_cycles",
        architecture.converter.latency_cycles,
        LATENCY_CYCLES,
    );
    let vector_unit = root.clone().field("vector_unit");
    in_range(
        checker,
        &vector_unit,
        "lanes",
        architecture.vector_unit.lanes,
        1..=65_536,
    );
    in_range(
        checker,
        &vector_unit,
        "latency_cycles",
        architecture.vector_unit.latency_cycles,
        LATENCY_CYCLES,
    );
    in_range(
        checker,
        &root.clone().field("controller"),
        "tile_setup_cycles",
        architecture.controller.tile_setup_cycles,
        0..=1_000_000,
    );
    let tiling = root.field("tiling");
    let psum_bits = architecture.tiling.psum_bits;
    if !matches!(psum_bits, 16 | 24 | 32) {
        checker.report(
            tiling.field("psum_bits"),
            format!("`psum_bits` is {psum_bits}"),
            "expected 16, 24 or 32",
        );
    }
}

fn in_range<T: PartialOrd + Display>(
    checker: &mut Checker<'_>,
    parent: &Place,
    field: &str,
    value: T,
    range: RangeInclusive<T>,
) {
    if !range.contains(&value) {
        checker.report(
            parent.clone().field(field),
            format!("`{field}` is {value}"),
            format!("expected {} to {}", range.start(), range.end()),
        );
    }
}

fn power_of_two(
    checker: &mut Checker<'_>,
    parent: &Place,
    field: &str,
    value: u32,
    range: RangeInclusive<u32>,
) {
    if !range.contains(&value) || !value.is_power_of_two() {
        let (low, high) = range.into_inner();
        checker.report(
            parent.clone().field(field),
            format!("`{field}` is {value}"),
            format!("expected a power of two from {low} to {high}"),
        );
    }
}
