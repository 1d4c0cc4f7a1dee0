//! `axbxp dram` through the real program.

use serde_json::Value;

use crate::support::{assert_agrees, axbxp, golden, output, output_of, text};

const TRACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/copy.trace");

fn json(arguments: &[&str]) -> Value {
    crate::support::json(&[&["dram"], arguments].concat())
}

#[test]
fn dram_prints_the_same_as_ever() {
    axbxp(&["dram", "-c", "ddr4_2400", "-t", "traces/copy.trace"])
        .assert()
        .success()
        .stdout_eq(golden("dram_copy.txt"));
}

/// The sample trace: a copy, 64 bytes read and 64 written in turn.
#[test]
fn the_sample_is_a_copy() {
    let text: String = (0..512u64)
        .map(|i| match i % 2 {
            0 => format!("{:#x} READ {}\n", i / 2 * 64, i * 6),
            _ => format!("{:#x} WRITE {}\n", i / 2 * 64 + (1 << 20), i * 6),
        })
        .collect();
    assert_eq!(std::fs::read_to_string(TRACE).unwrap(), text);
}

#[test]
fn json_adds_up() {
    let report = json(&[
        "--config",
        "hbm2",
        "--channels",
        "4",
        "--trace",
        TRACE,
        "--gap",
        "3",
    ]);
    assert_eq!(report["schema"], "axbxp.dram/1");
    assert_eq!(report["gap_cycles"], 3);
    let (total, channels) = (&report["total"], report["channels"].as_array().unwrap());
    assert_eq!(channels.len(), 4);
    for pointer in [
        "/requests",
        "/commands/act",
        "/commands/rd",
        "/commands/wr",
        "/commands/ref",
        "/read_latency/count",
        "/energy/refresh_pj",
        "/energy_pj",
        "/bandwidth_gbps",
    ] {
        let of = |channel: &Value| channel.pointer(pointer).unwrap().as_f64().unwrap();
        let sum: f64 = channels.iter().map(of).sum();
        assert!((sum - of(total)).abs() <= 1e-9 * sum, "{pointer}: {sum}");
    }
    assert_eq!(total["commands"]["rd"], 256);
    let moved = 512.0 * 64.0 / report["time_ns"].as_f64().unwrap();
    assert!((total["bandwidth_gbps"].as_f64().unwrap() - moved).abs() < 1e-9);
    let parts: f64 = total["energy"]
        .as_object()
        .unwrap()
        .values()
        .map(|pj| pj.as_f64().unwrap())
        .sum();
    assert!((parts - total["energy_pj"].as_f64().unwrap()).abs() < 1e-6 * parts);
}

/// Whatever the number of channels: every field that the schema requires, and none that it does not know.
#[test]
fn json_is_what_the_schema_says() {
    let schema = serde_json::from_str(&output(&["schema", "dram-report"])).unwrap();
    for (config, channels) in [("ddr4_2400", "1"), ("ddr4_2400", "2"), ("hbm2", "8")] {
        let report = json(&["-c", config, "--channels", channels, "-t", TRACE]);
        let each = report["channels"].as_array().unwrap();
        assert_eq!(each.len().to_string(), channels);
        assert_agrees(&report, &schema);
    }
    let one = json(&["-c", "ddr4_2400", "-t", TRACE]);
    assert_eq!(one["channels"][0], one["total"]);
    assert_agrees(&one, &schema);
}

/// Without --gap the third column decides, here the same: a request every six cycles.
#[test]
fn the_third_column_or_the_gap_decides() {
    let with = |more: &[&str]| {
        let mut report = json(&[&["--config", "ddr4_2400", "--trace", TRACE], more].concat());
        report["gap_cycles"] = Value::Null;
        report
    };
    assert_eq!(with(&[]), with(&["--gap", "6"]));
    assert_ne!(with(&[]), with(&["--gap", "0"]));
}

