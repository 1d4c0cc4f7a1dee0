//! Which request goes first.

use super::*;

/// Order in which reads finish.
fn order(played: &Played) -> Vec<usize> {
    let mut order: Vec<usize> = (0..played.done.len()).collect();
    order.sort_by_key(|&i| played.done[i]);
    order
}

#[test]
fn row_hits_pass_older_requests_for_other_rows() {
    let spec = unrefreshed("ddr4_2400");
    let (row, other) = (at(0, 0, 1, 0), at(0, 0, 2, 0));
    let played = play(
        &spec,
        &[read(0, row), read(0, other), read(0, at(0, 0, 1, 1))],
    );
    assert_eq!(order(&played), [0, 2, 1]);
    assert_eq!(played.counts.row_hits, 1);
}

#[test]
fn hits_of_a_row_go_in_order() {
    let spec = unrefreshed("ddr4_2400");
    let arrivals: Vec<_> = [5, 3, 9, 1].map(|c| read(0, at(0, 0, 1, c))).to_vec();
    assert_eq!(order(&play(&spec, &arrivals)), [0, 1, 2, 3]);
}

/// A row hit passes a read of another row that needs an activate, but a read of a third bank does not wait.
#[test]
fn banks_take_turns() {
    let spec = unrefreshed("ddr4_2400");
    // Four banks of different groups, two hits each: the column commands go round, not bank by bank.
    let arrivals: Vec<_> = (0..8).map(|i| read(0, at(i % 4, 0, 1, i / 4))).collect();
    assert_eq!(order(&play(&spec, &arrivals)), [0, 1, 2, 3, 4, 5, 6, 7]);
}

/// One row has hits waiting behind a request for another row.
fn hits_before_the_other_row(spec: &DramSpec) -> usize {
    let mut arrivals = vec![read(0, at(0, 0, 1, 0)), read(0, at(0, 0, 2, 0))];
    arrivals.extend((1..20).map(|c| read(0, at(0, 0, 1, c))));
    let played = play(spec, &arrivals);
    order(&played)
        .iter()
        .position(|&i| i == 1)
        .expect("all are done")
}

#[test]
fn the_hit_cap_lets_the_other_row_in() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        // The precharge is legal before the next hit is.
        file.timing.rtp = 3;
        file.timing.ras = file.timing.rcd_read;
    });
    for cap in [1, 2, 4, 7] {
        let spec = altered(&spec, |file| file.controller.row_hit_cap = cap);
        assert_eq!(hits_before_the_other_row(&spec), cap as usize, "cap {cap}");
    }
}

#[test]
fn hits_closer_than_a_precharge_keep_the_row_past_the_cap() {
    let spec = unrefreshed("ddr4_2400");
    assert!(spec.timing.rtp > spec.timing.ccd_l);
    assert_eq!(hits_before_the_other_row(&spec), 20);
}

/// Hits without end keep a row only until the next refresh closes it.
#[test]
fn no_request_starves() {
    for name in PRESETS {
        let spec = preset(name);
        let columns = spec.bursts_per_row();
        let mut arrivals: Vec<_> = (0..20_000)
            .map(|i| read(0, at(0, 0, 1, i % columns)))
            .collect();
        arrivals.insert(10, read(0, at(0, 0, 2, 0)));
        let played = play(&spec, &arrivals);
        let bound = u64::from(spec.timing.refi + spec.timing.rfc) + 200;
        assert!(played.latency(10) < bound, "{name}: {}", played.latency(10));
    }
}

#[test]
fn a_full_queue_refuses_and_recovers() {
    let spec = unrefreshed("ddr4_2400");
    let mut channel = Channel::new(&spec, 0);
    let mut accepted = 0;
    while channel.can_accept(RequestKind::Read) {
        channel.enqueue(0, accepted, RequestKind::Read, at(0, 0, accepted, 0));
        accepted += 1;
    }
    assert_eq!(accepted, spec.controller.read_queue);
    assert!(channel.can_accept(RequestKind::Write));
    let mut done = vec![None; accepted as usize];
    // The first request moves on to its bank in the same cycle.
    channel.advance(0, &mut done);
    assert!(channel.can_accept(RequestKind::Read));
    let mut now = 0;
    while let Some(next) = channel.advance(now, &mut done) {
        now = next;
    }
    assert!(done.iter().all(Option::is_some) && channel.is_idle());
}

