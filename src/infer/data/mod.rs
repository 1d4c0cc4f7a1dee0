//! Labelled images, from files to what a network reads.
//!
//! - [`Pictures`]: labelled pictures of 8 bits in files, read one at a time: [`idx`] (MNIST and its kin), [`cifar`]
//!   (CIFAR-10, binary form), [`folder`] (PNG and JPEG with `labels.csv`).
//! - [`Preprocessing`]: what is done to a picture before the network reads it: its size, its channels, the
//!   normalisation of its values.
//! - [`Images`]: the result, fetched one image at a time.

pub mod cifar;
mod error;
pub mod folder;
pub mod idx;
mod images;
mod picture;
mod preprocessing;

pub use error::ImageError;
pub use images::Images;
pub use picture::{Picture, Pictures};
pub(crate) use preprocessing::hex;
pub use preprocessing::{ChannelOrder, Filter, MAX_SIDE, Preprocessing, Resize};
