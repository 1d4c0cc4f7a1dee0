//! README.md and docs/: every `console` block is run, line by line and document by document, in a folder that has what a
//! checkout has; what a block says is printed has to be what is printed, what it writes into `traces/` what ships there.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use axbxp::approx::Approximation;
use axbxp::arch;
use axbxp::infer::model_file::ModelBundle;
use axbxp::mapping::Mapping;
use axbxp::source::SourceFile;
use axbxp::workload;
use snapbox::cmd::cargo_bin;

use crate::support;

/// What commands read of a checkout.
const FOLDERS: [&str; 4] = ["arch-configs", "tests/scalesim", "traces", "workloads"];

/// Files of a reader's own, and what stands in for them.
const READERS_FILES: [(&str, &str); 1] = [("resnet20.onnx", "workloads/models/fashion_cnn.onnx")];

/// Programs that are not run: they install, train, or run these tests.
const OTHERS: [&str; 5] = ["apt-get", "cargo", "git", "pip", "python3"];

/// Commands that take minutes without optimisation. They are run with `AXBXP_THOROUGH=1`, the search by CI as well.
const LONG: [&str; 1] = ["axbxp search --quiet"];

/// A line that begins with `$`, and what the document says it prints.
struct Shown {
    place: String,
    line: String,
    printed: Option<String>,
}

/// Paths of the documents below the project's folder.
fn documents() -> Vec<String> {
    let mut documents = vec!["README.md".to_owned()];
    if let Ok(entries) = fs::read_dir(support::path("docs")) {
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let pages = names.filter(|name| name.ends_with(".md"));
        documents.extend(pages.map(|name| format!("docs/{name}")));
    }
    documents.sort();
    documents
}

/// The fenced blocks of a language: number of the line before each, its text, and what follows its end.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<(usize, &'t str, &'t str)> {
    let fence = format!("```{language}\n");
    let starts = text.match_indices(&fence);
    let blocks = starts.map(|(at, _)| {
        let (block, after) = text[at + fence.len()..]
            .split_once("```\n")
            .expect("an end");
        (text[..at].lines().count() + 1, block, after)
    });
    blocks.collect()
}

/// The commands of a document. A block of a command alone may be followed by a block of the text that it prints.
fn commands(document: &str, text: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for (first, block, after) in blocks(text, "console") {
        for (index, line) in block.lines().enumerate() {
            if let Some(line) = line.strip_prefix("$ ") {
                commands.push(Shown {
                    place: format!("{document}:{}", first + index + 1),
                    line: line.to_owned(),
                    printed: None,
                });
            } else if !line.trim_start().starts_with('#') {
                let command = commands.last_mut().expect("a command above its output");
                let printed = command.printed.get_or_insert_default();
                writeln!(printed, "{line}").unwrap();
            }
        }
        if let Some(rest) = after.strip_prefix("```text\n") {
            let (printed, _) = rest.split_once("```").expect("an end");
            commands.last_mut().expect("a command").printed = Some(printed.to_owned());
        }
    }
    commands
}

/// A folder with what commands read.
fn checkout() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let checkout = tempfile::tempdir().unwrap();
    for folder in FOLDERS {
        copy(&support::path(folder), &checkout.path().join(folder));
    }
    for (name, file) in READERS_FILES {
        fs::copy(support::path(file), checkout.path().join(name)).unwrap();
    }
    checkout
}

impl Shown {
    /// Runs a command of `axbxp` as a shell does, and compares what it prints.
    fn run(&self, folder: &Path) {
        let program = PathBuf::from(cargo_bin!("axbxp"));
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", program.parent().unwrap().display());
        let output = Command::new("sh")
            .args(["-c", &self.line])
            .env("PATH", path)
            .current_dir(folder)
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{}: {errors}", self.place);
        if let Some(printed) = &self.printed {
            let found = String::from_utf8(output.stdout).unwrap();
            let expected = snapbox::Data::from(printed.as_str());
            snapbox::Assert::new().eq(found, expected);
        }
    }

    /// Whether the tests that a command of `cargo` names are there.
    fn check_names(&self) {
        let command = self.line.split('#').next().unwrap();
        let words: Vec<&str> = command.split_whitespace().collect();
        let after = |flag: &str| {
            let at = words.iter().position(|&word| word == flag);
            at.map(|at| words.get(at + 1..).unwrap_or(&[]))
        };
        if let Some(words) = after("--test") {
            let tests = support::path("tests").join(words[0]);
            assert!(tests.join("main.rs").is_file(), "{}", self.place);
            let module = words.get(1);
            assert!(
                module.is_none_or(|name| has_module(&tests, name)),
                "{}",
                self.place
            );
        }
        if let Some([module, ..]) = after("--lib") {
            assert!(has_module(&support::path("src"), module), "{}", self.place);
        }
        if let Some([bench, ..]) = after("--bench") {
            let bench = support::path("benches").join(format!("{bench}.rs"));
            assert!(bench.is_file(), "{}", self.place);
        }
    }
}

/// Whether a file or a folder of modules below `folder` has this name.
fn has_module(folder: &Path, name: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        path.file_stem().is_some_and(|stem| stem == name)
            || path.is_dir() && has_module(&path, name)
    })
}

/// Runs a document's commands, one after the other.
fn run(document: &str) {
    let folder = checkout();
    for mut command in commands(document, &support::text(document)) {
        if let Some(arguments) = command.line.strip_prefix("cargo run --release -- ") {
            command.line = format!("axbxp {arguments}");
        }
        let assignments = |word: &&str| word.contains('=');
        let program = command.line.split(' ').find(|word| !assignments(word));
        match program.expect("a command") {
            "axbxp" if LONG.contains(&command.line.as_str()) && !support::thorough() => {}
            "axbxp" => command.run(folder.path()),
            "cargo" => command.check_names(),
            other => assert!(OTHERS.contains(&other), "{}: {other}", command.place),
        }
    }
    for entry in fs::read_dir(folder.path().join("traces")).unwrap() {
        let written = entry.unwrap().path();
        let sample = support::path("traces").join(written.file_name().unwrap());
        let same = fs::read(&written).unwrap() == fs::read(sample).unwrap();
        assert!(same, "{} is stale", written.display());
    }
}

#[test]
#[cfg(unix)]
fn every_command_prints_what_the_documents_show() {
    std::thread::scope(|scope| {
        for document in documents() {
            scope.spawn(move || run(&document));
        }
    });
}

/// The examples of our files.
#[test]
fn every_ron_block_is_right() {
    for document in documents() {
        let text = support::text(&document);
        for (line, block, _) in blocks(&text, "ron") {
            let file = || SourceFile::from_text(format!("{document}:{line}"), block);
            let right = [
                ModelBundle::load(file(), None).err(),
                Approximation::load(file()).err(),
                workload::load(&file()).err(),
                arch::load(&file()).err(),
                Mapping::load(file()).err(),
            ];
            let errors: Vec<String> = right.iter().flatten().map(ToString::to_string).collect();
            assert!(errors.len() < right.len(), "{}", errors.join("\n"));
        }
    }
}

#[test]
fn the_readme_names_every_command() {
    let help = support::output(&["--help"]);
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let (commands, _) = commands.split_once("\n\n").expect("its end");
    let readme = support::text("README.md");
    let names = commands.lines().filter(|line| !line.starts_with("   "));
    for name in names.filter_map(|line| line.split_whitespace().next()) {
        let named = name == "help" || readme.contains(&format!("`axbxp {name}`"));
        assert!(named, "{name}");
    }
}
