//! Tracks for things that overlap in time.

use super::{TraceSink, TrackId};
use crate::sim::Tick;

/// A group of tracks, lanes, none of which holds two things at a time.
///
/// The first lane is the group's own track; the others lie below it and are made when first needed, so
/// there are as many as things ever overlapped. A lane's slices are complete in the order of their
/// beginnings: what follows in a lane begins only after what was there before has ended.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
}

#[derive(Debug)]
struct Lane {
    track: TrackId,
    /// Number and beginning of the thing that occupies the lane.
    open: Option<(u32, Tick)>,
    /// End of the last thing.
    free_from: Tick,
}

impl Lane {
    fn on(track: TrackId) -> Lane {
        Lane {
            track,
            open: None,
            free_from: Tick::ZERO,
        }
    }
}

impl Lanes {
    /// A group shown as `name`.
    pub(super) fn new(sink: &mut impl TraceSink, parent: Option<TrackId>, name: &str) -> Self {
        Lanes {
            lanes: vec![Lane::on(sink.track(parent, name))],
        }
    }

    /// Thing `number` begins: it gets the first lane that is free.
    pub(super) fn begin(&mut self, sink: &mut impl TraceSink, number: u32, at: Tick) {
        let open = Some((number, at));
        let free = |lane: &&mut Lane| lane.open.is_none() && lane.free_from <= at;
        if let Some(lane) = self.lanes.iter_mut().find(free) {
            lane.open = open;
            return;
        }
        let name = format!("lane {}", self.lanes.len() + 1);
        let track = sink.track(Some(self.lanes[0].track), &name);
        let lane = Lane::on(track);
        self.lanes.push(Lane { open, ..lane });
    }

    /// Thing `number` ends: its lane and its beginning. None if it never began.
    pub(super) fn end(&mut self, number: u32, to: Tick) -> Option<(TrackId, Tick)> {
        let lane = self
            .lanes
            .iter_mut()
            .find(|lane| lane.open.is_some_and(|(open, _)| open == number))?;
        let (_, from) = lane.open.take()?;
        lane.free_from = to.max(from);
        Some((lane.track, from))
    }
}
