//! A whole search: level after level, and what comes out on images that took no part.

use super::configuration::Configuration;
use super::evaluator::{Cost, Objective};
use super::front::Measured;
use super::level::{Found, Level, Limits, Search};
use super::network_evaluator::{MeasureError, NetworkEvaluator, Subject};
use super::simulate::cost;
use crate::infer::{Correction, Images, Prediction};
use crate::sweep::DesignPoint;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct SearchRequest<'a> {
    /// The evaluator's subject.
    pub subject: Subject<'a>,
    /// The accelerator to compare with, at its own approximation.
    pub baseline: Option<&'a DesignPoint>,
    /// Images that take no part in the search, for what is reported.
    pub report: &'a Images,
    /// The finest level; those before it are searched too.
    pub level: Level,
    /// What is to be small.
    pub objective: Objective,
    /// Bounds.
    pub limits: Limits,
    /// Configurations to measure along the way from exact to cheapest for each objective, for the front; 0: none.
    pub survey: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchOutcome {
    /// Cost of the baseline.
    pub baseline: Option<Cost>,
    /// What the exact network makes of the report images.
    pub exact: Vec<Prediction>,
    /// Level by level, the coarsest first.
    pub levels: Vec<LevelOutcome>,
    /// Every configuration measured, in that order; the exact one is the first.
    pub measured: Vec<Measured>,
}

/// What was found at a level.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelOutcome {
    /// The end of the search.
    pub found: Found,
    /// What it makes of the report images under each correction: none first, then the subject's or, if it has none, that
    /// of gain and offset.
    pub reported: Vec<Predicted>,
}

/// What a configuration makes of the report images.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// How it was corrected.
    pub correction: Option<Correction>,
    /// The classes.
    pub predictions: Vec<Prediction>,
}

impl SearchRequest<'_> {
    /// Searches. `begin` is told of each level before it is searched.
    ///
    /// # Errors
    /// [`MeasureError`].
    pub fn run(
        &self,
        evaluator: &NetworkEvaluator<'_>,
        begin: &dyn Fn(Level),
    ) -> Result<SearchOutcome, MeasureError> {
        let layers = evaluator.operands();
        let exact = Configuration::exact(layers.len());
        let baseline = self.baseline.map(|point| cost(point, self.subject.network));
        let baseline = baseline.transpose()?;
        let mut search = Search::new(
            evaluator,
            evaluator.block_bits(),
            layers,
            self.objective,
            self.limits,
        )?;
        for level in [Level::Network, Level::Layer, Level::Operand] {
            if level > self.level {
                break;
            }
            begin(level);
            search.run(level)?;
        }
        if self.survey > 0 {
            for objective in [Objective::Energy, Objective::Latency, Objective::Edp] {
                search.survey(self.level, objective, self.survey)?;
            }
        }
        let mut levels = Vec::new();
        for found in search.found() {
            levels.push(LevelOutcome {
                reported: self.report(evaluator, &found.best.configuration)?,
                found,
            });
        }
        Ok(SearchOutcome {
            baseline,
            exact: evaluator.classified(&exact, None, self.report)?,
            levels,
            measured: search.measured().to_vec(),
        })
    }

    fn report(
        &self,
        evaluator: &NetworkEvaluator<'_>,
        configuration: &Configuration,
    ) -> Result<Vec<Predicted>, MeasureError> {
        let other = self.subject.correction.unwrap_or(Correction::Scale);
        [None, Some(other)]
            .into_iter()
            .map(|correction| {
                Ok(Predicted {
                    correction,
                    predictions: evaluator.classified(configuration, correction, self.report)?,
                })
            })
            .collect()
    }
}
