//! Why a file can not be loaded.

use super::diagnostics::Diagnostics;
use super::findings::Findings;
use super::source_error::SourceError;

/// Why a file could not be loaded: it could not be read, or something is wrong with what it says.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no text.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Something is wrong with the text.
    #[error(transparent)]
    Diagnostics(#[from] Diagnostics),
    /// Something is wrong with a file that is no text.
    #[error(transparent)]
    Findings(#[from] Findings),
}

impl LoadError {
    /// The text to show on a terminal (`color`: with ANSI escapes).
    pub fn render(&self, color: bool) -> String {
        match self {
            LoadError::Source(error) => format!("error: {error}"),
            LoadError::Diagnostics(diagnostics) => diagnostics.render(color),
            LoadError::Findings(findings) => findings.render(color),
        }
    }
}
