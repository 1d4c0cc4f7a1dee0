//! Whole commands through the real program.

use std::process::{Command as Process, Stdio};

use serde_json::Value;
use snapbox::cmd::cargo_bin;

use crate::support::{self, assert_agrees, axbxp, golden, json, output};

const SMALL: [&str; 6] = ["run", "-a", "axbxp_k4_8x8", "-w", "tiny", "-q"];

#[test]
fn run_prints_the_same_table_as_ever() {
    axbxp(&SMALL)
        .assert()
        .success()
        .stdout_eq(golden("run_tiny.txt"));
}

#[test]
fn compare_prints_the_same_table_as_ever() {
    axbxp(&[
        "compare",
        "-q",
        "fxp8_8x8",
        "axbxp_k4_8x8:k4_l4",
        "axbxp_k4_8x8:k4_l1",
        "-w",
        "tiny",
    ])
    .assert()
    .success()
    .stdout_eq(golden("compare_tiny.txt"));
}

#[test]
fn multiply_takes_a_product_apart() {
    let arguments = [
        "multiply",
        "117",
        "-93",
        "--unsigned",
        "--keep-activation",
        "2",
        "--keep-weight",
        "1",
        "-l",
        "1",
    ];
    axbxp(&arguments)
        .assert()
        .success()
        .stdout_eq(golden("multiply.txt"));
    let json: Value =
        serde_json::from_str(&output(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["exact"], 117 * -93);
    assert_eq!(json["approximate"], -8960);
}

#[test]
fn bytes_do_not_depend_on_threads_or_repetition() {
    let with =
        |threads| output(&[&SMALL[..], &["--format", "json", "--threads", threads]].concat());
    let once = with("1");
    assert_eq!(once, with("1"));
    assert_eq!(once, with("2"));
    assert_eq!(once, with("8"));
}

#[test]
fn json_adds_up() {
    let report = json(&SMALL);
    assert_eq!(report["schema"], "axbxp.report/1");
    assert_eq!(report["runs"].as_array().unwrap().len(), 2);
    for run in report["runs"].as_array().unwrap() {
        let pes = run["architecture"]["rows"].as_u64().unwrap()
            * run["architecture"]["columns"].as_u64().unwrap();
        let layers = run["layers"].as_array().unwrap();
        for layer in layers.iter().chain([&run["total"]]) {
            let causes: u64 = layer["pe_cycles"]
                .as_object()
                .unwrap()
                .values()
                .map(|v| v.as_u64().unwrap())
                .sum();
            assert_eq!(causes, layer["cycles"].as_u64().unwrap() * pes);
            let energy: f64 = layer["energy"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, pj)| pj.is_number())
                .map(|(_, pj)| pj.as_f64().unwrap())
                .sum();
            let stated = layer["energy_pj"].as_f64().unwrap();
            assert!((energy - stated).abs() <= 1e-9 * stated);
        }
        for field in ["cycles", "macs", "tiles"] {
            let sum: u64 = layers
                .iter()
                .map(|layer| layer[field].as_u64().unwrap())
                .sum();
            assert_eq!(sum, run["total"][field].as_u64().unwrap(), "{field}");
        }
    }
    let (base, this) = (&report["runs"][0]["total"], &report["runs"][1]["total"]);
    let speedup = base["time_us"].as_f64().unwrap() / this["time_us"].as_f64().unwrap();
    assert!((report["comparisons"][0]["speedup"].as_f64().unwrap() - speedup).abs() < 1e-12);
}

fn schema(kind: &str) -> Value {
    serde_json::from_str(&output(&["schema", kind])).unwrap()
}

#[test]
fn json_is_what_the_schema_says() {
    assert_agrees(&json(&SMALL), &schema("report"));
    let points = ["fxp8_8x8", "axbxp_k4_8x8:k4_l1"];
    let headline = json(&[&["headline", "-q", "-w", "tiny"][..], &points].concat());
    assert_agrees(&headline, &schema("headline"));
    let map = json(&["map", "-q", "-w", "tiny", "-a", "axbxp_k4_8x8"]);
    assert_eq!(map["schema"], "axbxp.mapping/1");
    assert_agrees(&map, &schema("map-report"));
    let accuracy = json(&["accuracy", "-q", "--limit", "2"]);
    assert_eq!(accuracy["schema"], "axbxp.accuracy/1");
    assert_agrees(&accuracy, &schema("accuracy"));
}

