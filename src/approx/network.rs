//! A configuration on the layers of a whole network.

use super::load::Approximation;
use super::precision::LayerPrecision;
use super::resolve::{ArrayLayer, resolve};
use crate::arch::PeKind;
use crate::source::Diagnostics;
use crate::workload::Network;

/// The precision of each layer of `network` that runs on an array of PEs of kind `pe`, in the order of the layers.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_network(
    file: &Approximation,
    pe: &PeKind,
    network: &Network,
) -> Result<Vec<LayerPrecision>, Diagnostics> {
    let layers: Vec<ArrayLayer<'_>> = network
        .array_layers()
        .filter_map(|id| {
            let [activation_signedness, weight_signedness] = network.operand_signedness(id)?;
            Some(ArrayLayer {
                name: &network.layer(id).name,
                activation_signedness,
                weight_signedness,
            })
        })
        .collect();
    resolve(file, pe, &layers)
}
