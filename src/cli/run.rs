//! `axbxp run`: a network on an architecture, beside its baseline.

use super::args::{ArrayFidelity, Format, Global, RunArgs, RunView};
use super::compare::with_batch;
use super::error::{CliError, Exit};
use super::network;
use super::output::{check_targets, write_report};
use super::plots;
use super::progress;
use super::trace;
use super::wave;
use crate::hw::Unobserved;
use crate::report::plot::Detail;
use crate::report::{ReportBuilder, View};
use crate::source;
use crate::sweep::{DesignPoint, Job, map_parallel, plan_all, threads_or_cores};
use crate::workload::{LayerId, Network};

/// Runs the command.
pub fn run(args: &RunArgs, global: &Global) -> Result<Exit, CliError> {
    let views = views(args)?;
    check_targets(args.output.out.as_deref(), args.trace.as_deref())?;
    if let Some(folder) = &args.output.plots {
        plots::check(
            folder,
            Detail::Layers,
            &[
                ("--out", args.output.out.as_deref()),
                ("--trace", args.trace.as_deref()),
            ],
        )?;
    }
    let candidate =
        DesignPoint::open_priced(&args.arch, args.approx.as_deref(), &args.prices.choice())?;
    let baseline = open_baseline(args, &candidate)?;
    if args.trace_baseline && baseline.is_none() {
        return Err(CliError::Usage(format!(
            "--trace-baseline: `{}` runs without a baseline",
            candidate.architecture.name
        )));
    }
    if views.contains(&View::Ratios) && baseline.is_none() {
        return Err(CliError::Usage(format!(
            "--view ratios: `{}` runs without a baseline",
            candidate.architecture.name
        )));
    }
    wave::check(
        args,
        match &baseline {
            Some(baseline) if args.trace_baseline => &baseline.architecture,
            _ => &candidate.architecture,
        },
    )?;
    let network = with_batch(network::open(&args.workload)?, args.batch);
    let chosen = choose_layers(&network, &args.layers)?;
    // The baseline first: it is what the other is compared with.
    let points: Vec<&DesignPoint> = baseline.iter().chain([&candidate]).collect();
    let network = &network;
    let jobs: Vec<Job<'_>> = points
        .iter()
        .map(|point| {
            let mut job = Job::new(point, network);
            if let Some(layers) = chosen.as_deref() {
                job = job.layers(layers);
            }
            match args.fidelity {
                ArrayFidelity::Stepped => job.stepped(args.seed),
                ArrayFidelity::Wavefront => job,
            }
        })
        .collect();
    let threads = threads_or_cores(args.output.threads);
    let jobs = plan_all(&jobs, threads)?;
    let bar = progress::bar(&jobs, global.quiet);
    let traced = if args.trace_baseline {
        0
    } else {
        jobs.len() - 1
    };
    let results = map_parallel(&jobs, threads, |index, job| match &args.trace {
        Some(path) if index == traced => trace::run_traced(job, path, args, &|_| bar.inc(1)),
        _ => Ok(job.run(&mut Unobserved, &|_| bar.inc(1))?),
    });
    bar.finish_and_clear();
    let mut report = ReportBuilder::default();
    let mut first = None;
    for (job, result) in jobs.iter().zip(results) {
        let run = report.add_run(job.job().point, network, &result?);
        match first {
            Some(first) => report.compare(first, run),
            None => first = Some(run),
        }
    }
    let notes = args.output.format == Format::Table && !global.quiet;
    let report = report.finish();
    if let Some(folder) = &args.output.plots {
        plots::write(&report, folder, Detail::Layers)?;
    }
    write_report(&report, &args.output, &views, notes)?;
    Ok(Exit::Done)
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

fn open_baseline(args: &RunArgs, candidate: &DesignPoint) -> Result<Option<DesignPoint>, CliError> {
    Ok(match args.baseline.as_deref() {
        None => candidate.open_baseline()?,
        Some("none") => None,
        Some(name) => Some(DesignPoint::open_priced(name, None, &args.prices.choice())?),
    })
}

/// The layers that match one of the patterns; none stands for all.
fn choose_layers(network: &Network, patterns: &[String]) -> Result<Option<Vec<LayerId>>, CliError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let names = || network.layers.iter().map(|layer| layer.name.as_str());
    for pattern in patterns {
        if !names().any(|name| source::matches(pattern, name)) {
            let hint = source::nearest(pattern, names())
                .map(|name| format!("; did you mean `{name}`?"))
                .unwrap_or_default();
            return Err(CliError::Usage(format!(
                "--layers {pattern}: no layer of `{}` matches{hint}",
                network.name
            )));
        }
    }
    let chosen = network.layer_ids().filter(|&id| {
        patterns
            .iter()
            .any(|pattern| source::matches(pattern, &network.layer(id).name))
    });
    Ok(Some(chosen.collect()))
}
