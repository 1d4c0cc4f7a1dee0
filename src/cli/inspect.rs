//! `axbxp list` and `axbxp schema`: what is shipped, and the file formats.

use std::fmt::Write as _;

use schemars::{Schema, schema_for};

use super::args::{ListArgs, ReportKind, SchemaArgs, SchemaKind};
use super::error::{CliError, Exit};
use super::stdout;
use crate::approx::{Approximation, ApproximationFile};
use crate::arch::{self, ArchitectureFile};
use crate::dram::{DramSpec, DramSpecFile};
use crate::energy::{
    EnergyTable, EnergyTableFile, OperandActivity, OperandActivityFile, SramTable, SramTableFile,
};
use crate::infer::model_file::{ModelBundle, ModelFile};
use crate::mapping::MappingFile;
use crate::report::headline::Headline;
use crate::report::render::json;
use crate::report::search::SearchReport;
use crate::report::{AccuracyReport, MappingReport, Report, TraceReport};
use crate::source::{self, FileKind, LoadError};
use crate::workload::{self, NetworkFile};

/// The kinds in the order in which they are listed.
const KINDS: [FileKind; 8] = [
    FileKind::Architecture,
    FileKind::Approximation,
    FileKind::Workload,
    FileKind::Model,
    FileKind::Dram,
    FileKind::Energy,
    FileKind::Sram,
    FileKind::Activity,
];

/// Prints what is shipped.
pub(super) fn list(args: &ListArgs) -> Result<Exit, CliError> {
    stdout::check()?;
    let mut text = String::new();
    for kind in KINDS
        .into_iter()
        .filter(|&kind| args.kind.is_none_or(|wanted| wanted == kind))
    {
        let names = source::shipped(kind);
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        let _ = writeln!(text, "{kind} ({}/)", kind.folder());
        for name in names {
            let _ = writeln!(text, "  {name:width$}  {}", describe(kind, name)?);
        }
    }
    stdout::print(text.as_bytes())?;
    Ok(Exit::Done)
}

fn describe(kind: FileKind, name: &str) -> Result<String, LoadError> {
    let file = source::open(kind, name)?;
    Ok(match kind {
        FileKind::Architecture => arch::load(&file)?.description.clone(),
        FileKind::Approximation => Approximation::load(file)?.config().description.clone(),
        FileKind::Workload => {
            let network = workload::load(&file)?;
            format!(
                "{} layers, {:.2} G MACs, {:.1} M parameters. {}",
                network.layers.len(),
                network.total_macs() as f64 / 1e9,
                network.total_parameters().total() as f64 / 1e6,
                network.description
            )
        }
        FileKind::Dram => DramSpec::from_source(&file)?.description.clone(),
        FileKind::Energy => EnergyTable::load(&file)?.technology.clone(),
        FileKind::Sram => SramTable::load(&file)?.technology.clone(),
        FileKind::Activity => OperandActivity::load(file)?.activity().source.clone(),
        FileKind::Model => ModelBundle::load(file, None)?
            .description()
            .description
            .clone(),
        FileKind::Mapping => String::new(),
    })
}

/// Prints the JSON schema of a file format.
pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, CliError> {
    stdout::check()?;
    let schema: Schema = match args.format {
        SchemaKind::Report(ReportKind::Report) => schema_for!(Report),
        SchemaKind::Report(ReportKind::Headline) => schema_for!(Headline),
        SchemaKind::Report(ReportKind::Accuracy) => schema_for!(AccuracyReport),
        SchemaKind::Report(ReportKind::Search) => schema_for!(SearchReport),
        SchemaKind::Report(ReportKind::DramReport) => schema_for!(TraceReport),
        SchemaKind::Report(ReportKind::MapReport) => schema_for!(MappingReport),
        SchemaKind::File(FileKind::Architecture) => schema_for!(ArchitectureFile),
        SchemaKind::File(FileKind::Approximation) => schema_for!(ApproximationFile),
        SchemaKind::File(FileKind::Workload) => schema_for!(NetworkFile),
        SchemaKind::File(FileKind::Dram) => schema_for!(DramSpecFile),
        SchemaKind::File(FileKind::Energy) => schema_for!(EnergyTableFile),
        SchemaKind::File(FileKind::Sram) => schema_for!(SramTableFile),
        SchemaKind::File(FileKind::Activity) => schema_for!(OperandActivityFile),
        SchemaKind::File(FileKind::Model) => schema_for!(ModelFile),
        SchemaKind::File(FileKind::Mapping) => schema_for!(MappingFile),
    };
    stdout::print(&json(&schema)?)?;
    Ok(Exit::Done)
}