#[test]
fn csv_has_a_line_for_each_layer_and_total() {
    let text = output(&[&SMALL[..], &["--format", "csv"]].concat());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 2 * 6);
    let column = heads.iter().position(|head| head == "cycles").unwrap();
    let cycles: Vec<u64> = records.iter().map(|r| r[column].parse().unwrap()).collect();
    assert_eq!(cycles[..5].iter().sum::<u64>(), cycles[5]);
}

#[test]
fn every_shipped_file_passes_check() {
    for folder in [
        "arch-configs",
        "arch-configs/activity",
        "arch-configs/approx",
        "arch-configs/dram",
        "arch-configs/energy",
        "arch-configs/sram",
        "workloads",
    ] {
        for entry in std::fs::read_dir(support::path(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "ron") {
                axbxp(&["check", path.to_str().unwrap()]).assert().success();
            }
        }
    }
}

#[test]
fn lists_and_schemas_name_what_there_is() {
    let list = output(&["list"]);
    for name in [
        "axbxp_k4_32x32",
        "k4_l2",
        "lpddr4_3200",
        "ng45",
        "est15",
        "cacti_32_hp",
        "resnet50",
        "llama7b_block_decode",
        "fashion_cnn",
    ] {
        assert!(list.contains(name), "{name}");
    }
    for kind in [
        "report",
        "accuracy",
        "model",
        "dram-report",
        "arch",
        "approx",
        "workload",
        "dram",
        "energy",
        "sram",
    ] {
        assert!(schema(kind)["title"].is_string());
    }
}

/// One line a value in CSV, the same values in JSON, every source in the text.
#[test]
fn an_energy_table_is_printed_with_its_sources() {
    let text = output(&["energy-table"]);
    assert_eq!(text, output(&["energy-table", "ng45"]));
    assert!(text.lines().all(|line| line.chars().count() <= 100));
    let json = json(&["energy-table", "asap7"]);
    assert_eq!(json["schema"], "axbxp.energy-table/1");
    let csv = output(&["energy-table", "asap7", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let values = json["values"].as_array().unwrap();
    for (record, value) in records.iter().zip(values) {
        assert_eq!(record[0], *value["component"].as_str().unwrap());
        assert_eq!(record[2].parse::<f64>().unwrap(), value["value"]);
        assert!(!record[5].is_empty(), "{record:?}");
    }
    // Then five parameters of the SRAM fit, and four values of each of 11 x 4 macros.
    assert_eq!(records.len(), values.len() + 5 + 4 * 44);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(&output(&["energy-table", "asap7"]));
    for value in values {
        assert!(text.contains(&words(value["source"].as_str().unwrap())));
    }
}

/// Block sizes 1 to 8, with as many multipliers as blocks of 8 bits in both operands, at every technology.
#[test]
fn every_block_size_runs() {
    let folder = tempfile::tempdir().unwrap();
    let k4 = support::text("arch-configs/axbxp_k4_8x8.ron");
    let path = folder.path().join("my.ron");
    for k in 1..=8_u32 {
        for table in ["ng45", "asap7", "est15"] {
            let multipliers = 8_u32.div_ceil(k).pow(2);
            let text = k4
                .replace(
                    "block_bits: 4, multipliers: 4",
                    &format!("block_bits: {k}, multipliers: {multipliers}"),
                )
                .replace("ng45", table)
                .replace("k4_l2", "exact");
            std::fs::write(&path, text).unwrap();
            let arguments = ["run", "-a", path.to_str().unwrap(), "-w", "tiny"];
            let run = json(&[&arguments[..], &["-b", "none", "-q"]].concat());
            let energy = run["runs"][0]["total"]["energy"]["pe_array_pj"].as_f64();
            assert!(energy.unwrap() > 0.0, "K = {k}, {table}");
        }
    }
}

#[test]
fn layers_can_be_chosen_and_are_the_same_alone() {
    let all = json(&SMALL);
    let one = json(&[&SMALL[..], &["--layers", "depth*"]].concat());
    let layers = one["runs"][1]["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0]["macs"], all["runs"][1]["layers"][1]["macs"]);
    assert_eq!(layers[0]["traffic"], all["runs"][1]["layers"][1]["traffic"]);
}

#[test]
fn results_go_to_files_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let out = file("report.csv");
    let trace = file("trace.json");
    let (out_text, trace_text) = (out.to_str().unwrap(), trace.to_str().unwrap());
    let printed = output(
        &[
            &SMALL[..],
            &["--format", "csv", "--out", out_text, "--trace", trace_text],
        ]
        .concat(),
    );
    assert_eq!(printed, "");
    let written = std::fs::read_to_string(&out).unwrap();
    assert_eq!(
        written,
        output(&[&SMALL[..], &["--format", "csv"]].concat())
    );
    let trace: Value = serde_json::from_slice(&std::fs::read(&trace).unwrap()).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().len() > 50);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        2,
        "no temporary files stay"
    );
}

