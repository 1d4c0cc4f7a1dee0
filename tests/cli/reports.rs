//! Views and plots of reports through the real program: every layer is there, parts sum to totals, plots are
//! well-formed and the same every time.

use std::path::Path;

use serde_json::Value;

use crate::support::{json, output, text};

const SMALL: [&str; 6] = ["run", "-a", "axbxp_k4_8x8", "-w", "tiny", "-q"];
const POINTS: [&str; 6] = [
    "compare",
    "-q",
    "fxp8_8x8",
    "axbxp_k4_8x8:k4_l1",
    "-w",
    "tiny",
];

fn small(more: &[&str]) -> String {
    output(&[&SMALL[..], more].concat())
}

fn layer_names() -> Vec<String> {
    let report: Value = json(&SMALL);
    let layers = report["runs"][0]["layers"].as_array().unwrap();
    let name = |layer: &Value| layer["name"].as_str().unwrap().to_string();
    layers.iter().map(name).collect()
}

/// The rows of the tables in `text` whose first word is `name`, as words.
fn rows<'a>(text: &'a str, name: &str) -> Vec<Vec<&'a str>> {
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words.first() == Some(&name))
        .collect()
}

fn number(word: &str) -> f64 {
    word.parse().unwrap()
}

#[test]
fn views_come_in_the_order_asked_for() {
    let both = small(&["--view", "roofline,energy"]);
    let (roofline, energy) = (small(&["--view", "roofline"]), small(&["--view", "energy"]));
    assert_eq!(both, format!("{roofline}\n{energy}"));
    assert_eq!(small(&["--view", "cycles,summary"]), small(&[]));
}

#[test]
fn views_are_narrow_and_leave_no_layer_out() {
    for view in ["energy", "roofline", "ratios"] {
        let text = small(&["--view", view]);
        assert!(text.is_ascii());
        for line in text.lines() {
            assert!(line.len() <= 120 && line == line.trim_end(), "{line}");
        }
        for name in layer_names() {
            // Two runs; the energy view has figures and bars, one run has ratios.
            let tables = match view {
                "energy" => 4,
                "roofline" => 2,
                _ => 1,
            };
            assert_eq!(rows(&text, &name).len(), tables, "{view} {name}");
        }
    }
}

/// Components as they are printed sum to the layer, layers to the total, shares to 100 %.
#[test]
fn the_energy_view_adds_up() {
    let text = small(&["--view", "energy", "--baseline", "none"]);
    let total = &rows(&text, "total")[0];
    let share = &rows(&text, "%")[0];
    // `% of total 100 ...`
    let shares: f64 = share[4..].iter().map(|word| number(word)).sum();
    assert!(
        (shares - 100.0).abs() <= 0.05 * share.len() as f64,
        "{shares}"
    );
    let mut sum = 0.0;
    for name in layer_names() {
        let figures = &rows(&text, &name)[0];
        let parts: f64 = figures[2..].iter().map(|word| number(word)).sum();
        let all = number(figures[1]);
        sum += all;
        // Each figure is rounded to three digits or two decimals.
        let rounding = 0.005 * figures.len() as f64 + 0.005 * all;
        assert!((parts - all).abs() <= rounding, "{name}: {parts} {all}");
    }
    let all = number(total[1]);
    assert!((sum - all).abs() <= 0.01 * all, "{sum} {all}");
}

/// The bar of the largest layer and that of the total are full, the others as long as their energy.
#[test]
fn bars_are_as_long_as_the_energy() {
    let text = small(&["--view", "energy", "--baseline", "none"]);
    let bars: Vec<(f64, usize)> = layer_names()
        .iter()
        .map(|name| {
            let row = &rows(&text, name)[1];
            (number(row[1]), row.get(3).map_or(0, |bar| bar.len()))
        })
        .collect();
    let largest = bars.iter().map(|bar| bar.0).fold(0.0, f64::max);
    for (energy, length) in bars {
        let expected = energy / largest * 70.0;
        assert!(
            (length as f64 - expected).abs() < 1.5,
            "{length} {expected}"
        );
    }
    assert_eq!(rows(&text, "total")[1][3].len(), 70);
}

