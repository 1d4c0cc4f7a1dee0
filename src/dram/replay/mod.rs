//! Replaying a trace of requests on a memory system of its own.
//!
//! # Feed rule
//! Every channel takes its requests in the order of the trace, at most one a cycle, each as soon as it has arrived
//! and its queue has room. A request that arrives in cycle c is first offered in cycle c + 1. Latency is from
//! acceptance to the end of the data. The run ends in the cycle after the last read data, WR command or acceptance
//! of a write. A controller whose description never drains the last few posted writes (DRAMsim3's) keeps them.
//!
//! Channels do not influence each other, so each is played as far as its requests have come and nothing of the
//! trace is held.

mod command_log;
mod feed;
mod request_trace;
mod result;

pub use command_log::{CommandLog, write_commands};
pub use feed::{OfferError, Replay};
pub use request_trace::{MAX_LINE_BYTES, RequestTrace, TraceRequest};
pub use result::{ChannelResult, Latencies, ReplayResult};

use std::io::BufRead;

use crate::source::LoadError;

use super::{AddressMapError, CommandSink, DramSpec};

/// When the requests of a trace arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// Request i in cycle i times this.
    Every(u64),
    /// Each in the cycle that its line says.
    AsTraced,
}

/// Why a replay has no result.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The trace.
    #[error(transparent)]
    Trace(#[from] LoadError),
    /// The channels.
    #[error(transparent)]
    System(#[from] AddressMapError),
}

/// Replays a whole trace on `channels` channels; `sinks` makes the observer of each.
///
/// # Errors
/// The channel count is not possible; a line of the trace is wrong, addresses nothing, or comes too late.
pub fn replay<R: BufRead, S: CommandSink>(
    spec: &DramSpec,
    channels: u32,
    trace: &mut RequestTrace<R>,
    arrivals: Arrivals,
    sinks: impl FnMut(u32) -> S,
) -> Result<(ReplayResult, Vec<S>), ReplayError> {
    let mut replay = Replay::new(spec, channels, sinks)?;
    let mut index = 0u64;
    while let Some(request) = trace.next_request()? {
        let cycle = match arrivals {
            Arrivals::Every(gap) => index.saturating_mul(gap),
            Arrivals::AsTraced => request.cycle,
        };
        replay
            .offer(request.address, request.kind, cycle)
            .map_err(|error| trace.refuse(&error, arrivals))?;
        index += 1;
    }
    Ok(replay.finish())
}
