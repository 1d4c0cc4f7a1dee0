//! What is wrong with a file that is no text: no line to draw, but a part of the file to name.

use std::fmt;

use annotate_snippets::{Element, Group, Level, Origin, Renderer, normalize_untrusted_str};

/// More than these are counted, not kept.
const MAX_KEPT: usize = 50;

/// One thing wrong with a file that is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The part of the file it is about, such as ``node `conv1` (Conv)``; empty for the whole file.
    pub part: String,
    /// What is wrong, in one line.
    pub message: String,
    /// What would be right, in one line; may be empty.
    pub note: String,
    /// What to do about it: the nearest valid name.
    pub help: Option<String>,
}

/// Everything found wrong with one file that is no text: at least one [`Finding`].
///
/// As [`Display`](fmt::Display) it is plain text: for each the message, the file and the part of it, what
/// was expected there, and help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    file: String,
    findings: Vec<Finding>,
    left_out: usize,
}

impl std::error::Error for Findings {}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Findings {
    /// One thing wrong with `file`.
    pub fn one(file: impl Into<String>, finding: Finding) -> Findings {
        Findings::all(file, vec![finding])
    }

    /// All that is wrong with `file`, in the order in which it is to be shown. Of very many the first 50 are
    /// kept.
    pub fn all(file: impl Into<String>, mut findings: Vec<Finding>) -> Findings {
        let left_out = findings.len().saturating_sub(MAX_KEPT);
        findings.truncate(MAX_KEPT);
        Findings {
            file: file.into(),
            findings,
            left_out,
        }
    }

    /// The file they are about.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Them, in the order found.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Finding> {
        self.findings.iter()
    }

    /// Draws all of them; with ANSI colours if `color`.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut drawn: Vec<String> = self
            .findings
            .iter()
            .map(|finding| renderer.render(&[self.group(finding)]))
            .collect();
        if self.left_out > 0 {
            let kept = self.findings.len();
            let total = kept + self.left_out;
            let title = format!("{}: {total} problems, the first {kept} shown", self.file);
            drawn.push(renderer.render(&[Group::with_title(Level::ERROR.primary_title(title))]));
        }
        drawn.join("\n\n")
    }

    fn group(&self, finding: &Finding) -> Group<'static> {
        let at = match finding.part.is_empty() {
            true => self.file.clone(),
            false => format!("{}: {}", self.file, finding.part),
        };
        let origin: Element<'static> = Origin::path(normalize_untrusted_str(&at)).into();
        let message = normalize_untrusted_str(&finding.message);
        let mut group = Group::with_title(Level::ERROR.primary_title(message)).element(origin);
        if !finding.note.is_empty() {
            group = group.element(Level::NOTE.message(normalize_untrusted_str(&finding.note)));
        }
        match &finding.help {
            Some(help) => group.element(Level::HELP.message(normalize_untrusted_str(help))),
            None => group,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(part: &str) -> Finding {
        Finding {
            part: part.to_owned(),
            message: "the bell\u{7} rings".to_owned(),
            note: "expected silence".to_owned(),
            help: Some("did you mean `Bell`?".to_owned()),
        }
    }

    #[test]
    fn names_file_and_part_and_shows_no_control_characters() {
        let text = Findings::one("m.onnx", finding("node `a` (Ring)")).to_string();
        for piece in [
            "error: the bell",
            "m.onnx: node `a` (Ring)",
            "expected silence",
            "did you mean `Bell`?",
        ] {
            assert!(text.contains(piece), "{text}");
        }
        assert!(!text.contains('\u{7}'), "{text:?}");
    }

    #[test]
    fn very_many_are_counted() {
        let text = Findings::all("m.onnx", vec![finding(""); 120]).to_string();
        assert!(text.ends_with("m.onnx: 120 problems, the first 50 shown"));
        assert_eq!(text.matches("--> m.onnx\n").count(), 50);
    }
}
