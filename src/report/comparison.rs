//! One run against another.

use super::factors::factors;
use super::model::{
    ArrayComparison, Comparison, EnergyFactors, LayerReport, RunReport, SpeedupFactors,
};
use super::performance::ratio;
use super::published;
use crate::arch::PeKind;
use crate::sweep::Iso;

/// A run against its baseline, both given by their places among the runs.
pub(super) fn comparison(
    runs: &[RunReport],
    baseline_run: usize,
    run: usize,
    iso: &[Iso],
) -> Comparison {
    let (base, this) = (&runs[baseline_run], &runs[run]);
    let [base_mm2, this_mm2] = [base, this].map(|run| run.architecture.area.array_mm2());
    let pes =
        |run: &RunReport| u64::from(run.architecture.rows) * u64::from(run.architecture.columns);
    let fxp8 = base.architecture.pe == PeKind::Fxp { bits: 8 };
    let blocked = matches!(this.architecture.pe, PeKind::AxBxp { .. });
    let comparable = pes(base) == pes(this) || iso.iter().any(|&iso| iso != Iso::None);
    let published = (fxp8 && blocked && comparable)
        .then(|| published::ranges(&this.workload))
        .flatten();
    Comparison {
        workload: this.workload.clone(),
        baseline_run,
        run,
        iso: iso.to_vec(),
        array: ArrayComparison {
            pes: pes(this),
            pe_ratio: ratio(pes(this) as f64, pes(base) as f64),
            area_mm2: this_mm2,
            area_ratio: ratio(this_mm2, base_mm2),
        },
        speedup: ratio(base.total.time_us, this.total.time_us),
        speedup_factors: speedup_factors(&base.total, &this.total),
        energy_ratio: ratio(base.total.energy_pj, this.total.energy_pj),
        energy_factors: energy_factors(&base.total, &this.total),
        published: published.map(|[network, _]| network),
        published_per_layer: published.map(|[_, per_layer]| per_layer),
    }
}

/// What the speed-up of a layer, or of a whole run, is made of.
pub(super) fn speedup_factors(base: &LayerReport, this: &LayerReport) -> Option<SpeedupFactors> {
    let [compute, memory, other] = factors(time_parts(base), time_parts(this))?;
    Some(SpeedupFactors {
        compute,
        memory,
        other,
    })
}

/// What the energy ratio of a layer, or of a whole run, is made of.
pub(super) fn energy_factors(base: &LayerReport, this: &LayerReport) -> Option<EnergyFactors> {
    let [compute, memory, leakage] = factors(energy_parts(base), energy_parts(this))?;
    Some(EnergyFactors {
        compute,
        memory,
        leakage,
    })
}

/// Time in us by what the array's PEs did in it: compute, memory, other.
fn time_parts(layer: &LayerReport) -> [f64; 3] {
    let causes = &layer.pe_cycles;
    let compute = causes.computing
        + causes.idle_mapping
        + causes.weight_load
        + causes.fill_drain
        + causes.narrow_port
        + causes.bank_conflict;
    let memory = causes.wait_weights + causes.wait_activations + causes.wait_output;
    let other = causes.tile_setup + causes.vector_unit;
    let us_per_pe_cycle = ratio(layer.time_us, causes.total() as f64);
    [compute, memory, other].map(|pe_cycles| pe_cycles as f64 * us_per_pe_cycle)
}

/// Energy in pJ: compute, memory footprint, what follows time.
fn energy_parts(layer: &LayerReport) -> [f64; 3] {
    let energy = &layer.energy;
    [
        energy.pe_array_pj
            + energy.pe_idle_pj
            + energy.array_registers_pj
            + energy.converter_pj
            + energy.vector_unit_pj
            + energy.controller_pj,
        energy.activation_buffer_pj
            + energy.weight_buffer_pj
            + energy.output_buffer_pj
            + energy.dma_pj
            + energy.dram_dynamic_pj
            + energy.dram_io_pj,
        energy.leakage_pj + energy.dram_background_pj,
    ]
}
