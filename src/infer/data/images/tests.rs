use std::fs;
use std::path::Path;

use image::{GrayImage, RgbImage};

use super::super::cifar::Cifar;
use super::super::folder::Folder;
use super::super::idx::Idx;
use super::super::preprocessing::{ChannelOrder, Filter, Resize};
use super::*;
use crate::source::{ByteFile, SourceFile};

fn plain(channels: ChannelOrder) -> Preprocessing {
    Preprocessing {
        resize: None,
        filter: Filter::Bilinear,
        crop: None,
        channels,
        divide: 1.0,
        mean: vec![0.0],
        std: vec![1.0],
    }
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> ByteFile {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    ByteFile::on_disk(path).unwrap()
}

fn idx_bytes(dimensions: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|d| d.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

fn values(images: &Images, index: usize) -> Vec<f32> {
    let mut values = vec![0.0; images.elements()];
    images.input(index, &mut values).unwrap();
    values
}

/// Two images of 2 x 3 pixels.
fn two(folder: &Path) -> Arc<dyn Pictures> {
    let pixels: Vec<u8> = (0..12).collect();
    let images = file(folder, "images", &idx_bytes(&[2, 2, 3], &pixels));
    let labels = file(folder, "labels", &idx_bytes(&[2], &[4, 7]));
    Arc::new(Idx::open(images, labels).unwrap())
}

#[test]
fn idx_images_are_normalised_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let preprocessing = Preprocessing {
        divide: 2.0,
        mean: vec![1.0],
        std: vec![0.5],
        ..plain(ChannelOrder::Grey)
    };
    let images = Images::read(two(folder.path()), 0..2, &preprocessing, 8).unwrap();
    assert_eq!(images.shape(), [2, 3, 1]);
    assert_eq!((images.label(0), images.label(1)), (4, 7));
    assert_eq!(values(&images, 1), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
}

#[test]
fn kept_or_read_anew_makes_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let preprocessing = plain(ChannelOrder::Rgb);
    let read =
        |most| Images::read_capped(two(folder.path()), 1..2, &preprocessing, 8, most).unwrap();
    let (kept, anew) = (read(1000), read(17));
    assert!(matches!(anew.store, Store::Files { .. }));
    assert!(matches!(kept.store, Store::Pixels { .. }));
    assert_eq!(values(&kept, 0), values(&anew, 0));
    assert_eq!(kept.sha256().unwrap(), anew.sha256().unwrap());
    let other = Images::read(two(folder.path()), 0..1, &preprocessing, 8).unwrap();
    assert_ne!(kept.sha256().unwrap(), other.sha256().unwrap());
}

#[test]
fn labels_have_to_be_classes() {
    let folder = tempfile::tempdir().unwrap();
    let images = two(folder.path());
    let error = Images::read(images, 0..2, &plain(ChannelOrder::Grey), 7).unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("labels: record 1: label 7, but the classes are 0 to 6"),
        "{text}"
    );
}

#[test]
fn what_is_no_idx_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let good = || file(folder, "good", &idx_bytes(&[1, 1, 1], &[0]));
    let refused = |images: ByteFile, labels: Vec<u8>, part: &str| {
        let labels = file(folder, "labels", &labels);
        let text = Idx::open(images, labels).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    let label = || idx_bytes(&[1], &[0]);
    let images = |bytes: Vec<u8>| file(folder, "images", &bytes);
    refused(good(), vec![0, 0], "2 bytes are no IDX file");
    refused(good(), vec![0x1f, 0x8b, 8, 0, 0], "gzip");
    refused(
        good(),
        vec![0, 0, 9, 1, 0],
        "begins with the bytes 00 00 09",
    );
    refused(
        good(),
        idx_bytes(&[1, 1], &[0]),
        "2 dimensions, expected the 1 of labels",
    );
    refused(
        good(),
        vec![0, 0, 8, 1, 0],
        "ends in its header: 5 of 8 bytes",
    );
    refused(good(), idx_bytes(&[2], &[0, 0]), "2 labels, but");
    refused(
        good(),
        idx_bytes(&[2], &[0]),
        "speaks of [2], which takes 10",
    );
    refused(
        images(idx_bytes(&[1, 0, 1], &[])),
        label(),
        "images of 0 rows",
    );
    let vast = idx_bytes(&[u32::MAX; 3], &[0]);
    refused(images(vast), label(), "more than 2^64");
}

