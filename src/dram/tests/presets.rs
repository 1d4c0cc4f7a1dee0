//! The shipped presets, what is derived from them, and the diagnostics of bad ones.

use super::*;
use crate::source::{FileKind, SourceFile, open, shipped};

#[test]
fn all_shipped_presets_load() {
    assert_eq!(shipped(FileKind::Dram), PRESETS);
    for name in PRESETS {
        assert_eq!(preset(name).name, name);
    }
}

#[test]
fn derived_sizes() {
    let gib = 1u64 << 30;
    let sizes = |name: &str| {
        let spec = preset(name);
        (
            spec.burst_bytes(),
            spec.capacity_bytes(),
            spec.peak_bytes_per_second(),
        )
    };
    assert_eq!(sizes("ddr4_2400"), (64, 16 * gib, 19_200_000_000));
    assert_eq!(sizes("lpddr4_3200"), (128, 4 * gib, 25_600_000_000));
    assert_eq!(sizes("hbm2"), (64, gib, 32_000_000_000));
}

/// Energies per command that DRAMsim3 reports for the same currents (after its missing tCK is multiplied in).
#[test]
fn command_energies_agree_with_published_ones() {
    let near = |ours: f64, theirs: f64| (ours / theirs - 1.0).abs() < 0.006;
    let ddr4 = command_energies(&preset("ddr4_2400"));
    assert!(near(ddr4.activate_precharge_pj, 3450.0), "{ddr4:?}");
    assert!(near(ddr4.read_pj, 2932.0), "{ddr4:?}");
    assert!(near(ddr4.write_pj, 2550.0), "{ddr4:?}");
    assert!(near(ddr4.refresh_pj, 692_700.0), "{ddr4:?}");
    assert!(near(
        ddr4.active_standby_pj_per_cycle,
        1.2 * 43.0 / 1.2 * 8.0
    ));
    assert!(near(
        ddr4.precharge_standby_pj_per_cycle,
        1.2 * 34.0 / 1.2 * 8.0
    ));
    let hbm2 = command_energies(&preset("hbm2"));
    assert!(near(hbm2.activate_precharge_pj, 828.0), "{hbm2:?}");
    assert!(near(hbm2.read_pj, 804.0), "{hbm2:?}");
    assert!(near(hbm2.write_pj, 1068.0), "{hbm2:?}");
    assert!(near(hbm2.refresh_pj, 60_840.0), "{hbm2:?}");
    assert_eq!(hbm2.read_io_pj, 2.0 * 512.0);
}

#[test]
fn total_energy_is_linear_in_the_counts() {
    let energies = command_energies(&preset("hbm2"));
    let counts = DramCounts {
        activates: 3,
        reads: 5,
        writes: 7,
        refreshes: 1,
        active_standby_cycles: 100,
        precharge_standby_cycles: 50,
        ..DramCounts::default()
    };
    let once = energies.price(&counts).total_pj();
    assert!(once > 0.0);
    let twice = energies.price(&counts.plus(&counts)).total_pj();
    assert!((twice - 2.0 * once).abs() < 1e-6);
}

/// Every burst of the address space has a place of its own.
#[test]
fn the_address_map_is_a_bijection() {
    for (name, channels) in [("ddr4_2400", 2), ("lpddr4_3200", 1), ("hbm2", 8)] {
        let spec = altered(&preset(name), |file| {
            // Small enough to look at all of it.
            file.organisation.rows = 8;
        });
        let map = AddressMap::new(&spec, channels).expect("possible");
        assert_eq!(
            map.capacity_bytes(),
            spec.capacity_bytes() * u64::from(channels)
        );
        let burst = u64::from(spec.burst_bytes());
        let mut seen = std::collections::HashSet::new();
        for i in 0..map.capacity_bytes() / burst {
            let location = map.decode(i * burst);
            assert!(seen.insert(location), "{name}: {location:?}");
            let last = map.decode(i * burst + burst - 1);
            let offset = burst as u16 - 1;
            assert_eq!(last, Location { offset, ..location });
            assert_eq!(location, map.decode(i * burst + map.capacity_bytes()));
            assert_eq!(location.channel, map.channel_of(i * burst));
        }
    }
}

#[test]
fn mapping_fields_lie_where_the_string_says() {
    let spec = altered(&preset("ddr4_2400"), |file| {
        file.mapping = "rochrababgco".to_owned();
    });
    let map = AddressMap::new(&spec, 1).expect("possible");
    // 64-byte bursts: 6 bits; 128 bursts a row: 7; 4 groups: 2; 4 banks: 2; 2 ranks: 1; then the row.
    let location = map.decode(5 << 18 | 1 << 17 | 2 << 15 | 3 << 13 | 100 << 6 | 9);
    let expected = Location {
        channel: 0,
        rank: 1,
        bank_group: 3,
        bank: 2,
        row: 5,
        column: 100,
        offset: 9,
    };
    assert_eq!(location, expected);
}

#[test]
fn channel_counts_are_checked() {
    let spec = preset("hbm2");
    for channels in [0, 3, 64] {
        let error = AddressMap::new(&spec, channels).expect_err("not possible");
        assert!(error.to_string().contains("1 to 32"), "{error}");
    }
}

/// What is said of a preset with one thing changed.
fn complaint(from: &str, to: &str) -> String {
    let file = open(FileKind::Dram, "ddr4_2400").expect("shipped");
    assert_eq!(file.text().matches(from).count(), 1, "{from}");
    let changed = file.text().replace(from, to);
    let file = SourceFile::from_text("changed.ron", changed);
    match DramSpec::from_source(&file) {
        Ok(_) => panic!("`{to}` was accepted"),
        Err(diagnostics) => diagnostics.render(false),
    }
}

