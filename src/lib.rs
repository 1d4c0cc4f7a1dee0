//! wip
pub mod approx;
pub mod arch;
#[path = "/tmp/dev/e/src/blocked_stub/mod.rs"]
pub mod blocked;
pub mod energy;
pub mod hw;
pub mod mapping;
pub mod sim;
pub mod source;
pub mod sweep;
pub mod workload;
