//! Random request streams: the checker finds nothing, every request is done once, reads see what was written.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::spec_file::Timing;
use super::presets::through_text;
use super::*;

/// How a request differs from the one before.
#[derive(Debug, Clone)]
struct Draw {
    gap: u16,
    is_write: bool,
    place: u32,
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let gap = prop_oneof![
        6 => Just(0u16),
        3 => 0u16..20,
        1 => 0u16..400,
        1 => 0u16..12_000,
    ];
    let draw = (gap, any::<bool>(), any::<u32>()).prop_map(|(gap, is_write, place)| Draw {
        gap,
        is_write,
        place,
    });
    prop::collection::vec(draw, 1..300)
}

#[derive(Debug, Clone)]
struct Setting {
    preset: usize,
    page_policy: PagePolicy,
    refresh_precharge: RefreshPrecharge,
    command_bus: CommandBus,
    bank_queue: u32,
    queue: u32,
    /// Rows and columns in use: few make hits and conflicts, many make neither.
    rows: u32,
    columns: u32,
    /// Percent of writes kept as such.
    writes: u32,
    merge: Merge,
}

fn settings() -> impl Strategy<Value = Setting> {
    let policies = (
        prop_oneof![
            3 => Just(PagePolicy::Open),
            1 => Just(PagePolicy::Closed),
            1 => Just(PagePolicy::Adaptive)
        ],
        prop_oneof![
            Just(RefreshPrecharge::PerBank),
            Just(RefreshPrecharge::AllBank)
        ],
        prop_oneof![Just(CommandBus::Single), Just(CommandBus::RowAndColumn)],
        prop_oneof![Just(Merge::Burst), Just(Merge::Address)],
    );
    let sizes = (
        0usize..3,
        1u32..=8,
        1u32..=32,
        1u32..=8,
        1u32..=16,
        prop_oneof![Just(0u32), Just(1), Just(2)],
    );
    (policies, sizes).prop_map(|(policies, sizes)| Setting {
        preset: sizes.0,
        page_policy: policies.0,
        refresh_precharge: policies.1,
        command_bus: policies.2,
        bank_queue: sizes.1,
        queue: sizes.2,
        rows: sizes.3,
        columns: sizes.4,
        writes: sizes.5,
        merge: policies.3,
    })
}

fn spec_of(setting: &Setting) -> DramSpecFile {
    let mut spec = DramSpecFile::clone(&preset(PRESETS[setting.preset]));
    spec.controller.page_policy = setting.page_policy;
    spec.controller.refresh_precharge = setting.refresh_precharge;
    spec.controller.command_bus = setting.command_bus;
    spec.controller.bank_queue = setting.bank_queue;
    spec.controller.merge = setting.merge;
    spec.controller.read_queue = setting.queue;
    spec.controller.write_queue = setting.queue;
    spec.controller.write_high_watermark = setting.queue;
    spec.controller.write_idle_watermark = (setting.queue - 1).min(8);
    spec
}

fn checked(file: DramSpecFile) -> DramSpec {
    DramSpec::try_from(file).expect("consistent")
}

fn arrivals_of(spec: &DramSpec, setting: &Setting, draws: &[Draw]) -> Vec<Arrival> {
    let o = &spec.organisation;
    let mut cycle = 0;
    draws
        .iter()
        .map(|draw| {
            cycle += u64::from(draw.gap);
            let p = draw.place;
            let location = Location {
                channel: 0,
                rank: p % o.ranks,
                bank_group: (p >> 3) % o.bank_groups,
                bank: (p >> 7) % o.banks_per_group,
                row: (p >> 13) % setting.rows,
                column: (p >> 20) % setting.columns,
                offset: (p >> 28) as u16 % 2 * 32,
            };
            let is_write = match setting.writes {
                0 => false,
                1 => draw.is_write,
                _ => draw.is_write && draw.place >> 30 == 0,
            };
            if is_write {
                write(cycle, location)
            } else {
                read(cycle, location)
            }
        })
        .collect()
}

/// A consistent timing from as many draws as it has parameters of its own.
fn timing_of(cycles: &[u32], ranks: u32) -> Timing {
    let c = |i: usize| cycles[i];
    let (ras, rp) = (c(2).max(c(4)), c(3));
    let rc = ras + rp + c(16) / 4;
    Timing {
        cl: c(0).max(c(1)),
        cwl: c(1),
        rcd_read: c(2),
        rcd_write: c(17),
        rp,
        rp_all_bank: rp + c(18) / 4,
        ras,
        rc,
        rrd_s: c(5),
        rrd_l: c(5) + c(6) / 2,
        faw: c(5) + c(7),
        ccd_s: c(8) / 4 + 1,
        ccd_l: c(8) / 4 + 1 + c(9) / 4,
        wtr_s: c(10),
        wtr_l: c(10) + c(11) / 2,
        wr: c(12),
        rtp: c(13),
        rtrs: c(14) / 8,
        ppd: c(15) / 8,
        rfc: 4 * c(16),
        // Long enough that a refresh is done before that of the next rank falls due.
        refi: ranks * (900 + 10 * c(14)),
    }
}

