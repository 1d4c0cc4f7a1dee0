//! An independent judge of command traces: looks at all pairs of commands and at the state of the banks, from the
//! parameters alone. Shares nothing with the model but the description.

use std::collections::BTreeMap;

use super::super::{
    Command, CommandBus, CommandKind, DramSpec, Location, RefreshPolicy, RefreshPrecharge,
};

/// A command as the checker sees it; an auto-precharge becomes a column command and an implied precharge.
#[derive(Debug, Clone, Copy)]
struct Event {
    cycle: u64,
    command: Command,
    implied: bool,
}

/// Least cycles between two commands, with the name of the rule.
struct Rule {
    name: &'static str,
    cycles: u64,
}

fn same_rank(a: &Location, b: &Location) -> bool {
    a.rank == b.rank
}

fn same_group(a: &Location, b: &Location) -> bool {
    same_rank(a, b) && a.bank_group == b.bank_group
}

fn same_bank(a: &Location, b: &Location) -> bool {
    same_group(a, b) && a.bank == b.bank
}

/// Every rule from an earlier command `a` to a later `b`.
fn rules(spec: &DramSpec, a: &Event, b: &Event) -> Vec<Rule> {
    use CommandKind::{Activate, Precharge, PrechargeAll, Read, Refresh, Write};
    let t = &spec.timing;
    let burst = spec.organisation.burst_length / 2;
    let grouped = spec.organisation.bank_groups > 1;
    let (la, lb) = (&a.command.location, &b.command.location);
    let (rank, bank) = (same_rank(la, lb), same_bank(la, lb));
    let group = grouped && same_group(la, lb);
    let by_group = |long: u32, short: u32| if group { long } else { short };
    let mut found = Vec::new();
    let mut rule = |applies: bool, name: &'static str, cycles: i64| {
        if applies && cycles > 0 {
            let cycles = cycles as u64;
            found.push(Rule { name, cycles });
        }
    };
    let s = i64::from;
    match (a.command.kind, b.command.kind) {
        (Activate, Activate) => {
            rule(bank, "tRC", s(t.rc));
            rule(rank && group, "tRRD_L", s(t.rrd_l));
            rule(rank, "tRRD_S", s(t.rrd_s));
        }
        (Activate, Read) => rule(bank, "tRCDRD", s(t.rcd_read)),
        (Activate, Write) => rule(bank, "tRCDWR", s(t.rcd_write)),
        (Activate, Precharge) => rule(bank, "tRAS", s(t.ras)),
        (Activate, PrechargeAll) => rule(rank, "tRAS", s(t.ras)),
        (Activate, Refresh) => rule(rank, "tRC", s(t.rc)),
        (Precharge, Activate) => rule(bank, "tRP", s(t.rp)),
        (Precharge, Refresh) => rule(rank, "tRP", s(t.rp)),
        (Precharge, Precharge | PrechargeAll) => {
            rule(rank && !a.implied && !b.implied, "tPPD", s(t.ppd));
        }
        (PrechargeAll, Activate | Refresh) => rule(rank, "tRPab", s(t.rp_all_bank)),
        (Read, Precharge) => rule(bank, "tRTP", s(t.rtp)),
        (Read, PrechargeAll) => rule(rank, "tRTP", s(t.rtp)),
        (Write, Precharge) => rule(bank, "tWR", s(t.cwl + burst + t.wr)),
        (Write, PrechargeAll) => rule(rank, "tWR", s(t.cwl + burst + t.wr)),
        (Read, Read) | (Write, Write) => {
            rule(rank && group, "tCCD_L", s(t.ccd_l));
            rule(rank, "tCCD_S", s(t.ccd_s));
            let gap = if a.command.kind == Read { t.rtrs } else { 0 };
            rule(!rank, "tRTRS", s(burst + gap));
            rule(true, "data bus", s(burst));
        }
        (Read, Write) => rule(true, "read to write", s(t.cl + burst + t.rtrs) - s(t.cwl)),
        (Write, Read) => {
            let turnaround = by_group(t.wtr_l, t.wtr_s);
            rule(rank, "tWTR", s(t.cwl + burst + turnaround));
            rule(!rank, "write to read", s(t.cwl + burst + t.rtrs) - s(t.cl));
        }
        (Refresh, Activate | Refresh) => rule(rank, "tRFC", s(t.rfc)),
        _ => {}
    }
    found
}

