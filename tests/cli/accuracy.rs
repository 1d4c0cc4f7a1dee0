//! `axbxp accuracy` through the real program, on the embedded network with few images.
//!
//! With `AXBXP_MODELS` naming a folder of larger networks (`tests/models/*.ron` say which files), those too.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{self, axbxp, golden, json, output, thorough};

/// A folder like `workloads/models`, whose description names only `images` in each set.
fn own_model(images: &str, counts: [usize; 3]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shipped = support::path("workloads/models");
    fs::copy(
        shipped.join("fashion_cnn.onnx"),
        folder.path().join("net.onnx"),
    )
    .unwrap();
    let mut first = 0;
    let mut sets = String::new();
    for (set, count) in ["calibration", "selection", "report"].iter().zip(counts) {
        sets += &format!("{set}: (source: {images}, first: {first}, count: {count}),\n");
        first += count;
    }
    let text = format!(
        "(name: \"own\", model: \"net.onnx\", classes: 10,
          preprocessing: (channels: grey, divide: 255.0, mean: [0.2860], std: [0.3530]),
          images: ({sets}))"
    );
    fs::write(folder.path().join("own.ron"), text).unwrap();
    folder
}

/// Pixels and labels of the first test images that ship.
fn test_images(count: usize) -> (Vec<u8>, Vec<u8>) {
    let shipped = support::path("workloads/models");
    let read = |name: &str, header: usize, length: usize| {
        let bytes = fs::read(shipped.join(name)).unwrap();
        bytes[header..header + length].to_vec()
    };
    (
        read("fashion_test1000-images-idx3-ubyte", 16, count * 784),
        read("fashion_test1000-labels-idx1-ubyte", 8, count),
    )
}

#[test]
fn accuracy_prints_the_same_tables_as_ever() {
    axbxp(&["accuracy", "--limit", "50", "--approx", "k4_l2,k4_l1"])
        .args(["--correct", "none,scale"])
        .args(["--view", "accuracy,layers,windows"])
        .assert()
        .success()
        .stdout_eq(golden("accuracy.txt"));
}

#[test]
fn results_do_not_depend_on_threads() {
    let with = |threads| {
        output(&[
            "accuracy",
            "-q",
            "--limit",
            "12",
            "--images",
            "selection",
            "--format",
            "csv",
            "--threads",
            threads,
        ])
    };
    let one = with("1");
    assert_eq!(one, with("3"));
    // Floating point, FxP8 and a configuration; the latter two with their layers.
    assert_eq!(one.lines().count(), 1 + 1 + 2 * (1 + 9));
}

#[test]
fn an_exact_configuration_is_fxp8() {
    let report = json(&[
        "accuracy", "-q", "--limit", "30", "--approx", "exact", "--range", "mse",
    ]);
    assert_eq!(report["schema"], "axbxp.accuracy/1");
    let [float, fxp8, exact] = &report["configurations"].as_array().unwrap()[..] else {
        panic!("three configurations");
    };
    assert_eq!(float["arithmetic"], "float");
    assert_eq!(exact["top1"], fxp8["top1"]);
    let against = &exact["against_fxp8"];
    assert_eq!(against["agreement"], 1.0);
    assert_eq!(against["p_value"], 1.0);
    assert_eq!(against["loss_points"], 0.0);
    assert!(fxp8["against_fxp8"].is_null());
    let snr = |configuration: &Value| -> Vec<f64> {
        let layers = configuration["layers"].as_array().unwrap();
        layers
            .iter()
            .map(|layer| layer["snr_db"].as_f64().unwrap())
            .collect()
    };
    assert_eq!(snr(exact), snr(fxp8));
    assert!(snr(fxp8).iter().all(|&db| db > 20.0), "{:?}", snr(fxp8));
}

