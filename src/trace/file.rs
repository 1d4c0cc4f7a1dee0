//! A trace in a file.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{
    CounterId, NameId, Slice, TraceFormat, TraceOptions, TraceSink, TraceSummary, TraceWriter,
    TrackId,
};

/// The file that a name stands for: behind symbolic links, so that it is replaced and not the link, and one path for one
/// file, whether it is there yet or not.
pub fn end_of_links(path: &Path) -> PathBuf {
    if let Ok(end) = path.canonicalize() {
        return end;
    }
    match (folder_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The folder that a file of this name is in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file beside `target` for what is to be renamed to it when it is complete. It is gone when it is dropped.
///
/// # Errors
/// When no file can be created in the folder of `target`.
pub fn partial(target: &Path) -> io::Result<NamedTempFile> {
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
    builder.tempfile_in(folder_of(target))
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
    /// Begins a trace that is to become the file `target`, or that behind it if it is a link.
    ///
    /// # Errors
    ///
    /// When no file can be created in the folder of `target`.
    pub fn create(target: &Path, format: TraceFormat, options: TraceOptions) -> io::Result<Self> {
        let target = end_of_links(target);
        Ok(TraceFile {
            writer: TraceWriter::new(partial(&target)?, format, options),
            target,
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
