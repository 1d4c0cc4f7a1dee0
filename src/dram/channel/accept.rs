//! Requests that arrive: queued, or answered by one that is pending.

use super::super::command::{CommandSink, Completions};
use super::super::index::BankIndex;
use super::super::request::{PendingFilter, Request, RequestKind};
use super::{Channel, CoalescedRead, MOST_COALESCED, Report};

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

    pub(super) fn enqueue_read(&mut self, now: u64, bank: BankIndex, request: Request) -> bool {
        let bucket = PendingFilter::bucket(bank, request);
        if self.pending_writes.may_hold(bucket) && self.write_pends(bank, request) {
            self.counts.forwarded_reads += 1;
            self.report(now, request);
            return false;
        }
        if self.pending_reads.may_hold(bucket)
            && self.coalesced.len() < MOST_COALESCED
            && self.read_pends(bank, request)
        {
            self.counts.merged_reads += 1;
            self.coalesced.push(CoalescedRead { bank, request });
            return false;
        }
        self.pending_reads.add(bucket);
        self.reads.push(bank, request);
        true
    }

    pub(super) fn enqueue_write(&mut self, now: u64, bank: BankIndex, request: Request) -> bool {
        let bucket = PendingFilter::bucket(bank, request);
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

    pub(super) fn read_pends(&self, bank: BankIndex, request: Request) -> bool {
        let queue = self.device.bank(bank);
        queue.holds(RequestKind::Read, request) || self.reads.holds(bank, request)
    }

    fn write_pends(&self, bank: BankIndex, request: Request) -> bool {
        let queue = self.device.bank(bank);
        queue.holds(RequestKind::Write, request) || self.writes.holds(bank, request)
    }

    pub(super) fn deliver_reports(&mut self, out: &mut impl Completions) {
        for report in self.reports.drain(..) {
            match report.kind {
                RequestKind::Read => out.read_done(report.tag, report.data_end),
                RequestKind::Write => out.write_done(report.tag, report.data_end),
            }
        }
    }

    pub(super) fn answer_coalesced(
        &mut self,
        bank: BankIndex,
        request: Request,
        data_end: u64,
        out: &mut impl Completions,
    ) {
        self.coalesced.retain(|read| {
            let answered = read.bank == bank && read.request.is_same_place(request);
            if answered {
                out.read_done(read.request.tag, data_end);
            }
            !answered
        });
    }
}
