//! What was found, as the files that a simulation takes.

use super::{LevelReport, SearchReport, points};
use crate::approx::ApproximationFile;
use crate::search::{Level, SearchOutcome, SearchRequest};

impl SearchReport {
    /// The best configuration of each level, described by what this report of `outcome` says of it.
    pub fn configurations(
        &self,
        request: &SearchRequest,
        outcome: &SearchOutcome,
    ) -> Vec<(Level, ApproximationFile)> {
        let layers = request.model.layer_names();
        let levels = outcome.levels.iter().zip(&self.levels);
        levels
            .map(|(level, report)| {
                let config = level.found.best.configuration.to_config(
                    &format!("{}_{}", plain_name(&self.setting.model), report.level),
                    &self.description(report),
                    outcome.block_bits,
                    &layers,
                );
                (level.found.level, config)
            })
            .collect()
    }

    fn description(&self, level: &LevelReport) -> String {
        let setting = &self.setting;
        format!(
            "least {} found for {} on {} with at most {} of top-1 lost on {} selection images: {:.2} lost \
             there, correction {}; energy ratio {:.2}, speed-up {:.2} at batch {}",
            setting.objective,
            setting.model,
            setting.architecture,
            points(setting.max_loss_points),
            setting.selection_images,
            level.best.loss_points,
            setting.correction,
            level.best.energy_ratio,
            level.best.speedup,
            setting.batch,
        )
    }
}

/// `name` as files and folders can have it anywhere.
pub fn plain_name(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    name.chars().map(plain).collect()
}
