//! Reading the project's RON files, and saying precisely what is wrong with one.
//!
//! - [`SourceFile`]: the text of a file with the name to show for it. [`open`] finds it, by path or by
//!   the name of a file that ships inside the binary ([`shipped()`]).
//! - `Base`: the folder to which paths in a file are relative, for files of bytes that it names.
//! - [`parse()`]: RON text to a value. Every error of the `ron` crate becomes a [`Diagnostics`] that points
//!   at the offending text and says what was expected there. `parse_as` reads a file that should be of one of the
//!   kinds ([`FileKind`]): it says so of a file of another kind, and reports all fields that are missing.
//! - `Checker`: collects everything a reader finds wrong with the *meaning* of a file, so that one run
//!   reports all of it. It names the spot by a `Place`, such as `layers[3].op.kernel[0]`, which
//!   is found again in the text.
//! - [`Findings`]: what is wrong with a file that is no text.
//!
//! # Dialect
//! RON 0.12 with the extensions `implicit_some` (write `bias: false`, not `bias: Some(false)`) and
//! `unwrap_newtypes` always on. Brackets nest at most [`MAX_NESTING`] deep.

mod base;
mod brackets;
mod checker;
mod diagnostics;
mod file;
mod findings;
mod glob;
mod ini;
mod kind;
mod lexer;
mod load_error;
mod locate;
mod nearest;
mod parse;
mod place;
mod ron_error;
mod shape;
mod shipped;
mod source_error;
mod told;

pub use base::ByteFile;
pub use brackets::MAX_NESTING;
pub use diagnostics::Diagnostics;
pub use file::{MAX_FILE_BYTES, SourceFile};
pub use findings::{Finding, Findings};
pub use kind::FileKind;
pub use load_error::LoadError;
pub use parse::parse;
pub use shipped::{open, open_beside, shipped};
pub use source_error::SourceError;

pub(crate) use base::Base;
pub(crate) use checker::{Checker, SpanChecker};
pub(crate) use diagnostics::Problem;
pub(crate) use file::Places;
pub(crate) use glob::matches;
pub(crate) use ini::{Entry, Ini};
pub(crate) use nearest::nearest;
pub(crate) use parse::parse_as;
pub(crate) use place::{PathPart, Place};
pub(crate) use shipped::{is_path, open_bytes};

#[cfg(test)]
mod tests;
