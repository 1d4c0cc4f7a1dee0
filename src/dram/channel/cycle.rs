//! The work of one cycle: commands for requests and for refreshes.

use super::super::address::Location;
use super::super::bank::NEVER;
use super::super::command::{Command, CommandKind, CommandSink, Completions};
use super::super::index::{BankCommand, BankIndex, RankIndex};
use super::super::request::{PendingFilter, RequestKind};
use super::super::spec_file::{CommandBus, PagePolicy, RefreshPrecharge};
use super::Channel;

impl<S: CommandSink> Channel<S> {
    /// The work of one cycle: what falls due, at most one command for each command bus, and at most one request
    /// from a wait queue into its bank queue, where it competes from the next cycle on.
    pub(super) fn step(&mut self, now: u64, out: &mut impl Completions) {
        if let Some(rank) = self.refresh.fall_due(now) {
            self.device.block(rank, true);
        }
        let refresh = match self.refresh.current() {
            Some(rank) => self.issue_for_refresh(rank, now),
            None => false,
        };
        let first = if refresh {
            Some(BankCommand::Precharge)
        } else {
            let choice = self.device.select(now);
            if let Some((bank, command)) = choice {
                self.issue(bank, command, now, out);
            }
            choice.map(|(_, command)| command)
        };
        if let (Some(first), CommandBus::RowAndColumn) = (first, self.controller.command_bus) {
            self.issue_on_other_bus(first, now, out);
        }
        self.move_request(now);
        self.clock = now + 1;
        self.next = self.next_work();
    }

    /// The next bank in rotation may use the other command bus in the same cycle, if its command belongs there.
    fn issue_on_other_bus(&mut self, first: BankCommand, now: u64, out: &mut impl Completions) {
        if let Some((bank, second)) = self.device.select(now)
            && first.is_column() != second.is_column()
        {
            self.issue(bank, second, now, out);
        }
    }

    #[inline]
    fn issue(
        &mut self,
        bank: BankIndex,
        command: BankCommand,
        now: u64,
        out: &mut impl Completions,
    ) {
        match command {
            BankCommand::Activate => {
                let row = self.device.activate(bank, now);
                self.counts.activates += 1;
                self.observe_row(now, CommandKind::Activate, bank, row);
            }
            BankCommand::Precharge => self.issue_precharge(bank, now),
            BankCommand::Read | BankCommand::Write => self.issue_column(bank, command, now, out),
        }
    }

    fn issue_precharge(&mut self, bank: BankIndex, now: u64) {
        let row = self.device.precharge(bank, now);
        self.counts.precharges += 1;
        self.observe_row(now, CommandKind::Precharge, bank, row);
    }

    #[inline]
    fn issue_column(
        &mut self,
        bank: BankIndex,
        command: BankCommand,
        now: u64,
        out: &mut impl Completions,
    ) {
        let policy = self.controller.page_policy;
        self.counts.row_hits += u64::from(self.device.bank(bank).column_commands > 0);
        let (request, closes) = self
            .device
            .column(bank, command, now, |hits_wait| match policy {
                PagePolicy::Open => false,
                PagePolicy::Closed => true,
                PagePolicy::Adaptive => !hits_wait,
            });
        self.counts.precharges += u64::from(closes);
        let bucket = PendingFilter::bucket(bank, request);
        let kind = match request.kind {
            RequestKind::Read => {
                self.counts.reads += 1;
                self.pending_reads.remove(bucket);
                let data_end = now + self.read_latency;
                out.read_done(request.tag, data_end);
                if !self.coalesced.is_empty() {
                    self.answer_coalesced(bank, request, data_end, out);
                }
                if closes {
                    CommandKind::ReadAutoPrecharge
                } else {
                    CommandKind::Read
                }
            }
            RequestKind::Write => {
                self.counts.writes += 1;
                self.pending_writes.remove(bucket);
                out.write_done(request.tag, now + self.write_latency);
                if closes {
                    CommandKind::WriteAutoPrecharge
                } else {
                    CommandKind::Write
                }
            }
        };
        let location = Location {
            row: request.row,
            column: request.column,
            offset: request.offset,
            ..self.device.location(bank)
        };
        self.sink.command(now, Command { kind, location });
    }

    /// The next command of the refresh of a rank, if it is legal: a precharge of what is open, or the refresh.
    fn issue_for_refresh(&mut self, rank: RankIndex, now: u64) -> bool {
        match self.refresh.precharge {
            RefreshPrecharge::PerBank => {
                if let Some((bank, cycle)) = self.device.first_precharge(rank, now) {
                    if cycle <= now {
                        self.issue_precharge(bank, now);
                    }
                    return cycle <= now;
                }
            }
            RefreshPrecharge::AllBank => {
                if let Some(cycle) = self.device.all_precharge(rank) {
                    if cycle <= now {
                        self.counts.precharges += self.device.precharge_all(rank, now);
                        self.observe_rank(now, CommandKind::PrechargeAll, rank);
                    }
                    return cycle <= now;
                }
            }
        }
        if self.device.refresh_earliest(rank) > now {
            return false;
        }
        self.device.refresh(rank, now);
        self.counts.refreshes += 1;
        self.observe_rank(now, CommandKind::Refresh, rank);
        self.device.block(rank, false);
        if let Some(next) = self.refresh.refreshed() {
            self.device.block(next, true);
        }
        true
    }

    /// When the refresh under way can issue its next command.
    fn next_refresh_command(&self) -> u64 {
        let Some(rank) = self.refresh.current() else {
            return NEVER;
        };
        let precharge = match self.refresh.precharge {
            RefreshPrecharge::PerBank => {
                self.device.first_precharge(rank, 0).map(|(_, cycle)| cycle)
            }
            RefreshPrecharge::AllBank => self.device.all_precharge(rank),
        };
        precharge.unwrap_or(self.device.refresh_earliest(rank))
    }

    /// The first cycle, from `clock` on, that has work.
    #[inline]
    fn next_work(&self) -> u64 {
        if self.can_move(self.clock) {
            return self.clock;
        }
        let mut next = self.device.next_ready().min(self.refresh.next_due());
        if self.refresh.current().is_some() {
            next = next.min(self.next_refresh_command());
        }
        if self.only_writes() {
            next = next.min(self.idle_drain());
        }
        next.max(self.clock)
    }

    #[inline]
    fn observe_row(&mut self, now: u64, kind: CommandKind, bank: BankIndex, row: u32) {
        let location = Location {
            row,
            ..self.device.location(bank)
        };
        self.sink.command(now, Command { kind, location });
    }

    fn observe_rank(&mut self, now: u64, kind: CommandKind, rank: RankIndex) {
        let location = self.device.rank_location(rank);
        self.sink.command(now, Command { kind, location });
    }
}
