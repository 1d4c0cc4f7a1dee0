//! Numbers of banks, bank groups and ranks of a channel, and the commands a bank can be asked for.

use std::ops::{Index, IndexMut, Range};

use super::address::Location;
use super::spec::DramSpec;

/// A bank of a channel, counted through rank, bank group and bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BankIndex(u32);

impl BankIndex {
    #[inline]
    pub(super) fn number(self) -> u32 {
        self.0
    }

    #[inline]
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// A bank group of a channel, counted through rank and bank group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupIndex(u32);

impl GroupIndex {
    #[inline]
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// A rank of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RankIndex(u32);

impl RankIndex {
    pub(super) const FIRST: RankIndex = RankIndex(0);

    /// The rank after this one of so many, the first after the last.
    pub(super) fn next_of(self, ranks: u32) -> RankIndex {
        RankIndex((self.0 + 1) % ranks)
    }

    #[inline]
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// Banks of a channel, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct BankSet(u64);

impl BankSet {
    /// The first so many banks, of which there are 1 to 64.
    pub(super) fn first(banks: u32) -> BankSet {
        BankSet(u64::MAX >> (64 - banks))
    }

    #[inline]
    pub(super) fn insert(&mut self, bank: BankIndex) {
        self.0 |= 1 << bank.0;
    }

    #[inline]
    pub(super) fn remove(&mut self, bank: BankIndex) {
        self.0 &= !(1 << bank.0);
    }

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(super) fn and(self, other: BankSet) -> BankSet {
        BankSet(self.0 & other.0)
    }

    /// Takes the lowest bank out.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<BankIndex> {
        if self.0 == 0 {
            return None;
        }
        let lowest = BankIndex(self.0.trailing_zeros());
        self.0 &= self.0 - 1;
        Some(lowest)
    }
}

/// How the banks of a channel are counted. All counts are powers of two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub ranks: u32,
    /// log2 of the banks of a group.
    group_shift: u32,
    /// log2 of the banks of a rank.
    rank_shift: u32,
}

impl Shape {
    pub(super) fn new(spec: &DramSpec) -> Shape {
        Shape {
            ranks: spec.organisation.ranks,
            group_shift: spec.organisation.banks_per_group.trailing_zeros(),
            rank_shift: spec.banks_per_rank().trailing_zeros(),
        }
    }

    pub(super) fn banks(self) -> u32 {
        self.ranks << self.rank_shift
    }

    pub(super) fn groups(self) -> u32 {
        self.banks() >> self.group_shift
    }

    /// The bank of a location.
    #[inline]
    pub(super) fn bank_of(self, location: Location) -> BankIndex {
        let group = location.bank_group + (location.rank << (self.rank_shift - self.group_shift));
        self.bank(GroupIndex(group), location.bank)
    }

    /// A bank of a group.
    #[inline]
    pub(super) fn bank(self, group: GroupIndex, bank: u32) -> BankIndex {
        BankIndex((group.0 << self.group_shift) + bank)
    }

    /// A bank of a rank as rank, bank group and bank.
    pub(super) fn location(self, bank: BankIndex) -> Location {
        let mask = |bits: u32| (1 << bits) - 1;
        Location {
            rank: bank.0 >> self.rank_shift,
            bank_group: (bank.0 & mask(self.rank_shift)) >> self.group_shift,
            bank: bank.0 & mask(self.group_shift),
            ..Location::default()
        }
    }

    /// The group with this number.
    #[inline]
    pub(super) fn group(self, number: u32) -> GroupIndex {
        GroupIndex(number)
    }

    #[inline]
    pub(super) fn group_of(self, bank: BankIndex) -> GroupIndex {
        GroupIndex(bank.0 >> self.group_shift)
    }

    #[inline]
    pub(super) fn rank_of(self, bank: BankIndex) -> RankIndex {
        RankIndex(bank.0 >> self.rank_shift)
    }

    /// The rank of the group at this place of a list of all groups.
    #[inline]
    pub(super) fn rank_of_group(self, group: usize) -> RankIndex {
        RankIndex(group as u32 >> (self.rank_shift - self.group_shift))
    }

    /// Which bank of its group it is.
    #[inline]
    pub(super) fn within_group(self, bank: BankIndex) -> u32 {
        bank.0 & ((1 << self.group_shift) - 1)
    }

    /// Places of the banks of a group in a list of all banks.
    #[inline]
    pub(super) fn banks_of_group(self, group: GroupIndex) -> Range<usize> {
        let first = group.at() << self.group_shift;
        first..first + (1 << self.group_shift)
    }

    /// Places of the groups of a rank in a list of all groups.
    #[inline]
    pub(super) fn groups_of_rank(self, rank: RankIndex) -> Range<usize> {
        let shift = self.rank_shift - self.group_shift;
        rank.at() << shift..(rank.at() + 1) << shift
    }

    /// The banks of a rank.
    pub(super) fn banks_of_rank(self, rank: RankIndex) -> impl Iterator<Item = BankIndex> {
        (rank.0 << self.rank_shift..(rank.0 + 1) << self.rank_shift).map(BankIndex)
    }
}

/// What a bank can be asked to do for its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BankCommand {
    Activate,
    Precharge,
    Read,
    Write,
}

impl BankCommand {
    /// Whether it moves data, and so uses the column command bus where there are two.
    #[inline]
    pub(super) fn is_column(self) -> bool {
        matches!(self, BankCommand::Read | BankCommand::Write)
    }
}

/// A value for each command of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PerCommand<T>([T; 4]);

impl<T> PerCommand<T> {
    #[inline]
    pub(super) fn by(of: impl Fn(BankCommand) -> T) -> Self {
        use BankCommand::{Activate, Precharge, Read, Write};
        PerCommand([Activate, Precharge, Read, Write].map(of))
    }
}

impl<T> Index<BankCommand> for PerCommand<T> {
    type Output = T;

    #[inline]
    fn index(&self, command: BankCommand) -> &T {
        &self.0[command as usize]
    }
}

impl<T> IndexMut<BankCommand> for PerCommand<T> {
    #[inline]
    fn index_mut(&mut self, command: BankCommand) -> &mut T {
        &mut self.0[command as usize]
    }
}

/// A cycle, or a number of cycles, for each command of a bank.
pub(super) type Times = PerCommand<u64>;

impl Times {
    /// Of each command the later of two times.
    #[inline]
    pub(super) fn later(self, other: &Times) -> Times {
        Times::by(|command| self[command].max(other[command]))
    }

    /// Of each command the earlier of two times.
    #[inline]
    pub(super) fn earlier(self, other: &Times) -> Times {
        Times::by(|command| self[command].min(other[command]))
    }

    /// The earliest of all.
    #[inline]
    pub(super) fn first(self) -> u64 {
        let [activate, precharge, read, write] = self.0;
        activate.min(precharge).min(read.min(write))
    }

    /// Of the commands listed: not before so many cycles after `now`.
    #[inline]
    pub(super) fn hold_back<const N: usize>(
        &mut self,
        held: [BankCommand; N],
        now: u64,
        cycles: &Times,
    ) {
        for command in held {
            self[command] = self[command].max(now + cycles[command]);
        }
    }

    /// Whether nothing but the commands listed has cycles to wait.
    pub(super) fn concerns_only(self, commands: &[BankCommand]) -> bool {
        let of_others = Times::by(|command| match commands.contains(&command) {
            true => 0,
            false => self[command],
        });
        of_others == Times::default()
    }
}
