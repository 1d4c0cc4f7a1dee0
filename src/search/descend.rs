//! Single steps from a configuration that is good enough, each confirmed by measurement.

use super::evaluator::Evaluator;
use super::front::Measured;
use super::level::Search;
use super::option_front::OptionPoint;

/// Where a layer stands, and where it may go.
#[derive(Debug, Clone)]
pub(super) struct LayerState {
    /// What it has now.
    pub now: OptionPoint,
    /// Its front.
    pub points: Vec<OptionPoint>,
    /// Points of this harm and more have been refused.
    pub refused: f64,
}

/// A step of one layer.
#[derive(Debug, Clone, Copy)]
struct Move {
    layer: usize,
    to: OptionPoint,
    worth: f64,
}

impl LayerState {
    /// The step that saves most per harm.
    fn best(&self, layer: usize) -> Option<Move> {
        let open = self
            .points
            .iter()
            .filter(|point| point.share < self.now.share && point.harm < self.refused);
        let moves = open.map(|&to| Move {
            layer,
            to,
            // A point that does less harm and costs less is worth most.
            worth: (self.now.share - to.share) / (to.harm - self.now.harm).max(f64::MIN_POSITIVE),
        });
        moves.reduce(better)
    }
}

/// The one that is worth more; of equals the first.
fn better(a: Move, b: Move) -> Move {
    if b.worth > a.worth { b } else { a }
}

impl<E: Evaluator> Search<'_, E> {
    /// Steps down from `start`, the most worthwhile step first, until every step left has been refused: for lost accuracy
    /// (and with it the steps of that layer that do more harm) or for a simulated cost that does not fall.
    pub(super) fn descend(
        &mut self,
        start: Measured,
        mut states: Vec<LayerState>,
        measurements: usize,
    ) -> Result<(), E::Error> {
        let mut best = start;
        let until = self.measurements_left().saturating_sub(measurements);
        while self.measurements_left() > until {
            let moves = states.iter().enumerate();
            let moves = moves.filter_map(|(layer, state)| state.best(layer));
            let Some(step) = moves.reduce(better) else {
                break;
            };
            let next = best.configuration.with(step.layer, step.to.formats);
            let state = &mut states[step.layer];
            if !self.is_cheaper(&self.cost(&next)?, &best.cost) {
                state.points.retain(|point| *point != step.to);
                continue;
            }
            let next = self.measure(next)?;
            if self.is_accurate(&next) {
                best = next;
                state.now = step.to;
            } else {
                state.refused = step.to.harm;
            }
        }
        Ok(())
    }
}
