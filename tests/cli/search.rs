//! `axbxp search` through the real program, on the embedded network and few of its images.

use std::path::Path;

use serde_json::Value;
use snapbox::cmd::Command;

use crate::support::axbxp;

/// Few images, few measurements: enough for the way through.
const SMALL: [&str; 7] = [
    "search",
    "--quiet",
    "--limit",
    "24",
    "--evaluations",
    "8",
    "--out",
];

fn search(folder: &Path, more: &[&str]) -> Command {
    axbxp(&SMALL).arg(folder).args(more)
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn what_is_found_runs_and_a_search_that_was_stopped_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let found = folder.path();
    let wide = ["--max-loss", "5", "--survey", "2"];
    let first = search(found, &wide).assert().success().stderr_eq("");
    let first = first.get_output().stdout.clone();

    // Each level's file is a configuration that fits network and architecture, and costs what the search says.
    let result: Value = serde_json::from_str(&read(found, "search.json")).unwrap();
    assert_eq!(result["schema"], "axbxp.search/1");
    for level in result["levels"].as_array().unwrap() {
        let name = level["level"].as_str().unwrap();
        let file = found.join(format!("{name}.ron"));
        let run = axbxp(&["run", "--quiet", "--format", "json"])
            .args(["--workload", "fashion_cnn"])
            .arg("--approx")
            .arg(file)
            .assert()
            .success();
        let run: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
        let comparison = &run["comparisons"][0];
        let near = |a: &Value, b: &Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-9;
        assert!(
            near(&comparison["speedup"], &level["best"]["speedup"]),
            "{name}"
        );
        assert!(
            near(&comparison["energy_ratio"], &level["best"]["energy_ratio"]),
            "{name}"
        );
    }
    let edp = |level: usize| {
        let best = &result["levels"][level]["best"];
        best["speedup"].as_f64().unwrap() * best["energy_ratio"].as_f64().unwrap()
    };
    assert!(edp(0) <= edp(1) && edp(1) <= edp(2));
    assert!(read(found, "front.svg").starts_with("<svg"));

    // Again with half of the measurements gone and the next one half written, as if the process had been killed.
    let log = read(found, "measurements.jsonl");
    let lines: Vec<&str> = log.lines().collect();
    let mut kept = lines[..lines.len() / 2].join("\n") + "\n";
    kept += &lines[lines.len() / 2][..20];
    std::fs::write(found.join("measurements.jsonl"), kept).unwrap();
    let json = read(found, "search.json");
    let again = search(found, &[&wide[..], &["--threads", "1"]].concat());
    again.assert().success().stdout_eq(first);
    assert_eq!(read(found, "search.json"), json);
    let mut again: Vec<String> = read(found, "measurements.jsonl")
        .lines()
        .map(str::to_owned)
        .collect();
    again.sort();
    let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(again, lines);
}

#[test]
fn where_nothing_is_accurate_enough_the_answer_is_no() {
    let folder = tempfile::tempdir().unwrap();
    let no = axbxp(&["search", "-q", "--limit", "150", "--level", "network"])
        .args(["--max-loss", "0", "--correct", "none", "--out"])
        .arg(folder.path());
    let output = no.assert().code(1).get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    assert!(
        text.contains("nothing cheaper is within the bound; nearest"),
        "{text}"
    );
}

#[test]
fn files_of_others_are_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("layer.ron"), "mine").unwrap();
    let output = search(folder.path(), &[])
        .assert()
        .code(2)
        .get_output()
        .clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("layer.ron: no search wrote this file"),
        "{said}"
    );
    assert_eq!(read(folder.path(), "layer.ron"), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn notes_tell_of_few_images_and_of_files_left_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("measurements.jsonl"), "").unwrap();
    std::fs::write(folder.path().join("layer.ron"), "of an earlier search").unwrap();
    let output = axbxp(&["search", "--limit", "24", "--level", "network", "--out"])
        .arg(folder.path())
        .assert()
        .success()
        .get_output()
        .clone();
    let said = String::from_utf8(output.stderr).unwrap();
    let few = "note: one of 24 selection images is 4.2 points: at most 1 point lost allows none\n";
    assert!(said.starts_with(few), "{said}");
    assert!(
        said.ends_with("note: layer.ron there is of an earlier search\n"),
        "{said}"
    );
}

#[test]
fn pes_without_blocks_have_nothing_to_choose() {
    let folder = tempfile::tempdir().unwrap();
    search(folder.path(), &["--arch", "fxp8_32x32"])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq("error: the PEs of `fxp8_32x32` are fxp(bits: 8): only `ax_bxp` PEs have anything to choose\n");
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("measurements.jsonl");
    std::fs::write(&path, "my notes\n").unwrap();
    search(folder.path(), &[])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq("error: [..]measurements.jsonl:1: expected {\"key\": .., \"value\": ..}; delete the file to begin anew\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes\n");
}
