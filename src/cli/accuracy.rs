//! `axbxp accuracy`: how accurate a network is under several configurations.

use std::path::PathBuf;
use std::time::Duration;

use super::accuracy_args::{AccuracyArgs, CorrectionArg};
use super::args::{Format, Global};
use super::error::{CliError, Exit};
use super::output::{Output, ron, write_file};
use super::progress;
use crate::approx::Approximation;
use crate::arch::{self, Architecture};
use crate::energy::switching_is_known;
use crate::infer::measure::{
    Arithmetic, Measurement, MeasurementRequest, OBSERVED_IMAGES, SWITCHING_MACS, SwitchingRequest,
};
use crate::infer::switching::Sampling;
use crate::parallel::threads_or_cores;
use crate::report::accuracy::{self, AccuracyReport, AccuracyView};
use crate::source::{self, FileKind};

/// What the arguments ask for.
struct Request {
    measurement: MeasurementRequest,
    views: Vec<AccuracyView>,
    output: Output,
    /// The file of how operands switch.
    activity_out: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn accuracy(args: &AccuracyArgs, global: &Global) -> Result<Exit, CliError> {
    let request = Request::resolve(args, global)?;
    let asked = &request.measurement;
    let measurement = progress::of_images(global.quiet, |progress| asked.run(progress))?;
    if !global.quiet {
        anstream::eprint!("{}", speeds(&measurement));
    }
    let report = AccuracyReport::of(asked, &measurement);
    if let Some(path) = &request.activity_out {
        let activity = accuracy::operand_activity(asked, &measurement);
        write_file(path, &ron(&activity, 2)?)?;
    }
    request.output.write(&report, &request.views)?;
    Ok(Exit::Done)
}

impl Request {
    fn resolve(args: &AccuracyArgs, global: &Global) -> Result<Request, CliError> {
        let views = views(args)?;
        let beside = args.activity_out.is_some();
        let output = Output::resolve(args.out.as_deref(), beside, args.format, global)?;
        if let Some(path) = &args.activity_out {
            output.check_beside("--activity-out", path)?;
        }
        let (architecture, approximations) = open(args)?;
        let switching = match &args.activity_out {
            Some(_) => Some(switching_request(args, &architecture)?),
            None => None,
        };
        let file = args.model.open()?;
        let trained = file.trained()?;
        let watched = args.format != Format::Table
            || views.iter().any(|&view| view != AccuracyView::Accuracy);
        let corrections = args.correct.iter().copied();
        Ok(Request {
            measurement: MeasurementRequest {
                file,
                trained,
                architecture,
                approximations,
                corrections: corrections.map(CorrectionArg::correction).collect(),
                set: args.images.into(),
                limit: args.limit,
                range: args.model.range,
                observed: if watched { OBSERVED_IMAGES } else { 0 },
                switching,
                threads: threads_or_cores(args.threads),
            },
            views,
            output,
            activity_out: args.activity_out.clone(),
        })
    }
}

/// The tables to print.
fn views(args: &AccuracyArgs) -> Result<Vec<AccuracyView>, CliError> {
    if args.view.is_empty() {
        return Ok(vec![AccuracyView::Accuracy]);
    }
    if args.format != Format::Table {
        let message = "--view chooses tables: --format json and csv have all that there is";
        return Err(CliError::Usage(message.to_owned()));
    }
    Ok(args.view.iter().map(|&view| view.into()).collect())
}

/// The architecture and the configurations asked for, or its own.
fn open(args: &AccuracyArgs) -> Result<(Architecture, Vec<Approximation>), CliError> {
    let (source, architecture) = arch::read(source::open(FileKind::Architecture, &args.arch)?)?;
    let approximations = if args.approx.is_empty() {
        let own = &architecture.approximation;
        let file = source::open_beside(FileKind::Approximation, own, &source)?;
        vec![Approximation::load(file)?]
    } else {
        let open = |name: &String| Approximation::open(name);
        args.approx.iter().map(open).collect::<Result<_, _>>()?
    };
    Ok((architecture, approximations))
}

/// On what switching is counted. The file has statistics of one configuration, and only of PEs whose energy is known to
/// depend on them.
fn switching_request(
    args: &AccuracyArgs,
    architecture: &Architecture,
) -> Result<SwitchingRequest, CliError> {
    let configurations = args.approx.len().max(1) * args.correct.len();
    if configurations > 1 {
        return Err(CliError::Usage(format!(
            "--activity-out: a file is of one configuration beside FxP8, these are {configurations}: give one --approx and one \
             --correct"
        )));
    }
    let pe = architecture.array.pe;
    if !switching_is_known(pe) {
        return Err(CliError::Usage(format!(
            "--activity-out: how the energy of {} PEs depends on their operands is not known, only that of fxp and ax_bxp PEs",
            pe.name()
        )));
    }
    Ok(SwitchingRequest {
        images: OBSERVED_IMAGES,
        sampling: Sampling {
            dataflow: architecture.array.dataflow,
            macs: SWITCHING_MACS,
        },
    })
}

/// Images classified in a second, which differs from run to run and so is no result.
fn speeds(measurement: &Measurement) -> String {
    let mut text = String::from("images per second:");
    let mut separator = " ";
    for candidate in &measurement.candidates {
        let name = match &candidate.arithmetic {
            Arithmetic::Float => "float".to_owned(),
            Arithmetic::Fxp8 => "fxp8".to_owned(),
            Arithmetic::Approximate { name, correction } => match correction {
                None => name.clone(),
                Some(correction) => {
                    format!("{name}+{}", accuracy::correction_name(Some(*correction)))
                }
            },
        };
        let took = candidate.took.max(Duration::from_micros(1));
        let speed = measurement.images as f64 / took.as_secs_f64();
        text += &format!("{separator}{name} {speed:.0}");
        separator = ", ";
    }
    text + "\n"
}
