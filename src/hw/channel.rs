//! A DRAM channel as a component: takes requests, wakes the device when a command may be due, and
//! answers the DMA.

use std::collections::VecDeque;

use hdrhistogram::Histogram;

use super::bus::{Bus, CHANNELS, CONTROL, DMA, MEMORY};
use super::message::Message;
use super::observer::Observer;
use crate::dram::{AddressMap, Channel, Completions, DramCounts, DramSpec, RequestKind};
use crate::sim::{ComponentId, Tick};

#[derive(Debug, Clone, Copy)]
struct Waiting {
    address: u64,
    tag: u32,
}

/// One channel with the requests that its queues have no room for yet.
pub(super) struct DramChannel {
    index: u32,
    burst_bytes: u32,
    response_latency: u64,
    map: AddressMap,
    device: Channel,
    /// Requests in order of arrival; the DMA's bound on bursts under way bounds them.
    reads: VecDeque<Waiting>,
    writes: VecDeque<Waiting>,
    /// The wake-up that counts; earlier ones that are still on their way do nothing.
    wake_at: Tick,
    /// DRAM cycle of each request's arrival, by tag.
    arrived: Vec<u64>,
    finished: Vec<(u32, u64)>,
    latency: Histogram<u64>,
}

struct Finished<'a>(&'a mut Vec<(u32, u64)>);

impl Completions for Finished<'_> {
    #[inline]
    fn read_done(&mut self, tag: u32, cycle: u64) {
        self.0.push((tag, cycle));
    }
}

/// A histogram for the latencies of reads, in DRAM cycles.
#[expect(clippy::unreachable, reason = "a histogram can have these bounds")]
pub(super) fn empty_latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1 << 40, 3).unwrap_or_else(|_| unreachable!())
}

impl DramChannel {
    /// Channel `index` of the memory that `spec` describes.
    pub(super) fn new(
        spec: &DramSpec,
        map: AddressMap,
        index: u32,
        outstanding: u32,
        response_latency: u32,
    ) -> Self {
        DramChannel {
            index,
            burst_bytes: spec.burst_bytes(),
            response_latency: u64::from(response_latency),
            map,
            device: Channel::new(spec, index),
            reads: VecDeque::new(),
            writes: VecDeque::new(),
            wake_at: Tick::NEVER,
            arrived: vec![0; outstanding as usize],
            finished: Vec::new(),
            latency: empty_latencies(),
        }
    }

    /// Commands and cycles so far, background included up to DRAM cycle `cycle`.
    pub(super) fn totals_at(&mut self, cycle: u64) -> DramCounts {
        self.device.finish(cycle);
        *self.device.counts()
    }

    /// DRAM cycles from a read's arrival at the controller to its last data.
    pub(super) fn latency(&self) -> &Histogram<u64> {
        &self.latency
    }

    /// Requests not yet in the device's queues.
    pub(super) fn waiting(&self) -> usize {
        self.reads.len() + self.writes.len()
    }

    /// Whether nothing is queued anywhere.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting() == 0 && self.device.is_idle()
    }

    /// Handles a message.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        match message {
            Message::Request { address, tag, kind } => self.arrive(address, tag, kind, bus),
            Message::Wake => {
                if bus.scheduler.now() == self.wake_at {
                    self.wake_at = Tick::NEVER;
                    self.serve(bus);
                }
            }
            other => debug_assert!(false, "DRAM channel got {other:?}"),
        }
    }

    fn arrive<O: Observer>(
        &mut self,
        address: u64,
        tag: u32,
        kind: RequestKind,
        bus: &mut Bus<'_, O>,
    ) {
        let queue = match kind {
            RequestKind::Read => &mut self.reads,
            RequestKind::Write => &mut self.writes,
        };
        queue.push_back(Waiting { address, tag });
        let edge = bus.clocks.dram.next_edge_at_or_after(bus.scheduler.now());
        self.arrived[tag as usize] = bus.clocks.dram.cycle_of(edge);
        self.wake(edge, bus);
    }

    fn wake<O: Observer>(&mut self, at: Tick, bus: &mut Bus<'_, O>) {
        if at < self.wake_at {
            self.wake_at = at;
            bus.scheduler.send(
                at,
                MEMORY,
                ComponentId(CHANNELS.0 + self.index),
                Message::Wake,
            );
        }
    }

    /// Bursts for which the device has sent a command.
    fn bursts(&self) -> u64 {
        let counts = self.device.counts();
        counts.reads + counts.writes
    }

    /// Fills the device's queues and lets it do what is due now.
    fn serve<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        let cycle = bus.clocks.dram.cycle_of(bus.scheduler.now());
        let bursts_before = self.bursts();
        self.accept(cycle, RequestKind::Read, bus);
        self.accept(cycle, RequestKind::Write, bus);
        let next = self
            .device
            .advance(cycle, &mut Finished(&mut self.finished));
        let bursts = (self.bursts() - bursts_before) as u32;
        if bursts > 0 {
            let bytes = bursts * self.burst_bytes;
            bus.observer.burst(self.index, bytes, bus.scheduler.now());
        }
        for (tag, done) in self.finished.drain(..) {
            self.latency
                .saturating_record(done - self.arrived[tag as usize]);
            let data = bus.clocks.dram.edge(done);
            let arrival = bus.clocks.core.next_edge_at_or_after(data);
            let response = bus.clocks.core.cycle_of(arrival) + self.response_latency;
            bus.send(response, CONTROL, DMA, Message::Response { tag });
        }
        if let Some(next) = next {
            let at = bus.clocks.dram.edge(next.max(cycle + 1));
            self.wake(at, bus);
        }
    }

    fn accept<O: Observer>(&mut self, cycle: u64, kind: RequestKind, bus: &mut Bus<'_, O>) {
        loop {
            let queue = match kind {
                RequestKind::Read => &mut self.reads,
                RequestKind::Write => &mut self.writes,
            };
            if queue.is_empty() || !self.device.can_accept(kind) {
                return;
            }
            let Some(Waiting { address, tag }) = queue.pop_front() else {
                return;
            };
            self.device
                .enqueue(cycle, tag, kind, self.map.decode(address));
            if kind == RequestKind::Write {
                let response = bus.next_core_cycle() + self.response_latency;
                bus.send(response, CONTROL, DMA, Message::Response { tag });
            }
        }
    }
}
