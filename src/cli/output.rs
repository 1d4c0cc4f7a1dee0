//! Where results go: standard output, or a file that is only there when it is complete.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::args::{Format, OutputArgs};
use super::error::CliError;
use crate::report::{self, Report, View};
use crate::trace::partial;

/// Refuses files that can not be written, before any work is done for them.
pub fn check_targets(out: Option<&Path>, trace: Option<&Path>) -> Result<(), CliError> {
    check_targets_of(out, "--trace", trace)
}

/// As [`check_targets`], where the second file comes from `flag`.
pub fn check_targets_of(
    out: Option<&Path>,
    flag: &str,
    second: Option<&Path>,
) -> Result<(), CliError> {
    for path in [out, second].into_iter().flatten() {
        check_target(path)?;
    }
    let Some(second) = second else { return Ok(()) };
    if is_special(second) {
        return Err(CliError::Usage(format!(
            "{flag} {}: it is no ordinary file",
            second.display()
        )));
    }
    if out.is_some_and(|out| end_of_links(out) == end_of_links(second)) {
        return Err(CliError::Usage(format!(
            "--out and {flag} are the same file, {}",
            second.display()
        )));
    }
    Ok(())
}

/// Refuses one file that can not be written.
pub fn check_target(path: &Path) -> Result<(), CliError> {
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

/// Prints a report in the format asked for; as tables, those of `views`.
pub fn write_report(
    report: &Report,
    output: &OutputArgs,
    views: &[View],
    notes: bool,
) -> Result<(), CliError> {
    let bytes = match output.format {
        Format::Table => report::table::render(report, views, notes).into_bytes(),
        Format::Json => json(report)?,
        Format::Csv => {
            let mut bytes = Vec::new();
            report::csv::write(report, &mut bytes)?;
            bytes
        }
    };
    write_bytes(output.out.as_deref(), &bytes)
}

/// Writes to a file, or to standard output where none is asked for.
pub fn write_bytes(out: Option<&Path>, bytes: &[u8]) -> Result<(), CliError> {
    match out {
        Some(path) => write_file(path, bytes),
        None => print(bytes),
    }
}

/// Pretty JSON with a final newline.
pub fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(io::Error::from)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// RON with a final newline; what is nested deeper than `depth` is on one line.
pub fn ron<T: serde::Serialize>(value: &T, depth: usize) -> Result<Vec<u8>, CliError> {
    let pretty = ron::ser::PrettyConfig::default()
        .indentor("    ")
        .depth_limit(depth);
    let text = ron::ser::to_string_pretty(value, pretty).map_err(io::Error::other)?;
    Ok((text + "\n").into_bytes())
}

/// Writes to standard output.
pub fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Writes a whole file under a temporary name, then gives it its own. A device or a pipe can not be
/// replaced so, and is written to.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if is_special(path) {
        let open = OpenOptions::new().write(true).open(path);
        return open
            .and_then(|mut file| file.write_all(bytes))
            .map_err(cannot_write(path));
    }
    write_file_with(path, |file| file.write_all(bytes))
}

/// As [`write_file`], piece by piece, to an ordinary file.
pub fn write_file_with(
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

/// The file that a name stands for: behind symbolic links, so that it is replaced and not the link, and
/// one path for one file, whether it is there yet or not.
pub fn end_of_links(path: &Path) -> PathBuf {
    if let Ok(end) = path.canonicalize() {
        return end;
    }
    match (folder_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn cannot_write(path: &Path) -> impl Fn(io::Error) -> CliError {
    let path = path.to_owned();
    move |error| CliError::Write {
        path: path.clone(),
        error,
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
