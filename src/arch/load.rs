//! Reading an architecture from a file.

use std::path::Path;

use super::types::Architecture;
use super::validate::check;
use crate::source::{self, Checker, Diagnostics, LoadError, Shelf, SourceFile};

/// Reads the architecture in `file`.
///
/// The files it names (DRAM standard, energy table, approximation, baseline) must exist, by shipped name or as a file
/// beside it; what they say is not looked at. Open them with [`source::open_beside`].
///
/// # Errors
/// A syntax or type error (the first one), else every value out of its range or at odds with another, each at its
/// place.
pub fn load(file: &SourceFile) -> Result<Architecture, Diagnostics> {
    let architecture: Architecture = source::parse(file)?;
    let mut checker = Checker::new(file);
    check(&architecture, file, &mut checker);
    checker.finish(architecture)
}

/// Opens a shipped architecture by name, or a file by path, and reads it.
///
/// # Errors
/// As [`source::open`] and [`load`].
pub fn open(name_or_path: &str) -> Result<(SourceFile, Architecture), LoadError> {
    let file = source::open(Shelf::Architecture, name_or_path)?;
    let architecture = load(&file)?;
    Ok((file, architecture))
}

/// What a reference written inside `file` stands for wherever it is opened: a relative path is taken from the folder
/// of `file`; a name without separator and `.ron` is a shipped one and stays as it is.
pub fn beside(file: &SourceFile, name_or_path: &str) -> String {
    let is_path =
        name_or_path.contains(['/', std::path::MAIN_SEPARATOR]) || name_or_path.ends_with(".ron");
    match file.path().and_then(Path::parent) {
        Some(folder) if is_path => folder.join(name_or_path).to_string_lossy().into_owned(),
        _ => name_or_path.to_owned(),
    }
}
