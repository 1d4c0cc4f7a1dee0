//! `axbxp search`: the cheapest configuration of a network that is accurate enough.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Global;
use super::compare::with_batch;
use super::error::{CliError, Exit};
use super::output::{check_target, json, print, ron, write_file};
use super::progress::SearchProgress;
use super::search_args::{SearchArgs, SearchFormat};
use crate::infer::model_file::{ModelFile, SetName, TrainedModel};
use crate::infer::{FloatNetwork, Images, QuantisedModel, calibrate};
use crate::parallel::threads_or_cores;
use crate::report::search::{
    self, SearchReport, SearchSetting, correction_name, level_name, objective_name,
};
use crate::search::{
    Level, Limits, NetworkEvaluator, Objective, SearchOutcome, SearchRequest, Store, Subject,
    block_bits,
};
use crate::sweep::DesignPoint;
use crate::workload::Network;

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
pub fn search(args: &SearchArgs, global: &Global) -> Result<Exit, CliError> {
    let threads = threads_or_cores(args.threads);
    let inputs = Inputs::open(args, threads)?;
    // Only now, so that bad input leaves nothing behind.
    let outputs = Outputs::prepare(inputs.folder(args))?;
    if !global.quiet {
        note_coarse_images(args, inputs.selection.len());
    }
    let store = Store::open(&outputs.folder.join(MEASUREMENTS))?;
    let request = inputs.request(args);
    let progress = SearchProgress::new(global.quiet);
    let tell = |activity| progress.tell(activity);
    let evaluator = NetworkEvaluator::new(request.subject, &store, threads, &tell)?;
    let outcome = request.run(&evaluator, &|level| {
        progress.begin(level_name(level));
    })?;
    progress.finish();
    if let Some(error) = store.failure() {
        anstream::eprintln!("warning: measurements were not kept: {error}");
    }
    let result = SearchReport::of(setting(args, &inputs, &request), &outcome);
    outputs.write(&result, &outcome, &evaluator)?;
    match args.format {
        SearchFormat::Table => print(search::table(&result).as_bytes())?,
        SearchFormat::Json => print(&json(&result)?)?,
    }
    if !global.quiet {
        anstream::eprintln!("written to {}", outputs.folder.display());
        for name in outputs.left_over(&outcome) {
            anstream::eprintln!("note: {name} there is of an earlier search");
        }
    }
    let found = result.levels.last().is_some_and(|level| level.found);
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

/// All that a search reads.
struct Inputs {
    point: DesignPoint,
    baseline: Option<DesignPoint>,
    file: ModelFile,
    trained: TrainedModel,
    network: Network,
    model: Arc<QuantisedModel>,
    calibration: Images,
    selection: Images,
    report: Images,
}

impl Inputs {
    fn open(args: &SearchArgs, threads: usize) -> Result<Inputs, CliError> {
        let prices = args.prices.choice();
        let point = DesignPoint::open_priced(&args.arch, None, &prices)?;
        let baseline = match args.baseline.as_deref() {
            None => point.open_baseline()?,
            Some("none") => None,
            Some(name) => Some(DesignPoint::open_priced(name, None, &prices)?),
        };
        block_bits(&point)?;
        let file = args.model.open()?;
        let trained = file.trained()?;
        let float = FloatNetwork::new(&trained.model)?;
        let images = |set| file.images_for(&float, set, args.limit);
        let calibration = images(SetName::Calibration)?;
        let all: Vec<usize> = (0..calibration.len()).collect();
        let range = args.model.range;
        let calibrated = calibrate(&float, &calibration, &all, range, threads, &|_| {})?;
        let [selection, report] = [images(SetName::Selection)?, images(SetName::Report)?];
        Ok(Inputs {
            model: Arc::new(QuantisedModel::new(&trained.model, &calibrated)?),
            network: with_batch(trained.model.network.clone(), Some(args.batch)),
            selection,
            report,
            point,
            baseline,
            file,
            trained,
            calibration,
        })
    }

    /// The folder of results.
    fn folder(&self, args: &SearchArgs) -> PathBuf {
        args.out.clone().unwrap_or_else(|| {
            let model = &self.file.description().name;
            let name = format!("{model}-{}", self.point.architecture.name);
            Path::new("axbxp-search").join(plain(&name))
        })
    }

    fn request(&self, args: &SearchArgs) -> SearchRequest<'_> {
        SearchRequest {
            subject: Subject {
                point: &self.point,
                network: &self.network,
                model: &self.model,
                calibration: &self.calibration,
                selection: &self.selection,
                correction: args.correct.correction(),
            },
            baseline: self.baseline.as_ref(),
            report: &self.report,
            level: args.level.into(),
            objective: args.objective.into(),
            limits: Limits {
                max_loss_points: args.max_loss,
                margin: args.margin,
                measurements: args.evaluations as usize,
                front_points: FRONT_POINTS,
            },
            survey: args.survey as usize,
        }
    }
}

fn setting(args: &SearchArgs, inputs: &Inputs, request: &SearchRequest<'_>) -> SearchSetting {
    let subject = &request.subject;
    let objective: Objective = args.objective.into();
    SearchSetting {
        model: inputs.file.description().name.clone(),
        model_sha256: inputs.trained.sha256.clone(),
        preprocessing_sha256: inputs.file.description().preprocessing.sha256(),
        architecture: subject.point.architecture.name.clone(),
        baseline: request.baseline.map(|point| {
            let approximation = &point.approximation.config().name;
            format!("{}:{approximation}", point.architecture.name)
        }),
        energy_table: subject.point.energy.table().name.clone(),
        batch: args.batch,
        objective: objective_name(objective).to_owned(),
        max_loss_points: args.max_loss,
        margin: args.margin,
        correction: correction_name(subject.correction).to_owned(),
        calibration_images: subject.calibration.len(),
        selection_images: subject.selection.len(),
        report_images: request.report.len(),
    }
}

/// A name as a folder can have it anywhere.
fn plain(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    name.chars().map(plain).collect()
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
        result: &SearchReport,
        outcome: &SearchOutcome,
        evaluator: &NetworkEvaluator<'_>,
    ) -> Result<(), CliError> {
        let names = evaluator.layer_names();
        for (level, report) in outcome.levels.iter().zip(&result.levels) {
            let name = level_name(level.found.level);
            let config = level.found.best.configuration.to_config(
                &format!("{}_{name}", plain(&result.setting.model)),
                &description(result, report),
                evaluator.block_bits(),
                &names,
            );
            self.put(&level_file(level.found.level), &ron(&config, 3)?)?;
        }
        self.put(REPORT, &json(result)?)?;
        self.put(PLOT, search::plot(result)?.as_bytes())
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

/// What a found configuration is, for its file.
fn description(result: &SearchReport, level: &search::LevelReport) -> String {
    let setting = &result.setting;
    format!(
        "least {} found for {} on {} with at most {} of top-1 lost on {} selection images: {:.2} lost \
         there, correction {}; energy ratio {:.2}, speed-up {:.2} at batch {}",
        setting.objective,
        setting.model,
        setting.architecture,
        search::points(setting.max_loss_points),
        setting.selection_images,
        level.best.loss_points,
        setting.correction,
        level.best.energy_ratio,
        level.best.speedup,
        setting.batch,
    )
}
