//! Reading an architecture from a file.

use std::path::Path;

use super::architecture::Architecture;
use super::scalesim;
use super::types::ArchitectureFile;
use crate::source::{self, Diagnostics, FileKind, LoadError, SourceFile};

/// Reads the architecture in `file`: SCALE-Sim's configuration ([`scalesim`]) if it is named `.cfg` or `.ini`, else
/// RON.
///
/// The files it names (DRAM standard, energy table, approximation, baseline) must exist, by shipped name or as a file
/// beside it; what they say is not looked at. Open them with [`source::open_beside`].
///
/// # Errors
/// A syntax or type error (the first one), else every value out of its range or at odds with another, each at its
/// place.
pub fn load(file: &SourceFile) -> Result<Architecture, Diagnostics> {
    read(file.clone()).map(|(_, architecture)| architecture)
}

/// As [`load`], and gives the file back: with the places of what was imported from it, so that what is found wrong
/// later can be shown.
///
/// # Errors
/// As [`load`].
pub fn read(file: SourceFile) -> Result<(SourceFile, Architecture), Diagnostics> {
    let (file, architecture): (SourceFile, ArchitectureFile) = match file.extension().as_deref() {
        Some("cfg" | "ini") => {
            FileKind::Architecture.refuse_other(&file)?;
            scalesim::import(&file)?
        }
        _ => {
            let architecture = source::parse_as(FileKind::Architecture, &file)?;
            (file, architecture)
        }
    };
    let architecture = architecture.check(&file)?;
    Ok((file, architecture))
}

/// Opens a shipped architecture by name, or a file by path, and reads it.
///
/// # Errors
/// As [`source::open`] and [`load`].
pub fn open(name_or_path: &str) -> Result<(SourceFile, Architecture), LoadError> {
    let file = source::open(FileKind::Architecture, name_or_path)?;
    Ok(read(file)?)
}

/// What a reference written inside `file` stands for wherever it is opened: a relative path is taken from the folder
/// of `file`; a name without separator and extension is a shipped one and stays as it is.
pub fn beside(file: &SourceFile, name_or_path: &str) -> String {
    match file.path().and_then(Path::parent) {
        Some(folder) if source::is_path(name_or_path) => {
            folder.join(name_or_path).to_string_lossy().into_owned()
        }
        _ => name_or_path.to_owned(),
    }
}
