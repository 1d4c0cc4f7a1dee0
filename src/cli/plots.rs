//! `--plots FOLDER`: the report as SVG files.

use std::io;
use std::path::Path;

use super::error::CliError;
use super::output::{check_target, end_of_links, write_file};
use crate::report::Report;
use crate::report::plot::{self, Detail};

/// Refuses a folder that can not be written, or files that another flag writes, before any work is done for them.
pub fn check(
    folder: &Path,
    detail: Detail,
    others: &[(&str, Option<&Path>)],
) -> Result<(), CliError> {
    if !folder.exists() {
        // It is made when there is something to put into it; where a file can be made, it can.
        differ(folder, others)?;
        return check_target(folder);
    }
    if !folder.is_dir() {
        return Err(CliError::Usage(format!(
            "--plots {}: it is a file, not a folder",
            folder.display()
        )));
    }
    for name in plot::file_names(detail) {
        let path = folder.join(name);
        check_target(&path)?;
        differ(&path, others)?;
    }
    Ok(())
}

/// Refuses a path that another flag writes.
fn differ(path: &Path, others: &[(&str, Option<&Path>)]) -> Result<(), CliError> {
    for (flag, other) in others {
        if other.is_some_and(|other| end_of_links(other) == end_of_links(path)) {
            return Err(CliError::Usage(format!(
                "--plots and {flag} both write {}",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Writes the plots of a report, into a new folder if need be.
pub fn write(report: &Report, folder: &Path, detail: Detail) -> Result<(), CliError> {
    if let Err(error) = std::fs::create_dir(folder)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(CliError::Write {
            path: folder.to_owned(),
            error,
        });
    }
    for plot in plot::plots(report, detail)? {
        write_file(&folder.join(plot.file_name), plot.svg.as_bytes())?;
    }
    Ok(())
}
