//! An observer of one's own: what the DMA and the array do while a network runs.
//!
//! `cargo run --release --example observe_events`

use std::error::Error;
use std::io::{self, Write};

use axbxp::graph::{ProgramStep, ProgramTransfer};
use axbxp::hw::{CauseCycles, Engine, Observer, StallReason};
use axbxp::sim::Tick;
use axbxp::sweep::{DesignPoint, Job};
use axbxp::workload;

/// Counts what happens in a layer.
#[derive(Debug, Clone, Copy, Default)]
struct LayerEvents {
    steps: u64,
    transfers: u64,
    longest_transfer_ticks: u64,
    /// By [`StallReason`]: weights, activations, output space.
    stalls: [u64; 3],
}

/// Facts come in the order in which they end; those between a layer's beginning and its end are the layer's.
#[derive(Debug, Default)]
struct Events(Vec<LayerEvents>);

impl Events {
    fn of_layer(&mut self, add: impl FnOnce(&mut LayerEvents)) {
        if let Some(layer) = self.0.last_mut() {
            add(layer);
        }
    }
}

impl Observer for Events {
    fn layer_begins(&mut self, _index: u32, _at: Tick) {
        self.0.push(LayerEvents::default());
    }

    fn step(
        &mut self,
        _step: u32,
        _what: &ProgramStep,
        _from: Tick,
        _to: Tick,
        _stalls: &CauseCycles,
    ) {
        self.of_layer(|layer| layer.steps += 1);
    }

    fn transfer(&mut self, _transfer: u32, _what: &ProgramTransfer, from: Tick, to: Tick) {
        self.of_layer(|layer| {
            layer.transfers += 1;
            layer.longest_transfer_ticks = layer.longest_transfer_ticks.max(to.0 - from.0);
        });
    }

    fn stall(&mut self, _engine: Engine, reason: StallReason, from: Tick, to: Tick) {
        let index = match reason {
            StallReason::Weights => 0,
            StallReason::Activations => 1,
            StallReason::Output => 2,
            StallReason::TileSetup | StallReason::Drain => return,
        };
        self.of_layer(|layer| layer.stalls[index] += to.0 - from.0);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

/// Runs a network observed and prints what was seen.
pub fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let network = workload::open("tiny")?;
    let point = DesignPoint::open("fxp8_8x8", None)?;
    let job = Job::new(&point, &network).plan()?;
    let mut events = Events::default();
    job.run(&mut events, &|_| {})?;
    // A tick is the longest time of which the clocks of core and DRAM are multiples.
    let us_per_tick = 1e3 / job.tick_rate()?.0 as f64;
    writeln!(
        out,
        "layer      steps  transfers  longest    waits (us): weights  activations  output"
    )?;
    for (layer, seen) in job.layers().iter().zip(&events.0) {
        let [weights, activations, output] = seen.stalls.map(|ticks| ticks as f64 * us_per_tick);
        writeln!(
            out,
            "{:9}  {:5}  {:9}  {:4.2} us  {weights:19.2}  {activations:11.2}  {output:6.2}",
            network.layer(layer.mapping.id).name,
            seen.steps,
            seen.transfers,
            seen.longest_transfer_ticks as f64 * us_per_tick,
        )?;
    }
    Ok(())
}
