//! Aligned tables and wrapped text.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::model::{Report, RunReport};

/// Columns that text below the tables is wrapped to.
const TEXT_COLUMNS: usize = 100;

/// What the factors of a speed-up and of an energy ratio stand for, in the columns of both tables that have them.
pub(super) const FACTORS: &str =
    "  comp   array cycles; energy of PEs, array registers, converter, vector unit, controller
  mem    cycles that wait for operands or output space; energy of buffers, DMA, DRAM accesses, I/O
  other  cycles of tile setup and vector unit
  leak   energy that follows time: leakage, DRAM standby and refresh
";

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
pub(super) fn lines(table: &Table, ruled: &[usize]) -> String {
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

/// As [`plain_table`], a blank between columns instead of two.
pub(super) fn narrow_table(heads: Vec<Cell>) -> Table {
    let mut table = plain_table(heads);
    for column in table.column_iter_mut().skip(1) {
        column.set_padding((0, 1));
    }
    table
}

/// Rows of a table of runs before which the workload or its batch changes.
pub(super) fn between_workloads(report: &Report) -> Vec<usize> {
    let workload = |index: usize| (&report.runs[index].workload, report.runs[index].batch);
    (1..report.runs.len())
        .filter(|&index| workload(index) != workload(index - 1))
        .collect()
}

/// Whether a workload runs at several batches, so that tables of runs have to say which.
pub(super) fn has_batches(report: &Report) -> bool {
    let differ =
        |pair: &[RunReport]| pair[0].workload == pair[1].workload && pair[0].batch != pair[1].batch;
    report.runs.windows(2).any(differ)
}
