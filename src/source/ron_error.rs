//! Puts the errors of the `ron` crate into words a writer of configuration files can use.

use std::ops::Range;

use ron::error::{Error, Position, SpannedError};

use super::diagnostics::{Located, Problem};
use super::lexer::{Kind, Token};
use super::locate::Document;
use super::nearest::nearest;
use super::place::Place;

/// Longest offending text quoted in a message, in characters.
const MAX_QUOTED: usize = 40;

/// Says what `error`, raised for `text`, is about.
pub(super) fn explain(text: &str, error: &SpannedError) -> Located {
    let context = Context::new(text, error);
    let Explanation {
        range,
        message,
        expected,
        help,
    } = context.explain(&error.code);
    Located {
        problem: Problem {
            place: Place::root(),
            message,
            expected,
            help,
        },
        range,
        related: None,
        is_ancestor: false,
    }
}

struct Explanation {
    range: Range<usize>,
    message: String,
    expected: String,
    help: Option<String>,
}

struct Context<'t> {
    text: &'t str,
    document: Document<'t>,
    /// Where the parser's last step began.
    start: usize,
    /// Where the parser stood.
    end: usize,
}

impl<'t> Context<'t> {
    fn new(text: &'t str, error: &SpannedError) -> Self {
        Context {
            text,
            document: Document::new(text),
            start: offset(text, error.span.start),
            end: offset(text, error.span.end),
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a flat table: an error of the parser each"
    )]
    fn explain(&self, code: &Error) -> Explanation {
        match code {
            Error::NoSuchStructField {
                expected,
                found,
                outer,
            } => {
                let message = format!("unknown field `{}`{}", quote(found), of(outer.as_deref()));
                self.wrong_name(message, found, expected, "field")
            }
            Error::NoSuchEnumVariant {
                expected, found, ..
            } => self.wrong_name(
                format!("unknown name `{}`", quote(found)),
                found,
                expected,
                "name",
            ),
            Error::DuplicateStructField { field, outer } => self.read(
                format!("field `{field}`{} is given twice", of(outer.as_deref())),
                "the second time".to_owned(),
            ),
            Error::MissingStructField { field, outer } => Explanation {
                range: self.enclosing(),
                message: format!("field `{field}`{} is missing", of(outer.as_deref())),
                expected: format!("expected `{field}: ..` in here"),
                help: None,
            },
            Error::ExpectedDifferentLength { expected, found } => Explanation {
                range: self.enclosing(),
                message: format!(
                    "{found} {} here",
                    if *found == 1 { "value" } else { "values" }
                ),
                expected: format!("expected {}", plain_type(expected)),
                help: None,
            },
            Error::InvalidValueForType { expected, found } => self.read(
                format!("wrong value: {}", quote(found)),
                format!("expected {}", plain_type(expected)),
            ),
            Error::IntegerOutOfBounds => self.out_of_range(),
            Error::NoSuchExtension(name) => self.read(
                format!("there is no RON extension `{}`", quote(name)),
                "expected the name of an extension".to_owned(),
            ),
            Error::ExpectedChar => self.read(
                format!(
                    "expected a character, found {}",
                    self.found(self.last_read())
                ),
                "expected one character in single quotes".to_owned(),
            ),
            Error::InvalidEscape(reason) => Explanation {
                range: self.start..self.end,
                message: "wrong escape sequence in a string".to_owned(),
                expected: reason.to_lowercase(),
                help: Some("write `\\\\` for a backslash".to_owned()),
            },
            Error::Message(message) => self.read(quote_message(message), String::new()),
            _ => self.explain_syntax(code),
        }
    }

