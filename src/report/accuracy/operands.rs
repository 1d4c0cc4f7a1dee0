//! Counted switching as the file that energies are computed with.

use super::build::{correction_name, pe_name, range_name};
use crate::approx::{LayerPrecision, OperandFormat};
use crate::energy::{
    LayerOperands, OperandActivityFile, OperandStatistics, SignMagnitude, TwosComplement,
};
use crate::infer::measure::{Arithmetic, Candidate, Measurement, MeasurementRequest};
use crate::infer::switching::{LayerSwitching, MagnitudeToggles, TwosComplementToggles};

/// Operand statistics of every layer of the array: in two's complement those of FxP8, as signs and magnitudes those of the
/// last configuration. Without one, or where switching was not counted, there are no layers.
pub fn operand_activity(
    request: &MeasurementRequest,
    measurement: &Measurement,
) -> OperandActivityFile {
    let network = &request.trained.model.network;
    let fxp8 = measurement
        .candidates
        .iter()
        .find(|candidate| candidate.arithmetic == Arithmetic::Fxp8);
    let approximate =
        |candidate: &&Candidate| matches!(candidate.arithmetic, Arithmetic::Approximate { .. });
    let configured = measurement.candidates.iter().rfind(approximate);
    let name = configured.map_or(String::new(), configuration_name);
    let pairs = fxp8
        .zip(configured)
        .into_iter()
        .flat_map(|(fxp8, configured)| {
            let layers = fxp8.switching.iter().zip(&configured.switching);
            layers.zip(&configured.precisions)
        });
    OperandActivityFile {
        name: format!("{}:{name}", request.file.description().name),
        source: source(request, measurement, &name),
        layers: pairs
            .map(|((fxp8, configured), precision)| LayerOperands {
                layers: network.layer(configured.layer).name.clone(),
                operands: statistics(fxp8, configured, precision),
            })
            .collect(),
        default: None,
    }
}

/// `k4_l2`, `k4_l2+scale`.
fn configuration_name(candidate: &Candidate) -> String {
    match &candidate.arithmetic {
        Arithmetic::Approximate {
            name,
            correction: Some(correction),
        } => format!("{name}+{}", correction_name(Some(*correction))),
        Arithmetic::Approximate { name, .. } => name.clone(),
        Arithmetic::Float | Arithmetic::Fxp8 => String::new(),
    }
}

fn source(request: &MeasurementRequest, measurement: &Measurement, configuration: &str) -> String {
    let MeasurementRequest {
        file, architecture, ..
    } = request;
    let order = architecture.array.dataflow.name();
    let macs = request.switching.map_or(0, |asked| asked.sampling.macs);
    format!(
        "axbxp {} accuracy: {} on {} images of the {} set, about {macs} MACs of a layer and image, in the \
         order of an {order} array; twos_complement under FxP8, sign_magnitude under {configuration} in {} PEs; ranges by {} of \
         {} calibration images",
        env!("CARGO_PKG_VERSION"),
        file.description().name,
        measurement.switching_images,
        request.set.name(),
        pe_name(&architecture.array.pe),
        range_name(request.range),
        measurement.calibration_images,
    )
}

fn statistics(
    fxp8: &LayerSwitching,
    configured: &LayerSwitching,
    precision: &LayerPrecision,
) -> OperandStatistics {
    let TwosComplementToggles {
        macs,
        operand_bits,
        partial_products,
    } = fxp8.twos_complement;
    let two = TwosComplement::of_toggles(mean(operand_bits, macs), mean(partial_products, macs));
    let MagnitudeToggles {
        macs,
        partial_products,
        changed_products,
    } = configured.sign_magnitude;
    // Without blocks the one product is that of all bits.
    let (block_bits, products) = match (&precision.weights, &precision.products) {
        (OperandFormat::Blocks(format), Some(products)) => {
            (format.block_bits(), products.computed())
        }
        _ => (8, 1),
    };
    let sign = SignMagnitude::of_toggles(
        mean(partial_products, macs),
        block_bits,
        products,
        mean(changed_products, macs),
    );
    OperandStatistics {
        twos_complement: TwosComplement {
            operand_toggle_rate: rounded(two.operand_toggle_rate),
            partial_product_toggle_rate: rounded(two.partial_product_toggle_rate),
        },
        sign_magnitude: SignMagnitude {
            partial_product_toggle_rate: rounded(sign.partial_product_toggle_rate),
            changed_products: rounded(sign.changed_products),
        },
    }
}

fn mean(sum: u64, count: u64) -> f64 {
    sum as f64 / count.max(1) as f64
}

/// To five places, beyond which a sample says nothing.
fn rounded(rate: f64) -> f64 {
    (rate * 1e5).round() / 1e5
}
