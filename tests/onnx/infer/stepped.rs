//! Accumulators against the array in which every PE and every block multiplier works every cycle.

use std::sync::Arc;

use axbxp::approx::LayerPrecision;
use axbxp::blocked::{Rounding, Signedness, Window};
use axbxp::graph::Program;
use axbxp::hw::stepped::GivenOperands;
use axbxp::hw::{Fidelity, Observer, Unobserved, simulate};
use axbxp::infer::{Calibration, ConfiguredModel, QuantisedModel, Scratch};
use axbxp::mapping::{LayerNeeds, Mapping, UnitEnergies, plan};
use axbxp::sweep::DesignPoint;
use axbxp::workload::Model;

use super::accumulators::{below, operand, precision};
use super::networks;
use crate::support::Random;

/// 64-bit FNV-1a of the values' bytes, as the array reports its outputs.
fn hash(values: impl IntoIterator<Item = i32>) -> u64 {
    let bytes = values.into_iter().flat_map(i32::to_le_bytes);
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Runs inference, gives the operands of every layer to the array, and compares all accumulators; returns how many.
pub fn compare(
    model: &Model,
    configured: &ConfiguredModel,
    image: &[f32],
    architecture: &str,
) -> u64 {
    watch(
        model,
        configured,
        image,
        architecture,
        None,
        &mut Unobserved,
    )
}

/// As [`compare`], with an observer of the array and what is fixed of the mapping.
pub fn watch(
    model: &Model,
    configured: &ConfiguredModel,
    image: &[f32],
    architecture: &str,
    mapping: Option<&Mapping>,
    observer: &mut impl Observer,
) -> u64 {
    let network = &model.network;
    let (mut given, mut hashes) = (vec![], vec![]);
    let mut see = |id: axbxp::workload::LayerId, observed: axbxp::infer::Observed<'_>| {
        let weights = configured.base().weights(hashes.len());
        let signedness = network.input(id, 0).signedness;
        let codes = observed.inputs.iter();
        let mut activations: Vec<i32> = codes.map(|&code| operand(code, signedness)).collect();
        let input = network.input(id, 0);
        if let axbxp::workload::Op::FullyConnected(_) = network.layer(id).op {
            // A fully connected layer reads its image channel by channel.
            let (channels, positions) = (input.channels as usize, input.positions() as usize);
            activations = (0..channels * positions)
                .map(|at| activations[at % positions * channels + at / positions])
                .collect();
        }
        let operands = GivenOperands {
            activations,
            weights: weights.iter().map(|&w| i32::from(w)).collect(),
        };
        given.push((id, Arc::new(operands)));
        // The array's outputs are group by group.
        let groups = network.gemm(id).unwrap().groups as usize;
        let channels = network.output(id).channels as usize;
        let pixels = observed.accumulators.chunks_exact(channels);
        let by_group = (0..groups).flat_map(|group| {
            let filters = channels / groups;
            let own = move |pixel: &'_ [i32]| pixel[group * filters..][..filters].to_vec();
            pixels.clone().flat_map(own)
        });
        hashes.push((id, hash(by_group)));
    };
    configured.observe(image, &mut Scratch::default(), &mut see);

    let point = DesignPoint::open(architecture, None).unwrap();
    let needs: Vec<LayerNeeds> = configured
        .precisions()
        .map(|precision| LayerNeeds {
            precision: precision.clone(),
            energies: UnitEnergies::default(),
        })
        .collect();
    let plan = plan(
        &point.architecture,
        &point.memory(),
        network,
        &needs,
        mapping,
    )
    .unwrap();
    let fidelity = Fidelity::Stepped {
        seed: 0,
        given: &given,
    };
    let (architecture, dram) = (&point.architecture, &point.dram);
    let run = simulate(
        architecture,
        dram,
        &Program::layer_by_layer(&plan),
        fidelity,
        observer,
        &|_| {},
    )
    .unwrap();
    let mut compared = 0;
    for (id, expected) in hashes {
        let check = run.layers[id.index()].outputs.unwrap();
        assert_eq!(
            check.hash,
            expected,
            "{}: {:?}",
            network.layer(id).name,
            plan.layers[id.index()].plan.precision()
        );
        compared += check.outputs;
    }
    compared
}

/// Convolutions, strided and dilated, and a fully connected layer.
const LAYERS: &str = "(name: \"layers\", inputs: [(name: \"image\", channels: 3, height: 7, width: 6)], layers: [
    (name: \"first\", op: conv(out_channels: 10, kernel: (3, 3), padding: (1, 1, 1, 1)), activation: Some(relu)),
    (name: \"signed\", op: conv(out_channels: 6, kernel: (1, 1))),
    (name: \"strided\", op: conv(out_channels: 9, kernel: (3, 3), stride: (2, 2), padding: (1, 1, 1, 1)), activation: Some(relu)),
    (name: \"logits\", op: fully_connected(out_features: 5)),
])";

#[test]
fn accumulators_are_those_of_the_stepped_array() {
    let mut random = Random(3);
    let model = networks::model(LAYERS, &mut random);
    let scales = model.network.tensors.iter().map(|tensor| {
        2.0 / match tensor.signedness {
            Signedness::Signed => 127.0,
            Signedness::Unsigned => 255.0,
        }
    });
    let calibration = Calibration {
        scales: scales.collect(),
    };
    let base = Arc::new(QuantisedModel::new(&model, &calibration).unwrap());
    let images = networks::images(&model, 1, &mut random);
    let image = networks::image(&images, 0);
    let signs: Vec<Signedness> = base
        .array_layers()
        .map(|id| model.network.input(id, 0).signedness)
        .collect();
    for (architecture, block_bits) in [("axbxp_k4_8x8", 4), ("axbxp_k2_32x32", 2)] {
        for (kept, products) in [
            ((1, 1), 1),
            ((2, 1), 2),
            ((2, 2), 3),
            ((2, 2), 1),
            ((1, 2), 1),
        ] {
            let rounding = [Rounding::Truncate, Rounding::Nearest][below(&mut random, 2)];
            let window = [Window::Dynamic, Window::Static { top: None }][below(&mut random, 2)];
            let precisions: Vec<LayerPrecision> = signs
                .iter()
                .map(|&sign| precision(sign, block_bits, kept, window, rounding, products))
                .collect();
            let configured = ConfiguredModel::new(&base, &precisions).unwrap();
            assert_eq!(
                compare(&model, &configured, &image, architecture),
                420 + 252 + 108 + 5
            );
        }
    }
}
