//! The schema of a model description.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::infer::data::Preprocessing;

/// A trained network with labelled images: paths are relative to the file, or to the folder that `--root` gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "ModelDescription", deny_unknown_fields)]
pub struct ModelFile {
    /// Short name for reports.
    pub name: String,
    /// What it is, where it comes from, how accurate it is in floating point.
    #[serde(default)]
    pub description: String,
    /// The network and its parameters: an ONNX file.
    pub model: String,
    /// SHA-256 of that file in hexadecimal, if it has to be this one.
    #[serde(default)]
    pub model_sha256: Option<String>,
    /// Classes, which labels count from 0.
    pub classes: u32,
    /// From the images of the files to the values that the network reads.
    pub preprocessing: Preprocessing,
    /// The labelled images.
    pub images: ImageSets,
}

/// Three sets of labelled images that have none in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSets {
    /// To find the ranges of values, and corrections.
    pub calibration: ImageSet,
    /// To choose a configuration.
    pub selection: ImageSet,
    /// To say how accurate it is.
    pub report: ImageSet,
}

/// Some of the images of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSet {
    /// Where they are.
    pub source: ImageSource,
    /// The first of them, counted from 0.
    #[serde(default)]
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// Files with labelled images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ImageSource {
    /// CIFAR-10 in its binary form: the records of these files, one file after the other.
    Cifar10(Vec<String>),
    /// Two IDX files (MNIST, Fashion-MNIST), not compressed.
    Idx {
        /// Images.
        images: String,
        /// Their labels.
        labels: String,
    },
    /// PNG and JPEG files.
    Folder {
        /// The folder.
        path: String,
        /// A CSV file in it whose columns `file` and `label` give the class of each image; others do not count.
        #[serde(default = "labels_csv")]
        labels: String,
    },
}

fn labels_csv() -> String {
    "labels.csv".to_owned()
}

/// One of the three sets.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SetName {
    /// To find the ranges of values, and corrections.
    Calibration,
    /// To choose a configuration.
    Selection,
    /// To say how accurate it is.
    Report,
}

impl SetName {
    /// All three.
    pub const ALL: [SetName; 3] = [SetName::Calibration, SetName::Selection, SetName::Report];

    /// Its name in files and arguments.
    pub fn name(self) -> &'static str {
        match self {
            SetName::Calibration => "calibration",
            SetName::Selection => "selection",
            SetName::Report => "report",
        }
    }
}

impl ImageSets {
    /// The set of this name.
    pub fn get(&self, name: SetName) -> &ImageSet {
        match name {
            SetName::Calibration => &self.calibration,
            SetName::Selection => &self.selection,
            SetName::Report => &self.report,
        }
    }
}
