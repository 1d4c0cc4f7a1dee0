//! Sequential streams against the closed form of their mapping: what tCCD_S, tCCD_L, BL/2 and tRTRS allow between
//! neighbouring bursts, less what refreshes take.

use super::*;

fn stream(spec: &DramSpec, bursts: u64, kind: RequestKind) -> Vec<Arrival> {
    let map = AddressMap::new(spec, 1).expect("one channel is possible");
    let at = |i: u64| map.decode(i * u64::from(spec.burst_bytes()));
    (0..bursts)
        .map(|i| Arrival {
            cycle: 0,
            kind,
            location: at(i),
        })
        .collect()
}

/// Least cycles from the first column command of the stream to the last, if they go in order.
fn column_cycles(spec: &DramSpec, arrivals: &[Arrival]) -> u64 {
    let t = &spec.timing;
    let burst = spec.burst_cycles();
    let apart = |a: &Location, b: &Location| {
        if a.rank != b.rank {
            burst + t.rtrs
        } else if a.bank_group != b.bank_group {
            burst.max(t.ccd_s)
        } else {
            burst.max(t.ccd_l)
        }
    };
    arrivals
        .windows(2)
        .map(|pair| u64::from(apart(&pair[0].location, &pair[1].location)))
        .sum()
}

/// Cycles from the first column command of a stream to the last, and refreshes in between.
fn played(spec: &DramSpec, arrivals: &[Arrival]) -> (u64, u64) {
    let commands = play(spec, arrivals).commands;
    let of =
        |is: fn(CommandKind) -> bool| commands.iter().filter(move |(_, command)| is(command.kind));
    let columns: Vec<u64> = of(CommandKind::is_column)
        .map(|&(cycle, _)| cycle)
        .collect();
    assert_eq!(columns.len(), arrivals.len());
    let (first, last) = (columns[0], columns[columns.len() - 1]);
    let inside = |cycle: &&u64| (first..last).contains(*cycle);
    let refreshes = of(|kind| kind == CommandKind::Refresh).map(|(cycle, _)| cycle);
    (last - first, refreshes.filter(inside).count() as u64)
}

/// Without refresh every preset streams as fast as its columns may follow each other, to one part in 2,000: no
/// row opens too late.
#[test]
fn presets_stream_at_the_closed_form_of_their_mapping() {
    for name in PRESETS {
        let spec = unrefreshed(name);
        for kind in [RequestKind::Read, RequestKind::Write] {
            let arrivals = stream(&spec, 40_000, kind);
            let least = column_cycles(&spec, &arrivals);
            let (cycles, _) = played(&spec, &arrivals);
            // Now and then the controller goes out of order, which may spare a switch of ranks.
            assert!(cycles + 50 >= least, "{name} {kind:?}: {cycles} of {least}");
            assert!(
                cycles <= least + least / 2_000,
                "{name} {kind:?}: {cycles} of {least}"
            );
            // The closed form is the peak but for the switches of ranks.
            let bus = (arrivals.len() as u64 - 1) * u64::from(spec.burst_cycles());
            assert!(least < bus + bus / 1_000, "{name}: {least} {bus}");
        }
    }
}

/// A refresh of the only rank stops the stream from the last column command before it (then tRTP, or the write
/// and tWR; tRP) to the first one after it (tRFC, then tRCD). At most a row cycle more goes by while the rows of
/// all banks are closed and opened one by one.
#[test]
fn a_refresh_costs_its_own_time_and_that_of_closing_and_opening_rows() {
    for name in PRESETS {
        let spec = altered(&preset(name), |file| {
            file.organisation.ranks = 1;
        });
        let never = altered(&spec, |file| {
            file.controller.refresh = RefreshPolicy::Disabled
        });
        let t = &spec.timing;
        for (kind, close, open) in [
            (RequestKind::Read, t.rtp, t.rcd_read),
            (
                RequestKind::Write,
                t.cwl + spec.burst_cycles() + t.wr,
                t.rcd_write,
            ),
        ] {
            let arrivals = stream(&spec, 40_000, kind);
            let (undisturbed, _) = played(&never, &arrivals);
            let (cycles, refreshes) = played(&spec, &arrivals);
            let each = (cycles - undisturbed) as f64 / refreshes as f64;
            let least = f64::from(close + t.rp + t.rfc + open - spec.burst_cycles());
            assert!(refreshes > 10);
            assert!(each >= least, "{name} {kind:?}: {each} cycles of {least}");
            assert!(
                each <= least + f64::from(t.rc),
                "{name} {kind:?}: {each} cycles of {least}"
            );
        }
    }
}
