//! Results of DRAMsim3 (commit 2981759) on 32,768 requests, to be met exactly.
//!
//! Feed rule: request i arrives in cycle 1 + i * gap (DRAMsim3's first tick comes before the first request); each
//! channel takes its requests in order, at most one a cycle. A run ends in the cycle after the last read data, write
//! command or acknowledgement of a write (the cycle after its acceptance). DRAMsim3 never drains the last few
//! writes, so neither does the controller here.

use super::*;
use Configuration::{
    Ddr4ColumnLowest, Ddr4GroupLowest, Hbm2ChannelLowest, Hbm2ColumnLowest, Lpddr4Narrow,
};
use Pattern::{Mixed, RandomRead, SequentialRead, SequentialWrite, Tiles};

const REQUESTS: u64 = 32_768;

#[derive(Debug, Clone, Copy)]
enum Configuration {
    /// DDR4_8Gb_x8_2400 with `rochrabacobg`.
    Ddr4GroupLowest,
    /// DDR4_8Gb_x8_2400 as shipped.
    Ddr4ColumnLowest,
    /// One 16-bit LPDDR4-3200 channel; 32-byte bursts.
    Lpddr4Narrow,
    /// HBM2_8Gb_x128 as shipped, eight channels.
    Hbm2ColumnLowest,
    /// HBM2_8Gb_x128 with `rorabacobgch`, eight channels.
    Hbm2ChannelLowest,
}

impl Configuration {
    fn spec(self) -> (DramSpec, u32) {
        let (name, mapping, channels) = match self {
            Ddr4GroupLowest => ("ddr4_2400", "rochrabacobg", 1),
            Ddr4ColumnLowest => ("ddr4_2400", "rochrababgco", 1),
            Lpddr4Narrow => ("lpddr4_3200", "rochrababgco", 1),
            Hbm2ColumnLowest => ("hbm2", "rorabgbachco", 8),
            Hbm2ChannelLowest => ("hbm2", "rorabacobgch", 8),
        };
        let mut spec = preset(name);
        spec.mapping = mapping.to_owned();
        spec.controller.idle_drain_cycles = None;
        spec.controller.refresh_precharge = RefreshPrecharge::PerBank;
        if let Lpddr4Narrow = self {
            spec.organisation.channel_width_bits = 16;
        }
        (spec, channels)
    }
}

#[derive(Debug, Clone, Copy)]
enum Pattern {
    SequentialRead,
    SequentialWrite,
    /// Bursts of the first GiB drawn by SplitMix64 from seed 1.
    RandomRead,
    /// Tiles of 56 rows of so many bytes, 7168 bytes from row to row, along the rows, then the next 56.
    Tiles(u64),
    /// A read stream from 0 and a write stream from 256 MiB, in turn.
    Mixed,
}

