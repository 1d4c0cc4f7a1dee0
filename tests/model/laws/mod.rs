//! Laws of a run, on shipped architectures x shipped workloads: where cycles go, that nothing is lost between
//! components, energy from counts and table values, times that nothing can beat, and the same bytes on any number
//! of threads.
//!
//! By default the small networks run on all architectures and the large ones on a few. All 150 pairs:
//! `AXBXP_THOROUGH=1 cargo test --release --test model laws` (about a quarter of an hour on two cores).

mod conservation;
mod energy;
mod leakage;
mod roofline;

use axbxp::mapping::{LayerPlan, Reach};
use axbxp::report::{Report, ReportBuilder};
use axbxp::source::{self, FileKind, shipped};
use axbxp::sweep::{DesignPoint, Job, JobResult, map_parallel};
use axbxp::workload::{self, Network};

use crate::support::thorough;

/// Networks that are always run on every architecture.
const SMALL: [&str; 2] = ["tiny", "mobilenet_v2"];

/// Pairs that are always run as well: every sort of large network, every dataflow.
const LARGE: [(&str, &str); 7] = [
    ("axbxp_k4_32x32", "resnet50"),
    ("fxp8_32x32", "resnet50"),
    ("fxp8_32x32_ws", "resnet18"),
    ("fxp8_32x32_is", "resnet18"),
    ("axbxp_k2_32x32_narrow", "alexnet"),
    ("axbxp_k4_128x128_server", "bert_base"),
    ("axbxp_k4_32x32", "llama7b_block_decode"),
];

/// Pairs whose buffers hold no pixel with all channels of a softmax: its groups are taken apart.
const APART: [(&str, &str); 4] = [
    ("axbxp_k4_8x8", "llama7b_block_decode"),
    ("axbxp_k4_8x8", "llama7b_block_prefill"),
    ("fxp8_8x8", "llama7b_block_decode"),
    ("fxp8_8x8", "llama7b_block_prefill"),
];

/// A network on an architecture.
struct Case {
    point: DesignPoint,
    network: Network,
}

impl Case {
    fn name(&self) -> String {
        format!("{} on {}", self.network.name, self.point.architecture.name)
    }

    fn job(&self) -> Job<'_> {
        Job::new(&self.point, &self.network)
    }

    fn run(&self) -> JobResult {
        let result = self.job().run();
        result.unwrap_or_else(|error| panic!("{}: {error}", self.name()))
    }

    fn report(&self, result: &JobResult) -> Report {
        let mut report = ReportBuilder::default();
        report.add_run(&self.point, &self.network, result);
        report.finish()
    }

    /// What `axbxp run --format json` says of a result.
    fn json(&self, result: &JobResult) -> String {
        serde_json::to_string(&self.report(result)).expect("plain data")
    }
}

/// Those that fit, of the pairs that `chosen` picks.
fn cases(chosen: impl Fn(&str, &str) -> bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for architecture in shipped(FileKind::Architecture) {
        for workload in shipped(FileKind::Workload) {
            if !chosen(architecture, workload) {
                continue;
            }
            cases.push(Case {
                point: DesignPoint::open(architecture, None).expect("shipped"),
                network: workload::open(workload).expect("shipped"),
            });
        }
    }
    cases
}

#[test]
fn every_run_keeps_the_laws() {
    let cases = cases(|architecture, workload| {
        thorough() || SMALL.contains(&workload) || LARGE.contains(&(architecture, workload))
    });
    let broken = map_parallel(&cases, 2, |_, case| {
        let result = case.run();
        let mut broken = conservation::broken(case, &result);
        broken.extend(roofline::broken(case, &case.report(&result)));
        broken
    });
    let broken: Vec<String> = broken.into_iter().flatten().collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Every shipped preset has the same interface energy both ways; a preset of one's own need not.
#[test]
fn reads_and_writes_have_prices_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let preset = source::open(FileKind::Dram, "ddr4_2400").expect("shipped");
    let text = preset
        .text()
        .replace("write_io_pj_per_bit: 6.6", "write_io_pj_per_bit: 60.0");
    assert_ne!(text, preset.text());
    std::fs::write(folder.path().join("my.ron"), text).expect("written");
    let arch = source::open(FileKind::Architecture, "axbxp_k4_8x8").expect("shipped");
    let path = folder.path().join("arch.ron");
    std::fs::write(&path, arch.text().replace("\"ddr4_2400\"", "\"my.ron\"")).expect("written");
    let case = Case {
        point: DesignPoint::open(path.to_str().expect("UTF-8"), None).expect("right"),
        network: workload::open("tiny").expect("shipped"),
    };
    assert_eq!(
        conservation::broken(&case, &case.run()),
        Vec::<String>::new()
    );
}

#[test]
fn groups_of_a_softmax_are_taken_apart() {
    for (architecture, workload) in APART {
        let case = Case {
            point: DesignPoint::open(architecture, None).expect("shipped"),
            network: workload::open(workload).expect("shipped"),
        };
        let plan = case.job().plan().expect("fits");
        let apart = plan.layers().iter().any(|layer| match &layer.mapping.plan {
            LayerPlan::Vector(plan) => match plan.reach {
                Reach::Group(group) => {
                    let channels = plan.pieces[0].output.channels;
                    plan.tile[2] < channels && plan.tile[2] >= group.channels
                }
                Reach::Behind | Reach::Pixel => false,
            },
            LayerPlan::Array(_) => false,
        });
        assert!(apart, "{}", case.name());
    }
}

#[test]
fn the_same_bytes_on_any_number_of_threads_and_again() {
    let cases = cases(|architecture, workload| {
        thorough() || workload == "tiny" || (architecture, workload) == LARGE[2]
    });
    let once = map_parallel(&cases, 1, |_, case| case.json(&case.run()));
    for threads in [2, 8, 1] {
        let again = map_parallel(&cases, threads, |_, case| case.json(&case.run()));
        for ((case, once), again) in cases.iter().zip(&once).zip(&again) {
            assert!(once == again, "{} on {threads} threads", case.name());
        }
    }
}
