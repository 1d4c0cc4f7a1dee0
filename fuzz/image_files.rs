//! Labelled images: files of records, label files, model descriptions.

use std::path::PathBuf;
use std::sync::Arc;

use axbxp::infer::data::cifar::Cifar;
use axbxp::infer::data::idx::Idx;
use axbxp::infer::data::{ImageError, Images, Pictures, Preprocessing, folder};
use axbxp::infer::model_file::ModelBundle;
use axbxp::source::{self, ByteFile, SourceFile};

use super::{file, show};

/// Most pictures of a file that are read.
const READ: usize = 4;

/// A file of CIFAR-10.
pub fn cifar(data: &[u8]) {
    read(Cifar::open(vec![ByteFile::from_bytes("cifar.bin", data)]));
}

/// Two files: the first byte says how many of those after it are the labels.
pub fn idx(data: &[u8]) {
    let Some((&length, rest)) = data.split_first() else {
        return;
    };
    let (labels, images) = rest.split_at(usize::from(length).min(rest.len()));
    let [images, labels] = [("images", images), ("labels", labels)]
        .map(|(name, bytes)| ByteFile::from_bytes(name, bytes));
    read(Idx::open(images, labels));
}

/// A label file.
pub fn labels(data: &[u8]) {
    let Some(file) = file("labels.csv", data) else {
        return;
    };
    match folder::rows(&file) {
        Ok(rows) => {
            assert!(!rows.is_empty());
            for row in rows {
                assert!(file.text().get(row.range).is_some());
            }
        }
        Err(error) => show_image(&error),
    }
}

/// A model description.
pub fn model(data: &[u8]) {
    let Some(file) = file("model.ron", data) else {
        return;
    };
    match ModelBundle::load(file, Some(&PathBuf::from("no such folder"))) {
        Ok(model) => assert_eq!(model.description().preprocessing.sha256().len(), 64),
        Err(diagnostics) => show(&diagnostics),
    }
}

/// The first pictures of a file, as a network would read them.
fn read(pictures: Result<impl Pictures + 'static, ImageError>) {
    let pictures = match pictures {
        Ok(pictures) => Arc::new(pictures),
        Err(error) => return show_image(&error),
    };
    let text = "(channels: rgb, crop: (3, 3), divide: 255.0, mean: [0.5])";
    let preprocessing: Preprocessing =
        source::parse(&SourceFile::from_text("text", text)).expect("right");
    let count = pictures.len().min(READ);
    if count == 0 {
        return;
    }
    match Images::read(pictures, 0..count, &preprocessing, 10) {
        Ok(images) => {
            let mut values = vec![f32::NAN; images.elements()];
            for index in 0..images.len() {
                images.input(index, &mut values).expect("kept");
                assert!(values.iter().all(|value| (-0.5..=0.5).contains(value)));
            }
        }
        Err(error) => show_image(&error),
    }
}

fn show_image(error: &ImageError) {
    match error {
        ImageError::Text(diagnostics) => show(diagnostics),
        other => assert!(other.to_string().contains(": ")),
    }
}
