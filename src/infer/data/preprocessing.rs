//! What is done to a picture before the network reads it.

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::picture::Picture;
use crate::source::{Checker, Place};

/// Greatest side of an image as a network reads it, in pixels.
pub const MAX_SIDE: u32 = 4096;
/// Greatest side of an image between resizing and cropping, in pixels.
const MAX_RESIZED_SIDE: u32 = 16_384;

/// From a picture of 8 bits to the values that a network reads: resized, cropped, and each value
/// `(pixel / divide - mean) / std`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// The size to which pictures are brought first, if they are.
    #[serde(default)]
    pub resize: Option<Resize>,
    /// How pixels are weighted when resizing. When sizes are reduced, all pixels that a new one covers count; values are
    /// rounded to 8 bits. Pillow does the same, but for the rounding of single pixels.
    #[serde(default)]
    pub filter: Filter,
    /// Height and width of the middle that is kept, if less than all.
    #[serde(default)]
    pub crop: Option<[u32; 2]>,
    /// The channels, in order. Grey pictures become coloured ones of three equal channels, coloured pictures grey by
    /// their luminance.
    pub channels: ChannelOrder,
    /// By what pixels (0 to 255) are divided.
    #[serde(default = "one")]
    pub divide: f64,
    /// What is subtracted then: of each channel, in their order, or one for all.
    #[serde(default = "zero")]
    pub mean: Vec<f64>,
    /// By what they are divided then: of each channel, in their order, or one for all.
    #[serde(default = "ones")]
    pub std: Vec<f64>,
}

/// A size to which pictures are brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Resize {
    /// Height and width, whatever they were.
    Exact([u32; 2]),
    /// The shorter of both; the other in proportion, rounded down.
    ShorterSide(u32),
}

/// How pixels are weighted when resizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// By a triangle.
    #[default]
    Bilinear,
    /// By Catmull-Rom's cubic.
    Bicubic,
}

/// The channels of an image and their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelOrder {
    /// One.
    Grey,
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
}

fn one() -> f64 {
    1.0
}

fn zero() -> Vec<f64> {
    vec![0.0]
}

fn ones() -> Vec<f64> {
    vec![1.0]
}

impl ChannelOrder {
    /// How many.
    pub fn count(self) -> usize {
        match self {
            ChannelOrder::Grey => 1,
            ChannelOrder::Rgb | ChannelOrder::Bgr => 3,
        }
    }
}

impl Preprocessing {
    /// Reports to `checker` what no picture could be given, at its place below `place`.
    pub(crate) fn check(&self, checker: &mut Checker<'_>, place: &Place) {
        self.check_sizes(checker, place);
        let at = |field: &str| place.clone().field(field);
        let mut right = true;
        let mut wrong = |place, message: String, expected: &str| {
            right = false;
            checker.report(place, message, expected);
        };
        if !(self.divide.is_finite() && self.divide > 0.0) {
            let message = format!("pixels divided by {}", self.divide);
            wrong(at("divide"), message, "expected more than 0");
        }
        for (field, values) in [("mean", &self.mean), ("std", &self.std)] {
            let channels = self.channels.count();
            if values.len() != 1 && values.len() != channels {
                let message = format!("{} values for {channels} channels", values.len());
                wrong(at(field), message, "expected one, or one a channel");
            }
            let good = |value: &f64| value.is_finite() && (field == "mean" || *value > 0.0);
            if let Some((index, value)) = values.iter().enumerate().find(|(_, value)| !good(value))
            {
                let expected = if field == "mean" {
                    "expected a number"
                } else {
                    "expected more than 0"
                };
                wrong(
                    at(field).index(index),
                    format!("`{field}` is {value}"),
                    expected,
                );
            }
        }
        if right && !self.is_finite() {
            let message = "some pixels become values beyond 32-bit floats".to_owned();
            checker.report(at("divide"), message, "expected values near 1");
        }
    }

    fn check_sizes(&self, checker: &mut Checker<'_>, place: &Place) {
        let at = |field: &str| place.clone().field(field);
        let sides: &[u32] = match &self.resize {
            Some(Resize::Exact(sides)) => sides,
            Some(Resize::ShorterSide(side)) => std::slice::from_ref(side),
            None => &[],
        };
        let expected = format!("expected 1 to {MAX_SIDE} pixels");
        for (field, sides) in [
            ("resize", sides),
            ("crop", self.crop.as_ref().map_or(&[][..], |crop| crop)),
        ] {
            if let Some(side) = sides.iter().find(|side| !(1..=MAX_SIDE).contains(*side)) {
                checker.report(at(field), format!("a side of {side} pixels"), &expected);
            }
        }
        if let (Some(Resize::Exact(size)), Some(crop)) = (self.resize, self.crop)
            && (crop[0] > size[0] || crop[1] > size[1])
        {
            let message = format!("{}x{} of {}x{}", crop[0], crop[1], size[0], size[1]);
            checker.report(at("crop"), message, "expected no more than there is");
        }
    }

