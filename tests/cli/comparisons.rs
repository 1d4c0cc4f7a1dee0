//! `compare` and `headline` through the real program: sizings, batches, prices, factors.

use serde_json::Value;

use crate::support::{self, axbxp, golden, json, output};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// Arrays of each kind against FxP8, on a network of a few layers.
const SMALL: [&str; 6] = [
    "fxp8_32x32",
    "axbxp_k4_32x32:k4_l2",
    "axbxp_k2_32x32:k2_l1",
    "bit_fusion_32x32:bits4",
    "-w",
    "tiny",
];

fn headline<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["headline", "-q"], &SMALL[..], more].concat()
}

#[test]
fn headline_prints_the_same_table_as_ever() {
    axbxp(&headline(&[]))
        .assert()
        .success()
        .stdout_eq(golden("headline_tiny.txt"));
}

#[test]
fn a_table_fits_a_wide_terminal() {
    for line in output(&headline(&["--batch", "1"])).lines() {
        assert!(line.chars().count() <= 130, "{line}");
    }
}

#[test]
fn factors_multiply_to_the_ratios() {
    let report = json(&headline(&[]));
    assert_eq!(report["schema"], "axbxp.headline/1");
    assert_eq!(list(&report["groups"]).len(), 2);
    for group in list(&report["groups"]) {
        for row in list(&group["rows"]) {
            let product =
                |of: &Value| -> f64 { of.as_object().unwrap().values().map(number).product() };
            for (ratio, factors, field) in [
                ("speedup", "speedup_factors", "time_us"),
                ("energy_ratio", "energy_factors", "energy_pj"),
            ] {
                let ratio = number(&row[ratio]);
                assert!((product(&row[factors]) - ratio).abs() < 1e-9 * ratio);
                let of_runs = number(&group["baseline"][field]) / number(&row[field]);
                assert!((of_runs - ratio).abs() < 1e-9 * ratio);
            }
            let shares = ["derived_share", "assumed_share", "dram_preset_share"];
            let sum: f64 = shares.iter().map(|&share| number(&row[share])).sum();
            assert!(sum > 0.0 && sum <= 1.0 + 1e-9);
        }
    }
}

/// `headline` is another view of what `compare` says.
#[test]
fn headline_and_compare_agree() {
    let more = ["--batch", "1,2", "--iso", "pes,area"];
    let headline = json(&headline(&more));
    let mut arguments = vec!["compare", "-q"];
    arguments.extend(SMALL);
    arguments.extend(more);
    let compare = json(&arguments);
    let rows: Vec<&Value> = list(&headline["groups"])
        .iter()
        .flat_map(|group| list(&group["rows"]))
        .collect();
    let comparisons = list(&compare["comparisons"]);
    assert_eq!(rows.len(), comparisons.len());
    for (row, comparison) in rows.iter().zip(comparisons) {
        for field in [
            "iso",
            "speedup",
            "energy_ratio",
            "speedup_factors",
            "energy_factors",
        ] {
            assert_eq!(row[field], comparison[field], "{field}");
        }
        let run = &compare["runs"][comparison["run"].as_u64().unwrap() as usize];
        assert_eq!(row["rows"], run["architecture"]["rows"]);
        assert_eq!(row["area_ratio"], comparison["array"]["area_ratio"]);
    }
}

