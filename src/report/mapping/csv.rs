//! The mapping of a network as CSV, a line a layer.

use std::io;

use super::MappingReport;

const HEADS: [&str; 19] = [
    "architecture",
    "approximation",
    "workload",
    "batch",
    "objective",
    "layer",
    "tile",
    "order",
    "exchanged",
    "kept",
    "halos_kept",
    "steps",
    "estimated_cycles",
    "estimated_energy_pj",
    "dram_bytes",
    "compute_bound_cycles",
    "memory_bound_cycles",
    "compulsory_bytes",
    "next_best_ratio",
];

pub(super) fn render(report: &MappingReport) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADS)?;
    for layer in &report.layers {
        let estimate = layer.estimate.as_ref();
        let next = estimate.and_then(|estimate| estimate.next_best.as_ref());
        let text = |value: Option<String>| value.unwrap_or_default();
        writer.write_record([
            report.architecture.clone(),
            report.approximation.clone(),
            report.workload.clone(),
            report.batch.to_string(),
            report.objective.clone(),
            layer.layer.clone(),
            layer.tile.clone(),
            text(layer.order.as_ref().map(|order| order.join(" "))),
            layer.exchanged.to_string(),
            layer.kept.join(" "),
            layer.halos_kept.to_string(),
            layer.steps.to_string(),
            text(estimate.map(|e| format!("{:.0}", e.cycles))),
            text(estimate.map(|e| format!("{:.0}", e.energy_pj))),
            text(estimate.map(|e| e.dram_bytes.to_string())),
            text(estimate.map(|e| format!("{:.0}", e.compute_bound_cycles))),
            text(estimate.map(|e| format!("{:.0}", e.memory_bound_cycles))),
            text(estimate.map(|e| e.compulsory_bytes.to_string())),
            text(next.map(|next| format!("{:.6}", next.ratio))),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}
