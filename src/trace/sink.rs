//! What observers tell a trace.

/// A track of slices. Valid at the sink that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub(super) u32);

/// A track of one counter's values. Valid at the sink that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterId(pub(super) u32);

/// A name of slices or arguments, written once. Valid at the sink that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(super) u32);

/// A slice: something that took place on a track from one time to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice<'a> {
    /// Where it is shown.
    pub track: TrackId,
    /// What it is called.
    pub name: NameId,
    /// When it began, in picoseconds.
    pub start_ps: u64,
    /// When it ended, in picoseconds; not before it began.
    pub end_ps: u64,
    /// What is known about it.
    pub arguments: &'a [(NameId, u64)],
    /// The flows that touch it.
    pub flows: &'a [Flow],
}

/// A slice's part in a flow: a chain of slices that cause one another, shown as arrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Number of the flow, the same at all its slices and at no slice of another flow.
    pub id: u64,
    /// Which part of the chain the slice is.
    pub part: FlowPart,
}

/// A part of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowPart {
    /// The first slice of the chain.
    Start,
    /// A slice between the first and the last.
    Through,
    /// The last slice of the chain.
    End,
}

/// Something that takes in a trace.
///
/// Slices of one track either lie one after the other or within one another, and are given in the
/// order of their beginnings, the outer before the inner. (Where the end of the outer one is known
/// only after the inner ones, give it a track of its own.) The values of one counter come in the
/// order of time. Between tracks and counters any order will do.
pub trait TraceSink {
    /// Adds a track, shown below its parent, after those added to it before.
    fn track(&mut self, parent: Option<TrackId>, name: &str) -> TrackId;

    /// Adds a track of values in `unit` (such as "bytes"; may be empty), shown below its parent.
    fn counter(&mut self, parent: Option<TrackId>, name: &str, unit: &str) -> CounterId;

    /// The id of a name, the same for the same text.
    fn name(&mut self, name: &str) -> NameId;

    /// Adds a slice.
    fn slice(&mut self, slice: Slice<'_>);

    /// Says that the counter has the value from `at_ps` (picoseconds) on.
    fn value(&mut self, counter: CounterId, at_ps: u64, value: f64);
}
