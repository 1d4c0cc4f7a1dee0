//! Why a network can not be computed here.

use super::data::ImageError;

/// Why a network can not be computed, or not on these images.
#[derive(Debug, thiserror::Error)]
pub enum InferError {
    /// An operation that inference does not have.
    #[error(
        "layer `{layer}` is {operation}, which inference does not compute: expected convolutions, fully \
         connected layers, pooling, sums, relu, relu6, concatenation of channels, slices, padding, or a \
         softmax at the end"
    )]
    Unsupported {
        /// The layer.
        layer: String,
        /// What it asks for.
        operation: String,
    },
    /// Not one input and one output.
    #[error("the network has {inputs} inputs and {outputs} outputs: expected one of each")]
    Ends {
        /// Inputs.
        inputs: usize,
        /// Outputs.
        outputs: usize,
    },
    /// A network too large to compute.
    #[error("`{name}` has {elements} values: at most {limit} can be computed")]
    TooLarge {
        /// The tensor or layer.
        name: String,
        /// Its values.
        elements: u64,
        /// The most.
        limit: u64,
    },
    /// A layer without the parameters it needs.
    #[error("layer `{layer}` has {found} weights: expected {expected}")]
    Weights {
        /// The layer.
        layer: String,
        /// Weights and biases there.
        found: usize,
        /// Weights and biases its shape asks for.
        expected: usize,
    },
    /// A parameter or a range that is no number.
    #[error("`{name}` has a value that is not finite")]
    NotFinite {
        /// The layer or tensor.
        name: String,
    },
    /// A calibration made for another network.
    #[error("the calibration has {found} scales: the network has {expected} tensors")]
    Calibration {
        /// Scales there.
        found: usize,
        /// Tensors.
        expected: usize,
    },
    /// Another number of precisions than of array layers.
    #[error("{found} precisions for {expected} layers on the array")]
    Precisions {
        /// Precisions given.
        found: usize,
        /// Layers that the array computes.
        expected: usize,
    },
    /// A precision that does not fit its layer.
    #[error("the precision of layer `{layer}` does not fit it: {problem}")]
    Precision {
        /// The layer.
        layer: String,
        /// What does not fit.
        problem: String,
    },
    /// Images of another size than the network reads.
    #[error("images of {found:?} values (height, width, channels): the network reads {expected:?}")]
    InputShape {
        /// Of the images.
        found: [usize; 3],
        /// Of the network.
        expected: [usize; 3],
    },
    /// A label beyond the classes.
    #[error("image {index} has the label {label}: the network has {classes} classes")]
    Label {
        /// The image.
        index: usize,
        /// Its label.
        label: u32,
        /// Classes of the network.
        classes: usize,
    },
    /// No images to work on.
    #[error("no images")]
    NoImages,
    /// An image that can not be had.
    #[error(transparent)]
    Image(#[from] ImageError),
}