fn writes(count: u32) -> Vec<Arrival> {
    (0..count).map(|i| write(0, at(i % 4, 0, 1, i))).collect()
}

#[test]
fn few_writes_stay_posted_until_flushed() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.idle_drain_cycles = None;
    });
    let mut channel = Channel::new(&spec, 0);
    let played = play_on(&mut channel, &writes(8));
    assert_eq!((played.counts.writes, played.idle), (0, false));
    channel.flush(5_000);
    let mut done = vec![None; 8];
    let mut now = 5_000;
    while let Some(next) = channel.advance(now, &mut done) {
        now = next;
    }
    assert!(done.iter().all(Option::is_some) && channel.is_idle());
    assert_eq!(channel.counts().writes, 8);
    assert_eq!(channel.counts().activates, 4);
}

/// A drain makes way for a read of the burst that it would write; what was asked for is done afterwards.
#[test]
fn a_flush_outlasts_a_read_that_has_to_go_first() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.idle_drain_cycles = None;
    });
    let mut channel = Channel::new(&spec, 0);
    let mut done = vec![None; 2];
    for (now, kind) in [(0, RequestKind::Read), (1, RequestKind::Write)] {
        channel.enqueue(now, now as u32, kind, at(0, 0, 1, 0));
        channel.advance(now, &mut done);
    }
    let mut now = 2;
    channel.flush(now);
    while let Some(next) = channel.advance(now, &mut done) {
        now = next;
    }
    assert!(done.iter().all(Option::is_some) && channel.is_idle());
}

#[test]
fn an_idle_channel_drains_above_the_idle_watermark() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.idle_drain_cycles = None;
    });
    let played = play(&spec, &writes(9));
    assert_eq!((played.counts.writes, played.idle), (9, true));
}

#[test]
fn the_idle_timer_drains_the_rest() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.idle_drain_cycles = Some(300);
    });
    let played = play(&spec, &writes(3));
    assert!(played.idle);
    // The last of three requests came in cycle 2; a write moves at its end and is activated in the next cycle.
    assert_eq!(played.of_kind(CommandKind::Activate)[0], 2 + 300 + 1);
}

/// While reads keep the banks busy, writes wait for the high watermark and then go all at once.
#[test]
fn writes_drain_in_one_go_at_the_high_watermark() {
    let spec = unrefreshed("ddr4_2400");
    let high = spec.controller.write_high_watermark;
    let mut arrivals = Vec::new();
    for i in 0..400 {
        arrivals.push(read(0, at(i % 4, 0, 1, i % 100)));
        if i < high {
            arrivals.push(write(0, at(i % 4, 1, 1, i)));
        }
    }
    let all = play(&spec, &arrivals);
    let first_write = all.of_kind(CommandKind::Write)[0];
    assert!(all.accepted[2 * high as usize - 1] < first_write);
    assert_eq!(all.counts.writes, u64::from(high));

    // One less: they wait until no reads are left.
    arrivals.remove(2 * high as usize - 1);
    let fewer = play(&spec, &arrivals);
    let last_read = *fewer.of_kind(CommandKind::Read).last().expect("reads");
    assert!(fewer.of_kind(CommandKind::Write)[0] > last_read);
}

#[test]
fn a_read_of_a_posted_write_is_forwarded() {
    let spec = unrefreshed("ddr4_2400");
    let place = at(1, 1, 9, 9);
    let played = play(&spec, &[write(0, place), read(5, place)]);
    assert_eq!(played.latency(1), 1);
    assert_eq!((played.counts.reads, played.counts.forwarded_reads), (0, 1));
}

#[test]
fn reads_of_one_burst_share_a_command() {
    let spec = unrefreshed("ddr4_2400");
    let place = at(1, 1, 9, 9);
    let played = play(&spec, &[read(0, place), read(7, place), read(9, place)]);
    assert_eq!((played.counts.reads, played.counts.merged_reads), (1, 2));
    assert_eq!(played.done[0], played.done[1]);
    assert_eq!(played.done[0], played.done[2]);
}

