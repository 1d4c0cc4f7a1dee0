//! The headline as comma-separated values.

use std::io;

use super::{Headline, HeadlineGroup, HeadlineRow, Position};

const HEAD: [&str; 27] = [
    "workload",
    "batch",
    "baseline",
    "point",
    "iso",
    "rows",
    "columns",
    "area_ratio",
    "energy_table",
    "operands",
    "time_us",
    "energy_pj",
    "speedup",
    "speedup_compute",
    "speedup_memory",
    "speedup_other",
    "speedup_position",
    "energy_ratio",
    "energy_compute",
    "energy_memory",
    "energy_leakage",
    "energy_position",
    "derived_share",
    "assumed_share",
    "dram_preset_share",
    "baseline_time_us",
    "baseline_energy_pj",
];

/// Writes a line for each row of the table. Columns are named in the first line; what does not exist is empty.
///
/// # Errors
/// What writing gives.
pub fn csv(headline: &Headline, to: impl io::Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(to);
    writer.write_record(HEAD)?;
    for group in &headline.groups {
        for row in &group.rows {
            writer.write_record(record(group, row))?;
        }
    }
    writer.flush()
}

fn record(group: &HeadlineGroup, row: &HeadlineRow) -> [String; HEAD.len()] {
    let ratio = |value: f64| format!("{value:.6}");
    let speedup = row.speedup_factors;
    let energy = row.energy_factors;
    let factor = |value: Option<f64>| value.map(ratio).unwrap_or_default();
    let sizings: Vec<String> = row.iso.iter().map(ToString::to_string).collect();
    [
        group.workload.clone(),
        group.batch.to_string(),
        group.baseline.point.clone(),
        row.point.point.clone(),
        sizings.join(" "),
        row.point.rows.to_string(),
        row.point.columns.to_string(),
        ratio(row.area_ratio),
        row.point.energy_table.clone(),
        row.point.operands.clone(),
        format!("{:.3}", row.point.time_us),
        format!("{:.3}", row.point.energy_pj),
        ratio(row.speedup),
        factor(speedup.map(|factors| factors.compute)),
        factor(speedup.map(|factors| factors.memory)),
        factor(speedup.map(|factors| factors.other)),
        position(row.speedup_position),
        ratio(row.energy_ratio),
        factor(energy.map(|factors| factors.compute)),
        factor(energy.map(|factors| factors.memory)),
        factor(energy.map(|factors| factors.leakage)),
        position(row.energy_position),
        ratio(row.point.derived_share),
        ratio(row.point.assumed_share),
        ratio(row.point.dram_preset_share),
        format!("{:.3}", group.baseline.time_us),
        format!("{:.3}", group.baseline.energy_pj),
    ]
}

fn position(position: Option<Position>) -> String {
    match position {
        None => "",
        Some(Position::Below) => "below",
        Some(Position::Inside) => "inside",
        Some(Position::Above) => "above",
    }
    .to_string()
}
