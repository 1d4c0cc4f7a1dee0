//! A progress bar on a terminal; nothing in a pipe.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for `layers` layers of simulations, hidden if `quiet` or without a terminal.
pub fn bar(layers: usize, quiet: bool) -> ProgressBar {
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
