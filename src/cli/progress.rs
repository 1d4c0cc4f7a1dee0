//! A progress bar on a terminal; nothing in a pipe.

use indicatif::{ProgressBar, ProgressStyle};

use crate::sweep::PlannedJob;

/// A bar for the layers of all jobs, hidden if `quiet` or without a terminal.
pub fn bar(jobs: &[PlannedJob<'_>], quiet: bool) -> ProgressBar {
    let layers: usize = jobs.iter().map(|job| job.layers().len()).sum();
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(layers as u64);
    if let Ok(style) =
        ProgressStyle::with_template("simulating {wide_bar} {pos}/{len} layers, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}
