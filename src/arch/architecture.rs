//! An architecture that has been checked.

use std::ops::Deref;

use super::network::NetworkOptions;
use super::types::ArchitectureFile;
use super::validate;
use crate::source::{Checker, Diagnostics, SourceFile};

/// An accelerator whose every value is in its range and fits the others: what [`ArchitectureFile::check`] makes of a
/// file. It reads as the file does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Architecture(ArchitectureFile);

impl ArchitectureFile {
    /// Checks it. Problems are shown in `source`, from which it was read; the files that it names are looked for beside
    /// that.
    ///
    /// # Errors
    /// Every value out of its range or at odds with another, and every file that there is not, each at its place.
    pub fn check(self, source: &SourceFile) -> Result<Architecture, Diagnostics> {
        let mut checker = Checker::new(source);
        validate::check(&self, &mut checker);
        checker.finish(Architecture(self))
    }
}

impl Architecture {
    /// Gives it another name.
    pub(crate) fn rename(&mut self, name: String) {
        self.0.name = name;
    }

    /// The same that does other things across layers.
    #[must_use]
    pub fn with_network(&self, network: NetworkOptions) -> Architecture {
        let mut other = self.clone();
        other.0.network = network;
        other
    }

    /// The same under another name, with an array of another size and a converter that takes `values_per_cycle`.
    pub(crate) fn resized(
        &self,
        name: String,
        rows: u32,
        columns: u32,
        values_per_cycle: u32,
    ) -> Architecture {
        let mut resized = self.clone();
        resized.0.name = name;
        resized.0.array.rows = rows;
        resized.0.array.columns = columns;
        resized.0.converter.values_per_cycle = values_per_cycle;
        resized
    }
}

impl Deref for Architecture {
    type Target = ArchitectureFile;

    fn deref(&self) -> &ArchitectureFile {
        &self.0
    }
}

/// Unit tests go beyond what files may say.
#[cfg(test)]
impl std::ops::DerefMut for Architecture {
    fn deref_mut(&mut self) -> &mut ArchitectureFile {
        &mut self.0
    }
}
