//! A trace in a file.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{
    CounterId, NameId, Slice, TraceFormat, TraceOptions, TraceSink, TraceSummary, TraceWriter,
    TrackId,
};

/// A file beside `target` for what is to be renamed to it when it is complete. It is gone when it is dropped.
///
/// # Errors
/// When no file can be created in the folder of `target`.
pub fn partial(target: &Path) -> io::Result<NamedTempFile> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".axbxp-").suffix(".partial");
    #[cfg(unix)]
    let permissions = {
        // Those of a file created in the ordinary way: the process's mask is applied.
        use std::os::unix::fs::PermissionsExt;
        std::fs::Permissions::from_mode(0o666)
    };
    #[cfg(unix)]
    builder.permissions(permissions);
    builder.tempfile_in(folder)
}

/// Writes a trace to a file.
///
/// Until [`TraceFile::finish`] the trace lies in a temporary file beside the target, which is
/// removed when the trace is not completed: a file of the target's name is always a whole trace.
pub struct TraceFile {
    writer: TraceWriter<NamedTempFile>,
    target: PathBuf,
}

impl TraceFile {
    /// Begins a trace that is to become the file `target`.
    ///
    /// # Errors
    ///
    /// When no file can be created in the folder of `target`.
    pub fn create(target: &Path, format: TraceFormat, options: TraceOptions) -> io::Result<Self> {
        Ok(TraceFile {
            writer: TraceWriter::new(partial(target)?, format, options),
            target: target.to_owned(),
        })
    }

    /// Completes the trace and gives the file its name, in place of an earlier file of that name.
    ///
    /// # Errors
    ///
    /// The first error in writing, or that of the renaming. No file of the target's name has been
    /// made or changed then.
    pub fn finish(self) -> io::Result<TraceSummary> {
        let (file, summary) = self.writer.finish()?;
        file.as_file().sync_all()?;
        file.persist(&self.target)?;
        Ok(summary)
    }
}

impl TraceSink for TraceFile {
    fn track(&mut self, parent: Option<TrackId>, name: &str) -> TrackId {
        self.writer.track(parent, name)
    }

    fn counter(&mut self, parent: Option<TrackId>, name: &str, unit: &str) -> CounterId {
        self.writer.counter(parent, name, unit)
    }

    fn name(&mut self, name: &str) -> NameId {
        self.writer.name(name)
    }

    fn slice(&mut self, slice: Slice<'_>) {
        self.writer.slice(slice);
    }

    fn value(&mut self, counter: CounterId, at_ps: u64, value: f64) {
        self.writer.value(counter, at_ps, value);
    }
}
