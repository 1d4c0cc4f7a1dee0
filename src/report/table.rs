//! Reports as aligned tables.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::columns::{energy_groups, figure, percent};
use super::model::{CauseReport, Comparison, LayerReport, Report, RunReport};

/// Column heads of the causes, in the order of [`CauseReport::parts`].
const CAUSE_HEADS: [&str; 11] = [
    "comp", "idle", "wload", "fill", "w-wait", "a-wait", "o-wait", "port", "bank", "setup",
    "vector",
];

/// The whole report: each run layer by layer if `layers`, then the summary and the notes.
pub fn render(report: &Report, layers: bool, notes: bool) -> String {
    let mut text = String::new();
    if layers {
        for run in &report.runs {
            text += &run_table(run);
            text.push('\n');
        }
        text += LEGEND;
        text.push('\n');
    }
    text += &summary(report);
    if notes {
        text.push('\n');
        for note in &report.notes {
            let _ = writeln!(text, "note: {note}");
        }
    }
    text
}

const LEGEND: &str = "\
util: MACs done of those possible at the layer's precision; mult: block multipliers at work.
Cycles in % of the layer: comp PEs computing, idle PEs without work (mapping), wload stationary
operands shifting in, fill pipeline fill and drain, w-/a-/o-wait for weights, activations, output
space (and the last store), port too narrow a buffer port, bank conflict, setup of tiles, vector
unit at work. DRAM: whole bursts.
";

fn right(text: impl Into<String>) -> Cell {
    Cell::new(text.into()).set_alignment(CellAlignment::Right)
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// A table without trailing blanks.
fn lines(table: &Table) -> String {
    table
        .lines()
        .map(|line| line.trim_end().to_string() + "\n")
        .collect()
}

fn title(run: &RunReport) -> String {
    let arch = &run.architecture;
    format!(
        "{} (batch {}) on {} at {}\n{}, {} x {}, {}, {} MHz; {} x {} ({} GB/s); energy {}\n",
        run.workload,
        run.batch,
        arch.name,
        run.approximation,
        arch.pe,
        arch.rows,
        arch.columns,
        arch.dataflow,
        figure(arch.core_clock_mhz),
        arch.dram_channels,
        arch.dram,
        figure(arch.dram_peak_gbps),
        arch.energy_table,
    )
}

/// One run, layer by layer.
fn run_table(run: &RunReport) -> String {
    // A cause that no layer knows takes no column.
    let shown: Vec<usize> = (0..CAUSE_HEADS.len())
        .filter(|&i| run.total.pe_cycles.parts()[i].1 > 0)
        .collect();
    let mut table = plain_table();
    let mut head = vec![Cell::new("layer"), Cell::new("precision")];
    head.extend(["MMAC", "kcycles", "us", "util%", "mult%"].map(right));
    head.extend(shown.iter().map(|&i| right(CAUSE_HEADS[i])));
    head.extend(["uJ", "array", "buffers", "DRAM", "other", "rd MB", "wr MB"].map(right));
    table.set_header(head);
    for layer in run.layers.iter().chain([&run.total]) {
        table.add_row(layer_row(layer, &shown));
    }
    title(run) + &lines(&table)
}

fn layer_row(layer: &LayerReport, shown: &[usize]) -> Vec<Cell> {
    let mut row = vec![Cell::new(&layer.name), Cell::new(&layer.precision)];
    let macs = if layer.macs > 0 {
        figure(layer.macs as f64 / 1e6)
    } else {
        String::new()
    };
    row.extend([
        right(macs),
        right(figure(layer.cycles as f64 / 1e3)),
        right(figure(layer.time_us)),
        right(percent(layer.pe_utilization)),
        right(percent(layer.multiplier_utilization)),
    ]);
    row.extend(cause_cells(&layer.pe_cycles, shown));
    row.push(right(figure(layer.energy_pj / 1e6)));
    row.extend(energy_groups(&layer.energy).map(|(_, pj)| right(figure(pj / 1e6))));
    row.push(right(figure(layer.traffic.dram_read_bytes as f64 / 1e6)));
    row.push(right(figure(layer.traffic.dram_written_bytes as f64 / 1e6)));
    row
}

fn cause_cells(causes: &CauseReport, shown: &[usize]) -> Vec<Cell> {
    let total = causes.total().max(1) as f64;
    shown
        .iter()
        .map(|&i| right(percent(causes.parts()[i].1 as f64 / total)))
        .collect()
}

/// All runs, a line each, with the ratios.
fn summary(report: &Report) -> String {
    let mut table = plain_table();
    let mut head = vec![
        Cell::new("workload"),
        Cell::new("architecture"),
        Cell::new("approx"),
    ];
    head.extend(
        [
            "Mcycles",
            "ms",
            "util%",
            "mult%",
            "uJ",
            "array",
            "buffers",
            "DRAM",
            "other",
            "DRAM MB",
            "GB/s",
            "rd ns p50",
            "p99",
            "speedup",
            "energy",
            "published speedup",
            "energy",
        ]
        .map(right),
    );
    table.set_header(head);
    for (index, run) in report.runs.iter().enumerate() {
        let comparison = report
            .comparisons
            .iter()
            .find(|comparison| comparison.run == index);
        table.add_row(summary_row(run, comparison));
    }
    let mut text = lines(&table);
    if let Some(published) = report
        .comparisons
        .iter()
        .find_map(|comparison| comparison.published)
    {
        let _ = writeln!(
            text,
            "speedup, energy: first run of the workload over this one. published: {}.",
            published.source
        );
    } else if !report.comparisons.is_empty() {
        text += "speedup, energy: first run of the workload over this one.\n";
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
