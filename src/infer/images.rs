//! Labelled images as a network reads them.

/// Labelled images, ready for a network: `[height, width, channels]` values each.
#[derive(Debug, Clone)]
pub struct Images {
    shape: [usize; 3],
    values: Vec<f32>,
    labels: Vec<u32>,
}

/// Why an image can not be had.
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
            values,
            labels,
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
        out.copy_from_slice(&self.values[index * elements..][..elements]);
        Ok(())
    }
}
