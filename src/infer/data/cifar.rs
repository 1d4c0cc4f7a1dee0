//! CIFAR-10 in its binary form: records of one label byte and 3,072 bytes, the red, green and blue plane of
//! 32 x 32 pixels one after the other (A. Krizhevsky, "Learning multiple layers of features from tiny images").

use image::RgbImage;

use super::error::ImageError;
use super::picture::{Picture, Pictures};
use crate::source::ByteFile;

const SIDE: u32 = 32;
const PLANE: usize = 32 * 32;
/// Bytes of a record.
pub const RECORD_BYTES: u64 = 1 + 3 * PLANE as u64;

/// The records of some files, one file after the other.
#[derive(Debug)]
pub struct Cifar {
    /// Each with the number of records in those before it.
    files: Vec<(ByteFile, usize)>,
    count: usize,
}

impl Cifar {
    /// The records of `files`.
    ///
    /// # Errors
    /// A file that is empty or no whole number of records.
    pub fn open(files: Vec<ByteFile>) -> Result<Cifar, ImageError> {
        let mut count = 0;
        let mut counted = Vec::with_capacity(files.len());
        for file in files {
            let length = file.length();
            if length == 0 || length % RECORD_BYTES != 0 {
                let what = format!(
                    "{length} bytes, expected records of {RECORD_BYTES} bytes: a label and 3 planes of 32 x 32 pixels"
                );
                return Err(ImageError::file(file.path(), what));
            }
            counted.push((file, count));
            count += (length / RECORD_BYTES) as usize;
        }
        Ok(Cifar {
            files: counted,
            count,
        })
    }

    /// The file that holds picture `index`, and its record in it.
    fn locate(&self, index: usize) -> (&ByteFile, usize) {
        let after = self.files.partition_point(|&(_, before)| before <= index);
        let (file, before) = &self.files[after - 1];
        (file, index - before)
    }
}

impl Pictures for Cifar {
    fn len(&self) -> usize {
        self.count
    }

    fn read(&self, index: usize) -> Result<(Picture, u32), ImageError> {
        let (file, record) = self.locate(index);
        let bytes = file.read(record as u64 * RECORD_BYTES, RECORD_BYTES as usize)?;
        let planes = &bytes[1..];
        let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
            let at = (y * SIDE + x) as usize;
            image::Rgb([planes[at], planes[PLANE + at], planes[2 * PLANE + at]])
        });
        Ok((Picture::Rgb(picture), u32::from(bytes[0])))
    }

    fn label(&self, index: usize) -> Result<u32, ImageError> {
        let (file, record) = self.locate(index);
        let byte = file.read(record as u64 * RECORD_BYTES, 1)?;
        Ok(u32::from(byte[0]))
    }

    fn error(&self, index: usize, what: String) -> ImageError {
        let (file, record) = self.locate(index);
        ImageError::record(file.path(), record, what)
    }
}
