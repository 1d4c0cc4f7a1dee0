//! Arguments of the command line.

use std::path::PathBuf;
use std::sync::LazyLock;

pub(super) use super::accuracy_args::AccuracyArgs;
pub(super) use super::compare_args::{HeadlineArgs, IsoArg, PriceArgs};
pub(super) use super::search_args::SearchArgs;
use super::trace::TimeSpan;
use crate::arch::NetworkOptions;
use crate::source::FileKind;
use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Cycle-level simulator of precision-reconfigurable DNN accelerators: a network on an Ax-BxP
/// accelerator, timed by events down to DRAM commands, beside its 8-bit fixed-point baseline.
#[derive(Debug, Parser)]
#[command(
    name = "axbxp",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Print no progress and no notes, only results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say more about what is done (twice: everything), on standard error
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Simulate a network on an architecture and on its baseline
    Run(RunArgs),
    /// Compare architectures and configurations over workloads, in one table
    Compare(CompareArgs),
    /// FxP8 against Ax-BxP, bit-serial and bit-fusion arrays of as many PEs and of the same area, with
    /// each ratio taken apart and the published ranges beside it
    Headline(HeadlineArgs),
    /// Measure how accurate a trained network is under approximation configurations, on labelled images
    Accuracy(AccuracyArgs),
    /// Find the cheapest approximation of a trained network that is accurate enough, by simulation and measured accuracy
    Search(SearchArgs),
    /// Show the mapping of each layer, its estimated cost, its bounds and the next best; save it to a file
    Map(MapArgs),
    /// Replay a trace of memory requests on a DRAM system alone
    Dram(DramArgs),
    /// Print an energy table: every value with its unit, what it rests on and where it comes from
    EnergyTable(EnergyTableArgs),
    /// Take one approximate product apart
    Multiply(MultiplyArgs),
    /// Check files, and say what is wrong with them and where
    Check(CheckArgs),
    /// List what is shipped with the program
    List(ListArgs),
    /// Print the JSON schema of a file format
    Schema(SchemaArgs),
}

/// Output format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Aligned tables with units
    Table,
    /// JSON, versioned (see `axbxp schema report`)
    Json,
    /// Comma separated, a line a layer (of `headline` a row)
    Csv,
}

/// Where results go.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Format of the results
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Write the results to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write SVG plots into this folder, made if there is none: energy.svg (components, stacked), roofline.svg, and of
    /// a comparison ratios.svg
    #[arg(long, value_name = "FOLDER")]
    pub plots: Option<PathBuf>,
    /// Threads for independent simulations (0: one per core); results do not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
}

/// `axbxp run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Architecture: a shipped name (see `axbxp list`), a RON file, or a SCALE-Sim configuration (.cfg, .ini)
    #[arg(
        long,
        short,
        default_value = "axbxp_k4_32x32",
        value_name = "NAME|FILE"
    )]
    pub arch: String,
    /// Workload: a shipped name, a RON file (of a trained network too), an ONNX model (.onnx), or a SCALE-Sim topology
    /// (.csv)
    #[arg(long, short, default_value = "resnet50", value_name = "NAME|FILE")]
    pub workload: String,
    /// Approximation configuration: a shipped name or a RON file [default: the architecture's own]
    #[arg(long, short = 'x', value_name = "NAME|FILE")]
    pub approx: Option<String>,
    /// Architecture to compare with, or `none` [default: the architecture's own]
    #[arg(long, short, value_name = "NAME|FILE|none")]
    pub baseline: Option<String>,
    /// Images or sequences at once, instead of the workload's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub batch: Option<u32>,
    /// Prices.
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Mapping file (RON): what it fixes of tiles, order and residency of layers is not chosen. For the architecture, not
    /// its baseline
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<String>,
    /// What machines do across layers: `off`, or a list of fusion, residency, prefetch [default: what each
    /// architecture says]
    #[arg(long, value_name = "off|OPTION,...")]
    pub network: Option<NetworkOptions>,
    /// Simulate only the layers whose names match this pattern (`*` and `?`); repeatable
    #[arg(long, value_name = "PATTERN")]
    pub layers: Vec<String>,
    /// How the PE array is simulated. Both take the same cycles
    #[arg(long, value_enum, default_value = "wavefront")]
    pub fidelity: ArrayFidelity,
    /// Seed of the operand values
    #[arg(long, value_name = "N", default_value_t = 1, requires = "fidelity")]
    pub seed: u64,
    /// Write a trace of the run for a viewer: Perfetto protobuf, Chrome JSON if FILE ends in .json, or, at
    /// --fidelity stepped, a waveform of the array if it ends in .fst or .vcd
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Trace only this span of simulated time, in microseconds: 100..250, 100.. or ..250
    #[arg(long, value_name = "FROM..TO", requires = "trace", value_parser = super::trace::window)]
    pub trace_window: Option<TimeSpan>,
    /// PE whose signals a waveform shows, with its row (64 columns of it) and the controller
    #[arg(long, value_name = "ROW,COLUMN", requires = "trace", default_value = "0,0", value_parser = super::trace::pe)]
    pub trace_pe: (u32, u32),
    /// Trace at most this many events, or changes of signals
    #[arg(
        long,
        value_name = "N",
        requires = "trace",
        default_value_t = 20_000_000
    )]
    pub trace_events: u64,
    /// Trace the baseline instead of the architecture
    #[arg(long, requires = "trace")]
    pub trace_baseline: bool,
    /// Tables to print, in this order [default: cycles,summary]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "VIEW,...")]
    pub view: Vec<RunView>,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `axbxp map`.
