//! `axbxp compare`: design points x workloads in one table.

use super::args::{CompareArgs, Format, Global};
use super::error::{CliError, Exit};
use super::output::{check_targets, write_report};
use super::plots;
use super::progress;
use crate::hw::Unobserved;
use crate::report::plot::Detail;
use crate::report::{ReportBuilder, View};
use crate::sweep::{DesignPoint, Job, map_parallel, plan_all, threads_or_cores};
use crate::workload::{self, Network};

/// Runs the command.
pub fn compare(args: &CompareArgs, global: &Global) -> Result<Exit, CliError> {
    check_targets(args.output.out.as_deref(), None)?;
    if let Some(folder) = &args.output.plots {
        plots::check(
            folder,
            Detail::Runs,
            &[("--out", args.output.out.as_deref())],
        )?;
    }
    let points = args
        .points
        .iter()
        .map(|text| open_point(text))
        .collect::<Result<Vec<_>, _>>()?;
    let networks = args
        .workloads
        .iter()
        .map(|name| Ok(with_batch(workload::open(name)?, args.batch)))
        .collect::<Result<Vec<_>, CliError>>()?;
    let jobs: Vec<Job<'_>> = networks
        .iter()
        .flat_map(|network| {
            points.iter().map(move |point| Job {
                point,
                network,
                layers: None,
                stepped: None,
            })
        })
        .collect();
    let threads = threads_or_cores(args.output.threads);
    let jobs = plan_all(&jobs, threads)?;
    let bar = progress::bar(&jobs, global.quiet);
    let results = map_parallel(&jobs, threads, |_, job| {
        job.run(&mut Unobserved, &|_| bar.inc(1))
    });
    bar.finish_and_clear();
    let mut report = ReportBuilder::default();
    let mut first = None;
    for (index, (job, result)) in jobs.iter().zip(results).enumerate() {
        let run = report.add_run(job.job().point, job.job().network, &result?);
        match first {
            Some(first) if index % points.len() != 0 => report.compare(first, run),
            _ => first = Some(run),
        }
    }
    let notes = args.output.format == Format::Table && !global.quiet;
    let report = report.finish();
    if let Some(folder) = &args.output.plots {
        plots::write(&report, folder, Detail::Runs)?;
    }
    write_report(&report, &args.output, &[View::Summary], notes)?;
    Ok(Exit::Done)
}

/// `ARCH` or `ARCH:APPROX`.
fn open_point(text: &str) -> Result<DesignPoint, CliError> {
    let (architecture, approximation) = match text.split_once(':') {
        Some((architecture, approximation)) => (architecture, Some(approximation)),
        None => (text, None),
    };
    Ok(DesignPoint::open(architecture, approximation)?)
}

/// The network with another batch, if one is asked for.
pub fn with_batch(mut network: Network, batch: Option<u32>) -> Network {
    network.batch = batch.unwrap_or(network.batch);
    network
}
