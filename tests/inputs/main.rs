//! Whatever input: refused with a golden diagnostic, or borne. And what only the repository has: these tests and the files
//! that they look at are not in the package.

mod bad;
mod fuzz_corpus;
mod paths;
#[path = "../support/mod.rs"]
mod support;
