//! Measurements on disk, so that a search that was stopped goes on where it was.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::infer::data::hex;

/// Larger stores are refused: 1 GiB.
const MAX_BYTES: u64 = 1 << 30;

/// Measurements by a hash of what they depend on; a log of one JSON object per line. What a killed process left half
/// written at its end is dropped.
#[derive(Debug)]
pub struct Store {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    values: HashMap<String, serde_json::Value>,
    log: Option<(PathBuf, File)>,
    /// Why a value could not be written; later ones are not tried.
    failed: Option<StoreError>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    value: serde_json::Value,
}

/// Why a store can not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("{}: another search is using it", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is no store.
    #[error("{}:{line}: expected {{\"key\": .., \"value\": ..}}; delete the file to begin anew", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// It is larger than any search makes.
    #[error("{}: larger than 1 GiB; delete the file to begin anew", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl Store {
    /// A store that is gone with the process.
    pub fn in_memory() -> Store {
        Store::new(HashMap::new(), None)
    }

    fn new(values: HashMap<String, serde_json::Value>, log: Option<(PathBuf, File)>) -> Store {
        let inner = Inner {
            values,
            log,
            failed: None,
        };
        Store {
            inner: Mutex::new(inner),
        }
    }

    /// Opens the store at `path`, or begins one there, for this process alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let failed = |source| StoreError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut bytes = Vec::new();
        (&file)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(StoreError::TooLarge {
                path: path.to_owned(),
            });
        }
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let mut values = HashMap::new();
        let lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
        for (index, line) in lines.enumerate() {
            let line: Line = serde_json::from_slice(line).map_err(|_| StoreError::Malformed {
                path: path.to_owned(),
                line: index + 1,
            })?;
            values.insert(line.key, line.value);
        }
        file.set_len(whole as u64).map_err(failed)?;
        file.seek(SeekFrom::Start(whole as u64)).map_err(failed)?;
        Ok(Store::new(values, Some((path.to_owned(), file))))
    }

    /// How many measurements it holds.
    pub fn len(&self) -> usize {
        self.lock().values.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The measurement under `key`, taken now if there is none yet.
    ///
    /// # Errors
    /// That of taking it.
    pub fn get_or<T: Serialize + DeserializeOwned, E>(
        &self,
        key: &str,
        measure: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let known = self.lock().values.get(key).cloned();
        // A value of another type is one of another version: taken anew.
        if let Some(Ok(value)) = known.map(serde_json::from_value) {
            return Ok(value);
        }
        let value = measure()?;
        self.put(key, &value);
        Ok(value)
    }

    fn put<T: Serialize>(&self, key: &str, value: &T) {
        let Ok(value) = serde_json::to_value(value) else {
            return;
        };
        let mut inner = self.lock();
        let line = Line {
            key: key.to_owned(),
            value,
        };
        if inner.failed.is_none()
            && let Some((path, file)) = &mut inner.log
        {
            let written =
                serde_json::to_vec(&line)
                    .map_err(io::Error::from)
                    .and_then(|mut bytes| {
                        bytes.push(b'\n');
                        file.write_all(&bytes)
                    });
            if let Err(source) = written {
                let path = path.clone();
                inner.failed = Some(StoreError::Io { path, source });
            }
        }
        inner.values.insert(line.key, line.value);
    }

    /// Why measurements could not be written, if so; the search itself does not depend on it.
    pub fn failure(&self) -> Option<StoreError> {
        self.lock().failed.take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A panic elsewhere leaves the map as it was before or after an insertion.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of a measurement: a SHA-256 over its parts, each with its length.
pub(super) fn key(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(store: &Store, key: &str, value: f64) -> f64 {
        let taken: Result<f64, ()> = store.get_or(key, || Ok(value));
        taken.unwrap()
    }

    #[test]
    fn a_store_gives_back_what_it_was_given_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let values = [0.1 + 0.2, 1e-300, 123_456_789.123_456_78, f64::MIN_POSITIVE];
        {
            let store = Store::open(&path).unwrap();
            for (index, &value) in values.iter().enumerate() {
                measure(&store, &index.to_string(), value);
            }
        }
        let store = Store::open(&path).unwrap();
        assert_eq!(store.len(), values.len());
        for (index, &value) in values.iter().enumerate() {
            let known = measure(&store, &index.to_string(), -1.0);
            assert_eq!(known.to_bits(), value.to_bits());
        }
    }

    #[test]
    fn what_a_killed_process_left_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        measure(&Store::open(&path).unwrap(), "a", 1.0);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, [&whole[..], &whole[..cut]].concat()).unwrap();
            let store = Store::open(&path).unwrap();
            assert_eq!(measure(&store, "a", 2.0), 1.0);
            assert_eq!(measure(&store, "b", 3.0), 3.0);
            drop(store);
            assert_eq!(Store::open(&path).unwrap().len(), 2);
        }
    }

    #[test]
    fn a_store_is_for_one_process_and_only_stores_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let store = Store::open(&path).unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::InUse { .. }), "{error}");
        drop(store);
        std::fs::write(&path, "{\"key\":\"a\",\"value\":1}\nsome text\n").unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(
            matches!(error, StoreError::Malformed { line: 2, .. }),
            "{error}"
        );
        // It is not touched.
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .ends_with("some text\n")
        );
    }

    #[test]
    fn parts_of_a_key_do_not_run_into_each_other() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_eq!(key(&["a"]).len(), 64);
    }
}
