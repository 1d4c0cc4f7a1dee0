//! `axbxp accuracy`: how accurate a network is under several configurations.

use std::time::Duration;

use super::accuracy_args::{AccuracyArgs, CorrectionArg};
use super::args::{Format, Global};
use super::error::{CliError, Exit};
use super::output::{check_targets_of, json, ron, write_bytes, write_file};
use super::progress;
use crate::approx::ApproxFile;
use crate::arch::{self, Architecture};
use crate::energy::switching_is_known;
use crate::infer::measure::{
    Arithmetic, Measurement, MeasurementRequest, SwitchingRequest, measure,
};
use crate::infer::switching::Sampling;
use crate::parallel::threads_or_cores;
use crate::report::accuracy::{self, AccuracyReport, AccuracyView, Subject};
use crate::source::{self, FileKind};

/// Images on which layers are observed: their statistics change little with more, and each takes a pass in floating
/// point.
const OBSERVED_IMAGES: usize = 64;

/// MACs of a layer on which switching is counted, on each of those images: a million in all. See `infer::switching` for how
/// far that is from all MACs.
const SWITCHING_MACS: u64 = 16_384;

/// Runs the command.
pub fn accuracy(args: &AccuracyArgs, global: &Global) -> Result<Exit, CliError> {
    if args.format != Format::Table && !args.view.is_empty() {
        let message = "--view chooses tables: --format json and csv have all that there is";
        return Err(CliError::Usage(message.to_owned()));
    }
    let activity_out = args.activity_out.as_deref();
    check_targets_of(args.out.as_deref(), "--activity-out", activity_out)?;
    let mut views: Vec<AccuracyView> = args.view.iter().map(|&view| view.into()).collect();
    if views.is_empty() {
        views.push(AccuracyView::Accuracy);
    }
    let (arch_source, architecture) =
        arch::read(source::open(FileKind::Architecture, &args.arch)?)?;
    let approximations = if args.approx.is_empty() {
        let own = &architecture.approximation;
        let file = source::open_beside(FileKind::Approximation, own, &arch_source)?;
        vec![ApproxFile::load(file)?]
    } else {
        let open = |name: &String| ApproxFile::open(name);
        args.approx.iter().map(open).collect::<Result<_, _>>()?
    };
    let switching = match activity_out {
        Some(_) => Some(switching_request(args, &architecture)?),
        None => None,
    };
    let file = args.model.open()?;
    let trained = file.trained()?;
    let watched =
        args.format != Format::Table || views.iter().any(|&view| view != AccuracyView::Accuracy);
    let corrections: Vec<_> = args
        .correct
        .iter()
        .copied()
        .map(CorrectionArg::correction)
        .collect();
    let request = MeasurementRequest {
        approximations: &approximations,
        pe: &architecture.array.pe,
        corrections: &corrections,
        set: args.images.into(),
        limit: args.limit,
        range: args.model.range,
        observed: if watched { OBSERVED_IMAGES } else { 0 },
        switching,
        threads: threads_or_cores(args.threads),
    };
    let bar = progress::images(global.quiet);
    let measurement = measure(&file, &trained, &request, &|progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    if !global.quiet {
        anstream::eprint!("{}", speeds(&measurement));
    }
    let subject = Subject {
        file: &file,
        trained: &trained,
        architecture: &architecture,
        request: &request,
    };
    let report = AccuracyReport::of(subject, &measurement);
    let bytes = match args.format {
        Format::Table => accuracy::table(&report, &views, !global.quiet).into_bytes(),
        Format::Json => json(&report)?,
        Format::Csv => {
            let mut bytes = Vec::new();
            accuracy::csv(&report, &mut bytes)?;
            bytes
        }
    };
    if let Some(path) = activity_out {
        let activity = accuracy::operand_activity(subject, &measurement);
        write_file(path, &ron(&activity, 2)?)?;
    }
    write_bytes(args.out.as_deref(), &bytes)?;
    Ok(Exit::Done)
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
