//! Reading the keys of a DRAMsim3 configuration, each with its bytes and what is said when it is wrong.

use std::ops::Range;

use crate::source::{Diagnostics, Ini, Place, Places, SourceFile, SpanChecker, nearest};

use super::known::SECTIONS;

/// Reads keys, notes where each stands, and collects what is wrong with them.
pub(super) struct Keys<'f> {
    file: &'f SourceFile,
    ini: Ini<'f>,
    checker: SpanChecker<'f>,
    places: Places,
    notes: Vec<String>,
}

/// A value without its comment.
struct Value<'f> {
    text: &'f str,
    range: Range<usize>,
}

impl<'f> Keys<'f> {
    /// Parses `file` and reports missing sections and what DRAMsim3 does not know.
    pub(super) fn read(file: &'f SourceFile) -> Self {
        let mut checker = SpanChecker::new(file);
        let ini = Ini::read(file, &mut checker);
        let mut keys = Keys {
            file,
            ini,
            checker,
            places: Places::default(),
            notes: Vec::new(),
        };
        keys.check_sections();
        keys.check_names();
        keys
    }

    fn check_sections(&mut self) {
        for section in SECTIONS.iter().filter(|section| section.is_required) {
            if self.ini.section(section.name).is_none() {
                let end = self.file.text().trim_end().len();
                self.checker.report(
                    end..end,
                    format!("the section `[{}]` is missing", section.name),
                    format!("expected `[{}]` somewhere in this file", section.name),
                    "",
                );
            }
        }
    }