/// Auto-precharges spelt out, in order of time.
fn events(spec: &DramSpec, commands: &[(u64, Command)]) -> Vec<Event> {
    let t = &spec.timing;
    let burst = spec.organisation.burst_length / 2;
    // Until when each bank needs its row, from the commands to it so far.
    let mut needed = BTreeMap::new();
    let mut events = Vec::new();
    for &(cycle, command) in commands {
        let l = command.location;
        let needed = needed.entry((l.rank, l.bank_group, l.bank)).or_insert(0u64);
        let (kind, recovery) = match command.kind {
            CommandKind::Activate => (CommandKind::Activate, t.ras),
            kind if kind.is_read() => (CommandKind::Read, t.rtp),
            kind if kind.is_write() => (CommandKind::Write, t.cwl + burst + t.wr),
            kind => (kind, 0),
        };
        *needed = cycle.saturating_add(u64::from(recovery)).max(*needed);
        let closes = matches!(
            command.kind,
            CommandKind::ReadAutoPrecharge | CommandKind::WriteAutoPrecharge
        );
        let mut event = Event {
            cycle,
            command: Command { kind, location: l },
            implied: false,
        };
        events.push(event);
        if closes {
            event.command.kind = CommandKind::Precharge;
            event.cycle = *needed;
            event.implied = true;
            events.push(event);
        }
    }
    events.sort_by_key(|event| event.cycle);
    events
}

/// The first violation in a trace, if any. `end` is the cycle after the last that was simulated.
pub(super) fn check(spec: &DramSpec, commands: &[(u64, Command)], end: u64) -> Result<(), String> {
    check_bus(spec, commands)?;
    let events = events(spec, commands);
    check_pairs(spec, &events)?;
    check_activate_window(spec, &events)?;
    check_states(&events)?;
    check_refresh(spec, &events, end)
}

fn check_bus(spec: &DramSpec, commands: &[(u64, Command)]) -> Result<(), String> {
    for (i, &(cycle, command)) in commands.iter().enumerate() {
        for &(earlier, other) in commands[..i].iter().rev().take(3) {
            if earlier > cycle {
                return Err(format!("time runs backwards at {cycle}"));
            }
            let apart = spec.controller.command_bus == CommandBus::RowAndColumn
                && command.kind.is_column() != other.kind.is_column();
            if earlier == cycle && !apart {
                return Err(format!("two commands on one bus at {cycle}"));
            }
        }
    }
    Ok(())
}

fn check_pairs(spec: &DramSpec, events: &[Event]) -> Result<(), String> {
    let t = &spec.timing;
    let data = t.cwl + t.cl + spec.organisation.burst_length + t.rtrs;
    let reach = [
        t.rfc,
        t.rc,
        t.rp.max(t.rp_all_bank),
        t.ras,
        data + t.wr.max(t.wtr_l).max(t.wtr_s),
        t.rcd_read.max(t.rcd_write).max(t.rtp),
        t.rrd_l.max(t.rrd_s).max(t.ccd_l).max(t.ccd_s),
        t.ppd,
    ];
    let reach = u64::from(*reach.iter().max().expect("not empty"));
    let mut first = 0;
    for (i, b) in events.iter().enumerate() {
        while events[first].cycle + reach < b.cycle {
            first += 1;
        }
        for a in &events[first..i] {
            for rule in rules(spec, a, b) {
                if b.cycle - a.cycle < rule.cycles {
                    return Err(format!("{}: {a:?} then {b:?}", rule.name));
                }
            }
        }
    }
    Ok(())
}

