//! Each timing rule on its own: the model issues the second command exactly when the rule allows it, and the
//! checker objects when it comes one cycle earlier.

use super::super::spec_file::{ControllerSpec, Organisation, Power, Timing};
use super::*;

/// A DRAM in which nothing takes long, so that one raised parameter decides.
fn loose() -> DramSpecFile {
    DramSpecFile {
        name: "loose".to_owned(),
        description: String::new(),
        source: "made up".to_owned(),
        clock_khz: 1_000_000,
        max_channels: 1,
        organisation: Organisation {
            channel_width_bits: 64,
            device_width_bits: 8,
            burst_length: 2,
            ranks: 2,
            bank_groups: 4,
            banks_per_group: 2,
            rows: 1024,
            columns: 64,
        },
        timing: Timing {
            cl: 10,
            cwl: 8,
            rcd_read: 5,
            rcd_write: 5,
            rp: 5,
            rp_all_bank: 5,
            ras: 5,
            rc: 10,
            rrd_s: 1,
            rrd_l: 1,
            faw: 1,
            ccd_s: 1,
            ccd_l: 1,
            wtr_s: 1,
            wtr_l: 1,
            wr: 1,
            rtp: 1,
            rtrs: 0,
            ppd: 0,
            rfc: 20,
            refi: 400,
        },
        mapping: "rorabgbachco".to_owned(),
        controller: ControllerSpec {
            read_queue: 32,
            write_queue: 32,
            bank_queue: 8,
            row_hit_cap: 4,
            write_high_watermark: 1,
            write_idle_watermark: 0,
            idle_drain_cycles: None,
            page_policy: PagePolicy::Open,
            command_bus: CommandBus::Single,
            refresh: RefreshPolicy::Disabled,
            refresh_precharge: RefreshPrecharge::PerBank,
            merge: Merge::Burst,
        },
        power: Power {
            vdd_v: 1.0,
            idd0_ma: 3.0,
            idd2n_ma: 1.0,
            idd3n_ma: 2.0,
            idd4r_ma: 4.0,
            idd4w_ma: 4.0,
            idd5ab_ma: 4.0,
            read_io_pj_per_bit: 0.0,
            write_io_pj_per_bit: 0.0,
        },
    }
}

struct Case {
    /// As the checker calls the rule.
    rule: &'static str,
    what: &'static str,
    set: fn(&mut DramSpecFile, u32),
    arrivals: Vec<Arrival>,
    /// The first command: which of its kind.
    from: (CommandKind, usize),
    to: (CommandKind, usize),
    /// They are this much more apart than the raised parameter says.
    offset: i64,
}

