//! Two architectures on one network, side by side, as `axbxp compare` does.
//!
//! `cargo run --release --example compare_architectures`

use std::error::Error;
use std::io::{self, Write};

use axbxp::report::{ReportBuilder, View, table};
use axbxp::sweep::{DesignPoint, Job};
use axbxp::workload;

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

/// Runs the network on both and prints the table of runs.
pub fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let network = workload::open("tiny")?;
    let mut report = ReportBuilder::default();
    let mut baseline = None;
    for architecture in ["fxp8_8x8", "axbxp_k4_8x8"] {
        // An architecture's file names its DRAM, its energy table and its approximation.
        let point = DesignPoint::open(architecture, None)?;
        let result = Job::new(&point, &network).run()?;
        let run = report.add_run(&point, &network, &result);
        match baseline {
            Some(baseline) => report.compare(baseline, run),
            None => baseline = Some(run),
        }
    }
    let report = report.finish();
    write!(out, "{}", table::render(&report, &[View::Summary], false))?;
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
