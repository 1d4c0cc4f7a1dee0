//! INI files of other simulators: sections of keys and values, each with its bytes.

use std::collections::HashSet;
use std::ops::Range;

use super::checker::SpanChecker;
use super::file::SourceFile;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<'t> {
    /// The section it stands in.
    pub section: &'t str,
    /// As written.
    pub key: &'t str,
    /// Without the white space around it.
    pub value: &'t str,
    /// Bytes of the key.
    pub key_range: Range<usize>,
    /// Bytes of the value.
    pub value_range: Range<usize>,
}

/// The entries of an INI file, in their order.
///
/// A line is `[section]`, `key = value`, `key : value`, empty, or a comment after `#` or `;`. Keys are the
/// same in upper and lower case, as in Python's `configparser`, whose files these are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ini<'t> {
    /// Name and bytes of every section.
    pub sections: Vec<(&'t str, Range<usize>)>,
    /// Every entry.
    pub entries: Vec<Entry<'t>>,
    known: HashSet<(&'t str, Option<String>)>,
}

impl<'t> Ini<'t> {
    /// Reads `file`, and reports lines that are none of an INI file, and sections and keys given twice.
    pub(crate) fn read(file: &'t SourceFile, checker: &mut SpanChecker<'_>) -> Self {
        let mut ini = Ini::default();
        let mut at = 0;
        for line in file.text().split_inclusive('\n') {
            let start = at + (line.len() - line.trim_start().len());
            at += line.len();
            let text = line.trim();
            let range = start..start + text.len();
            if text.is_empty() || text.starts_with(['#', ';']) {
                continue;
            }
            if let Some(rest) = text.strip_prefix('[') {
                ini.add_section(rest, range, checker);
            } else {
                ini.add_entry(text, range, checker);
            }
        }
        ini
    }

    fn add_section(&mut self, rest: &'t str, range: Range<usize>, checker: &mut SpanChecker<'_>) {
        let name = rest.strip_suffix(']').unwrap_or_else(|| {
            let message = "the name of this section is not closed";
            checker.report(range.clone(), message, "expected `]` at its end", "");
            rest
        });
        let name = name.trim();
        if !self.known.insert((name, None)) {
            let message = format!("the section `[{name}]` is given twice");
            checker.report(range.clone(), message, "expected once", "");
        }
        self.sections.push((name, range));
    }

    fn add_entry(&mut self, text: &'t str, range: Range<usize>, checker: &mut SpanChecker<'_>) {
        let Some(split) = text.find(['=', ':']) else {
            let message = "this line is neither a section nor a key with its value";
            checker.report(range, message, "expected `key = value` or `[section]`", "");
            return;
        };
        let Some(&(section, _)) = self.sections.last() else {
            let message = "this key stands before the first section";
            checker.report(range, message, "expected `[section]` before it", "");
            return;
        };
        let (key, value) = (text[..split].trim_end(), &text[split + 1..]);
        let value_start = range.end - value.trim_start().len();
        let key_range = range.start..range.start + key.len();
        if !self.known.insert((section, Some(key.to_ascii_lowercase()))) {
            let message = format!("`{key}` is given twice in `[{section}]`");
            checker.report(key_range.clone(), message, "expected once", "");
            return;
        }
        self.entries.push(Entry {
            section,
            key,
            value: value.trim_start(),
            key_range,
            value_range: value_start..range.end,
        });
    }

    /// The bytes of a section's name.
    pub(crate) fn section(&self, name: &str) -> Option<Range<usize>> {
        let found = self.sections.iter().find(|(section, _)| *section == name);
        found.map(|(_, range)| range.clone())
    }

    /// A key of a section.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&Entry<'t>> {
        self.entries
            .iter()
            .find(|entry| entry.section == section && entry.key.eq_ignore_ascii_case(key))
    }
}
