//! The examples run and print what they should.

#![allow(dead_code, reason = "the examples' own `main`")]

#[path = "../../examples/compare_architectures.rs"]
mod compare_architectures;
#[path = "../../examples/dram_trace.rs"]
mod dram_trace;
#[path = "../../examples/observe_events.rs"]
mod observe_events;
#[path = "../../examples/own_network.rs"]
mod own_network;

use std::error::Error;

use snapbox::{Data, assert_data_eq};

/// Compares what an example prints with `tests/golden/example_NAME.txt`.
fn check(name: &str, run: impl FnOnce(&mut Vec<u8>) -> Result<(), Box<dyn Error>>) {
    let mut printed = Vec::new();
    run(&mut printed).expect("the example runs");
    let printed = String::from_utf8(printed).expect("text");
    let golden = format!("tests/golden/example_{name}.txt");
    assert_data_eq!(printed, Data::read_from(golden.as_ref(), None));
}

#[test]
fn compare_architectures() {
    check("compare_architectures", |out| {
        compare_architectures::run(out)
    });
}

#[test]
fn dram_trace() {
    check("dram_trace", |out| dram_trace::run(dram_trace::COPY, out));
}

#[test]
fn observe_events() {
    check("observe_events", observe_events::run);
}

#[test]
fn own_network() {
    check("own_network", own_network::run);
}
