//! `axbxp check`: whether files are right, and where they are not.

use std::path::Path;

use super::args::CheckArgs;
use super::error::{CliError, Exit};
use super::stdout::print;
use crate::approx::Approximation;
use crate::dram::DramSpec;
use crate::energy::{EnergyTable, OperandActivity, SramTable};
use crate::infer::model_file::ModelBundle;
use crate::mapping::Mapping;
use crate::source::{FileKind, SourceFile};
use crate::sweep::DesignPoint;
use crate::workload;

/// Checks every file and says of each what it found. Wrong files make the exit code 2.
pub(super) fn check(args: &CheckArgs) -> Result<Exit, CliError> {
    let mut exit = Exit::Done;
    for name in &args.files {
        match check_file(name, args) {
            Ok(kind) => print(format!("{name}: ok ({kind})\n").as_bytes())?,
            Err(error) => {
                error.report();
                exit = Exit::Input;
            }
        }
    }
    Ok(exit)
}

fn check_file(name: &str, args: &CheckArgs) -> Result<&'static str, CliError> {
    // Said to be something else, it is read as the text it should be.
    if workload::onnx::is_onnx(name) && matches!(args.kind, None | Some(FileKind::Workload)) {
        workload::onnx::open(name)?;
        return Ok("workload");
    }
    let file = SourceFile::read(Path::new(name))?;
    let told = || FileKind::told_by(&file).unwrap_or(FileKind::Architecture);
    Ok(match args.kind.unwrap_or_else(told) {
        FileKind::Architecture => {
            // With all that it names, and whether it asks them for what they have.
            DesignPoint::load(file, None)?;
            "architecture"
        }
        FileKind::Approximation => {
            Approximation::load(file)?;
            "approximation"
        }
        FileKind::Workload => {
            workload::load(&file)?;
            "workload"
        }
        FileKind::Dram => {
            DramSpec::from_source(&file)?;
            "DRAM standard"
        }
        FileKind::Energy => {
            EnergyTable::load(&file)?;
            "energy table"
        }
        FileKind::Sram => {
            SramTable::load(&file)?;
            "SRAM table"
        }
        FileKind::Activity => {
            OperandActivity::load(file)?;
            "operand activity"
        }
        FileKind::Mapping => {
            Mapping::load(file)?;
            "mapping"
        }
        FileKind::Model => {
            // With all that it names.
            ModelBundle::load(file, args.root.as_deref())?.check_all()?;
            "trained network"
        }
    })
}
