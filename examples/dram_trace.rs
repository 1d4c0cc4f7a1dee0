//! A trace of memory requests replayed on a DRAM standard alone, as `axbxp dram` does.
//!
//! `cargo run --release --example dram_trace [TRACE]`

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Write};

use axbxp::dram::replay::{Arrivals, RequestTrace, replay};
use axbxp::dram::{DramSystem, NoSink};

/// The shipped trace: one range of memory copied to another.
pub const COPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/copy.trace");

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1);
    run(path.as_deref().unwrap_or(COPY), &mut io::stdout())
}

/// Replays the trace on three standards.
pub fn run(path: &str, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "standard    cycles  row hits  mean read latency")?;
    for standard in ["ddr4_2400", "lpddr4_3200", "hbm2"] {
        let system = DramSystem::load(standard)?;
        let mut trace = RequestTrace::new(path, BufReader::new(File::open(path)?));
        // A sink would be told of every command.
        let (result, _) = replay(
            &system.spec,
            system.channels,
            &mut trace,
            Arrivals::AsTraced,
            |_| NoSink,
        )?;
        let total = result.total();
        let columns = total.counts.reads + total.counts.writes;
        let ns_per_cycle = 1e6 / system.spec.clock_khz as f64;
        writeln!(
            out,
            "{standard:11} {:6}  {:6.1} %  {:14.1} ns",
            result.cycles,
            100.0 * total.counts.row_hits as f64 / columns as f64,
            total.read_latency.mean() * ns_per_cycle,
        )?;
    }
    Ok(())
}
