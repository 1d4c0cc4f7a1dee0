//! `axbxp list` and `axbxp schema`: what is shipped, and the file formats.

use std::fmt::Write as _;

use schemars::{Schema, schema_for};

use super::args::{Kind, ListArgs, SchemaArgs, SchemaKind};
use super::error::{CliError, Exit};
use super::stdout;
use crate::approx::{ApproxConfig, ApproxFile};
use crate::arch::{self, Architecture};
use crate::dram::{DramSpec, DramSpecFile};
use crate::energy::{ActivityFile, EnergyTable, OperandActivity, SramTable};
use crate::infer::model_file::{ModelDescription, ModelFile};
use crate::report::headline::Headline;
use crate::report::render::json;
use crate::report::search::SearchReport;
use crate::report::{AccuracyReport, Report, TraceReport};
use crate::source::{self, FileKind, LoadError};
use crate::workload::{self, NetworkFile};

/// The kinds in the order in which they are listed.
const KINDS: [Kind; 8] = [
    Kind::Arch,
    Kind::Approx,
    Kind::Workload,
    Kind::Model,
    Kind::Dram,
    Kind::Energy,
    Kind::Sram,
    Kind::Activity,
];

impl Kind {
    /// Where files of this kind are shipped.
    pub fn file_kind(self) -> FileKind {
        match self {
            Kind::Arch => FileKind::Architecture,
            Kind::Approx => FileKind::Approximation,
            Kind::Workload => FileKind::Workload,
            Kind::Dram => FileKind::Dram,
            Kind::Energy => FileKind::Energy,
            Kind::Sram => FileKind::Sram,
            Kind::Activity => FileKind::Activity,
            Kind::Model => FileKind::Model,
        }
    }
}

/// Prints what is shipped.
pub fn list(args: &ListArgs) -> Result<Exit, CliError> {
    stdout::check()?;
    let mut text = String::new();
    for kind in KINDS
        .into_iter()
        .filter(|&kind| args.kind.is_none_or(|wanted| wanted == kind))
    {
        let names = source::shipped(kind.file_kind());
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        let _ = writeln!(
            text,
            "{} ({}/)",
            kind.file_kind(),
            kind.file_kind().folder()
        );
        for name in names {
            let _ = writeln!(text, "  {name:width$}  {}", describe(kind, name)?);
        }
    }
    stdout::print(text.as_bytes())?;
    Ok(Exit::Done)
}

fn describe(kind: Kind, name: &str) -> Result<String, LoadError> {
    let file = source::open(kind.file_kind(), name)?;
    Ok(match kind {
        Kind::Arch => arch::load(&file)?.description,
        Kind::Approx => ApproxFile::load(file)?.config().description.clone(),
        Kind::Workload => {
            let network = workload::load(&file)?;
            format!(
                "{} layers, {:.2} G MACs, {:.1} M parameters. {}",
                network.layers.len(),
                network.total_macs() as f64 / 1e9,
                network.total_parameters().total() as f64 / 1e6,
                network.description
            )
        }
        Kind::Dram => DramSpec::from_source(&file)?.description.clone(),
        Kind::Energy => EnergyTable::load(&file)?.technology,
        Kind::Sram => SramTable::load(&file)?.technology,
        Kind::Activity => ActivityFile::load(file)?.activity().source.clone(),
        Kind::Model => ModelFile::load(file, None)?
            .description()
            .description
            .clone(),
    })
}

/// Prints the JSON schema of a file format.
pub fn schema(args: &SchemaArgs) -> Result<Exit, CliError> {
    stdout::check()?;
    let schema: Schema = match args.format {
        SchemaKind::Report => schema_for!(Report),
        SchemaKind::Headline => schema_for!(Headline),
        SchemaKind::Accuracy => schema_for!(AccuracyReport),
        SchemaKind::Search => schema_for!(SearchReport),
        SchemaKind::DramReport => schema_for!(TraceReport),
        SchemaKind::Arch => schema_for!(Architecture),
        SchemaKind::Approx => schema_for!(ApproxConfig),
        SchemaKind::Workload => schema_for!(NetworkFile),
        SchemaKind::Dram => schema_for!(DramSpecFile),
        SchemaKind::Energy => schema_for!(EnergyTable),
        SchemaKind::Sram => schema_for!(SramTable),
        SchemaKind::Activity => schema_for!(OperandActivity),
        SchemaKind::Model => schema_for!(ModelDescription),
    };
    stdout::print(&json(&schema)?)?;
    Ok(Exit::Done)
}
