//! A progress bar on a terminal; nothing in a pipe.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::search::Phase;
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

/// What a search has done so far, on a terminal.
pub struct SearchProgress {
    bar: ProgressBar,
    /// By [`Phase`].
    counts: [AtomicUsize; 4],
}

impl SearchProgress {
    /// Hidden if `quiet` or without a terminal.
    pub fn new(quiet: bool) -> SearchProgress {
        let bar = match quiet {
            true => ProgressBar::hidden(),
            false => ProgressBar::new_spinner(),
        };
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix} level, {elapsed}: {msg}")
        {
            bar.set_style(style);
        }
        SearchProgress {
            bar,
            counts: Default::default(),
        }
    }

    /// A level begins.
    pub fn begin(&self, level: &'static str) {
        self.bar.set_prefix(level);
    }

    /// A measurement begins.
    pub fn tell(&self, phase: Phase) {
        self.counts[phase as usize].fetch_add(1, Ordering::Relaxed);
        let [simulated, probed, diverged, selected] =
            [0, 1, 2, 3].map(|index| self.counts[index].load(Ordering::Relaxed));
        self.bar.set_message(format!(
            "{simulated} simulated, {probed} layer errors, {diverged} divergences, {selected} accuracies"
        ));
        self.bar.tick();
    }

    /// The search is over.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar for passes of images through a network, whose number is told later; hidden if `quiet` or without a terminal.
pub fn images(quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let template = "inferring {wide_bar} {pos}/{len} images, {speed} images/s, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(
            style.with_key("speed", |state: &ProgressState, out: &mut dyn Write| {
                // Nothing can be done about a terminal that takes no text.
                let _ = write!(out, "{:.0}", state.per_sec());
            }),
        );
    }
    bar
}