/// The samples in `traces/` are what these commands make.
#[test]
fn trace_samples_are_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let stepped = ["--layers", "depthwise", "--fidelity", "stepped"];
    for (name, more) in [
        ("tiny.pftrace", vec![]),
        ("tiny.json", vec![]),
        (
            "tiny_depthwise.fst",
            [&stepped[..], &["--trace-pe", "0,1"]].concat(),
        ),
    ] {
        let path = folder.path().join(name);
        output(&[&SMALL[..], &["--trace", path.to_str().unwrap()], &more].concat());
        let sample = support::path("traces").join(name);
        assert!(
            std::fs::read(path).unwrap() == std::fs::read(sample).unwrap(),
            "{name} is stale"
        );
    }
}

#[test]
fn runs_from_any_folder() {
    let folder = tempfile::tempdir().unwrap();
    axbxp(&SMALL)
        .current_dir(folder.path())
        .assert()
        .success()
        .stdout_eq(golden("run_tiny.txt"));
}

#[test]
fn help_and_version() {
    assert!(output(&["--version"]).starts_with("axbxp "));
    for command in [
        "run",
        "compare",
        "dram",
        "energy-table",
        "multiply",
        "check",
        "list",
        "schema",
    ] {
        assert!(output(&[command, "--help"]).contains("Usage:"));
    }
}

#[test]
fn compare_does_not_depend_on_threads_talk_or_colours() {
    let arguments = [
        "compare",
        "fxp8_8x8",
        "axbxp_k4_8x8:k4_l4",
        "axbxp_k4_8x8:k4_l1",
        "-w",
        "tiny",
        "--format",
        "csv",
    ];
    let with = |more: &[&str]| {
        let assert = axbxp(&[&arguments[..], more].concat()).assert().success();
        assert.get_output().stdout.clone()
    };
    let once = with(&["--threads", "1"]);
    for more in [
        &["--threads", "2"][..],
        &["--threads", "8"],
        &["-q"],
        &["-v"],
        &["-vv"],
    ] {
        assert!(once == with(more), "{more:?}");
    }
    for (variable, value) in [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("TERM", "dumb")] {
        let assert = axbxp(&arguments).env(variable, value).assert().success();
        assert!(once == assert.get_output().stdout, "{variable}");
    }
}

#[test]
fn talk_goes_to_standard_error() {
    let talk = |more: &str| {
        let arguments = ["run", "-a", "axbxp_k4_8x8", "-w", "tiny", more];
        let assert = axbxp(&arguments).assert().success();
        String::from_utf8(assert.get_output().stderr.clone()).unwrap()
    };
    assert_eq!(talk("--quiet"), "");
    let (some, all) = (talk("-v"), talk("-vv"));
    assert_eq!(some.matches("simulated").count(), 2, "{some}");
    assert!(
        all.contains("planned") && all.contains("simulated"),
        "{all}"
    );
    assert!(!all.contains('\x1b'), "colours in a pipe: {all}");
}

