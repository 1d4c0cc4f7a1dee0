//! The DMA engine: cuts transfers into DRAM bursts, keeps a bounded number of them under way, and
//! moves what comes back into the buffers.
//!
//! Loads and stores wait in a queue each, and bursts are taken from the two in turn. Reads and writes
//! have request ports of their own, so many bursts a core cycle ([`crate::arch::BurstsPerCycle`]): a store whose
//! bytes are still on their way out of a narrow buffer holds up no load. As many bursts pass the port of a
//! buffer in a cycle as all request ports together could have asked for, if it is that wide.
//! A burst counts as under way from its request until its bytes are through the buffer's port (loads)
//! or the DRAM controller has taken it (stores); that bound is the back-pressure. A store ends when
//! all its bursts are accepted: later reads of the same bytes queue behind them.
//!
//! Of a tensor that stays on the chip, tiles are moved from buffer to buffer through the ports of both, ahead of bursts
//! that ask later; or they are not moved at all, where they are read in their place.

use std::collections::VecDeque;

use super::bus::{Bus, CHANNELS, CONTROL, CONTROLLER, DATA, DMA, buffer_of};
use super::message::{Message, PortAccess};
use super::observer::Observer;
use super::slots::{Slot, Slots};
use crate::arch::{Architecture, BurstsPerCycle, PerOperand};
use crate::dram::{AddressMap, RequestKind};
use crate::graph::Program;
use crate::mapping::Bursts;
use crate::sim::{ComponentId, Tick};

/// What the DMA moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DmaCounts {
    /// Bursts read from DRAM.
    pub read_bursts: u64,
    /// Bursts written to DRAM.
    pub written_bursts: u64,
    /// Bytes of tiles that were loaded (parts of bursts that nobody wanted left out).
    pub loaded_bytes: u64,
    /// Bytes of tiles that were stored.
    pub stored_bytes: u64,
    /// Partial sums among the loaded bytes.
    pub loaded_psum_bytes: u64,
    /// Partial sums among the stored bytes.
    pub stored_psum_bytes: u64,
    /// Bytes moved from one buffer to another: of tensors that stay on the chip.
    pub moved_bytes: u64,
    /// Transfers.
    pub transfers: u64,
}

#[derive(Debug, Clone)]
struct Job {
    transfer: u32,
    bursts: Bursts,
}

/// State of one transfer.
#[derive(Debug, Clone, Copy)]
struct Progress {
    under_way: u32,
    all_requested: bool,
    /// When the request of the first burst leaves; [`Tick::NEVER`] until that is known.
    began: Tick,
}

impl Progress {
    const NONE: Progress = Progress {
        under_way: 0,
        all_requested: false,
        began: Tick::NEVER,
    };
}

impl PortAccess {
    /// A burst in `slot` of `port`: an access to each word that it covers, also where it passes beside another.
    fn of(port: &Slots, slot: Slot) -> PortAccess {
        PortAccess {
            words: port.cycles(),
            port_cycles: slot.cycles,
        }
    }
}

/// Where requests leave: reads hold up no writes.
#[derive(Debug, Clone, Copy)]
struct RequestPorts {
    reads: Slots,
    writes: Slots,
}

impl RequestPorts {
    /// The ports of an engine before `channels` channels.
    fn of(bursts_per_cycle: BurstsPerCycle, channels: u32) -> Vec<RequestPorts> {
        let (bursts, count) = match bursts_per_cycle {
            BurstsPerCycle::Shared(bursts) => (bursts, 1),
            BurstsPerCycle::PerChannel(bursts) => (bursts, channels),
        };
        let ports = RequestPorts {
            reads: Slots::each_cycle(bursts),
            writes: Slots::each_cycle(bursts),
        };
        vec![ports; count as usize]
    }
}

/// The DMA engine.
#[derive(Debug, Clone)]
pub(super) struct Dma {
    burst_bytes: u32,
    channel_map: AddressMap,
    request_latency: u64,
    loads: VecDeque<Job>,
    stores: VecDeque<Job>,
    stores_next: bool,
    progress: Vec<Progress>,
    /// Transfer of each burst under way, by tag.
    owner: Vec<u32>,
    free_tags: Vec<u32>,
    /// Request ports: of all channels together, or of each.
    requests: Vec<RequestPorts>,
    /// Each buffer's port, as the DMA uses it.
    ports: PerOperand<Slots>,
    port_bits: PerOperand<u32>,
    /// Tags that become free when the port has caught up, in the order of time.
    draining: VecDeque<(u64, u32)>,
    /// By layer.
    counts: Vec<DmaCounts>,
}

