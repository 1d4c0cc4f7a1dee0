//! Why a file can not be read.

use std::io;
use std::path::PathBuf;

use super::kind::FileKind;

/// Why there is no text to parse.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No such file.
    #[error("{}: no such file{}", path.display(), did_you_mean(nearest.as_deref()))]
    Missing {
        /// As given.
        path: PathBuf,
        /// The shipped name closest to it.
        nearest: Option<String>,
    },
    /// A directory where a file should be.
    #[error("{}: is a directory, expected a file", path.display())]
    Directory {
        /// As given.
        path: PathBuf,
    },
    /// A pipe or a device where a file should be.
    #[error("{}: is no ordinary file", path.display())]
    NotAFile {
        /// As given.
        path: PathBuf,
    },
    /// Nothing but white space.
    #[error("{}: the file is empty", path.display())]
    Empty {
        /// As given.
        path: PathBuf,
    },
    /// Larger than allowed.
    #[error("{}: larger than {} MiB, the limit for a file of this kind", path.display(), limit_bytes >> 20)]
    TooLarge {
        /// As given.
        path: PathBuf,
        /// The most allowed.
        limit_bytes: u64,
    },
    /// Not UTF-8 text.
    #[error("{}: not UTF-8 text: byte {byte:#04x} at byte offset {offset} (line {line})", path.display())]
    NotUtf8 {
        /// As given.
        path: PathBuf,
        /// Bytes before the first that is not UTF-8.
        offset: usize,
        /// The line it is on, counted from 1.
        line: usize,
        /// That byte.
        byte: u8,
    },
    /// The operating system refused.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// As given.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// Neither a path nor the name of a shipped file.
    #[error(
        "there is no {kind} named `{}`{}\n  shipped: {}\n  or give the path of a .ron file",
        name.escape_debug(),
        did_you_mean(nearest.as_deref()),
        if available.is_empty() { "none".to_owned() } else { available.join(", ") }
    )]
    UnknownName {
        /// What was looked for.
        kind: FileKind,
        /// As given.
        name: String,
        /// The shipped name closest to it.
        nearest: Option<String>,
        /// Every shipped name.
        available: Vec<&'static str>,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