#[test]
fn tables_have_no_trailing_blanks_and_text_no_long_lines() {
    let text = output(&["run", "-a", "axbxp_k4_8x8", "-w", "tiny"]);
    assert!(text.lines().all(|line| line == line.trim_end()));
    assert!(text.is_ascii());
    let notes = text.split_once("\nnote: ").unwrap().1;
    assert!(notes.lines().all(|line| line.len() <= 100));
}

/// The columns that the CSV shares with the JSON say the same.
#[test]
fn csv_says_what_json_says() {
    let json = json(&SMALL);
    let text = output(&[&SMALL[..], &["--format", "csv"]].concat());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let of_json = json["runs"].as_array().unwrap().iter().flat_map(|run| {
        let layers = run["layers"].as_array().unwrap();
        layers.iter().chain([&run["total"]])
    });
    for (record, layer) in records.iter().zip(of_json) {
        let cell = |head: &str| &record[heads.iter().position(|h| h == head).expect(head)];
        assert_eq!(cell("layer"), layer["name"].as_str().unwrap());
        for field in ["macs", "cycles", "tiles"] {
            assert_eq!(cell(field), layer[field].to_string(), "{field}");
        }
        for (name, bytes) in layer["traffic"].as_object().unwrap() {
            assert_eq!(cell(name), bytes.to_string(), "{name}");
        }
        for (name, pe_cycles) in layer["pe_cycles"].as_object().unwrap() {
            assert_eq!(cell(&format!("pe_cycles_{name}")), pe_cycles.to_string());
        }
        let energies = layer["energy"].as_object().unwrap();
        for (name, pj) in energies.iter().filter(|(_, pj)| pj.is_number()) {
            let said: f64 = cell(name).parse().unwrap();
            assert!((said - pj.as_f64().unwrap()).abs() <= 0.0005001, "{name}");
        }
    }
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_written_to_and_stays() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    // A link stays a link, and the file behind it is the one replaced.
    std::fs::write(file("report.csv"), "old").unwrap();
    symlink("report.csv", file("link.csv")).unwrap();
    let link = file("link.csv");
    output(
        &[
            &SMALL[..],
            &["--format", "csv", "--out", link.to_str().unwrap()],
        ]
        .concat(),
    );
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let written = std::fs::read_to_string(file("report.csv")).unwrap();
    assert!(written.starts_with("run,workload,"));
    // A socket can be neither opened nor replaced.
    let socket = file("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for flag in ["--out", "--trace"] {
        let arguments = [&SMALL[..], &[flag, socket.to_str().unwrap()]].concat();
        axbxp(&arguments).assert().code(2).stdout_eq("");
        let kind = std::fs::symlink_metadata(&socket).unwrap().file_type();
        assert!(kind.is_socket(), "{flag}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_is_no_error() {
    let reports =
        ["table", "json", "csv"].map(|format| [&SMALL[..], &["--format", format]].concat());
    for arguments in reports.into_iter().chain([vec!["list"]]) {
        let mut child = Process::new(cargo_bin!("axbxp"))
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

/// Results that nobody can read are lost, which is an error; where they go to a file or are not wanted, it is none.
#[test]
#[cfg(target_os = "linux")]
fn a_closed_standard_output_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.txt");
    let out = out.to_str().unwrap();
    let ends = |redirection: &str, arguments: &[&str]| {
        let output = Process::new("sh")
            .args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")])
            .arg(cargo_bin!("axbxp"))
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    let printing: [&[&str]; 6] = [
        &SMALL,
        &["compare", "-q", "fxp8_8x8", "-w", "tiny"],
        &["energy-table"],
        &["multiply", "3", "4"],
        &["list"],
        &["schema", "report"],
    ];
    for arguments in printing {
        let (code, said) = ends(">&-", arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(
            said.starts_with("error: standard output is closed"),
            "{said}"
        );
        assert_eq!(ends(">/dev/null", arguments).0, Some(0), "{arguments:?}");
    }
    let to_file = [&SMALL[..], &["--out", out]].concat();
    assert_eq!(ends(">&-", &to_file), (Some(0), String::new()));
    assert_eq!(std::fs::read_to_string(out).unwrap(), output(&SMALL));
    // What other files hold needs no output.
    let trace = folder.path().join("tiny.json");
    let traced = [&SMALL[..], &["--trace", trace.to_str().unwrap()]].concat();
    assert_eq!(ends(">&-", &traced).0, Some(0));
    assert!(trace.is_file());
    // What the exit code says needs no output.
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/arch-configs/fxp8_8x8.ron");
    assert_eq!(ends(">&-", &["check", file]).0, Some(0));
}

#[test]
fn help_mentions_every_flag() {
    let output_flags = "--format --out --plots --threads";
    let run = "--arch --workload --approx --baseline --batch --layers --trace --trace-window \
               --trace-events --trace-baseline --view";
    let multiply = "--block-bits --keep-activation --keep-weight --products --window-static \
                    --nearest --unsigned --json";
    for (command, flags) in [
        ("run", format!("{run} {output_flags}")),
        ("compare", format!("--workloads --batch {output_flags}")),
        (
            "dram",
            "--config --trace --gap --channels --commands --format --out".to_string(),
        ),
        ("energy-table", "--format --out".to_string()),
        ("multiply", multiply.to_string()),
        ("check", "--as --root".to_string()),
        (
            "accuracy",
            "--model --root --arch --approx --images --limit --range --correct --view --format --out --activity-out --threads"
                .to_string(),
        ),
        ("list", String::new()),
        ("schema", String::new()),
    ] {
        let help = output(&[command, "--help"]);
        let words: Vec<&str> = help.split([' ', ',', '.', '\n']).collect();
        for flag in flags
            .split_whitespace()
            .chain(["--quiet", "--verbose", "--help"])
        {
            assert!(words.contains(&flag), "{command} {flag}");
        }
    }
    // Without a command there is nothing to do.
    axbxp(&[]).assert().code(2).stdout_eq("");
}

/// A file of one's own with files of one's own beside it, named relative to it.
#[test]
fn files_name_files_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let text = support::text(&format!("arch-configs/{from}"))
            .replace("\"ddr4_2400\"", "\"my_dram.ron\"")
            .replace("\"ng45\"", "\"my_table.ron\"");
        std::fs::write(folder.path().join(to), text).unwrap();
    };
    copy("axbxp_k4_8x8.ron", "my.ron");
    std::fs::copy(
        support::path("arch-configs/dram/ddr4_2400.ron"),
        folder.path().join("my_dram.ron"),
    )
    .unwrap();
    std::fs::copy(
        support::path("arch-configs/energy/ng45.ron"),
        folder.path().join("my_table.ron"),
    )
    .unwrap();
    let path = folder.path().join("my.ron");
    let mine = output(&["run", "-a", path.to_str().unwrap(), "-w", "tiny", "-q"]);
    assert_eq!(mine, output(&SMALL));
}

/// The mapping of a network, saved and replayed: the same table, and the same run.
#[test]
fn saved_mappings_give_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("tiny.ron");
    let saved = saved.to_str().unwrap();
    let map = ["map", "-a", "axbxp_k4_8x8", "-w", "tiny", "-q"];
    let chosen = output(&[&map[..], &["--format", "csv", "--save", saved]].concat());
    assert_eq!(
        output(&["check", saved]),
        format!("{saved}: ok (mapping)\n")
    );
    let replayed = output(&[&map[..], &["--format", "csv", "--mapping", saved]].concat());
    // Of a mapping that is fixed there is no next best.
    let without_next = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.rsplit_once(',').unwrap().0.to_string())
            .collect()
    };
    assert_eq!(without_next(&chosen), without_next(&replayed));
    let run = [
        "run",
        "-a",
        "axbxp_k4_8x8",
        "-w",
        "tiny",
        "-q",
        "--format",
        "csv",
    ];
    let fixed = output(&[&run[..], &["--mapping", saved]].concat());
    assert_eq!(output(&run), fixed);
}