#[test]
fn arrays_of_equal_size_are_simulated_once() {
    let report = json(&[
        "compare",
        "-q",
        "fxp8_8x8",
        "axbxp_k4_8x8:k4_l1",
        "-w",
        "tiny",
        "--batch",
        "1,2",
        "--iso",
        "none,pes,area",
    ]);
    // Per batch the baseline, the array as it is (none, pes), and the smaller one (area).
    assert_eq!(list(&report["runs"]).len(), 6);
    let iso: Vec<String> = list(&report["comparisons"])
        .iter()
        .map(|comparison| comparison["iso"].to_string())
        .collect();
    let once = [r#"["none","pes"]"#, r#"["area"]"#];
    assert_eq!(iso, [once, once].concat());
    let batches: Vec<&Value> = list(&report["runs"])
        .iter()
        .map(|run| &run["batch"])
        .collect();
    assert_eq!(batches, [1, 1, 1, 2, 2, 2]);
    for comparison in list(&report["comparisons"]) {
        let run = |key: &str| &report["runs"][comparison[key].as_u64().unwrap() as usize];
        assert_eq!(run("run")["batch"], run("baseline_run")["batch"]);
        let array = &run("run")["architecture"];
        let pes = array["rows"].as_u64().unwrap() * array["columns"].as_u64().unwrap();
        assert_eq!(comparison["array"]["pes"], pes);
        assert!(
            comparison["iso"][0] != "area" || number(&comparison["array"]["area_ratio"]) <= 1.0
        );
    }
}

#[test]
fn a_resized_array_runs_as_one_described_so() {
    let area = json(&[
        "compare",
        "-q",
        "fxp8_8x8",
        "axbxp_k4_8x8:k4_l1",
        "-w",
        "tiny",
        "--iso",
        "area",
    ]);
    let resized = &area["runs"][1];
    let side = resized["architecture"]["rows"].as_u64().unwrap();
    assert!(side < 8);
    assert_eq!(
        resized["architecture"]["name"],
        format!("axbxp_k4_8x8@{side}x{side}")
    );
    let path = support::path("arch-configs/axbxp_k4_8x8.ron");
    let text = std::fs::read_to_string(path).unwrap();
    let text = text
        .replace("rows: 8,", &format!("rows: {side},"))
        .replace("columns: 8,", &format!("columns: {side},"))
        .replace(
            "values_per_cycle: 8,",
            &format!("values_per_cycle: {side},"),
        );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.ron");
    std::fs::write(&file, text).unwrap();
    let described = json(&[
        "run",
        "-q",
        "-a",
        file.to_str().unwrap(),
        "-x",
        "k4_l1",
        "-b",
        "none",
        "-w",
        "tiny",
    ]);
    assert_eq!(described["runs"][0]["layers"], resized["layers"]);
}

#[test]
fn prices_change_energy_and_nothing_else() {
    let run = |more: &[&str]| {
        let small = [
            "run",
            "-q",
            "-a",
            "axbxp_k4_8x8",
            "-x",
            "k4_l1",
            "-w",
            "tiny",
        ];
        json(&[&small, more].concat())
    };
    let own = run(&[]);
    let seven = run(&["--energy", "asap7"]);
    let low = run(&["--parallel-macs", "exact_cycle"]);
    for index in [0, 1] {
        let of = |report: &Value, field: &str| report["runs"][index]["total"][field].clone();
        for other in [&seven, &low] {
            assert_eq!(of(&own, "cycles"), of(other, "cycles"));
            assert_eq!(of(&own, "traffic"), of(other, "traffic"));
        }
        // The baseline is priced by the same table.
        assert_eq!(
            seven["runs"][index]["architecture"]["energy_table"],
            "asap7"
        );
        assert_eq!(
            low["runs"][index]["architecture"]["parallel_macs"],
            "exact_cycle"
        );
        assert!(number(&of(&seven, "energy_pj")) < number(&of(&own, "energy_pj")));
    }
    let pe_array =
        |report: &Value, run: usize| number(&report["runs"][run]["total"]["energy"]["pe_array_pj"]);
    assert_eq!(pe_array(&own, 0), pe_array(&low, 0));
    assert!(pe_array(&low, 1) < pe_array(&own, 1));
}

#[test]
fn published_ranges_stand_beside_arrays_that_can_be_compared() {
    let published = |points: &[&str], iso: &str| {
        let mut arguments = vec!["compare", "-q", "-w", "alexnet", "--iso", iso];
        arguments.extend(points);
        json(&arguments)["comparisons"][0]["published"].is_object()
    };
    let small = ["fxp8_32x32", "axbxp_k4_8x8"];
    assert!(!published(&small, "none"));
    assert!(published(&small, "area"));
    assert!(published(&["fxp8_8x8", "axbxp_k4_8x8"], "none"));
    assert!(!published(&["fxp8_8x8", "bit_fusion_32x32:bits8"], "pes"));
}

#[test]
fn csv_has_a_line_for_each_row_of_the_table() {
    let text = output(&headline(&["--format", "csv"]));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().len();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let report = json(&headline(&[]));
    let expected: usize = list(&report["groups"])
        .iter()
        .map(|group| list(&group["rows"]).len())
        .sum();
    assert_eq!(rows.len(), expected);
    assert!(rows.iter().all(|row| row.len() == columns));
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let with = |threads| output(&headline(&["--threads", threads]));
    assert_eq!(with("1"), with("8"));
}

/// Files of one name that say different things are told apart, in every form of the report, in the order asked for.
#[test]
fn architectures_of_one_name_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let root = crate::support::path("arch-configs");
    let write = |name: &str, from: &str, change: [&str; 2]| {
        let text = std::fs::read_to_string(root.join(from)).unwrap();
        let changed = text.replace(change[0], change[1]);
        assert_ne!(text, changed);
        let path = folder.path().join(name);
        std::fs::write(&path, changed).unwrap();
        path.to_str().unwrap().to_string()
    };
    let narrow = write("narrow.ron", "fxp8_8x8.ron", ["columns: 8,", "columns: 4,"]);
    let coarse = write("coarse.ron", "approx/k4_l1.ron", ["\"k4_l1\"", "\"k4_l4\""]);
    let blocked = ["axbxp_k4_8x8:k4_l4", &format!("axbxp_k4_8x8:{coarse}")];
    let points = ["fxp8_8x8", &narrow, blocked[0], blocked[1], &narrow];
    let compare = [&["compare", "-q", "-w", "tiny"], &points[..]].concat();
    let report = json(&compare);
    let names: Vec<String> = list(&report["runs"])
        .iter()
        .map(|run| {
            let part = |value: &Value| value.as_str().unwrap().to_string();
            part(&run["architecture"]["name"]) + ":" + &part(&run["approximation"])
        })
        .collect();
    let second = "fxp8_8x8#2:exact";
    let expected = [
        "fxp8_8x8:exact",
        second,
        "axbxp_k4_8x8:k4_l4",
        "axbxp_k4_8x8:k4_l4#2",
        second,
    ];
    assert_eq!(names, expected);
    let notes: Vec<&str> = list(&report["notes"])
        .iter()
        .filter_map(|note| note.as_str().filter(|note| note.contains('#')))
        .collect();
    let [architecture, approximation] = [&narrow, &coarse];
    assert_eq!(
        notes,
        [
            format!("`fxp8_8x8#2` is the architecture `fxp8_8x8` of {architecture}"),
            format!("`k4_l4#2` is the approximation configuration `k4_l4` of {approximation}"),
        ]
    );
    // A size comes after the number.
    let sized = [
        &[
            "headline", "-q", "-w", "tiny", "--batch", "1", "--iso", "pes",
        ],
        &points[..2],
    ];
    let row = &json(&sized.concat())["groups"][0]["rows"][0];
    assert_eq!(row["point"], second);
    let run = json(&["run", "-q", "-w", "tiny", "-a", &narrow, "-b", "fxp8_8x8"]);
    assert_eq!(run["runs"][0]["architecture"]["name"], "fxp8_8x8");
    assert_eq!(run["runs"][1]["architecture"]["name"], "fxp8_8x8#2");
}
