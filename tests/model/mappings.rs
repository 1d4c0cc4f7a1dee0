//! Mapping files: those saved from the mapper of version 0.1.0 take the cycles that they took then, and what is saved from
//! a run replays it.

use std::collections::BTreeMap;
use std::path::Path;

use axbxp::mapping::Mapping;
use axbxp::source::SourceFile;
use axbxp::sweep::{DesignPoint, Job};
use axbxp::workload;

const FOLDER: &str = "tests/data/mappings";

/// (architecture, workload) to (layer, cycles), in the order of the file.
fn cycles_of_before() -> BTreeMap<(String, String), Vec<(String, u64)>> {
    let mut cycles: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut file = csv::Reader::from_path(Path::new(FOLDER).join("cycles.csv")).expect("is there");
    for row in file.deserialize() {
        let (architecture, workload, layer, count): (String, String, String, u64) =
            row.expect("a row");
        let run = cycles.entry((architecture, workload)).or_default();
        run.push((layer, count));
    }
    cycles
}

#[test]
fn mappings_of_before_take_the_cycles_of_before() {
    let runs = cycles_of_before();
    assert_eq!(runs.len(), 8);
    for ((architecture, name), expected) in runs {
        let point = DesignPoint::open(&architecture, None).expect("shipped");
        let network = workload::open(&name).expect("shipped");
        let path = format!("{FOLDER}/{architecture}_{name}.ron");
        let mapping = Mapping::open(&path).expect("right");
        let run = Job::new(&point, &network)
            .mapping(&mapping)
            .run()
            .expect("runs");
        let cycles: Vec<(String, u64)> = run
            .layers
            .iter()
            .map(|layer| {
                let name = &network.layer(layer.planned.mapping.id).name;
                (name.clone(), layer.run.cycles())
            })
            .collect();
        assert_eq!(cycles, expected, "{path}");
    }
}

#[test]
fn saved_mappings_are_replayed() {
    for (architecture, name) in [
        ("fxp8_8x8", "tiny"),
        ("axbxp_k4_32x32", "mobilenet_v2"),
        ("fxp8_32x32_ws", "resnet18"),
    ] {
        let point = DesignPoint::open(architecture, None).expect("shipped");
        let network = workload::open(name).expect("shipped");
        let plan = Job::new(&point, &network).network_plan().expect("fits");
        let text = plan.mapping_text(&network);
        let mapping = Mapping::load(SourceFile::from_text("saved.ron", text)).expect("is read");
        let replayed = Job::new(&point, &network).mapping(&mapping);
        let replayed = replayed.network_plan().expect("fits");
        for (chosen, fixed) in plan.into_iter().zip(&replayed) {
            assert_eq!(chosen.plan, fixed.plan, "{}", network.layer(chosen.id).name);
        }
    }
}
