//! Splits RON text into tokens, just well enough to find places in it.
//!
//! It accepts any text: what RON would refuse becomes [`Kind::Other`] or [`Kind::Unclosed`], because
//! places have to be found in broken files too.

use std::ops::Range;

/// What a token is. Comments and white space are no tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `(`, `[` or `{`.
    Open(char),
    /// `)`, `]` or `}`.
    Close(char),
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// An identifier or number.
    Word,
    /// A string, byte string or raw string, quotes included.
    Text,
    /// A character or byte literal, quotes included.
    Char,
    /// A string or block comment that the file ends in.
    Unclosed,
    /// Any other single character.
    Other,
}

/// One token: its kind and the bytes it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// Iterates over the tokens of a text.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Set at a string that never ends: from there on quotes are no longer taken for strings, which
    /// keeps the time linear in the text.
    quotes_broken: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lexer {
            text,
            at: 0,
            quotes_broken: false,
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Skips white space and comments. The range of a block comment that never ends, if there is one.
    fn skip_blank(&mut self) -> Option<Range<usize>> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(is_blank);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let start = self.at;
                match block_comment_length(trimmed) {
                    Some(length) => self.at += length,
                    None => {
                        self.at = self.text.len();
                        return Some(start..start + 2);
                    }
                }
            } else {
                return None;
            }
        }
    }

    fn token(&mut self, kind: Kind, length: usize) -> Token {
        let start = self.at;
        self.at += length;
        Token {
            kind,
            range: start..self.at,
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if let Some(range) = self.skip_blank() {
            return Some(Token {
                kind: Kind::Unclosed,
                range,
            });
        }
        let rest = self.rest();
        let first = rest.chars().next()?;
        if !self.quotes_broken
            && let Some((kind, length)) = quoted(rest)
        {
            self.quotes_broken = kind == Kind::Unclosed;
            return Some(self.token(kind, length));
        }
        Some(match first {
            '(' | '[' | '{' => self.token(Kind::Open(first), 1),
            ')' | ']' | '}' => self.token(Kind::Close(first), 1),
            ',' => self.token(Kind::Comma, 1),
            ':' => self.token(Kind::Colon, 1),
            _ => match word_length(rest) {
                0 => self.token(Kind::Other, first.len_utf8()),
                length => self.token(Kind::Word, length),
            },
        })
    }
}

/// White space as RON has it (it includes the two direction marks).
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200E}' | '\u{200F}')
}

/// Length of the (possibly nested) block comment `text` begins with; none if it never ends.
fn block_comment_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = 0;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// The string or character literal `text` begins with: its kind and length.
fn quoted(text: &str) -> Option<(Kind, usize)> {
    let unprefixed = text.strip_prefix('b').unwrap_or(text);
    let prefix = text.len() - unprefixed.len();
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if let Some(body) = raw[hashes..].strip_prefix('"') {
            let opening = prefix + 1 + hashes + 1;
            return Some(match raw_end(body, hashes) {
                Some(end) => (Kind::Text, opening + end),
                None => (Kind::Unclosed, opening),
            });
        }
        return None;
    }
    if let Some(body) = unprefixed.strip_prefix('"') {
        return Some(match escaped_end(body, '"') {
            Some(end) => (Kind::Text, prefix + 1 + end),
            // Only the quote itself, so that the rest of a file with a forgotten quote stays visible.
            None => (Kind::Unclosed, prefix + 1),
        });
    }
    let body = unprefixed.strip_prefix('\'')?;
    // A character literal stays on its line; a lone quote is no literal.
    const LONGEST: usize = 12; // as in '\u{10FFFF}', the quote included
    let end = body
        .char_indices()
        .nth(LONGEST)
        .map_or(body.len(), |(at, _)| at);
    let line = &body[..body[..end].find('\n').unwrap_or(end)];
    escaped_end(line, '\'').map(|end| (Kind::Char, prefix + 1 + end))
}

/// Length of `body` up to and including the first `quote` that no backslash precedes.
fn escaped_end(body: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

/// Length of `body` up to and including the quote that `hashes` hash signs follow.
fn raw_end(body: &str, hashes: usize) -> Option<usize> {
    body.match_indices('"').find_map(|(at, _)| {
        let after = &body.as_bytes()[at + 1..];
        let closes = after.len() >= hashes && after[..hashes].iter().all(|&byte| byte == b'#');
        closes.then_some(at + 1 + hashes)
    })
}

/// Length of the identifier or number `text` begins with; 0 if it begins with neither.
fn word_length(text: &str) -> usize {
    let body = text.strip_prefix("r#").unwrap_or(text);
    let length = body
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')))
        .unwrap_or(body.len());
    match length {
        // `r#` without a name: leave the `r` as the word.
        0 if body.len() < text.len() => 1,
        0 => 0,
        length => text.len() - body.len() + length,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Lexer};

    fn tokens(text: &str) -> Vec<(Kind, &str)> {
        Lexer::new(text)
            .map(|token| (token.kind, &text[token.range]))
            .collect()
    }

    #[test]
    fn splits_a_document() {
        assert_eq!(
            tokens("Conv(a: -1.5e3, /* x /* y */ ( */ r#b: [\"q\\\"(\", 'x', '\\'']) // )"),
            [
                (Kind::Word, "Conv"),
                (Kind::Open('('), "("),
                (Kind::Word, "a"),
                (Kind::Colon, ":"),
                (Kind::Word, "-1.5e3"),
                (Kind::Comma, ","),
                (Kind::Word, "r#b"),
                (Kind::Colon, ":"),
                (Kind::Open('['), "["),
                (Kind::Text, "\"q\\\"(\""),
                (Kind::Comma, ","),
                (Kind::Char, "'x'"),
                (Kind::Comma, ","),
                (Kind::Char, "'\\''"),
                (Kind::Close(']'), "]"),
                (Kind::Close(')'), ")"),
            ]
        );
        assert_eq!(
            tokens("r##\"a\"# ( \"## br\"(\" b'(' b\"\\\"\""),
            [
                (Kind::Text, "r##\"a\"# ( \"##"),
                (Kind::Text, "br\"(\""),
                (Kind::Char, "b'('"),
                (Kind::Text, "b\"\\\"\""),
            ]
        );
    }

    #[test]
    fn broken_text_stays_visible() {
        assert_eq!(
            tokens("a: \"b)"),
            [
                (Kind::Word, "a"),
                (Kind::Colon, ":"),
                (Kind::Unclosed, "\""),
                (Kind::Word, "b"),
                (Kind::Close(')'), ")"),
            ]
        );
        assert_eq!(tokens("/* ( "), [(Kind::Unclosed, "/*")]);
        assert_eq!(tokens("'("), [(Kind::Other, "'"), (Kind::Open('('), "(")]);
        assert_eq!(
            tokens("r#("),
            [
                (Kind::Word, "r"),
                (Kind::Other, "#"),
                (Kind::Open('('), "(")
            ]
        );
    }
}