impl Dma {
    /// The engine of an architecture, for a program.
    pub(super) fn new(
        arch: &Architecture,
        channel_map: AddressMap,
        burst_bytes: u32,
        program: &Program<'_>,
    ) -> Self {
        let outstanding = arch.dma.outstanding_bursts;
        let (bursts_per_cycle, channels) = (arch.dma.bursts_per_cycle, arch.dram.channels);
        Dma {
            burst_bytes,
            channel_map,
            request_latency: u64::from(arch.dma.request_latency_cycles),
            loads: VecDeque::new(),
            stores: VecDeque::new(),
            stores_next: false,
            progress: vec![Progress::NONE; program.transfers.len()],
            owner: vec![0; outstanding as usize],
            free_tags: (0..outstanding).rev().collect(),
            requests: RequestPorts::of(bursts_per_cycle, channels),
            ports: PerOperand::of(|operand| {
                let most = bursts_per_cycle.of_all(channels);
                Slots::of_buffer(arch.buffers[operand].port_bits, burst_bytes * 8, most)
            }),
            port_bits: PerOperand::of(|operand| arch.buffers[operand].port_bits),
            draining: VecDeque::new(),
            counts: vec![DmaCounts::default(); program.layers.len()],
        }
    }

    /// What was moved for a layer so far.
    pub(super) fn counts(&self, layer: usize) -> &DmaCounts {
        &self.counts[layer]
    }

    /// Bursts under way.
    pub(super) fn under_way(&self) -> usize {
        self.owner.len() - self.free_tags.len()
    }

    /// Transfers not yet fully requested.
    pub(super) fn queued(&self) -> usize {
        self.loads.len() + self.stores.len()
    }

