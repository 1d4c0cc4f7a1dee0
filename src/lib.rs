//! Cycle-level discrete-event simulator of precision-reconfigurable DNN accelerators.
//!
//! # A layer simulated
//! A [`Network`](workload::Network), opened by name or path or built in code, runs at a
//! [`DesignPoint`](sweep::DesignPoint): an architecture with the DRAM, the energy table and the approximation that
//! its file names. A [`Job`](sweep::Job) is one of each. Its result has one record a layer: the plan, the time with
//! the cause of every PE-cycle, the counts, and the energy.
//!
//! ```
//! use axbxp::sweep::{DesignPoint, Job};
//! use axbxp::workload::{Conv, InputFile, LayerFile, NetworkFile};
//!
//! let network = NetworkFile::new("example")
//!     .input(InputFile::new("image", [64, 14, 14]))
//!     .layer(LayerFile::new("conv", Conv::new(32, [3, 3])))
//!     .build()?;
//! let point = DesignPoint::open("axbxp_k4_32x32", None)?;
//! let result = Job::new(&point, &network).run()?;
//! for layer in &result.layers {
//!     let name = &network.layer(layer.id()).name;
//!     println!("{name}: {} cycles", layer.run.cycles());
//!     for (cause, pe_cycles) in layer.run.causes.iter().filter(|(_, pe_cycles)| *pe_cycles > 0) {
//!         let share = pe_cycles as f64 / layer.run.causes.total() as f64;
//!         println!("  {:5.1} % {}", 100.0 * share, cause.label());
//!     }
//!     println!("  {:.3} uJ, PEs {:.3}", layer.energy.total_pj() / 1e6, layer.energy.pe_array_pj / 1e6);
//! }
//! # assert_eq!(result.layers[0].run.array.macs, 64 * 9 * 32 * 12 * 12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The folder `examples/` goes on from here: two architectures compared, an observer of events, a network of one's
//! own with several inputs to a layer, a trace of DRAM requests.
//!
//! # Modules
//! Data flows one way, and modules import only from those before them:
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | our RON files: reading, places, diagnostics, what is shipped |
//! | `parallel` | independent work on several threads |
//! | [`blocked`] | number formats, block products, packing |
//! | [`sim`] | the discrete-event kernel |
//! | [`dram`] | DRAM standards, channels, request traces |
//! | [`arch`] | architecture descriptions |
//! | [`workload`] | networks |
//! | [`approx`] | approximation configurations |
//! | [`mapping`] | layer x architecture x approximation to tile steps |
//! | [`graph`] | the network as one program of tile steps |
//! | [`hw`] | components and their messages |
//! | [`energy`] | counts to joules |
//! | [`infer`] | quantised inference, bit-exact |
//! | [`sweep`] | design points and jobs |
//! | [`search`] | the choice of an approximation configuration |
//! | [`report`], [`trace`] | results for people and programs |
//! | `cli` | the command line (feature `cli`, on by default) |

#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::iter_over_hash_type,
        clippy::panic,
        clippy::print_stdout,
        clippy::too_many_lines,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod approx;
pub mod arch;
pub mod blocked;
#[cfg(feature = "cli")]
pub mod cli;
pub mod dram;
pub mod energy;
pub mod graph;
pub mod hw;
pub mod infer;
pub mod mapping;
mod parallel;
pub mod report;
pub mod search;
pub mod sim;
pub mod source;
pub mod sweep;
pub mod trace;
pub mod workload;
