//! IDX files, as MNIST and Fashion-MNIST come in: images of one grey channel and their labels, in two files.
//!
//! A file begins with two zero bytes, the kind of its elements (8: unsigned bytes) and the number of its dimensions;
//! then each dimension in four bytes, most significant first; then the elements, the last dimension fastest
//! (Y. LeCun, "The MNIST database of handwritten digits").

use image::GrayImage;

use super::error::ImageError;
use super::picture::{Picture, Pictures};
use super::preprocessing::MAX_SIDE;
use crate::source::ByteFile;

/// Images and labels in two IDX files.
#[derive(Debug)]
pub struct Idx {
    images: ByteFile,
    labels: Vec<u8>,
    label_file: ByteFile,
    height: u32,
    width: u32,
}

impl Idx {
    /// Reads the headers of `images` and `labels`, and all labels.
    ///
    /// # Errors
    /// No IDX file of unsigned bytes with three dimensions (images) or one (labels), sides of 0 or more than
    /// [`MAX_SIDE`] pixels, a length that is not what the header says, or another number of images than of labels.
    pub fn open(images: ByteFile, labels: ByteFile) -> Result<Idx, ImageError> {
        let [count, height, width] = header::<3>(&images)?;
        let [label_count] = header::<1>(&labels)?;
        for (what, side) in [("rows", height), ("columns", width)] {
            if !(1..=MAX_SIDE).contains(&side) {
                let what = format!("images of {side} {what}, expected 1 to {MAX_SIDE}");
                return Err(ImageError::file(images.path(), what));
            }
        }
        if count != label_count {
            let what = format!(
                "{label_count} labels, but {} has {count} images",
                images.path().display()
            );
            return Err(ImageError::file(labels.path(), what));
        }
        Ok(Idx {
            labels: labels.read(header_bytes(1), label_count as usize)?,
            label_file: labels,
            images,
            height,
            width,
        })
    }
}

impl Pictures for Idx {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn read(&self, index: usize) -> Result<(Picture, u32), ImageError> {
        let size = self.height as usize * self.width as usize;
        let offset = header_bytes(3) + index as u64 * size as u64;
        let pixels = self.images.read(offset, size)?;
        let picture = GrayImage::from_raw(self.width, self.height, pixels)
            .ok_or_else(|| ImageError::record(self.images.path(), index, "no whole image"))?;
        Ok((Picture::Grey(picture), self.label(index)?))
    }

    fn label(&self, index: usize) -> Result<u32, ImageError> {
        Ok(u32::from(self.labels[index]))
    }

    fn error(&self, index: usize, what: String) -> ImageError {
        ImageError::record(self.label_file.path(), index, what)
    }
}

fn header_bytes(dimensions: u64) -> u64 {
    4 + 4 * dimensions
}

/// The dimensions of a file that has to have `D` of them.
fn header<const D: usize>(file: &ByteFile) -> Result<[u32; D], ImageError> {
    let wrong = |what: String| Err(ImageError::file(file.path(), what));
    let head = header_bytes(D as u64);
    if file.length() < 4 {
        return wrong(format!(
            "{} bytes are no IDX file, whose header alone has {head}",
            file.length()
        ));
    }
    let magic = file.read(0, 4)?;
    if magic[..2] == [0x1f, 0x8b] {
        return wrong("compressed by gzip, expected IDX as it is unpacked".into());
    }
    if magic[..3] != [0, 0, 8] {
        return wrong(format!(
            "begins with the bytes {:02x} {:02x} {:02x}, expected 00 00 08: IDX of unsigned bytes",
            magic[0], magic[1], magic[2]
        ));
    }
    if usize::from(magic[3]) != D {
        let expected = if D == 3 { "images" } else { "labels" };
        return wrong(format!(
            "IDX of {} dimensions, expected the {D} of {expected}",
            magic[3]
        ));
    }
    if file.length() < head {
        return wrong(format!(
            "ends in its header: {} of {head} bytes",
            file.length()
        ));
    }
    let bytes = file.read(4, 4 * D)?;
    let (words, _) = bytes.as_chunks::<4>();
    let mut dimensions = [0; D];
    for (dimension, word) in dimensions.iter_mut().zip(words) {
        *dimension = u32::from_be_bytes(*word);
    }
    let elements = dimensions
        .iter()
        .try_fold(1u64, |product, &d| product.checked_mul(u64::from(d)));
    let expected = elements.and_then(|elements| elements.checked_add(head));
    if expected != Some(file.length()) {
        let expected = expected.map_or("more than 2^64".to_owned(), |bytes| bytes.to_string());
        return wrong(format!(
            "{} bytes, but its header speaks of {dimensions:?}, which takes {expected}",
            file.length()
        ));
    }
    Ok(dimensions)
}
