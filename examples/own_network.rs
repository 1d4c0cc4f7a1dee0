//! A network built in code, checked, and run; no file is read but those of the design point.
//!
//! `cargo run --release --example own_network`

use std::error::Error;
use std::io::{self, Write};

use axbxp::source::Diagnostics;
use axbxp::sweep::{DesignPoint, Job};
use axbxp::workload::{
    Activation, Conv, FullyConnected, Function, GlobalPool, InputFile, LayerFile, Network,
    NetworkFile, Padding, PoolKind,
};

/// A small residual network of `blocks` blocks for images of 16x16.
fn residual(blocks: u32) -> Result<Network, Diagnostics> {
    let conv = Conv {
        padding: Padding::all(1),
        ..Conv::new(16, [3, 3])
    };
    let mut network = NetworkFile::new("residual")
        .input(InputFile::new("image", [3, 16, 16]))
        .layer(LayerFile::new("stem", conv.clone()).activation(Activation::Relu));
    let mut shortcut = "stem".to_string();
    for block in 1..=blocks {
        let sum = format!("sum{block}");
        let last = format!("conv{block}b");
        network = network
            // A layer reads the one before it, unless it says otherwise.
            .layer(
                LayerFile::new(format!("conv{block}a"), conv.clone()).activation(Activation::Relu),
            )
            .layer(LayerFile::new(last.as_str(), conv.clone()))
            .layer(
                LayerFile::new(sum.as_str(), Function::Add)
                    .inputs([last, shortcut])
                    .activation(Activation::Relu),
            );
        shortcut = sum;
    }
    let pool = GlobalPool {
        kind: PoolKind::Average,
    };
    network
        .layer(LayerFile::new("pool", pool))
        .layer(LayerFile::new("classes", FullyConnected::new(10)))
        .build()
}

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

/// Runs the network, and shows what is said of one that is wrong.
pub fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let network = residual(2)?;
    let point = DesignPoint::open("axbxp_k4_8x8", None)?;
    let result = Job::new(&point, &network).run()?;
    writeln!(out, "layer    output         MACs  cycles      uJ")?;
    for layer in &result.layers {
        let id = layer.id();
        writeln!(
            out,
            "{:7}  {:8}  {:9}  {:6}  {:6.3}",
            network.layer(id).name,
            network.output(id).to_string(),
            network.macs(id),
            layer.run.cycles(),
            layer.energy.total_pj() / 1e6,
        )?;
    }
    // What does not fit is said when the network is built, each problem with its place.
    let wrong = NetworkFile::new("wrong")
        .input(InputFile::new("image", [3, 4, 4]))
        .layer(LayerFile::new("conv", Conv::new(8, [5, 5])))
        .layer(LayerFile::new("sum", Function::Add).inputs(["conv", "imag"]));
    if let Err(error) = wrong.build() {
        writeln!(out, "\n{error}")?;
    }
    Ok(())
}
