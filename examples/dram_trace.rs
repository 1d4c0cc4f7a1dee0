//! A trace of memory requests replayed on a DRAM standard alone, as `axbxp dram` does.
//!
//! `cargo run --release --example dram_trace [TRACE]`

use std::error::Error;
use std::fs::File;
use std::io::BufReader;

use axbxp::dram::replay::{Arrivals, RequestTrace, replay};
use axbxp::dram::{DramSystem, NoSink};

/// The shipped trace: one range of memory copied to another.
const COPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/copy.trace");

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| COPY.to_string());
    println!("standard    cycles  row hits  mean read latency");
    for standard in ["ddr4_2400", "lpddr4_3200", "hbm2"] {
        let system = DramSystem::load(standard)?;
        let mut trace = RequestTrace::new(path.as_str(), BufReader::new(File::open(&path)?));
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
        println!(
            "{standard:11} {:6}  {:6.1} %  {:14.1} ns",
            result.cycles,
            100.0 * total.counts.row_hits as f64 / columns as f64,
            total.read_latency.mean() * ns_per_cycle,
        );
    }
    Ok(())
}
