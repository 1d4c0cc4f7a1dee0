//! The mapping of a network as text.

use std::fmt::Write as _;

use comfy_table::Cell;

use super::super::layout::{head, lines, narrow_table, right, wrapped};
use super::{LayerMappingReport, MappingReport};

const COLUMNS: [(&str, &str); 9] = [
    ("tiles", ""),
    ("kcycles", ""),
    ("over", "bound"),
    ("bound", ""),
    ("kB", ""),
    ("over", "comp."),
    ("loops", ""),
    ("kept", ""),
    ("next", "best"),
];

/// The whole table; with its notes if `notes`.
pub(super) fn render(report: &MappingReport, notes: bool) -> String {
    let mut text = format!(
        "{} (batch {}) on {}, {}, objective {}\n\n",
        report.workload, report.batch, report.architecture, report.approximation, report.objective
    );
    let heads = [Cell::new("layer\n"), Cell::new("tile\n")];
    let heads = heads.into_iter().chain(COLUMNS.map(head));
    let mut table = narrow_table(heads.collect());
    for layer in &report.layers {
        table.add_row(row(layer));
    }
    text += &lines(&table, &[]);
    if notes {
        text += "\n";
        text += LEGEND;
        for note in &report.notes {
            let _ = write!(text, "{}", wrapped("note: ", note));
        }
    }
    text
}

const LEGEND: &str = "\
tile         images x rows x columns of outputs, groups, filters, channels; rows x columns x channels
             on the vector unit
over bound   estimated cycles over the larger of MACs on a full array and operands once over the bus
kB, comp.    bytes over the DRAM bus, over those of the operands once
loops        over tiles, outermost first: M output pixels, N filters, K channels; x: operands exchanged
kept         a activations, w weights, o outputs stay while a loop goes round; h halos stay
next best    its value of the objective over that of the choice
";

fn row(layer: &LayerMappingReport) -> Vec<Cell> {
    let mut cells = vec![
        Cell::new(&layer.layer),
        Cell::new(&layer.tile),
        right(layer.steps.to_string()),
    ];
    let Some(estimate) = &layer.estimate else {
        cells.extend((0..8).map(|_| Cell::new("")));
        return cells;
    };
    let bound = if estimate.compute_bound_cycles >= estimate.memory_bound_cycles {
        "compute"
    } else {
        "memory"
    };
    cells.extend([
        right(format!("{:.1}", estimate.cycles / 1000.0)),
        right(format!("{:.2}", estimate.over_bound)),
        right(bound),
        right(format!("{:.1}", estimate.dram_bytes as f64 / 1000.0)),
        right(format!("{:.2}", estimate.over_compulsory)),
        right(loops(layer)),
        right(kept(layer)),
        right(
            estimate
                .next_best
                .as_ref()
                .map_or_else(String::new, |next| format!("{:.3}", next.ratio)),
        ),
    ]);
    cells
}

fn loops(layer: &LayerMappingReport) -> String {
    let letter = |name: &String| match name.as_str() {
        "outputs" => 'M',
        "filters" => 'N',
        _ => 'K',
    };
    let order = layer.order.iter().flatten().map(letter);
    order.chain(layer.exchanged.then_some('x')).collect()
}

fn kept(layer: &LayerMappingReport) -> String {
    let operands = layer
        .kept
        .iter()
        .filter_map(|operand| operand.chars().next());
    operands.chain(layer.halos_kept.then_some('h')).collect()
}
