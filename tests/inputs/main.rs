//! Whatever input: refused with a golden diagnostic, or borne. These tests and their inputs are not in the package.

mod bad;
mod fuzz_corpus;
#[path = "../support/mod.rs"]
mod support;
