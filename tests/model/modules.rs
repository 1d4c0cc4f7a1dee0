//! The order of the modules, which no compiler checks: which may use which, and that the documents say the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the library, lowest first, and what of the library it may use.
#[rustfmt::skip]
const MODULES: [(&str, &str); 18] = [
    ("source", ""),
    ("parallel", ""),
    ("blocked", ""),
    ("sim", ""),
    ("dram", "source"),
    ("arch", "source"),
    ("workload", "source blocked"),
    ("approx", "source blocked arch workload"),
    ("mapping", "source arch workload approx"),
    ("graph", "arch mapping"),
    ("hw", "blocked sim dram arch workload approx mapping graph"),
    ("energy", "source blocked dram arch"),
    ("infer", "source parallel blocked arch workload approx"),
    ("sweep", "source parallel sim dram arch workload approx mapping graph hw energy"),
    ("search", "source parallel blocked arch workload approx infer sweep"),
    ("report", "blocked dram arch workload approx mapping hw energy infer sweep search"),
    ("trace", "parallel sim arch mapping graph hw sweep"),
    ("cli", "source parallel blocked dram arch workload approx mapping energy infer sweep search report trace"),
];

#[test]
fn modules_use_those_below_them() {
    for (index, (module, may_use)) in MODULES.iter().enumerate() {
        let below: Vec<&str> = MODULES[..index].iter().map(|(name, _)| *name).collect();
        for used in may_use.split_whitespace() {
            assert!(below.contains(&used), "{module} is not above {used}");
        }
    }
}

#[test]
fn no_import_runs_upwards() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        let module = top_module(inside);
        if module == "lib" || module == "main" || is_test(inside) {
            continue;
        }
        let may_use = may_use(&module);
        let text = fs::read_to_string(&path).unwrap();
        for used in imports(&text, inside) {
            if used != module && !may_use.contains(&used.as_str()) {
                wrong.push(format!("src/{}: uses `{used}`", inside.display()));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is allowed and not used would hide a change for the worse.
#[test]
fn every_use_that_is_allowed_is_made() {
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in rust_files(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        if !is_test(inside) {
            let text = fs::read_to_string(&path).unwrap();
            used.entry(top_module(inside))
                .or_default()
                .extend(imports(&text, inside));
        }
    }
    for (module, may_use) in MODULES {
        for name in may_use.split_whitespace() {
            assert!(
                used[module].iter().any(|used| used == name),
                "{module} may use {name}, and does not"
            );
        }
    }
}

/// The table of docs/developing.md has a row `| module | what it holds | what it may use |` for every module.
#[test]
fn the_documents_say_which_module_may_use_which() {
    let text = fs::read_to_string(root().join("docs/developing.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|cells: &Vec<&str>| cells.len() == 3)
        .collect();
    for (module, may_use) in MODULES {
        let row = rows
            .iter()
            .find(|cells| cells[0] == format!("`{module}`"))
            .unwrap_or_else(|| panic!("docs/developing.md has no row for `{module}`"));
        let names = may_use.split_whitespace().map(|name| format!("`{name}`"));
        let names = names.collect::<Vec<_>>().join(", ");
        let expected = if may_use.is_empty() {
            "nothing"
        } else {
            &names
        };
        assert_eq!(row[2], expected, "what `{module}` may use");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn may_use(module: &str) -> Vec<&'static str> {
    MODULES
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, may_use)| may_use.split_whitespace().collect())
        .unwrap_or_else(|| panic!("module `{module}` is not among the modules"))
}

/// The module of the library that a file belongs to.
fn top_module(inside: &Path) -> String {
    let first = inside.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_string()
}

fn is_test(inside: &Path) -> bool {
    inside
        .iter()
        .any(|part| part == "tests" || part == "tests.rs")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The modules of the library that a file names, by `crate::` or by as many `super::` as lead to the root. Tests at the
/// end of the file, comments and strings do not count.
fn imports(text: &str, inside: &Path) -> Vec<String> {
    let code = code_of(text);
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let folders = inside.iter().count() - 1;
    let is_module_file = inside.ends_with("mod.rs");
    let depth = if is_module_file { folders } else { folders + 1 };
    let to_root = "super::".repeat(depth);
    let mut found = Vec::new();
    for start in ["crate::", to_root.as_str()] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|c| c == '_' || c.is_alphanumeric() || c == ':') {
                found.extend(first_names(&code[at + start.len()..]));
            }
        }
    }
    found
}

/// The first name of a path, or of each path in braces.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(inside) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut depth = 0;
    let mut names = vec![name(inside)];
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&inside[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The text without comments and without what stands in strings.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if c == '"' {
            string_length(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else {
            code.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// Bytes of the string literal that `text` begins with, its quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn imports_are_read_from_code_only() {
    let text = "//! [`crate::hw`]\nuse crate::{arch::Pe, sim::{Tick, Khz}};\nlet a = \"crate::cli\"; super::super::dram::x();\n\
                #[cfg(test)]\nmod tests { use crate::sweep; }";
    assert_eq!(
        imports(text, Path::new("mapping/plan.rs")),
        ["arch", "sim", "dram"]
    );
}
