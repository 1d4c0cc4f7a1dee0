//! Every kind of diagnostic as its reader sees it, and that no text can break the reader.

use std::fmt::Write;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::locate::locate;
use super::*;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read by Debug")]
struct Doc {
    name: String,
    size: u32,
    #[serde(default)]
    layers: Vec<Item>,
    #[serde(default)]
    pair: (u8, u8),
    #[serde(default)]
    flag: bool,
    ratio: Option<f64>,
    letter: Option<char>,
    op: Option<Op>,
    count: Option<NonZeroU32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read by Debug")]
struct Item {
    id: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[expect(dead_code, reason = "only read by Debug")]
enum Op {
    Conv {
        kernel: u8,
        #[serde(default)]
        stride: u8,
    },
    Blocks(u8),
    Exact,
    Pair(u8, u8),
}

const VALID: &str = r#"(
    name: "a", size: 1, // comment
    layers: [(id: 1), (id: 2)], pair: (1, 2), flag: true, ratio: 1.5, letter: 'x',
    op: conv(kernel: 3, stride: 1), count: 7,
)"#;

/// Compares with the stored snapshot.
fn assert_text(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Compares the diagnostics of each text, under its heading, with the stored ones.
fn assert_diagnoses(name: &str, cases: &[(&str, &str)]) {
    let mut out = String::new();
    for (title, text) in cases {
        let file = SourceFile::from_text("doc.ron", *text);
        let error = parse_as::<Doc>(FileKind::Workload, &file).expect_err(title);
        writeln!(out, "### {title}\n{error}\n").expect("writing to a string");
    }
    assert_text(name, &out);
}

#[test]
fn a_valid_document_parses() {
    let file = SourceFile::from_text("doc.ron", VALID);
    assert!(parse_as::<Doc>(FileKind::Workload, &file).is_ok());
}

#[test]
fn wrong_names() {
    assert_diagnoses(
        "wrong_names",
        &[
            ("unknown field", "(\n  name: \"a\",\n  sise: 1,\n)"),
            ("unknown field, nothing near", "(name: \"a\", frequency: 1)"),
            (
                "unknown field of a variant",
                "(name: \"a\", size: 1, op: conv(kernl: 3))",
            ),
            ("raw identifier", "(name: \"a\", size: 1, r#x: 1)"),
            ("missing field", "(name: \"a\")"),
            (
                "missing field of one of many",
                "(\n  name: \"a\", size: 1,\n  layers: [\n    (id: 1),\n    (),\n  ],\n)",
            ),
            (
                "missing field of a variant",
                "(name: \"a\", size: 1, op: conv(stride: 3))",
            ),
            (
                "missing fields in several places",
                "(\n  layers: [\n    (id: 1),\n    (),\n  ],\n  op: Some(conv(stride: 3)),\n)",
            ),
            (
                "value without its name",
                "(name: \"a\", size: 1, op: conv(3))",
            ),
            (
                "some values without their names",
                "(name: \"a\", 1, op: conv(stride: 1, 3), layers: [(1)])",
            ),
            ("too many without names", "(\"a\", 1, [], (1, 2), true)"),
            (
                "another error comes first",
                "(size: \"x\", name: \"a\", op: conv(3))",
            ),
            ("field twice", "(name: \"a\", size: 1, size: 2)"),
            (
                "unknown variant",
                "(name: \"a\", size: 1, op: Convv(kernel: 3))",
            ),
            ("variant in quotes", "(name: \"a\", size: 1, op: \"conv\")"),
            ("field in quotes", "(\"name\": \"a\", size: 1)"),
            ("number for a variant", "(name: \"a\", size: 1, op: 3)"),
            (
                "unknown extension",
                "#![enable(foo)] (name: \"a\", size: 1)",
            ),
        ],
    );
}

#[test]
fn wrong_types() {
    assert_diagnoses(
        "wrong_types",
        &[
            ("string for a number", "(name: \"a\", size: \"x\")"),
            ("word for a string", "(name: a, size: 1)"),
            ("single quotes for a string", "(name: 'a', size: 1)"),
            ("fraction for a whole number", "(name: \"a\", size: 1.5)"),
            ("negative", "(name: \"a\", size: -1)"),
            ("too large", "(name: \"a\", size: 5_000_000_000)"),
            (
                "too large in a variant",
                "(name: \"a\", size: 1, op: blocks(300))",
            ),
            ("digit of another base", "(name: \"a\", size: 12ab)"),
            ("suffix", "(name: \"a\", size: 1u8)"),
            ("leading underscore", "(name: \"a\", size: _1)"),
            ("no boolean", "(name: \"a\", size: 1, flag: maybe)"),
            ("no number", "(name: \"a\", size: 1, ratio: much)"),
            ("two letters", "(name: \"a\", size: 1, letter: 'xy')"),
            ("zero", "(name: \"a\", size: 1, count: 0)"),
            ("tuple too short", "(name: \"a\", size: 1, pair: (1))"),
            ("tuple too long", "(name: \"a\", size: 1, pair: (1, 2, 3))"),
            ("list for a tuple", "(name: \"a\", size: 1, pair: [1, 2])"),
            ("tuple for a list", "(name: \"a\", size: 1, layers: (1, 2))"),
            ("number for a struct", "(name: \"a\", size: 1, layers: [1])"),
            ("map for the document", "{\"name\": \"a\", \"size\": 1}"),
            ("list for the document", "[1]"),
            ("other struct", "Dock(name: \"a\", size: 1)"),
            (
                "variant without its fields",
                "(name: \"a\", size: 1, op: conv)",
            ),
            (
                "variant with too many fields",
                "(name: \"a\", size: 1, op: exact(3))",
            ),
            (
                "variant with too few values",
                "(name: \"a\", size: 1, op: pair(1))",
            ),
            (
                "fields without brackets",
                "(name: \"a\", size: 1, layers: [id: 1])",
            ),
            ("value missing", "(name: \"a\", size: , flag: true)"),
        ],
    );
}

#[test]
fn wrong_syntax() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_diagnoses(
        "wrong_syntax",
        &[
            ("no comma", "(\n  name: \"a\"\n  size: 1,\n)"),
            ("two commas", "(name: \"a\", size: 1,,)"),
            ("no colon", "(name: \"a\", size 1)"),
            (
                "never closed",
                "(\n  name: \"a\",\n  layers: [\n    (id: 1),\n)",
            ),
            ("never closed at the end", "(\n  name: \"a\", size: 1\n"),
            ("closed twice", "(name: \"a\", size: 1))"),
            ("wrong bracket", "(name: \"a\", size: 1, pair: (1, 2])"),
            (
                "wrong bracket, far away",
                "(name: \"a\", size: 1,\n layers: [(id: 1)\n)",
            ),
            ("string never ends", "(name: \"a, size: 1)"),
            ("comment never ends", "(name: \"a\", /* size: 1)"),
            ("escape", "(name: \"a\\q\", size: 1)"),
            ("trailing text", "(name: \"a\", size: 1) x: 3"),
            ("a word", "hello"),
            ("no text", ""),
            ("only a comment", "// nothing\n"),
            ("slash", "/x"),
            ("attribute", "#![enabl(foo)] (name: \"a\", size: 1)"),
            ("too deep", &deep),
            ("not ASCII", "(näme: \"日本語\", 大きさ: 1)"),
            (
                "tabs and control characters",
                "(\tname: \"\u{1b}[31m\",\tsize: \u{7}1)",
            ),
            (
                "carriage returns",
                "(\r\n  name: \"a\",\r\n  size: x,\r\n)\r\n",
            ),
        ],
    );
}

#[test]
fn meaning() {
    let text = "(\n    name: \"net\",\n    layers: [\n        (name: \"a\", op: conv(kernel: (3, 0), groups: 5)),\n    ],\n)\n";
    let file = SourceFile::from_text("net.ron", text);
    let op = Place::root().field("layers").index(0).field("op");
    let mut checker = Checker::new(&file);
    assert!(checker.is_clean());
    checker.report(
        op.clone().field("kernel").index(1),
        "the kernel has no width",
        "at least 1",
    );
    checker.report_with_help(
        op.clone().field("groups"),
        "5 groups do not divide 64 channels",
        "a divisor of 64",
        "4 is the nearest",
    );
    checker.report(op.field("stride"), "the stride is zero", "at least 1");
    checker.report(Place::root(), "something about\nthe \u{1b}[31m whole", "");
    let error = checker.finish(()).expect_err("four problems");
    assert_eq!(error.problems().len(), 4);
    let positions: Vec<_> = error.positions().collect();
    assert_eq!(positions, [(4, 42), (4, 54), (4, 25), (1, 1)]);
    assert_text("meaning", &error.to_string());
    assert_text(
        "meaning_colored",
        &error.render(true).replace('\u{1b}', "ESC"),
    );
}

#[test]
fn many_problems_are_counted() {
    let file = SourceFile::from_text("doc.ron", VALID);
    let mut checker = Checker::new(&file);
    for index in 0..1000 {
        checker.report(Place::root().field("layers").index(index), "wrong", "right");
    }
    let text = checker.finish(()).expect_err("many problems").to_string();
    assert!(
        text.ends_with("error: doc.ron: 1000 problems, the first 50 shown"),
        "{text}"
    );
}

#[test]
fn long_lines_are_cut() {
    let text = format!(
        "({}sise: 1, {})",
        " ".repeat(1_000_000),
        "x: 1, ".repeat(100_000)
    );
    let file = SourceFile::from_text("doc.ron", text);
    let error = parse_as::<Doc>(FileKind::Workload, &file)
        .expect_err("unknown field")
        .to_string();
    assert!(
        error.contains("doc.ron:1:1000002") && error.contains("sise"),
        "{error}"
    );
    assert!(error.len() < 10_000);
}

#[test]
fn files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("writing a file");
        path
    };
    let paths = [
        folder.path().join("missing.ron"),
        folder.path().to_owned(),
        write("empty.ron", b""),
        write("blank.ron", b"\xef\xbb\xbf \n\t\n"),
        write("latin1.ron", b"(\n name: \"caf\xe9\")"),
        write("large.ron", &vec![b' '; MAX_FILE_BYTES as usize + 1]),
        write("file.ron", b"x").join("below.ron"),
    ];
    let shown: Vec<String> = paths
        .iter()
        .map(|path| SourceFile::read(path).expect_err("a bad file").to_string())
        .map(|text| text.replace(&folder.path().display().to_string(), "FOLDER"))
        .collect();
    assert_text("files", &shown.join("\n"));
    let file = SourceFile::read(&write("bom.ron", b"\xef\xbb\xbf(a: 1)")).expect("a good file");
    assert_eq!(file.text(), "(a: 1)");
    assert!(SourceFile::read(&write("full.ron", &vec![b'x'; MAX_FILE_BYTES as usize])).is_ok());
}

