//! Reports as comma-separated values: one line for each layer of each run, and its total.

use std::io;

use super::model::{Engine, LayerReport, Report, RunReport};

/// Writes the report. Columns are named in the first line, after the fields of the JSON; energies in pJ, traffic in
/// bytes, causes in PE-cycles, the rest in the units that their names end in.
///
/// # Errors
/// What writing gives.
pub(super) fn write(report: &Report, to: impl io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    let Some(first) = report.runs.first() else {
        return Ok(());
    };
    writer.write_record(head(&first.total))?;
    for (index, run) in report.runs.iter().enumerate() {
        for layer in run.layers.iter().chain([&run.total]) {
            writer.write_record(record(index, run, layer))?;
        }
    }
    writer.flush()
}

fn head(sample: &LayerReport) -> Vec<String> {
    let mut names: Vec<String> = [
        "run",
        "workload",
        "batch",
        "architecture",
        "approximation",
        "layer",
        "op",
        "engine",
        "precision",
        "macs",
        "cycles",
        "time_us",
        "pe_utilization",
        "multiplier_utilization",
    ]
    .map(String::from)
    .into();
    names.extend(
        sample
            .pe_cycles
            .parts()
            .map(|(name, _)| format!("pe_cycles_{name}")),
    );
    names.extend(
        sample
            .energy
            .components()
            .map(|(name, _)| format!("{name}_pj")),
    );
    names.extend(
        [
            "energy_pj",
            "dram_read_bytes",
            "dram_written_bytes",
            "loaded_bytes",
            "stored_bytes",
            "psum_bytes",
            "moved_bytes",
            "tiles",
            "tiling",
        ]
        .map(String::from),
    );
    names.extend(derived(sample).map(|(name, _)| name.to_string()));
    names.extend(
        sample
            .energy
            .pe_parts
            .components()
            .map(|(name, _)| format!("pe_{name}_pj")),
    );
    names
}

fn record(index: usize, run: &RunReport, layer: &LayerReport) -> Vec<String> {
    let engine = match layer.engine {
        Engine::Array => "array",
        Engine::VectorUnit => "vector_unit",
        Engine::All => "all",
    };
    let mut fields = vec![
        index.to_string(),
        run.workload.clone(),
        run.batch.to_string(),
        run.architecture.name.clone(),
        run.approximation.clone(),
        layer.name.clone(),
        layer.op.clone(),
        engine.to_string(),
        layer.precision.clone(),
        layer.macs.to_string(),
        layer.cycles.to_string(),
        format!("{:.3}", layer.time_us),
        format!("{:.6}", layer.pe_utilization),
        format!("{:.6}", layer.multiplier_utilization),
    ];
    fields.extend(
        layer
            .pe_cycles
            .parts()
            .map(|(_, pe_cycles)| pe_cycles.to_string()),
    );
    fields.extend(layer.energy.components().map(|(_, pj)| format!("{pj:.3}")));
    let traffic = &layer.traffic;
    fields.push(format!("{:.3}", layer.energy_pj));
    fields.extend(
        [
            traffic.dram_read_bytes,
            traffic.dram_written_bytes,
            traffic.loaded_bytes,
            traffic.stored_bytes,
            traffic.psum_bytes,
            traffic.moved_bytes,
            layer.tiles,
        ]
        .map(|count| count.to_string()),
    );
    fields.push(layer.tiling.clone());
    fields.extend(derived(layer).map(|(_, figure)| figure));
    fields.extend(
        layer
            .energy
            .pe_parts
            .components()
            .map(|(_, pj)| format!("{pj:.3}")),
    );
    fields
}

/// Efficiency and place under the roofline, by the names of their fields.
fn derived(layer: &LayerReport) -> [(&'static str, String); 14] {
    let (efficiency, roofline) = (&layer.efficiency, &layer.roofline);
    let figure = |value: f64| format!("{value:.6}");
    [
        ("edp_pj_us", figure(efficiency.edp_pj_us)),
        ("tops", figure(efficiency.tops)),
        ("tops_per_w", figure(efficiency.tops_per_w)),
        ("average_power_mw", figure(efficiency.average_power_mw)),
        ("tops_per_mm2", figure(efficiency.tops_per_mm2)),
        ("operations", roofline.operations.to_string()),
        ("dram_bytes", roofline.dram_bytes.to_string()),
        ("operations_per_byte", figure(roofline.operations_per_byte)),
        ("attained_gops", figure(roofline.attained_gops)),
        ("peak_gops", figure(roofline.peak_gops)),
        ("bandwidth_roof_gops", figure(roofline.bandwidth_roof_gops)),
        ("memory_limit", roofline.memory_limit.name().to_string()),
        ("roof_gops", figure(roofline.roof_gops)),
        ("bound", roofline.bound.name().to_string()),
    ]
}
