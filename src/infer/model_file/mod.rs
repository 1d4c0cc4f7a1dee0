//! Trained networks with their labelled images, as RON files describe them.
//!
//! A description ([`ModelFile`]) names an ONNX file, what is done to a picture before the network reads it,
//! and three sets of labelled images that have none in common: for calibration, for the selection of a configuration,
//! and for the report. [`ModelBundle`] reads and checks one, then opens what it names.

mod check;
mod schema;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use check::{MAX_CLASSES, MAX_IMAGES};
pub use schema::{ImageSet, ImageSets, ImageSource, ModelFile, SetName};

use super::data::cifar::Cifar;
use super::data::folder::Folder;
use super::data::idx::Idx;
use super::data::{ImageError, Images, Pictures, hex};
use super::error::InferError;
use super::float::FloatNetwork;
use crate::source::{
    self, Base, ByteFile, Checker, Diagnostics, FileKind, LoadError, Place, SourceError, SourceFile,
};
use crate::workload::Model;
use crate::workload::onnx::{self, OnnxError};

/// A checked description, and where the files are that it names.
#[derive(Debug, Clone)]
pub struct ModelBundle {
    source: SourceFile,
    description: ModelFile,
    base: Base,
}

/// The network's file.
#[derive(Debug, Clone)]
pub struct ModelBytes {
    /// Its path, or that inside the binary.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// Why a trained network or its images can not be had.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file can not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The description does not fit what it names.
    #[error(transparent)]
    Description(#[from] Diagnostics),
    /// An image, or its label.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The ONNX file is not one that can be read here.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The network can not be computed, or not on these images.
    #[error(transparent)]
    Infer(#[from] InferError),
}

/// A trained network, read.
#[derive(Debug, Clone)]
pub struct TrainedModel {
    /// It. Its input is unsigned where the preprocessing makes no negative values.
    pub model: Model,
    /// Where its file is, on disk or inside the binary.
    pub path: PathBuf,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
}

impl ModelBundle {
    /// Reads the description in `source`. What it names is relative to `root`, or else to where it is.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else everything that is wrong without opening what it names, each at
    /// its place: sets of images that share some too.
    pub fn load(source: SourceFile, root: Option<&Path>) -> Result<ModelBundle, Diagnostics> {
        let description: ModelFile = source::parse_as(FileKind::Model, &source)?;
        let mut checker = Checker::new(&source);
        check::check(&description, &mut checker);
        let description = checker.finish(description)?;
        Ok(ModelBundle {
            base: Base::of(&source, root),
            source,
            description,
        })
    }

    /// Opens a shipped description by name, or a file by path, and reads it.
    ///
    /// # Errors
    /// As [`source::open`] and [`load`](Self::load).
    pub fn open(name_or_path: &str, root: Option<&Path>) -> Result<ModelBundle, LoadError> {
        let source = source::open(FileKind::Model, name_or_path)?;
        Ok(ModelBundle::load(source, root)?)
    }

    /// What the file says.
    pub fn description(&self) -> &ModelFile {
        &self.description
    }

    /// The file's text and name.
    pub fn source(&self) -> &SourceFile {
        &self.source
    }

    /// Reads the file of the network.
    ///
    /// # Errors
    /// It can not be read, has more than [`onnx::MAX_ONNX_BYTES`], or is not the one whose hash the description gives.
    pub fn model_bytes(&self) -> Result<ModelBytes, ModelError> {
        let file = self.open_named(Place::root().field("model"), &self.description.model)?;
        let bytes = file.read_all(onnx::MAX_ONNX_BYTES)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        if let Some(expected) = &self.description.model_sha256
            && !expected.eq_ignore_ascii_case(&sha256)
        {
            let message = format!(
                "{} is another file: its SHA-256 is {sha256}",
                file.path().display()
            );
            return Err(self
                .wrong(
                    Place::root().field("model_sha256"),
                    message,
                    "expected this one",
                )
                .into());
        }
        Ok(ModelBytes {
            path: file.path().to_owned(),
            bytes,
            sha256,
        })
    }

    /// Reads the network.
    ///
    /// # Errors
    /// As [`model_bytes`](Self::model_bytes), and what is not ONNX or asks for what is not computed here.
    pub fn trained(&self) -> Result<TrainedModel, ModelError> {
        let ModelBytes {
            path,
            bytes,
            sha256,
        } = self.model_bytes()?;
        let model = onnx::import(&path.display().to_string(), &bytes)?;
        let unsigned = self.description.preprocessing.is_unsigned();
        Ok(TrainedModel {
            model: if unsigned {
                model.with_unsigned_input()
            } else {
                model
            },
            path,
            sha256,
        })
    }

    /// Opens all that the description names: the network, and every image of the three sets.
    ///
    /// # Errors
    /// As [`trained`](Self::trained), [`check_network`](Self::check_network) and [`images_for`](Self::images_for).
    pub fn check_all(&self) -> Result<(), ModelError> {
        let trained = self.trained()?;
        let network = FloatNetwork::new(&trained.model)?;
        self.check_network(&network)?;
        for set in SetName::ALL {
            self.images_for(&network, set, None)?;
        }
        Ok(())
    }

    /// Whether the network has the classes that the description says.
    ///
    /// # Errors
    /// It has others.
    pub fn check_network(&self, network: &FloatNetwork<'_>) -> Result<(), Diagnostics> {
        let (classes, said) = (network.classes(), self.description.classes);
        if classes != said as usize {
            let message = format!("the network has {classes} classes, not {said}");
            return Err(self.wrong(
                Place::root().field("classes"),
                message,
                format!("expected {classes}"),
            ));
        }
        Ok(())
    }

    /// As [`images`](Self::images), of the size that `network` reads.
    ///
    /// # Errors
    /// As [`images`](Self::images), and images of another size.
    pub fn images_for(
        &self,
        network: &FloatNetwork<'_>,
        set: SetName,
        limit: Option<u64>,
    ) -> Result<Images, ModelError> {
        let images = self.images(set, limit)?;
        let (found, expected) = (images.shape(), network.input_shape());
        if found != expected {
            let text = |[height, width, channels]: [usize; 3]| {
                format!("{height}x{width} pixels of {channels} channels")
            };
            let message = format!("the images become {}", text(found));
            let expected = format!("the network reads {}", text(expected));
            return Err(self
                .wrong(Place::root().field("preprocessing"), message, expected)
                .into());
        }
        Ok(images)
    }

    /// Reads a set of images, or the first `limit` of them.
    ///
    /// # Errors
    /// A file that can not be read or is not what it should be, fewer images than the set has, images of different
    /// sizes, labels that are no classes.
    pub fn images(&self, set: SetName, limit: Option<u64>) -> Result<Images, ModelError> {
        let ImageSet {
            source,
            first,
            count,
        } = self.description.images.get(set);
        let place = Place::root().field("images").field(set.name());
        let pictures = self.pictures(source, place.clone().field("source"))?;
        let there = pictures.len() as u64;
        if first.saturating_add(*count) > there {
            let mut checker = Checker::new(&self.source);
            let field = if *first >= there { "first" } else { "count" };
            checker.report(
                place.field(field),
                format!("images {first} to {} are asked for", first + count - 1),
                format!("there are {there}, counted from 0"),
            );
            checker.finish(())?;
        }
        let wanted = (*count).min(limit.unwrap_or(u64::MAX)).max(1);
        // Both are at most the number of pictures.
        let range = *first as usize..(first + wanted) as usize;
        let description = &self.description;
        Ok(Images::read(
            pictures,
            range,
            &description.preprocessing,
            description.classes,
        )?)
    }

    /// The pictures of a source that stands at `place`.
    fn pictures(
        &self,
        source: &ImageSource,
        place: Place,
    ) -> Result<Arc<dyn Pictures>, ModelError> {
        let open = |path: &String| self.open_named(place.clone(), path);
        Ok(match source {
            ImageSource::Cifar10(files) => {
                let files = files.iter().map(open).collect::<Result<_, _>>()?;
                Arc::new(Cifar::open(files)?)
            }
            ImageSource::Idx { images, labels } => {
                Arc::new(Idx::open(open(images)?, open(labels)?)?)
            }
            ImageSource::Folder { path, labels } => {
                let folder = self.base.join(path);
                if !self.base.is_on_disk() || !folder.is_dir() {
                    let message = format!("{}: no such folder", folder.display());
                    return Err(self.wrong(place, message, "named here").into());
                }
                let labels = SourceFile::read(&folder.join(labels))
                    .map_err(|error| self.wrong(place, error.to_string(), "named here"))?;
                Arc::new(Folder::open(folder, labels)?)
            }
        })
    }

    /// Opens the file `path` that is named at `place`.
    fn open_named(&self, place: Place, path: &str) -> Result<ByteFile, Diagnostics> {
        self.base
            .open(path)
            .map_err(|error| self.wrong(place, error.to_string(), "named here"))
    }

    /// Something is wrong with what stands at `place`.
    fn wrong(
        &self,
        place: Place,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> Diagnostics {
        let mut checker = Checker::new(&self.source);
        checker.report(place, message, expected);
        checker.into_diagnostics()
    }
}