#[test]
fn bad_presets_are_located_and_explained() {
    let cases = [
        ("name: \"ddr4_2400\"", "name: \" \"", "no name"),
        ("clock_khz: 1_200_000", "clock_khz: 0", "0 kHz"),
        (
            "max_channels: 8",
            "max_channels: 3",
            "power of two from 1 to 64",
        ),
        (
            "burst_length: 8",
            "burst_length: 0",
            "power of two from 2 to 64",
        ),
        ("ranks: 2,", "ranks: 3,", "power of two from 1 to 8"),
        (
            "bank_groups: 4",
            "bank_groups: 16",
            "32 bank groups together",
        ),
        (
            "banks_per_group: 4",
            "banks_per_group: 32",
            "256 banks together",
        ),
        (
            "device_width_bits: 8",
            "device_width_bits: 128",
            "wider than its channel",
        ),
        ("columns: 1024", "columns: 4", "shorter than a burst"),
        ("rows: 65536", "rows: 65535", "65535 is not possible"),
        ("rc: 56", "rc: 55", "less than ras + rp = 56"),
        ("rcd_read: 17", "rcd_read: 40", "less than rcd_read = 40"),
        ("rrd_l: 6", "rrd_l: 3", "less than rrd_s = 4"),
        ("faw: 26", "faw: 0", "0 cycles is out of range"),
        ("ccd_l: 6", "ccd_l: 2", "less than ccd_s = 4"),
        ("wtr_l: 9", "wtr_l: 2", "less than wtr_s = 3"),
        ("rp_all_bank: 17", "rp_all_bank: 16", "less than rp = 17"),
        ("cwl: 12", "cwl: 18", "less than cwl = 18"),
        ("refi: 9360", "refi: 900", "refi / 2 ranks is 450 cycles"),
        ("rfc: 420", "rfc: 1000001", "1 to 1000000 cycles"),
        ("rorabacobgch", "rorabacobg", "`ch` is missing"),
        (
            "rorabacobgch",
            "rorabacobgchco",
            "`co` appears more than once",
        ),
        ("rorabacobgch", "rorabacobxch", "`bx` is no address field"),
        ("rtp: 9,", "", "rtp"),
        ("rtp: 9", "rtp: 9, tpp: 4", "tpp"),
        ("bank_queue: 8", "bank_queue: 33", "1 to 32"),
        ("read_queue: 32", "read_queue: 0", "1 to 4096"),
        ("row_hit_cap: 4", "row_hit_cap: 0", "0 is out of range"),
        (
            "write_high_watermark: 32",
            "write_high_watermark: 33",
            "1 to 32",
        ),
        (
            "write_idle_watermark: 8",
            "write_idle_watermark: 32",
            "not below the high watermark",
        ),
        (
            "idle_drain_cycles: Some(512)",
            "idle_drain_cycles: Some(0)",
            "no wait",
        ),
        ("page_policy: open", "page_policy: opened", "opened"),
        ("vdd_v: 1.2", "vdd_v: NaN", "NaN is out of range"),
        (
            "idd4r_ma: 135.0",
            "idd4r_ma: 40.0",
            "less than the standby current",
        ),
        ("idd0_ma: 48.0", "idd0_ma: 38.0", "less than standby takes"),
        ("idd2n_ma: 34.0", "idd2n_ma: -34.0", "-34 is out of range"),
    ];
    for (from, to, expected) in cases {
        let text = complaint(from, to);
        assert!(text.contains(expected), "{to}: {text}");
        assert!(text.contains("changed.ron:"), "{to}: {text}");
    }
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let file = open(FileKind::Dram, "hbm2").expect("shipped");
    let changed = file
        .text()
        .replace("rc: 48", "rc: 40")
        .replace("rows: 32768", "rows: 3")
        .replace("vdd_v: 1.2", "vdd_v: 0.0")
        .replace("rorabgbacoch", "rorabgbaco");
    let file = SourceFile::from_text("changed.ron", changed);
    let text = DramSpec::from_source(&file)
        .expect_err("four mistakes")
        .render(false);
    for expected in [
        "ras + rp = 48",
        "3 is not possible",
        "0 is out of range",
        "`ch` is missing",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

/// Nothing that passes the check makes the model panic or stop.
#[test]
fn extreme_accepted_values_run() {
    let spec = altered(&preset("hbm2"), |file| {
        file.timing.cl = 1_000_000;
        file.timing.wr = 1_000_000;
        file.timing.ppd = 1_000_000;
        file.organisation.banks_per_group = 16;
        file.controller.bank_queue = 32;
        file.controller.read_queue = 1;
        file.controller.row_hit_cap = u32::MAX;
    });
    let arrivals: Vec<_> = (0..200u32)
        .map(|i| match i % 3 {
            0 => write(0, at(i % 4, 15, i, 0)),
            _ => read(0, at(i % 4, 15, i / 8, 0)),
        })
        .collect();
    let played = play(&spec, &arrivals);
    assert!(played.done.iter().all(Option::is_some));
}

/// A description survives being written and read.
pub(super) fn through_text(spec: &DramSpec) -> DramSpec {
    let text = ron::ser::to_string(&**spec).expect("plain data");
    DramSpec::from_source(&SourceFile::from_text("written.ron", text)).expect("consistent")
}

#[test]
fn descriptions_survive_being_written_and_read() {
    for name in PRESETS {
        let spec = preset(name);
        assert_eq!(through_text(&spec), spec);
    }
}
