//! A DRAM standard with a number of channels.

use crate::source::{self, Diagnostics, FileKind, LoadError, SourceFile};

use super::import;
use super::spec::DramSpec;
use super::spec_file::DramSpecFile;

/// A memory system to replay traces on.
#[derive(Debug, Clone, PartialEq)]
pub struct DramSystem {
    /// One channel.
    pub spec: DramSpec,
    /// How many of them; 1 where the file does not say.
    pub channels: u32,
    /// What was assumed in reading the file.
    pub notes: Vec<String>,
}

impl DramSystem {
    /// Opens a shipped preset by name, or a file by path: ours, or DRAMsim3's if it ends in `.ini`.
    ///
    /// # Errors
    /// The file cannot be read or describes no DRAM that could work.
    pub fn load(name_or_path: &str) -> Result<DramSystem, LoadError> {
        let file = source::open(FileKind::Dram, name_or_path)?;
        Ok(DramSystem::from_source(&file)?)
    }

    /// As [`DramSystem::load`], of a text that has been read.
    ///
    /// # Errors
    /// It describes no DRAM that could work.
    pub fn from_source(file: &SourceFile) -> Result<DramSystem, Diagnostics> {
        if file.extension().as_deref() == Some("ini") {
            FileKind::Dram.refuse_other(file)?;
            let imported = import::import(file)?;
            return Ok(DramSystem {
                spec: DramSpec::check(&imported.source, imported.spec)?,
                channels: imported.channels,
                notes: imported.notes,
            });
        }
        let spec: DramSpecFile = source::parse_as(FileKind::Dram, file)?;
        Ok(DramSystem {
            spec: DramSpec::check(file, spec)?,
            channels: 1,
            notes: Vec::new(),
        })
    }
}

impl DramSpec {
    /// Opens a shipped preset by name, or a file by path, and checks it.
    ///
    /// # Errors
    /// The file cannot be read, is not of this shape, or describes no DRAM that could work; every inconsistency
    /// is listed with its place.
    pub fn load(name_or_path: &str) -> Result<DramSpec, LoadError> {
        Ok(DramSystem::load(name_or_path)?.spec)
    }

    /// Parses and checks a description: ours, or a DRAMsim3 configuration if its name ends in `.ini`.
    ///
    /// # Errors
    /// As [`DramSpec::load`], without those of reading the file.
    pub fn from_source(file: &SourceFile) -> Result<DramSpec, Diagnostics> {
        Ok(DramSystem::from_source(file)?.spec)
    }
}
