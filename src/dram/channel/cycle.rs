//! The work of one cycle: commands for requests and for refreshes.

use super::super::bank::{ACTIVATE, NEVER, PRECHARGE, READ};
use super::super::command::{Command, CommandKind, CommandSink, Completions};
use super::super::request::{PendingFilter, RequestKind};
use super::super::spec::{CommandBus, PagePolicy, RefreshPrecharge};
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
            Some(PRECHARGE)
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
    fn issue_on_other_bus(&mut self, first: usize, now: u64, out: &mut impl Completions) {
        if let Some((bank, second)) = self.device.select(now)
            && (first >= READ) != (second >= READ)
        {
            self.issue(bank, second, now, out);
        }
    }

    #[inline]
    fn issue(&mut self, bank: u32, command: usize, now: u64, out: &mut impl Completions) {
        match command {
            ACTIVATE => {
                let row = self.device.activate(bank, now);
                self.counts.activates += 1;
                self.observe(now, CommandKind::Activate, bank, row, 0);
            }
            PRECHARGE => self.issue_precharge(bank, now),
            _ => self.issue_column(bank, command, now, out),
        }
    }

    fn issue_precharge(&mut self, bank: u32, now: u64) {
        let row = self.device.precharge(bank, now);
        self.counts.precharges += 1;
        self.observe(now, CommandKind::Precharge, bank, row, 0);
    }

    #[inline]
    fn issue_column(&mut self, bank: u32, command: usize, now: u64, out: &mut impl Completions) {
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
        let bucket = PendingFilter::bucket(bank, request.row, request.column);
        let kind = match request.kind {
            RequestKind::Read => {
                self.counts.reads += 1;
                self.pending_reads.remove(bucket);
                let data_end = now + self.device.distances.read_latency;
                out.read_done(request.tag, data_end);
                if !self.followers.is_empty() {
                    self.answer_followers(bank, request, data_end, out);
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
                out.write_done(request.tag, now + self.device.distances.write_latency);
                if closes {
                    CommandKind::WriteAutoPrecharge
                } else {
                    CommandKind::Write
                }
            }
        };
        self.observe(now, kind, bank, request.row, request.column);
    }

    /// The next command of the refresh of a rank, if it is legal: a precharge of what is open, or the refresh.
    fn issue_for_refresh(&mut self, rank: usize, now: u64) -> bool {
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
        if self.device.ranks()[rank].refresh_earliest > now {
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
        precharge.unwrap_or(self.device.ranks()[rank].refresh_earliest)
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
    fn observe(&mut self, now: u64, kind: CommandKind, bank: u32, row: u32, column: u32) {
        let location = self.device.location(bank, row, column);
        self.sink.command(now, Command { kind, location });
    }

    fn observe_rank(&mut self, now: u64, kind: CommandKind, rank: usize) {
        let location = self.device.rank_location(rank);
        self.sink.command(now, Command { kind, location });
    }
}
