//! `axbxp compare`: design points x workloads, and `axbxp headline`: the one comparison that this program is for.

use super::args::{CompareArgs, Global, HeadlineArgs, IsoArg, PriceArgs};
use super::error::{CliError, Exit};
use super::network;
use super::output::Output;
use super::plots::Plots;
use super::progress;
use crate::arch::NetworkOptions;
use crate::parallel::threads_or_cores;
use crate::report::headline::Headline;
use crate::report::plot::Detail;
use crate::report::{Report, View};
use crate::sweep::{ComparisonRequest, DesignPoint, Iso, NetworkPart, PriceChoice};

/// Runs `axbxp compare`.
pub(super) fn compare(args: &CompareArgs, global: &Global) -> Result<Exit, CliError> {
    let out = &args.output;
    let output = Output::resolve(out.out.as_deref(), out.plots.is_some(), out.format, global)?;
    let plots = Plots::resolve(out.plots.as_deref(), Detail::Runs, &output, None)?;
    let names = Names {
        points: &args.points,
        workloads: &args.workloads,
        batches: &args.batch,
        sizings: &args.iso,
        prices: &args.prices,
        across: args.network,
        threads: out.threads,
    };
    let report = report(&names.resolve()?, global)?;
    if let Some(plots) = &plots {
        plots.write(&report)?;
    }
    output.write(&report, &[View::Summary])?;
    Ok(Exit::Done)
}

/// Runs `axbxp headline`: as `compare`, with defaults and a table of its own.
pub(super) fn headline(args: &HeadlineArgs, global: &Global) -> Result<Exit, CliError> {
    let output = Output::resolve(args.out.as_deref(), false, args.format, global)?;
    let names = Names {
        points: &args.points,
        workloads: &args.workloads,
        batches: &args.batch,
        sizings: &args.iso,
        prices: &args.prices,
        across: args.network,
        threads: args.threads,
    };
    let report = report(&names.resolve()?, global)?;
    output.write(&Headline::of(&report), &[])?;
    Ok(Exit::Done)
}

fn report(request: &ComparisonRequest, global: &Global) -> Result<Report, CliError> {
    let outcome = progress::of_layers(global.quiet, |progress| request.run(progress))?;
    Ok(Report::of(request, &outcome))
}

/// A comparison as the arguments name it.
struct Names<'a> {
    /// `ARCH` or `ARCH:APPROX`; the first is the baseline.
    points: &'a [String],
    /// Names or files.
    workloads: &'a [String],
    /// Batches; none for the workloads' own.
    batches: &'a [u32],
    /// How arrays are sized against the baseline's.
    sizings: &'a [IsoArg],
    /// Prices.
    prices: &'a PriceArgs,
    /// What every machine does across layers.
    across: Option<NetworkOptions>,
    /// Threads, 0 for one per core.
    threads: usize,
}

impl Names<'_> {
    /// Opens everything named.
    fn resolve(&self) -> Result<ComparisonRequest, CliError> {
        let prices = self.prices.choice();
        let points = self.points.iter().map(|text| open_point(text, &prices));
        let points = points.collect::<Result<Vec<_>, _>>()?;
        let sizings: Vec<Iso> = self.sizings.iter().map(|&iso| iso.into()).collect();
        let parts = self.parts()?;
        let threads = threads_or_cores(self.threads);
        let mut request = ComparisonRequest::new(points, &sizings, parts, threads)?;
        request.across = self.across;
        Ok(request)
    }

    /// Each workload at each batch.
    fn parts(&self) -> Result<Vec<NetworkPart>, CliError> {
        let mut parts = Vec::new();
        for name in self.workloads {
            let network = network::open(name)?;
            if self.batches.is_empty() {
                parts.push(network.into());
            } else {
                let at = |&batch| network.clone().with_batch(batch).into();
                parts.extend(self.batches.iter().map(at));
            }
        }
        Ok(parts)
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
