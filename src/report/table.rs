//! Reports as aligned tables: the views asked for, one after the other.

use super::columns::figure;
use super::layout::wrapped;
use super::model::{Report, RunReport};
use super::{cycles_view, efficiency_table, energy_view, ratios_view, roofline_view, summary};

/// A part of the printed report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Each run layer by layer: work, time, causes of its cycles, energy in groups, traffic.
    Cycles,
    /// Each run layer by layer: energy by component.
    Energy,
    /// Each run layer by layer: intensity, attained, roofs.
    Roofline,
    /// Each run layer by layer against its baseline: ratios and their factors.
    Ratios,
    /// All runs, a line each, and their efficiency.
    Summary,
}

/// The views in the order of `views`, then the notes.
pub(super) fn render(report: &Report, views: &[View], notes: bool) -> String {
    let mut parts: Vec<String> = views.iter().map(|view| view.render(report)).collect();
    if notes {
        let notes = report.notes.iter().map(|note| wrapped("note: ", note));
        parts.push(notes.collect());
    }
    parts.join("\n")
}

impl View {
    fn render(self, report: &Report) -> String {
        match self {
            View::Cycles => of_runs(report, cycles_view::run_table) + &cycles_view::legend(report),
            View::Energy => of_runs(report, energy_view::run_tables) + &energy_view::legend(report),
            View::Roofline => {
                of_runs(report, roofline_view::run_table) + &roofline_view::legend(report)
            }
            View::Ratios => ratios_view::tables(report) + &ratios_view::legend(),
            View::Summary => {
                format!(
                    "{}\n{}",
                    summary::summary(report),
                    efficiency_table::table(report)
                )
            }
        }
    }
}

/// Each run under its title.
fn of_runs(report: &Report, table: fn(&RunReport) -> String) -> String {
    let tables = report.runs.iter();
    tables.map(|run| title(run) + &table(run) + "\n").collect()
}

fn title(run: &RunReport) -> String {
    let arch = &run.architecture;
    let dma = if arch.dma_is_narrower() {
        format!(", DMA {} GB/s each way", figure(arch.dma_peak_gbps))
    } else {
        String::new()
    };
    format!(
        "{} (batch {}) on {} at {}; energy {}, {} operands\n{}, {} x {}, {}, {} MHz; {} x {} ({} GB/s{dma})\n",
        run.workload,
        run.batch,
        arch.name,
        run.approximation,
        arch.energy_table,
        arch.operands,
        arch.pe,
        arch.rows,
        arch.columns,
        arch.dataflow,
        figure(arch.core_clock_mhz),
        arch.dram_channels,
        arch.dram,
        figure(arch.dram_peak_gbps),
    )
}
