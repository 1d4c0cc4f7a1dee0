//! Single steps from a configuration that is good enough, each confirmed by measurement.

use super::front::Measured;
use super::judge::Judge;
use super::ladder::Rung;
use super::level::Search;

/// Where a layer stands, and where it may go.
#[derive(Debug, Clone)]
pub(super) struct Footing {
    /// What it has now.
    pub now: Rung,
    /// Its ladder.
    pub rungs: Vec<Rung>,
    /// Rungs of this harm and more have been refused.
    pub refused: f64,
}

/// A step of one layer.
#[derive(Debug, Clone, Copy)]
struct Move {
    layer: usize,
    to: Rung,
    worth: f64,
}

impl Footing {
    /// The step that saves most per harm.
    fn best(&self, layer: usize) -> Option<Move> {
        let open = self
            .rungs
            .iter()
            .filter(|rung| rung.share < self.now.share && rung.harm < self.refused);
        let moves = open.map(|&to| Move {
            layer,
            to,
            // A rung that does less harm and costs less is worth most.
            worth: (self.now.share - to.share) / (to.harm - self.now.harm).max(f64::MIN_POSITIVE),
        });
        moves.reduce(better)
    }
}

/// The one that is worth more; of equals the first.
fn better(a: Move, b: Move) -> Move {
    if b.worth > a.worth { b } else { a }
}

impl<J: Judge> Search<'_, J> {
    /// Steps down from `start`, the most worthwhile step first, until every step left has been refused: for lost accuracy
    /// (and with it the steps of that layer that do more harm) or for a simulated cost that does not fall.
    pub(super) fn descend(
        &mut self,
        start: Measured,
        mut footings: Vec<Footing>,
        measurements: usize,
    ) -> Result<(), J::Error> {
        let mut best = start;
        let until = self.measurements_left().saturating_sub(measurements);
        while self.measurements_left() > until {
            let moves = footings.iter().enumerate();
            let moves = moves.filter_map(|(layer, footing)| footing.best(layer));
            let Some(step) = moves.reduce(better) else {
                break;
            };
            let next = best.configuration.with(step.layer, step.to.formats);
            let footing = &mut footings[step.layer];
            if !self.is_cheaper(&self.cost(&next)?, &best.cost) {
                footing.rungs.retain(|rung| *rung != step.to);
                continue;
            }
            let next = self.measure(next)?;
            if self.is_accurate(&next) {
                best = next;
                footing.now = step.to;
            } else {
                footing.refused = step.to.harm;
            }
        }
        Ok(())
    }
}