#[test]
fn shipped_files_are_found_by_name() {
    for kind in FileKind::ALL {
        let names = shipped(kind);
        assert!(names.is_sorted());
        for name in names {
            let file = open(kind, name).expect("a shipped file");
            assert_eq!(file.name(), format!("{}/{name}.ron", kind.folder()));
        }
    }
    assert!(shipped(FileKind::Workload).contains(&"tiny"));
}

#[test]
fn names_and_paths() {
    let message = |name: &str| {
        open(FileKind::Workload, name)
            .expect_err("no such file")
            .to_string()
    };
    assert!(message("resnet5").contains("no network named `resnet5`; did you mean `resnet50`?"));
    assert!(message("zzz").contains("shipped: alexnet, "));
    assert_eq!(
        message("resnet5.ron"),
        "resnet5.ron: no such file; did you mean `resnet50`?"
    );
    assert!(message("no/such").contains("no/such: no such file"));
    assert!(message("").contains("no network named ``"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("mine.ron");
    fs::write(&path, "(other: 1)").expect("writing a file");
    fs::write(folder.path().join("bare"), "(bare: 1)").expect("writing a file");
    let mine = open(FileKind::Workload, path.to_str().expect("UTF-8")).expect("a path");
    assert_eq!(mine.path(), Some(path.as_path()));
    let beside =
        |name| open_beside(FileKind::Workload, name, &mine).map(|file| file.text().to_owned());
    assert_eq!(beside("mine.ron").expect("beside itself"), "(other: 1)");
    assert_eq!(beside("bare").expect("no shipped name"), "(bare: 1)");
    assert_eq!(
        beside("tiny").ok(),
        open(FileKind::Workload, "tiny")
            .ok()
            .map(|f| f.text().to_owned())
    );
    assert!(SourceFile::read(Path::new("nul\0byte")).is_err());
}

/// Everything that can be done with a text.
fn exercise(text: &str) {
    let file = SourceFile::from_text("fuzz.ron", text);
    if let Err(error) = parse_as::<Doc>(FileKind::Workload, &file) {
        assert!(!error.to_string().is_empty());
        error.render(true);
        assert!(error.positions().len() >= 1);
    }
    let place = Place::root().field("layers").index(1).field("id").index(0);
    if let Some(range) = locate(text, &place) {
        assert!(text.get(range).is_some());
    }
    let mut checker = Checker::new(&file);
    checker.report(place, text, text);
    assert!(
        !checker
            .finish(())
            .expect_err("one problem")
            .to_string()
            .is_empty()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_borne(text in any::<String>()) {
        exercise(&text);
    }

    #[test]
    fn any_ron_like_text_is_borne(text in r##"([\(\)\[\]\{\},:'"\\/*#!rb_.\n\t é1-]|layers|id|name|conv|Some|//|/\*|\*/){0,40}"##) {
        exercise(&text);
    }

    #[test]
    fn a_valid_document_with_a_hole_or_a_splice_is_borne(
        from in 0..VALID.len(),
        length in 0..20usize,
        splice in r##"[\(\)\[\]\{\},:'"\\/*#a1é\n-]{0,3}"##,
    ) {
        let to = (from + length).min(VALID.len());
        exercise(&format!("{}{splice}{}", &VALID[..from], &VALID[to..]));
    }

    #[test]
    fn a_truncated_document_is_an_error(end in 0..VALID.len()) {
        let file = SourceFile::from_text("cut.ron", &VALID[..end]);
        prop_assert!(parse_as::<Doc>(FileKind::Workload, &file).is_err());
    }

    #[test]
    fn places_are_found_where_they_were_written(
        values in proptest::collection::vec("[a-z]{1,5}|[0-9]{1,4}|\"[(\\[,:]{0,4}\"|\\([1-9], \\[\\]\\)", 1..12),
        index in any::<prop::sample::Index>(),
    ) {
        let fields: Vec<String> = values.iter().enumerate().map(|(i, v)| format!("f{i}: {v}")).collect();
        let text = format!("#![enable(implicit_some)]\nT({}, /* ) */ list: [{}])", fields.join(", "), values.join(", "));
        let index = index.index(values.len());
        let field = locate(&text, &Place::root().field(format!("f{index}")));
        prop_assert_eq!(field.map(|range| &text[range]), Some(values[index].as_str()));
        let element = locate(&text, &Place::root().field("list").index(index));
        prop_assert_eq!(element.map(|range| &text[range]), Some(values[index].as_str()));
    }
}