fn cases() -> Vec<Case> {
    use CommandKind::{
        Activate, Precharge, PrechargeAll, Read, ReadAutoPrecharge, Refresh, Write,
        WriteAutoPrecharge,
    };
    let a = at(0, 0, 1, 0);
    let other_row = at(0, 0, 2, 0);
    let other_column = at(0, 0, 1, 1);
    let other_bank = at(0, 1, 1, 0);
    let other_group = at(1, 0, 1, 0);
    let other_rank = in_rank(1, a);
    let case = |rule, what, set, arrivals: &[Arrival], from, to, offset| Case {
        rule,
        what,
        set,
        arrivals: arrivals.to_vec(),
        from,
        to,
        offset,
    };
    let two_rows = [read(0, a), read(0, other_row)];
    vec![
        case(
            "tRCDRD",
            "row to read",
            |s, v| s.timing.rcd_read = v,
            &[read(0, a)],
            (Activate, 0),
            (Read, 0),
            0,
        ),
        case(
            "tRCDWR",
            "row to write",
            |s, v| s.timing.rcd_write = v,
            &[write(0, a)],
            (Activate, 0),
            (Write, 0),
            0,
        ),
        case(
            "tRAS",
            "row to precharge",
            |s, v| s.timing.ras = v,
            &two_rows,
            (Activate, 0),
            (Precharge, 0),
            0,
        ),
        case(
            "tRP",
            "precharge to row",
            |s, v| s.timing.rp = v,
            &two_rows,
            (Precharge, 0),
            (Activate, 1),
            0,
        ),
        case(
            "tRC",
            "row to row of a bank",
            |s, v| s.timing.rc = v,
            &two_rows,
            (Activate, 0),
            (Activate, 1),
            0,
        ),
        case(
            "tRTP",
            "read to precharge",
            |s, v| s.timing.rtp = v,
            &two_rows,
            (Read, 0),
            (Precharge, 0),
            0,
        ),
        case(
            "tWR",
            "write to precharge",
            |s, v| s.timing.wr = v,
            &[write(0, a), read(1, other_row)],
            (Write, 0),
            (Precharge, 0),
            8 + 1,
        ),
        case(
            "tRRD_S",
            "rows of two bank groups",
            |s, v| s.timing.rrd_s = v,
            &[read(0, a), read(0, other_group)],
            (Activate, 0),
            (Activate, 1),
            0,
        ),
        case(
            "tRRD_L",
            "rows of one bank group",
            |s, v| s.timing.rrd_l = v,
            &[read(0, a), read(0, other_bank)],
            (Activate, 0),
            (Activate, 1),
            0,
        ),
        case(
            "tFAW",
            "the fifth row",
            |s, v| s.timing.faw = v,
            &[0, 1, 2, 3, 4].map(|i| read(0, at(i / 2, i % 2, 1, 0))),
            (Activate, 0),
            (Activate, 4),
            0,
        ),
        case(
            "tCCD_S",
            "reads of two bank groups",
            |s, v| s.timing.ccd_s = v,
            &[read(0, a), read(0, other_group)],
            (Read, 0),
            (Read, 1),
            0,
        ),
        case(
            "tCCD_L",
            "reads of one bank group",
            |s, v| s.timing.ccd_l = v,
            &[read(0, a), read(0, other_bank)],
            (Read, 0),
            (Read, 1),
            0,
        ),
        case(
            "tCCD_L",
            "reads of one row",
            |s, v| s.timing.ccd_l = v,
            &[read(0, a), read(0, other_column)],
            (Read, 0),
            (Read, 1),
            0,
        ),
        case(
            "tCCD_L",
            "writes of one row",
            |s, v| s.timing.ccd_l = v,
            &[write(0, a), write(0, other_column)],
            (Write, 0),
            (Write, 1),
            0,
        ),
        case(
            "tCCD_S",
            "writes of two bank groups",
            |s, v| s.timing.ccd_s = v,
            &[write(0, a), write(0, other_group)],
            (Write, 0),
            (Write, 1),
            0,
        ),
        case(
            "tWTR",
            "write to read of another bank group",
            |s, v| s.timing.wtr_s = v,
            &[write(0, a), read(4, other_group)],
            (Write, 0),
            (Read, 0),
            8 + 1,
        ),
        case(
            "tWTR",
            "write to read of the bank group",
            |s, v| s.timing.wtr_l = v,
            &[write(0, a), read(4, other_bank)],
            (Write, 0),
            (Read, 0),
            8 + 1,
        ),
        case(
            "read to write",
            "the bus turns around",
            |s, v| s.timing.cl = v,
            &[read(0, a), write(4, other_group)],
            (Read, 0),
            (Write, 0),
            1 - 8,
        ),
        case(
            "read to write",
            "the bus turns around and the rank changes",
            |s, v| s.timing.rtrs = v,
            &[read(0, a), write(4, other_rank)],
            (Read, 0),
            (Write, 0),
            10 + 1 - 8,
        ),
        case(
            "write to read",
            "write, then read of another rank",
            |s, v| s.timing.cwl = v,
            &[write(0, a), read(4, other_rank)],
            (Write, 0),
            (Read, 0),
            1 - 10,
        ),
        case(
            "tRTRS",
            "reads of two ranks",
            |s, v| s.timing.rtrs = v,
            &[read(0, a), read(4, other_rank)],
            (Read, 0),
            (Read, 1),
            1,
        ),
        case(
            "tPPD",
            "two precharges of a rank",
            |s, v| s.timing.ppd = v,
            &[
                read(0, a),
                read(0, other_group),
                read(90, other_row),
                read(91, at(1, 0, 2, 0)),
            ],
            (Precharge, 0),
            (Precharge, 1),
            0,
        ),
        case(
            "tRFC",
            "refresh to row",
            |s, v| {
                s.controller.refresh = RefreshPolicy::AllBankStaggered;
                s.timing.rfc = v;
            },
            &[read(201, a)],
            (Refresh, 0),
            (Activate, 0),
            0,
        ),
        case(
            "tRC",
            "row to refresh",
            |s, v| {
                s.controller.refresh = RefreshPolicy::AllBankStaggered;
                s.timing.rc = v;
            },
            &[read(150, a), read(201, other_row)],
            (Activate, 0),
            (Refresh, 0),
            0,
        ),
        case(
            "tRP",
            "precharge to refresh",
            |s, v| {
                s.controller.refresh = RefreshPolicy::AllBankStaggered;
                s.timing.rp = v;
            },
            &[read(0, a), read(201, other_row)],
            (Precharge, 0),
            (Refresh, 0),
            0,
        ),
        case(
            "tRPab",
            "all-bank precharge to refresh",
            |s, v| {
                s.controller.refresh = RefreshPolicy::AllBankStaggered;
                s.controller.refresh_precharge = RefreshPrecharge::AllBank;
                s.timing.rp_all_bank = v;
            },
            &[read(0, a), read(0, other_group), read(201, other_row)],
            (PrechargeAll, 0),
            (Refresh, 0),
            0,
        ),
        case(
            "tRP",
            "read with auto-precharge to row",
            |s, v| {
                s.controller.page_policy = PagePolicy::Closed;
                s.timing.rtp = v;
            },
            &two_rows,
            (ReadAutoPrecharge, 0),
            (Activate, 1),
            5,
        ),
        case(
            "tRP",
            "write with auto-precharge to row",
            |s, v| {
                s.controller.page_policy = PagePolicy::Closed;
                s.timing.wr = v;
            },
            &[write(0, a), write(0, other_row)],
            (WriteAutoPrecharge, 0),
            (Activate, 1),
            8 + 1 + 5,
        ),
    ]
}

