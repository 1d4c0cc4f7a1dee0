//! The headline as a table of at most 130 columns.

use std::fmt::Write as _;

use comfy_table::Cell;

use super::{Headline, HeadlineGroup, HeadlinePoint, HeadlineRow, Position};
use crate::report::columns::{figure, percent, rule_name};
use crate::report::layout::{FACTORS, HEAD_LINES, head, plain_table, right, wrapped};
use crate::report::summary::sizings;

const RATIOS: &str = "\
area     array with its edge registers and converter, without buffers, over the baseline's
speedup, energy ratio: the baseline over this point; each is the product of the factors after it
";

const SHARES: &str = "\
lo, in, hi: below, inside, above the range published for one configuration per network
derived, assumed, DRAM   share of the point's energy that rests on values derived by a rule (all SRAM is
         a fit), on assumed ones, and on the DRAM preset; the rest was measured at gate level
";

/// The whole table, with the notes if `notes`.
pub fn table(headline: &Headline, notes: bool) -> String {
    let mut table = plain_table(heads());
    for row in headline.groups.iter().flat_map(|group| &group.rows) {
        table.add_row(cells(row));
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_string())
        .collect();
    let (head, mut rows) = lines.split_at(HEAD_LINES.min(lines.len()));
    let width = lines.iter().map(|line| line.chars().count()).max();
    let rule = "-".repeat(width.unwrap_or(0)) + "\n";
    let mut text = String::new();
    for line in head {
        text += line;
        text.push('\n');
    }
    for group in &headline.groups {
        let (of_group, rest) = rows.split_at(group.rows.len().min(rows.len()));
        rows = rest;
        text += &rule;
        text += &title(group);
        for line in of_group {
            text += line;
            text.push('\n');
        }
    }
    text.push('\n');
    for legend in [RATIOS, FACTORS, SHARES] {
        text += legend;
    }
    if headline
        .groups
        .iter()
        .any(|group| group.published.is_some())
    {
        text += "published: arXiv 2011.13000 v1, abstract, ranges over AlexNet, ResNet50 and MobileNetV2\n";
    }
    if notes {
        text.push('\n');
        for note in &headline.notes {
            text += &wrapped("note: ", note);
        }
    }
    text
}

/// What a group is compared with, and what was published for it.
fn title(group: &HeadlineGroup) -> String {
    let HeadlinePoint {
        point,
        rows,
        columns,
        energy_table,
        operands,
        parallel_macs,
        ..
    } = &group.baseline;
    let rule = rule_name(*parallel_macs);
    let area = group
        .baseline_array_mm2
        .map(|mm2| format!(", array {mm2:.3} mm2"))
        .unwrap_or_default();
    let mut text = format!(
        "{} batch {}: {point} {rows}x{columns}{area}, {:.3} ms, {} uJ ({energy_table}, {operands} operands, {rule})\n",
        group.workload,
        group.batch,
        group.baseline.time_us / 1e3,
        figure(group.baseline.energy_pj / 1e6),
    );
    let range = |(low, high): (f64, f64)| format!("{low:.2}-{high:.2}x");
    if let (Some(network), Some(layers)) = (group.published, group.published_per_layer) {
        let _ = writeln!(
            text,
            "published: one configuration, speedup {}, energy {}; for each layer and data structure {}, {}",
            range(network.speedup),
            range(network.energy_ratio),
            range(layers.speedup),
            range(layers.energy_ratio),
        );
    }
    text
}

fn heads() -> Vec<Cell> {
    let mut heads = vec![Cell::new("point"), Cell::new("iso"), Cell::new("array")];
    heads.extend(
        [
            ("area", "ratio"),
            ("speedup", ""),
            ("comp", ""),
            ("mem", ""),
            ("other", ""),
            ("energy", "ratio"),
            ("comp", ""),
            ("mem", ""),
            ("leak", ""),
            ("derived", "%"),
            ("assumed", "%"),
            ("DRAM", "%"),
        ]
        .map(head),
    );
    heads
}

fn cells(row: &HeadlineRow) -> Vec<Cell> {
    let mut cells = vec![
        Cell::new(&row.point.point),
        Cell::new(sizings(&row.iso)),
        Cell::new(format!("{}x{}", row.point.rows, row.point.columns)),
        right(format!("{:.2}", row.area_ratio)),
        ratio(row.speedup, row.speedup_position),
    ];
    let speedup = row.speedup_factors.map(|f| [f.compute, f.memory, f.other]);
    let energy = row.energy_factors.map(|f| [f.compute, f.memory, f.leakage]);
    cells.extend(factors(speedup));
    cells.push(ratio(row.energy_ratio, row.energy_position));
    cells.extend(factors(energy));
    cells.extend(
        [
            row.point.derived_share,
            row.point.assumed_share,
            row.point.dram_preset_share,
        ]
        .map(|share| right(percent(share))),
    );
    cells
}

fn ratio(ratio: f64, position: Option<Position>) -> Cell {
    let mark = match position {
        None => "",
        Some(Position::Below) => "lo",
        Some(Position::Inside) => "in",
        Some(Position::Above) => "hi",
    };
    right(format!("{ratio:.2}x {mark:2}"))
}

fn factors(factors: Option<[f64; 3]>) -> [Cell; 3] {
    match factors {
        Some(factors) => factors.map(|factor| right(format!("{factor:.2}"))),
        None => [(); 3].map(|()| right("")),
    }
}
