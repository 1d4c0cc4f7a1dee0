//! State of the banks, groups and ranks of a channel: which command is legal when.

use std::ops::Range;

use super::address::Location;
use super::bank::{Bank, NEVER};
use super::constraints::{After, Constraints, Reach};
use super::index::BankCommand::{self, Activate, Precharge, Read, Write};
use super::index::{BankIndex, BankSet, GroupIndex, RankIndex, Shape, Times};
use super::rank::Rank;
use super::request::Request;
use super::spec::DramSpec;

/// What the banks of a bank group share.
#[derive(Debug, Clone)]
struct Group {
    /// Earliest times as far as commands to this and other groups decide; holds for every bank of the group.
    earliest: Times,
    /// Least wanted time of its banks.
    wanted: Times,
}

/// The DRAM devices of a channel with the bank queues in front of them.
#[derive(Debug, Clone)]
pub(super) struct Device {
    shape: Shape,
    channel: u32,
    constraints: Constraints,
    row_hit_cap: u32,
    queue_depth: usize,
    banks: Vec<Bank>,
    /// Of each bank, the times of the commands that its requests want, as far as the bank itself decides.
    wanted: Vec<Times>,
    groups: Vec<Group>,
    /// Of each group, the first cycle at which a wanted command is legal; `NEVER` while its rank gives way to a
    /// refresh.
    ready: Vec<u64>,
    ranks: Vec<Rank>,
    /// Banks whose queue has room.
    room: BankSet,
    /// Requests in all bank queues.
    queued: usize,
    /// The bank that had the last turn.
    turn: BankIndex,
}

impl Device {
    pub(super) fn new(spec: &DramSpec, channel: u32) -> Device {
        let shape = Shape::new(spec);
        let never = Times::by(|_| NEVER);
        let group = Group {
            earliest: Times::default(),
            wanted: never,
        };
        Device {
            shape,
            channel,
            constraints: Constraints::new(spec),
            row_hit_cap: spec.controller.row_hit_cap,
            queue_depth: spec.controller.bank_queue as usize,
            banks: vec![Bank::new(spec.controller.bank_queue); shape.banks() as usize],
            wanted: vec![never; shape.banks() as usize],
            groups: vec![group; shape.groups() as usize],
            ready: vec![NEVER; shape.groups() as usize],
            ranks: vec![Rank::default(); shape.ranks as usize],
            room: BankSet::first(shape.banks()),
            queued: 0,
            turn: shape.bank(shape.group(0), 0),
        }
    }

    /// The bank of a location.
    #[inline]
    pub(super) fn bank_of(&self, location: Location) -> BankIndex {
        self.shape.bank_of(location)
    }

    /// The location of a bank.
    pub(super) fn location(&self, bank: BankIndex) -> Location {
        Location {
            channel: self.channel,
            ..self.shape.location(bank)
        }
    }

    /// The location that stands for a whole rank.
    pub(super) fn rank_location(&self, rank: RankIndex) -> Location {
        Location {
            channel: self.channel,
            rank: rank.at() as u32,
            ..Location::default()
        }
    }

    #[inline]
    pub(super) fn bank(&self, bank: BankIndex) -> &Bank {
        &self.banks[bank.at()]
    }

    pub(super) fn ranks(&self) -> &[Rank] {
        &self.ranks
    }

    #[inline]
    pub(super) fn room(&self) -> BankSet {
        self.room
    }

    #[inline]
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// Adds a request to the queue of a bank that has room.
    #[inline]
    pub(super) fn push(&mut self, bank: BankIndex, request: Request) {
        let queue = &mut self.banks[bank.at()];
        queue.push(request);
        if queue.queued() == self.queue_depth {
            self.room.remove(bank);
        }
        self.queued += 1;
        self.update_bank(bank);
    }

    /// The first cycle at which a command for a request is legal.
    #[inline]
    pub(super) fn next_ready(&self) -> u64 {
        self.ready
            .iter()
            .fold(NEVER, |first, &ready| first.min(ready))
    }

