//! Labelled pictures of 8 bits.

use std::fmt;

use image::{GrayImage, RgbImage};

use super::error::ImageError;

/// A picture as a file holds it.
#[derive(Debug, Clone)]
pub enum Picture {
    /// One channel.
    Grey(GrayImage),
    /// Red, green, blue.
    Rgb(RgbImage),
}

/// Labelled pictures in files.
pub trait Pictures: fmt::Debug + Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Picture `index`, below [`len`](Self::len), and its class.
    ///
    /// # Errors
    /// It can not be read, or is no picture.
    fn read(&self, index: usize) -> Result<(Picture, u32), ImageError>;

    /// The class of picture `index`, below [`len`](Self::len).
    ///
    /// # Errors
    /// It can not be read.
    fn label(&self, index: usize) -> Result<u32, ImageError>;

    /// Where picture `index` comes from, as an error about it.
    fn error(&self, index: usize, what: String) -> ImageError;
}

impl Picture {
    /// Width and height.
    pub fn size(&self) -> (u32, u32) {
        match self {
            Picture::Grey(picture) => picture.dimensions(),
            Picture::Rgb(picture) => picture.dimensions(),
        }
    }
}