#[test]
fn standard_input_is_a_trace_too() {
    let from_file = json(&["--config", "lpddr4_3200", "--trace", TRACE]);
    let arguments = ["dram", "--format", "json", "-c", "lpddr4_3200", "-t", "-"];
    let text = std::fs::read_to_string(TRACE).unwrap();
    let report: Value = serde_json::from_str(&output_of(axbxp(&arguments).stdin(text))).unwrap();
    assert_eq!(report["trace"], "-");
    assert_eq!(report["total"], from_file["total"]);
}

/// All of them, in order, as many as are counted, in a file that is whole or not there.
#[test]
fn commands_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.commands");
    let path = file.to_str().unwrap();
    let arguments = [
        "-c",
        "hbm2",
        "--channels",
        "2",
        "-t",
        TRACE,
        "--commands",
        path,
    ];
    let report = json(&arguments);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    let count = |name: &str| lines.iter().filter(|line| line[1] == name).count();
    let commands = &report["total"]["commands"];
    for (name, head) in [
        ("activate", "act"),
        ("precharge", "pre"),
        ("read", "rd"),
        ("write", "wr"),
        ("refresh", "ref"),
    ] {
        assert_eq!(commands[head], count(name), "{name}");
    }
    let order: Vec<(u64, u32)> = lines
        .iter()
        .map(|line| (line[0].parse().unwrap(), line[2].parse().unwrap()))
        .collect();
    assert!(order.is_sorted());
    assert!(lines.iter().all(|line| line.len() == 8));
    let first = "2                  activate               0   0   0   0      0x0     -0x1\n";
    assert!(text.starts_with(first), "{text}");

    // A trace that breaks off leaves the file as it was.
    let broken = folder.path().join("broken.trace");
    std::fs::write(&broken, "0x0 READ 0\n0x40 READ\n").unwrap();
    let arguments = [
        "-c",
        "hbm2",
        "-t",
        broken.to_str().unwrap(),
        "--commands",
        path,
    ];
    axbxp(&[&["dram"][..], &arguments].concat())
        .assert()
        .code(2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// A file of another simulator is a memory like any other, and an architecture can name it.
#[test]
fn dramsim3_configurations_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let ini = folder.path().join("my.ini");
    std::fs::write(&ini, CONFIGURATION).unwrap();
    let path = ini.to_str().unwrap();
    let checked = output(&["check", path]);
    assert_eq!(checked, format!("{path}: ok (DRAM standard)\n"));
    let report = json(&["--config", path, "--trace", TRACE]);
    assert_eq!(report["memory"]["name"], "my");
    assert_eq!(report["memory"]["channels"], 2);
    assert_eq!(report["notes"].as_array().unwrap().len(), 1, "tRTP");

    let text = text("arch-configs/axbxp_k4_8x8.ron");
    let arch = folder.path().join("my.ron");
    std::fs::write(&arch, text.replace("\"ddr4_2400\"", "\"my.ini\"")).unwrap();
    let arch = arch.to_str().unwrap();
    let run = output(&["run", "-a", arch, "-b", "none", "-w", "tiny", "-q"]);
    assert!(run.contains("my (16.0 GB/s)"), "{run}");
}

const CONFIGURATION: &str = "\
[dram_structure]
protocol = HBM
bankgroups = 4
banks_per_group = 4
rows = 16384
columns = 64
device_width = 64
BL = 4
[timing]
tCK = 1
CL = 7
CWL = 4
tRCDRD = 7
tRCDWR = 6
tRP = 7
tRAS = 17
tRFC = 160
tREFI = 3900
tRRD_S = 4
tRRD_L = 5
tWTR_S = 2
tWTR_L = 4
tFAW = 20
tWR = 8
tCCD_S = 1
tCCD_L = 2
[power]
VDD = 1.2
IDD0 = 65
IDD2N = 40
IDD3N = 55
IDD4W = 500
IDD4R = 390
IDD5AB = 250
[system]
channel_size = 512
channels = 2
bus_width = 64
address_mapping = rorabgbacoch
queue_structure = PER_BANK
row_buf_policy = OPEN_PAGE
cmd_queue_size = 8
trans_queue_size = 32
";
