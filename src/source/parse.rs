//! RON text to a value.

use ron::Options;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use super::brackets::{BracketError, MAX_NESTING, too_deep, unbalanced};
use super::diagnostics::{Diagnostics, Located, Problem};
use super::file::SourceFile;
use super::place::Place;
use super::ron_error::explain;

/// Reads a value from the text of `file`.
///
/// # Errors
/// The first thing wrong with the syntax or the types, with its place, the offending text, what was
/// expected, and for a name the nearest valid one and all valid ones. Brackets that do not match are
/// reported as such, wherever the parser stumbled.
pub fn parse<T: DeserializeOwned>(file: &SourceFile) -> Result<T, Diagnostics> {
    let text = file.text();
    if let Some(error) = too_deep(text) {
        return Err(Diagnostics::one(file, explain_brackets(text, error)));
    }
    // Names of newtype variants stay wrapped: unwrapping those would change how `Some(..)` reads.
    let options = Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES)
        // Each bracket costs the parser at most two levels (a variant and its content).
        .with_recursion_limit(2 * MAX_NESTING + 2);
    options.from_str(text).map_err(|error| {
        let located = match unbalanced(text) {
            Some(error) => explain_brackets(text, error),
            None => explain(text, &error),
        };
        Diagnostics::one(file, located)
    })
}

fn explain_brackets(text: &str, error: BracketError) -> Located {
    let mut related = None;
    let (range, message, expected) = match error {
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
        problem: Problem {
            place: Place::root(),
            message,
            expected,
            help: None,
        },
        range,
        related,
        is_ancestor: false,
    }
}
