//! Latency and throughput against closed forms.

use super::*;

#[test]
fn an_idle_read_takes_the_pipeline_stage_row_and_column_latency() {
    for name in PRESETS {
        let spec = unrefreshed(name);
        let played = play(
            &spec,
            &[read(100, at(0, 1, 7, 3)), read(1000, at(0, 1, 7, 4))],
        );
        let hit = 1 + u64::from(spec.timing.cl + spec.burst_cycles());
        assert_eq!(
            played.latency(0),
            hit + u64::from(spec.timing.rcd_read),
            "{name}: closed bank"
        );
        assert_eq!(played.latency(1), hit, "{name}: open row");
        assert!(played.idle);
    }
}

#[test]
fn a_row_conflict_costs_a_precharge_and_an_activate() {
    for name in PRESETS {
        let spec = unrefreshed(name);
        let played = play(
            &spec,
            &[read(0, at(0, 1, 7, 3)), read(1000, at(0, 1, 8, 3))],
        );
        let t = &spec.timing;
        let conflict = 1 + t.rp + t.rcd_read + t.cl + spec.burst_cycles();
        assert_eq!(played.latency(1), u64::from(conflict), "{name}");
    }
}

#[test]
fn with_a_closed_page_every_read_finds_a_closed_bank() {
    for policy in [PagePolicy::Closed, PagePolicy::Adaptive] {
        let spec = unrefreshed_with("ddr4_2400", |file| {
            file.controller.page_policy = policy;
        });
        let played = play(
            &spec,
            &[read(0, at(0, 1, 7, 3)), read(1000, at(0, 1, 8, 3))],
        );
        assert_eq!(played.latency(0), played.latency(1));
        assert_eq!(played.counts.precharges, 2);
        assert_eq!(played.of_kind(CommandKind::ReadAutoPrecharge).len(), 2);
    }
}

/// Reads that all hit one row follow each other at the cycles within a bank group.
#[test]
fn a_row_streams_at_the_long_column_cycles() {
    for (name, apart) in [("ddr4_2400", 6), ("lpddr4_3200", 8), ("hbm2", 2)] {
        let spec = unrefreshed(name);
        let columns = spec.bursts_per_row();
        let stream: Vec<_> = (0..columns).map(|c| read(0, at(0, 0, 5, c))).collect();
        let played = play(&spec, &stream);
        let reads = played.of_kind(CommandKind::Read);
        assert_eq!(
            reads[reads.len() - 1] - reads[0],
            u64::from(columns - 1) * apart,
            "{name}"
        );
        assert_eq!(played.counts.activates, 1);
        assert_eq!(played.counts.row_hits, u64::from(columns - 1));
    }
}

/// Reads of all bank groups in turn follow each other at the short cycles: the data bus never rests.
#[test]
fn bank_groups_in_turn_stream_at_the_short_column_cycles() {
    let spec = unrefreshed("ddr4_2400");
    let stream: Vec<_> = (0..512).map(|i| read(0, at(i % 4, 0, 5, i / 4))).collect();
    let reads = play(&spec, &stream).of_kind(CommandKind::Read);
    // The first row of each group opens tRRD_S after the one before: as far apart as the reads are.
    assert_eq!(reads[511] - reads[0], 511 * 4);
}

fn stream(spec: &DramSpec, bursts: u64, kind: RequestKind) -> Vec<Arrival> {
    let map = AddressMap::new(spec, 1).expect("one channel is possible");
    (0..bursts)
        .map(|i| Arrival {
            cycle: 0,
            kind,
            location: map.decode(i * u64::from(spec.burst_bytes())),
        })
        .collect()
}

/// Share of the data-bus cycles that carry data.
fn utilisation(spec: &DramSpec, kind: RequestKind) -> f64 {
    let bursts = 40_000;
    let played = play(spec, &stream(spec, bursts, kind));
    let last = played.done.iter().flatten().max().expect("not empty");
    (bursts * u64::from(spec.burst_cycles())) as f64 / *last as f64
}

#[test]
fn the_preset_mappings_stream_at_peak_but_for_refresh() {
    for name in PRESETS {
        let peak = utilisation(&unrefreshed(name), RequestKind::Read);
        assert!(peak > 0.995, "{name}: {peak}");
        // While one rank refreshes the stream waits, for tRFC and for closing and opening the rows around it.
        let spec = preset(name);
        let t = &spec.timing;
        let refresh = f64::from(t.rfc) / f64::from(t.refi);
        let around = f64::from(t.rp_all_bank + t.rcd_read + t.ras) / f64::from(t.refi);
        let share = utilisation(&spec, RequestKind::Read);
        assert!(share < 1.0 - refresh + 0.02, "{name}: {share}");
        assert!(
            share > 1.0 - refresh - 2.0 * around - 0.01,
            "{name}: {share}"
        );
    }
}

