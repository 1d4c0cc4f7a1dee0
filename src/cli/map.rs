//! `axbxp map`: what the mapper chooses for each layer, and its bounds.

use super::args::{Global, MapArgs};
use super::error::{CliError, Exit};
use super::network;
use super::output::{Output, write_file_with};
use crate::mapping::Mapping;
use crate::report::MappingReport;
use crate::sweep::{DesignPoint, Job, NetworkPart};

/// Runs the command.
pub(super) fn map(args: &MapArgs, global: &Global) -> Result<Exit, CliError> {
    let output = Output::resolve(args.out.as_deref(), false, args.format, global)?;
    if let Some(path) = &args.save {
        output.check_beside("--save", path)?;
    }
    let prices = args.prices.choice();
    let point = DesignPoint::open_priced(&args.arch, args.approx.as_deref(), &prices)?;
    let network = network::open(&args.workload)?;
    let network = match args.batch {
        Some(batch) => network.with_batch(batch),
        None => network,
    };
    let part = NetworkPart::matching(network, &args.layers)
        .map_err(|error| CliError::Usage(format!("--layers {error}")))?;
    let mapping = args.mapping.as_deref().map(Mapping::open).transpose()?;
    let job = Job {
        layers: part.layers.as_deref(),
        mapping: mapping.as_ref(),
        ..Job::new(&point, &part.network)
    };
    let plan = job.network_plan()?;
    if let Some(path) = &args.save {
        let text = plan.mapping_text(&part.network);
        write_file_with(path, |mut file| {
            std::io::Write::write_all(&mut file, text.as_bytes())
        })?;
    }
    output.write(&MappingReport::new(&job, &plan), &[])?;
    Ok(Exit::Done)
}
