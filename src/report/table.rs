//! Reports as aligned tables.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::columns::{energy_groups, figure, percent};
use super::model::{CauseReport, Comparison, LayerReport, Report, RunReport};
use crate::sweep::Iso;

/// Column head of each cause and what it means, in the order of [`CauseReport::parts`].
const CAUSES: [(&str, &str); 11] = [
    ("comp", "PEs multiply"),
    (
        "idle",
        "PEs that the layer leaves without work while others multiply",
    ),
    ("wload", "stationary operands move into the PEs"),
    ("fill", "the array fills or empties"),
    ("w-wait", "weights are not in their buffer yet"),
    ("a-wait", "activations are not in their buffer yet"),
    (
        "o-wait",
        "no room in the output buffer, or the last outputs on their way to DRAM",
    ),
    ("port", "a buffer port or the converter is too narrow"),
    ("bank", "DMA and array meet at a buffer bank"),
    ("setup", "the controller sets up tiles"),
    ("vector", "the vector unit works"),
];

const LEGEND: &str = "\
util    MACs done, of those the array could do in that time at the layer's precision
mult    multiplications done, of those its (block) multipliers could do
read, written   whole DRAM bursts
PE-cycles by cause, in % of cycles x PEs:
";

/// Columns that text below the tables is wrapped to.
const TEXT_COLUMNS: usize = 100;

/// The whole report: each run layer by layer if `layers`, then the summary and the notes.
pub fn render(report: &Report, layers: bool, notes: bool) -> String {
    let mut text = String::new();
    if layers {
        for run in &report.runs {
            text += &run_table(run);
            text.push('\n');
        }
        text += &legend(report);
        text.push('\n');
    }
    text += &summary(report);
    if notes {
        text.push('\n');
        for note in &report.notes {
            text += &wrapped("note: ", note);
        }
    }
    text
}

/// What the columns of the layer tables mean; of the causes those that are shown.
fn legend(report: &Report) -> String {
    let mut text = LEGEND.to_string();
    for (index, (head, meaning)) in CAUSES.iter().enumerate() {
        if report.runs.iter().any(|run| is_shown(run, index)) {
            let _ = writeln!(text, "  {head:6}  {meaning}");
        }
    }
    text
}

/// Whether a run spends PE-cycles on a cause: one that no layer knows takes no column.
fn is_shown(run: &RunReport, cause: usize) -> bool {
    run.total.pe_cycles.parts()[cause].1 > 0
}

/// `text` after `head`, in lines of at most [`TEXT_COLUMNS`], those after the first indented as far.
pub(super) fn wrapped(head: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = head.to_string();
    for word in text.split_whitespace() {
        if line.len() > head.len() && line.len() + word.len() >= TEXT_COLUMNS {
            lines += line.trim_end();
            lines.push('\n');
            line = " ".repeat(head.len());
        }
        line += word;
        line.push(' ');
    }
    lines + line.trim_end() + "\n"
}

/// A column's name over its unit, both to the right.
pub(super) fn head((name, unit): (&str, &str)) -> Cell {
    right(format!("{name}\n{unit}"))
}

pub(super) fn right(text: impl Into<String>) -> Cell {
    Cell::new(text.into()).set_alignment(CellAlignment::Right)
}

pub(super) fn plain_table(heads: Vec<Cell>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(heads);
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    table
}

/// Lines of a table's head: names and units.
pub(super) const HEAD_LINES: usize = 2;

/// A table without trailing blanks, with a rule under its head and one before each of the `ruled` rows.
fn lines(table: &Table, ruled: &[usize]) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_string())
        .collect();
    let width = lines.iter().map(|line| line.chars().count()).max();
    let rule = "-".repeat(width.unwrap_or(0)) + "\n";
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let row = index.checked_sub(HEAD_LINES);
        if row.is_some_and(|row| row == 0 || ruled.contains(&row)) {
            text += &rule;
        }
        text += line;
        text.push('\n');
    }
    text
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
    let shown: Vec<usize> = (0..CAUSES.len())
        .filter(|&cause| is_shown(run, cause))
        .collect();
    let mut heads = vec![Cell::new("layer"), Cell::new("precision")];
    heads.extend(
        [
            ("work", "MMAC"),
            ("time", "kcycles"),
            ("", "us"),
            ("util", "%"),
            ("mult", "%"),
        ]
        .map(head),
    );
    heads.extend(shown.iter().map(|&cause| head((CAUSES[cause].0, "%"))));
    heads.extend(ENERGY_HEADS.map(head));
    heads.extend([("read", "MB"), ("written", "MB")].map(head));
    let mut table = plain_table(heads);
    for layer in run.layers.iter().chain([&run.total]) {
        table.add_row(layer_row(layer, &shown));
    }
    title(run) + &lines(&table, &[run.layers.len()])
}

/// Energy: all of it, then the groups of [`energy_groups`].
const ENERGY_HEADS: [(&str, &str); 5] = [
    ("energy", "uJ"),
    ("array", "uJ"),
    ("buffers", "uJ"),
    ("DRAM", "uJ"),
    ("other", "uJ"),
];

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

/// Columns of the summary that most reports can do without.
#[derive(Debug, Clone, Copy)]
struct SummaryColumns {
    /// A workload runs at several batches.
    batch: bool,
    /// Arrays have been sized against the baseline's.
    sizing: bool,
}

impl SummaryColumns {
    fn of(report: &Report) -> SummaryColumns {
        let batches = report
            .runs
            .windows(2)
            .any(|pair| pair[0].workload == pair[1].workload && pair[0].batch != pair[1].batch);
        let sizings = report
            .comparisons
            .iter()
            .flat_map(|comparison| &comparison.iso);
        SummaryColumns {
            batch: batches,
            sizing: sizings.into_iter().any(|&iso| iso != Iso::None),
        }
    }
}

/// `pes,area`.
pub(super) fn sizings(iso: &[Iso]) -> String {
    let names: Vec<String> = iso.iter().map(ToString::to_string).collect();
    names.join(",")
}

/// All runs, a line each, with the ratios.
fn summary(report: &Report) -> String {
    let published = report
        .comparisons
        .iter()
        .find_map(|comparison| comparison.published);
    let shown = SummaryColumns::of(report);
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
    let group = |index: usize| (&report.runs[index].workload, report.runs[index].batch);
    let ruled: Vec<usize> = (1..report.runs.len())
        .filter(|&index| group(index) != group(index - 1))
        .collect();
    let mut text = lines(&table, &ruled);
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

fn summary_row(
    run: &RunReport,
    comparison: Option<&Comparison>,
    shown: SummaryColumns,
) -> Vec<Cell> {
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
