//! How a command ends.

use std::io;
use std::path::PathBuf;

use crate::blocked::FormatError;
use crate::infer::ImageError;
use crate::infer::InferError;
use crate::infer::model_file::ModelError;
use crate::search::{MeasureError, StoreError};
use crate::source::{Diagnostics, LoadError, SourceError};
use crate::sweep::JobError;

/// How the program ends, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The answer is no.
    No = 1,
    /// Bad input or usage.
    Input = 2,
    /// An error of this program.
    Internal = 3,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit as u8)
    }
}

/// Why a command has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// A file.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A simulation.
    #[error(transparent)]
    Job(#[from] JobError),
    /// A trained network or its images.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A measurement of a search.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// The store of a search's measurements.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A number format or a value outside it.
    #[error("{argument}: {error}")]
    Format {
        /// The argument it came from.
        argument: &'static str,
        /// What is wrong.
        error: FormatError,
    },
    /// A wrong argument.
    #[error("{0}")]
    Usage(String),
    /// A result that could not be written.
    #[error("cannot write {}: {}", path.display(), reason(error))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A result that has no such form.
    #[error("--format csv: this result has no such form")]
    NoCsv,
    /// Nobody can read what is written to standard output.
    #[error(
        "standard output is closed (or is /dev/null opened for reading and writing): the results would be lost"
    )]
    ClosedStdout,
    /// Standard output.
    #[error("cannot write to standard output: {0}")]
    Stdout(#[from] io::Error),
}

/// Why a file can not be written, without the name of the temporary file that stood for it.
fn reason(error: &io::Error) -> String {
    error.kind().to_string()
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        CliError::Load(error.into())
    }
}

impl From<Diagnostics> for CliError {
    fn from(diagnostics: Diagnostics) -> Self {
        CliError::Load(diagnostics.into())
    }
}

impl From<InferError> for CliError {
    fn from(error: InferError) -> Self {
        CliError::Model(error.into())
    }
}

impl CliError {
    /// Prints the error and gives the exit code.
    pub(super) fn report(&self) -> Exit {
        match self {
            // The reader of a pipe has what it wanted.
            CliError::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Exit::Done;
            }
            CliError::Load(error) => print_load(error),
            CliError::Job(JobError::File(diagnostics))
            | CliError::Measure(
                MeasureError::File(diagnostics) | MeasureError::Job(JobError::File(diagnostics)),
            ) => {
                anstream::eprintln!("{}", diagnostics.render(true).trim_end());
            }
            CliError::Model(
                ModelError::Description(diagnostics)
                | ModelError::Image(ImageError::Text(diagnostics)),
            ) => anstream::eprintln!("{}", diagnostics.render(true).trim_end()),
            CliError::Model(ModelError::Onnx(findings)) => {
                anstream::eprintln!("{}", findings.render(true).trim_end());
            }
            other => print_plain(other),
        }
        match self {
            CliError::Job(error) | CliError::Measure(MeasureError::Job(error))
                if error.is_internal() =>
            {
                Exit::Internal
            }
            _ => Exit::Input,
        }
    }
}

/// Prints a file's error: located where it has a place, on one line where not.
pub(super) fn print_load(error: &LoadError) {
    match error {
        LoadError::Diagnostics(diagnostics) => {
            anstream::eprintln!("{}", diagnostics.render(true).trim_end());
        }
        LoadError::Findings(findings) => {
            anstream::eprintln!("{}", findings.render(true).trim_end());
        }
        LoadError::Source(error) => print_plain(error),
    }
}

fn print_plain(error: &dyn std::error::Error) {
    anstream::eprintln!("\x1b[1;31merror\x1b[0m: {error}");
}
