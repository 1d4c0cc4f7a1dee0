//! All runs, a line each.

use comfy_table::Cell;

use super::columns::{ENERGY_HEADS, energy_groups, figure, percent};
use super::layout::{between_workloads, has_batches, head, lines, plain_table, right, wrapped};
use super::model::{Comparison, Report, RunReport};
use crate::sweep::Iso;

/// Columns that most reports can do without.
#[derive(Debug, Clone, Copy)]
struct Shown {
    /// A workload runs at several batches.
    batch: bool,
    /// Arrays have been sized against the baseline's.
    sizing: bool,
}

impl Shown {
    fn of(report: &Report) -> Shown {
        let sized = |comparison: &Comparison| comparison.iso.iter().any(|&iso| iso != Iso::None);
        Shown {
            batch: has_batches(report),
            sizing: report.comparisons.iter().any(sized),
        }
    }
}

/// `pes,area`.
pub(super) fn sizings(iso: &[Iso]) -> String {
    let names: Vec<String> = iso.iter().map(ToString::to_string).collect();
    names.join(",")
}

/// All runs, a line each, with the ratios.
pub(super) fn summary(report: &Report) -> String {
    let published = report
        .comparisons
        .iter()
        .find_map(|comparison| comparison.published);
    let shown = Shown::of(report);
    let mut heads = vec![Cell::new("workload")];
    if shown.batch {
        heads.push(right("batch"));
    }
    heads.extend(["architecture", "approx"].map(Cell::new));
    if shown.sizing {
        heads.push(Cell::new("iso"));
        heads.push(head(("area", "ratio")));
    }
    heads.extend(
        [
            ("time", "Mcycles"),
            ("", "ms"),
            ("util", "%"),
            ("mult", "%"),
        ]
        .map(head),
    );
    heads.extend(ENERGY_HEADS.map(head));
    heads.extend(
        [
            ("DRAM", "MB"),
            ("", "GB/s"),
            ("read p50", "ns"),
            ("p99", "ns"),
        ]
        .map(head),
    );
    if !report.comparisons.is_empty() {
        heads.extend([("speedup", ""), ("energy", "ratio")].map(head));
    }
    if published.is_some() {
        heads.extend([("published", "speedup"), ("published", "energy")].map(head));
    }
    let mut table = plain_table(heads);
    for (index, run) in report.runs.iter().enumerate() {
        let comparison = report
            .comparisons
            .iter()
            .find(|comparison| comparison.run == index);
        table.add_row(summary_row(run, comparison, shown));
    }
    let mut text = lines(&table, &between_workloads(report));
    text += "util, mult: over the layers on the array only, without the vector unit's\n";
    if !report.comparisons.is_empty() {
        text += "speedup, energy ratio: the first run of the workload over this one\n";
    }
    if shown.sizing {
        text += "area ratio: array with its edge registers and converter over the first run's\n";
    }
    if let Some(published) = published {
        text += &wrapped("published: ", published.source);
    }
    text
}

fn summary_row(run: &RunReport, comparison: Option<&Comparison>, shown: Shown) -> Vec<Cell> {
    let total = &run.total;
    let bytes = total.traffic.dram_read_bytes + total.traffic.dram_written_bytes;
    let mut row = vec![Cell::new(&run.workload)];
    if shown.batch {
        row.push(right(run.batch.to_string()));
    }
    row.push(Cell::new(&run.architecture.name));
    row.push(Cell::new(&run.approximation));
    if shown.sizing {
        let sizings = comparison.map(|comparison| sizings(&comparison.iso));
        let area = comparison.map(|comparison| format!("{:.2}", comparison.array.area_ratio));
        row.push(Cell::new(sizings.unwrap_or_default()));
        row.push(right(area.unwrap_or_default()));
    }
    row.extend([
        right(format!("{:.3}", total.cycles as f64 / 1e6)),
        right(format!("{:.3}", total.time_us / 1e3)),
        right(percent(total.pe_utilization)),
        right(percent(total.multiplier_utilization)),
        right(figure(total.energy_pj / 1e6)),
    ]);
    row.extend(energy_groups(&total.energy).map(|(_, pj)| right(figure(pj / 1e6))));
    row.extend([
        right(figure(bytes as f64 / 1e6)),
        right(figure(run.dram.mean_bandwidth_gbps)),
        right(figure(run.dram.read_latency_p50_ns)),
        right(figure(run.dram.read_latency_p99_ns)),
    ]);
    if let Some(comparison) = comparison {
        row.push(right(format!("{:.2}x", comparison.speedup)));
        row.push(right(format!("{:.2}x", comparison.energy_ratio)));
        if let Some(published) = comparison.published {
            let range = |(low, high): (f64, f64)| format!("{low:.2}-{high:.2}x");
            row.push(right(range(published.speedup)));
            row.push(right(range(published.energy_ratio)));
        }
    }
    row
}