#[test]
fn a_write_absorbs_a_later_one_to_its_burst() {
    let spec = unrefreshed("ddr4_2400");
    let place = at(1, 1, 9, 9);
    let played = play(&spec, &[write(0, place), write(3, place)]);
    assert_eq!((played.counts.writes, played.counts.merged_writes), (1, 1));
    assert_eq!(played.latency(1), 1);
}

/// Byte 32 of the burst of a place.
fn second_half(location: Location) -> Location {
    Location {
        offset: 32,
        ..location
    }
}

/// By burst, two halves are the same data; by address, as in DRAMsim3, they are not: the read of the other half has to
/// wait for its RD, and each half gets a command.
#[test]
fn halves_of_a_burst_are_one_by_burst_and_two_by_address() {
    let place = at(1, 1, 9, 9);
    let half = second_half(place);
    let streams = [
        [write(0, place), read(5, half)],
        [read(0, place), read(7, half)],
        [write(0, place), write(3, half)],
    ];
    let counts = |merge, arrivals: &[Arrival]| {
        let spec = unrefreshed_with("ddr4_2400", |file| file.controller.merge = merge);
        let c = play(&spec, arrivals).counts;
        let answered = c.forwarded_reads + c.merged_reads + c.merged_writes;
        (c.reads, c.writes, answered)
    };
    let by = |merge| streams.each_ref().map(|stream| counts(merge, stream));
    assert_eq!(by(Merge::Burst), [(0, 1, 1), (1, 0, 1), (0, 1, 1)]);
    assert_eq!(by(Merge::Address), [(1, 1, 0), (2, 0, 0), (0, 2, 0)]);
    // The same half is the same data either way.
    let same = [write(0, half), read(5, half), write(6, half)];
    assert_eq!(counts(Merge::Burst, &same), counts(Merge::Address, &same));
}

/// Told apart by address, a write may come to the queue of its bank behind a read of the same burst; it waits for it
/// there, and a later write does not.
#[test]
fn a_write_waits_in_its_bank_for_a_read_of_the_same_burst() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.merge = Merge::Address;
        file.controller.write_high_watermark = 1;
        file.controller.write_idle_watermark = 0;
        // A WR is legal long before a RD is.
        file.timing.rcd_read = 39;
        file.timing.rcd_write = 5;
    });
    let (place, other) = (at(0, 0, 1, 0), at(0, 0, 1, 1));
    let order = |second, third| {
        let played = play(&spec, &[read(0, place), write(1, second), write(2, third)]);
        let of = |&(_, command): &(u64, Command)| {
            let l = command.location;
            command
                .kind
                .is_column()
                .then_some((command.kind.is_write(), l.column, l.offset))
        };
        played.commands.iter().filter_map(of).collect::<Vec<_>>()
    };
    let half = second_half(place);
    assert_eq!(
        order(half, other),
        [(true, 1, 0), (false, 0, 0), (true, 0, 32)]
    );
    assert_eq!(
        order(other, half),
        [(true, 1, 0), (false, 0, 0), (true, 0, 32)]
    );
}

/// A drain does not let a write pass a read of the same burst, even a read that has not reached its bank.
#[test]
fn a_write_waits_for_an_older_read_of_its_burst() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.write_high_watermark = 1;
        file.controller.write_idle_watermark = 0;
        file.controller.bank_queue = 2;
    });
    let place = at(0, 0, 50, 0);
    let mut arrivals: Vec<_> = (0..20).map(|row| read(0, at(0, 0, row, 0))).collect();
    arrivals.push(read(0, place));
    arrivals.push(write(0, place));
    let played = play(&spec, &arrivals);
    let write = played.of_kind(CommandKind::Write)[0];
    assert!(played.done.iter().all(Option::is_some));
    let read_command = played.done[20].expect("done") - u64::from(spec.read_latency_cycles());
    assert!(read_command < write);
}

