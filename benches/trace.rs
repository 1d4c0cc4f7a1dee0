//! Cost of a slice and of a counter value in each trace format, written to memory that is reused.

use std::io::{self, Write};

use axbxp::trace::{Flow, FlowPart, Slice, TraceFormat, TraceOptions, TraceSink, TraceWriter};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const EVENTS: u64 = 100_000;

/// Takes every byte and keeps their number.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn writer(format: TraceFormat) -> TraceWriter<Counted> {
    TraceWriter::new(Counted(0), format, TraceOptions::default())
}

fn bytes(writer: TraceWriter<Counted>) -> u64 {
    writer.finish().map_or(0, |(output, _)| output.0)
}

fn slices(format: TraceFormat, arguments: usize, with_flows: bool) -> u64 {
    let mut writer = writer(format);
    let tracks: Vec<_> = (0..16)
        .map(|number| writer.track(None, &format!("track {number}")))
        .collect();
    let name = writer.name("burst");
    let arguments: Vec<_> = (0..arguments)
        .map(|number| (writer.name(&format!("argument {number}")), 1_000))
        .collect();
    for number in 0..EVENTS {
        let start_ps = number * 2_500;
        let flows = [Flow {
            id: number / 2,
            part: if number % 2 == 0 {
                FlowPart::Start
            } else {
                FlowPart::End
            },
        }];
        writer.slice(Slice {
            track: tracks[number as usize % tracks.len()],
            name,
            start_ps,
            end_ps: start_ps + 2_000,
            arguments: &arguments,
            flows: if with_flows { &flows } else { &[] },
        });
    }
    bytes(writer)
}

fn values(format: TraceFormat) -> u64 {
    let mut writer = writer(format);
    let counter = writer.counter(None, "occupancy", "bytes");
    for number in 0..EVENTS {
        writer.value(counter, number * 2_500, (number % 4_096) as f64);
    }
    bytes(writer)
}

fn trace(criterion: &mut Criterion) {
    let formats = [
        ("perfetto", TraceFormat::Perfetto),
        ("chrome_json", TraceFormat::ChromeJson),
    ];
    for (name, format) in formats {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(EVENTS));
        group.sample_size(20);
        group.bench_function("slice", |bencher| {
            bencher.iter(|| slices(format, 0, false));
        });
        group.bench_function("slice_with_2_arguments_and_flow", |bencher| {
            bencher.iter(|| slices(format, 2, true));
        });
        group.bench_function("value", |bencher| bencher.iter(|| values(format)));
        group.finish();
    }
}

criterion_group!(benches, trace);
criterion_main!(benches);