    /// Sections and keys that no DRAMsim3 configuration has are misspelt.
    fn check_names(&mut self) {
        for (name, range) in &self.ini.sections {
            if !SECTIONS.iter().any(|section| section.name == *name) {
                let names = SECTIONS.iter().map(|section| section.name);
                self.checker.report(
                    range.clone(),
                    format!("`[{name}]` is no section of a DRAMsim3 configuration"),
                    "unknown section",
                    did_you_mean(name, names),
                );
            }
        }
        for entry in &self.ini.entries {
            let Some(section) = SECTIONS.iter().find(|s| s.name == entry.section) else {
                continue;
            };
            let Some(names) = section.keys else { continue };
            if !names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(entry.key))
            {
                self.checker.report(
                    entry.key_range.clone(),
                    format!("`{}` is no key of `[{}]`", entry.key, section.name),
                    "unknown key",
                    did_you_mean(entry.key, names.iter().copied()),
                );
            }
        }
    }

    fn value(&self, section: &str, key: &str) -> Option<Value<'f>> {
        let entry = self.ini.get(section, key)?;
        let text = entry
            .value
            .split([';', '#'])
            .next()
            .unwrap_or("")
            .trim_end();
        let start = entry.value_range.start;
        Some(Value {
            text,
            range: start..start + text.len(),
        })
    }

    /// Whether the key is given.
    pub(super) fn has(&self, section: &str, key: &str) -> bool {
        self.ini.get(section, key).is_some()
    }

    fn missing(&mut self, section: &str, key: &str, expected: &str) {
        // Without its section the key is missing too, which is said once.
        if let Some(range) = self.ini.section(section) {
            let message = format!("`{key}` is missing in `[{section}]`");
            let expected = format!("expected `{key} =` {expected} in this section");
            self.checker.report(range, message, expected, "");
        }
    }

    /// Parses the value of a key that has one, and notes that it is what `places` are about.
    fn parsed<T>(
        &mut self,
        section: &str,
        key: &str,
        places: &[Place],
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(section, key)?;
        for place in places {
            self.places.insert(place, value.range.clone());
        }
        let parsed = parse(value.text);
        if parsed.is_none() {
            let message = match value.text {
                "" => format!("`{key}` has no value"),
                text => format!("`{key}` cannot be `{text}`"),
            };
            let expected = format!("expected {expected}");
            self.checker.report(value.range, message, expected, "");
        }
        parsed
    }

    /// A whole number; 1 stands for one that is missing or wrong.
    pub(super) fn integer(&mut self, section: &str, key: &str, places: &[Place]) -> u32 {
        const EXPECTED: &str = "a whole number";
        if !self.has(section, key) {
            self.missing(section, key, EXPECTED);
        }
        self.parsed(section, key, places, EXPECTED, |text| text.parse().ok())
            .unwrap_or(1)
    }

    /// A whole number that many configurations leave out; `default` is what DRAMsim3 takes then.
    pub(super) fn integer_or(
        &mut self,
        section: &str,
        key: &str,
        default: u32,
        places: &[Place],
    ) -> u32 {
        if self.has(section, key) {
            self.integer(section, key, places)
        } else {
            if let Some(range) = self.ini.section(section) {
                for place in places {
                    self.places.insert(place, range.clone());
                }
            }
            default
        }
    }

    /// As [`Keys::integer_or`], and says so when the default is taken.
    pub(super) fn integer_or_noted(
        &mut self,
        section: &str,
        key: &str,
        default: u32,
        places: &[Place],
    ) -> u32 {
        if !self.has(section, key) {
            self.note(format!("{key} is not given: {default}, DRAMsim3's default"));
        }
        self.integer_or(section, key, default, places)
    }

    /// A number; 1 stands for one that is missing or wrong.
    pub(super) fn real(&mut self, section: &str, key: &str, places: &[Place]) -> f64 {
        const EXPECTED: &str = "a number";
        if !self.has(section, key) {
            self.missing(section, key, EXPECTED);
        }
        let parse = |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite());
        self.parsed(section, key, places, EXPECTED, parse)
            .unwrap_or(1.0)
    }

    /// Any text, as it is.
    pub(super) fn text(&mut self, section: &str, key: &str, place: &Place) -> String {
        if !self.has(section, key) {
            self.missing(section, key, "a value");
        }
        self.parsed(
            section,
            key,
            std::slice::from_ref(place),
            "a value",
            |text| (!text.is_empty()).then(|| text.to_owned()),
        )
        .unwrap_or_default()
    }

    /// One of the words in `choices`, none if it is missing or wrong. Those of DRAMsim3 that the controller here
    /// does not have are not among them; `why` says so.
    pub(super) fn choice<T: Copy>(
        &mut self,
        section: &str,
        key: &str,
        default: Option<T>,
        choices: &[(&str, T)],
        why: &str,
    ) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
        let supported = names.join(", ");
        let Some(value) = self.value(section, key) else {
            if default.is_none() {
                self.missing(section, key, &format!("one of {supported}"));
            }
            return default;
        };
        let found = choices.iter().find(|&&(name, _)| name == value.text);
        if found.is_none() {
            self.checker.report(
                value.range,
                match value.text {
                    "" => format!("`{key}` has no value"),
                    text => format!("`{key} = {text}` is not supported"),
                },
                format!(
                    "expected {}{supported}",
                    if names.len() > 1 { "one of " } else { "" }
                ),
                why,
            );
        }
        found.map(|&(_, choice)| choice)
    }

    /// `true` or `false` in any case, as DRAMsim3 reads them.
    pub(super) fn flag(&mut self, section: &str, key: &str, default: bool) -> bool {
        let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        };
        self.parsed(section, key, &[], "true or false", parse)
            .unwrap_or(default)
    }

    /// Something is wrong with the value of a key.
    pub(super) fn refuse(&mut self, section: &str, key: &str, message: String, expected: &str) {
        let range = self.value(section, key).map_or(0..0, |value| value.range);
        self.checker.report(range, message, expected, "");
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_clean(&self) -> bool {
        self.checker.is_clean()
    }

    /// What a reader of results should know.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Everything that was wrong.
    pub(super) fn refused(self) -> Diagnostics {
        self.checker.into_diagnostics()
    }

    /// The file with the places of what was read, and the notes; or everything that was wrong.
    pub(super) fn finish(self) -> Result<(SourceFile, Vec<String>), Diagnostics> {
        let file = self.file.with_places(self.places);
        self.checker.finish((file, self.notes))
    }
}

fn did_you_mean<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", names.collect::<Vec<_>>().join(", ")),
    }
}
