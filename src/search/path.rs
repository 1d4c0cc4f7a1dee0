//! The order in which layers step down their fronts.

use super::configuration::Configuration;
use super::option_front::OptionPoint;

/// A layer's step to its next point.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Descent {
    layer: usize,
    to: OptionPoint,
    /// Saved share of the objective per divergence.
    worth: f64,
}

/// Configurations from every layer's first point to every layer's last, one step of one layer at a time, those first
/// that save most per harm. `hulls` are convex, so that the steps of a layer come in their order.
pub(super) fn path(hulls: &[Vec<OptionPoint>]) -> Vec<Configuration> {
    let mut steps: Vec<Descent> = Vec::new();
    for (layer, hull) in hulls.iter().enumerate() {
        steps.extend(hull.windows(2).map(|pair| Descent {
            layer,
            to: pair[1],
            worth: (pair[0].share - pair[1].share) / (pair[1].harm - pair[0].harm),
        }));
    }
    // Stable: of equals the earlier layer first.
    steps.sort_by(|a, b| b.worth.total_cmp(&a.worth));
    let first = hulls.iter().map(|hull| hull[0].formats).collect();
    let mut path = vec![Configuration(first)];
    for step in steps {
        let next = path[path.len() - 1].with(step.layer, step.to.formats);
        path.push(next);
    }
    path
}