#[test]
fn no_row_of_the_roofline_view_is_above_its_roof() {
    let text = small(&["--view", "roofline"]);
    for name in layer_names().iter().map(String::as_str).chain(["total"]) {
        for row in rows(&text, name) {
            // ... attained engine memory of-roof bound bar
            let [attained, engine, memory, share, bound, bar] = row[row.len() - 6..] else {
                panic!("{row:?}");
            };
            let roof = number(engine).min(number(memory));
            assert!(number(attained) <= roof * 1.01, "{row:?}");
            assert!(
                (number(attained) / roof * 100.0 - number(share)).abs() < 1.5,
                "{row:?}"
            );
            assert_eq!(
                bound == "memory",
                number(memory) < number(engine),
                "{row:?}"
            );
            assert_eq!(bar.len(), 24);
        }
    }
}

/// Rows of a CSV, by column.
struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(text: &str) -> Table {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let words = |record: &csv::StringRecord| record.iter().map(String::from).collect();
        let heads = words(reader.headers().unwrap());
        let rows = reader.records().map(|record| words(&record.unwrap()));
        let rows = rows.collect();
        Table { heads, rows }
    }

    fn cell(&self, row: usize, head: &str) -> &str {
        let column = self.heads.iter().position(|name| name == head);
        &self.rows[row][column.unwrap_or_else(|| panic!("no column {head}"))]
    }

    fn value(&self, row: usize, head: &str) -> f64 {
        number(self.cell(row, head))
    }
}

#[test]
fn csv_rows_sum_to_the_total_row() {
    let table = Table::read(&small(&["--format", "csv"]));
    let sums = table.heads.iter().filter(|head| {
        let head = head.as_str();
        head.ends_with("_pj") || head.ends_with("_bytes") || head.starts_with("pe_cycles_")
    });
    let sums: Vec<&str> = sums
        .map(String::as_str)
        .chain(["macs", "cycles", "time_us", "tiles"])
        .collect();
    assert!(sums.contains(&"pe_shifters_pj") && sums.contains(&"dram_bytes"));
    let (mut begin, mut totals) = (0, 0);
    for row in 0..table.rows.len() {
        if table.cell(row, "layer") != "total" {
            continue;
        }
        for head in &sums {
            let sum: f64 = (begin..row).map(|layer| table.value(layer, head)).sum();
            let total = table.value(row, head);
            assert!(
                (sum - total).abs() <= 0.001 * (row - begin + 1) as f64,
                "{head}"
            );
        }
        totals += 1;
        begin = row + 1;
    }
    assert_eq!((totals, begin), (2, table.rows.len()));
    for row in 0..table.rows.len() {
        let parts = [
            "multipliers",
            "shifters",
            "accumulators",
            "operand_registers",
            "clock",
        ];
        let parts: f64 = parts
            .iter()
            .map(|part| table.value(row, &format!("pe_{part}_pj")))
            .sum();
        assert!((parts - table.value(row, "pe_array_pj")).abs() <= 0.003);
        let edp = table.value(row, "energy_pj") * table.value(row, "time_us");
        assert!((table.value(row, "edp_pj_us") / edp - 1.0).abs() < 1e-3);
    }
}

#[test]
fn area_adds_up_and_rates_are_over_it() {
    let report: Value = json(&SMALL);
    for run in report["runs"].as_array().unwrap() {
        let architecture = &run["architecture"];
        let components = architecture["area"].as_object().unwrap();
        let parts = components.iter().filter(|(name, _)| *name != "basis");
        let sum: f64 = parts.map(|(_, mm2)| mm2.as_f64().unwrap()).sum();
        let area = architecture["area_mm2"].as_f64().unwrap();
        assert!(area > 0.0 && (sum - area).abs() <= 1e-12 * area);
        let figures = &run["total"]["efficiency"];
        let tops = figures["tops"].as_f64().unwrap();
        let dense = figures["tops_per_mm2"].as_f64().unwrap();
        assert!((dense * area - tops).abs() <= 1e-12 * tops);
    }
}

