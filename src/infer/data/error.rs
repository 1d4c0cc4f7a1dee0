//! Why images can not be had.

use std::path::{Path, PathBuf};

use crate::source::{Diagnostics, SourceError};

/// Why an image, or a set of them, can not be had.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Values that are no whole number of images, or another number of images than of labels.
    #[error("{values} values are not {labels} images of {elements} values")]
    Count {
        /// Values there.
        values: usize,
        /// Labels there.
        labels: usize,
        /// Values of an image.
        elements: usize,
    },
    /// A file is not what it should be.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A record of a file is not what it should be.
    #[error("{}: record {record}: {what}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The record, counted from 0.
        record: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A file can not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Something is wrong with a text, such as `labels.csv`.
    #[error(transparent)]
    Text(#[from] Diagnostics),
}

impl ImageError {
    /// Something is wrong with a whole file.
    pub(crate) fn file(path: &Path, what: impl Into<String>) -> ImageError {
        ImageError::File {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    /// Something is wrong with a record of a file.
    pub(crate) fn record(path: &Path, record: usize, what: impl Into<String>) -> ImageError {
        ImageError::Record {
            path: path.to_owned(),
            record,
            what: what.into(),
        }
    }
}
