//! ONNX models and inference, beside other implementations.

mod infer;
mod operators;
#[path = "../support/mod.rs"]
mod support;
mod trained;
