//! Reading the project's RON files, and saying precisely what is wrong with one.
//!
//! - [`SourceFile`]: the text of a file with the name to show for it. [`open`] finds it, by path or by
//!   the name of a file that ships inside the binary ([`shipped`]).
//! - [`Base`]: the folder to which paths in a file are relative, for files of bytes that it names.
//! - [`parse()`]: RON text to a value. Every error of the `ron` crate becomes a [`Diagnostics`] that points
//!   at the offending text and says what was expected there. [`parse_as`] reads a file that should be of one of the
//!   kinds ([`FileKind`]): it says so of a file of another kind, and reports all fields that are missing.
//! - [`Checker`]: collects everything a reader finds wrong with the *meaning* of a file, so that one run
//!   reports all of it. It names the spot by a [`Place`], such as `layers[3].op.kernel[0]`, which
//!   [`locate()`] finds again in the text.
//! - [`Findings`]: what is wrong with a file that is no text ([`read_bytes`]).
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

pub use base::{Base, ByteFile};
pub use brackets::MAX_NESTING;
pub use checker::{Checker, SpanChecker};
pub use diagnostics::{Diagnostics, Problem};
pub use file::{MAX_FILE_BYTES, Places, SourceFile, read_bytes};
pub use findings::{Finding, Findings};
pub use glob::matches;
pub use ini::{Entry, Ini};
pub use kind::FileKind;
pub use load_error::LoadError;
pub use locate::locate;
pub use nearest::nearest;
pub use parse::{parse, parse_as};
pub use place::{PathPart, Place};
pub use shipped::{is_path, open, open_beside, open_bytes, shipped};
pub use source_error::SourceError;
pub use told::root_fields;

#[cfg(test)]
mod tests;