#[test]
fn each_rule_is_illegal_before_and_used_at_its_time() {
    for case in cases() {
        for value in [60, 61] {
            let mut file = loose();
            (case.set)(&mut file, value);
            let spec = DramSpec::unchecked(file);
            let played = play(&spec, &case.arrivals);
            let from = played.of_kind(case.from.0)[case.from.1];
            let to = played.of_kind(case.to.0)[case.to.1];
            let expected = i64::from(value) + case.offset;
            assert_eq!(
                to as i64 - from as i64,
                expected,
                "{}: {:?}",
                case.what,
                played.commands
            );
            assert_eq!(
                checker::check(&spec, &played.commands, played.end),
                Ok(()),
                "{}",
                case.what
            );
            let mut early = played.commands.clone();
            for (cycle, command) in &mut early {
                if *cycle == to && command.kind == case.to.0 {
                    *cycle -= 1;
                }
            }
            let objection = checker::check(&spec, &early, played.end).err();
            assert!(
                objection
                    .as_ref()
                    .is_some_and(|text| text.starts_with(case.rule)),
                "{}: {objection:?} {early:?}",
                case.what
            );
        }
    }
}

/// Writes to two ranks share the data bus and nothing else.
#[test]
fn bursts_of_two_ranks_do_not_overlap() {
    let mut file = loose();
    file.organisation.burst_length = 32;
    let spec = DramSpec::unchecked(file);
    let a = at(0, 0, 1, 0);
    let played = play(&spec, &[write(0, a), write(1, in_rank(1, a))]);
    let writes = played.of_kind(CommandKind::Write);
    assert_eq!(writes[1] - writes[0], 16);
}

/// A burst longer than tCCD keeps the data bus: the next column command of any bank waits for it.
#[test]
fn a_long_burst_keeps_the_next_away() {
    let (a, b) = (at(0, 0, 1, 0), at(1, 0, 1, 0));
    for (arrivals, kind) in [
        ([read(0, a), read(0, b)], CommandKind::Read),
        ([write(0, a), write(1, b)], CommandKind::Write),
    ] {
        let mut file = loose();
        file.organisation.burst_length = 32;
        let spec = DramSpec::unchecked(file);
        let played = play(&spec, &arrivals);
        let columns = played.of_kind(kind);
        assert_eq!(columns[1] - columns[0], 16, "{kind:?}");
        assert_eq!(checker::check(&spec, &played.commands, played.end), Ok(()));
        let mut early = played.commands.clone();
        early.last_mut().expect("a column command").0 -= 1;
        assert!(checker::check(&spec, &early, played.end).is_err());
    }
}

/// tREFI: an idle rank refreshes in the very cycle in which it is due, not one before and not one after.
#[test]
fn a_refresh_comes_when_it_is_due() {
    for refi in [400, 402] {
        let mut file = loose();
        file.controller.refresh = RefreshPolicy::AllBankStaggered;
        file.timing.refi = refi;
        let spec = DramSpec::unchecked(file);
        let mut channel = Channel::with_sink(&spec, 0, Vec::new());
        let end = 3 * u64::from(refi) + 1;
        channel.finish(end);
        let cycles: Vec<u64> = channel.sink().iter().map(|(cycle, _)| *cycle).collect();
        let interval = u64::from(refi) / 2;
        assert_eq!(cycles, (1..=6).map(|k| k * interval).collect::<Vec<_>>());
        let mut early = channel.sink().clone();
        assert_eq!(checker::check(&spec, &early, end), Ok(()));
        early[2].0 -= 1;
        assert!(checker::check(&spec, &early, end).is_err());
        let mut missing = channel.sink().clone();
        missing.remove(1);
        assert!(checker::check(&spec, &missing, end).is_err());
    }
}

