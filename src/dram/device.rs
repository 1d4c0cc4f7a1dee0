//! State of the banks, groups and ranks of a channel: which command is legal when.

use super::address::Location;
use super::bank::{ACTIVATE, Bank, NEVER, PRECHARGE, READ, Times, WRITE};
use super::distance::Distances;
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

/// Numbers that locate a bank in the flat arrays.
#[derive(Debug, Clone, Copy)]
struct Shape {
    banks_per_rank: u32,
    /// log2 of the banks of a group.
    group_shift: u32,
    /// log2 of the banks of a rank.
    rank_shift: u32,
    groups_per_rank: usize,
}

/// The DRAM devices of a channel with the bank queues in front of them.
#[derive(Debug, Clone)]
pub(super) struct Device {
    shape: Shape,
    channel: u32,
    pub distances: Distances,
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
    /// Bit b: the queue of bank b has room.
    room: u64,
    /// Requests in all bank queues.
    queued: usize,
    /// The bank that had the last turn.
    turn: u32,
}

impl Device {
    pub fn new(spec: &DramSpec, channel: u32) -> Device {
        let organisation = &spec.organisation;
        let banks_per_rank = spec.banks_per_rank();
        let banks = organisation.ranks * banks_per_rank;
        let groups = organisation.ranks * organisation.bank_groups;
        let group = Group {
            earliest: [0; 4],
            wanted: [NEVER; 4],
        };
        Device {
            shape: Shape {
                banks_per_rank,
                group_shift: organisation.banks_per_group.trailing_zeros(),
                rank_shift: banks_per_rank.trailing_zeros(),
                groups_per_rank: organisation.bank_groups as usize,
            },
            channel,
            distances: Distances::new(spec),
            row_hit_cap: spec.controller.row_hit_cap,
            queue_depth: spec.controller.bank_queue as usize,
            banks: vec![Bank::new(spec.controller.bank_queue); banks as usize],
            wanted: vec![[NEVER; 4]; banks as usize],
            groups: vec![group; groups as usize],
            ready: vec![NEVER; groups as usize],
            ranks: vec![Rank::default(); organisation.ranks as usize],
            room: u64::MAX >> (64 - banks),
            queued: 0,
            turn: 0,
        }
    }

    /// Flat index of the bank of a location.
    #[inline]
    pub fn bank_of(&self, location: Location) -> u32 {
        let group = location.bank_group
            + (location.rank << (self.shape.rank_shift - self.shape.group_shift));
        location.bank + (group << self.shape.group_shift)
    }

    /// The location of a row and burst of a bank.
    pub fn location(&self, bank: u32, row: u32, column: u32) -> Location {
        let within_rank = bank & (self.shape.banks_per_rank - 1);
        Location {
            channel: self.channel,
            rank: bank >> self.shape.rank_shift,
            bank_group: within_rank >> self.shape.group_shift,
            bank: within_rank & ((1 << self.shape.group_shift) - 1),
            row,
            column,
        }
    }

    /// The location that stands for a whole rank.
    pub fn rank_location(&self, rank: usize) -> Location {
        self.location((rank as u32) << self.shape.rank_shift, 0, 0)
    }

    #[inline]
    pub fn bank(&self, bank: u32) -> &Bank {
        &self.banks[bank as usize]
    }

    pub fn ranks(&self) -> &[Rank] {
        &self.ranks
    }

    #[inline]
    pub fn room(&self) -> u64 {
        self.room
    }

    #[inline]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Adds a request to the queue of a bank that has room.
    #[inline]
    pub fn push(&mut self, bank: u32, request: Request) {
        let queue = &mut self.banks[bank as usize];
        queue.push(request);
        if queue.queued() == self.queue_depth {
            self.room &= !(1 << bank);
        }
        self.queued += 1;
        self.update_bank(bank);
    }

    /// The first cycle at which a command for a request is legal.
    #[inline]
    pub fn next_ready(&self) -> u64 {
        self.ready
            .iter()
            .fold(NEVER, |first, &ready| first.min(ready))
    }

