//! Collects what is wrong with the meaning of a file, all of it in one go.

use std::ops::Range;

use super::diagnostics::{Diagnostics, Located, Problem};
use super::file::SourceFile;
use super::kind::FileKind;
use super::place::Place;
use super::shipped::open_beside;
use super::source_error::SourceError;

/// More problems than this are counted, not kept: nobody reads them, and finding a place costs time.
const MAX_KEPT: usize = 50;

/// Collects the semantic problems of one file.
#[derive(Debug)]
pub(crate) struct Checker<'f> {
    file: &'f SourceFile,
    problems: Vec<Problem>,
    left_out: usize,
}

impl<'f> Checker<'f> {
    /// A checker of `file` with nothing found yet.
    pub(crate) fn new(file: &'f SourceFile) -> Self {
        Checker {
            file,
            problems: Vec::new(),
            left_out: 0,
        }
    }

    /// Something is wrong at `place`: `message` says what, `expected` (a short label at the place) what
    /// would be right.
    pub(crate) fn report(
        &mut self,
        place: Place,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.add(Problem {
            place,
            message: message.into(),
            expected: expected.into(),
            help: None,
        });
    }

    /// As [`report`](Self::report), with advice on what to do.
    pub(crate) fn report_with_help(
        &mut self,
        place: Place,
        message: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Problem {
            place,
            message: message.into(),
            expected: expected.into(),
            help: Some(help.into()),
        });
    }

    /// Adds one problem.
    pub(crate) fn add(&mut self, problem: Problem) {
        if self.is_full() {
            self.left_out += 1;
        } else {
            self.problems.push(problem);
        }
    }

    /// Opens what a reference in the file names: a shipped name, or a path relative to the file. If that can not be
    /// opened, it is a problem at `place`.
    pub(crate) fn open_reference(
        &mut self,
        place: Place,
        kind: FileKind,
        reference: &str,
    ) -> Option<SourceFile> {
        let expected = "expected a shipped name or the path of a file";
        match open_beside(kind, reference, self.file) {
            Ok(file) => return Some(file),
            Err(SourceError::UnknownName {
                nearest, available, ..
            }) => {
                let help = match nearest {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("shipped: {}", available.join(", ")),
                };
                let message = format!("there is no {kind} named `{reference}`");
                self.report_with_help(place, message, expected, help);
            }
            Err(error) => self.report(place, error.to_string(), expected),
        }
        None
    }

    /// Whether further problems will only be counted, so that there is no point in wording them well.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.len() >= MAX_KEPT
    }

    /// Whether nothing has been reported so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// `value` if nothing was reported, else everything that was.
    ///
    /// # Errors
    /// Something was reported.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Diagnostics> {
        if self.is_clean() {
            Ok(value)
        } else {
            Err(self.into_diagnostics())
        }
    }

    /// Everything that was reported.
    pub(crate) fn into_diagnostics(self) -> Diagnostics {
        Diagnostics::new(self.file, self.problems, self.left_out)
    }
}

/// Collects what is wrong with a text that is not RON, each problem with the bytes it is about.
#[derive(Debug)]
pub(crate) struct SpanChecker<'f> {
    file: &'f SourceFile,
    located: Vec<Located>,
    left_out: usize,
}

impl<'f> SpanChecker<'f> {
    /// A checker of `file` with nothing found yet.
    pub(crate) fn new(file: &'f SourceFile) -> Self {
        SpanChecker {
            file,
            located: Vec::new(),
            left_out: 0,
        }
    }

    /// As [`Checker::report_with_help`], about the bytes `range`; no help if it is empty.
    pub(crate) fn report(
        &mut self,
        range: Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.located.len() >= MAX_KEPT {
            self.left_out += 1;
            return;
        }
        let help = help.into();
        self.located.push(Located {
            problem: Problem {
                place: Place::root(),
                message: message.into(),
                expected: expected.into(),
                help: (!help.is_empty()).then_some(help),
            },
            range,
            related: None,
            is_ancestor: false,
        });
    }

    /// Whether nothing has been reported so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.located.is_empty()
    }

    /// `value` if nothing was reported, else everything that was, in the order of the text.
    ///
    /// # Errors
    /// Something was reported.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Diagnostics> {
        if self.is_clean() {
            Ok(value)
        } else {
            Err(self.into_diagnostics())
        }
    }

    /// Everything that was reported, in the order of the text.
    pub(crate) fn into_diagnostics(mut self) -> Diagnostics {
        self.located.sort_by_key(|located| located.range.start);
        Diagnostics::located(self.file, self.located, self.left_out)
    }
}
