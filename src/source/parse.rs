//! RON text to a value.

use std::ops::Range;

use ron::Options;
use ron::error::{Error, SpannedError};
use ron::extensions::Extensions;
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;

use super::brackets::{BracketError, MAX_NESTING, too_deep, unbalanced};
use super::diagnostics::{Diagnostics, Located};
use super::file::SourceFile;
use super::kind::FileKind;
use super::ron_error::explain;
use super::shape::lacking;

/// Reads a value from the text of `file`.
///
/// # Errors
/// The first thing wrong with the syntax or the types, with its place, the offending text, what was
/// expected, and for a name the nearest valid one and all valid ones. Brackets that do not match are
/// reported as such, wherever the parser stumbled.
pub fn parse<T: DeserializeOwned>(file: &SourceFile) -> Result<T, Diagnostics> {
    read(file.text()).map_err(|error| Diagnostics::one(file, error.located(file.text())))
}

/// As [`parse`], of a file that should be of this kind.
///
/// # Errors
/// The file is of another kind; else as [`parse`], but every missing field and every value without the name of its
/// field is reported if one is.
pub(crate) fn parse_as<T: DeserializeOwned + JsonSchema>(
    kind: FileKind,
    file: &SourceFile,
) -> Result<T, Diagnostics> {
    let error = match read(file.text()) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    kind.refuse_other(file)?;
    let first = error.located(file.text());
    if error.is_about_fields() {
        let all = lacking(file.text(), &schema_for!(T));
        // If it is not among them, something else is wrong that has to be put right first.
        if all.iter().any(|one| contains(&one.range, &first.range)) {
            return Err(Diagnostics::located(file, all, 0));
        }
    }
    Err(Diagnostics::one(file, first))
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Why a text is no value.
enum ReadError {
    Brackets(BracketError),
    Ron(SpannedError),
}

impl ReadError {
    fn located(&self, text: &str) -> Located {
        match self {
            ReadError::Brackets(error) => explain_brackets(text, error),
            ReadError::Ron(error) => explain(text, error),
        }
    }

    /// Whether a field is missing, or its name.
    fn is_about_fields(&self) -> bool {
        let ReadError::Ron(error) = self else {
            return false;
        };
        matches!(
            error.code,
            Error::MissingStructField { .. }
                | Error::ExpectedIdentifier
                | Error::InvalidIdentifier(_)
                | Error::SuggestRawIdentifier(_)
        )
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    if let Some(error) = too_deep(text) {
        return Err(ReadError::Brackets(error));
    }
    // Names of newtype variants stay wrapped: unwrapping those would change how `Some(..)` reads.
    let options = Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES)
        // Each bracket costs the parser at most two levels (a variant and its content).
        .with_recursion_limit(2 * MAX_NESTING + 2);
    options
        .from_str(text)
        .map_err(|error| match unbalanced(text) {
            Some(brackets) => ReadError::Brackets(brackets),
            None => ReadError::Ron(error),
        })
}

fn explain_brackets(text: &str, error: &BracketError) -> Located {
    let mut related = None;
    let (range, message, expected) = match error.clone() {
        BracketError::TooDeep(range) => (
            range,
            format!("brackets nest more than {MAX_NESTING} deep"),
            "too deep here".to_owned(),
        ),
        BracketError::NotOpened(range) => {
            let message = format!("`{}` closes nothing", &text[range.clone()]);
            (range, message, "no bracket is open here".to_owned())
        }
        BracketError::Mismatch { opened, closed } => {
            let (open, close) = (&text[opened.clone()], &text[closed.clone()]);
            let right = open.chars().next().map_or(')', super::brackets::closing);
            let message = format!("`{open}` is closed by `{close}`");
            related = Some((opened, "opened here".to_owned()));
            (closed, message, format!("expected `{right}`"))
        }
        BracketError::NotClosed(range) => {
            let message = format!("`{}` is never closed", &text[range.clone()]);
            (range, message, "opened here".to_owned())
        }
        BracketError::UnclosedToken(range) => {
            let comment = text[range.clone()].starts_with('/');
            let what = if comment { "comment" } else { "string" };
            let message = format!("this {what} never ends");
            (range, message, "begins here".to_owned())
        }
    };
    Located {
        related,
        ..Located::at(range, message, expected)
    }
}
