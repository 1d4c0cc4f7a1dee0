//! Where results go: standard output, or a file that is only there when it is complete.

use std::io::{self, Write};
use std::path::Path;

use super::args::{Format, OutputArgs};
use super::error::CliError;
use crate::report::{self, Report};

/// Refuses a file in a folder that is not there, before any work is done for it.
pub fn check_target(output: &OutputArgs) -> Result<(), CliError> {
    match &output.out {
        Some(path) if !folder_of(path).is_dir() => Err(CliError::Write {
            path: path.clone(),
            error: io::ErrorKind::NotFound.into(),
        }),
        _ => Ok(()),
    }
}

/// Prints a report in the format asked for.
pub fn write_report(
    report: &Report,
    output: &OutputArgs,
    layers: bool,
    notes: bool,
) -> Result<(), CliError> {
    let bytes = match output.format {
        Format::Table => report::table::render(report, layers, notes).into_bytes(),
        Format::Json => json(report)?,
        Format::Csv => {
            let mut bytes = Vec::new();
            report::csv::write(report, &mut bytes)?;
            bytes
        }
    };
    match &output.out {
        Some(path) => write_file(path, &bytes),
        None => print(&bytes),
    }
}

/// Pretty JSON with a final newline.
pub fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(io::Error::from)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes to standard output.
pub fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Writes a whole file under a temporary name, then gives it its own.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error| CliError::Write {
        path: path.to_owned(),
        error,
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".axbxp-").suffix(".partial");
    #[cfg(unix)]
    {
        // As a file made in the ordinary way: the process's mask applies.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path)).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
