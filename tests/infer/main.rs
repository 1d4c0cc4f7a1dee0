//! Inference: floats against another implementation, codes and accumulators against products composed one by one, and
//! trained models where the environment variable `AXBXP_MODELS` names their folder.

mod accumulators;
mod correction;
mod extremes;
mod float;
mod models;
mod onnx;
mod stepped;
mod support;
mod switching;

/// Whether everything is to be tested.
fn thorough() -> bool {
    std::env::var_os("AXBXP_THOROUGH").is_some()
}
