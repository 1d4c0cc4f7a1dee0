//! The documents name only files that are there.

use crate::support;

const FOLDERS: [&str; 9] = [
    ".github",
    "arch-configs",
    "benches",
    "docs",
    "examples",
    "fuzz",
    "src",
    "tests",
    "workloads",
];

/// The paths of the project in backticks, without those that stand for several (`NAME`, `*`).
fn named(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|path| {
        let one = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c);
        let folder = path.split_once('/').map(|(folder, _)| folder);
        path.chars().all(one) && folder.is_some_and(|folder| FOLDERS.contains(&folder))
    })
}

#[test]
fn every_path_in_the_documents_is_there() {
    let mut documents = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in std::fs::read_dir(support::path("docs")).unwrap() {
        documents.push(format!("docs/{}", entry.unwrap().file_name().display()));
    }
    let mut found = 0;
    for document in documents {
        let text = support::text(&document);
        // Blocks of code have backticks of their own.
        let prose: String = text.split("```").step_by(2).collect();
        for path in named(&prose) {
            assert!(support::path(path).exists(), "{document}: {path}");
            found += 1;
        }
    }
    assert!(found > 20, "{found} paths");
}