#[test]
fn windows_are_shares_of_all_values() {
    let report = json(&["accuracy", "-q", "--limit", "5", "--approx", "k4_l1"]);
    let layers = report["configurations"][2]["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 9);
    let sum = |windows: &Value| -> f64 {
        let by_top = windows["by_top"].as_array().unwrap();
        assert_eq!((by_top.len(), &windows["lowest_top"]), (2, &Value::from(0)));
        let nonzero: f64 = by_top.iter().map(|share| share.as_f64().unwrap()).sum();
        nonzero + windows["zero"].as_f64().unwrap()
    };
    for operand in ["activation_windows", "weight_windows"] {
        // It keeps the first and the last layer exact.
        assert!(layers[0][operand].is_null() && layers[8][operand].is_null());
        for layer in &layers[1..8] {
            assert!((sum(&layer[operand]) - 1.0).abs() < 1e-9, "{layer}");
        }
    }
}

/// The same pixels as PNG in a folder, found by --root, give the same numbers as IDX beside the description.
#[test]
fn pictures_and_idx_files_are_the_same_images() {
    let counts = [6, 2, 12];
    let (pixels, labels) = test_images(20);
    let pictures = own_model("folder(path: \"png\", labels: \"classes.csv\")", counts);
    let folder = pictures.path().join("png");
    fs::create_dir(&folder).unwrap();
    let mut table = String::from("label,file\n");
    for (index, (pixels, label)) in pixels.chunks(784).zip(&labels).enumerate() {
        let picture = image::GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap();
        picture.save(folder.join(format!("{index}.png"))).unwrap();
        table += &format!("{label},{index}.png\n");
    }
    fs::write(folder.join("classes.csv"), table).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let description = elsewhere.path().join("own.ron");
    fs::rename(pictures.path().join("own.ron"), &description).unwrap();

    let idx = own_model("idx(images: \"images\", labels: \"labels\")", counts);
    let header = |dimensions: &[u32]| {
        let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
        bytes.extend(dimensions.iter().flat_map(|d| d.to_be_bytes()));
        bytes
    };
    fs::write(
        idx.path().join("images"),
        [header(&[20, 28, 28]), pixels].concat(),
    )
    .unwrap();
    fs::write(idx.path().join("labels"), [header(&[20]), labels].concat()).unwrap();

    let small = [
        "accuracy", "-q", "--approx", "k4_l2", "--format", "json", "--model",
    ];
    let root = pictures.path().display().to_string();
    let of_pictures = output(
        &[
            &small[..],
            &[&description.display().to_string(), "--root", &root],
        ]
        .concat(),
    );
    let own = idx.path().join("own.ron").display().to_string();
    assert_eq!(of_pictures, output(&[&small[..], &[&own]].concat()));
    assert!(output(&["check", &own]).ends_with("ok (trained network)\n"));
    let run = output(&["run", "-q", "--format", "csv", "--workload", &own]);
    assert!(run.lines().count() > 2 && run.contains(",pw4,"), "{run}");
}

#[test]
fn speeds_go_to_standard_error_only() {
    let assert = axbxp(&["accuracy", "--limit", "2", "--view", "accuracy"]).assert();
    let output = assert.success().get_output().clone();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("images per second: float "), "{errors}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(!table.contains("per second"), "{table}");
}

/// What `--activity-out` writes, in a folder of its own.
fn switching(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switching.ron");
    let out = ["--activity-out", path.to_str().unwrap()];
    let arguments = [&["accuracy", "-q", "--limit", "4"], arguments].concat();
    // The results are the same with it.
    assert_eq!(output(&[&arguments[..], &out].concat()), output(&arguments));
    fs::read_to_string(path).unwrap()
}

/// The rates of a file, two of FxP8 and two of the configuration for each layer.
fn rates(ron: &str) -> Vec<[f64; 4]> {
    let fields = ron
        .split("_rate: ")
        .flat_map(|text| text.split("changed_products: "))
        .skip(1);
    let rates: Vec<f64> = fields
        .map(|text| text.split([',', ')']).next().unwrap().parse().unwrap())
        .collect();
    rates
        .chunks(4)
        .map(|rates| rates.try_into().unwrap())
        .collect()
}

#[test]
fn switching_does_not_depend_on_threads() {
    let with = |threads| switching(&["--approx", "k4_l2", "--threads", threads]);
    assert_eq!(with("1"), with("3"));
}

/// Layers that a configuration leaves exact, and what FxP8 reads, are the same under another one.
#[test]
fn switching_is_that_of_the_configuration() {
    let [two, one] = ["k4_l2", "k4_l1"].map(|name| switching(&["--approx", name]));
    assert!(two.contains("name: \"fashion_cnn:k4_l2\""), "{two}");
    let [two, one] = [two, one].map(|ron| rates(&ron));
    assert_eq!((two.len(), one.len()), (9, 9));
    for (index, (two, one)) in two.iter().zip(&one).enumerate() {
        assert_eq!(two[..2], one[..2]);
        // Both keep the first layer exact, and it reads the image.
        assert_eq!(two[2..] == one[2..], index == 0, "{two:?} {one:?}");
    }
}

/// The file is one of the project's, and `run` and `compare` price both PEs with it.
#[test]
fn switching_is_what_run_takes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("switching.ron").display().to_string();
    output(&[
        "accuracy",
        "-q",
        "--limit",
        "4",
        "--approx",
        "k4_l2",
        "--correct",
        "scale",
        "--activity-out",
        &file,
    ]);
    assert!(output(&["check", &file]).ends_with("ok (operand activity)\n"));
    let network = support::path("workloads/models/fashion_cnn.onnx");
    let network = network.to_str().unwrap();
    for command in [
        &["run", "--approx", "k4_l2", "-q", "-w", network][..],
        &[
            "compare",
            "fxp8_32x32",
            "axbxp_k4_32x32:k4_l2",
            "-q",
            "-w",
            network,
        ],
    ] {
        let of = |more: &[&str]| json(&[command, more].concat());
        let (measured, real) = (of(&["--activity", &file]), of(&[]));
        for index in 0..2 {
            let energy = |report: &Value| {
                report["runs"][index]["total"]["energy_pj"]
                    .as_f64()
                    .unwrap()
            };
            assert!(energy(&measured) < energy(&real), "{command:?}");
            assert_eq!(
                measured["runs"][index]["architecture"]["operands"],
                "fashion_cnn:k4_l2+scale"
            );
            assert_eq!(real["runs"][index]["architecture"]["operands"], "real");
        }
    }
}