/// Every read returns the last write to its place that was accepted before it.
fn check_data(spec: &DramSpec, arrivals: &[Arrival], played: &Played) {
    type Place = (u32, u32, u32, u32, u32, u16);
    let place = |l: Location| -> Place {
        let offset = match spec.controller.merge {
            Merge::Burst => 0,
            Merge::Address => l.offset,
        };
        (l.rank, l.bank_group, l.bank, l.row, l.column, offset)
    };
    // When the array takes which write: a WR carries all writes to its place accepted up to its cycle.
    let mut stored: BTreeMap<Place, Vec<u64>> = BTreeMap::new();
    for (cycle, command) in &played.commands {
        if command.kind.is_write() {
            stored
                .entry(place(command.location))
                .or_default()
                .push(*cycle);
        }
    }
    for (i, arrival) in arrivals.iter().enumerate() {
        if arrival.kind == RequestKind::Write || played.latency(i) == 1 {
            continue;
        }
        let key = place(arrival.location);
        let writes = |range: std::ops::Range<usize>| {
            arrivals[range]
                .iter()
                .filter(|w| w.kind == RequestKind::Write && place(w.location) == key)
                .count()
        };
        let read_at = played.done[i].expect("done") - u64::from(spec.read_latency_cycles());
        let last_stored = stored
            .get(&key)
            .into_iter()
            .flatten()
            .filter(|&&cycle| cycle < read_at)
            .max();
        let seen = last_stored.map_or(0, |&cycle| {
            writes(
                0..played
                    .accepted
                    .partition_point(|&accepted| accepted <= cycle),
            )
        });
        assert_eq!(seen, writes(0..i), "read {i} of {key:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_stream_is_served_by_the_rules(setting in settings(), draws in draws()) {
        let spec = checked(spec_of(&setting));
        let arrivals = arrivals_of(&spec, &setting, &draws);
        let played = play(&spec, &arrivals);
        prop_assert_eq!(checker::check(&spec, &played.commands, played.end), Ok(()));

        prop_assert!(played.idle);
        prop_assert!(played.done.iter().all(Option::is_some));
        let of = |kind| arrivals.iter().filter(|a| a.kind == kind).count() as u64;
        let c = &played.counts;
        prop_assert_eq!(c.reads + c.forwarded_reads + c.merged_reads, of(RequestKind::Read));
        prop_assert_eq!(c.writes + c.merged_writes, of(RequestKind::Write));
        prop_assert!(c.activates >= c.precharges);
        prop_assert!(c.activates - c.precharges <= 32);
        // A refresh may close a row before it is used.
        prop_assert!(c.row_hits + c.activates >= c.reads + c.writes);
        let ranks = u64::from(spec.organisation.ranks);
        prop_assert_eq!(
            c.active_standby_cycles + c.precharge_standby_cycles,
            ranks * (played.end + 1)
        );
        check_data(&spec, &arrivals, &played);
    }

    /// Not only the presets: any organisation and any timing that is consistent.
    #[test]
    fn any_dram_is_served_by_its_rules(
        setting in settings(),
        draws in draws(),
        (ranks, groups, banks, burst) in (0u32..=2, 0u32..=2, 0u32..=2, 1u32..=5),
        cycles in prop::collection::vec(1u32..40, 19),
    ) {
        let mut spec = spec_of(&setting);
        let o = &mut spec.organisation;
        (o.ranks, o.bank_groups, o.banks_per_group) = (1 << ranks, 1 << groups, 1 << banks);
        (o.burst_length, o.columns) = (1 << burst, 1 << 10);
        spec.timing = timing_of(&cycles, 1 << ranks);
        let spec = through_text(&checked(spec));
        let mut arrivals = arrivals_of(&spec, &setting, &draws);
        for arrival in &mut arrivals {
            arrival.location.column %= spec.bursts_per_row();
        }
        let played = play(&spec, &arrivals);
        prop_assert_eq!(checker::check(&spec, &played.commands, played.end), Ok(()));
        prop_assert!(played.idle);
        prop_assert!(played.done.iter().all(Option::is_some));
        check_data(&spec, &arrivals, &played);
    }

    /// Watching a channel does not change it.
    #[test]
    fn a_sink_changes_nothing(draws in draws()) {
        let setting = Setting {
            preset: 0,
            page_policy: PagePolicy::Open,
            refresh_precharge: RefreshPrecharge::PerBank,
            command_bus: CommandBus::Single,
            bank_queue: 8,
            queue: 32,
            rows: 4,
            columns: 8,
            writes: 1,
            merge: Merge::Burst,
        };
        let spec = checked(spec_of(&setting));
        let arrivals = arrivals_of(&spec, &setting, &draws);
        let watched = play(&spec, &arrivals);
        let alone = play_on(&mut Channel::new(&spec, 0), &arrivals);
        prop_assert_eq!(watched.done, alone.done);
        prop_assert_eq!(watched.counts, alone.counts);
    }
}
