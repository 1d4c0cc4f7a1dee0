//! A run layer by layer: place under the roofline.

use comfy_table::Cell;

use super::columns::{figure, percent};
use super::layout::{head, lines, plain_table, right};
use super::model::{Report, RunReport};

/// Characters from nothing to the roof.
const BAR_COLUMNS: usize = 24;

/// A row a layer and the whole run.
pub(super) fn run_table(run: &RunReport) -> String {
    let mut heads = vec![Cell::new("layer"), Cell::new("precision")];
    heads.extend(
        [
            ("intensity", "op/B"),
            ("attained", "GOPS"),
            ("engine", "GOPS"),
            ("memory", "GOPS"),
            ("of roof", "%"),
        ]
        .map(head),
    );
    heads.push(Cell::new("bound"));
    heads.push(Cell::new("of roof"));
    let mut table = plain_table(heads);
    for layer in run.layers.iter().chain([&run.total]) {
        let roofline = &layer.roofline;
        let mut row = vec![Cell::new(&layer.name), Cell::new(&layer.precision)];
        row.extend(
            [
                figure(roofline.operations_per_byte),
                figure(roofline.attained_gops),
                figure(roofline.peak_gops),
                figure(roofline.bandwidth_roof_gops),
                percent(roofline.share_of_roof()),
            ]
            .map(right),
        );
        row.push(Cell::new(roofline.bound_label()));
        row.push(Cell::new(bar(roofline.share_of_roof())));
        table.add_row(row);
    }
    lines(&table, &[run.layers.len()])
}

/// `####......`: a share of 1.
fn bar(share: f64) -> String {
    let filled = ((share * BAR_COLUMNS as f64).round() as usize).min(BAR_COLUMNS);
    "#".repeat(filled) + &".".repeat(BAR_COLUMNS - filled)
}

/// What the columns mean.
pub(super) fn legend(report: &Report) -> String {
    let mut legend = "\
intensity  operations per byte that crosses the DRAM bus in the layer's time: 2 a MAC on the array, lane
           operations on the vector unit; total: MACs alone
engine     operations that the array could do at the layer's precision, or the vector unit
memory     operations that the DRAM could feed: intensity x peak bandwidth
of roof    attained, of the lower of the two, which is the bound
"
    .to_string();
    let narrow = |run: &RunReport| run.architecture.dma_is_narrower();
    if report.runs.iter().any(narrow) {
        legend += "\
DMA        the bound is the memory, and what the DMA can ask for is less than the DRAM could give: `memory` is
           then what its `bursts_per_cycle` allow, the same for reads and for writes
";
    }
    legend
}