    /// The next bank in rotation that has a legal command at `now`, and that command: in a bank, the one that
    /// serves the earliest request of the queue. The turn passes to that bank.
    #[inline]
    pub(super) fn select(&mut self, now: u64) -> Option<(BankIndex, BankCommand)> {
        let mut groups = 0u32;
        for (index, &ready) in self.ready.iter().enumerate() {
            groups |= u32::from(ready <= now) << index;
        }
        if groups == 0 {
            return None;
        }
        self.turn = self.next_in_rotation(groups, now);
        Some((self.turn, self.first_command(self.turn, now)))
    }

    /// The first bank after the one that had the last turn with a legal command, given the groups that have any,
    /// one bit each.
    #[inline]
    fn next_in_rotation(&self, groups: u32, now: u64) -> BankIndex {
        let last_group = self.shape.group_of(self.turn);
        let mut in_last_group = 0;
        if groups >> last_group.at() & 1 != 0 {
            in_last_group = self.ready_banks(last_group, now);
            let last_bank = self.shape.within_group(self.turn);
            let after = in_last_group & (u64::MAX << last_bank << 1);
            if after != 0 {
                return self.shape.bank(last_group, after.trailing_zeros());
            }
        }
        let others = groups & !(1 << last_group.at());
        if others == 0 {
            return self.shape.bank(last_group, in_last_group.trailing_zeros());
        }
        let after = others & (u32::MAX << last_group.at());
        let first = if after != 0 { after } else { others }.trailing_zeros();
        let group = self.shape.group(first);
        let ready = self.ready_banks(group, now);
        self.shape.bank(group, ready.trailing_zeros())
    }

    /// The banks of a group that have a legal command, one bit each.
    #[inline]
    fn ready_banks(&self, group: GroupIndex, now: u64) -> u64 {
        let earliest = &self.groups[group.at()].earliest;
        let mut banks = 0u64;
        for (position, wanted) in self.wanted[self.shape.banks_of_group(group)]
            .iter()
            .enumerate()
        {
            banks |= u64::from(wanted.later(earliest).first() <= now) << position;
        }
        banks
    }

    /// The legal command of a bank that serves the earliest request of its queue.
    #[inline]
    fn first_command(&self, index: BankIndex, now: u64) -> BankCommand {
        let bank = self.bank(index);
        let wanted = &self.wanted[index.at()];
        let earliest = &self.groups[self.shape.group_of(index).at()].earliest;
        let is_ready = |command| wanted[command].max(earliest[command]) <= now;
        if is_ready(Activate) {
            Activate
        } else if is_ready(Precharge) {
            // Wanted by the head of the queue only, so nothing precedes it.
            Precharge
        } else if is_ready(Read) && (!is_ready(Write) || bank.first_read() < bank.first_write()) {
            Read
        } else {
            Write
        }
    }

    /// Issues ACT for the head of the bank's queue; returns the row.
    #[inline]
    pub(super) fn activate(&mut self, index: BankIndex, now: u64) -> u32 {
        let bank = &mut self.banks[index.at()];
        let row = bank.head().row;
        bank.open(row);
        let rank = self.shape.rank_of(index);
        let fourth_last = self.ranks[rank.at()].activate(now);
        let every = [Activate, Precharge, Read, Write];
        self.constrain_bank(index, After::Activate, now, every);
        self.constrain_refresh(rank, After::Activate, now);
        if let Some(cycle) = fourth_last {
            let window = &self.constraints[After::FourthLastActivate].rank;
            for group in &mut self.groups[self.shape.groups_of_rank(rank)] {
                group.earliest.hold_back([Activate], cycle, window);
            }
        }
        self.update_bank_wanted(index);
        self.constrain_groups(index, After::Activate, now, [Activate]);
        row
    }

