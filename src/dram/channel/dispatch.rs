//! From the wait queues to the bank queues, and when writes are drained.

use super::super::bank::NEVER;
use super::super::command::CommandSink;
use super::super::index::BankIndex;
use super::super::request::PendingFilter;
use super::Channel;

impl<S: CommandSink> Channel<S> {
    /// Moves the oldest request whose bank queue has room: a write during a drain, else a read. A write that has to
    /// wait for a read ends the drain, and nothing moves in that cycle.
    #[inline]
    pub(super) fn move_request(&mut self, now: u64) {
        if self.draining == 0 && self.drain_starts(now) {
            self.draining = self.writes.len();
        }
        if self.draining > 0 {
            let Some(bank) = self.writes.oldest_bank(self.device.room()) else {
                return;
            };
            let Some(read_moves) = self.read_before(bank) else {
                self.draining -= 1;
                let request = self.writes.take(bank);
                self.device.push(bank, request);
                // Not before: a drain that makes way for a read takes the flush with it.
                self.flushing &= self.writes.len() > 0;
                return;
            };
            self.draining = 0;
            // Commands still make progress, or the read is among them: a cycle is lost, no more. Otherwise the drain
            // would start again and meet the same write for ever.
            if !read_moves || self.device.queued() > 0 {
                return;
            }
        }
        if let Some(bank) = self.reads.oldest_bank(self.device.room()) {
            let request = self.reads.take(bank);
            self.device.push(bank, request);
        }
    }

    /// Whether the first posted write of a bank would overtake a read of the same place; and if so, whether the read
    /// has yet to move to its bank queue.
    #[inline]
    fn read_before(&self, bank: BankIndex) -> Option<bool> {
        let write = self.writes.first(bank);
        let bucket = PendingFilter::bucket(bank, write);
        if !self.pending_reads.may_hold(bucket) || !self.read_pends(bank, write) {
            return None;
        }
        Some(self.reads.holds(bank, write))
    }

    #[inline]
    fn drain_starts(&self, now: u64) -> bool {
        let posted = self.writes.len();
        if posted == 0 {
            return false;
        }
        posted >= self.controller.write_high_watermark
            || (self.device.queued() == 0 && posted > self.controller.write_idle_watermark)
            || (self.flushing && self.reads.len() == 0)
            || (self.only_writes() && now >= self.idle_drain())
    }

    /// When posted writes are drained for want of anything else to do.
    pub(super) fn idle_drain(&self) -> u64 {
        match self.controller.idle_drain_cycles {
            Some(cycles) => self.last_request + u64::from(cycles),
            None => NEVER,
        }
    }

    pub(super) fn writes_will_drain(&self) -> bool {
        self.writes.len() > 0
            && (self.draining > 0
                || self.controller.idle_drain_cycles.is_some()
                || self.drain_starts(self.clock))
    }

    /// Whether posted writes are all there is.
    #[inline]
    pub(super) fn only_writes(&self) -> bool {
        self.writes.len() > 0 && self.reads.len() == 0 && self.device.queued() == 0
    }

    /// Whether a cycle would move a request or start a drain.
    #[inline]
    pub(super) fn can_move(&self, now: u64) -> bool {
        let room = self.device.room();
        if self.draining > 0 {
            return !self.writes.banks().and(room).is_empty();
        }
        !self.reads.banks().and(room).is_empty() || self.drain_starts(now)
    }
}
