//! Corrections, what one layer does to the answers, and that nothing depends on how the work is done.

use std::sync::Arc;

use axbxp::approx::LayerPrecision;
use axbxp::blocked::{Rounding, Window};
use axbxp::infer::{
    ConfiguredModel, Correction, Corrector, FloatNetwork, Images, Logits, Probe, QuantisedModel,
    RangeRule, Scratch, Sensitivity, calibrate, classify, code_histograms, layer_snr,
};
use axbxp::workload::Model;

use super::accumulators::precision;
use super::networks;
use crate::support::Random;

pub struct Small {
    pub model: Model,
    pub images: Images,
    pub indices: Vec<usize>,
}

pub fn small() -> Small {
    let ron = "(name: \"small\", inputs: [(name: \"image\", channels: 3, height: 12, width: 12)], layers: [
        (name: \"a\", op: conv(out_channels: 20, kernel: (3, 3), padding: (1, 1, 1, 1)), activation: Some(relu)),
        (name: \"b\", op: conv(out_channels: 20, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 20), activation: Some(relu6)),
        (name: \"c\", op: conv(out_channels: 20, kernel: (1, 1))),
        (name: \"sum\", op: elementwise(function: add), inputs: Some([\"a\", \"c\"]), activation: Some(relu)),
        (name: \"small\", op: pool(kind: max, kernel: (2, 2))),
        (name: \"mean\", op: pool(kind: average, kernel: (3, 3), stride: Some((2, 2)), padding: (1, 1, 1, 1))),
        (name: \"both\", op: concat(), inputs: Some([\"mean\", \"mean\"])),
        (name: \"logits\", op: fully_connected(out_features: 9)),
        (name: \"softmax\", op: normalisation(function: softmax))])";
    let mut random = Random(7);
    let model = networks::model(ron, &mut random);
    let images = networks::images(&model, 23, &mut random);
    let indices = (0..23).collect();
    Small {
        model,
        images,
        indices,
    }
}

pub fn coarse(base: &QuantisedModel) -> Vec<LayerPrecision> {
    base.array_layers()
        .map(|id| {
            let sign = base.network().input(id, 0).signedness;
            precision(sign, 4, (1, 1), Window::Dynamic, Rounding::Truncate, 1)
        })
        .collect()
}

/// From calibration to classes, the number of threads changes nothing.
#[test]
fn threads_change_nothing() {
    let Small {
        model,
        images,
        indices,
    } = small();
    let float = FloatNetwork::new(&model).unwrap();
    let run = |threads: usize| {
        let mut results = vec![];
        for rule in [
            RangeRule::MinMax,
            RangeRule::Percentile(99.9),
            RangeRule::Mse,
        ] {
            let silent = |_| {};
            let calibration = calibrate(&float, &images, &indices, rule, threads, &silent).unwrap();
            let base = Arc::new(QuantisedModel::new(&model, &calibration).unwrap());
            let coarse = ConfiguredModel::new(&base, &coarse(&base)).unwrap();
            let exact = ConfiguredModel::exact(&base).unwrap();
            let corrector = Corrector::new(exact.clone(), &images, &indices, threads).unwrap();
            let corrected = corrector
                .correct(coarse.clone(), Correction::Scale)
                .unwrap();
            let mut scratch = Scratch::default();
            let logits = corrected
                .logits(&networks::image(&images, 3), &mut scratch)
                .to_vec();
            let classes = classify(&corrected, &images, &indices, threads, &silent).unwrap();
            let snr = layer_snr(&coarse, &exact, &images, &indices, threads).unwrap();
            let histograms = code_histograms(&coarse, &images, &indices, threads).unwrap();
            results.push((calibration, logits, classes, snr, histograms));
        }
        results
    };
    let one = run(1);
    assert_eq!(one, run(3));
    assert_ne!(one[0].0, one[1].0);
}

/// The correction helps, layer by layer and at the end; probes agree with the network on its first layer.
#[test]
fn correction_brings_outputs_nearer() {
    let Small {
        model,
        images,
        indices,
    } = small();
    let base = quantised(&model, &images, &indices);
    let precisions = coarse(&base);
    let plain = ConfiguredModel::new(&base, &precisions).unwrap();
    let exact = ConfiguredModel::exact(&base).unwrap();
    let snr = |model: &ConfiguredModel| layer_snr(model, &exact, &images, &indices, 2).unwrap();
    let corrector = Corrector::new(exact.clone(), &images, &indices, 2).unwrap();
    let corrected = |correction| corrector.correct(plain.clone(), correction).unwrap();
    let [none, bias, scale] = [
        snr(&plain),
        snr(&corrected(Correction::Bias)),
        snr(&corrected(Correction::Scale)),
    ];
    for layer in 0..none.len() {
        assert!(scale[layer].snr_db > bias[layer].snr_db, "layer {layer}");
        assert!(bias[layer].snr_db > none[layer].snr_db, "layer {layer}");
    }
    // A correction of what is exact changes nothing.
    let same = corrector.correct(exact.clone(), Correction::Scale).unwrap();
    assert_eq!(snr(&same), snr(&exact));
    assert!(
        snr(&exact)
            .iter()
            .all(|layer| layer.snr_db == f64::INFINITY)
    );

    let mut scratch = Scratch::default();
    let probe = Probe::new(&base, &images, &indices, usize::MAX, 2).unwrap();
    let first = probe.error(0, &precisions[0], &mut scratch).unwrap();
    assert!((first.snr_db() - none[0].snr_db).abs() < 1e-9);
    assert!((first.corrected_snr_db() - scale[0].snr_db).abs() < 0.01);
    let exact_precision = exact.precisions().next().unwrap();
    let nothing = probe.error(0, exact_precision, &mut scratch).unwrap();
    assert_eq!(nothing.error, 0.0);
    // A few rows tell about as much.
    let few = Probe::new(&base, &images, &indices, 3, 2).unwrap();
    let few = few.error(0, &precisions[0], &mut scratch).unwrap();
    assert!(few.signal < 0.5 * first.signal && (few.snr_db() - first.snr_db()).abs() < 2.0);
}

fn quantised(model: &Model, images: &Images, indices: &[usize]) -> Arc<QuantisedModel> {
    let float = FloatNetwork::new(model).unwrap();
    let rule = RangeRule::MinMax;
    let calibration = calibrate(&float, images, indices, rule, 2, &|_| {}).unwrap();
    Arc::new(QuantisedModel::new(model, &calibration).unwrap())
}

/// One layer alone under another precision, whatever was asked before: what the whole network says of it.
#[test]
fn one_layer_alone_moves_the_answers() {
    let Small {
        model,
        images,
        indices,
    } = small();
    let base = quantised(&model, &images, &indices);
    let exact = ConfiguredModel::exact(&base).unwrap();
    let corrector = Corrector::new(exact.clone(), &images, &indices, 2).unwrap();
    let reference = Logits::of(&exact, &images, usize::MAX, 2).unwrap();
    let divergence = |model: &ConfiguredModel| {
        reference.divergence(&Logits::of(model, &images, usize::MAX, 2).unwrap())
    };
    let of = |correction, threads| {
        Sensitivity::new(exact.clone(), &images, &indices, correction, threads).unwrap()
    };
    let [mut plain, mut scaled] = [(None, 3), (Some(Correction::Scale), 1)].map(|(c, t)| of(c, t));
    let coarse = coarse(&base);
    let last = coarse.len() - 1;
    for layer in [0, 2, 2, 1, last, 0] {
        let mut precisions: Vec<LayerPrecision> = exact.precisions().cloned().collect();
        precisions[layer] = coarse[layer].clone();
        let alone = exact.with_precisions(&precisions).unwrap();
        let found = plain.divergence(layer, &coarse[layer]).unwrap();
        assert_eq!(found, divergence(&alone), "layer {layer}");
        let corrected = scaled.divergence(layer, &coarse[layer]).unwrap();
        assert!(
            corrected > 0.0 && corrected != found,
            "layer {layer}: {found} {corrected}"
        );
        // No layer follows that a correction of the whole network would fit too.
        if layer == last {
            let whole = corrector.correct(alone, Correction::Scale).unwrap();
            assert_eq!(corrected, divergence(&whole));
            assert!(corrected < found);
        }
    }
    let same = exact.precisions().next().unwrap();
    assert_eq!(scaled.divergence(0, same).unwrap(), 0.0);
}
