//! The choice of an approximation configuration for a network: the cheapest one that loses no more accuracy than
//! allowed.
//!
//! Three levels, each a superset of the one before: one choice of formats for the whole network ([`Level::Network`]),
//! one per layer ([`Level::Layer`]), one per layer and data structure, where activations and weights choose window
//! and rounding apart ([`Level::Operand`]). The method:
//!
//! 1. [`options`]: everything the PE can do with a layer.
//! 2. [`Evaluator::costs`]: time and energy, by simulation, of each option in every layer.
//! 3. [`Evaluator::errors`]: error power of each layer's outputs under each option, on calibration images. Of the
//!    options of a layer only those are kept that no other beats in cost and error: its front (`option_front`).
//! 4. [`Evaluator::sensitivities`]: how far the network's answers move when one layer alone steps down its front
//!    (Kullback-Leibler divergence from the exact network's answers on calibration images, which needs no labels);
//!    [`Evaluator::divergence`] where all layers step at once.
//! 5. `path`: steps of all layers in order of saved cost per divergence, on the convex hull of each front.
//! 6. `level`: as far along the path as measured accuracy on selection images allows, by bisection; then `descend`:
//!    single steps, each measured and kept only if the accuracy holds and the simulated cost falls.
//!
//! Accuracy holds if it does so twice: by the labels, and by the exact network's own confidence in the answers that changed
//! ([`Logits::expected_loss`](crate::infer::Logits::expected_loss)), without which a search ends with the configurations
//! that were lucky with the labels.
//!
//! A level starts again from the result of the level before too, and from its own, until nothing new is measured. What is
//! found at a level is the cheapest of all that was measured until its end and holds, so finer granularity is never worse. Nothing is drawn at random; every measurement is kept in a [`Store`] under a hash
//! of all it depends on, so a search that is stopped goes on where it was and ends the same.

mod choices;
mod configuration;
mod descend;
mod evaluator;
mod front;
mod level;
mod network_evaluator;
mod option_front;
mod path;
mod run;
mod simulate;
mod space;
mod store;

#[cfg(test)]
mod tests;

pub use configuration::Configuration;
pub use evaluator::{Cost, Evaluator, LayerCost, Objective, Predictions};
pub use front::{Measured, front};
pub use level::{Found, Level, Limits, Search};
pub use network_evaluator::{MeasureError, Phase, block_bits};
pub use run::{LevelOutcome, Predicted, SearchEvent, SearchModel, SearchOutcome, SearchRequest};
pub use space::{LayerOperands, options};
pub use store::{Store, StoreError};
