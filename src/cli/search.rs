//! `axbxp search`: the cheapest configuration of a network that is accurate enough.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Global;
use super::compare::with_batch;
use super::error::{CliError, Exit};
use super::output::{check_target, json, print, write_file};
use super::progress::SearchProgress;
use super::search_args::{SearchArgs, SearchFormat};
use crate::approx::ApproxConfig;
use crate::infer::model_file::{ModelFile, SetName, TrainedModel};
use crate::infer::{FloatNetwork, QuantisedModel, calibrate};
use crate::parallel::threads_or_cores;
use crate::report::search::{
    self, SearchReport, SearchSetting, correction_name, level_name, objective_name,
};
use crate::search::{Answer, Laboratory, Limits, Objective, Question, Store, Subject};
use crate::sweep::DesignPoint;

/// Rungs of a layer's ladder that are measured.
const RUNGS: usize = 8;

/// The store's file.
const MEASUREMENTS: &str = "measurements.jsonl";

/// Runs the command.
pub fn search(args: &SearchArgs, global: &Global) -> Result<Exit, CliError> {
    let prices = args.prices.choice();
    let point = DesignPoint::open_priced(&args.arch, None, &prices)?;
    let baseline = match args.baseline.as_deref() {
        None => point.open_baseline()?,
        Some("none") => None,
        Some(name) => Some(DesignPoint::open_priced(name, None, &prices)?),
    };
    let file = ModelFile::open(&args.model.model, args.model.root.as_deref())?;
    let folder = args.out.clone().unwrap_or_else(|| {
        let name = format!("{}-{}", file.description().name, point.architecture.name);
        Path::new("axbxp-search").join(plain(&name))
    });
    let outputs = Outputs::prepare(folder)?;
    let trained = file.trained()?;
    let store = Store::open(&outputs.folder.join(MEASUREMENTS))?;
    let threads = threads_or_cores(args.threads);
    let images = |set| file.images(set, args.limit);
    let [calibration, selection, report] = [
        images(SetName::Calibration)?,
        images(SetName::Selection)?,
        images(SetName::Report)?,
    ];
    let float = FloatNetwork::new(&trained.model)?;
    let all: Vec<usize> = (0..calibration.len()).collect();
    let calibrated = calibrate(
        &float,
        &calibration,
        &all,
        args.model.range,
        threads,
        &|_| {},
    )?;
    let model = Arc::new(QuantisedModel::new(&trained.model, &calibrated)?);
    let network = with_batch(trained.model.network.clone(), Some(args.batch));
    let question = Question {
        subject: Subject {
            point: &point,
            network: &network,
            model: &model,
            calibration: &calibration,
            selection: &selection,
            correction: args.correct.correction(),
        },
        baseline: baseline.as_ref(),
        report: &report,
        level: args.level.into(),
        objective: args.objective.into(),
        limits: Limits {
            max_loss_points: args.max_loss,
            measurements: args.evaluations as usize,
            rungs: RUNGS,
        },
        survey: args.survey as usize,
    };
    let progress = SearchProgress::new(global.quiet);
    let tell = |activity| progress.tell(activity);
    let laboratory = Laboratory::new(question.subject, &store, threads, &tell)?;
    let answer = question.answer(&laboratory, &|level| {
        progress.begin(level_name(level));
    })?;
    progress.finish();
    if let Some(error) = store.failure() {
        anstream::eprintln!("warning: measurements were not kept: {error}");
    }
    let setting = setting(args, &file, &trained, &question);
    let result = SearchReport::of(setting, &answer);
    outputs.write(&result, &answer, &laboratory)?;
    match args.format {
        SearchFormat::Table => print(search::table(&result).as_bytes())?,
        SearchFormat::Json => print(&json(&result)?)?,
    }
    if !global.quiet {
        anstream::eprintln!("written to {}", outputs.folder.display());
    }
    let found = result.levels.last().is_some_and(|level| level.found);
    Ok(if found { Exit::Done } else { Exit::No })
}

fn setting(
    args: &SearchArgs,
    file: &ModelFile,
    trained: &TrainedModel,
    question: &Question<'_>,
) -> SearchSetting {
    let subject = &question.subject;
    let objective: Objective = args.objective.into();
    SearchSetting {
        model: file.description().name.clone(),
        model_sha256: trained.sha256.clone(),
        preprocessing_sha256: file.description().preprocessing.sha256(),
        architecture: subject.point.architecture.name.clone(),
        baseline: question.baseline.map(|point| {
            let approximation = &point.approximation.config().name;
            format!("{}:{approximation}", point.architecture.name)
        }),
        energy_table: subject.point.energy.table().name.clone(),
        batch: args.batch,
        objective: objective_name(objective).to_owned(),
        max_loss_points: args.max_loss,
        correction: correction_name(subject.correction).to_owned(),
        calibration_images: subject.calibration.len(),
        selection_images: subject.selection.len(),
        report_images: question.report.len(),
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

/// The folder of results.
struct Outputs {
    folder: PathBuf,
}

impl Outputs {
    /// Makes the folder, and refuses one that can not be written, before any work is done for it.
    fn prepare(folder: PathBuf) -> Result<Outputs, CliError> {
        std::fs::create_dir_all(&folder).map_err(|error| CliError::Write {
            path: folder.clone(),
            error,
        })?;
        for name in ["search.json", "front.svg"] {
            check_target(&folder.join(name))?;
        }
        Ok(Outputs { folder })
    }

    fn write(
        &self,
        result: &SearchReport,
        answer: &Answer,
        laboratory: &Laboratory<'_>,
    ) -> Result<(), CliError> {
        let names = laboratory.layer_names();
        for (level, report) in answer.levels.iter().zip(&result.levels) {
            let name = level_name(level.found.level);
            let config = level.found.best.configuration.to_config(
                &format!("{}_{name}", plain(&result.setting.model)),
                &description(result, report),
                laboratory.block_bits(),
                &names,
            );
            self.put(&format!("{name}.ron"), ron(&config).as_bytes())?;
        }
        self.put("search.json", &json(result)?)?;
        self.put("front.svg", search::plot(result)?.as_bytes())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), CliError> {
        write_file(&self.folder.join(name), bytes)
    }
}

/// What a found configuration is, for its file.
fn description(result: &SearchReport, level: &search::LevelReport) -> String {
    let setting = &result.setting;
    format!(
        "least {} found for {} on {} with at most {} points of top-1 lost on {} selection images: {:.2} lost \
         there, correction {}; energy ratio {:.2}, speed-up {:.2} at batch {}",
        setting.objective,
        setting.model,
        setting.architecture,
        setting.max_loss_points,
        setting.selection_images,
        level.best.loss_points,
        setting.correction,
        level.best.energy_ratio,
        level.best.speedup,
        setting.batch,
    )
}

fn ron(config: &ApproxConfig) -> String {
    let pretty = ron::ser::PrettyConfig::default()
        .indentor("    ")
        .depth_limit(3);
    ron::ser::to_string_pretty(config, pretty).unwrap_or_default() + "\n"
}