#[derive(Debug, Args)]
pub(super) struct MapArgs {
    /// Architecture: a shipped name, a RON file, or a SCALE-Sim configuration
    #[arg(
        long,
        short,
        default_value = "axbxp_k4_32x32",
        value_name = "NAME|FILE"
    )]
    pub arch: String,
    /// Workload: a shipped name, a RON file, an ONNX model, or a SCALE-Sim topology
    #[arg(long, short, default_value = "resnet50", value_name = "NAME|FILE")]
    pub workload: String,
    /// Approximation configuration: a shipped name or a RON file [default: the architecture's own]
    #[arg(long, short = 'x', value_name = "NAME|FILE")]
    pub approx: Option<String>,
    /// Images or sequences at once, instead of the workload's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub batch: Option<u32>,
    /// Prices.
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Only the layers whose names match this pattern (`*` and `?`); repeatable
    #[arg(long, value_name = "PATTERN")]
    pub layers: Vec<String>,
    /// Mapping file (RON): what it fixes of tiles, order and residency of layers is not chosen
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<String>,
    /// Write the mapping to this file, from which --mapping replays it
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Format of the results
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Write the results to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A table of `axbxp run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RunView {
    /// Layer by layer: work, time, where the cycles went, energy, traffic
    Cycles,
    /// Layer by layer: energy by component, with bars
    Energy,
    /// Layer by layer: operational intensity, operations attained, roofs, bound
    Roofline,
    /// Layer by layer against the baseline: speed-up and energy ratio, taken apart
    Ratios,
    /// Each run: time, energy, traffic, ratios; TOPS, TOPS/W, energy-delay product, power
    Summary,
}

/// How the PE array is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ArrayFidelity {
    /// A fold is one event, its time a closed form
    Wavefront,
    /// Every PE and block multiplier every cycle, on operand values; for small layers. Outputs are
    /// compared with the layer computed directly
    Stepped,
}

/// `axbxp compare`.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Design points, ARCH or ARCH:APPROX, each a shipped name or a RON file; the first is what the
    /// others are compared with
    #[arg(value_name = "ARCH[:APPROX]", default_values_t = [
        "fxp8_32x32".to_string(),
        "axbxp_k4_32x32:k4_l4".to_string(),
        "axbxp_k4_32x32:k4_l2".to_string(),
        "axbxp_k4_32x32:k4_l1".to_string(),
        "axbxp_k2_32x32:k2_l16".to_string(),
        "axbxp_k2_32x32:k2_l4".to_string(),
        "axbxp_k2_32x32:k2_l1".to_string(),
    ])]
    pub points: Vec<String>,
    /// Workloads: shipped names, RON files or ONNX models
    #[arg(long, short, value_delimiter = ',', value_name = "NAME|FILE,...",
          default_values_t = ["alexnet".to_string(), "resnet50".to_string(), "mobilenet_v2".to_string()])]
    pub workloads: Vec<String>,
    /// Images or sequences at once, instead of the workloads'
    #[arg(long, value_delimiter = ',', value_name = "N,...",
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub batch: Vec<u32>,
    /// How arrays are sized against the first point's
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SIZING,...",
          default_values_t = [IsoArg::None])]
    pub iso: Vec<IsoArg>,
    /// What machines do across layers: `off`, or a list of fusion, residency, prefetch [default: what each
    /// architecture says]
    #[arg(long, value_name = "off|OPTION,...")]
    pub network: Option<NetworkOptions>,
    /// Prices.
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `axbxp dram`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: a sequential stream on the shipped HBM2 preset, a request every other cycle, with its commands
  axbxp dram --config hbm2 --channels 8 --trace stream.trace --gap 2 --commands stream.commands")]
pub(super) struct DramArgs {
    /// Memory: a shipped DRAM standard (see `axbxp list dram`), a RON file, or a DRAMsim3 .ini file
    #[arg(long, short, value_name = "NAME|FILE")]
    pub config: String,
    /// Requests, one a line: 0xADDRESS READ|WRITE CYCLE; `-` reads standard input
    #[arg(long, short, value_name = "FILE|-")]
    pub trace: String,
    /// Request i arrives in cycle i * GAP of the DRAM clock (0: all wait from the start) [default: in the
    /// cycle of its third column]
    #[arg(long, short, value_name = "CYCLES")]
    pub gap: Option<u64>,
    /// Channels, a power of two [default: those of the .ini file, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub channels: Option<u32>,
    /// Write every DRAM command to this file, one a line: cycle, command, channel, rank, bank group, bank,
    /// row, column; in order of cycles, then of channels
    #[arg(long, value_name = "FILE")]
    pub commands: Option<PathBuf>,
    /// Format of the results
    #[arg(long, value_enum, default_value = "table")]
    pub format: DramFormat,
    /// Write the results to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Output format of `axbxp dram`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DramFormat {
    /// Text with units
    Table,
    /// JSON, versioned (see `axbxp schema dram-report`)
    Json,
}

impl From<DramFormat> for Format {
    fn from(format: DramFormat) -> Self {
        match format {
            DramFormat::Table => Format::Table,
            DramFormat::Json => Format::Json,
        }
    }
}

/// `axbxp energy-table`.
#[derive(Debug, Args)]
pub(super) struct EnergyTableArgs {
    /// Energy table: a shipped name (see `axbxp list energy`) or a RON file
    #[arg(default_value = "ng45", value_name = "NAME|FILE")]
    pub table: String,
    /// Format: aligned text, versioned JSON, or CSV with a line for each value, SRAM macros included
    #[arg(
        long,
        value_enum,
        default_value = "table",
        hide_possible_values = true,
        value_name = "table|json|csv"
    )]
    pub format: Format,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `axbxp multiply`.
#[derive(Debug, Args)]
pub(super) struct MultiplyArgs {
    /// The activation
    #[arg(allow_negative_numbers = true)]
    pub activation: i32,
    /// The weight
    #[arg(allow_negative_numbers = true)]
    pub weight: i32,
    /// Bits of a block, K
    #[arg(long, short = 'k', default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub block_bits: u8,
    /// Blocks of the activation that are kept [default: all]
    #[arg(long, value_name = "N")]
    pub keep_activation: Option<u8>,
    /// Blocks of the weight that are kept [default: all]
    #[arg(long, value_name = "N")]
    pub keep_weight: Option<u8>,
    /// Block products that are computed, L [default: all of the kept blocks]
    #[arg(long, short = 'l')]
    pub products: Option<u32>,
    /// One window for the whole tensor (top block, or `max`) instead of one for each value
    #[arg(long, value_name = "TOP|max")]
    pub window_static: Option<String>,
    /// Round what lies below the window to nearest instead of truncating it
    #[arg(long)]
    pub nearest: bool,
    /// The activation is unsigned
    #[arg(long)]
    pub unsigned: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `axbxp check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files to check; what each is follows from its fields unless --as says it
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// What the files are
    #[arg(long = "as", value_enum, value_name = "KIND")]
    pub kind: Option<FileKind>,
    /// Folder to which the paths in files of trained networks are relative [default: the folder of the file]
    #[arg(long, value_name = "FOLDER")]
    pub root: Option<PathBuf>,
}

