//! Two architectures on one network, side by side, as `axbxp compare` does.
//!
//! `cargo run --release --example compare_architectures`

use std::error::Error;
use std::io::{self, Write};

use axbxp::report::{Render, Report, View};
use axbxp::sweep::{ComparisonRequest, DesignPoint, Iso};
use axbxp::workload;

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

/// Runs the network on both and prints the table of runs.
pub fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let network = workload::open("tiny")?;
    // An architecture's file names its DRAM, its energy table and its approximation; the first is the baseline.
    let points = ["fxp8_8x8", "axbxp_k4_8x8"].map(|name| DesignPoint::open(name, None));
    let points = points.into_iter().collect::<Result<_, _>>()?;
    let request = ComparisonRequest::new(points, &[Iso::None], vec![network.into()], 2)?;
    let outcome = request.run(&|_progress| {})?;
    let report = Report::of(&request, &outcome);
    write!(out, "{}", report.table(&[View::Summary], false))?;
    for comparison in &report.comparisons {
        let [base, this] = [comparison.baseline_run, comparison.run].map(|run| &report.runs[run]);
        writeln!(
            out,
            "\n{} over {}: {:.2}x faster, {:.2}x less energy",
            this.architecture.name,
            base.architecture.name,
            comparison.speedup,
            comparison.energy_ratio,
        )?;
    }
    Ok(())
}
