//! A network with its trained parameters, as an ONNX file holds them.

use super::network::Network;

/// A network with its trained parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Its layers. Its batch is 1.
    pub network: Network,
    /// Parameters by [`LayerId`](super::LayerId); none for layers without any.
    pub weights: Vec<Option<LayerWeights>>,
    /// By [`TensorId`](super::TensorId): the range of values that the file fixes for a tensor, as files
    /// quantised already do; none where calibration finds it.
    pub ranges: Vec<Option<ValueRange>>,
}

impl Model {
    /// The same model fed with values that are never negative (pixels 0 to 255 as they are), and what
    /// follows from that for the layers that only pool, cut, join or add them.
    #[must_use]
    pub fn with_unsigned_input(self) -> Model {
        Model {
            network: self.network.with_unsigned_input(),
            ..self
        }
    }
}

/// Parameters of a convolution or a fully connected layer, batch norm folded in.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerWeights {
    /// Of a convolution `[out_channels, in_channels / groups, kernel height, kernel width]`; of a fully
    /// connected layer `[out_features, channels * height * width]` of its input, in that order.
    pub values: Vec<f32>,
    /// Per output channel or feature; zeros if the layer has none.
    pub bias: Vec<f32>,
}

/// The least and the greatest value of a tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueRange {
    /// The least.
    pub low: f32,
    /// The greatest.
    pub high: f32,
}
