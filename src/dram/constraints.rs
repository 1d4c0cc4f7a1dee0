//! Timing constraints: how long after one command another has to wait, as one table of rules.

use std::ops::Index;

use super::index::{BankCommand, Times};
use super::spec::DramSpec;

/// The banks that a rule binds, seen from the bank that got the first command. Each scope lies in the next, but for
/// the other ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The same bank.
    Bank,
    /// The banks of its bank group.
    BankGroup,
    /// The banks of its rank.
    Rank,
    /// The banks of all other ranks.
    OtherRanks,
    /// All banks.
    Channel,
}

/// The command from which a rule counts. An auto-precharge counts as the column command and a precharge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Activate,
    /// The ACT of the rank before the last three: a fifth within tFAW has to wait.
    FourthLastActivate,
    Precharge,
    PrechargeAll,
    Read,
    Write,
    Refresh,
}

const COMMANDS: usize = 7;

impl From<BankCommand> for After {
    #[inline]
    fn from(command: BankCommand) -> After {
        match command {
            BankCommand::Activate => After::Activate,
            BankCommand::Precharge => After::Precharge,
            BankCommand::Read => After::Read,
            BankCommand::Write => After::Write,
        }
    }
}

/// The command that a rule holds back. An all-bank precharge waits for what the precharges of its banks wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Bank(BankCommand),
    Refresh,
}

/// At least so many cycles from one command to another.
#[derive(Debug, Clone, Copy)]
struct Rule {
    scope: Scope,
    after: After,
    before: Before,
    cycles: u32,
}

/// The rules of a standard. Where several bind the same commands, the longest decides.
fn rules(spec: &DramSpec) -> [Rule; 27] {
    use BankCommand::{Activate, Precharge, Read, Write};
    use Scope::{Bank, BankGroup, Channel, OtherRanks, Rank};
    let t = &spec.timing;
    let burst = spec.burst_cycles();
    let (read_end, write_end) = (spec.read_latency_cycles(), spec.write_latency_cycles());
    // The data bus turns around, or changes rank.
    let read_to_write = (read_end + t.rtrs).saturating_sub(t.cwl);
    let write_to_read = (write_end + t.rtrs).saturating_sub(t.cl);
    let rule = |scope, after, command, cycles| Rule {
        scope,
        after,
        before: Before::Bank(command),
        cycles,
    };
    let refresh = |after, cycles| Rule {
        scope: Rank,
        after,
        before: Before::Refresh,
        cycles,
    };
    [
        rule(Bank, After::Activate, Read, t.rcd_read),
        rule(Bank, After::Activate, Write, t.rcd_write),
        rule(Bank, After::Activate, Precharge, t.ras),
        rule(Bank, After::Activate, Activate, t.rc),
        rule(BankGroup, After::Activate, Activate, t.rrd_l),
        rule(Rank, After::Activate, Activate, t.rrd_s),
        rule(Rank, After::FourthLastActivate, Activate, t.faw),
        // Decides only where a standard has slack in tRC, which the precharge does not see.
        refresh(After::Activate, t.rc),
        rule(Bank, After::Precharge, Activate, t.rp),
        rule(Rank, After::Precharge, Precharge, t.ppd),
        refresh(After::Precharge, t.rp),
        rule(Rank, After::PrechargeAll, Activate, t.rp_all_bank),
        refresh(After::PrechargeAll, t.rp_all_bank),
        rule(Rank, After::Refresh, Activate, t.rfc),
        refresh(After::Refresh, t.rfc),
        rule(Bank, After::Read, Precharge, t.rtp),
        rule(BankGroup, After::Read, Read, t.ccd_l.max(burst)),
        rule(Rank, After::Read, Read, t.ccd_s.max(burst)),
        rule(OtherRanks, After::Read, Read, burst + t.rtrs),
        rule(Channel, After::Read, Write, read_to_write),
        rule(Bank, After::Write, Precharge, write_end + t.wr),
        rule(BankGroup, After::Write, Write, t.ccd_l.max(burst)),
        rule(Rank, After::Write, Write, t.ccd_s.max(burst)),
        // The controller drives the bus all along, so writes to two ranks need no gap.
        rule(OtherRanks, After::Write, Write, burst),
        rule(BankGroup, After::Write, Read, write_end + t.wtr_l),
        rule(Rank, After::Write, Read, write_end + t.wtr_s),
        rule(OtherRanks, After::Write, Read, write_to_read),
    ]
}

/// How far the rules after a command reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Reach {
    /// Its bank.
    #[default]
    Bank,
    /// The banks of its rank.
    Rank,
    /// All banks.
    Channel,
}

/// Least cycles from a command to each later one, by where that goes; 0 where no rule says so.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gaps {
    /// To commands to the same bank, as far as rules of the bank decide.
    pub bank: Times,
    /// To commands to its bank group.
    pub group: Times,
    /// To commands to another bank group of its rank.
    pub rank: Times,
    /// To commands to other ranks.
    pub other_ranks: Times,
    /// To a refresh of its rank.
    pub refresh: u64,
    pub reach: Reach,
}

/// The rules of a standard by the command from which they count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constraints([Gaps; COMMANDS]);

impl Constraints {
    pub(super) fn new(spec: &DramSpec) -> Constraints {
        let mut constraints = Constraints([Gaps::default(); COMMANDS]);
        // With one bank group there is no "within": the standard's short cycles hold everywhere.
        let is_grouped = spec.organisation.bank_groups > 1;
        for rule in rules(spec) {
            if rule.scope != Scope::BankGroup || is_grouped {
                constraints.0[rule.after as usize].add(&rule);
            }
        }
        constraints
    }
}

impl Index<After> for Constraints {
    type Output = Gaps;

    #[inline]
    fn index(&self, after: After) -> &Gaps {
        &self.0[after as usize]
    }
}

impl Gaps {
    fn add(&mut self, rule: &Rule) {
        let cycles = u64::from(rule.cycles);
        let Before::Bank(command) = rule.before else {
            self.refresh = self.refresh.max(cycles);
            return;
        };
        let (bound, reach): (&mut [&mut Times], _) = match rule.scope {
            Scope::Bank => (&mut [&mut self.bank], Reach::Bank),
            Scope::BankGroup => (&mut [&mut self.group], Reach::Rank),
            Scope::Rank => (&mut [&mut self.group, &mut self.rank], Reach::Rank),
            Scope::OtherRanks => (&mut [&mut self.other_ranks], Reach::Channel),
            Scope::Channel => (
                &mut [&mut self.group, &mut self.rank, &mut self.other_ranks],
                Reach::Channel,
            ),
        };
        for gaps in bound {
            gaps[command] = gaps[command].max(cycles);
        }
        if cycles > 0 {
            self.reach = self.reach.max(reach);
        }
    }
}
