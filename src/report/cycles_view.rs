//! A run layer by layer: work, time, where the cycles went, energy in groups, traffic.

use std::fmt::Write as _;

use comfy_table::Cell;

use super::columns::{ENERGY_HEADS, energy_groups, figure, percent};
use super::layout::{head, lines, plain_table, right};
use super::model::{CauseReport, LayerReport, Report, RunReport};

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
        both in the total over the layers on the array only, without the vector unit's
read, written   whole DRAM bursts
PE-cycles by cause, in % of cycles x PEs:
";

/// What the columns of the layer tables mean; of the causes those that are shown.
pub(super) fn legend(report: &Report) -> String {
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

/// One run, layer by layer.
pub(super) fn run_table(run: &RunReport) -> String {
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
    lines(&table, &[run.layers.len()])
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
