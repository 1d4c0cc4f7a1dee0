//! Inference: floats against another implementation, codes and accumulators against products composed one by one, and
//! trained models where the environment variable `AXBXP_MODELS` names their folder.

mod accumulators;
mod correction;
mod extremes;
mod float;
mod networks;
mod onnx_file;
mod stepped;
mod switching;
mod trained;
