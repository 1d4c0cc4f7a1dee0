//! From the wait queues to the bank queues, and when writes are drained.

use super::super::bank::NEVER;
use super::super::command::CommandSink;
use super::super::request::PendingFilter;
use super::Channel;

impl<S: CommandSink> Channel<S> {
    /// Moves the oldest request whose bank queue has room: a write during a drain, else a read.
    #[inline]
    pub(super) fn move_request(&mut self, now: u64) {
        if self.draining == 0 && self.drain_starts(now) {
            self.draining = self.writes.len();
        }
        if self.draining > 0 {
            let Some(bank) = self.writes.oldest_bank(self.device.room()) else {
                return;
            };
            if !self.is_behind_read(bank) {
                self.draining -= 1;
                let request = self.writes.take(bank);
                self.device.push(bank, request);
                // Not before: a drain that makes way for a read takes the flush with it.
                self.flushing &= self.writes.len() > 0;
                return;
            }
            // The read has to go first, and so may have to move first: back to reads.
            self.draining = 0;
        }
        if let Some(bank) = self.reads.oldest_bank(self.device.room()) {
            let request = self.reads.take(bank);
            self.device.push(bank, request);
        }
    }

    /// Whether the first posted write of a bank would overtake a read of the same burst.
    #[inline]
    fn is_behind_read(&self, bank: u32) -> bool {
        let write = self.writes.first(bank);
        let bucket = PendingFilter::bucket(bank, write.row, write.column);
        self.pending_reads.may_hold(bucket) && self.read_pends(bank, write)
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
            return self.writes.banks() & room != 0;
        }
        self.reads.banks() & room != 0 || self.drain_starts(now)
    }
}