#[test]
fn one_bank_group_has_only_short_cycles() {
    let mut file = loose();
    file.organisation.bank_groups = 1;
    file.timing.ccd_l = 60;
    file.timing.rrd_l = 60;
    file.timing.wtr_l = 60;
    let spec = DramSpec::unchecked(file);
    let row = at(0, 0, 1, 0);
    let played = play(
        &spec,
        &[read(0, row), read(0, at(0, 1, 1, 0)), write(9, row)],
    );
    assert!(played.end < 60, "{:?}", played.commands);
    assert_eq!(checker::check(&spec, &played.commands, played.end), Ok(()));
}

/// With a bus each, a row command and a column command share a cycle; with one they do not.
#[test]
fn row_and_column_buses_work_in_parallel() {
    let both = |bus| {
        let mut file = loose();
        file.controller.command_bus = bus;
        let spec = DramSpec::unchecked(file);
        // The second row is due when the first read is.
        let played = play(&spec, &[read(0, at(0, 0, 1, 0)), read(5, at(1, 0, 1, 0))]);
        assert_eq!(checker::check(&spec, &played.commands, played.end), Ok(()));
        let first_read = played.of_kind(CommandKind::Read)[0];
        played.of_kind(CommandKind::Activate)[1] == first_read
    };
    assert!(both(CommandBus::RowAndColumn));
    assert!(!both(CommandBus::Single));
}

/// A refresh that waits for another rank's keeps its own rank from further commands.
#[test]
fn a_refresh_that_waits_keeps_its_rank_quiet() {
    let mut file = loose();
    file.controller.refresh = RefreshPolicy::AllBankStaggered;
    // Rank 0 is due at 30 and closes its row late; meanwhile rank 1 falls due at 60.
    file.timing.refi = 60;
    file.timing.wr = 60;
    let spec = DramSpec::unchecked(file);
    let mut arrivals = vec![write(20, at(0, 0, 1, 0))];
    arrivals.extend((0..150).map(|i| {
        let row = i as u32 / 3;
        read(21 + i, in_rank(1, at(i as u32 % 4, row % 2, row, 0)))
    }));
    let played = play(&spec, &arrivals);
    let refreshes = || {
        played
            .commands
            .iter()
            .filter(|(_, command)| command.kind == CommandKind::Refresh)
    };
    let (first, second) = (refreshes().next(), refreshes().nth(1));
    let ((first, a), (second, b)) = first.zip(second).expect("two refreshes");
    assert_eq!((a.location.rank, b.location.rank), (0, 1));
    assert!(*first > 60, "the second was due before the first was done");
    let between = played.commands.iter().filter(|(cycle, command)| {
        (first..second).contains(&cycle)
            && command.location.rank == 1
            && command.kind != CommandKind::Precharge
    });
    assert_eq!(between.count(), 0, "{:?}", played.commands);
}

/// The checker itself sees what no stream of requests can provoke.
#[test]
fn the_checker_sees_wrong_states() {
    let spec = DramSpec::unchecked(loose());
    let command = |kind, location| Command { kind, location };
    let a = at(0, 0, 1, 0);
    let closed = [(0, command(CommandKind::Read, a))];
    let twice = [
        (0, command(CommandKind::Activate, a)),
        (50, command(CommandKind::Activate, at(0, 0, 2, 0))),
    ];
    let wrong_row = [
        (0, command(CommandKind::Activate, a)),
        (50, command(CommandKind::Read, at(0, 0, 2, 0))),
    ];
    let same_cycle = [
        (0, command(CommandKind::Activate, a)),
        (0, command(CommandKind::Activate, in_rank(1, a))),
    ];
    let refresh_open = [
        (0, command(CommandKind::Activate, a)),
        (50, command(CommandKind::Refresh, a)),
    ];
    for trace in [&closed[..], &twice, &wrong_row, &same_cycle, &refresh_open] {
        assert!(checker::check(&spec, trace, 100).is_err(), "{trace:?}");
    }
}
