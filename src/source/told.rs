//! What kind of file a text is, told by the fields of its root.

use std::ops::Range;

use super::checker::SpanChecker;
use super::diagnostics::{Diagnostics, Located};
use super::file::SourceFile;
use super::ini::Ini;
use super::kind::FileKind;
use super::locate::Document;

/// The fields of the root of each kind but `name` and `description`, which nearly all have. Of kinds with as many of
/// a file's fields the first one counts.
const ROOT_FIELDS: [(FileKind, &[&str]); 9] = [
    (
        FileKind::Architecture,
        &[
            "array",
            "buffers",
            "dma",
            "dram",
            "core_clock_khz",
            "converter",
            "vector_unit",
            "controller",
            "tiling",
            "energy_table",
            "approximation",
            "baseline",
        ],
    ),
    (
        FileKind::Workload,
        &["batch", "published", "inputs", "layers"],
    ),
    (
        FileKind::Approximation,
        &[
            "block_bits",
            "default",
            "exact_first",
            "exact_last",
            "layers",
        ],
    ),
    (FileKind::Activity, &["source", "layers", "default"]),
    (
        FileKind::Dram,
        &[
            "source",
            "clock_khz",
            "max_channels",
            "organisation",
            "timing",
            "mapping",
            "controller",
            "power",
        ],
    ),
    (
        FileKind::Energy,
        &["technology", "parallel_macs", "sram", "entries"],
    ),
    (FileKind::Sram, &["technology", "access", "grid"]),
    (
        FileKind::Model,
        &[
            "model",
            "model_sha256",
            "classes",
            "preprocessing",
            "images",
        ],
    ),
    (FileKind::Mapping, &["mappings"]),
];

/// Sections of the INI files that are read: DRAMsim3's and SCALE-Sim's.
const SECTIONS: [(&str, FileKind); 3] = [
    ("dram_structure", FileKind::Dram),
    ("general", FileKind::Architecture),
    ("architecture_presets", FileKind::Architecture),
];

/// The names of the fields of a RON text's root, in the order of the text. Comments and strings do not count, nor do
/// fields further in. A broken text gives what can be made out of it.
pub(super) fn root_fields(text: &str) -> Vec<&str> {
    let document = Document::new(text);
    let fields = document.root_entries().filter_map(|entry| entry.key);
    fields.collect()
}

impl FileKind {
    /// The kind of a file, told by its extension, by the sections of an INI file, or by the fields of its root: the kind
    /// that has the most of them. None if nothing tells.
    pub fn told_by(file: &SourceFile) -> Option<FileKind> {
        let told = Telling::of(file);
        let mut best = (0, None);
        for kind in ROOT_FIELDS.map(|(kind, _)| kind) {
            let evidence = told.evidence_for(kind);
            if evidence > best.0 {
                best = (evidence, Some(kind));
            }
        }
        best.1
    }

    /// Whether `file` is of this kind, as far as anything tells: more has to speak for another.
    ///
    /// # Errors
    /// It is of another kind.
    pub fn refuse_other(self, file: &SourceFile) -> Result<(), Diagnostics> {
        let told = Telling::of(file);
        match FileKind::told_by(file) {
            Some(other) if told.evidence_for(other) > told.evidence_for(self) => {
                Err(other.instead_of(self, file))
            }
            _ => Ok(()),
        }
    }

    /// What to say of a file of this kind where `expected` is.
    fn instead_of(self, expected: FileKind, file: &SourceFile) -> Diagnostics {
        let message = format!(
            "this is {}; expected {}",
            self.with_article(),
            expected.with_article()
        );
        let label = format!("this tells that it is {}", self.with_article());
        let located = Located::at(self.telling_bytes(expected, file), message, label);
        Diagnostics::one(file, located)
    }

    /// The bytes that tell that `file` is of this kind rather than `expected`; else its begin.
    fn telling_bytes(self, expected: FileKind, file: &SourceFile) -> Range<usize> {
        let telling = match file.extension().as_deref() {
            Some("csv") => None,
            Some("cfg" | "ini") => telling_section(file).map(|(_, range)| range),
            _ => {
                let (own, others) = (fields_of(self), fields_of(expected));
                let tells = |key: &str| own.contains(&key) && !others.contains(&key);
                Document::new(file.text())
                    .root_entries()
                    .find(|entry| entry.key.is_some_and(tells))
                    .map(|entry| entry.range)
            }
        };
        telling.unwrap_or(0..0)
    }
}

