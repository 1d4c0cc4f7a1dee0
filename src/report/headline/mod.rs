//! The comparison in one table: every design point against the first, workload by workload, with the factors of each
//! ratio and the published ranges. Built from a [`Report`] of `compare`, so both say the same.

mod csv;
mod table;

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Comparison, EnergyFactors, PublishedRange, Report, RunReport, SpeedupFactors};
use super::performance::ratio;
use crate::energy::ParallelMacRule;
use crate::sweep::Iso;

pub use csv::csv;
pub use table::table;

/// Name and version of the JSON form.
pub const HEADLINE_SCHEMA: &str = "axbxp.headline/1";

/// What the table says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Headline {
    /// `axbxp.headline/1`.
    pub schema: String,
    /// Version of the program.
    pub program_version: String,
    /// Workload by workload, in the order asked for.
    pub groups: Vec<HeadlineGroup>,
    /// What to keep in mind when reading the figures.
    pub notes: Vec<String>,
}

/// One workload at one batch.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeadlineGroup {
    /// Name of the network.
    pub workload: String,
    /// Images or sequences at once.
    pub batch: u32,
    /// What the others are compared with.
    pub baseline: HeadlinePoint,
    /// Area of the baseline's array with its edge, in mm2; none if nothing is compared with it.
    pub baseline_array_mm2: Option<f64>,
    /// Published with one configuration for the network, where there is something comparable.
    pub published: Option<PublishedRange>,
    /// Published with a configuration for each layer and data structure.
    pub published_per_layer: Option<PublishedRange>,
    /// The other design points, each at each sizing that changes its array.
    pub rows: Vec<HeadlineRow>,
}

/// A design point with what it takes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeadlinePoint {
    /// `architecture:approximation`, without the size that a resized array carries in its name.
    pub point: String,
    /// PE rows.
    pub rows: u32,
    /// PE columns.
    pub columns: u32,
    /// Energy table.
    pub energy_table: String,
    /// Operands that the energy of the PEs holds for.
    pub operands: String,
    /// How a PE that does several MACs a cycle is priced.
    pub parallel_macs: ParallelMacRule,
    /// Time in microseconds.
    pub time_us: f64,
    /// Energy in pJ.
    pub energy_pj: f64,
    /// Share of the energy that rests on derived table values, 0 to 1.
    pub derived_share: f64,
    /// Share of the energy that rests on assumed table values, 0 to 1.
    pub assumed_share: f64,
    /// Share of the energy that rests on the DRAM preset, 0 to 1.
    pub dram_preset_share: f64,
}

/// A design point against the baseline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeadlineRow {
    /// The design point.
    #[serde(flatten)]
    pub point: HeadlinePoint,
    /// The sizings that give its array.
    pub iso: Vec<Iso>,
    /// Area of its array over that of the baseline's.
    pub area_ratio: f64,
    /// Time of the baseline over its time.
    pub speedup: f64,
    /// What the speed-up is made of.
    pub speedup_factors: Option<SpeedupFactors>,
    /// Where the speed-up lies beside the range published with one configuration for the network.
    pub speedup_position: Option<Position>,
    /// Energy of the baseline over its energy.
    pub energy_ratio: f64,
    /// What the energy ratio is made of.
    pub energy_factors: Option<EnergyFactors>,
    /// Where the energy ratio lies beside the range published with one configuration for the network.
    pub energy_position: Option<Position>,
}

/// Where a ratio lies beside a published range. Compared as they are published, to two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Below the lowest.
    Below,
    /// From the lowest to the highest.
    Inside,
    /// Above the highest.
    Above,
}

impl Position {
    /// Where `ratio` lies beside (`lowest`, `highest`).
    pub fn of(ratio: f64, (lowest, highest): (f64, f64)) -> Position {
        let shown = (ratio * 100.0).round() / 100.0;
        if shown < lowest {
            Position::Below
        } else if shown > highest {
            Position::Above
        } else {
            Position::Inside
        }
    }
}

impl Headline {
    /// The table of a comparison.
    pub fn of(report: &Report) -> Headline {
        let is_compared = |index: usize| report.comparisons.iter().any(|c| c.run == index);
        let baselines = (0..report.runs.len()).filter(|&index| !is_compared(index));
        let mut notes = report.notes.clone();
        notes.push(
            "Configurations are named operating points and not claimed to be lossless; exact are FxP8, k4_l4, k2_l16 \
             and bits8. No constant was chosen to reach a published figure."
                .to_string(),
        );
        Headline {
            schema: HEADLINE_SCHEMA.to_string(),
            program_version: report.program_version.clone(),
            groups: baselines.map(|baseline| group(report, baseline)).collect(),
            notes,
        }
    }
}

fn group(report: &Report, baseline: usize) -> HeadlineGroup {
    let run = &report.runs[baseline];
    let comparisons: Vec<&Comparison> = report
        .comparisons
        .iter()
        .filter(|comparison| comparison.baseline_run == baseline)
        .collect();
    let first = comparisons.first();
    HeadlineGroup {
        workload: run.workload.clone(),
        batch: run.batch,
        baseline: point(run),
        baseline_array_mm2: first.map(|c| c.array.area_mm2 / c.array.area_ratio),
        published: comparisons.iter().find_map(|c| c.published),
        published_per_layer: comparisons.iter().find_map(|c| c.published_per_layer),
        rows: comparisons
            .iter()
            .map(|comparison| row(&report.runs[comparison.run], comparison))
            .collect(),
    }
}

fn row(run: &RunReport, comparison: &Comparison) -> HeadlineRow {
    let published = comparison.published;
    HeadlineRow {
        point: point(run),
        iso: comparison.iso.clone(),
        area_ratio: comparison.array.area_ratio,
        speedup: comparison.speedup,
        speedup_factors: comparison.speedup_factors,
        speedup_position: published.map(|range| Position::of(comparison.speedup, range.speedup)),
        energy_ratio: comparison.energy_ratio,
        energy_factors: comparison.energy_factors,
        energy_position: published
            .map(|range| Position::of(comparison.energy_ratio, range.energy_ratio)),
    }
}

fn point(run: &RunReport) -> HeadlinePoint {
    let arch = &run.architecture;
    let name = arch.name.split('@').next().unwrap_or_default();
    let energy = &run.total.energy;
    let share = |pj: f64| ratio(pj, run.total.energy_pj);
    HeadlinePoint {
        point: format!("{name}:{}", run.approximation),
        rows: arch.rows,
        columns: arch.columns,
        energy_table: arch.energy_table.clone(),
        operands: arch.operands.clone(),
        parallel_macs: arch.parallel_macs,
        time_us: run.total.time_us,
        energy_pj: run.total.energy_pj,
        derived_share: share(energy.basis.derived_pj),
        assumed_share: share(energy.basis.assumed_pj),
        dram_preset_share: share(energy.basis.dram_preset_pj),
    }
}
