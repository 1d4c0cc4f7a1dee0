//! Inference: floats against another implementation, codes and accumulators against products composed one by one.

mod accumulators;
mod float;
mod onnx;
mod support;
