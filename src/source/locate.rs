//! Finds a [`Place`] in RON text.

use std::ops::Range;

use super::brackets::partners;
use super::lexer::{Kind, Lexer, Token};
use super::place::{PathPart, Place};

/// As [`Document::locate`], once.
#[cfg(test)]
pub(super) fn locate(text: &str, place: &Place) -> Option<Range<usize>> {
    Document::new(text).locate(place).map(|found| found.range)
}

/// Where a place was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Bytes of the value.
    pub(super) range: Range<usize>,
    /// Whether it is the place itself rather than an ancestor of it.
    pub(super) whole: bool,
}

/// A text split into tokens, ready to look up any number of places.
pub(super) struct Document<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    partner: Vec<usize>,
}

/// A value: its first and last token.
#[derive(Clone, Copy)]
pub(super) struct Value {
    first: usize,
    last: usize,
}

/// One element of a bracketed value: `key: value` or a bare value.
pub(super) struct Entry<'t> {
    /// Without quotes and `r#`.
    pub(super) key: Option<&'t str>,
    /// Bytes of the key, of the value where there is none.
    pub(super) range: Range<usize>,
    pub(super) value: Value,
}

impl<'t> Document<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let tokens: Vec<Token> = Lexer::new(text).collect();
        let partner = partners(&tokens);
        Document {
            text,
            tokens,
            partner,
        }
    }

    /// The value at `place`; its nearest ancestor that exists, if it does not. None only for a text without any value.
    ///
    /// `Some(x)` counts as `x`, and so does a struct or variant that holds one unnamed value where `place` asks for
    /// something only that value can have.
    pub(super) fn locate(&self, place: &Place) -> Option<Found> {
        let mut value = self.root()?;
        for part in place.parts() {
            match self.step(value, part) {
                Some(next) => value = next,
                None => return Some(self.found(value, false)),
            }
        }
        Some(self.found(value, true))
    }

    fn found(&self, value: Value, whole: bool) -> Found {
        Found {
            range: self.range(value),
            whole,
        }
    }

    fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    fn word(&self, index: usize) -> &'t str {
        &self.text[self.tokens[index].range.clone()]
    }

    /// The document's value: what follows the `#![enable(..)]` attributes.
    pub(super) fn root(&self) -> Option<Value> {
        let first = self.begin();
        self.kind(first)?;
        Some(self.value(first, self.tokens.len() - 1))
    }

    /// The elements of the document's value, as far as a broken file shows them: its brackets may be missing.
    pub(super) fn root_entries(&self) -> impl Iterator<Item = Entry<'t>> {
        let first = self.begin();
        let open = match (self.kind(first), self.kind(first + 1)) {
            (Some(Kind::Word | Kind::Text), Some(Kind::Colon)) => None,
            (Some(Kind::Open(_)), _) => Some(first),
            _ => Some(first + 1),
        };
        let close = open
            .and_then(|open| self.partner.get(open).copied())
            .filter(|&close| matches!(self.kind(close), Some(Kind::Close(_))));
        self.between(
            open.map_or(first, |open| open + 1),
            close.unwrap_or(self.tokens.len()),
        )
    }

    /// The token after the `#![enable(..)]` attributes.
    fn begin(&self) -> usize {
        let mut first = 0;
        while self.kind(first) == Some(Kind::Other)
            && self.kind(first + 1) == Some(Kind::Other)
            && matches!(self.kind(first + 2), Some(Kind::Open('[')))
        {
            first = self.partner[first + 2] + 1;
        }
        first
    }

    /// The value that begins at token `first`, and ends at token `limit` at the latest.
    fn value(&self, first: usize, limit: usize) -> Value {
        let open = match (self.kind(first), self.kind(first + 1)) {
            (Some(Kind::Open(_)), _) => first,
            (Some(Kind::Word), Some(Kind::Open('('))) if first < limit => first + 1,
            _ => return Value { first, last: first },
        };
        Value {
            first,
            last: self.partner[open].min(limit),
        }
    }

    /// The token that opens the brackets of `value`, if it has any.
    fn bracket(&self, value: Value) -> Option<usize> {
        match self.kind(value.first)? {
            Kind::Open(_) => Some(value.first),
            Kind::Word if value.last > value.first => Some(value.first + 1),
            _ => None,
        }
    }

    /// The elements of a bracketed value, in order.
    pub(super) fn entries(&self, value: Value) -> impl Iterator<Item = Entry<'t>> {
        let from = self.bracket(value).map_or(usize::MAX, |open| open + 1);
        self.between(from, value.last)
    }

    /// The elements from token `at` on, up to the token `close`.
    fn between(&self, mut at: usize, close: usize) -> impl Iterator<Item = Entry<'t>> {
        std::iter::from_fn(move || {
            while at < close && self.kind(at) == Some(Kind::Comma) {
                at += 1;
            }
            if at >= close {
                return None;
            }
            let (mut key, begin) = (None, at);
            if self.kind(at + 1) == Some(Kind::Colon) && at + 2 < close {
                key = Some(self.key(at));
                at += 2;
            }
            let value = self.value(at, close - 1);
            at = value.last + 1;
            // What is left before the comma belongs to no value (a broken file).
            while at < close && self.kind(at) != Some(Kind::Comma) {
                at = self.partner[at] + 1;
            }
            let range = match key {
                Some(_) => self.tokens[begin].range.clone(),
                None => self.range(value),
            };
            Some(Entry { key, range, value })
        })
    }

    fn key(&self, index: usize) -> &'t str {
        let key = self.word(index);
        let key = key.strip_prefix("r#").unwrap_or(key);
        let key = key.strip_prefix('"').unwrap_or(key);
        key.strip_suffix('"').unwrap_or(key)
    }

    /// Bytes of a value.
    pub(super) fn range(&self, value: Value) -> Range<usize> {
        self.tokens[value.first].range.start..self.tokens[value.last].range.end
    }

    /// The word before the brackets of `value`, or that it is.
    pub(super) fn name(&self, value: Value) -> Option<&'t str> {
        (self.kind(value.first) == Some(Kind::Word)).then(|| self.word(value.first))
    }

    /// Whether `value` is something in round brackets.
    pub(super) fn is_struct(&self, value: Value) -> bool {
        let open = self.bracket(value).and_then(|open| self.kind(open));
        open == Some(Kind::Open('('))
    }

    /// `value` without the `Some(..)` around it.
    pub(super) fn unwrapped(&self, mut value: Value) -> Value {
        while self.name(value) == Some("Some")
            && let Some(inner) = self.only_element(value)
        {
            value = inner;
        }
        value
    }

    /// The single unnamed element of a bracketed value.
    pub(super) fn only_element(&self, value: Value) -> Option<Value> {
        let mut entries = self.entries(value);
        let first = entries.next()?;
        (first.key.is_none() && entries.next().is_none()).then_some(first.value)
    }

    fn step(&self, mut value: Value, step: &PathPart) -> Option<Value> {
        loop {
            value = self.unwrapped(value);
            let named = self.name(value).is_some();
            let only = self.only_element(value);
            let found = match step {
                PathPart::Field(name) => self
                    .entries(value)
                    .find(|entry| entry.key == Some(name))
                    .map(|entry| entry.value),
                // `list([1, 2])` is a list with a name; `square(3)` is itself what is indexed.
                PathPart::Index(_) if named && only.is_some_and(|v| self.bracket(v).is_some()) => {
                    None
                }
                PathPart::Index(index) => return self.entries(value).nth(*index).map(|e| e.value),
            };
            match (found, only) {
                (Some(found), _) => return Some(found),
                (None, Some(inner)) => value = inner,
                (None, None) => return None,
            }
        }
    }

    /// The token at byte `at`, or else the first one after it.
    pub(super) fn token_at(&self, at: usize) -> Option<&Token> {
        let index = self.tokens.partition_point(|token| token.range.end <= at);
        self.tokens.get(index)
    }

    /// The last token that ends at byte `at` or before.
    pub(super) fn token_before(&self, at: usize) -> Option<&Token> {
        let index = self.tokens.partition_point(|token| token.range.end <= at);
        self.tokens.get(index.checked_sub(1)?)
    }

    /// The value that begins at the token at byte `at`: a word with its brackets, or one token.
    pub(super) fn value_at(&self, at: usize) -> Option<Range<usize>> {
        let first = self.tokens.partition_point(|token| token.range.end <= at);
        self.kind(first)?;
        Some(self.range(self.value(first, self.tokens.len() - 1)))
    }

    /// The smallest bracketed value (with its name) whose brackets enclose byte `at`.
    pub(super) fn enclosing(&self, at: usize) -> Option<Range<usize>> {
        let before = self.tokens.partition_point(|token| token.range.start < at);
        let open = (0..before).rev().find(|&index| {
            matches!(self.tokens[index].kind, Kind::Open(_))
                && self.tokens[self.partner[index]].range.end > at
        })?;
        let named = open > 0 && self.kind(open - 1) == Some(Kind::Word);
        let first = if named { open - 1 } else { open };
        let last = self.partner[open];
        Some(self.range(Value { first, last }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'t>(text: &'t str, place: &Place) -> &'t str {
        locate(text, place).map_or("", |range| &text[range])
    }

    const TEXT: &str = r##"
        #![enable(implicit_some)] // (comment)
        Network(
            name: "a:b, (c", /* layers: [ /* nested */ ] */
            raw: r#"layers: ["#,
            layers: [
                (name: "one", op: conv(kernel: (3, 5), pad: Some((1, 2))), bias: Some(true)),
                (name: 'x', op: wrapped((inner: [1, [2, 3], "]"])), list: list([7, 8]), sq: square(9)),
            ],
            map: { "key": 1, other: { 2: 3 }, },
            r#type: 5,
        )
    "##;

    #[test]
    fn finds_places() {
        let layer = |index| Place::root().field("layers").index(index);
        assert_eq!(at(TEXT, &Place::root().field("name")), "\"a:b, (c\"");
        assert_eq!(at(TEXT, &layer(0).field("name")), "\"one\"");
        assert_eq!(
            at(TEXT, &layer(0).field("op").field("kernel").index(1)),
            "5"
        );
        assert_eq!(at(TEXT, &layer(0).field("op").field("pad").index(1)), "2");
        assert_eq!(at(TEXT, &layer(0).field("bias")), "Some(true)");
        assert_eq!(
            at(TEXT, &layer(1).field("op").field("inner").index(1).index(0)),
            "2"
        );
        assert_eq!(
            at(TEXT, &layer(1).field("op").field("inner").index(2)),
            "\"]\""
        );
        assert_eq!(at(TEXT, &layer(1).field("list").index(1)), "8");
        assert_eq!(at(TEXT, &layer(1).field("sq").index(0)), "9");
        assert_eq!(at(TEXT, &Place::root().field("map").field("key")), "1");
        assert_eq!(
            at(TEXT, &Place::root().field("map").field("other").field("2")),
            "3"
        );
        assert_eq!(at(TEXT, &Place::root().field("type")), "5");
    }

    #[test]
    fn falls_back_to_the_deepest_ancestor() {
        let op = Place::root().field("layers").index(0).field("op");
        let document = Document::new(TEXT);
        let found = document
            .locate(&op.clone().field("stride").index(0))
            .unwrap();
        assert!(!found.whole);
        assert_eq!(&TEXT[found.range], at(TEXT, &op));
        assert!(at(TEXT, &op).starts_with("conv(") && at(TEXT, &op).ends_with("))"));
        assert!(at(TEXT, &Place::root().field("layers").index(9)).starts_with('['));
        assert!(at(TEXT, &Place::root()).starts_with("Network("));
        assert_eq!(locate(" // nothing", &Place::root()), None);
    }

    #[test]
    fn finds_tokens_by_offset() {
        let text = "a(b: [1, 2], c: x)";
        let document = Document::new(text);
        assert_eq!(&text[document.value_at(0).unwrap()], text);
        assert_eq!(&text[document.enclosing(6).unwrap()], "[1, 2]");
        assert_eq!(&text[document.enclosing(13).unwrap()], text);
        assert_eq!(&text[document.token_at(7).unwrap().range.clone()], ",");
        assert_eq!(&text[document.token_before(6).unwrap().range.clone()], "[");
        assert_eq!(document.enclosing(0), None);
    }
}
