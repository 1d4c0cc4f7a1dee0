//! Bytes of the files that a description names: beside it on disk, or beside it inside the binary.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::SourceFile;
use super::shipped::embedded;
use super::source_error::SourceError;

/// The folder to which the paths in a file are relative.
#[derive(Debug, Clone)]
pub(crate) enum Base {
    /// On disk.
    Disk(PathBuf),
    /// Inside the binary, such as `workloads/models`.
    Embedded(PathBuf),
}

impl Base {
    /// The folder of `file`: `root` if one is given, else where the file is, inside the binary if it ships there.
    pub(crate) fn of(file: &SourceFile, root: Option<&Path>) -> Base {
        if let Some(root) = root {
            return Base::Disk(root.to_owned());
        }
        let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
        match file.path() {
            Some(path) => Base::Disk(folder(path)),
            None => Base::Embedded(folder(Path::new(file.name()))),
        }
    }

    /// The path of `relative` for messages and, on disk, for the operating system.
    pub(crate) fn join(&self, relative: &str) -> PathBuf {
        match self {
            Base::Disk(folder) | Base::Embedded(folder) => folder.join(relative),
        }
    }

    /// Whether paths lead to the disk.
    pub(crate) fn is_on_disk(&self) -> bool {
        matches!(self, Base::Disk(_))
    }

    /// Opens the file `relative`.
    ///
    /// # Errors
    /// There is no such file, or it is a directory, a pipe or a device.
    pub(crate) fn open(&self, relative: &str) -> Result<ByteFile, SourceError> {
        let path = self.join(relative);
        match self {
            Base::Disk(_) => ByteFile::on_disk(path),
            Base::Embedded(_) => match embedded(&path) {
                Some(bytes) => Ok(ByteFile {
                    path,
                    length: bytes.len() as u64,
                    content: Content::Embedded(bytes),
                }),
                None => Err(SourceError::Missing {
                    path,
                    nearest: None,
                }),
            },
        }
    }
}

/// A file that is read in pieces.
#[derive(Debug, Clone)]
pub struct ByteFile {
    path: PathBuf,
    length: u64,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Disk,
    Embedded(&'static [u8]),
    Memory(Arc<[u8]>),
}

impl ByteFile {
    /// A file on disk.
    ///
    /// # Errors
    /// There is no such file, or it is a directory, a pipe or a device.
    pub fn on_disk(path: PathBuf) -> Result<ByteFile, SourceError> {
        // Asked before it is opened: opening a pipe would wait for a writer.
        let metadata = std::fs::metadata(&path).map_err(|error| failed(&path, error))?;
        if metadata.is_dir() {
            return Err(SourceError::Directory { path });
        }
        if !metadata.is_file() {
            return Err(SourceError::NotAFile { path });
        }
        Ok(ByteFile {
            path,
            length: metadata.len(),
            content: Content::Disk,
        })
    }

    /// Bytes that are no file on disk, with the path to show for them.
    pub fn from_bytes(path: impl Into<PathBuf>, bytes: impl Into<Arc<[u8]>>) -> ByteFile {
        let bytes = bytes.into();
        ByteFile {
            path: path.into(),
            length: bytes.len() as u64,
            content: Content::Memory(bytes),
        }
    }

    /// Its path, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The `length` bytes from `offset` on.
    ///
    /// # Errors
    /// It can not be read, or ends before.
    pub fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, SourceError> {
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(failed(&self.path, io::ErrorKind::UnexpectedEof.into()));
        }
        let part = |bytes: &[u8]| Ok(bytes[offset as usize..][..length].to_vec());
        match &self.content {
            Content::Embedded(bytes) => return part(bytes),
            Content::Memory(bytes) => return part(bytes),
            Content::Disk => {}
        }
        let read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = vec![0; length];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error| failed(&self.path, error))
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`read`](Self::read), or it is longer than `most` bytes.
    pub fn read_all(&self, most: u64) -> Result<Vec<u8>, SourceError> {
        if self.length > most {
            return Err(SourceError::TooLarge {
                path: self.path.clone(),
                limit_bytes: most,
            });
        }
        self.read(0, self.length as usize)
    }
}

fn failed(path: &Path, source: io::Error) -> SourceError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SourceError::Missing {
            path,
            nearest: None,
        },
        _ => SourceError::Read { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipped_file_finds_its_neighbours_inside_the_binary() {
        let file = SourceFile::from_text("workloads/models/fashion_cnn.ron", "()");
        let base = Base::of(&file, None);
        let labels = base.open("fashion_test1000-labels-idx1-ubyte").unwrap();
        assert_eq!(labels.length(), 1008);
        assert_eq!(labels.read(0, 4).unwrap(), [0, 0, 8, 1]);
        assert!(labels.read(1000, 9).is_err());
        assert!(labels.read(u64::MAX, 2).is_err());
        assert!(labels.read_all(1007).is_err());
        assert!(base.open("../../Cargo.toml").is_err());
    }

    #[test]
    fn a_root_goes_before_the_folder_of_the_file() {
        let file = SourceFile::from_text("workloads/models/fashion_cnn.ron", "()");
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("data"), b"0123").unwrap();
        let base = Base::of(&file, Some(root.path()));
        assert_eq!(base.open("data").unwrap().read(1, 2).unwrap(), b"12");
        assert!(matches!(
            base.open("none"),
            Err(SourceError::Missing { .. })
        ));
        assert!(matches!(base.open("."), Err(SourceError::Directory { .. })));
    }
}
