//! Arguments of the commands that compare: prices, sizes of arrays, and all of `axbxp headline`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::Format;
use crate::arch::NetworkOptions;
use crate::energy::ParallelMacRule;
use crate::sweep::{Iso, PriceChoice};

/// Prices instead of those that an architecture's file names.
#[derive(Debug, Args)]
pub(super) struct PriceArgs {
    /// Energy table for every architecture, a shipped name or a RON file [default: each one's own]
    #[arg(long, value_name = "NAME|FILE")]
    pub energy: Option<String>,
    /// How a PE that does several MACs a cycle is priced [default: the energy table's rule]
    #[arg(long, value_enum, value_name = "RULE")]
    pub parallel_macs: Option<ParallelMacs>,
    /// Statistics of how the operands of each layer switch, a shipped name or a RON file: energy of `fxp` and `ax_bxp` PEs
    /// follows them [default: the energy table's `real` operands, recorded from quantised networks]
    #[arg(long, value_name = "NAME|FILE")]
    pub activity: Option<String>,
}

impl PriceArgs {
    /// The choice that the arguments make.
    pub(super) fn choice(&self) -> PriceChoice {
        PriceChoice {
            table: self.energy.clone(),
            activity: self.activity.clone(),
            parallel_macs: self.parallel_macs.map(|rule| match rule {
                ParallelMacs::Lanes => ParallelMacRule::Lanes,
                ParallelMacs::ExactCycle => ParallelMacRule::ExactCycle,
            }),
        }
    }
}

/// How a PE that does several MACs a cycle is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ParallelMacs {
    /// One MAC's cycle and a measured dot-product lane for each further MAC: comes out high
    Lanes,
    /// The cycle of one MAC with as many multipliers fed, and operand registers: comes out low
    #[value(name = "exact_cycle")]
    ExactCycle,
}

/// How arrays are sized against the first point's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IsoArg {
    /// As their files say
    None,
    /// As many PEs; the aspect of the array stays, as near as whole rows and columns allow, so it may be fewer
    Pes,
    /// As much area of the array with its edge registers and converter, at most; aspect as for `pes`. The converter
    /// grows and shrinks with the columns; buffers, ports, DRAM and clock stay
    Area,
}

impl From<IsoArg> for Iso {
    fn from(iso: IsoArg) -> Iso {
        match iso {
            IsoArg::None => Iso::None,
            IsoArg::Pes => Iso::Pes,
            IsoArg::Area => Iso::Area,
        }
    }
}

/// `axbxp headline`.
#[derive(Debug, Args)]
pub(super) struct HeadlineArgs {
    /// Design points, ARCH or ARCH:APPROX, each a shipped name or a RON file; the first is what the
    /// others are compared with and sized against
    #[arg(value_name = "ARCH[:APPROX]", default_values_t = [
        "fxp8_32x32",
        "axbxp_k4_32x32:k4_l4",
        "axbxp_k4_32x32:k4_l2",
        "axbxp_k4_32x32:k4_l1",
        "axbxp_k2_32x32:k2_l16",
        "axbxp_k2_32x32:k2_l4",
        "axbxp_k2_32x32:k2_l1",
        "bit_serial_32x32:bits8",
        "bit_serial_32x32:bits4",
        "bit_fusion_32x32:bits8",
        "bit_fusion_32x32:bits4",
    ].map(String::from))]
    pub points: Vec<String>,
    /// Workloads: shipped names, RON files or ONNX models
    #[arg(long, short, value_delimiter = ',', value_name = "NAME|FILE,...",
          default_values_t = ["alexnet", "resnet50", "mobilenet_v2"].map(String::from))]
    pub workloads: Vec<String>,
    /// Images or sequences at once
    #[arg(long, value_delimiter = ',', value_name = "N,...", default_values_t = [1, 16],
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub batch: Vec<u32>,
    /// How arrays are sized against the first point's
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SIZING,...",
          default_values_t = [IsoArg::Pes, IsoArg::Area])]
    pub iso: Vec<IsoArg>,
    /// What machines do across layers: `off`, or a list of fusion, residency, prefetch [default: what each
    /// architecture says]
    #[arg(long, value_name = "off|OPTION,...")]
    pub network: Option<NetworkOptions>,
    /// Prices.
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Format of the results; csv has a line for each row of the table
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Write the results to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Threads for independent simulations (0: one per core); results do not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
}
