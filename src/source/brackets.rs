//! Which bracket closes which, and what is wrong with the brackets of a text.

use std::ops::Range;

use super::lexer::{Kind, Lexer, Token};

/// Brackets may nest this deep: far more than any of our files needs, far less than the stack bears.
pub const MAX_NESTING: usize = 64;

/// What is wrong with the brackets of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BracketError {
    /// Nested deeper than [`MAX_NESTING`]; the first bracket that is too deep.
    TooDeep(Range<usize>),
    /// A closing bracket with none open.
    NotOpened(Range<usize>),
    /// A closing bracket of another kind than the one open.
    Mismatch {
        opened: Range<usize>,
        closed: Range<usize>,
    },
    /// The text ends before this bracket (the outermost such) is closed.
    NotClosed(Range<usize>),
    /// The text ends inside this string or comment.
    UnclosedToken(Range<usize>),
}

/// The closing bracket that belongs to an opening one.
pub(super) fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// Whether brackets nest deeper than [`MAX_NESTING`].
pub(super) fn too_deep(text: &str) -> Option<BracketError> {
    let mut depth = 0usize;
    for token in Lexer::new(text) {
        match token.kind {
            Kind::Open(_) => depth += 1,
            Kind::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Some(BracketError::TooDeep(token.range));
        }
    }
    None
}

/// The first thing wrong with the brackets, strings and comments of `text`.
pub(super) fn unbalanced(text: &str) -> Option<BracketError> {
    let mut open: Vec<(char, Range<usize>)> = Vec::new();
    for token in Lexer::new(text) {
        match token.kind {
            Kind::Open(bracket) => open.push((bracket, token.range)),
            Kind::Close(bracket) => match open.pop() {
                None => return Some(BracketError::NotOpened(token.range)),
                Some((opened, range)) if closing(opened) != bracket => {
                    return Some(BracketError::Mismatch {
                        opened: range,
                        closed: token.range,
                    });
                }
                Some(_) => {}
            },
            Kind::Unclosed => return Some(BracketError::UnclosedToken(token.range)),
            _ => {}
        }
    }
    let (_, range) = open.into_iter().next()?;
    Some(BracketError::NotClosed(range))
}

/// For every token that opens a bracket, the index of the token that closes it (or of the last token,
/// if none does); for every other token, its own index.
pub(super) fn partners(tokens: &[Token]) -> Vec<usize> {
    let mut partner: Vec<usize> = (0..tokens.len()).collect();
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open(_) => open.push(index),
            Kind::Close(_) => {
                if let Some(opened) = open.pop() {
                    partner[opened] = index;
                }
            }
            _ => {}
        }
    }
    for opened in open {
        partner[opened] = tokens.len() - 1;
    }
    partner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_bracket() {
        assert_eq!(unbalanced("(a: [1, \"]\"], /* ( */)"), None);
        assert_eq!(unbalanced("(a)]"), Some(BracketError::NotOpened(3..4)));
        let mismatch = BracketError::Mismatch {
            opened: 1..2,
            closed: 3..4,
        };
        assert_eq!(unbalanced("([1)"), Some(mismatch));
        assert_eq!(unbalanced("([1]"), Some(BracketError::NotClosed(0..1)));
        assert_eq!(unbalanced("(\"a)"), Some(BracketError::UnclosedToken(1..2)));
    }

    #[test]
    fn limits_depth() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(too_deep(&nested(MAX_NESTING)), None);
        assert_eq!(
            too_deep(&nested(MAX_NESTING + 1)),
            Some(BracketError::TooDeep(MAX_NESTING..MAX_NESTING + 1))
        );
        assert!(too_deep(&"(".repeat(1_000_000)).is_some());
    }
}
