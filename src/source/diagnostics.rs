//! What is wrong with a file, and where, drawn for people.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
    normalize_untrusted_str,
};

use super::file::SourceFile;
use super::locate::Document;
use super::place::Place;

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong, in one line.
    pub message: String,
    /// What would be right there, as a short label at the place.
    pub expected: String,
    /// What to do about it: the nearest valid name, the valid names.
    pub help: Option<String>,
}

/// A problem with the bytes it is about.
#[derive(Debug, Clone)]
pub(super) struct Located {
    pub(super) problem: Problem,
    pub(super) range: Range<usize>,
    /// Another spot that explains the first, with its label.
    pub(super) related: Option<(Range<usize>, String)>,
    /// Whether `range` is only the nearest ancestor of the place.
    pub(super) is_ancestor: bool,
}

impl Located {
    /// A problem of the text itself: its bytes tell where it is, and no place has to.
    pub(super) fn at(range: Range<usize>, message: String, expected: String) -> Located {
        Located {
            problem: Problem {
                place: Place::root(),
                message,
                expected,
                help: None,
            },
            range,
            related: None,
            is_ancestor: false,
        }
    }
}

/// Everything found wrong with one file: at least one problem, each with its place.
///
/// As [`Display`](fmt::Display) it is plain text: for each problem the message, file:line:column, the
/// offending text underlined, what was expected there, and help.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    file: SourceFile,
    located: Vec<Located>,
    left_out: usize,
}

impl std::error::Error for Diagnostics {}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Diagnostics {
    /// Problems of `file`; `left_out` counts further ones that were not kept.
    pub(super) fn new(file: &SourceFile, problems: Vec<Problem>, left_out: usize) -> Self {
        let document = file.places().is_none().then(|| Document::new(file.text()));
        let locate = |place: &Place| match (&document, file.places()) {
            (Some(document), _) => document
                .locate(place)
                .map(|found| (found.range, found.whole)),
            (None, places) => places?.locate(place),
        };
        let located = problems
            .into_iter()
            .map(|problem| {
                let (range, whole) = locate(&problem.place).unwrap_or((0..0, false));
                Located {
                    is_ancestor: !whole,
                    range,
                    related: None,
                    problem,
                }
            })
            .collect();
        Diagnostics {
            file: file.clone(),
            located,
            left_out,
        }
    }

    /// Problems whose bytes are known; `left_out` counts further ones that were not kept.
    pub(super) fn located(file: &SourceFile, located: Vec<Located>, left_out: usize) -> Self {
        Diagnostics {
            file: file.clone(),
            located,
            left_out,
        }
    }

    /// One problem whose bytes are known.
    pub(super) fn one(file: &SourceFile, located: Located) -> Self {
        Diagnostics {
            file: file.clone(),
            located: vec![located],
            left_out: 0,
        }
    }

    /// The file they are about.
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The problems, in the order found. The place of a syntax error is the root.
    pub fn problems(&self) -> impl ExactSizeIterator<Item = &Problem> {
        self.located.iter().map(|located| &located.problem)
    }

    /// Line and column, each counted from 1, of every problem, in the same order.
    pub fn positions(&self) -> impl ExactSizeIterator<Item = (usize, usize)> {
        self.located.iter().map(|located| {
            let line = Line::around(&self.file, located.range.start);
            (line.number, line.column(located.range.start))
        })
    }

    /// Draws all problems; with ANSI colours if `color`.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut drawn: Vec<String> = self
            .located
            .iter()
            .map(|located| renderer.render(&self.groups(located)))
            .collect();
        let total = self.located.len() + self.left_out;
        if self.left_out > 0 {
            let shown = self.located.len();
            let title = format!(
                "{}: {total} problems, the first {shown} shown",
                self.file.name()
            );
            drawn.push(renderer.render(&[Group::with_title(Level::ERROR.primary_title(title))]));
        }
        drawn.join("\n\n")
    }

    fn groups<'a>(&'a self, located: &'a Located) -> Vec<Group<'a>> {
        let problem = &located.problem;
        if self.file.text().is_empty() && !problem.place.parts().is_empty() {
            return vec![self.without_text(problem)];
        }
        let main = Line::around(&self.file, located.range.start);
        let mut group = Group::with_title(Level::ERROR.primary_title(&*problem.message)).elements(
            self.drawing(
                &main,
                &located.range,
                &problem.expected,
                located.related.as_ref(),
            ),
        );
        if located.is_ancestor && !problem.place.parts().is_empty() {
            let note = format!(
                "it is about `{}`, which the file does not spell out",
                problem.place
            );
            group = group.element(Level::NOTE.message(normalize_untrusted_str(&note)));
        }
        let mut groups = vec![group];
        if let Some((range, label)) = &located.related
            && !main.range.contains(&range.start)
        {
            let line = Line::around(&self.file, range.start);
            let title = Level::NOTE.secondary_title("it belongs to this");
            groups.push(Group::with_title(title).elements(self.drawing(&line, range, label, None)));
        }
        if let Some(help) = &problem.help {
            let help = Level::HELP.message(normalized_lines(help));
            if let Some(last) = groups.pop() {
                groups.push(last.element(help));
            }
        }
        groups
    }

    /// A problem of what was built in code: there is no line to draw.
    fn without_text<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let (
            name,
            Problem {
                place, expected, ..
            },
        ) = (self.file.name(), problem);
        let note = format!("at `{place}` of `{name}`: {expected}");
        let group = Group::with_title(Level::ERROR.primary_title(&*problem.message))
            .element(Level::NOTE.message(normalize_untrusted_str(&note)));
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(normalized_lines(help))),
            None => group,
        }
    }

    /// The line with `marked` underlined, and `related` too if it is on the same line.
    fn drawing<'a>(
        &self,
        line: &Line<'a>,
        marked: &Range<usize>,
        label: &'a str,
        related: Option<&'a (Range<usize>, String)>,
    ) -> Vec<Element<'a>> {
        let path = normalize_untrusted_str(self.file.name());
        let snippet = line.snippet(marked, label, related);
        if line.is_drawn_whole() {
            return vec![snippet.path(path).into()];
        }
        // The column in a piece of a line is not the column in the file, so it has to be said apart.
        let column = line.column(marked.start);
        let origin = Origin::path(path).line(line.number).char_column(column);
        vec![origin.into(), snippet.into()]
    }
}

