//! The report of a replayed request trace as text.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::columns::figure;
use super::dram::{ChannelReport, TraceReport};

/// The whole report; with its notes if `notes`.
pub(super) fn render(report: &TraceReport, notes: bool) -> String {
    let mut text = head(report);
    text += &aligned(&rows(report));
    if report.channels.len() > 1 {
        text.push('\n');
        text += &channels(report);
    }
    if notes {
        for note in &report.notes {
            let _ = writeln!(text, "\nnote: {note}");
        }
    }
    text
}

fn head(report: &TraceReport) -> String {
    let memory = &report.memory;
    let arrivals = match report.gap_cycles {
        Some(0) => "all at once".to_owned(),
        Some(gap) => format!("one every {gap} cycles"),
        None => "at the cycles of the trace".to_owned(),
    };
    format!(
        "{} on {} x {}, {:.0} MHz, {} ({:.1} GB/s)\n{} requests, {arrivals}\n\n",
        report.trace,
        memory.channels,
        memory.name,
        memory.clock_mhz,
        memory.mapping,
        memory.peak_gbps,
        report.total.requests,
    )
}

/// Label, value, explanation.
type Row = (&'static str, String, String);

fn rows(report: &TraceReport) -> Vec<Row> {
    let total = &report.total;
    let latency = &total.read_latency;
    let c = &total.commands;
    let mut rows = vec![
        (
            "cycles",
            report.cycles.to_string(),
            format!("{} us", figure(report.time_ns / 1e3)),
        ),
        (
            "bandwidth",
            format!("{:.3}", total.bandwidth_gbps),
            format!("GB/s, {:.1} % of peak", total.peak_share * 100.0),
        ),
        (
            "read latency",
            format!("{:.2}", latency.mean_cycles),
            format!(
                "cycles ({} ns); p50 {}, p95 {}, p99 {}, max {}",
                figure(latency.mean_ns),
                latency.p50_cycles,
                latency.p95_cycles,
                latency.p99_cycles,
                latency.max_cycles
            ),
        ),
        (
            "commands",
            (c.act + c.pre + c.rd + c.wr + c.refresh).to_string(),
            format!(
                "ACT {}, PRE {}, RD {}, WR {}, REF {}",
                c.act, c.pre, c.rd, c.wr, c.refresh
            ),
        ),
        (
            "row hits",
            format!("{:.2}", total.row_hit_rate * 100.0),
            "% of RD and WR".to_owned(),
        ),
    ];
    if latency.count == 0 {
        rows.retain(|row| row.0 != "read latency");
    }
    let without_command = [
        (total.forwarded_reads, "reads answered from a posted write"),
        (total.merged_reads, "reads answered with an earlier read"),
        (total.merged_writes, "writes absorbed by a posted write"),
        (total.writes_left, "writes still posted at the end"),
    ];
    for (count, what) in without_command {
        if count > 0 {
            rows.push(("", count.to_string(), what.to_owned()));
        }
    }
    rows.extend(energy_rows(total));
    rows
}

/// The energy of all channels and its parts.
fn energy_rows(total: &ChannelReport) -> Vec<Row> {
    let mut rows = vec![(
        "energy",
        figure(total.energy_pj / 1e6),
        format!(
            "uJ, {} pJ/bit, {} mW",
            figure(total.pj_per_bit),
            figure(total.mean_power_mw)
        ),
    )];
    for (part, pj) in total.energy.parts() {
        if pj > 0.0 {
            let share = format!("uJ {part}, {:.1} %", 100.0 * pj / total.energy_pj);
            rows.push(("", figure(pj / 1e6), share));
        }
    }
    rows
}

/// The values under each other, their units beside them.
fn aligned(rows: &[Row]) -> String {
    let label = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    let value = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(text, "{:label$}  {:>value$} {}", row.0, row.1, row.2);
    }
    text
}

const HEADS: [&str; 13] = [
    "channel\n",
    "requests\n",
    "bandwidth\nGB/s",
    "peak\n%",
    "latency\ncycles",
    "p99\ncycles",
    "ACT\n",
    "PRE\n",
    "RD\n",
    "WR\n",
    "REF\n",
    "hits\n%",
    "energy\nuJ",
];

fn channels(report: &TraceReport) -> String {
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(HEADS.map(|head| right(head.to_owned())));
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    for (number, channel) in report.channels.iter().enumerate() {
        table.add_row(channel_row(number, channel).map(right));
    }
    table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn channel_row(number: usize, channel: &ChannelReport) -> [String; 13] {
    let c = &channel.commands;
    [
        number.to_string(),
        channel.requests.to_string(),
        format!("{:.3}", channel.bandwidth_gbps),
        format!("{:.1}", channel.peak_share * 100.0),
        format!("{:.2}", channel.read_latency.mean_cycles),
        channel.read_latency.p99_cycles.to_string(),
        c.act.to_string(),
        c.pre.to_string(),
        c.rd.to_string(),
        c.wr.to_string(),
        c.refresh.to_string(),
        format!("{:.2}", channel.row_hit_rate * 100.0),
        figure(channel.energy_pj / 1e6),
    ]
}