    /// Handles a message.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        match message {
            Message::Load { transfer } | Message::Store { transfer } => self.enqueue(transfer, bus),
            Message::Response { tag } => self.responded(tag, bus),
            Message::PortFree => self.release_drained(bus.cycle()),
            other => debug_assert!(false, "DMA got {other:?}"),
        }
        self.request(bus);
    }

    fn enqueue<O: Observer>(&mut self, transfer: u32, bus: &mut Bus<'_, O>) {
        let what = bus.program.transfers[transfer as usize];
        if what.on_chip {
            self.move_on_chip(transfer, bus);
            return;
        }
        let bytes = what.runs.bytes();
        let counts = &mut self.counts[what.layer as usize];
        counts.transfers += 1;
        let (all, psums) = if what.store {
            (&mut counts.stored_bytes, &mut counts.stored_psum_bytes)
        } else {
            (&mut counts.loaded_bytes, &mut counts.loaded_psum_bytes)
        };
        *all += bytes;
        *psums += if what.psums { bytes } else { 0 };
        let job = Job {
            transfer,
            bursts: what.runs.bursts(self.burst_bytes),
        };
        if job.bursts.is_empty() {
            // A tile that lies in the padding only.
            self.note_beginning(transfer, bus.cycle(), bus);
            self.progress[transfer as usize].all_requested = true;
            self.complete(transfer, PortAccess::default(), bus.cycle(), bus);
        } else if what.store {
            self.stores.push_back(job);
        } else {
            self.loads.push_back(job);
        }
    }

    /// A tile of a tensor that stays in the activation buffer.
    fn move_on_chip<O: Observer>(&mut self, transfer: u32, bus: &mut Bus<'_, O>) {
        let what = &bus.program.transfers[transfer as usize];
        let counts = &mut self.counts[what.layer as usize];
        counts.transfers += 1;
        self.progress[transfer as usize].all_requested = true;
        let now = bus.cycle();
        let Some([from, to]) = what.moves_between() else {
            self.note_beginning(transfer, now, bus);
            self.complete(transfer, PortAccess::default(), now, bus);
            return;
        };
        counts.moved_bytes += what.runs.bytes();
        let bits = what.runs.bytes() * 8;
        let words = |port_bits: u32| bits.div_ceil(u64::from(port_bits));
        let (reads, writes) = (words(self.port_bits[from]), words(self.port_bits[to]));
        let read_from = self.ports[from].occupy(now, reads);
        let written_from = self.ports[to].occupy(read_from, writes);
        let end = (read_from + reads).max(written_from + writes);
        let access = |words: u64| PortAccess {
            words: words as u32,
            port_cycles: words as u32,
        };
        let drain = Message::Drain {
            transfer,
            access: access(reads),
        };
        bus.send(read_from, DATA, buffer_of(from), drain);
        let fill = Message::Fill {
            transfer,
            access: access(writes),
            last: false,
        };
        bus.send(written_from, DATA, buffer_of(to), fill);
        self.note_beginning(transfer, read_from, bus);
        self.complete(transfer, PortAccess::default(), end, bus);
    }

    /// Sends requests as long as there is work and room for more of it under way.
    fn request<O: Observer>(&mut self, bus: &mut Bus<'_, O>) {
        while let Some(&tag) = self.free_tags.last() {
            let from_stores = match (self.loads.is_empty(), self.stores.is_empty()) {
                (true, true) => return,
                (false, true) => false,
                (true, false) => true,
                (false, false) => self.stores_next,
            };
            let queue = if from_stores {
                &mut self.stores
            } else {
                &mut self.loads
            };
            let Some(job) = queue.front_mut() else { return };
            let transfer = job.transfer;
            let Some(address) = job.bursts.next() else {
                return;
            };
            let all_requested = job.bursts.is_empty();
            if all_requested {
                queue.pop_front();
            }
            self.stores_next = !from_stores;
            self.free_tags.pop();
            self.owner[tag as usize] = transfer;
            let progress = &mut self.progress[transfer as usize];
            progress.under_way += 1;
            progress.all_requested = all_requested;
            self.send_request(tag, transfer, address, from_stores, bus);
        }
    }

    fn send_request<O: Observer>(
        &mut self,
        tag: u32,
        transfer: u32,
        address: u64,
        store: bool,
        bus: &mut Bus<'_, O>,
    ) {
        let what = &bus.program.transfers[transfer as usize];
        let (operand, counts) = (what.operand, &mut self.counts[what.layer as usize]);
        let channel = self.channel_map.channel_of(address);
        let ports = self.requests.len();
        let requests = &mut self.requests[channel as usize % ports];
        let (kind, at, leaves) = if store {
            // The bytes come out of the buffer through its port first.
            let port = &mut self.ports[operand];
            let slot = port.take(requests.writes.next().max(bus.cycle()));
            requests.writes.take(slot.at);
            let access = PortAccess::of(port, slot);
            let drain = Message::Drain { transfer, access };
            bus.send(slot.at, DATA, buffer_of(operand), drain);
            counts.written_bursts += 1;
            (
                RequestKind::Write,
                slot.at,
                slot.at + u64::from(port.cycles()),
            )
        } else {
            let at = requests.reads.take(bus.cycle()).at;
            counts.read_bursts += 1;
            (RequestKind::Read, at, at)
        };
        self.note_beginning(transfer, at, bus);
        let channel = ComponentId(CHANNELS.0 + channel);
        let message = Message::Request { address, tag, kind };
        bus.send(leaves + self.request_latency, CONTROL, channel, message);
    }

    fn note_beginning<O: Observer>(&mut self, transfer: u32, cycle: u64, bus: &mut Bus<'_, O>) {
        let progress = &mut self.progress[transfer as usize];
        if progress.began == Tick::NEVER {
            progress.began = bus.clocks.core.edge(cycle);
            let what = &bus.program.transfers[transfer as usize];
            bus.observer.transfer_begins(transfer, what, progress.began);
        }
    }

    fn responded<O: Observer>(&mut self, tag: u32, bus: &mut Bus<'_, O>) {
        let transfer = self.owner[tag as usize];
        let what = bus.program.transfers[transfer as usize];
        self.progress[transfer as usize].under_way -= 1;
        let now = bus.cycle();
        if what.store {
            self.free_tags.push(tag);
            self.complete(transfer, PortAccess::default(), now, bus);
            return;
        }
        let port = &mut self.ports[what.operand];
        let slot = port.take(now);
        let filled = slot.at + u64::from(port.cycles());
        let access = PortAccess::of(port, slot);
        if slot.at > now {
            // The port lags behind the data: the burst stays under way until it is through.
            self.draining.push_back((filled, tag));
            bus.send(filled, CONTROL, DMA, Message::PortFree);
        } else {
            self.free_tags.push(tag);
        }
        self.complete(transfer, access, filled, bus);
    }

    fn release_drained(&mut self, now: u64) {
        while let Some(position) = self.draining.iter().position(|&(free, _)| free <= now) {
            if let Some((_, tag)) = self.draining.remove(position) {
                self.free_tags.push(tag);
            }
        }
    }

    /// Accounts for a burst of a transfer that is through at `cycle`, and says so if it was the last.
    fn complete<O: Observer>(
        &mut self,
        transfer: u32,
        access: PortAccess,
        cycle: u64,
        bus: &mut Bus<'_, O>,
    ) {
        let progress = self.progress[transfer as usize];
        let last = progress.all_requested && progress.under_way == 0;
        let what = &bus.program.transfers[transfer as usize];
        if last {
            let end = bus.clocks.core.edge(cycle);
            bus.observer.transfer(transfer, what, progress.began, end);
        }
        if what.store {
            if last {
                bus.send(cycle, CONTROL, CONTROLLER, Message::Stored { transfer });
            }
        } else {
            let to = buffer_of(what.operand);
            bus.send(
                cycle,
                DATA,
                to,
                Message::Fill {
                    transfer,
                    access,
                    last,
                },
            );
        }
    }
}