#[test]
fn cifar_planes_become_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let mut record = vec![3];
    record.extend([10; 1024]);
    record.extend([20; 1024]);
    record.extend([30; 1024]);
    record[1 + 33] = 11;
    let one = file(folder.path(), "one", &record);
    record[0] = 5;
    let two = file(folder.path(), "two", &[&record[..], &record].concat());
    let pictures = Arc::new(Cifar::open(vec![one, two]).unwrap());
    assert_eq!(pictures.len(), 3);
    let images = Images::read(pictures.clone(), 0..3, &plain(ChannelOrder::Bgr), 10).unwrap();
    assert_eq!([0, 1, 2].map(|i| images.label(i)), [3, 5, 5]);
    let values = values(&images, 2);
    assert_eq!(values[..3], [30.0, 20.0, 10.0]);
    // Row 1, column 1.
    assert_eq!(values[3 * 33..][..3], [30.0, 20.0, 11.0]);
    let error = pictures.error(2, "wrong".to_owned()).to_string();
    assert!(error.ends_with("two: record 1: wrong"), "{error}");

    let half = file(folder.path(), "half", &record[..3000]);
    let error = Cifar::open(vec![half]).unwrap_err().to_string();
    assert!(error.contains("half: 3000 bytes"), "{error}");
    let none = file(folder.path(), "none", &[]);
    assert!(Cifar::open(vec![none]).is_err());
}

#[test]
fn sizes_and_crops() {
    let pixels = |preprocessing: &Preprocessing, width, height| {
        let picture = GrayImage::from_fn(width, height, |x, y| image::Luma([(10 * y + x) as u8]));
        preprocessing.pixels(super::super::Picture::Grey(picture))
    };
    let mut preprocessing = Preprocessing {
        crop: Some([2, 4]),
        ..plain(ChannelOrder::Grey)
    };
    let (cropped, size) = pixels(&preprocessing, 7, 5).unwrap();
    assert_eq!(size, [2, 4]);
    assert_eq!(cropped, [11, 12, 13, 14, 21, 22, 23, 24]);
    assert!(
        pixels(&preprocessing, 3, 5)
            .unwrap_err()
            .contains("too few")
    );
    // Halved: each pixel a weighted mean of those around, so a gradient stays one: at row 6.5, column 12.5.
    preprocessing.crop = None;
    preprocessing.resize = Some(Resize::ShorterSide(8));
    let (halved, size) = pixels(&preprocessing, 20, 16).unwrap();
    assert_eq!(size, [8, 10]);
    assert_eq!(halved[10 * 3 + 6], 78);
    let extreme = pixels(&preprocessing, 16_000, 1).unwrap_err();
    assert!(extreme.contains("would become 8x128000"), "{extreme}");
}

#[test]
fn folders_hold_png_and_jpeg() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    RgbImage::from_pixel(4, 4, image::Rgb([1, 2, 3]))
        .save(at("a.png"))
        .unwrap();
    GrayImage::from_pixel(4, 4, image::Luma([90]))
        .save(at("b.jpg"))
        .unwrap();
    let labels = "author,file,label\n\"Doe, Jane\",a.png,1\n\nx,b.jpg,0\n";
    let labels = SourceFile::from_text("labels.csv", labels);
    let pictures = Arc::new(Folder::open(folder.path().to_owned(), labels).unwrap());
    let images = Images::read(pictures.clone(), 0..2, &plain(ChannelOrder::Rgb), 2).unwrap();
    assert_eq!((images.label(0), images.label(1)), (1, 0));
    assert_eq!(values(&images, 0)[..3], [1.0, 2.0, 3.0]);
    assert!((values(&images, 1)[0] - 90.0).abs() <= 2.0);

    let error = pictures.error(1, "wrong".to_owned()).to_string();
    assert!(error.contains("labels.csv:4:1"), "{error}");
}