    /// Errors about what comes next in the text.
    fn explain_syntax(&self, code: &Error) -> Explanation {
        let next = self.document.token_at(self.end);
        let what = match code {
            Error::ExpectedComma => return self.no_comma(),
            Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => {
                return self.no_bracket();
            }
            Error::ExpectedDifferentStructName { .. } => return self.wrong_struct_name(),
            Error::ExpectedStructLikeEnd => {
                let mut explanation = self.next("`)`", next);
                explanation.message = format!("too many values: {}", self.found(next));
                return explanation;
            }
            Error::TrailingCharacters => {
                let mut explanation = self.next("the end of the file", next);
                explanation.message = format!("{} after the end of the value", self.found(next));
                return explanation;
            }
            Error::InvalidIntegerDigit { .. }
            | Error::UnderscoreAtBeginning
            | Error::FloatUnderscore
            | Error::ExpectedInteger => "a whole number",
            Error::ExpectedFloat => "a number",
            Error::ExpectedBoolean => "`true` or `false`",
            Error::ExpectedString => "a string in double quotes",
            Error::ExpectedIdentifier if next.is_none_or(|token| token.kind != Kind::Text) => {
                "a name"
            }
            Error::ExpectedIdentifier
            | Error::SuggestRawIdentifier(_)
            | Error::InvalidIdentifier(_)
            | Error::ExpectedStructName(_) => "a name without quotes",
            Error::ExpectedArray => "`[`, the begin of a list",
            Error::ExpectedArrayEnd => "`]`",
            Error::ExpectedMap => "`{`",
            Error::ExpectedMapEnd => "`}`",
            Error::ExpectedMapColon => "`:` and a value",
            Error::ExpectedOptionEnd => "`)`",
            Error::ExpectedOption => "`Some(..)` or `None`",
            Error::ExpectedUnit => "`()`",
            Error::ExpectedAttribute | Error::ExpectedAttributeEnd => "`#![enable(..)]`",
            Error::ExpectedByteLiteral | Error::ExpectedByteString => "bytes, such as b\"..\"",
            Error::Eof => "more text",
            Error::ExceededRecursionLimit => {
                let mut explanation = self.next("less nesting", next);
                explanation.message = "values nest too deep".to_owned();
                return explanation;
            }
            other => {
                let message = other.to_string();
                return self.read(message, "not understood".to_owned());
            }
        };
        self.next(what, next)
    }

    /// The last token the parser read.
    fn last_read(&self) -> Option<&Token> {
        match self.end.checked_sub(1) {
            Some(last) => self.document.token_at(last),
            None => self.document.token_at(0),
        }
    }

    /// The struct or tuple the parser is in, with its name.
    fn enclosing(&self) -> Range<usize> {
        self.document
            .enclosing(self.start)
            .or_else(|| self.document.value_at(self.start))
            .unwrap_or(self.end..self.end)
    }

    /// An error about the last token read.
    fn read(&self, message: String, expected: String) -> Explanation {
        Explanation {
            range: self.range(self.last_read()),
            message,
            expected,
            help: None,
        }
    }

    /// An error about the next token: not what was expected.
    fn next(&self, what: &str, next: Option<&Token>) -> Explanation {
        Explanation {
            range: self.range(next),
            message: format!("expected {what}, found {}", self.found(next)),
            expected: format!("expected {what}"),
            help: None,
        }
    }

    fn range(&self, token: Option<&Token>) -> Range<usize> {
        token.map_or(self.text.len()..self.text.len(), |token| {
            token.range.clone()
        })
    }

