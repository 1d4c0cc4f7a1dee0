//! The examples run and print what they should.

use std::path::PathBuf;

use snapbox::Data;
use snapbox::cmd::Command;

/// An example as `cargo test` has built it, in a folder beside that of the test programs.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a program");
    let profile = test.ancestors().nth(2).expect("target/<profile>/deps");
    let path = profile
        .join("examples")
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        path.exists(),
        "{}: `cargo test` builds the examples; with `--test` name `--examples` too",
        path.display()
    );
    path
}

#[test]
fn examples_print_what_they_should() {
    for name in [
        "compare_architectures",
        "dram_trace",
        "observe_events",
        "own_network",
    ] {
        let golden = format!("tests/golden/example_{name}.txt");
        Command::new(example(name))
            .assert()
            .success()
            .stderr_eq("")
            .stdout_eq(Data::read_from(golden.as_ref(), None));
    }
}