/// The kinds of files, by their names on the command line.
impl ValueEnum for FileKind {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            FileKind::Architecture,
            FileKind::Approximation,
            FileKind::Workload,
            FileKind::Dram,
            FileKind::Energy,
            FileKind::Sram,
            FileKind::Activity,
            FileKind::Model,
            FileKind::Mapping,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            FileKind::Architecture => "An architecture",
            FileKind::Approximation => "An approximation configuration",
            FileKind::Workload => "A network",
            FileKind::Dram => "A DRAM standard, ours or DRAMsim3's",
            FileKind::Energy => "An energy table",
            FileKind::Sram => "An SRAM table",
            FileKind::Activity => "Statistics of how operands switch",
            FileKind::Model => "A trained network with its images",
            FileKind::Mapping => "What is fixed of the mapping of layers",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

/// `axbxp list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only this kind
    #[arg(value_enum)]
    pub kind: Option<FileKind>,
}

/// `axbxp schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The format
    #[arg(value_enum)]
    pub format: SchemaKind,
}

/// A format with a schema: that of a kind of files, or of what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SchemaKind {
    /// What a command prints.
    Report(ReportKind),
    /// Files.
    File(FileKind),
}

/// The JSON that a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportKind {
    /// The JSON that `run --format json` and `compare --format json` print
    Report,
    /// The JSON that `headline --format json` prints
    Headline,
    /// The JSON that `accuracy --format json` prints
    Accuracy,
    /// The JSON that `search --format json` prints and search.json has
    Search,
    /// The JSON that `dram --format json` prints
    DramReport,
    /// The JSON that `map --format json` prints
    MapReport,
}

impl ValueEnum for SchemaKind {
    fn value_variants<'a>() -> &'a [Self] {
        static VARIANTS: LazyLock<Vec<SchemaKind>> = LazyLock::new(|| {
            let reports = ReportKind::value_variants().iter().copied();
            let files = FileKind::value_variants().iter().copied();
            reports
                .map(SchemaKind::Report)
                .chain(files.map(SchemaKind::File))
                .collect()
        });
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            SchemaKind::Report(kind) => kind.to_possible_value(),
            SchemaKind::File(kind) => kind.to_possible_value(),
        }
    }
}