/// Makes control characters visible but keeps line breaks.
fn normalized_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(normalize_untrusted_str).collect();
    lines.join("\n")
}

/// One line of a text.
struct Line<'t> {
    text: &'t str,
    /// Counted from 1.
    number: usize,
    /// Its bytes in the text, without the line break.
    range: Range<usize>,
}

/// Of a line longer than this many bytes only the neighbourhood of the spot is drawn.
const MAX_DRAWN_BYTES: usize = 2000;

impl<'t> Line<'t> {
    /// The line that byte `at` is on.
    fn around(file: &'t SourceFile, at: usize) -> Self {
        let text = file.text();
        let at = floor_boundary(text, at);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..]
            .find('\n')
            .map_or(text.len(), |length| at + length);
        let end = end - usize::from(end > at && text.as_bytes()[end - 1] == b'\r');
        Line {
            text,
            number: file.first_line()
                + text.as_bytes()[..start]
                    .iter()
                    .filter(|&&byte| byte == b'\n')
                    .count(),
            range: start..end,
        }
    }

    /// Column of byte `at`, in characters, counted from 1.
    fn column(&self, at: usize) -> usize {
        let at = floor_boundary(self.text, at.clamp(self.range.start, self.range.end));
        1 + self.text[self.range.start..at].chars().count()
    }

    /// Draws the line with `marked` underlined, as far as it is on this line.
    fn snippet(
        &self,
        marked: &Range<usize>,
        label: &'t str,
        related: Option<&'t (Range<usize>, String)>,
    ) -> Snippet<'t, Annotation<'t>> {
        let drawn = self.drawn(marked.start);
        let within = |range: &Range<usize>| {
            let start = floor_boundary(self.text, range.start.clamp(drawn.start, drawn.end));
            let end = floor_boundary(self.text, range.end.clamp(start, drawn.end));
            start - drawn.start..end - drawn.start
        };
        let mut annotation = AnnotationKind::Primary.span(within(marked));
        if !label.is_empty() {
            annotation = annotation.label(label);
        }
        let mut snippet = Snippet::source(visible(&self.text[drawn.clone()]))
            .line_start(self.number)
            .annotation(annotation);
        if let Some((range, label)) = related
            && drawn.contains(&range.start)
        {
            let context = AnnotationKind::Context.span(within(range));
            snippet = snippet.annotation(context.label(label.as_str()));
        }
        snippet
    }

    fn is_drawn_whole(&self) -> bool {
        self.range.len() <= MAX_DRAWN_BYTES
    }

    /// The bytes to draw: the whole line, or the neighbourhood of byte `at` in a very long one.
    fn drawn(&self, at: usize) -> Range<usize> {
        if self.is_drawn_whole() {
            return self.range.clone();
        }
        let start = at.saturating_sub(MAX_DRAWN_BYTES / 2).max(self.range.start);
        let end = (at + MAX_DRAWN_BYTES / 2).min(self.range.end);
        floor_boundary(self.text, start)..floor_boundary(self.text, end)
    }
}

/// The text with every tab as a space and every other control or direction character as a visible
/// stand-in of the same length in bytes. (Drawing anything of another width than its length in
/// characters garbles labels in annotate-snippets 0.12.)
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' => {
                '\u{FFFD}'
            }
            '\u{FEFF}' => '\u{FFFD}',
            _ if c.is_control() && c.is_ascii() => '?',
            _ if c.is_control() => '\u{B7}',
            _ => c,
        })
        .collect()
}

/// The last character boundary of `text` at or before byte `at`.
pub(super) fn floor_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}