    /// Issues PRE to an open bank; returns the row that it closes.
    #[inline]
    pub(super) fn precharge(&mut self, index: BankIndex, now: u64) -> u32 {
        let row = self.close(index, After::Precharge, now);
        self.update_bank_wanted(index);
        self.constrain_groups(index, After::Precharge, now, [Precharge]);
        row
    }

    /// Closes a bank by a precharge that happens at `cycle`; returns the row.
    fn close(&mut self, index: BankIndex, after: After, cycle: u64) -> u32 {
        let bank = &mut self.banks[index.at()];
        let row = bank.open_row();
        bank.close();
        let rank = self.shape.rank_of(index);
        self.ranks[rank.at()].close(cycle);
        self.constrain_bank(index, after, cycle, [Activate]);
        self.constrain_refresh(rank, after, cycle);
        row
    }

    /// Issues RD or WR for the first hit of a bank's queue; returns the request. `auto_precharge` says whether the
    /// row is closed with it, given whether further hits are queued.
    #[inline]
    pub(super) fn column(
        &mut self,
        index: BankIndex,
        command: BankCommand,
        now: u64,
        auto_precharge: impl Fn(bool) -> bool,
    ) -> (Request, bool) {
        let request = self.banks[index.at()].take_hit(command);
        self.room.insert(index);
        self.queued -= 1;
        let after = command.into();
        self.constrain_bank(index, after, now, [Precharge]);
        let bank = self.bank(index);
        let closes = auto_precharge(bank.has_hits());
        if closes {
            let cycle = bank.earliest[Precharge];
            self.close(index, After::Precharge, cycle);
        }
        self.update_bank_wanted(index);
        self.constrain_groups(index, after, now, [Read, Write]);
        (request, closes)
    }

    /// Takes a rank out of the rotation until its refresh, or puts it back.
    pub(super) fn block(&mut self, rank: RankIndex, blocked: bool) {
        self.ranks[rank.at()].blocked = blocked;
        self.update_ready(self.shape.groups_of_rank(rank));
    }

    /// The open bank of a rank that a refresh can close first, and when; none if all are closed.
    pub(super) fn first_precharge(&self, rank: RankIndex, now: u64) -> Option<(BankIndex, u64)> {
        self.open_banks(rank)
            .map(|(index, cycle)| (index, cycle.max(now)))
            .min_by_key(|&(_, cycle)| cycle)
    }

    /// When all open banks of a rank can be closed at once, auto-precharges under way included; none if all are
    /// closed.
    pub(super) fn all_precharge(&self, rank: RankIndex) -> Option<u64> {
        let open = self.open_banks(rank).map(|(_, cycle)| cycle).max()?;
        Some(open.max(self.ranks[rank.at()].last_close()))
    }

    /// When a rank whose banks are closed can be refreshed.
    pub(super) fn refresh_earliest(&self, rank: RankIndex) -> u64 {
        self.ranks[rank.at()].refresh_earliest
    }

    fn open_banks(&self, rank: RankIndex) -> impl Iterator<Item = (BankIndex, u64)> {
        self.shape
            .banks_of_rank(rank)
            .filter(|&index| self.bank(index).is_open())
            .map(|index| {
                let group = &self.groups[self.shape.group_of(index).at()];
                let own = self.bank(index).earliest[Precharge];
                (index, own.max(group.earliest[Precharge]))
            })
    }

    /// Issues an all-bank precharge; returns how many rows it closes.
    pub(super) fn precharge_all(&mut self, rank: RankIndex, now: u64) -> u64 {
        let mut closed = 0;
        for index in self.shape.banks_of_rank(rank) {
            if self.bank(index).is_open() {
                self.close(index, After::PrechargeAll, now);
                self.update_bank_wanted(index);
                closed += 1;
            }
        }
        self.constrain_rank(rank, After::PrechargeAll, now);
        closed
    }

    /// Issues an all-bank refresh to a rank whose banks are closed.
    pub(super) fn refresh(&mut self, rank: RankIndex, now: u64) {
        self.constrain_rank(rank, After::Refresh, now);
    }

