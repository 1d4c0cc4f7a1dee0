//! Images to classes.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::configured::ConfiguredModel;
use super::data::Images;
use super::error::InferError;
use super::float::{FloatNetwork, FloatScratch};
use super::forward::Scratch;
use crate::parallel::map_parallel;

/// Images that a thread takes at a time.
const SHARE: usize = 8;

/// Something that gives logits for images.
pub trait Classifier: Sync {
    /// Memory of one image on its way.
    type Scratch: Default;

    /// `[height, width, channels]` of an image.
    fn input_shape(&self) -> [usize; 3];

    /// How many classes there are.
    fn classes(&self) -> usize;

    /// The logits of an image, `[height, width, channels]`.
    ///
    /// # Panics
    /// If `input` is not as long as an image.
    fn logits_of<'s>(&self, input: &[f32], scratch: &'s mut Self::Scratch) -> &'s [f32];
}

impl Classifier for ConfiguredModel {
    type Scratch = Scratch;

    fn input_shape(&self) -> [usize; 3] {
        self.base().input_shape()
    }

    fn classes(&self) -> usize {
        self.base().classes()
    }

    fn logits_of<'s>(&self, input: &[f32], scratch: &'s mut Scratch) -> &'s [f32] {
        self.logits(input, scratch)
    }
}

/// Memory of one image on its way through a [`FloatNetwork`].
#[derive(Debug, Clone, Default)]
pub struct FloatMemory(FloatScratch);

impl Classifier for FloatNetwork<'_> {
    type Scratch = FloatMemory;

    fn input_shape(&self) -> [usize; 3] {
        FloatNetwork::input_shape(self)
    }

    fn classes(&self) -> usize {
        FloatNetwork::classes(self)
    }

    fn logits_of<'s>(&self, input: &[f32], scratch: &'s mut FloatMemory) -> &'s [f32] {
        self.run(input, &mut scratch.0, &mut |_, _| {})
    }
}

/// The class of an image, as a network sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prediction {
    /// The five most likely classes, the likeliest first; of equals the lower class. Places beyond the number of
    /// classes hold `u32::MAX`.
    pub top: [u32; 5],
    /// How many classes the network prefers to the label: 0 if the prediction is right.
    pub rank: u32,
}

impl Prediction {
    /// What `logits` say, for an image of class `label`. NaN is the least of all.
    fn of(logits: &[f32], label: u32) -> Prediction {
        let mut top = [u32::MAX; 5];
        let key = |class: u32| {
            let logit = logits[class as usize];
            if logit.is_nan() {
                f32::NEG_INFINITY
            } else {
                logit
            }
        };
        let mut held = 0;
        for class in 0..logits.len() as u32 {
            let place = (0..held).find(|&place| key(class) > key(top[place]));
            let place = place.unwrap_or(held);
            if place < top.len() {
                held = (held + 1).min(top.len());
                top[place..held].rotate_right(1);
                top[place] = class;
            }
        }
        let classes = 0..logits.len() as u32;
        let preferred = classes.filter(|&class| {
            key(class) > key(label) || (key(class) == key(label) && class < label)
        });
        Prediction {
            top,
            rank: preferred.count() as u32,
        }
    }

    /// Whether the label is among the first `count` classes.
    pub fn is_within(&self, count: u32) -> bool {
        self.rank < count
    }
}

/// What `network` makes of the images `indices`, in their order, whatever the number of threads. `progress` is told how many
/// are done.
///
/// # Errors
/// Images that can not be read or do not fit, labels beyond the classes.
pub fn classify<C: Classifier>(
    network: &C,
    images: &Images,
    indices: &[usize],
    threads: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Prediction>, InferError> {
    check_images(network.input_shape(), images)?;
    let classes = network.classes();
    for &index in indices {
        let label = images.label(index);
        if label as usize >= classes {
            return Err(InferError::Label {
                index,
                label,
                classes,
            });
        }
    }
    let done = AtomicUsize::new(0);
    map_images(images, indices, threads, |input, index, scratch| {
        let logits = network.logits_of(input, scratch);
        let prediction = Prediction::of(logits, images.label(index));
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        prediction
    })
}

/// `work` of every image, with memory that a thread uses again, in the order of `indices`.
pub(super) fn map_images<S: Default, R: Send>(
    images: &Images,
    indices: &[usize],
    threads: usize,
    work: impl Fn(&[f32], usize, &mut S) -> R + Sync,
) -> Result<Vec<R>, InferError> {
    // Large shares save memory that is set up anew, small ones keep all threads at work.
    let share = SHARE.max(indices.len().div_ceil(threads.max(1) * 16));
    let share = share.min(indices.len().div_ceil(threads.max(1))).max(1);
    let shares: Vec<&[usize]> = indices.chunks(share).collect();
    let results = map_parallel(&shares, threads, |_, share| {
        let mut scratch = S::default();
        let mut input = vec![0.0; images.elements()];
        let mut results = Vec::with_capacity(share.len());
        for &index in *share {
            images.input(index, &mut input)?;
            results.push(work(&input, index, &mut scratch));
        }
        Ok::<_, InferError>(results)
    });
    let mut all = Vec::with_capacity(indices.len());
    for share in results {
        all.extend(share?);
    }
    Ok(all)
}

/// Whether images have the size that a network reads.
pub(super) fn check_images(expected: [usize; 3], images: &Images) -> Result<(), InferError> {
    let found = images.shape();
    if found != expected {
        return Err(InferError::InputShape { found, expected });
    }
    Ok(())
}
