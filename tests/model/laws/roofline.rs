//! No layer and no run is above its roof, and the derived figures of a report are what its time, work and energy say.

use axbxp::arch::PeKind;
use axbxp::report::{Bound, LayerReport, MemoryLimit, Report};

use super::Case;

/// What does not hold, in words.
pub fn broken(case: &Case, report: &Report) -> Vec<String> {
    let run = &report.runs[0];
    let peak_gbps = case.point.memory().peak_bytes_per_second as f64 / 1e9;
    let dma_gbps = case.point.dma_peak_bytes_per_second() as f64 / 1e9;
    let mut broken = Vec::new();
    for layer in run.layers.iter().chain([&run.total]) {
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                let (roof, name) = (&layer.roofline, &layer.name);
                broken.push(format!("{}, {name}: {what}: {roof:?}", case.name()));
            }
        };
        let roof = &layer.roofline;
        let limit = 1.0 + 1e-12;
        expect(
            roof.attained_gops <= roof.peak_gops * limit,
            "over its peak",
        );
        expect(
            roof.attained_gops <= roof.bandwidth_roof_gops * limit,
            "faster than its bytes",
        );
        let least_ns = roof.dram_bytes as f64 / peak_gbps;
        expect(least_ns <= layer.time_us * 1e3 * limit, "too many bytes");
        let dma_bytes = layer
            .traffic
            .dram_read_bytes
            .max(layer.traffic.dram_written_bytes);
        let least_dma_ns = dma_bytes as f64 / dma_gbps;
        expect(
            least_dma_ns <= layer.time_us * 1e3 * limit,
            "more bursts than the DMA can ask for",
        );
        let by_dma = roof.memory_limit == MemoryLimit::Dma;
        let roof_ns = roof.operations as f64 / roof.bandwidth_roof_gops;
        let slower_ns = if by_dma { least_dma_ns } else { least_ns };
        expect(
            roof.operations == 0 || (roof_ns - slower_ns).abs() <= 1e-9 * slower_ns,
            "the roof is not that of its limit",
        );
        expect(
            by_dma == (dma_gbps < peak_gbps && least_dma_ns > least_ns),
            "limited by the wider way",
        );
        let memory = roof.bound == Bound::Memory;
        expect(
            memory == (roof.bandwidth_roof_gops < roof.peak_gops),
            "bound by the higher roof",
        );
        expect(
            utilization_agrees(case, layer),
            "attained of peak is not the utilization",
        );
        expect(efficiency_agrees(layer), "energy, time and work disagree");
    }
    broken
}

/// Utilization counts what the array could do in the layer's time; so does attained over peak.
fn utilization_agrees(case: &Case, layer: &LayerReport) -> bool {
    let roof = &layer.roofline;
    if layer.macs == 0 || layer.name == "total" {
        return true;
    }
    let near = |left: f64, right: f64| (left - right).abs() <= 1e-9 * right;
    let fxp = matches!(case.point.architecture.array.pe, PeKind::Fxp { .. });
    let clock_ghz = case.point.architecture.core_clock_khz as f64 / 1e6;
    let pes = case.point.architecture.array.pes() as f64;
    near(roof.attained_gops / roof.peak_gops, layer.pe_utilization)
        && (!fxp || near(roof.peak_gops, 2.0 * pes * clock_ghz))
}

/// Power x time is energy, operations per second over power is operations per joule, EDP is energy x time.
fn efficiency_agrees(layer: &LayerReport) -> bool {
    let figures = &layer.efficiency;
    let near = |left: f64, right: f64| (left - right).abs() <= 1e-9 * right.abs();
    let watts = figures.average_power_mw / 1e3;
    near(watts * layer.time_us * 1e6, layer.energy_pj)
        && near(figures.tops_per_w * watts, figures.tops)
        && near(figures.tops * 1e6 * layer.time_us, 2.0 * layer.macs as f64)
        && near(
            figures.edp_pj_us,
            layer.energy_pj * layer.energy_pj / (watts * 1e6),
        )
}
