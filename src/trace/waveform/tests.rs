//! Waveforms are read back with another implementation of the formats (the crate `wellen`).

use std::collections::BTreeMap;
use std::path::Path;

use wellen::simple::Waveform;

use super::*;
use crate::sim::Khz;
use crate::sweep::{DesignPoint, Job};
use crate::workload;

/// Every change by full name: (time in ps, bits).
type Changes = BTreeMap<String, Vec<(u64, String)>>;

fn read(path: &Path) -> Changes {
    let mut wave: Waveform = wellen::simple::read(path).expect("a waveform");
    let names = wave.hierarchy();
    let variables: Vec<_> = names
        .all_vars()
        .map(|variable| {
            (
                names[variable].full_name(names),
                names[variable].signal_ref(),
            )
        })
        .collect();
    let signals: Vec<_> = variables.iter().map(|&(_, signal)| signal).collect();
    wave.load_signals(&signals);
    let times = wave.time_table().to_vec();
    variables
        .into_iter()
        .map(|(name, signal)| {
            let signal = wave.get_signal(signal).expect("loaded");
            let changes = signal
                .iter_changes()
                .map(|(at, value)| {
                    let bits = value.to_bit_string().expect("bits");
                    (times[at as usize], bits)
                })
                .collect();
            (name, changes)
        })
        .collect()
}

fn variable(scope: &[&str], name: &str, bits: u32) -> Variable {
    Variable {
        scope: scope.iter().map(ToString::to_string).collect(),
        name: name.into(),
        bits,
    }
}

#[test]
fn both_formats_say_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [
        variable(&["top"], "clk", 1),
        variable(&["top", "a"], "wide", 64),
        variable(&["top", "b", "c"], "narrow", 3),
        variable(&["top", "b"], "unknown", 2),
    ];
    let changes = [
        (0, 0, Some(1)),
        (0, 1, Some(u64::MAX - 5)),
        (500, 0, Some(0)),
        (500, 3, None),
        (1_000_000_007, 2, Some(5)),
        (1_000_000_007, 3, Some(2)),
    ];
    let mut files = Vec::new();
    for (name, format) in [("x.fst", WaveFormat::Fst), ("x.vcd", WaveFormat::Vcd)] {
        let path = folder.path().join(name);
        assert_eq!(WaveFormat::of(&path), Some(format));
        let mut file = WaveFile::create(&path, format, &variables).expect("can be made");
        for (at, signal, value) in changes {
            file.change(at, signal, value).expect("can be written");
        }
        assert!(!path.exists(), "it takes its name when it is complete");
        file.finish().expect("can be finished");
        files.push(read(&path));
    }
    // FST has a first value for every signal, unknown where none was given.
    let told = |changes: &Changes, name: &str| -> Vec<(u64, String)> {
        let unknown = |bits: &String| bits.chars().all(|bit| bit == 'x');
        let changes = changes[name].iter();
        changes
            .filter(|(_, bits)| !unknown(bits))
            .cloned()
            .collect()
    };
    let names: Vec<_> = files[0].keys().cloned().collect();
    assert_eq!(
        names,
        ["top.a.wide", "top.b.c.narrow", "top.b.unknown", "top.clk"]
    );
    for name in names {
        assert_eq!(told(&files[0], &name), told(&files[1], &name), "{name}");
    }
    let wide = format!("{:064b}", u64::MAX - 5);
    assert_eq!(told(&files[0], "top.a.wide"), [(0, wide)]);
    let narrow = told(&files[0], "top.b.c.narrow");
    assert_eq!(narrow, [(1_000_000_007, "101".into())]);
}

#[test]
fn many_signals_have_names_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.vcd");
    let variables: Vec<_> = (0..20_000)
        .map(|index| variable(&["top"], &format!("s{index}"), 16))
        .collect();
    let mut file = WaveFile::create(&path, WaveFormat::Vcd, &variables).expect("can be made");
    for signal in 0..variables.len() {
        file.change(1, signal, Some(signal as u64))
            .expect("can be written");
    }
    file.finish().expect("can be finished");
    for (name, changes) in read(&path) {
        let index: u64 = name["top.s".len()..].parse().expect("its number");
        assert_eq!(changes, [(1, format!("{index:016b}"))]);
    }
}

/// Records the tiny network's first layer. The signals must tell what the layer is: as many cycles fed as
/// its streams have, results in the PE's chain that are the sums of the products at its inputs.
#[test]
fn a_recorded_layer_is_the_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.fst");
    let point = DesignPoint::open("fxp8_8x8", None).expect("shipped");
    let network = workload::open("tiny").expect("shipped");
    let first = [network.layer_ids().next().expect("has layers")];
    let job = Job::new(&point, &network).layers(&first).stepped(7);
    let job = job.plan().expect("fits");
    let (_, [core, _]) = crate::sim::clock_domains([
        Khz(point.architecture.core_clock_khz),
        Khz(point.dram.clock_khz),
    ])
    .expect("clocks");
    let info = WaveInfo {
        tick_rate: crate::hw::tick_rate(&point.architecture, &point.dram).expect("clocks"),
        core_clock: Khz(point.architecture.core_clock_khz),
        columns: point.architecture.array.columns,
        lanes: 1,
    };
    assert!(core.edge(1) > core.edge(0));
    let selection = WaveSelection {
        pe: (2, 3),
        window_ps: (0, u64::MAX),
        max_changes: u64::MAX,
    };
    let variables = WaveRecorder::variables(&info, &selection);
    let file = WaveFile::create(&path, WaveFormat::Fst, &variables).expect("can be made");
    let mut recorder = WaveRecorder::new(file, info, selection);
    let result = job.run(&mut recorder, &|_| {}).expect("runs");
    let summary = recorder.finish().expect("can be finished");
    assert_eq!(summary.left_out, 0);
    let changes = read(&path);
    let at = |name: &str, ps: u64| -> Option<i64> {
        let (_, bits) = changes[name].iter().rev().find(|&&(at, _)| at <= ps)?;
        let value = i64::from_str_radix(bits, 2).ok()?;
        let negative = bits.len() > 8 && bits.starts_with('1');
        Some(value - (i64::from(negative) << bits.len()))
    };
    let rising = changes["axbxp.array.clk"]
        .iter()
        .filter(|(_, bits)| bits == "1");
    let (mut fed, mut sum, mut sums, mut folds) = (0, 0, 0, 0);
    for &(ps, _) in rising {
        fed += u64::from(at("axbxp.array.feed.valid", ps) == Some(1));
        if at("axbxp.array.pe_2_3.valid", ps) != Some(1) {
            continue;
        }
        let product = |lane: &str| at(&format!("axbxp.array.pe_2_3.{lane}_0"), ps).expect("valid");
        if at("axbxp.array.pe_2_3.step", ps) == Some(0) {
            sum = 0;
            folds += 1;
        }
        sum += product("activation") * product("weight");
        assert_eq!(at("axbxp.array.pe_2_3.sum", ps), Some(sum));
        sums += 1;
    }
    let array = &result.layers[0].run.array;
    // An exact layer on PEs of one MAC a cycle, in which every fold uses the PE.
    assert_eq!(folds, array.folds);
    assert_eq!((fed, sums), (array.macs / 64, array.macs / 64));
}
