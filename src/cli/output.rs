//! Where results go: standard output, or a file that is only there when it is complete.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::args::{Format, Global};
use super::error::CliError;
use super::stdout;
use crate::report::Render;
use crate::trace::{end_of_links, folder_of, partial};

/// Where a result goes and in which form, looked at before any work is done for it.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    notes: bool,
    out: Option<PathBuf>,
}

impl Output {
    /// To the file `out`, or to standard output where none is asked for. With `beside`, other files hold results too.
    ///
    /// # Errors
    /// What can not be written; standard output is looked at only where nothing is left of the work without it.
    pub(super) fn resolve(
        out: Option<&Path>,
        beside: bool,
        format: Format,
        global: &Global,
    ) -> Result<Output, CliError> {
        match out {
            Some(path) => check_target(path)?,
            None if beside => {}
            None => stdout::check()?,
        }
        Ok(Output::unchecked(out, format, global))
    }

    /// To standard output, of a command whose answer is not there alone.
    pub(super) fn beside(format: Format, global: &Global) -> Output {
        Output::unchecked(None, format, global)
    }

    fn unchecked(out: Option<&Path>, format: Format, global: &Global) -> Output {
        Output {
            format,
            notes: !global.quiet,
            out: out.map(Path::to_owned),
        }
    }

    /// Writes `report`; as a table, its parts `views`.
    pub(super) fn write<R: Render>(&self, report: &R, views: &[R::View]) -> Result<(), CliError> {
        let bytes = match self.format {
            Format::Table => report.table(views, self.notes).into_bytes(),
            Format::Json => report.json()?,
            Format::Csv => report.csv()?.ok_or(CliError::NoCsv)?,
        };
        match &self.out {
            Some(path) => write_file(path, &bytes),
            None => stdout::print(&bytes),
        }
    }

    /// Refuses a file of the flag `flag` that can not be written, or that is where this output goes.
    pub(super) fn check_beside(&self, flag: &str, path: &Path) -> Result<(), CliError> {
        check_target(path)?;
        if is_special(path) {
            return Err(CliError::Usage(format!(
                "{flag} {}: it is no ordinary file",
                path.display()
            )));
        }
        if self.goes_to(path) {
            return Err(CliError::Usage(format!(
                "--out and {flag} are the same file, {}",
                path.display()
            )));
        }
        Ok(())
    }

    /// Whether the result becomes the file `path`.
    pub(super) fn goes_to(&self, path: &Path) -> bool {
        let out = self.out.as_deref();
        out.is_some_and(|out| end_of_links(out) == end_of_links(path))
    }
}

/// Refuses one file that can not be written.
pub(super) fn check_target(path: &Path) -> Result<(), CliError> {
    if path.is_dir() {
        return Err(cannot_write(path)(io::ErrorKind::IsADirectory.into()));
    }
    if !folder_of(path).is_dir() {
        return Err(CliError::Usage(format!(
            "cannot write {}: its folder does not exist",
            path.display()
        )));
    }
    if !is_special(path) {
        temporary(path)?;
    }
    Ok(())
}

/// RON with a final newline; what is nested deeper than `depth` is on one line.
pub(super) fn ron<T: serde::Serialize>(value: &T, depth: usize) -> Result<Vec<u8>, CliError> {
    let pretty = ron::ser::PrettyConfig::default()
        .indentor("    ")
        .depth_limit(depth);
    let text = ron::ser::to_string_pretty(value, pretty).map_err(io::Error::other)?;
    Ok((text + "\n").into_bytes())
}

/// Writes a whole file under a temporary name, then gives it its own. A device or a pipe can not be
/// replaced so, and is written to.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if is_special(path) {
        let open = OpenOptions::new().write(true).open(path);
        return open
            .and_then(|mut file| file.write_all(bytes))
            .map_err(cannot_write(path));
    }
    write_file_with(path, |file| file.write_all(bytes))
}

/// As [`write_file`], piece by piece, to an ordinary file.
pub(super) fn write_file_with(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut file = temporary(path)?;
    let mut buffered = BufWriter::new(&mut file);
    write(&mut buffered)
        .and_then(|()| buffered.flush())
        .map_err(cannot_write(path))?;
    drop(buffered);
    file.persist(end_of_links(path))
        .map_err(|error| cannot_write(path)(error.error))?;
    Ok(())
}

/// An empty file that can become `path`. It is gone when it is dropped.
fn temporary(path: &Path) -> Result<NamedTempFile, CliError> {
    partial(&end_of_links(path)).map_err(cannot_write(path))
}

/// Whether something other than an ordinary file has this name, such as a device or a pipe.
fn is_special(path: &Path) -> bool {
    path.exists() && !path.is_file()
}

fn cannot_write(path: &Path) -> impl Fn(io::Error) -> CliError {
    let path = path.to_owned();
    move |error| CliError::Write {
        path: path.clone(),
        error,
    }
}
