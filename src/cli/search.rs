//! `axbxp search`: the cheapest configuration of a network that is accurate enough.

use std::path::{Path, PathBuf};

use super::args::Global;
use super::error::{CliError, Exit};
use super::output::{Output, check_target, ron, write_file};
use super::progress;
use super::search_args::SearchArgs;
use crate::parallel::threads_or_cores;
use crate::report::Render;
use crate::report::search::{self, SearchReport, level_name, plain_name};
use crate::search::{Level, Limits, SearchModel, SearchOutcome, SearchRequest, Store, block_bits};
use crate::sweep::DesignPoint;

/// Points of a layer's front that are measured.
const FRONT_POINTS: usize = 8;

/// All levels.
const LEVELS: [Level; 3] = [Level::Network, Level::Layer, Level::Operand];

/// The store's file.
const MEASUREMENTS: &str = "measurements.jsonl";

/// The file of everything found and tried.
const REPORT: &str = "search.json";

/// The file of the plot.
const PLOT: &str = "front.svg";

/// Runs the command.
pub(super) fn search(args: &SearchArgs, global: &Global) -> Result<Exit, CliError> {
    let request = resolve(args)?;
    // Only now, so that bad input leaves nothing behind.
    let outputs = Outputs::prepare(folder(args, &request))?;
    if !global.quiet {
        note_coarse_images(args, request.model.selection.len());
    }
    let store = Store::open(&outputs.folder.join(MEASUREMENTS))?;
    let outcome = progress::of_search(global.quiet, |tell| request.run(&store, tell))?;
    if let Some(error) = store.failure() {
        anstream::eprintln!("warning: measurements were not kept: {error}");
    }
    let report = SearchReport::of(&request, &outcome);
    outputs.write(&report, &request, &outcome)?;
    Output::beside(args.format.into(), global).write(&report, &[])?;
    if !global.quiet {
        anstream::eprintln!("written to {}", outputs.folder.display());
        for name in outputs.left_over(&outcome) {
            anstream::eprintln!("note: {name} there is of an earlier search");
        }
    }
    let found = report.levels.last().is_some_and(|level| level.found);
    Ok(if found { Exit::Done } else { Exit::No })
}

/// Says so where the loss that is allowed is less than one image.
fn note_coarse_images(args: &SearchArgs, selection: usize) {
    let step = 100.0 / selection as f64;
    if step > args.max_loss && args.max_loss > 0.0 {
        anstream::eprintln!(
            "note: one of {selection} selection images is {step:.1} points: at most {} lost allows none",
            search::points(args.max_loss)
        );
    }
}

/// Opens all that a search reads.
fn resolve(args: &SearchArgs) -> Result<SearchRequest, CliError> {
    let threads = threads_or_cores(args.threads);
    let point = DesignPoint::open_priced(&args.arch, None, &args.prices.choice())?;
    let baseline = point.open_compared(args.baseline.as_deref())?;
    block_bits(&point)?;
    let file = args.model.open()?;
    let model = SearchModel::open(&file, args.batch, args.model.range, args.limit, threads)?;
    Ok(SearchRequest {
        point,
        baseline,
        model,
        correction: args.correct.correction(),
        level: args.level.into(),
        objective: args.objective.into(),
        limits: Limits {
            max_loss_points: args.max_loss,
            margin: args.margin,
            measurements: args.evaluations as usize,
            front_points: FRONT_POINTS,
        },
        survey: args.survey as usize,
        threads,
    })
}

/// The folder of results.
fn folder(args: &SearchArgs, request: &SearchRequest) -> PathBuf {
    args.out.clone().unwrap_or_else(|| {
        let SearchRequest { point, model, .. } = request;
        let name = format!("{}-{}", model.name, point.architecture.name);
        Path::new("axbxp-search").join(plain_name(&name))
    })
}

/// The file of a level's configuration.
fn level_file(level: Level) -> String {
    format!("{}.ron", level_name(level))
}

/// The folder of results.
struct Outputs {
    folder: PathBuf,
}

impl Outputs {
    /// Makes the folder, and refuses one that can not be written or where files of others would be written over, before any
    /// work is done for it.
    fn prepare(folder: PathBuf) -> Result<Outputs, CliError> {
        if folder.exists() && !folder.is_dir() {
            let folder = folder.display();
            return Err(CliError::Usage(format!(
                "--out {folder}: it is a file, not a folder"
            )));
        }
        std::fs::create_dir_all(&folder).map_err(|error| CliError::Write {
            path: folder.clone(),
            error,
        })?;
        let is_ours = [MEASUREMENTS, REPORT]
            .iter()
            .any(|name| folder.join(name).exists());
        let levels = LEVELS.map(level_file);
        for name in levels.iter().map(String::as_str).chain([REPORT, PLOT]) {
            let path = folder.join(name);
            if path.exists() && !is_ours {
                return Err(CliError::Usage(format!(
                    "{}: no search wrote this file, and it would be written over: name another folder with --out",
                    path.display()
                )));
            }
            check_target(&path)?;
        }
        Ok(Outputs { folder })
    }

    fn write(
        &self,
        report: &SearchReport,
        request: &SearchRequest,
        outcome: &SearchOutcome,
    ) -> Result<(), CliError> {
        for (level, config) in report.configurations(request, outcome) {
            self.put(&level_file(level), &ron(&config, 3)?)?;
        }
        self.put(REPORT, &report.json()?)?;
        self.put(PLOT, search::plot(report)?.as_bytes())
    }

    /// Files of levels that were not searched now.
    fn left_over(&self, outcome: &SearchOutcome) -> Vec<String> {
        let searched = |level| outcome.levels.iter().any(|done| done.found.level == level);
        let others = LEVELS.into_iter().filter(|&level| !searched(level));
        others
            .map(level_file)
            .filter(|name| self.folder.join(name).exists())
            .collect()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), CliError> {
        write_file(&self.folder.join(name), bytes)
    }
}
