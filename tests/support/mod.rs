//! What the tests share. Each test binary includes all of it and uses its part.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use snapbox::Data;
use snapbox::cmd::{Command, cargo_bin};

/// A path below the project's folder.
pub fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

/// A file of the project as text.
pub fn text(below: &str) -> String {
    std::fs::read_to_string(path(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
}

/// Whether everything is to be tested: `AXBXP_THOROUGH=1`.
pub fn thorough() -> bool {
    std::env::var_os("AXBXP_THOROUGH").is_some_and(|value| !value.is_empty())
}

/// The folder of trained networks that `AXBXP_MODELS` names, or none with a word about it.
pub fn models() -> Option<PathBuf> {
    let folder = std::env::var_os("AXBXP_MODELS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: AXBXP_MODELS does not name a folder of models");
    }
    folder
}

/// The program in the project's folder.
pub fn axbxp(arguments: &[&str]) -> Command {
    Command::new(cargo_bin!("axbxp"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
}

/// Standard output of a command that has to succeed without a word on standard error.
pub fn output_of(command: Command) -> String {
    let assert = command.assert().success().stderr_eq("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

pub fn output(arguments: &[&str]) -> String {
    output_of(axbxp(arguments))
}

/// The same with `--format json`.
pub fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&output(&[arguments, &["--format", "json"]].concat())).unwrap()
}

/// What a command printed when its test was written.
pub fn golden(name: &str) -> Data {
    Data::read_from(&path("tests/golden").join(name), None)
}

/// Every required property of the schema is there, and nothing that the schema does not know.
pub fn assert_agrees(report: &Value, schema: &Value) {
    agrees(report, schema, schema, "report");
}

fn agrees(value: &Value, schema: &Value, root: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return agrees(value, &root["$defs"][name], root, place);
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    {
        for required in schema["required"].as_array().unwrap() {
            assert!(
                object.contains_key(required.as_str().unwrap()),
                "{place}: no {required}"
            );
        }
        for (name, field) in object {
            let known = properties
                .get(name)
                .unwrap_or_else(|| panic!("{place}: {name} unknown"));
            agrees(field, known, root, &format!("{place}.{name}"));
        }
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        list.iter()
            .for_each(|item| agrees(item, items, root, place));
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Uniform, -1 to 1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// From `low` to `high`, both included.
    pub fn range(&mut self, low: usize, high: usize) -> usize {
        low + (self.bits() % (high - low + 1) as u64) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.range(1, n) == 1
    }
}
