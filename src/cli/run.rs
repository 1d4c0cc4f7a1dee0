//! `axbxp run`: a network on an architecture, beside its baseline.

use super::args::{ArrayFidelity, Format, Global, RunArgs, RunView};
use super::error::{CliError, Exit};
use super::network;
use super::output::Output;
use super::plots::Plots;
use super::progress;
use super::trace;
use crate::mapping::Mapping;
use crate::parallel::{OnProgress, threads_or_cores};
use crate::report::plot::Detail;
use crate::report::{Report, View};
use crate::sweep::{ComparisonOutcome, ComparisonRequest, DesignPoint, Iso, NetworkPart};
use crate::trace::{TraceRequest, TraceRunError};

/// What the arguments ask for.
struct Request {
    comparison: ComparisonRequest,
    trace: Option<TraceRequest>,
    views: Vec<View>,
    output: Output,
    plots: Option<Plots>,
}

/// Runs the command.
pub(super) fn run(args: &RunArgs, global: &Global) -> Result<Exit, CliError> {
    let request = Request::resolve(args, global)?;
    let outcome = progress::of_layers(global.quiet, |progress| request.run(progress))?;
    let report = Report::of(&request.comparison, &outcome);
    if let Some(plots) = &request.plots {
        plots.write(&report)?;
    }
    request.output.write(&report, &request.views)?;
    Ok(Exit::Done)
}

impl Request {
    fn resolve(args: &RunArgs, global: &Global) -> Result<Request, CliError> {
        let views = views(args)?;
        let trace = args.trace.as_deref();
        let out = &args.output;
        let beside = trace.is_some() || out.plots.is_some();
        let output = Output::resolve(out.out.as_deref(), beside, out.format, global)?;
        if let Some(path) = trace {
            output.check_beside("--trace", path)?;
        }
        let folder = args.output.plots.as_deref();
        let plots = Plots::resolve(folder, Detail::Layers, &output, trace)?;
        // The baseline first: it is what the other is compared with.
        let points = points(args, &views)?;
        // Which of the two, for a network is on its own.
        let traced = if args.trace_baseline {
            0
        } else {
            points.len() - 1
        };
        let trace = trace::request(args, traced, &points[traced].architecture)?;
        let network = network::open(&args.workload)?;
        let network = match args.batch {
            Some(batch) => network.with_batch(batch),
            None => network,
        };
        let part = NetworkPart::matching(network, &args.layers)
            .map_err(|error| CliError::Usage(format!("--layers {error}")))?;
        let threads = threads_or_cores(args.output.threads);
        let mut comparison = ComparisonRequest::new(points, &[Iso::None], vec![part], threads)?;
        comparison.mapping = args.mapping.as_deref().map(Mapping::open).transpose()?;
        comparison.stepped = (args.fidelity == ArrayFidelity::Stepped).then_some(args.seed);
        comparison.across = args.network;
        Ok(Request {
            comparison,
            trace,
            views,
            output,
            plots,
        })
    }

    fn run(&self, progress: OnProgress<'_>) -> Result<ComparisonOutcome, CliError> {
        let Some(trace) = &self.trace else {
            return Ok(self.comparison.run(progress)?);
        };
        trace
            .run(&self.comparison, progress)
            .map_err(|error| match error {
                TraceRunError::Job(error) => error.into(),
                TraceRunError::Write(error) => CliError::Write {
                    path: trace.path.clone(),
                    error,
                },
            })
    }
}

/// The tables to print.
fn views(args: &RunArgs) -> Result<Vec<View>, CliError> {
    if args.view.is_empty() {
        return Ok(vec![View::Cycles, View::Summary]);
    }
    if args.output.format != Format::Table {
        return Err(CliError::Usage(
            "--view: only --format table has views; JSON and CSV hold all figures".to_string(),
        ));
    }
    let views = args.view.iter().map(|view| match view {
        RunView::Cycles => View::Cycles,
        RunView::Energy => View::Energy,
        RunView::Roofline => View::Roofline,
        RunView::Ratios => View::Ratios,
        RunView::Summary => View::Summary,
    });
    Ok(views.collect())
}

/// The baseline, if there is one, and the architecture.
fn points(args: &RunArgs, views: &[View]) -> Result<Vec<DesignPoint>, CliError> {
    let prices = args.prices.choice();
    let candidate = DesignPoint::open_priced(&args.arch, args.approx.as_deref(), &prices)?;
    let baseline = candidate.open_compared(args.baseline.as_deref())?;
    if baseline.is_none() {
        let needs_one = [
            ("--trace-baseline", args.trace_baseline),
            ("--view ratios", views.contains(&View::Ratios)),
        ];
        if let Some((flag, _)) = needs_one.into_iter().find(|&(_, asked)| asked) {
            return Err(CliError::Usage(format!(
                "{flag}: `{}` runs without a baseline",
                candidate.architecture.name
            )));
        }
    }
    Ok(baseline.into_iter().chain([candidate]).collect())
}