    /// The next bank in rotation that has a legal command at `now`, and that command: in a bank, the one that
    /// serves the earliest request of the queue. The turn passes to that bank.
    #[inline]
    pub fn select(&mut self, now: u64) -> Option<(u32, usize)> {
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

    /// The first bank after the one that had the last turn with a legal command, given the groups that have any.
    #[inline]
    fn next_in_rotation(&self, groups: u32, now: u64) -> u32 {
        let last_group = self.turn >> self.shape.group_shift;
        let last_bank = self.turn & ((1 << self.shape.group_shift) - 1);
        let mut in_last_group = 0;
        if groups >> last_group & 1 != 0 {
            in_last_group = self.ready_banks(last_group, now);
            let after = in_last_group & (u64::MAX << last_bank << 1);
            if after != 0 {
                return (last_group << self.shape.group_shift) + after.trailing_zeros();
            }
        }
        let others = groups & !(1 << last_group);
        if others == 0 {
            return (last_group << self.shape.group_shift) + in_last_group.trailing_zeros();
        }
        let after = others & (u32::MAX << last_group);
        let group = if after != 0 { after } else { others }.trailing_zeros();
        (group << self.shape.group_shift) + self.ready_banks(group, now).trailing_zeros()
    }

    /// The banks of a group that have a legal command, one bit each.
    #[inline]
    fn ready_banks(&self, group: u32, now: u64) -> u64 {
        let earliest = &self.groups[group as usize].earliest;
        let mut banks = 0u64;
        for (position, wanted) in self.wanted[self.banks_of(group as usize)]
            .iter()
            .enumerate()
        {
            let first = (0..4).fold(NEVER, |first, c| first.min(wanted[c].max(earliest[c])));
            banks |= u64::from(first <= now) << position;
        }
        banks
    }

    /// The legal command of a bank that serves the earliest request of its queue.
    #[inline]
    fn first_command(&self, index: u32, now: u64) -> usize {
        let bank = &self.banks[index as usize];
        let wanted = &self.wanted[index as usize];
        let earliest = &self.groups[(index >> self.shape.group_shift) as usize].earliest;
        let is_ready = |command: usize| wanted[command].max(earliest[command]) <= now;
        if is_ready(ACTIVATE) {
            ACTIVATE
        } else if is_ready(PRECHARGE) {
            // Wanted by the head of the queue only, so nothing precedes it.
            PRECHARGE
        } else if is_ready(READ)
            && (!is_ready(WRITE) || bank.first_hit(READ) < bank.first_hit(WRITE))
        {
            READ
        } else {
            WRITE
        }
    }

    /// Issues ACT for the head of the bank's queue; returns the row.
    #[inline]
    pub fn activate(&mut self, index: u32, now: u64) -> u32 {
        let d = &self.distances;
        let bank = &mut self.banks[index as usize];
        let row = bank.head().row;
        bank.open(row);
        bank.not_before(ACTIVATE, now + d.activate_to_activate_bank);
        bank.not_before(PRECHARGE, now + d.activate_to_precharge);
        bank.not_before(READ, now + d.activate_to_read);
        bank.not_before(WRITE, now + d.activate_to_write);
        let rank = (index >> self.shape.rank_shift) as usize;
        let fourth_last = self.ranks[rank].activate(now);
        // Decides only where a standard has slack in tRC, which the precharge does not see.
        self.ranks[rank].refresh_not_before(now + d.activate_to_activate_bank);
        let window = fourth_last.map_or(0, |cycle| cycle + d.four_activate_window);
        let (same, other) = (d.activate_to_activate_same, d.activate_to_activate_other);
        let own = (index >> self.shape.group_shift) as usize;
        for group in self.groups_of(rank) {
            let distance = if group == own { same } else { other };
            self.groups[group].not_before(ACTIVATE, window.max(now + distance));
        }
        self.update_bank_wanted(index);
        self.update_ready(self.groups_of(rank));
        row
    }

    /// Issues PRE to an open bank; returns the row that it closes.
    #[inline]
    pub fn precharge(&mut self, index: u32, now: u64) -> u32 {
        let row = self.close(index, now, self.distances.precharge_to_activate);
        let rank = (index >> self.shape.rank_shift) as usize;
        let distance = self.distances.precharge_to_precharge;
        if distance > 0 {
            for group in self.groups_of(rank) {
                self.groups[group].not_before(PRECHARGE, now + distance);
            }
            self.update_bank_wanted(index);
            self.update_ready(self.groups_of(rank));
        } else {
            self.update_bank(index);
        }
        row
    }

    /// Closes a bank whose precharge happens at `cycle`, to be activated `distance` later; returns the row.
    fn close(&mut self, index: u32, cycle: u64, distance: u64) -> u32 {
        let bank = &mut self.banks[index as usize];
        let row = bank.open_row();
        bank.close();
        bank.not_before(ACTIVATE, cycle + distance);
        self.ranks[(index >> self.shape.rank_shift) as usize].close(cycle, distance);
        row
    }

    /// Issues RD or WR for the first hit of a bank's queue; returns the request. `auto_precharge` says whether the
    /// row is closed with it, given whether further hits are queued.
    #[inline]
    pub fn column(
        &mut self,
        index: u32,
        command: usize,
        now: u64,
        auto_precharge: impl Fn(bool) -> bool,
    ) -> (Request, bool) {
        let d = self.distances;
        let bank = &mut self.banks[index as usize];
        let request = bank.remove(bank.first_hit(command));
        bank.column_commands += 1;
        self.room |= 1 << index;
        self.queued -= 1;
        let to_precharge = if command == READ {
            d.read_to_precharge
        } else {
            d.write_to_precharge
        };
        bank.not_before(PRECHARGE, now + to_precharge);
        let closes = auto_precharge(bank.has_hits());
        if closes {
            let cycle = bank.earliest[PRECHARGE];
            self.close(index, cycle, d.precharge_to_activate);
        }
        let (read, write) = if command == READ {
            let read = [
                d.read_to_read_same,
                d.read_to_read_other,
                d.read_to_read_rank,
            ];
            (read, [d.read_to_write; 3])
        } else {
            let read = [
                d.write_to_read_same,
                d.write_to_read_other,
                d.write_to_read_rank,
            ];
            let write = [
                d.write_to_write_same,
                d.write_to_write_other,
                d.write_to_write_rank,
            ];
            (read, write)
        };
        self.update_bank_wanted(index);
        let rank = self.groups_of((index >> self.shape.rank_shift) as usize);
        let (before, rest) = self.groups.split_at_mut(rank.start);
        let (within, after) = rest.split_at_mut(rank.len());
        for group in before.iter_mut().chain(after) {
            group.not_before(READ, now + read[2]);
            group.not_before(WRITE, now + write[2]);
        }
        for group in within {
            group.not_before(READ, now + read[1]);
            group.not_before(WRITE, now + write[1]);
        }
        // No shorter than between groups.
        let own = &mut self.groups[(index >> self.shape.group_shift) as usize];
        own.not_before(READ, now + read[0]);
        own.not_before(WRITE, now + write[0]);
        self.update_ready(0..self.groups.len());
        (request, closes)
    }

    /// Takes a rank out of the rotation until its refresh, or puts it back.
    pub fn block(&mut self, rank: usize, blocked: bool) {
        self.ranks[rank].blocked = blocked;
        self.update_ready(self.groups_of(rank));
    }

    /// The open bank of a rank that a refresh can close first, and when; none if all are closed.
    pub fn first_precharge(&self, rank: usize, now: u64) -> Option<(u32, u64)> {
        self.open_banks(rank)
            .map(|(index, cycle)| (index, cycle.max(now)))
            .min_by_key(|&(_, cycle)| cycle)
    }

    /// When all open banks of a rank can be closed at once, auto-precharges under way included; none if all are
    /// closed.
    pub fn all_precharge(&self, rank: usize) -> Option<u64> {
        let open = self.open_banks(rank).map(|(_, cycle)| cycle).max()?;
        Some(open.max(self.ranks[rank].last_close()))
    }

    fn open_banks(&self, rank: usize) -> impl Iterator<Item = (u32, u64)> {
        let first = (rank as u32) << self.shape.rank_shift;
        (first..first + self.shape.banks_per_rank)
            .filter(|&index| self.bank(index).is_open())
            .map(|index| {
                let group = &self.groups[(index >> self.shape.group_shift) as usize];
                let own = self.bank(index).earliest[PRECHARGE];
                (index, own.max(group.earliest[PRECHARGE]))
            })
    }

    /// Issues an all-bank precharge; returns how many rows it closes.
    pub fn precharge_all(&mut self, rank: usize, now: u64) -> u64 {
        let distance = self.distances.precharge_all_to_activate;
        let first = (rank as u32) << self.shape.rank_shift;
        let mut closed = 0;
        for index in first..first + self.shape.banks_per_rank {
            if self.bank(index).is_open() {
                self.close(index, now, distance);
                self.update_bank(index);
                closed += 1;
            }
        }
        closed
    }

    /// Issues an all-bank refresh to a rank whose banks are closed.
    pub fn refresh(&mut self, rank: usize, now: u64) {
        let end = now + self.distances.refresh_to_activate;
        self.ranks[rank].refresh_not_before(end);
        for group in self.groups_of(rank) {
            self.groups[group].not_before(ACTIVATE, end);
        }
        self.update_ready(self.groups_of(rank));
    }

    #[inline]
    fn groups_of(&self, rank: usize) -> std::ops::Range<usize> {
        let count = self.shape.groups_per_rank;
        rank * count..(rank + 1) * count
    }

    /// After a change of a bank's queue, row or times.
    #[inline]
    fn update_bank(&mut self, index: u32) {
        self.update_bank_wanted(index);
        let group = (index >> self.shape.group_shift) as usize;
        self.update_ready(group..group + 1);
    }

    #[inline]
    fn update_bank_wanted(&mut self, index: u32) {
        self.wanted[index as usize] = self.banks[index as usize].wanted(self.row_hit_cap);
        let group = (index >> self.shape.group_shift) as usize;
        let mut least = [NEVER; 4];
        for wanted in &self.wanted[self.banks_of(group)] {
            for (least, &cycle) in least.iter_mut().zip(wanted) {
                *least = cycle.min(*least);
            }
        }
        self.groups[group].wanted = least;
    }

    #[inline]
    fn banks_of(&self, group: usize) -> std::ops::Range<usize> {
        let first = group << self.shape.group_shift;
        first..first + (1 << self.shape.group_shift)
    }

    #[inline]
    fn update_ready(&mut self, groups: std::ops::Range<usize>) {
        let rank_shift = self.shape.rank_shift - self.shape.group_shift;
        for index in groups {
            let ready = self.groups[index].first_ready();
            let blocked = self.ranks[index >> rank_shift].blocked;
            self.ready[index] = if blocked { NEVER } else { ready };
        }
    }
}

impl Group {
    #[inline]
    fn not_before(&mut self, command: usize, cycle: u64) {
        self.earliest[command] = self.earliest[command].max(cycle);
    }

    #[inline]
    fn first_ready(&self) -> u64 {
        (0..4).fold(NEVER, |first, command| {
            first.min(self.wanted[command].max(self.earliest[command]))
        })
    }
}
