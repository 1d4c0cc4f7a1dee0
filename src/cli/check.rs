//! `axbxp check`: whether files are right, and where they are not.

use std::path::Path;

use super::args::{CheckArgs, Kind};
use super::error::{CliError, Exit};
use super::stdout::print;
use crate::approx::ApproxFile;
use crate::dram::DramSpec;
use crate::energy::{ActivityFile, EnergyTable, SramTable};
use crate::infer::model_file::ModelFile;
use crate::source::SourceFile;
use crate::sweep::DesignPoint;
use crate::workload;

/// Checks every file and says of each what it found. Wrong files make the exit code 2.
pub fn check(args: &CheckArgs) -> Result<Exit, CliError> {
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
    if workload::onnx::is_onnx(name) && matches!(args.kind, None | Some(Kind::Workload)) {
        workload::onnx::open(name)?;
        return Ok("workload");
    }
    let file = SourceFile::read(Path::new(name))?;
    Ok(match args.kind.unwrap_or_else(|| guess(&file)) {
        Kind::Arch => {
            // With all that it names, and whether it asks them for what they have.
            DesignPoint::load(file, None)?;
            "architecture"
        }
        Kind::Approx => {
            ApproxFile::load(file)?;
            "approximation"
        }
        Kind::Workload => {
            workload::load(&file)?;
            "workload"
        }
        Kind::Dram => {
            DramSpec::from_source(&file)?;
            "DRAM standard"
        }
        Kind::Energy => {
            EnergyTable::load(&file)?;
            "energy table"
        }
        Kind::Sram => {
            SramTable::load(&file)?;
            "SRAM table"
        }
        Kind::Activity => {
            ActivityFile::load(file)?;
            "operand activity"
        }
        Kind::Model => {
            // With all that it names.
            ModelFile::load(file, args.root.as_deref())?.check_all()?;
            "trained network"
        }
    })
}

/// What its name or a DRAMsim3 section says; or the kind whose telling field stands earliest in the file, an
/// architecture if none does.
pub fn guess(file: &SourceFile) -> Kind {
    let text = file.text();
    match file.extension().as_deref() {
        Some("csv") => return Kind::Workload,
        Some("cfg" | "ini") if text.contains("[dram_structure]") => return Kind::Dram,
        Some("cfg" | "ini") => return Kind::Arch,
        // Their `source` and `default` are fields of other kinds too.
        _ if text.contains("twos_complement:") => return Kind::Activity,
        _ => {}
    }
    let telling = [
        (Kind::Model, "preprocessing:"),
        (Kind::Workload, "inputs:"),
        (Kind::Energy, "entries:"),
        (Kind::Sram, "grid:"),
        (Kind::Dram, "organisation:"),
        (Kind::Arch, "array:"),
        (Kind::Approx, "default:"),
    ];
    telling
        .into_iter()
        .filter_map(|(kind, field)| text.find(field).map(|position| (position, kind)))
        .min_by_key(|&(position, _)| position)
        .map_or(Kind::Arch, |(_, kind)| kind)
}