fn fields_of(kind: FileKind) -> &'static [&'static str] {
    let found = ROOT_FIELDS.iter().find(|(of, _)| *of == kind);
    found.map_or(&[], |(_, fields)| *fields)
}

/// What tells the kind of a file.
enum Telling<'a> {
    /// Its extension or one of its sections.
    Kind(Option<FileKind>),
    /// The fields of its root.
    Fields(Vec<&'a str>),
}

impl<'a> Telling<'a> {
    fn of(file: &'a SourceFile) -> Telling<'a> {
        match file.extension().as_deref() {
            Some("csv") => Telling::Kind(Some(FileKind::Workload)),
            Some("cfg" | "ini") => Telling::Kind(telling_section(file).map(|(kind, _)| kind)),
            _ => Telling::Fields(root_fields(file.text())),
        }
    }

    /// How much speaks for a kind; only comparing two kinds means anything.
    fn evidence_for(&self, kind: FileKind) -> usize {
        match self {
            Telling::Kind(told) => usize::from(*told == Some(kind)),
            Telling::Fields(given) => {
                let known = fields_of(kind).iter();
                known.filter(|field| given.contains(field)).count()
            }
        }
    }
}

fn telling_section(file: &SourceFile) -> Option<(FileKind, Range<usize>)> {
    let ini = Ini::read(file, &mut SpanChecker::new(file));
    SECTIONS
        .iter()
        .find_map(|&(name, kind)| Some((kind, ini.section(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{open, shipped};

    fn told(text: &str) -> Option<FileKind> {
        FileKind::told_by(&SourceFile::from_text("a.ron", text))
    }

    #[test]
    fn only_fields_of_the_root_count() {
        let text = "#![enable(implicit_some)]\n(a: 1, // layers: [\n /* array: */ \"b\": \"layers: (\", \
                    c: (inputs: []), r#layers: [(array: 1)],)";
        assert_eq!(root_fields(text), ["a", "b", "c", "layers"]);
        assert_eq!(root_fields("Network(name: \"x\")"), ["name"]);
        assert_eq!(root_fields("// nothing"), [""; 0]);
        assert_eq!(root_fields("3"), [""; 0]);
    }

    #[test]
    fn broken_texts_show_what_they_have() {
        assert_eq!(root_fields("(array: (rows: 1), dma: 3"), ["array", "dma"]);
        assert_eq!(root_fields("array: (rows: 1), dma: 3"), ["array", "dma"]);
        assert_eq!(root_fields("(a: 1 2, b: [1, 2}, c: 3)"), ["a", "b", "c"]);
        assert_eq!(root_fields("(a: \"x, b: 3)"), ["a", "b"]);
    }

    #[test]
    fn every_shipped_file_tells_its_kind() {
        for kind in FileKind::ALL {
            for name in shipped(kind) {
                let file = open(kind, name).unwrap();
                assert_eq!(FileKind::told_by(&file), Some(kind), "{name}");
                assert!(kind.refuse_other(&file).is_ok(), "{name}");
            }
        }
    }

    /// `layers` is a field of three kinds.
    #[test]
    fn what_may_be_of_the_kind_asked_for_is_not_refused() {
        let file = SourceFile::from_text("a.ron", "(name: \"a\", layers: [])");
        for kind in [
            FileKind::Workload,
            FileKind::Approximation,
            FileKind::Activity,
        ] {
            assert!(kind.refuse_other(&file).is_ok(), "{kind}");
        }
        assert!(FileKind::Dram.refuse_other(&file).is_err());
    }

    #[test]
    fn comments_do_not_mislead() {
        let text =
            "(model: \"a.onnx\", // its layers: [..] and inputs: [..] are in there\n classes: 10)";
        assert_eq!(told(text), Some(FileKind::Model));
        assert_eq!(
            told("(name: \"n\", layers: [] /* preprocessing: */)"),
            Some(FileKind::Workload)
        );
        assert_eq!(told("(name: \"array: default:\")"), None);
        let ini = SourceFile::from_text("a.ini", "; [dram_structure]\n[general]\n");
        assert_eq!(FileKind::told_by(&ini), Some(FileKind::Architecture));
    }
}