/// The networks of `tests/models` are as accurate on the first 60 images of their reports as onnxruntime 1.32 finds
/// them, with Pillow's resizing where there is one. The largest takes most of a minute, and so is only checked unless
/// `AXBXP_THOROUGH` is set.
#[test]
fn larger_networks_are_as_accurate_as_elsewhere() {
    let Some(root) = support::models() else {
        return;
    };
    let root = root.to_str().unwrap();
    let descriptions = support::path("tests/models");
    for (name, right, slow) in [
        ("resnet8", 46, false),
        ("resnet20", 57, false),
        ("mobilenetv1_025", 20, false),
        ("mobilenetv2", 48, true),
        ("efficientnet_lite0", 55, true),
    ] {
        let path = descriptions
            .join(format!("{name}.ron"))
            .display()
            .to_string();
        // Its ONNX file has to be made of its weights first.
        if name == "efficientnet_lite0" && !Path::new(root).join(name).is_dir() {
            println!("skipped: {root} has no {name}");
            continue;
        }
        if slow && !thorough() {
            assert!(output(&["check", &path, "--root", root]).ends_with("ok (trained network)\n"));
            continue;
        }
        let arguments = [
            "accuracy", "-q", "--limit", "60", "--approx", "exact", "--model", &path, "--root",
            root,
        ];
        let report = json(&arguments);
        let configurations = report["configurations"].as_array().unwrap();
        assert_eq!(configurations[0]["top1"]["images"], right, "{name}");
        let agreement = configurations[0]["against_fxp8"]["agreement"]
            .as_f64()
            .unwrap();
        assert!(agreement >= 0.8, "{name}: {agreement}");
    }
}
