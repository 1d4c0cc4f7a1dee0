//! Tests of the DRAM model in layers: closed forms, each timing rule, the scheduling, random streams under an
//! independent checker of the command trace, and the results of DRAMsim3.

mod checker;
mod closed_form;
mod dramsim3;
mod import;
mod presets;
mod random;
mod rules;
mod scheduling;
mod sequential;

use super::*;

/// A request that arrives at a cycle.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    cycle: u64,
    kind: RequestKind,
    location: Location,
}

fn read(cycle: u64, location: Location) -> Arrival {
    Arrival {
        cycle,
        kind: RequestKind::Read,
        location,
    }
}

fn write(cycle: u64, location: Location) -> Arrival {
    Arrival {
        cycle,
        kind: RequestKind::Write,
        location,
    }
}

/// A place of rank 0.
fn at(bank_group: u32, bank: u32, row: u32, column: u32) -> Location {
    Location {
        bank_group,
        bank,
        row,
        column,
        ..Location::default()
    }
}

/// The same place in another rank.
fn in_rank(rank: u32, location: Location) -> Location {
    Location { rank, ..location }
}

/// What happened to a stream of requests.
#[derive(Debug, Default, Clone)]
struct Played {
    commands: Vec<(u64, Command)>,
    /// By request: when it was accepted.
    accepted: Vec<u64>,
    /// By request: when its data were complete.
    done: Vec<Option<u64>>,
    counts: DramCounts,
    /// Calls of `advance`.
    calls: u64,
    /// The last cycle of a call.
    end: u64,
    idle: bool,
}

impl Played {
    fn latency(&self, request: usize) -> u64 {
        self.done[request].expect("the request is done") - self.accepted[request]
    }

    fn of_kind(&self, kind: CommandKind) -> Vec<u64> {
        let of_kind = |&&(_, command): &&(u64, Command)| command.kind == kind;
        self.commands
            .iter()
            .filter(of_kind)
            .map(|&(cycle, _)| cycle)
            .collect()
    }
}

impl Completions for Vec<Option<u64>> {
    fn read_done(&mut self, tag: u32, data_end: u64) {
        assert_eq!(self[tag as usize].replace(data_end), None, "done once");
    }

    fn write_done(&mut self, tag: u32, data_end: u64) {
        self.read_done(tag, data_end);
    }
}

/// Offers the requests in order, at most one a cycle, each when it has arrived and its queue has room; ends when
/// the channel has no more work of its own.
fn play_on<S: CommandSink>(channel: &mut Channel<S>, arrivals: &[Arrival]) -> Played {
    let mut played = Played {
        done: vec![None; arrivals.len()],
        ..Played::default()
    };
    let mut now = arrivals.first().map_or(0, |first| first.cycle);
    loop {
        let offered = played.accepted.len();
        if let Some(next) = arrivals.get(offered)
            && next.cycle <= now
            && channel.can_accept(next.kind)
        {
            channel.enqueue(now, offered as u32, next.kind, next.location);
            played.accepted.push(now);
        }
        let wake = channel.advance(now, &mut played.done);
        assert!(wake.is_none_or(|wake| wake > now), "{wake:?} after {now}");
        played.calls += 1;
        played.end = now;
        let feed = arrivals
            .get(played.accepted.len())
            .filter(|next| channel.can_accept(next.kind))
            .map(|next| next.cycle.max(now + 1));
        match wake.into_iter().chain(feed).min() {
            Some(next) => now = next,
            None => break,
        }
    }
    assert_eq!(played.accepted.len(), arrivals.len(), "all were accepted");
    channel.finish(now + 1);
    played.counts = *channel.counts();
    played.idle = channel.is_idle();
    played
}

/// As [`play_on`], on a new channel, with its command trace.
fn play(spec: &DramSpec, arrivals: &[Arrival]) -> Played {
    let mut channel = Channel::with_sink(spec, 0, Vec::new());
    let mut played = play_on(&mut channel, arrivals);
    played.commands = channel.into_sink();
    played
}

fn preset(name: &str) -> DramSpec {
    DramSpec::load(name).expect("shipped presets are consistent")
}

/// The same specification but for some figures, checked.
fn altered(spec: &DramSpec, change: impl FnOnce(&mut DramSpecFile)) -> DramSpec {
    let mut file = DramSpecFile::clone(spec);
    change(&mut file);
    DramSpec::try_from(file).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A preset without refresh, for closed forms.
fn unrefreshed(name: &str) -> DramSpec {
    altered(&preset(name), |file| {
        file.controller.refresh = RefreshPolicy::Disabled
    })
}

/// The same with some other figures.
fn unrefreshed_with(name: &str, change: impl FnOnce(&mut DramSpecFile)) -> DramSpec {
    altered(&unrefreshed(name), change)
}

const PRESETS: [&str; 3] = ["ddr4_2400", "hbm2", "lpddr4_3200"];
