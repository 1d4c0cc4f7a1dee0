//! The files that ship inside the binary, and finding a file by name or path.

use std::fmt;
use std::path::{MAIN_SEPARATOR, Path};

use include_dir::{Dir, include_dir};

use super::file::{SourceError, SourceFile, read_bytes};
use super::nearest::nearest;

// A file added to these folders is embedded when this file is next compiled.
static ARCH_CONFIGS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/arch-configs");
static WORKLOADS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/workloads");

/// What a shipped file describes, which decides the folder it lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// An accelerator: `arch-configs/*.ron`.
    Architecture,
    /// The approximation of each layer: `arch-configs/approx/*.ron`.
    Approximation,
    /// A DRAM standard: `arch-configs/dram/*.ron`.
    Dram,
    /// Energy and area of each component: `arch-configs/energy/*.ron`.
    Energy,
    /// How operands switch: `arch-configs/activity/*.ron`.
    Activity,
    /// Measured SRAM macros: `arch-configs/sram/*.ron`.
    Sram,
    /// A network: `workloads/*.ron`.
    Workload,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Shelf; 7] = [
        Shelf::Architecture,
        Shelf::Approximation,
        Shelf::Dram,
        Shelf::Energy,
        Shelf::Activity,
        Shelf::Sram,
        Shelf::Workload,
    ];

    /// The folder in the repository, such as `arch-configs/dram`.
    pub fn folder(self) -> &'static str {
        match self {
            Shelf::Architecture => "arch-configs",
            Shelf::Approximation => "arch-configs/approx",
            Shelf::Dram => "arch-configs/dram",
            Shelf::Energy => "arch-configs/energy",
            Shelf::Activity => "arch-configs/activity",
            Shelf::Sram => "arch-configs/sram",
            Shelf::Workload => "workloads",
        }
    }

    fn directory(self) -> Option<&'static Dir<'static>> {
        match self {
            Shelf::Architecture => Some(&ARCH_CONFIGS),
            Shelf::Approximation => ARCH_CONFIGS.get_dir("approx"),
            Shelf::Dram => ARCH_CONFIGS.get_dir("dram"),
            Shelf::Energy => ARCH_CONFIGS.get_dir("energy"),
            Shelf::Activity => ARCH_CONFIGS.get_dir("activity"),
            Shelf::Sram => ARCH_CONFIGS.get_dir("sram"),
            Shelf::Workload => Some(&WORKLOADS),
        }
    }

    /// Name (without `.ron`) and text of every file, unsorted.
    fn files(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.directory()
            .into_iter()
            .flat_map(|directory| directory.files())
            .filter_map(|file| {
                let name = file.path().file_name()?.to_str()?.strip_suffix(".ron")?;
                Some((name, file.contents_utf8()?))
            })
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shelf::Architecture => "architecture",
            Shelf::Approximation => "approximation configuration",
            Shelf::Dram => "DRAM standard",
            Shelf::Energy => "energy table",
            Shelf::Activity => "operand activity",
            Shelf::Sram => "SRAM table",
            Shelf::Workload => "network",
        })
    }
}

/// Names (without `.ron`) of the files that ship on a shelf, sorted.
pub fn shipped(shelf: Shelf) -> Vec<&'static str> {
    let mut names: Vec<_> = shelf.files().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

/// Opens a file by the name of a shipped one (`resnet50`) or by path.
///
/// A path is what has a separator or ends in `.ron`, `.csv`, `.cfg`, `.ini` or `.onnx`. Any other text is a shipped name, whatever the
/// current directory holds, so that a command means the same everywhere; only if none ships by that
/// name may it be a file in the current directory.
///
/// # Errors
/// As [`SourceFile::read`], and a name that nothing ships by; both with the nearest shipped name.
pub fn open(shelf: Shelf, name_or_path: &str) -> Result<SourceFile, SourceError> {
    open_in(shelf, name_or_path, Path::new(""))
}

/// As [`open`], with relative paths relative to the folder of the file that names them.
///
/// # Errors
/// As [`open`].
pub fn open_beside(
    shelf: Shelf,
    name_or_path: &str,
    referrer: &SourceFile,
) -> Result<SourceFile, SourceError> {
    let folder = referrer.path().and_then(Path::parent);
    open_in(shelf, name_or_path, folder.unwrap_or(Path::new("")))
}

fn open_in(shelf: Shelf, name_or_path: &str, folder: &Path) -> Result<SourceFile, SourceError> {
    let path = folder.join(name_or_path);
    if is_path(name_or_path) {
        return SourceFile::read(&path).map_err(|error| with_nearest(shelf, error));
    }
    if let Some((name, text)) = shelf.files().find(|&(name, _)| name == name_or_path) {
        let shown = format!("{}/{name}.ron", shelf.folder());
        return Ok(SourceFile::from_text(shown, text));
    }
    if path.is_file() {
        return SourceFile::read(&path);
    }
    Err(SourceError::UnknownName {
        shelf,
        nearest: nearest(name_or_path, shipped(shelf)).map(str::to_owned),
        name: name_or_path.to_owned(),
        available: shipped(shelf),
    })
}

/// Whether a text is the path of a file rather than the name of a shipped one: it has a separator or ends
/// like a file that can be read.
pub fn is_path(name_or_path: &str) -> bool {
    let file_ends = [".ron", ".csv", ".cfg", ".ini", ".onnx"];
    name_or_path.contains(['/', MAIN_SEPARATOR])
        || file_ends.iter().any(|end| name_or_path.ends_with(end))
}

/// Reads the file at `path` that is no text, of at most `limit_bytes` bytes.
///
/// # Errors
/// As [`read_bytes`], a missing file with the nearest shipped name.
pub fn open_bytes(shelf: Shelf, path: &str, limit_bytes: u64) -> Result<Vec<u8>, SourceError> {
    read_bytes(Path::new(path), limit_bytes).map_err(|error| with_nearest(shelf, error))
}

fn with_nearest(shelf: Shelf, error: SourceError) -> SourceError {
    match error {
        SourceError::Missing { path, .. } => SourceError::Missing {
            nearest: nearest_shipped(shelf, &path),
            path,
        },
        other => other,
    }
}

fn nearest_shipped(shelf: Shelf, path: &Path) -> Option<String> {
    nearest(path.file_stem()?.to_str()?, shipped(shelf)).map(str::to_owned)
}