    fn text_of(&self, token: &Token) -> &'t str {
        &self.text[token.range.clone()]
    }

    /// A token in words.
    fn found(&self, token: Option<&Token>) -> String {
        let Some(token) = token else {
            return "the end of the file".to_owned();
        };
        let text = quote(self.text_of(token));
        match token.kind {
            Kind::Word if is_number(&text) => format!("the number `{text}`"),
            Kind::Word => format!("the word `{text}`"),
            Kind::Text => format!("the string `{text}`"),
            Kind::Char => format!("the character `{text}`"),
            _ => format!("`{text}`"),
        }
    }

    fn wrong_name(&self, message: String, found: &str, valid: &[&str], what: &str) -> Explanation {
        let mut help = String::new();
        if let Some(name) = nearest(found, valid.iter().copied()) {
            help = format!("did you mean `{name}`?\n");
        }
        let names: Vec<String> = valid.iter().map(|name| format!("`{name}`")).collect();
        help += &match names.len() {
            0 => format!("there are no {what}s here"),
            _ => format!("valid {what}s: {}", wrapped(&names)),
        };
        let expected = format!("no such {what}");
        Explanation {
            help: Some(help),
            ..self.read(message, expected)
        }
    }

    fn out_of_range(&self) -> Explanation {
        let token = self.last_read();
        let negative = token.is_some_and(|token| self.text_of(token).starts_with('-'));
        let (message, expected) = if negative {
            ("must not be negative", "expected 0 or more")
        } else {
            ("is too large", "larger than this field can hold")
        };
        self.read(
            format!("{} {message}", self.found(token)),
            expected.to_owned(),
        )
    }

    /// A value ended, but neither a comma nor a closing bracket follows.
    fn no_comma(&self) -> Explanation {
        let next = self.document.token_at(self.end);
        let before = self.document.token_before(self.end);
        if let Some(token) = next.filter(|token| token.range.start < self.end) {
            // The parser stopped in the middle of a word, such as at the point of 1.5.
            let message = match is_number(self.text_of(token)) {
                true => format!(
                    "expected a whole number, found `{}`",
                    quote(self.text_of(token))
                ),
                false => format!("{} is not understood", self.found(Some(token))),
            };
            return Explanation {
                range: token.range.clone(),
                message,
                expected: "this does not end where a value would".to_owned(),
                help: None,
            };
        }
        if let (Some(word), Some(open)) = (before, next)
            && (word.kind, open.kind) == (Kind::Word, Kind::Open('('))
            && word.range.end == open.range.start
        {
            let name = quote(self.text_of(word));
            return Explanation {
                range: self
                    .document
                    .value_at(open.range.start)
                    .unwrap_or(open.range.clone()),
                message: format!("`{name}` takes no fields"),
                expected: format!("expected just `{name}`"),
                help: None,
            };
        }
        self.next("`,` between two values", next)
    }

    /// A struct, tuple or variant with fields was expected, but no `(` follows.
    fn no_bracket(&self) -> Explanation {
        let next = self.document.token_at(self.end);
        let before = self.document.token_before(self.end);
        let name = before.filter(|token| token.kind == Kind::Word && token.range.end == self.end);
        match name {
            Some(token) => {
                let name = quote(self.text_of(token));
                Explanation {
                    range: token.range.clone(),
                    message: format!("`{name}` needs its fields"),
                    expected: format!("expected `{name}(..)`"),
                    help: None,
                }
            }
            None => {
                let list = next.is_some_and(|token| matches!(token.kind, Kind::Open('[' | '{')));
                let help = "structs and tuples have round brackets, only lists have square ones";
                Explanation {
                    help: list.then(|| help.to_owned()),
                    ..self.next("`(`", next)
                }
            }
        }
    }

    /// A struct was expected, and something that may be the name of another follows.
    fn wrong_struct_name(&self) -> Explanation {
        let token = self.last_read();
        let mut explanation = self.read(
            format!("expected `(`, found {}", self.found(token)),
            "expected `(`".to_owned(),
        );
        let after = token.and_then(|token| self.document.token_at(token.range.end));
        if after.is_some_and(|after| after.kind == Kind::Colon) {
            explanation.help = Some("put the fields in `(` and `)`".to_owned());
        }
        explanation
    }
}

/// ` of `conv``, for a variant; structs have no name in our files.
pub(super) fn of(outer: Option<&str>) -> String {
    match outer {
        Some(name) if name.starts_with(|c: char| c.is_lowercase()) => format!(" of `{name}`"),
        _ => String::new(),
    }
}

/// serde says "tuple variant Op::Pair with 2 elements"; the Rust name means nothing to the reader.
fn plain_type(expected: &str) -> String {
    let words = expected.split(' ').filter(|word| !word.contains("::"));
    words.collect::<Vec<_>>().join(" ")
}

fn is_number(word: &str) -> bool {
    word.trim_start_matches(['+', '-', '.'])
        .starts_with(|c: char| c.is_ascii_digit())
}

/// The text on one line, shortened.
pub(super) fn quote(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut quoted: String = line.chars().take(MAX_QUOTED).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

/// Names in a list, broken into lines.
fn wrapped(names: &[String]) -> String {
    const WIDTH: usize = 90;
    let mut out = String::new();
    let mut column = 0;
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            out.push(',');
            if column > WIDTH {
                out.push('\n');
                column = 0;
            } else {
                out.push(' ');
            }
        }
        out += name;
        column += name.len() + 2;
    }
    out
}

/// Byte offset of a line and column (counted in characters), both from 1.
fn offset(text: &str, position: Position) -> usize {
    let mut line_start = 0;
    for _ in 1..position.line {
        match text[line_start..].find('\n') {
            Some(length) => line_start += length + 1,
            None => return text.len(),
        }
    }
    text[line_start..]
        .char_indices()
        .nth(position.col.saturating_sub(1))
        .map_or(text.len(), |(at, _)| line_start + at)
}

/// A message of the parser or of a type's own deserialisation, on one line; never cut short.
fn quote_message(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(" ")
}
