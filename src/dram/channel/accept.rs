//! Requests that arrive: queued, or answered by one that is pending.

use super::super::command::{CommandSink, Completions};
use super::super::request::{PendingFilter, Request, RequestKind};
use super::{Channel, Follower, MERGED_READS, Report};

impl<S: CommandSink> Channel<S> {
    /// After a change of the wait queues: sees to it that requests move when they can.
    #[inline]
    pub(super) fn wake_for_move(&mut self) {
        if self.can_move(self.clock) {
            self.next = self.next.min(self.clock);
        } else if self.only_writes() {
            self.next = self.next.min(self.idle_drain().max(self.clock));
        }
    }

    pub(super) fn enqueue_read(&mut self, now: u64, bank: u32, request: Request) -> bool {
        let bucket = PendingFilter::bucket(bank, request.row, request.column);
        if self.pending_writes.may_hold(bucket) && self.write_pends(bank, request) {
            self.counts.forwarded_reads += 1;
            self.report(now, request);
            return false;
        }
        if self.pending_reads.may_hold(bucket)
            && self.followers.len() < MERGED_READS
            && self.read_pends(bank, request)
        {
            self.counts.merged_reads += 1;
            self.followers.push(Follower {
                bank,
                row: request.row,
                column: request.column,
                tag: request.tag,
            });
            return false;
        }
        self.pending_reads.add(bucket);
        self.reads.push(bank, request);
        true
    }

    pub(super) fn enqueue_write(&mut self, now: u64, bank: u32, request: Request) -> bool {
        let bucket = PendingFilter::bucket(bank, request.row, request.column);
        if self.pending_writes.may_hold(bucket) && self.write_pends(bank, request) {
            self.counts.merged_writes += 1;
            self.report(now, request);
            return false;
        }
        self.pending_writes.add(bucket);
        self.writes.push(bank, request);
        true
    }

    fn report(&mut self, now: u64, request: Request) {
        self.reports.push(Report {
            kind: request.kind,
            tag: request.tag,
            data_end: now + 1,
        });
    }

    pub(super) fn read_pends(&self, bank: u32, request: Request) -> bool {
        let queue = self.device.bank(bank);
        queue.holds(RequestKind::Read, request.row, request.column)
            || self.reads.holds(bank, request.row, request.column)
    }

    fn write_pends(&self, bank: u32, request: Request) -> bool {
        let queue = self.device.bank(bank);
        queue.holds(RequestKind::Write, request.row, request.column)
            || self.writes.holds(bank, request.row, request.column)
    }

    pub(super) fn deliver_reports(&mut self, out: &mut impl Completions) {
        for report in self.reports.drain(..) {
            match report.kind {
                RequestKind::Read => out.read_done(report.tag, report.data_end),
                RequestKind::Write => out.write_done(report.tag, report.data_end),
            }
        }
    }

    pub(super) fn answer_followers(
        &mut self,
        bank: u32,
        request: Request,
        data_end: u64,
        out: &mut impl Completions,
    ) {
        self.followers.retain(|follower| {
            let answered = follower.bank == bank
                && follower.row == request.row
                && follower.column == request.column;
            if answered {
                out.read_done(follower.tag, data_end);
            }
            !answered
        });
    }
}
