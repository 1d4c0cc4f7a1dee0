//! `axbxp compare`: design points x workloads in one table.

use super::args::{CompareArgs, Format, Global, IsoArg};
use super::error::{CliError, Exit};
use super::network;
use super::output::{check_targets, write_report};
use super::plots;
use super::progress;
use crate::hw::Unobserved;
use crate::report::plot::Detail;
use crate::report::{Report, ReportBuilder, View};
use crate::sweep::{
    DesignPoint, Iso, Job, PriceChoice, map_parallel, plan_all, size_points, threads_or_cores,
};
use crate::workload::Network;

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
    let request = ComparisonRequest {
        points: &args.points,
        workloads: &args.workloads,
        batches: &args.batch,
        sizings: &args.iso,
        prices: &args.prices.choice(),
        threads: args.output.threads,
    };
    let report = request.run(global)?;
    if let Some(folder) = &args.output.plots {
        plots::write(&report, folder, Detail::Runs)?;
    }
    let notes = args.output.format == Format::Table && !global.quiet;
    write_report(&report, &args.output, &[View::Summary], notes)?;
    Ok(Exit::Done)
}

/// What a comparison asks for: each workload at each batch on each design point at each sizing.
pub struct ComparisonRequest<'a> {
    /// `ARCH` or `ARCH:APPROX`; the first is the baseline.
    pub points: &'a [String],
    /// Names or files.
    pub workloads: &'a [String],
    /// Batches; none for the workloads' own.
    pub batches: &'a [u32],
    /// How arrays are sized against the baseline's.
    pub sizings: &'a [IsoArg],
    /// Prices.
    pub prices: &'a PriceChoice,
    /// Threads, 0 for one per core.
    pub threads: usize,
}

impl ComparisonRequest<'_> {
    /// Simulates everything, workload by workload, each point against the first.
    pub fn run(&self, global: &Global) -> Result<Report, CliError> {
        let points = self
            .points
            .iter()
            .map(|text| open_point(text, self.prices))
            .collect::<Result<Vec<_>, _>>()?;
        let sizings: Vec<Iso> = self.sizings.iter().map(|&iso| iso.into()).collect();
        let networks = self.networks()?;
        let points = size_points(&points, &sizings)?;
        let jobs: Vec<Job<'_>> = networks
            .iter()
            .flat_map(|network| {
                points
                    .iter()
                    .map(move |sized| Job::new(&sized.point, network))
            })
            .collect();
        let threads = threads_or_cores(self.threads);
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
            let sized = index % points.len();
            match first {
                Some(first) if sized != 0 => report.compare_sized(first, run, &points[sized].iso),
                _ => first = Some(run),
            }
        }
        Ok(report.finish())
    }

    /// Each workload at each batch.
    fn networks(&self) -> Result<Vec<Network>, CliError> {
        let mut networks = Vec::new();
        for name in self.workloads {
            let network = network::open(name)?;
            if self.batches.is_empty() {
                networks.push(network);
            } else {
                let at = |&batch| with_batch(network.clone(), Some(batch));
                networks.extend(self.batches.iter().map(at));
            }
        }
        Ok(networks)
    }
}

/// `ARCH` or `ARCH:APPROX`.
fn open_point(text: &str, prices: &PriceChoice) -> Result<DesignPoint, CliError> {
    let (architecture, approximation) = match text.split_once(':') {
        Some((architecture, approximation)) => (architecture, Some(approximation)),
        None => (text, None),
    };
    Ok(DesignPoint::open_priced(
        architecture,
        approximation,
        prices,
    )?)
}

/// The network with another batch, if one is asked for.
pub fn with_batch(mut network: Network, batch: Option<u32>) -> Network {
    network.batch = batch.unwrap_or(network.batch);
    network
}
