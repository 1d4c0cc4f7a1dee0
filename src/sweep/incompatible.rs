//! Files that are right, each by itself, and do not fit each other: shown in the architecture's file.

use super::prices::PriceChoice;
use crate::arch::{Architecture, Operand};
use crate::dram::AddressMapError;
use crate::energy::EnergyError;
use crate::mapping::{Mapping, PlanError};
use crate::source::{Checker, Diagnostics, Place, SourceFile};

/// More channels than the DRAM standard takes.
pub(super) fn channels(source: &SourceFile, error: &AddressMapError) -> Diagnostics {
    let AddressMapError::Channels { most, .. } = error;
    let expected = format!("expected a power of two from 1 to {most}");
    let place = Place::root().field("dram").field("channels");
    problem(source, place, error.to_string(), expected)
}

/// Something that the energy table has no price for.
pub(super) fn price(source: &SourceFile, prices: &PriceChoice, error: &EnergyError) -> Diagnostics {
    let (place, expected) = match error {
        EnergyError::OutsideSramGrid { buffer, .. } => (
            size_of(*buffer),
            "with `banks` and `port_bits` it makes these macros",
        ),
        _ if prices.table.is_some() => (
            Place::root().field("energy_table"),
            "another table was asked for instead; expected one that has it",
        ),
        _ => (
            Place::root().field("energy_table"),
            "expected a table that has it",
        ),
    };
    problem(source, place, error.to_string(), expected.to_string())
}

/// A PE so large that no array of it has as little area as the baseline's.
pub(super) fn no_array(
    source: &SourceFile,
    architecture: &str,
    least_mm2: f64,
    baseline: &str,
    budget_mm2: f64,
) -> Diagnostics {
    let place = Place::root().field("array").field("pe");
    let message = format!(
        "no array of `{architecture}` is as small as that of `{baseline}`: one PE with its edge takes \
         {least_mm2:.6} mm2, all of that array {budget_mm2:.6} mm2"
    );
    problem(
        source,
        place,
        message,
        "expected a smaller PE, or a baseline with a larger array".to_string(),
    )
}

/// A network that the architecture has no room for.
pub(super) fn plan(
    source: &SourceFile,
    architecture: &Architecture,
    workload: &str,
    mapping: Option<&Mapping>,
    error: &PlanError,
) -> Diagnostics {
    let message = format!(
        "workload `{workload}` on architecture `{}`: {error}",
        architecture.name
    );
    if let (Some(mapping), PlanError::Mapping { entry, .. }) = (mapping, error) {
        let expected = "expected tiles that the layer and the buffers can have";
        let place = Mapping::place(*entry);
        return problem(mapping.source(), place, message, expected.to_string());
    }
    let (place, expected) = match error {
        PlanError::DoesNotFit {
            operand,
            needed_bits,
            ..
        } => (
            size_of(*operand),
            least_size(architecture, *operand, *needed_bits),
        ),
        PlanError::TooManySteps { .. } | PlanError::Mapping { .. } => (
            Place::root().field("buffers"),
            "too small for this layer".to_string(),
        ),
        PlanError::MemoryExceeded { .. } => (
            Place::root().field("dram").field("channels"),
            "too few for this network".to_string(),
        ),
    };
    problem(source, place, message, expected)
}

fn size_of(buffer: Operand) -> Place {
    Place::root()
        .field("buffers")
        .field(buffer.to_string())
        .field("size_kib")
}

/// The least size of a buffer for tiles of so many bits.
fn least_size(architecture: &Architecture, operand: Operand, bits: u64) -> String {
    let buffer = &architecture.buffers[operand];
    let kib = |bits: u64| bits.div_ceil(8 * 1024);
    if buffer.double_buffered {
        format!("expected at least {}, half of it for a tile", kib(2 * bits))
    } else {
        format!("expected at least {}", kib(bits))
    }
}

fn problem(source: &SourceFile, place: Place, message: String, expected: String) -> Diagnostics {
    let mut checker = Checker::new(source);
    checker.report(place, message, expected);
    checker.into_diagnostics()
}
