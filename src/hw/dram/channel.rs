//! The memory controller of one channel.

use super::address::Location;
use super::bank::{ACTIVATE, NEVER, PRECHARGE, READ};
use super::command::{Command, CommandKind, CommandSink, Completions, NoSink};
use super::counts::DramCounts;
use super::device::Device;
use super::refresh::RefreshClock;
use super::request::{PendingFilter, Request, RequestKind};
use super::spec::{CommandBus, ControllerSpec, DramSpec, PagePolicy, RefreshPrecharge};
use super::wait_queue::WaitQueue;

/// Most reads that wait on the RD of an earlier read of the same burst; further ones get an RD of their own.
const MERGED_READS: usize = 64;

/// A read that an earlier read of the same burst answers.
#[derive(Debug, Clone, Copy)]
struct Follower {
    bank: u32,
    row: u32,
    column: u32,
    tag: u32,
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
    followers: Vec<Follower>,
    reports: Vec<Report>,
    /// The first cycle whose work is not done.
    clock: u64,
    /// The first cycle that has work, at `clock` or later.
    next: u64,
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
        let ranks = spec.organisation.ranks as usize;
        let banks = ranks * spec.banks_per_rank() as usize;
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
            followers: Vec::with_capacity(MERGED_READS),
            reports: Vec::with_capacity(64),
            clock: 0,
            next: refresh.next_due(),
            refresh,
            counts: DramCounts::new(ranks),
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

    /// After a change of the wait queues: sees to it that requests move when they can.
    #[inline]
    fn wake_for_move(&mut self) {
        if self.can_move(self.clock) {
            self.next = self.next.min(self.clock);
        } else if self.only_writes() {
            self.next = self.next.min(self.idle_drain().max(self.clock));
        }
    }

    fn enqueue_read(&mut self, now: u64, bank: u32, request: Request) -> bool {
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

    fn enqueue_write(&mut self, now: u64, bank: u32, request: Request) -> bool {
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

    fn read_pends(&self, bank: u32, request: Request) -> bool {
        let queue = self.device.bank(bank);
        queue.holds(RequestKind::Read, request.row, request.column)
            || self.reads.holds(bank, request.row, request.column)
    }

    fn write_pends(&self, bank: u32, request: Request) -> bool {
        let queue = self.device.bank(bank);
        queue.holds(RequestKind::Write, request.row, request.column)
            || self.writes.holds(bank, request.row, request.column)
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
        let may_work =
            self.device.queued() > 0 || self.reads.len() > 0 || self.writes_will_drain();
        may_work.then_some(self.next)
    }

    /// Asks that all writes posted so far be drained as soon as no reads wait, although they are too few for the
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
        for (index, rank) in self.device.ranks().iter().enumerate() {
            let active = rank.active_cycles_until(now);
            self.counts.active_standby_cycles[index] = active;
            self.counts.precharge_standby_cycles[index] = now - active;
        }
    }

    /// What the channel has done so far; standby cycles as of the last [`Channel::finish`].
    pub fn counts(&self) -> &DramCounts {
        &self.counts
    }

    fn deliver_reports(&mut self, out: &mut impl Completions) {
        for report in self.reports.drain(..) {
            match report.kind {
                RequestKind::Read => out.read_done(report.tag, report.data_end),
                RequestKind::Write => out.write_done(report.tag, report.data_end),
            }
        }
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

    /// The work of one cycle: what falls due, at most one command for each command bus, and at most one request
    /// from a wait queue into its bank queue, where it competes from the next cycle on.
    fn step(&mut self, now: u64, out: &mut impl Completions) {
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

    fn answer_followers(
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
            RefreshPrecharge::PerBank => self
                .device
                .first_precharge(rank, 0)
                .map(|(_, cycle)| cycle),
            RefreshPrecharge::AllBank => self.device.all_precharge(rank),
        };
        precharge.unwrap_or(self.device.ranks()[rank].refresh_earliest)
    }

    /// Moves the oldest request whose bank queue has room: a write during a drain, else a read.
    #[inline]
    fn move_request(&mut self, now: u64) {
        if self.draining == 0 && self.drain_starts(now) {
            self.draining = self.writes.len();
            self.flushing = false;
        }
        if self.draining > 0 {
            let Some(bank) = self.writes.oldest_bank(self.device.room()) else {
                return;
            };
            if !self.is_behind_read(bank) {
                self.draining -= 1;
                let request = self.writes.take(bank);
                self.device.push(bank, request);
                return;
            }
            // The read has to go first; without it the drain could not go on for ever.
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
    fn idle_drain(&self) -> u64 {
        match self.controller.idle_drain_cycles {
            Some(cycles) => self.last_request + u64::from(cycles),
            None => NEVER,
        }
    }

    fn writes_will_drain(&self) -> bool {
        self.writes.len() > 0
            && (self.draining > 0
                || self.controller.idle_drain_cycles.is_some()
                || self.drain_starts(self.clock))
    }

    /// Whether posted writes are all there is.
    #[inline]
    fn only_writes(&self) -> bool {
        self.writes.len() > 0 && self.reads.len() == 0 && self.device.queued() == 0
    }

    /// Whether a cycle would move a request or start a drain.
    #[inline]
    fn can_move(&self, now: u64) -> bool {
        let room = self.device.room();
        if self.draining > 0 {
            return self.writes.banks() & room != 0;
        }
        self.reads.banks() & room != 0 || self.drain_starts(now)
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
