//! All runs, a line each.

use comfy_table::Cell;

use super::columns::{ENERGY_HEADS, energy_groups, figure, percent};
use super::layout::{between_workloads, head, lines, plain_table, right, wrapped};
use super::model::{Comparison, Report, RunReport};

/// All runs, a line each, with the ratios.
pub(super) fn summary(report: &Report) -> String {
    let published = report
        .comparisons
        .iter()
        .find_map(|comparison| comparison.published);
    let mut heads = ["workload", "architecture", "approx"]
        .map(Cell::new)
        .to_vec();
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
        table.add_row(summary_row(run, comparison));
    }
    let mut text = lines(&table, &between_workloads(report));
    if !report.comparisons.is_empty() {
        text += "speedup, energy ratio: the first run of the workload over this one\n";
    }
    if let Some(published) = published {
        text += &wrapped("published: ", published.source);
    }
    text
}

fn summary_row(run: &RunReport, comparison: Option<&Comparison>) -> Vec<Cell> {
    let total = &run.total;
    let bytes = total.traffic.dram_read_bytes + total.traffic.dram_written_bytes;
    let mut row = vec![
        Cell::new(&run.workload),
        Cell::new(&run.architecture.name),
        Cell::new(&run.approximation),
    ];
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