fn check_activate_window(spec: &DramSpec, events: &[Event]) -> Result<(), String> {
    for rank in 0..spec.organisation.ranks {
        let activates: Vec<u64> = events
            .iter()
            .filter(|e| e.command.kind == CommandKind::Activate)
            .filter(|e| e.command.location.rank == rank)
            .map(|e| e.cycle)
            .collect();
        for five in activates.windows(5) {
            if five[4] - five[0] < u64::from(spec.timing.faw) {
                return Err(format!("tFAW: {five:?} in rank {rank}"));
            }
        }
    }
    Ok(())
}

/// Rows open before columns are used, banks close before they open, ranks close before they refresh.
fn check_states(events: &[Event]) -> Result<(), String> {
    let mut open: BTreeMap<(u32, u32, u32), u32> = BTreeMap::new();
    for event in events {
        let l = event.command.location;
        let bank = (l.rank, l.bank_group, l.bank);
        let row = open.get(&bank).copied();
        let fine = match event.command.kind {
            CommandKind::Activate => open.insert(bank, l.row).is_none(),
            CommandKind::Precharge => open.remove(&bank) == Some(l.row),
            CommandKind::PrechargeAll => {
                open.retain(|&(rank, ..), _| rank != l.rank);
                true
            }
            CommandKind::Refresh => !open.keys().any(|&(rank, ..)| rank == l.rank),
            _ => row == Some(l.row),
        };
        if !fine {
            return Err(format!("state: {event:?} with row {row:?}"));
        }
    }
    Ok(())
}

/// Each rank is refreshed in its turn, as soon as its banks can be closed, and does nothing else meanwhile.
fn check_refresh(spec: &DramSpec, events: &[Event], end: u64) -> Result<(), String> {
    let ranks = u64::from(spec.organisation.ranks);
    let t = &spec.timing;
    let interval = u64::from(t.refi) / ranks;
    let burst = spec.organisation.burst_length / 2;
    let banks = spec.organisation.bank_groups * spec.organisation.banks_per_group;
    let to_close = (t.cwl + burst + t.wr).max(t.ras).max(t.rtp) + banks * t.ppd.max(1);
    // A row opened just before the refresh falls due keeps it away for tRC.
    let grace = u64::from((to_close + t.rp.max(t.rp_all_bank)).max(t.rc));
    for rank in 0..ranks {
        let of_rank = || {
            events
                .iter()
                .filter(|e| u64::from(e.command.location.rank) == rank)
        };
        let refreshes: Vec<u64> = of_rank()
            .filter(|e| e.command.kind == CommandKind::Refresh)
            .map(|e| e.cycle)
            .collect();
        if spec.controller.refresh == RefreshPolicy::Disabled {
            if !refreshes.is_empty() {
                return Err("refresh although disabled".to_owned());
            }
            continue;
        }
        let due = |k: usize| (k as u64 * ranks + rank + 1) * interval;
        for k in 0.. {
            match refreshes.get(k) {
                None if due(k) + grace < end => {
                    return Err(format!("refresh {k} of rank {rank} is missing"));
                }
                None => break,
                Some(&cycle) if cycle < due(k) || cycle > due(k) + grace => {
                    return Err(format!("refresh {k} of rank {rank} at {cycle}"));
                }
                Some(&cycle) => {
                    let mut between = of_rank().filter(|e| due(k) <= e.cycle && e.cycle < cycle);
                    let all_bank = spec.controller.refresh_precharge == RefreshPrecharge::AllBank;
                    let wrong = between.find(|e| match e.command.kind {
                        CommandKind::Precharge => all_bank && !e.implied,
                        CommandKind::PrechargeAll => !all_bank,
                        _ => true,
                    });
                    if let Some(event) = wrong {
                        return Err(format!("{event:?} while a refresh is due"));
                    }
                }
            }
        }
    }
    Ok(())
}
