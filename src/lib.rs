//! Cycle-level discrete-event simulator of precision-reconfigurable DNN accelerators.
//!
//! Data flows one way, and modules import only from those before them:
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | our RON files: reading, places, diagnostics, what is shipped |
//! | [`parallel`] | independent work on several threads |
//! | [`blocked`] | number formats, block products, packing |
//! | [`sim`] | the discrete-event kernel |
//! | [`dram`] | DRAM standards, channels, request traces |
//! | [`arch`] | architecture descriptions |
//! | [`workload`] | networks |
//! | [`approx`] | approximation configurations |
//! | [`mapping`] | layer x architecture x approximation to tile steps |
//! | [`hw`] | components and their messages |
//! | [`energy`] | counts to joules |
//! | [`infer`] | quantised inference, bit-exact |
//! | [`sweep`] | design points and jobs |
//! | [`search`] | the choice of an approximation configuration |
//! | [`report`], [`trace`] | results for people and programs |
//! | `cli` | the command line (feature `cli`, on by default) |

pub mod approx;
pub mod arch;
pub mod blocked;
#[cfg(feature = "cli")]
pub mod cli;
pub mod dram;
pub mod energy;
pub mod hw;
pub mod infer;
pub mod mapping;
pub mod parallel;
pub mod report;
pub mod search;
pub mod sim;
pub mod source;
pub mod sweep;
pub mod trace;
pub mod workload;