/// A read and a write hit of one row become legal in the same cycle: the older goes first.
#[test]
fn read_and_write_hits_of_a_bank_go_in_order() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.write_high_watermark = 1;
        file.controller.write_idle_watermark = 0;
    });
    let (first, second) = (at(0, 0, 1, 0), at(0, 0, 1, 1));
    let column_commands = |arrivals: &[Arrival]| -> Vec<bool> {
        let commands = play(&spec, arrivals).commands;
        let columns = commands.iter().filter(|(_, c)| c.kind.is_column());
        columns.map(|(_, c)| c.kind.is_write()).collect()
    };
    assert_eq!(
        column_commands(&[write(0, first), read(1, second)]),
        [true, false]
    );
    assert_eq!(
        column_commands(&[read(0, first), write(1, second)]),
        [false, true]
    );
}

/// Adaptive: the row closes with the last request that needs it; closed: with every one.
#[test]
fn page_policies_differ_in_when_they_close() {
    let commands = |page_policy| {
        let spec = unrefreshed_with("ddr4_2400", |file| {
            file.controller.page_policy = page_policy;
        });
        let played = play(&spec, &[0, 1, 2].map(|c| read(0, at(0, 0, 1, c))));
        let closing = played.of_kind(CommandKind::ReadAutoPrecharge).len();
        (played.counts.activates, closing)
    };
    assert_eq!(commands(PagePolicy::Open), (1, 0));
    assert_eq!(commands(PagePolicy::Adaptive), (1, 1));
    assert_eq!(commands(PagePolicy::Closed), (3, 3));
}

/// A request that comes after the work of its cycle waits for the next cycle.
#[test]
fn a_cycle_is_worked_through_once() {
    let spec = unrefreshed("ddr4_2400");
    let mut channel = Channel::new(&spec, 0);
    let mut done = vec![None; 2];
    channel.advance(10, &mut done);
    channel.enqueue(10, 0, RequestKind::Read, at(0, 0, 1, 0));
    assert_eq!(channel.advance(10, &mut done), Some(11));
    channel.advance(1000, &mut done);
    assert_eq!(done[0], Some(11 + 1 + 17 + 17 + 4));
}

/// A write that has to wait for a read ends the drain; the rest waits for the next one.
#[test]
fn a_write_behind_a_read_ends_the_drain() {
    let spec = unrefreshed_with("ddr4_2400", |file| {
        file.controller.write_high_watermark = 4;
        file.controller.write_idle_watermark = 3;
        file.controller.idle_drain_cycles = None;
    });
    let place = at(0, 0, 50, 0);
    let mut arrivals: Vec<_> = (0..6).map(|row| read(0, at(0, 0, row, 0))).collect();
    arrivals.push(read(0, place));
    arrivals.extend([0, 1].map(|c| write(0, at(1, 0, 1, c))));
    arrivals.push(write(0, place));
    arrivals.push(write(0, at(1, 0, 1, 2)));
    let played = play(&spec, &arrivals);
    assert_eq!((played.counts.reads, played.counts.writes), (7, 2));
    assert!(!played.idle);
}

/// A caller who comes late gets the same results, with the times at which they happened.
#[test]
fn late_calls_change_nothing() {
    let spec = preset("ddr4_2400");
    let arrivals: Vec<_> = (0..30)
        .map(|i| read(i * 7, at(0, i as u32 % 4, i as u32, 0)))
        .collect();
    let punctual = play(&spec, &arrivals);
    let mut late = Channel::with_sink(&spec, 0, Vec::new());
    let mut done = vec![None; arrivals.len()];
    for (i, arrival) in arrivals.iter().enumerate() {
        late.enqueue(arrival.cycle, i as u32, arrival.kind, arrival.location);
    }
    late.advance(100_000, &mut done);
    assert_eq!(done, punctual.done);
    let until_end = |commands: &[(u64, Command)]| -> Vec<(u64, Command)> {
        let within = |&&(cycle, _): &&(u64, Command)| cycle <= punctual.end;
        commands.iter().filter(within).copied().collect()
    };
    assert_eq!(until_end(late.sink()), punctual.commands);
}
