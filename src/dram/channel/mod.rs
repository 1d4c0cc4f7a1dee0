//! The memory controller of one channel.

mod accept;
mod cycle;
mod dispatch;

use super::address::Location;
use super::command::{CommandSink, Completions, NoSink};
use super::counts::DramCounts;
use super::device::Device;
use super::index::BankIndex;
use super::refresh::RefreshClock;
use super::request::{PendingFilter, Request, RequestKind};
use super::spec::DramSpec;
use super::spec_file::{ControllerSpec, Merge};
use super::wait_queue::WaitQueue;

/// Most reads that wait on the RD of an earlier read of the same place; further ones get an RD of their own.
/// (A burst that is read every cycle gathers as many as tRFC has cycles.)
const MOST_COALESCED: usize = 1024;

/// A read that is answered by the RD of an earlier one.
#[derive(Debug, Clone, Copy)]
struct CoalescedRead {
    bank: BankIndex,
    request: Request,
}

/// A request that is done without a command of its own.
#[derive(Debug, Clone, Copy)]
struct Report {
    kind: RequestKind,
    tag: u32,
    data_end: u64,
}

/// One DRAM channel and its controller; see the module documentation for the model.
///
/// Passive: it does nothing but in [`Channel::enqueue`], [`Channel::advance`], [`Channel::flush`] and
/// [`Channel::finish`], whose `now` must not decrease. Times are cycles of the DRAM clock.
#[derive(Debug, Clone)]
pub struct Channel<S: CommandSink = NoSink> {
    controller: ControllerSpec,
    device: Device,
    refresh: RefreshClock,
    reads: WaitQueue,
    writes: WaitQueue,
    /// Writes still to be moved in the current drain.
    draining: u32,
    flushing: bool,
    /// When the last request came.
    last_request: u64,
    pending_reads: PendingFilter,
    pending_writes: PendingFilter,
    coalesced: Vec<CoalescedRead>,
    reports: Vec<Report>,
    /// The first cycle whose work is not done.
    clock: u64,
    /// The first cycle that has work, at `clock` or later.
    next: u64,
    /// RD to the end of its data.
    read_latency: u64,
    /// WR to the end of its data.
    write_latency: u64,
    counts: DramCounts,
    sink: S,
}

impl Channel {
    /// The channel with this number, empty, at cycle 0, watched by nobody.
    pub fn new(spec: &DramSpec, channel: u32) -> Channel {
        Channel::with_sink(spec, channel, NoSink)
    }
}

impl<S: CommandSink> Channel<S> {
    /// As [`Channel::new`], with an observer of its commands.
    pub fn with_sink(spec: &DramSpec, channel: u32, sink: S) -> Channel<S> {
        let banks = spec.organisation.ranks * spec.banks_per_rank();
        let refresh = RefreshClock::new(spec);
        Channel {
            controller: spec.controller.clone(),
            device: Device::new(spec, channel),
            reads: WaitQueue::new(spec.controller.read_queue, banks),
            writes: WaitQueue::new(spec.controller.write_queue, banks),
            draining: 0,
            flushing: false,
            last_request: 0,
            pending_reads: PendingFilter::new(),
            pending_writes: PendingFilter::new(),
            coalesced: Vec::with_capacity(MOST_COALESCED),
            reports: Vec::with_capacity(64),
            clock: 0,
            next: refresh.next_due(),
            refresh,
            read_latency: u64::from(spec.read_latency_cycles()),
            write_latency: u64::from(spec.write_latency_cycles()),
            counts: DramCounts::default(),
            sink,
        }
    }

    /// The observer.
    pub fn sink(&self) -> &S {
        &self.sink
    }

    /// Gives up the channel for its observer.
    pub fn into_sink(self) -> S {
        self.sink
    }

    /// Whether a request of this kind would be taken. Room appears only in [`Channel::advance`].
    #[inline]
    pub fn can_accept(&self, kind: RequestKind) -> bool {
        match kind {
            RequestKind::Read => !self.reads.is_full(),
            RequestKind::Write => !self.writes.is_full(),
        }
    }

    /// Takes a request; [`Channel::can_accept`] must hold. `tag` comes back with its completion. Call
    /// [`Channel::advance`] with the same `now` afterwards.
    pub fn enqueue(&mut self, now: u64, tag: u32, kind: RequestKind, location: Location) {
        debug_assert!(self.can_accept(kind), "the {kind:?} queue is full");
        self.catch_up(now);
        self.last_request = now;
        let bank = self.device.bank_of(location);
        let request = Request {
            row: location.row,
            column: location.column,
            tag,
            offset: match self.controller.merge {
                Merge::Burst => 0,
                Merge::Address => location.offset,
            },
            kind,
        };
        let queued = match kind {
            RequestKind::Read => self.enqueue_read(now, bank, request),
            RequestKind::Write => self.enqueue_write(now, bank, request),
        };
        if queued {
            self.wake_for_move();
        }
    }

    /// Does everything that is due up to and including cycle `now` and reports what completes. Returns the next
    /// cycle, after `now`, at which to call again; `None` when only a further request or a flush can bring work.
    /// (Refreshes of an idle channel are made up for, at their cycles, by the next call of any kind.)
    pub fn advance(&mut self, now: u64, out: &mut impl Completions) -> Option<u64> {
        self.deliver_reports(out);
        while self.next <= now {
            self.step(self.next, out);
        }
        self.clock = self.clock.max(now + 1);
        let may_work = self.device.queued() > 0 || self.reads.len() > 0 || self.writes_will_drain();
        may_work.then_some(self.next)
    }

    /// Asks that writes be drained until none is posted, whenever no reads wait, although they are too few for the
    /// watermarks. Call [`Channel::advance`] with the same `now` afterwards.
    pub fn flush(&mut self, now: u64) {
        self.catch_up(now);
        self.flushing = self.writes.len() > 0;
        self.wake_for_move();
    }

    /// Whether nothing is queued and everything has been reported.
    pub fn is_idle(&self) -> bool {
        self.device.queued() == 0
            && self.reads.len() == 0
            && self.writes.len() == 0
            && self.reports.is_empty()
    }

    /// Brings refreshes and standby counts up to the end of the cycle before `now`.
    pub fn finish(&mut self, now: u64) {
        self.catch_up(now);
        let ranks = self.device.ranks();
        let active = ranks.iter().map(|rank| rank.active_cycles_until(now)).sum();
        self.counts.active_standby_cycles = active;
        self.counts.precharge_standby_cycles = ranks.len() as u64 * now - active;
    }

    /// What the channel has done so far; standby cycles as of the last [`Channel::finish`].
    pub fn counts(&self) -> &DramCounts {
        &self.counts
    }

    /// Does the work of the cycles before `now`: the refreshes of an idle channel, and whatever a caller who was
    /// not called in time has missed.
    fn catch_up(&mut self, now: u64) {
        if self.next < now {
            let mut late = Late(std::mem::take(&mut self.reports));
            while self.next < now {
                self.step(self.next, &mut late);
            }
            self.reports = late.0;
        }
        self.clock = self.clock.max(now);
    }
}

/// Completions that wait for the next call of `advance`.
struct Late(Vec<Report>);

impl Completions for Late {
    fn read_done(&mut self, tag: u32, data_end: u64) {
        self.0.push(Report {
            kind: RequestKind::Read,
            tag,
            data_end,
        });
    }

    fn write_done(&mut self, tag: u32, data_end: u64) {
        self.0.push(Report {
            kind: RequestKind::Write,
            tag,
            data_end,
        });
    }
}
