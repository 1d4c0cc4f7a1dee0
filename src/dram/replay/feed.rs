//! Channels that are offered requests.

use super::super::{
    AddressMap, AddressMapError, Channel, CommandSink, Completions, DramSpec, RefreshPolicy,
    RequestKind,
};
use super::result::{ChannelResult, Latencies, ReplayResult};

/// Refresh intervals that a replay may span at most. Each costs a little work even in an idle channel: a trace with
/// an absurd cycle must not keep the program busy for years.
const MOST_REFRESHES: u64 = 1 << 30;
/// Cycles of a replay without refresh.
const MOST_CYCLES: u64 = 1 << 48;

/// A request that cannot be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// The address is none of the memory.
    #[error("the address {address:#x} is beyond the memory of {capacity_bytes} bytes")]
    Address {
        /// The address.
        address: u64,
        /// Bytes of all channels.
        capacity_bytes: u64,
    },
    /// The arrival is later than a replay goes.
    #[error("cycle {cycle} is later than a replay goes")]
    Cycle {
        /// The arrival.
        cycle: u64,
        /// The last possible one.
        last: u64,
    },
}

/// A memory system in the middle of a replay.
#[derive(Debug)]
pub struct Replay<S: CommandSink> {
    map: AddressMap,
    feeds: Vec<Feed<S>>,
    last_cycle: u64,
    write_latency: u64,
}

impl<S: CommandSink> Replay<S> {
    /// An idle system; `sinks` makes the observer of each channel.
    ///
    /// # Errors
    /// The channel count is not possible.
    pub fn new(
        spec: &DramSpec,
        channels: u32,
        mut sinks: impl FnMut(u32) -> S,
    ) -> Result<Self, AddressMapError> {
        let map = AddressMap::new(spec, channels)?;
        let feed = |number| Feed {
            channel: Channel::with_sink(spec, number, sinks(number)),
            next: 0,
            wake: None,
            seen: Seen::default(),
            requests: 0,
        };
        let interval = u64::from(spec.timing.refi / spec.organisation.ranks);
        Ok(Replay {
            map,
            feeds: (0..channels).map(feed).collect(),
            last_cycle: match spec.controller.refresh {
                RefreshPolicy::AllBankStaggered => interval * MOST_REFRESHES,
                RefreshPolicy::Disabled => MOST_CYCLES,
            },
            write_latency: u64::from(spec.write_latency_cycles()),
        })
    }

    /// The next request of the trace, arriving in `cycle`. One whose cycle is earlier than that of a request before
    /// it is taken in its turn.
    ///
    /// # Errors
    /// The address is beyond the memory, or the cycle beyond what a replay covers.
    pub fn offer(&mut self, address: u64, kind: RequestKind, cycle: u64) -> Result<(), OfferError> {
        if address >= self.map.capacity_bytes() {
            return Err(OfferError::Address {
                address,
                capacity_bytes: self.map.capacity_bytes(),
            });
        }
        if cycle > self.last_cycle {
            return Err(OfferError::Cycle {
                cycle,
                last: self.last_cycle,
            });
        }
        let location = self.map.decode(address);
        let feed = &mut self.feeds[location.channel as usize];
        let accepted = feed.until_accepting(kind, cycle + 1);
        // The latency comes out right as long as it is less than 2^32 cycles.
        let tag = accepted as u32;
        feed.requests += 1;
        feed.channel.enqueue(accepted, tag, kind, location);
        feed.wake = feed.channel.advance(accepted, &mut feed.seen);
        feed.next = accepted + 1;
        if kind == RequestKind::Write {
            feed.seen.last = feed.seen.last.max(accepted + 1);
        }
        Ok(())
    }

    /// Lets everything come to its end.
    pub fn finish(mut self) -> (ReplayResult, Vec<S>) {
        for feed in &mut self.feeds {
            feed.run_out();
        }
        let write_latency = self.write_latency;
        let ends = self.feeds.iter().map(|feed| {
            let write_command = feed.seen.last_write_data.saturating_sub(write_latency);
            feed.seen.last.max(write_command)
        });
        let cycles = ends.max().unwrap_or(0) + 1;
        let mut channels = Vec::new();
        let mut sinks = Vec::new();
        for mut feed in self.feeds {
            feed.channel.finish(cycles);
            channels.push(ChannelResult {
                requests: feed.requests,
                counts: *feed.channel.counts(),
                read_latency: feed.seen.latencies,
            });
            sinks.push(feed.channel.into_sink());
        }
        (ReplayResult { cycles, channels }, sinks)
    }
}

/// One channel with what is known of its time.
#[derive(Debug)]
struct Feed<S: CommandSink> {
    channel: Channel<S>,
    /// The first cycle that can take a request.
    next: u64,
    /// When the channel wants to be called.
    wake: Option<u64>,
    seen: Seen,
    requests: u64,
}

impl<S: CommandSink> Feed<S> {
    /// Plays on until a request that is there from `arrival` on can be taken, and returns the cycle.
    #[inline]
    fn until_accepting(&mut self, kind: RequestKind, arrival: u64) -> u64 {
        while !self.channel.can_accept(kind) {
            let wake = self.wake.unwrap_or(self.next).max(self.next);
            self.wake = self.channel.advance(wake, &mut self.seen);
            self.next = wake + 1;
        }
        if arrival > self.next {
            // What happens in between is reported at its time rather than with the request.
            self.channel.advance(arrival - 1, &mut self.seen);
        }
        arrival.max(self.next)
    }

    /// Plays on until nothing is left to do.
    fn run_out(&mut self) {
        while let Some(wake) = self.wake {
            self.wake = self.channel.advance(wake, &mut self.seen);
        }
    }
}

/// What a channel has reported.
#[derive(Debug, Default)]
struct Seen {
    latencies: Latencies,
    /// Of reads the end of the data, of writes the acknowledgement.
    last: u64,
    last_write_data: u64,
}

impl Completions for Seen {
    #[inline]
    fn read_done(&mut self, tag: u32, data_end: u64) {
        self.last = self.last.max(data_end);
        self.latencies.add((data_end as u32).wrapping_sub(tag));
    }

    #[inline]
    fn write_done(&mut self, _tag: u32, data_end: u64) {
        self.last_write_data = self.last_write_data.max(data_end);
    }
}