    /// Holds back what the rules hold back in the bank of a command. `held` lists the commands that they concern.
    #[inline]
    fn constrain_bank<const N: usize>(
        &mut self,
        index: BankIndex,
        after: After,
        cycle: u64,
        held: [BankCommand; N],
    ) {
        let gaps = &self.constraints[after].bank;
        debug_assert!(
            gaps.concerns_only(&held),
            "a rule after {after:?} is left out"
        );
        let earliest = &mut self.banks[index.at()].earliest;
        earliest.hold_back(held, cycle, gaps);
    }

    /// Holds back the refresh of the rank of a command.
    #[inline]
    fn constrain_refresh(&mut self, rank: RankIndex, after: After, cycle: u64) {
        let refresh = self.constraints[after].refresh;
        self.ranks[rank.at()].refresh_not_before(cycle + refresh);
    }

    /// Holds back what the rules hold back in the bank groups. `held` lists the commands that they concern.
    #[inline]
    fn constrain_groups<const N: usize>(
        &mut self,
        index: BankIndex,
        after: After,
        now: u64,
        held: [BankCommand; N],
    ) {
        let gaps = &self.constraints[after];
        debug_assert!(
            [gaps.group, gaps.rank, gaps.other_ranks]
                .iter()
                .all(|gaps| gaps.concerns_only(&held)),
            "a rule after {after:?} is left out"
        );
        let own = self.shape.group_of(index).at();
        if gaps.reach == Reach::Bank {
            self.update_ready(own..own + 1);
            return;
        }
        let rank = self.shape.groups_of_rank(self.shape.rank_of(index));
        for group in &mut self.groups[rank.clone()] {
            group.earliest.hold_back(held, now, &gaps.rank);
        }
        // No shorter than between groups.
        self.groups[own].earliest.hold_back(held, now, &gaps.group);
        if gaps.reach == Reach::Rank {
            self.update_ready(rank);
            return;
        }
        let (before, rest) = self.groups.split_at_mut(rank.start);
        for group in before.iter_mut().chain(&mut rest[rank.len()..]) {
            group.earliest.hold_back(held, now, &gaps.other_ranks);
        }
        self.update_ready(0..self.groups.len());
    }

    /// Holds back what the rules hold back after a command to a whole rank.
    fn constrain_rank(&mut self, rank: RankIndex, after: After, now: u64) {
        let gaps = &self.constraints[after].rank;
        debug_assert!(
            gaps.concerns_only(&[Activate]),
            "a rule after {after:?} is left out"
        );
        let groups = self.shape.groups_of_rank(rank);
        for group in &mut self.groups[groups.clone()] {
            group.earliest.hold_back([Activate], now, gaps);
        }
        self.constrain_refresh(rank, after, now);
        self.update_ready(groups);
    }

    /// After a change of a bank's queue, row or times.
    #[inline]
    fn update_bank(&mut self, index: BankIndex) {
        self.update_bank_wanted(index);
        let group = self.shape.group_of(index).at();
        self.update_ready(group..group + 1);
    }

    #[inline]
    fn update_bank_wanted(&mut self, index: BankIndex) {
        self.wanted[index.at()] = self.bank(index).wanted(self.row_hit_cap);
        let group = self.shape.group_of(index);
        self.groups[group.at()].wanted = self.wanted[self.shape.banks_of_group(group)]
            .iter()
            .fold(Times::by(|_| NEVER), Times::earlier);
    }

    #[inline]
    fn update_ready(&mut self, groups: Range<usize>) {
        for index in groups {
            let ready = self.groups[index].first_ready();
            let blocked = self.ranks[self.shape.rank_of_group(index).at()].blocked;
            self.ready[index] = if blocked { NEVER } else { ready };
        }
    }
}

impl Group {
    #[inline]
    fn first_ready(&self) -> u64 {
        self.wanted.later(&self.earliest).first()
    }
}
