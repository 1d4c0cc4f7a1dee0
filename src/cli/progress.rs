//! A progress bar on a terminal; nothing in a pipe.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

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

/// A bar for passes of images through a network, whose number is told later; hidden if `quiet` or without a terminal.
pub fn images(quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let template = "inferring {wide_bar} {pos}/{len} images, {speed} images/s, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("speed", |state: &ProgressState, out: &mut dyn Write| {
            // Nothing can be done about a terminal that takes no text.
            let _ = write!(out, "{:.0}", state.per_sec());
        }));
    }
    bar
}
