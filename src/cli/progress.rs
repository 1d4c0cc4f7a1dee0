//! A progress bar on a terminal; nothing in a pipe.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::parallel::{OnProgress, Progress};
use crate::report::search::level_name;
use crate::search::{Phase, SearchEvent};

/// Does `work` beside a bar for layers; none if `quiet` or without a terminal.
pub(super) fn of_layers<T>(quiet: bool, work: impl FnOnce(OnProgress<'_>) -> T) -> T {
    let template = "simulating {wide_bar} {pos}/{len} layers, {eta} left";
    beside(quiet, ProgressStyle::with_template(template).ok(), work)
}

/// Does `work` beside a bar for passes of images through a network; none if `quiet` or without a terminal.
pub(super) fn of_images<T>(quiet: bool, work: impl FnOnce(OnProgress<'_>) -> T) -> T {
    let template = "inferring {wide_bar} {pos}/{len} images, {speed} images/s, {eta} left";
    let style = ProgressStyle::with_template(template).ok().map(|style| {
        style.with_key("speed", |state: &ProgressState, out: &mut dyn Write| {
            // Nothing can be done about a terminal that takes no text.
            let _ = write!(out, "{:.0}", state.per_sec());
        })
    });
    beside(quiet, style, work)
}

fn beside<T>(
    quiet: bool,
    style: Option<ProgressStyle>,
    work: impl FnOnce(OnProgress<'_>) -> T,
) -> T {
    let bar = match quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(0),
    };
    if let Some(style) = style {
        bar.set_style(style);
    }
    let result = work(&|Progress { done, total }| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    result
}

/// Does `work` beside what a search has done so far; nothing if `quiet` or without a terminal.
pub(super) fn of_search<T>(
    quiet: bool,
    work: impl FnOnce(&(dyn Fn(SearchEvent) + Sync)) -> T,
) -> T {
    let bar = match quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new_spinner(),
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} level, {elapsed}: {msg}") {
        bar.set_style(style);
    }
    // By `Phase`.
    let counts: [AtomicUsize; 4] = Default::default();
    let measured = |phase: Phase| {
        counts[phase as usize].fetch_add(1, Ordering::Relaxed);
        let [simulated, probed, diverged, selected] =
            [0, 1, 2, 3].map(|index| counts[index].load(Ordering::Relaxed));
        bar.set_message(format!(
            "{simulated} simulated, {probed} layer errors, {diverged} divergences, {selected} accuracies"
        ));
        bar.tick();
    };
    let result = work(&|event| match event {
        SearchEvent::Level(level) => bar.set_prefix(level_name(level)),
        SearchEvent::Measurement(phase) => measured(phase),
    });
    bar.finish_and_clear();
    result
}