/// Writes the plots of a command into a folder, twice: names and texts, the same both times.
fn plots(arguments: &[&str]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        let path = folder.path().join(name);
        output(&[arguments, &["--plots", path.to_str().unwrap()]].concat());
        read(&path)
    };
    let once = write("new");
    assert!(once == write("another"), "other bytes the second time");
    assert!(
        once == write("new"),
        "other bytes into a folder that is there"
    );
    once
}

fn read(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<(String, String)> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Texts of a plot, which has to be well-formed: elements close in order, attributes are quoted, `<` and `&` begin
/// nothing but tags and entities.
fn texts(svg: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut texts = Vec::new();
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        let text = rest[..at].trim();
        assert!(!text.contains('>'), "{text}");
        for entity in text.split('&').skip(1) {
            let name = entity.split_once(';').map(|(name, _)| name);
            assert!(
                matches!(name, Some("lt" | "gt" | "amp" | "quot" | "apos")),
                "{text}"
            );
        }
        if !text.is_empty() {
            assert_eq!(open.last(), Some(&"text"));
            texts.push(text.to_string());
        }
        let end = at + rest[at..].find('>').expect("an end of the tag");
        let tag = &rest[at + 1..end];
        assert!(
            tag.matches('"').count().is_multiple_of(2) && !tag.contains('<'),
            "{tag}"
        );
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            assert!(!open.is_empty() || texts.is_empty(), "one root");
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    assert!(svg.starts_with("<svg ") && svg.contains("xmlns=\"http://www.w3.org/2000/svg\""));
    texts
}

#[test]
fn a_run_has_plots_of_its_layers() {
    let files = plots(&SMALL);
    let names: Vec<&str> = files.iter().map(|file| file.0.as_str()).collect();
    assert_eq!(names, ["energy.svg", "roofline.svg"]);
    let energy = texts(&files[0].1);
    for name in layer_names() {
        assert!(energy.contains(&name), "{name}");
    }
    let roofline = texts(&files[1].1);
    for text in [
        "fxp8_8x8:exact",
        "axbxp_k4_8x8:k4_l2",
        "128 GOPS",
        "256 GOPS",
    ] {
        assert!(roofline.iter().any(|other| other == text), "{text}");
    }
    // Discs and rings: a layer of each run.
    assert_eq!(
        files[1].1.matches("<circle").count(),
        2 * layer_names().len()
    );
}

#[test]
fn a_comparison_has_plots_of_its_runs() {
    let files = plots(&POINTS);
    let names: Vec<&str> = files.iter().map(|file| file.0.as_str()).collect();
    assert_eq!(names, ["energy.svg", "ratios.svg", "roofline.svg"]);
    let summary = output(&POINTS);
    let ratios = texts(&files[1].1);
    let row = summary
        .lines()
        .find(|line| line.contains("k4_l1"))
        .expect("the run");
    let printed: Vec<&str> = row
        .split_whitespace()
        .filter(|word| word.ends_with('x'))
        .collect();
    assert_eq!(printed.len(), 2);
    for ratio in printed {
        assert!(ratios.iter().any(|text| text == ratio), "{ratio}");
    }
    assert_eq!(files[2].1.matches("<circle").count(), 2);
    texts(&files[0].1);
    texts(&files[2].1);
}

/// One run alone has nothing to be compared with.
#[test]
fn one_run_has_no_ratios() {
    let files = plots(&["compare", "-q", "fxp8_8x8", "-w", "tiny"]);
    assert!(files.iter().all(|(name, _)| name != "ratios.svg"));
    assert_eq!(files.len(), 2);
}

/// Names of layers that XML would read as its own.
#[test]
fn any_name_can_be_drawn() {
    let text = text("workloads/tiny.ron");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.ron");
    let odd = text.replace("\"depthwise\"", "\"<b>&'\\u{ffff} \\u{e9}\"");
    assert_ne!(odd, text);
    std::fs::write(&file, odd).unwrap();
    let file = file.to_str().unwrap();
    for (_, svg) in plots(&["run", "-a", "fxp8_8x8", "-w", file, "-q"]) {
        texts(&svg);
        assert!(!svg.contains('\u{ffff}'));
    }
}
