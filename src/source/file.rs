//! The text of one file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::place::Place;
use super::source_error::SourceError;

/// Larger files are refused: 16 MiB, a few hundred times the largest network that ships.
pub const MAX_FILE_BYTES: u64 = 16 << 20;

/// A text with the name to show for it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    name: Arc<str>,
    text: Arc<str>,
    path: Option<Arc<Path>>,
    /// Where the places of what was imported from it stand in the text; none for RON, which is searched.
    places: Option<Arc<Places>>,
    /// Number of the text's first line: above 1 for a piece of something longer.
    first_line: usize,
}

/// Where each place of an imported structure stands in the text it was imported from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places(BTreeMap<String, Range<usize>>);

impl Places {
    /// `place` stands at `range`.
    pub fn insert(&mut self, place: &Place, range: Range<usize>) {
        self.0.insert(place.to_string(), range);
    }

    /// The bytes of `place` or of its nearest ancestor that has any, and whether they are its own.
    pub(super) fn locate(&self, place: &Place) -> Option<(Range<usize>, bool)> {
        let parts = place.parts();
        (0..=parts.len()).rev().find_map(|length| {
            let ancestor = Place::from_parts(&parts[..length]);
            let range = self.0.get(&ancestor.to_string())?;
            Some((range.clone(), length == parts.len()))
        })
    }
}

impl SourceFile {
    /// Reads a file from disk. A leading byte order mark is dropped.
    ///
    /// # Errors
    /// The file is missing, a directory, empty (or only white space), larger than [`MAX_FILE_BYTES`],
    /// not UTF-8, or cannot be read.
    pub fn read(path: &Path) -> Result<SourceFile, SourceError> {
        let bytes = read_bytes(path, MAX_FILE_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            SourceError::NotUtf8 {
                path: path.to_owned(),
                offset,
                line: 1 + bytes[..offset]
                    .iter()
                    .filter(|&&byte| byte == b'\n')
                    .count(),
                byte: bytes[offset],
            }
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim().is_empty() {
            return Err(SourceError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(SourceFile {
            name: path.display().to_string().into(),
            text: text.into(),
            path: Some(path.into()),
            places: None,
            first_line: 1,
        })
    }

    /// A text that is no file on disk.
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> SourceFile {
        SourceFile {
            name: name.into().into(),
            text: text.into().into(),
            path: None,
            places: None,
            first_line: 1,
        }
    }

    /// A few lines, from `first_line` on (counted from 1), of something too long to hold as a whole.
    pub fn excerpt(name: impl Into<String>, first_line: usize, text: impl Into<String>) -> Self {
        SourceFile {
            first_line,
            ..SourceFile::from_text(name, text)
        }
    }

    /// The same text, from which something was imported that is not RON: diagnostics find places in `places`.
    #[must_use]
    pub fn with_places(&self, places: Places) -> SourceFile {
        SourceFile {
            places: Some(places.into()),
            ..self.clone()
        }
    }

    pub(super) fn first_line(&self) -> usize {
        self.first_line
    }

    pub(super) fn places(&self) -> Option<&Places> {
        self.places.as_deref()
    }

    /// What follows the last dot of its name, in lower case.
    pub fn extension(&self) -> Option<String> {
        let extension = Path::new(self.name()).extension()?;
        Some(extension.to_str()?.to_ascii_lowercase())
    }

    /// Its name without folder and extension.
    pub fn stem(&self) -> Option<&str> {
        Path::new(self.name()).file_stem()?.to_str()
    }

    /// The name to show: the path as given, or the name of a shipped file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it was read from; none for a shipped file or [`from_text`](Self::from_text).
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

/// Reads a file that is no text, of at most `limit_bytes` bytes.
///
/// # Errors
/// The file is missing, a directory, larger, or cannot be read.
pub(super) fn read_bytes(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, SourceError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SourceError::Missing {
            path: path.to_owned(),
            nearest: None,
        },
        io::ErrorKind::IsADirectory => SourceError::Directory {
            path: path.to_owned(),
        },
        _ => SourceError::Read {
            path: path.to_owned(),
            source,
        },
    };
    if path.is_dir() {
        return Err(SourceError::Directory {
            path: path.to_owned(),
        });
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, even one without a length (a pipe).
    File::open(path)
        .and_then(|file| file.take(limit_bytes + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(SourceError::TooLarge {
            path: path.to_owned(),
            limit_bytes,
        });
    }
    Ok(bytes)
}
