//! The whole way from files to results, one core: planning, simulation down to DRAM commands, pricing.
//!
//! `cargo bench --bench run` prints the time of the default ResNet50 run (baseline and Ax-BxP) at batch
//! 1, 4 and 16, of planning alone, and the DRAM bursts a second.

use std::hint::black_box;

use axbxp::sweep::{DesignPoint, Job};
use axbxp::workload;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn default_run(criterion: &mut Criterion) {
    let points: Vec<DesignPoint> = ["fxp8_32x32", "axbxp_k4_32x32"]
        .map(|name| DesignPoint::open(name, None).expect("shipped"))
        .into();
    let mut group = criterion.benchmark_group("resnet50 on baseline and Ax-BxP");
    group.sample_size(10);
    for batch in [1, 4, 16] {
        let mut network = workload::open("resnet50").expect("shipped");
        network.batch = batch;
        let run = || -> u64 {
            points
                .iter()
                .map(|point| {
                    let result = Job::new(point, &network).run().expect("runs");
                    let dram = result.layers.iter().map(|layer| layer.run.dram);
                    dram.map(|dram| dram.reads + dram.writes).sum::<u64>()
                })
                .sum()
        };
        group.throughput(Throughput::Elements(run()));
        group.bench_function(format!("batch {batch}, DRAM bursts"), |bencher| {
            bencher.iter(|| black_box(run()));
        });
    }
    group.finish();
}

fn planning(criterion: &mut Criterion) {
    let point = DesignPoint::open("axbxp_k4_32x32", None).expect("shipped");
    let network = workload::open("resnet50").expect("shipped");
    criterion.bench_function("plan resnet50", |bencher| {
        bencher.iter(|| black_box(Job::new(&point, &network).plan().expect("plans")));
    });
}

criterion_group!(benches, default_run, planning);
criterion_main!(benches);
