//! Cost of a configuration, by simulation.

use super::configuration::Configuration;
use super::evaluator::{Cost, LayerCost};
use crate::approx::{Approximation, LayerFormats, OperandSpec};
use crate::blocked::Rounding;
use crate::sweep::{DesignPoint, Job, JobError};
use crate::workload::Network;

/// Configurations by what they cost: rounding costs nothing in the models of time and energy.
pub(super) struct Priced {
    /// Those that differ.
    pub distinct: Vec<Configuration>,
    /// For each configuration asked for, its index there.
    pub of: Vec<usize>,
}

/// Sorts out which of `configurations` cost the same by definition.
pub(super) fn price(configurations: &[Configuration]) -> Priced {
    let mut priced = Priced {
        distinct: Vec::new(),
        of: Vec::new(),
    };
    for configuration in configurations {
        let plain = without_rounding(configuration);
        let known = priced.distinct.iter().position(|known| *known == plain);
        priced.of.push(known.unwrap_or_else(|| {
            priced.distinct.push(plain);
            priced.distinct.len() - 1
        }));
    }
    priced
}

fn without_rounding(configuration: &Configuration) -> Configuration {
    let operand = |spec| match spec {
        OperandSpec::Blocks { keep, window, .. } => OperandSpec::Blocks {
            keep,
            window,
            rounding: Rounding::Truncate,
        },
        spec => spec,
    };
    let layers = configuration.0.iter().map(|formats| LayerFormats {
        activations: operand(formats.activations),
        weights: operand(formats.weights),
        products: formats.products,
    });
    Configuration(layers.collect())
}

/// Time and energy of `network` at `point` under `configuration`.
///
/// # Errors
/// [`JobError`]: a configuration that the PEs can not do, a network that does not fit.
pub(super) fn simulate(
    point: &DesignPoint,
    network: &Network,
    block_bits: u8,
    configuration: &Configuration,
) -> Result<Cost, JobError> {
    let names: Vec<&str> = network
        .array_layers()
        .map(|id| network.layer(id).name.as_str())
        .collect();
    let config = configuration.to_config("candidate", "", block_bits, &names);
    let point = point.with_approximation(Approximation::from_config(&config)?);
    cost(&point, network)
}

/// Time and energy of `network` at `point` as it is.
///
/// # Errors
/// As [`JobError`] says.
pub(super) fn cost(point: &DesignPoint, network: &Network) -> Result<Cost, JobError> {
    let result = Job::new(point, network).run()?;
    let layers = result.layers.iter();
    Ok(Cost {
        cycles: result.cycles(),
        energy_pj: layers.clone().map(|layer| layer.energy.total_pj()).sum(),
        layers: layers
            .filter(|layer| layer.precision().is_some())
            .map(|layer| LayerCost {
                cycles: layer.run.cycles(),
                energy_pj: layer.energy.total_pj(),
            })
            .collect(),
    })
}
