//! Requests a second of the DRAM model, replayed alone on one core.
//!
//! `cargo bench --bench dram`: sequential, tiled and random reads, all waiting from the start, and random reads far
//! apart, on one channel of DDR4-2400 (64-byte bursts in DRAMsim3's mapping) and on eight of HBM2.

use axbxp::dram::replay::Replay;
use axbxp::dram::{DramSpec, DramSpecFile, NoSink, RequestKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const REQUESTS: u64 = 32_768;
const BURST_BYTES: u64 = 64;

fn sequential() -> Vec<u64> {
    (0..REQUESTS).map(|i| i * BURST_BYTES).collect()
}

/// Rows of 512 bytes, 7168 bytes apart, 56 to a tile, tile after tile.
fn tiled() -> Vec<u64> {
    (0..REQUESTS)
        .map(|i| {
            let (burst, row) = (i % 8, i / 8 % 56);
            let (tile, band) = (i / 448 % 14, i / 6272);
            (band * 56 + row) * 7168 + tile * 512 + burst * BURST_BYTES
        })
        .collect()
}

/// Over the first GiB.
fn random() -> Vec<u64> {
    let mut state = 1u64;
    (0..REQUESTS)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 34) / BURST_BYTES * BURST_BYTES
        })
        .collect()
}

fn cycles(spec: &DramSpec, channels: u32, addresses: &[u64], gap: u64) -> u64 {
    let mut replay = Replay::new(spec, channels, |_| NoSink).expect("possible");
    for (i, &address) in addresses.iter().enumerate() {
        let arrival = i as u64 * gap;
        replay
            .offer(address, RequestKind::Read, arrival)
            .expect("within the memory");
    }
    replay.finish().0.cycles
}

fn dram(criterion: &mut Criterion) {
    for (name, mapping, channels, low_gap) in [
        ("ddr4_2400", "rochrababgco", 1, 40),
        ("hbm2", "rorabgbachco", 8, 3),
    ] {
        let mut file = DramSpecFile::clone(&DramSpec::load(name).expect("shipped"));
        file.mapping = mapping.to_owned();
        let spec = DramSpec::try_from(file).expect("consistent");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(REQUESTS));
        group.sample_size(20);
        for (pattern, addresses, gap) in [
            ("sequential", sequential(), 0),
            ("tiled", tiled(), 0),
            ("random", random(), 0),
            ("sequential, low rate", sequential(), low_gap),
            ("random, low rate", random(), low_gap),
        ] {
            group.bench_function(pattern, |bencher| {
                bencher.iter(|| cycles(&spec, channels, &addresses, gap));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, dram);
criterion_main!(benches);