    /// Whether every pixel has a value that is a number; only of what [`check`](Self::check) finds nothing else wrong with.
    fn is_finite(&self) -> bool {
        let levels = self.levels();
        levels.iter().flatten().all(|value| value.is_finite())
    }

    /// Whether no value can be negative, so that the network's input is unsigned.
    pub fn is_unsigned(&self) -> bool {
        self.mean.iter().all(|&mean| mean <= 0.0)
    }

    /// Height and width that every picture has then; none if they depend on the picture.
    pub fn size(&self) -> Option<[u32; 2]> {
        self.crop.or(match self.resize {
            Some(Resize::Exact(size)) => Some(size),
            Some(Resize::ShorterSide(_)) | None => None,
        })
    }

    /// SHA-256, in hexadecimal, of all that it says, whatever the file left to defaults.
    pub fn sha256(&self) -> String {
        // Numbers, names and lists of them always have a JSON form.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        hex(&Sha256::digest(canonical))
    }

    /// The value of each pixel of 8 bits, by channel.
    pub(super) fn levels(&self) -> Vec<[f32; 256]> {
        let of = |values: &[f64], channel: usize| values[channel.min(values.len() - 1)];
        (0..self.channels.count())
            .map(|channel| {
                let (mean, std) = (of(&self.mean, channel), of(&self.std, channel));
                std::array::from_fn(|pixel| ((pixel as f64 / self.divide - mean) / std) as f32)
            })
            .collect()
    }

    /// The pixels of a picture, `[height, width, channels]`, with height and width; or why it has none.
    pub(super) fn pixels(&self, picture: Picture) -> Result<(Vec<u8>, [u32; 2]), String> {
        match self.channels {
            ChannelOrder::Grey => {
                let grey = match picture {
                    Picture::Grey(grey) => grey,
                    Picture::Rgb(rgb) => DynamicImage::from(rgb).to_luma8(),
                };
                let grey: GrayImage = self.sized(grey)?;
                let (width, height) = grey.dimensions();
                Ok((grey.into_raw(), [height, width]))
            }
            ChannelOrder::Rgb | ChannelOrder::Bgr => {
                let rgb = match picture {
                    Picture::Grey(grey) => DynamicImage::from(grey).to_rgb8(),
                    Picture::Rgb(rgb) => rgb,
                };
                let rgb: RgbImage = self.sized(rgb)?;
                let (width, height) = rgb.dimensions();
                let mut pixels = rgb.into_raw();
                if self.channels == ChannelOrder::Bgr {
                    let (triples, _) = pixels.as_chunks_mut::<3>();
                    triples.iter_mut().for_each(|triple| triple.swap(0, 2));
                }
                Ok((pixels, [height, width]))
            }
        }
    }

    /// Resized and cropped.
    fn sized<P>(&self, picture: Buffer<P>) -> Result<Buffer<P>, String>
    where
        P: image::Pixel<Subpixel = u8> + 'static,
    {
        let (width, height) = picture.dimensions();
        let [new_height, new_width] = match self.resize {
            None => [height, width],
            Some(Resize::Exact(size)) => size,
            Some(Resize::ShorterSide(side)) => shorter_side(side, [height, width])?,
        };
        let filter = match self.filter {
            Filter::Bilinear => FilterType::Triangle,
            Filter::Bicubic => FilterType::CatmullRom,
        };
        let picture = if (new_width, new_height) == (width, height) {
            picture
        } else {
            imageops::resize(&picture, new_width, new_height, filter)
        };
        let Some([rows, columns]) = self.crop else {
            return Ok(picture);
        };
        if rows > new_height || columns > new_width {
            return Err(format!(
                "{new_height}x{new_width} pixels, too few to keep {rows}x{columns} of them"
            ));
        }
        let (top, left) = ((new_height - rows) / 2, (new_width - columns) / 2);
        Ok(imageops::crop_imm(&picture, left, top, columns, rows).to_image())
    }
}

type Buffer<P> = image::ImageBuffer<P, Vec<u8>>;

/// Height and width whose shorter is `side`, in the proportion of `size`.
fn shorter_side(side: u32, size: [u32; 2]) -> Result<[u32; 2], String> {
    let shorter = u64::from(size[0].min(size[1]).max(1));
    let scaled = size.map(|length| u64::from(side) * u64::from(length) / shorter);
    if scaled
        .iter()
        .any(|&length| length > u64::from(MAX_RESIZED_SIDE))
    {
        return Err(format!(
            "{}x{} pixels would become {}x{}, more than {MAX_RESIZED_SIDE} a side",
            size[0], size[1], scaled[0], scaled[1]
        ));
    }
    Ok(scaled.map(|length| length as u32))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
