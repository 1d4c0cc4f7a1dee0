//! `--plots FOLDER`: the report as SVG files.

use std::io;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::output::{Output, check_target, write_file};
use crate::report::Report;
use crate::report::plot::{self, Detail};
use crate::trace::end_of_links;

/// A folder for plots, looked at before any work is done for it.
#[derive(Debug)]
pub(super) struct Plots {
    folder: PathBuf,
    detail: Detail,
}

impl Plots {
    /// The folder, if one is asked for, beside `output` and a trace in the file `trace`.
    ///
    /// # Errors
    /// A folder that can not be written, or files in it that another flag writes.
    pub(super) fn resolve(
        folder: Option<&Path>,
        detail: Detail,
        output: &Output,
        trace: Option<&Path>,
    ) -> Result<Option<Plots>, CliError> {
        let Some(folder) = folder else {
            return Ok(None);
        };
        let differs = |path: &Path| match trace {
            _ if output.goes_to(path) => Err(both_write("--out", path)),
            Some(trace) if end_of_links(trace) == end_of_links(path) => {
                Err(both_write("--trace", path))
            }
            _ => Ok(()),
        };
        if folder.is_dir() {
            for name in plot::file_names(detail) {
                let path = folder.join(name);
                check_target(&path)?;
                differs(&path)?;
            }
        } else if folder.exists() {
            return Err(CliError::Usage(format!(
                "--plots {}: it is a file, not a folder",
                folder.display()
            )));
        } else {
            // It is made when there is something to put into it; where a file can be made, it can.
            differs(folder)?;
            check_target(folder)?;
        }
        Ok(Some(Plots {
            folder: folder.to_owned(),
            detail,
        }))
    }

    /// Writes the plots of a report, into a new folder if need be.
    pub(super) fn write(&self, report: &Report) -> Result<(), CliError> {
        if let Err(error) = std::fs::create_dir(&self.folder)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(CliError::Write {
                path: self.folder.clone(),
                error,
            });
        }
        for plot in plot::plots(report, self.detail)? {
            write_file(&self.folder.join(plot.file_name), plot.svg.as_bytes())?;
        }
        Ok(())
    }
}

fn both_write(flag: &str, path: &Path) -> CliError {
    CliError::Usage(format!("--plots and {flag} both write {}", path.display()))
}
