//! Reports as SVG plots: stacked energy, roofline, ratios to the baseline. No font of the machine is looked at and
//! positions are whole pixels, so that the same report gives the same bytes.

pub(super) mod canvas;
mod energy;
mod ratios;
mod roofline;
mod stacked;

use std::io;

use super::model::Report;

/// What bars and points stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Layers, of all runs side by side.
    Layers,
    /// Runs, by workload.
    Runs,
}

/// A plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    /// Name of its file, one of [`file_names`].
    pub file_name: &'static str,
    /// SVG.
    pub svg: String,
}

/// Names of the files that [`plots`] may give, in its order.
pub fn file_names(detail: Detail) -> &'static [&'static str] {
    match detail {
        Detail::Layers => &["energy.svg", "roofline.svg"],
        Detail::Runs => &["energy.svg", "roofline.svg", "ratios.svg"],
    }
}

/// Draws a report. A report without comparisons has no `ratios.svg`.
///
/// # Errors
/// What drawing gives; there is none for a drawing in memory.
pub fn plots(report: &Report, detail: Detail) -> io::Result<Vec<Plot>> {
    let mut plots = Vec::new();
    for &file_name in file_names(detail) {
        let svg = match file_name {
            "energy.svg" => energy::draw(report, detail),
            "roofline.svg" => roofline::draw(report, detail),
            _ if report.comparisons.is_empty() => continue,
            _ => ratios::draw(report),
        };
        let svg = svg.map_err(io::Error::other)?;
        plots.push(Plot { file_name, svg });
    }
    Ok(plots)
}
