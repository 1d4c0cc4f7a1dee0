//! What a trace format has to do: append its bytes for each thing.

use super::{CounterId, NameId, Slice, TrackId};

/// A trace format. Times are those to be shown; bounds have been applied.
pub(super) trait Encoder {
    /// The start of the trace.
    fn begin(&mut self, out: &mut Vec<u8>);

    /// A new track; ids of tracks and counters count together from zero.
    fn track(&mut self, out: &mut Vec<u8>, id: TrackId, parent: Option<TrackId>, name: &str);

    /// A new counter.
    fn counter(
        &mut self,
        out: &mut Vec<u8>,
        id: CounterId,
        parent: Option<TrackId>,
        name: &str,
        unit: &str,
    );

    /// A new name; ids count from zero.
    fn name(&mut self, out: &mut Vec<u8>, id: NameId, name: &str);

    /// A slice.
    fn slice(&mut self, out: &mut Vec<u8>, slice: &Slice<'_>);

    /// A finite value of a counter.
    fn value(&mut self, out: &mut Vec<u8>, counter: CounterId, at_ps: u64, value: f64);

    /// The end of the trace, with statements about the whole, to be shown from `at_ps` on.
    /// `track` is an id that no track has.
    fn finish(
        &mut self,
        out: &mut Vec<u8>,
        track: TrackId,
        at_ps: u64,
        statements: &[(String, String)],
    );
}
