//! Names of layers from names of nodes.

use std::collections::{HashMap, HashSet};

/// Gives every layer a name that is valid in a network and no other's.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// The next number to try behind a name.
    next: HashMap<String, u32>,
}

impl Names {
    /// The name for what the file calls `name`: without the slashes in front, with `_` for each character that
    /// a name cannot have, and with `_2`, `_3`, ... behind it if it is taken.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let base = valid(name);
        if self.taken.insert(base.clone()) {
            return base;
        }
        let next = self.next.entry(base.clone()).or_insert(2);
        loop {
            let name = format!("{base}_{next}");
            *next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// Longer names are cut: a layer that reads very many others repeats their names.
const MAX_CHARACTERS: usize = 200;

/// A valid name as near to `name` as can be.
pub(super) fn valid(name: &str) -> String {
    let replaced: String = name
        .trim_start_matches('/')
        .chars()
        .take(MAX_CHARACTERS)
        .map(|c| match c {
            '*' | '?' => '_',
            c if c != ' ' && (c.is_whitespace() || c.is_control()) => '_',
            c => c,
        })
        .collect();
    match replaced.trim() {
        "" => "unnamed".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_and_differ() {
        let mut names = Names::default();
        let given = [
            "/layer1/conv1/Conv",
            "layer1/conv1/Conv",
            "a",
            "a_2",
            "a",
            "a",
            "",
            " \t",
            "w*?\u{7}x",
        ];
        let made = given.map(|name| names.unique(name));
        let expected = [
            "layer1/conv1/Conv",
            "layer1/conv1/Conv_2",
            "a",
            "a_2",
            "a_3",
            "a_4",
            "unnamed",
            "_",
            "w___x",
        ];
        assert_eq!(made, expected);
        for name in made {
            assert_eq!(crate::workload::build::name_problem(&name), None, "{name}");
        }
    }
}