impl Pattern {
    fn requests(self, burst: u64) -> Vec<(u64, RequestKind)> {
        let reads = |addresses: Vec<u64>| -> Vec<(u64, RequestKind)> {
            let read = |address| (address, RequestKind::Read);
            addresses.into_iter().map(read).collect()
        };
        match self {
            SequentialRead => reads((0..REQUESTS).map(|i| i * burst).collect()),
            SequentialWrite => (0..REQUESTS)
                .map(|i| (i * burst, RequestKind::Write))
                .collect(),
            RandomRead => {
                let mut state = 1u64;
                let mut draw = || split_mix(&mut state) % ((1 << 30) / burst) * burst;
                reads((0..REQUESTS).map(|_| draw()).collect())
            }
            Tiles(bytes) => reads(tiles(bytes, burst)),
            Mixed => (0..REQUESTS)
                .map(|i| match i % 2 {
                    0 => (i / 2 * burst, RequestKind::Read),
                    _ => ((1 << 28) + i / 2 * burst, RequestKind::Write),
                })
                .collect(),
        }
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn tiles(bytes: u64, burst: u64) -> Vec<u64> {
    const PITCH: u64 = 7168;
    const ROWS: u64 = 56;
    let mut addresses = Vec::new();
    for band in 0.. {
        for tile in 0..PITCH / bytes {
            for row in 0..ROWS {
                for offset in (0..bytes).step_by(burst as usize) {
                    if addresses.len() as u64 == REQUESTS {
                        return addresses;
                    }
                    addresses.push((band * ROWS + row) * PITCH + tile * bytes + offset);
                }
            }
        }
    }
    addresses
}

#[derive(Debug)]
struct Run {
    configuration: Configuration,
    pattern: Pattern,
    gap: u64,
    cycles: u64,
    /// ACT, PRE, RD, WR, REF.
    commands: [u64; 5],
    read_latency: f64,
}

fn run(
    configuration: Configuration,
    pattern: Pattern,
    gap: u64,
    cycles: u64,
    commands: [u64; 5],
    read_latency: f64,
) -> Run {
    Run {
        configuration,
        pattern,
        gap,
        cycles,
        commands,
        read_latency,
    }
}

#[rustfmt::skip]
fn runs() -> Vec<Run> {
    vec![
        run(Ddr4GroupLowest, SequentialRead, 0, 137629, [327, 315, 32768, 0, 29], 304.04),
        run(Ddr4GroupLowest, SequentialRead, 8, 262595, [366, 362, 32768, 0, 56], 44.49),
        run(Ddr4GroupLowest, SequentialWrite, 0, 138330, [328, 312, 0, 32768, 29], 0.0),
        run(Ddr4GroupLowest, RandomRead, 0, 151822, [32984, 32960, 32768, 0, 32], 524.64),
        run(Ddr4GroupLowest, Tiles(128), 8, 262575, [6260, 6242, 32768, 0, 56], 57.5),
        run(Ddr4GroupLowest, Mixed, 0, 172310, [4027, 4023, 16384, 16384, 36], 534.93),
        run(Ddr4GroupLowest, Mixed, 40, 1310891, [15109, 15105, 16384, 16377, 280], 55.09),
        run(Ddr4ColumnLowest, SequentialRead, 0, 169264, [284, 283, 32768, 0, 36], 244.66),
        run(Ddr4ColumnLowest, RandomRead, 8, 262630, [32808, 32788, 32768, 0, 56], 85.88),
        run(Ddr4ColumnLowest, Tiles(512), 0, 135610, [2907, 2875, 32768, 0, 28], 545.75),
        run(Ddr4ColumnLowest, Mixed, 8, 262864, [1765, 1764, 16384, 16384, 56], 200.32),
        run(Lpddr4Narrow, SequentialRead, 0, 286273, [615, 607, 32768, 0, 45], 467.33),
        run(Lpddr4Narrow, RandomRead, 0, 581736, [32933, 32932, 32768, 0, 93], 1424.08),
        run(Lpddr4Narrow, Tiles(128), 80, 2621399, [8471, 8463, 32768, 0, 419], 74.73),
        run(Lpddr4Narrow, Mixed, 16, 524496, [3464, 3460, 16384, 16381, 83], 204.46),
        run(Hbm2ColumnLowest, SequentialRead, 0, 8837, [1088, 984, 32768, 0, 16], 142.55),
        run(Hbm2ColumnLowest, RandomRead, 0, 34588, [32819, 32695, 32767, 0, 64], 803.36),
        run(Hbm2ColumnLowest, Mixed, 0, 11017, [2992, 2864, 16384, 16384, 16], 213.53),
        run(Hbm2ChannelLowest, Tiles(512), 1, 32800, [7222, 7094, 32768, 0, 64], 41.75),
        run(Hbm2ChannelLowest, RandomRead, 3, 98384, [32881, 32763, 32768, 0, 200], 66.11),
        run(Hbm2ChannelLowest, Mixed, 3, 98353, [15458, 15426, 16384, 16376, 200], 44.91),
    ]
}

struct Outcome {
    cycles: u64,
    counts: DramCounts,
    read_latency: f64,
}

fn simulate(run: &Run) -> Outcome {
    let (spec, channels) = run.configuration.spec();
    let map = AddressMap::new(&spec, channels).expect("possible");
    let mut streams = vec![Vec::new(); channels as usize];
    let requests = run.pattern.requests(u64::from(spec.burst_bytes()));
    for (i, &(address, kind)) in requests.iter().enumerate() {
        let location = map.decode(address);
        streams[location.channel as usize].push(Arrival {
            cycle: 1 + i as u64 * run.gap,
            kind,
            location,
        });
    }
    let mut channels: Vec<_> = (0..channels).map(|i| Channel::new(&spec, i)).collect();
    let (mut end, mut latency, mut reads) = (0, 0.0, 0);
    for (channel, stream) in channels.iter_mut().zip(&streams) {
        let played = play_on(channel, stream);
        for (i, arrival) in stream.iter().enumerate() {
            let last = match arrival.kind {
                RequestKind::Read => played.done[i],
                RequestKind::Write => Some(played.accepted[i] + 1),
            };
            end = end.max(last.expect("reads are done"));
            if let (RequestKind::Write, Some(data_end)) = (arrival.kind, played.done[i]) {
                end = end.max(data_end - u64::from(spec.write_latency_cycles()));
            }
        }
        let of_stream = stream
            .iter()
            .filter(|arrival| arrival.kind == RequestKind::Read)
            .count();
        latency += played.mean_read_latency(stream) * of_stream as f64;
        reads += of_stream;
    }
    let mut counts = DramCounts::default();
    for channel in &mut channels {
        channel.finish(end + 1);
        counts.add(channel.counts());
    }
    Outcome {
        cycles: end + 1,
        counts,
        read_latency: latency / reads.max(1) as f64,
    }
}

#[test]
fn the_published_runs_are_met_to_the_cycle() {
    for run in runs() {
        let outcome = simulate(&run);
        let c = &outcome.counts;
        assert_eq!(outcome.cycles, run.cycles, "{run:?}");
        let commands = [c.activates, c.precharges, c.reads, c.writes, c.refreshes];
        assert_eq!(commands, run.commands, "{run:?}");
        let difference = (outcome.read_latency - run.read_latency).abs();
        assert!(difference < 0.006, "{run:?}: {}", outcome.read_latency);
    }
}