/// With the bank group in the highest bits a stream stays in one: tCCD_L instead of BL/2 on DDR4.
#[test]
fn a_stream_within_a_bank_group_is_bound_by_the_long_cycles() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.mapping = "bgrarochbaco".to_owned();
    });
    for kind in [RequestKind::Read, RequestKind::Write] {
        let share = utilisation(&spec, kind);
        assert!((share - 4.0 / 6.0).abs() < 0.003, "{kind:?}: {share}");
    }
}

/// With the column in the lowest bits, the stream meets the next bank group only near the end of each row.
#[test]
fn bank_group_interleaving_streams_faster_than_whole_rows() {
    let grouped = unrefreshed("ddr4_2400");
    let rowwise = altered(&grouped, |file| file.mapping = "rochrababgco".to_owned());
    let share = utilisation(&rowwise, RequestKind::Read);
    assert!(share > 4.0 / 6.0 && share < 0.85, "{share}");
    assert!(utilisation(&grouped, RequestKind::Read) > 0.995);
}

/// Random reads of one rank are bound by the activate window.
#[test]
fn random_reads_are_bound_by_the_four_activate_window() {
    let spec = unrefreshed("hbm2");
    let random: Vec<_> = (0..20_000u32)
        .map(|i| {
            let x = i.wrapping_mul(0x9e37_79b9);
            read(0, at(x >> 30, x >> 28 & 3, x >> 8 & 0x7fff, x & 31))
        })
        .collect();
    let played = play(&spec, &random);
    let last = *played.done.iter().flatten().max().expect("not empty") as f64;
    let bound = played.counts.activates as f64 * 30.0 / 4.0;
    assert!(last >= bound - 30.0, "{last} {bound}");
    assert!(last < bound * 1.15, "{last} {bound}");
}

#[test]
fn standby_cycles_follow_the_open_rows() {
    let spec = unrefreshed_with("hbm2", |file| {
        file.controller.page_policy = PagePolicy::Closed;
    });
    let mut channel = Channel::new(&spec, 0);
    play_on(
        &mut channel,
        &[read(10, at(0, 0, 1, 0)), read(500, at(1, 0, 1, 0))],
    );
    channel.finish(1000);
    // Open from ACT to the implied precharge: tRAS, which is longer than tRCD + tRTP.
    assert_eq!(channel.counts().active_standby_cycles, 2 * 34);
    assert_eq!(channel.counts().precharge_standby_cycles, 1000 - 2 * 34);
}

#[test]
fn standby_lasts_until_the_last_implied_precharge() {
    let spec = unrefreshed_with("hbm2", |file| {
        file.controller.page_policy = PagePolicy::Closed;
        file.controller.write_high_watermark = 1;
        file.controller.write_idle_watermark = 0;
        file.timing.ras = 20;
    });
    let mut channel = Channel::with_sink(&spec, 0, Vec::new());
    // The read is issued after the write but its row closes earlier.
    let arrivals = [write(0, at(0, 0, 1, 0)), read(0, at(1, 0, 1, 0))];
    play_on(&mut channel, &arrivals);
    channel.finish(1000);
    let cycle_of = |kind| {
        let of_kind = |&&(_, command): &&(u64, Command)| command.kind == kind;
        channel.sink().iter().find(of_kind).expect("issued").0
    };
    let activate = cycle_of(CommandKind::Activate);
    let write = cycle_of(CommandKind::WriteAutoPrecharge);
    assert!(cycle_of(CommandKind::ReadAutoPrecharge) > write);
    // CWL + BL/2 + tWR after the write.
    let closed = write + 4 + 2 + 16;
    assert_eq!(channel.counts().active_standby_cycles, closed - activate);
}

#[test]
fn an_idle_channel_refreshes_at_its_cycles() {
    for name in PRESETS {
        let spec = preset(name);
        let mut channel = Channel::with_sink(&spec, 0, Vec::new());
        let wake = channel.advance(0, &mut |_: u32, _: u64| {});
        assert_eq!(wake, None, "idle: nothing to call for");
        let end = 10 * u64::from(spec.timing.refi) + 1;
        channel.finish(end);
        let ranks = u64::from(spec.organisation.ranks);
        assert_eq!(channel.counts().refreshes, 10 * ranks);
        assert_eq!(channel.counts().precharge_standby_cycles, ranks * end);
        checker::check(&spec, channel.sink(), end).expect(name);
    }
}

#[test]
fn work_is_done_only_in_cycles_that_have_some() {
    let spec = preset("ddr4_2400");
    let arrivals: Vec<_> = (0..1000)
        .map(|i| read(i * 1000, at(0, 0, i as u32, 0)))
        .collect();
    let played = play(&spec, &arrivals);
    // Arrival, the bank queue, PRE, ACT, RD: no more calls than that, but for refreshes during a read.
    assert!(played.calls < 5_200, "{}", played.calls);
}
