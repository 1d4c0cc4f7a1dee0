//! Labelled images as a network reads them.

use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::error::ImageError;
use super::picture::Pictures;
use super::preprocessing::{MAX_SIDE, Preprocessing, hex};

/// Images that together have more pixels than this, in bytes, are not kept but read anew whenever they are asked for.
const MAX_KEPT_BYTES: u64 = 1 << 30;

/// Labelled images, ready for a network: `[height, width, channels]` values each. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Images {
    shape: [usize; 3],
    labels: Arc<[u32]>,
    store: Store,
}

#[derive(Debug, Clone)]
enum Store {
    Values(Arc<[f32]>),
    Pixels {
        // Not a slice: making one would copy up to the most that is kept.
        pixels: Arc<Vec<u8>>,
        levels: Arc<[[f32; 256]]>,
    },
    Files {
        pictures: Arc<dyn Pictures>,
        first: usize,
        preprocessing: Arc<Preprocessing>,
        levels: Arc<[[f32; 256]]>,
    },
}

impl Images {
    /// Images from their values, one image after the other, `[height, width, channels]` each.
    ///
    /// # Errors
    /// Another number of values than the labels and the shape ask for.
    pub fn from_values(
        shape: [usize; 3],
        values: Vec<f32>,
        labels: Vec<u32>,
    ) -> Result<Images, ImageError> {
        let elements: usize = shape.iter().product();
        if elements.checked_mul(labels.len()) != Some(values.len()) {
            return Err(ImageError::Count {
                values: values.len(),
                labels: labels.len(),
                elements,
            });
        }
        Ok(Images {
            shape,
            labels: labels.into(),
            store: Store::Values(values.into()),
        })
    }

    /// The pictures `range`, which has to be there, with their classes, all below `classes`. Up to 1 GiB of pixels are read now and
    /// kept; more are read when they are asked for.
    ///
    /// # Errors
    /// A picture that can not be read or brought to the size of the first, a label that is no class.
    ///
    /// # Panics
    /// If `range` is empty or leaves the pictures.
    pub fn read(
        pictures: Arc<dyn Pictures>,
        range: Range<usize>,
        preprocessing: &Preprocessing,
        classes: u32,
    ) -> Result<Images, ImageError> {
        Images::read_capped(pictures, range, preprocessing, classes, MAX_KEPT_BYTES)
    }

    fn read_capped(
        pictures: Arc<dyn Pictures>,
        range: Range<usize>,
        preprocessing: &Preprocessing,
        classes: u32,
        most_kept: u64,
    ) -> Result<Images, ImageError> {
        assert!(!range.is_empty() && range.end <= pictures.len());
        let labels: Vec<u32> = range
            .clone()
            .map(|index| label(&*pictures, index, classes))
            .collect::<Result<_, _>>()?;
        let (first, [height, width]) = pixels(&*pictures, range.start, preprocessing)?;
        if height.max(width) > MAX_SIDE {
            let what = format!("{height}x{width} pixels, more than {MAX_SIDE} a side");
            return Err(pictures.error(range.start, what));
        }
        let shape = [
            height as usize,
            width as usize,
            preprocessing.channels.count(),
        ];
        let levels: Arc<[[f32; 256]]> = preprocessing.levels().into();
        let kept = first.len() as u64 * range.len() as u64;
        let store = if kept <= most_kept {
            let mut all = first;
            all.reserve_exact(kept as usize - all.len());
            for index in range.start + 1..range.end {
                all.extend(pixels_of_shape(&*pictures, index, preprocessing, shape)?);
            }
            Store::Pixels {
                pixels: Arc::new(all),
                levels,
            }
        } else {
            Store::Files {
                pictures,
                first: range.start,
                preprocessing: Arc::new(preprocessing.clone()),
                levels,
            }
        };
        Ok(Images {
            shape,
            labels: labels.into(),
            store,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// `[height, width, channels]` of each.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Values of one image.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The class of an image.
    ///
    /// # Panics
    /// If there is no image `index`.
    pub fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }

    /// Writes the values of image `index` to `out`, `[height, width, channels]`.
    ///
    /// # Errors
    /// The image can not be read any more.
    ///
    /// # Panics
    /// If there is no image `index`, or `out` is not as long as an image.
    pub fn input(&self, index: usize, out: &mut [f32]) -> Result<(), ImageError> {
        let elements = self.elements();
        match &self.store {
            Store::Values(values) => out.copy_from_slice(&values[index * elements..][..elements]),
            Store::Pixels { pixels, levels } => {
                normalise(&pixels[index * elements..][..elements], levels, out);
            }
            Store::Files {
                pictures,
                first,
                preprocessing,
                levels,
            } => {
                assert!(index < self.len(), "no image {index}");
                let pixels =
                    pixels_of_shape(&**pictures, first + index, preprocessing, self.shape)?;
                normalise(&pixels, levels, out);
            }
        }
        Ok(())
    }

    /// SHA-256, in hexadecimal, of all values and labels: what a result that is kept was made of.
    ///
    /// # Errors
    /// An image can not be read any more.
    pub fn sha256(&self) -> Result<String, ImageError> {
        let mut hash = Sha256::new();
        for length in self.shape {
            hash.update((length as u64).to_le_bytes());
        }
        let mut values = vec![0.0; self.elements()];
        let mut bytes = Vec::with_capacity(4 * values.len());
        for index in 0..self.len() {
            self.input(index, &mut values)?;
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            hash.update(&bytes);
            hash.update(self.labels[index].to_le_bytes());
        }
        Ok(hex(&hash.finalize()))
    }
}

/// The values of pixels, whose channels come in turn.
fn normalise(pixels: &[u8], levels: &[[f32; 256]], out: &mut [f32]) {
    assert_eq!(pixels.len(), out.len());
    let channels = levels.len();
    for (values, pixels) in out.chunks_mut(channels).zip(pixels.chunks(channels)) {
        for ((value, &pixel), level) in values.iter_mut().zip(pixels).zip(levels) {
            *value = level[usize::from(pixel)];
        }
    }
}

fn label(pictures: &dyn Pictures, index: usize, classes: u32) -> Result<u32, ImageError> {
    let label = pictures.label(index)?;
    if label >= classes {
        let what = format!("label {label}, but the classes are 0 to {}", classes - 1);
        return Err(pictures.error(index, what));
    }
    Ok(label)
}

fn pixels(
    pictures: &dyn Pictures,
    index: usize,
    preprocessing: &Preprocessing,
) -> Result<(Vec<u8>, [u32; 2]), ImageError> {
    let (picture, _) = pictures.read(index)?;
    preprocessing
        .pixels(picture)
        .map_err(|what| pictures.error(index, what))
}

fn pixels_of_shape(
    pictures: &dyn Pictures,
    index: usize,
    preprocessing: &Preprocessing,
    shape: [usize; 3],
) -> Result<Vec<u8>, ImageError> {
    let (pixels, [height, width]) = pixels(pictures, index, preprocessing)?;
    if [height as usize, width as usize] != shape[..2] {
        let what = format!(
            "{height}x{width} pixels, expected the {}x{} of the first image; `resize` and `crop` can bring all to one size",
            shape[0], shape[1]
        );
        return Err(pictures.error(index, what));
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests;
