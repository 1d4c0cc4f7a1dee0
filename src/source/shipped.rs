//! The files that ship inside the binary, and finding a file by name or path.

use std::path::{MAIN_SEPARATOR, Path};

use include_dir::{Dir, include_dir};

use super::file::{SourceFile, read_bytes};
use super::kind::FileKind;
use super::nearest::nearest;
use super::source_error::SourceError;

// A file added to these folders is embedded when this file is next compiled.
static ARCH_CONFIGS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/arch-configs");
static WORKLOADS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/workloads");

/// The folder of a kind inside the binary.
fn directory(kind: FileKind) -> Option<&'static Dir<'static>> {
    match kind {
        FileKind::Architecture => Some(&ARCH_CONFIGS),
        FileKind::Approximation => ARCH_CONFIGS.get_dir("approx"),
        FileKind::Dram => ARCH_CONFIGS.get_dir("dram"),
        FileKind::Energy => ARCH_CONFIGS.get_dir("energy"),
        FileKind::Activity => ARCH_CONFIGS.get_dir("activity"),
        FileKind::Sram => ARCH_CONFIGS.get_dir("sram"),
        FileKind::Workload => Some(&WORKLOADS),
        FileKind::Model => WORKLOADS.get_dir("models"),
        FileKind::Mapping => None,
    }
}

/// Name (without `.ron`) and text of every file, unsorted.
fn files(kind: FileKind) -> impl Iterator<Item = (&'static str, &'static str)> {
    directory(kind)
        .into_iter()
        .flat_map(|directory| directory.files())
        .filter_map(|file| {
            let name = file.path().file_name()?.to_str()?.strip_suffix(".ron")?;
            Some((name, file.contents_utf8()?))
        })
}

/// Names (without `.ron`) of the files that ship of a kind, sorted.
pub fn shipped(kind: FileKind) -> Vec<&'static str> {
    let mut names: Vec<_> = files(kind).map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

/// The bytes of an embedded file by its path in the repository, such as `workloads/models/fashion_cnn.onnx`.
pub(super) fn embedded(path: &Path) -> Option<&'static [u8]> {
    let inside = path.strip_prefix("workloads").ok()?;
    Some(WORKLOADS.get_file(inside)?.contents())
}

/// Opens a file by the name of a shipped one (`resnet50`) or by path.
///
/// A path is what has a separator or ends in `.ron`, `.csv`, `.cfg`, `.ini` or `.onnx`. Any other text is a shipped name, whatever the
/// current directory holds, so that a command means the same everywhere; only if none ships by that
/// name may it be a file in the current directory.
///
/// # Errors
/// As [`SourceFile::read`], and a name that nothing ships by; both with the nearest shipped name.
pub fn open(kind: FileKind, name_or_path: &str) -> Result<SourceFile, SourceError> {
    open_in(kind, name_or_path, Path::new(""))
}

/// As [`open`], with relative paths relative to the folder of the file that names them.
///
/// # Errors
/// As [`open`].
pub fn open_beside(
    kind: FileKind,
    name_or_path: &str,
    referrer: &SourceFile,
) -> Result<SourceFile, SourceError> {
    let folder = referrer.path().and_then(Path::parent);
    open_in(kind, name_or_path, folder.unwrap_or(Path::new("")))
}

fn open_in(kind: FileKind, name_or_path: &str, folder: &Path) -> Result<SourceFile, SourceError> {
    let path = folder.join(name_or_path);
    if is_path(name_or_path) {
        return SourceFile::read(&path).map_err(|error| with_nearest(kind, error));
    }
    if let Some((name, text)) = files(kind).find(|&(name, _)| name == name_or_path) {
        let shown = format!("{}/{name}.ron", kind.folder());
        return Ok(SourceFile::from_text(shown, text));
    }
    if path.is_file() {
        return SourceFile::read(&path);
    }
    Err(SourceError::UnknownName {
        kind,
        nearest: nearest(name_or_path, shipped(kind)).map(str::to_owned),
        name: name_or_path.to_owned(),
        available: shipped(kind),
    })
}

/// Whether a text is the path of a file rather than the name of a shipped one: it has a separator or ends
/// like a file that can be read.
pub(crate) fn is_path(name_or_path: &str) -> bool {
    let file_ends = [".ron", ".csv", ".cfg", ".ini", ".onnx"];
    name_or_path.contains(['/', MAIN_SEPARATOR])
        || file_ends.iter().any(|end| name_or_path.ends_with(end))
}

/// Reads the file at `path` that is no text, of at most `limit_bytes` bytes.
///
/// # Errors
/// As [`read_bytes`], a missing file with the nearest shipped name.
pub(crate) fn open_bytes(
    kind: FileKind,
    path: &str,
    limit_bytes: u64,
) -> Result<Vec<u8>, SourceError> {
    read_bytes(Path::new(path), limit_bytes).map_err(|error| with_nearest(kind, error))
}

fn with_nearest(kind: FileKind, error: SourceError) -> SourceError {
    match error {
        SourceError::Missing { path, .. } => SourceError::Missing {
            nearest: nearest_shipped(kind, &path),
            path,
        },
        other => other,
    }
}

fn nearest_shipped(kind: FileKind, path: &Path) -> Option<String> {
    nearest(path.file_stem()?.to_str()?, shipped(kind)).map(str::to_owned)
}
