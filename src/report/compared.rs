//! The report of a comparison.

use super::build::ReportBuilder;
use super::model::Report;
use crate::sweep::{ComparisonOutcome, ComparisonRequest};

impl Report {
    /// Every run in the order of `request`, each beside the first of its network.
    pub fn of(request: &ComparisonRequest, outcome: &ComparisonOutcome) -> Report {
        let mut report = ReportBuilder::default();
        for (part, results) in request.parts.iter().zip(&outcome.results) {
            let mut first = None;
            for (sized, result) in request.points().iter().zip(results) {
                let run = report.add_run(&sized.point, &part.network, result);
                match first {
                    Some(first) => report.compare_sized(first, run, &sized.iso),
                    None => first = Some(run),
                }
            }
        }
        let mut report = report.finish();
        let notes = request.renamed().iter().map(|renamed| {
            format!(
                "`{}` is the {} `{}` of {}",
                renamed.given, renamed.kind, renamed.own, renamed.file
            )
        });
        report.notes.extend(notes);
        report
    }
}
