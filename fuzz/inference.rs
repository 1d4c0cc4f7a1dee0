//! Small networks computed: in floating point, in FxP8, approximated and corrected.

use std::sync::{Arc, LazyLock};

use axbxp::approx::{Approximation, resolve_network};
use axbxp::arch::PeKind;
use axbxp::infer::{
    ConfiguredModel, Correction, Corrector, FloatNetwork, Images, InferError, QuantisedModel,
    RangeRule, Scratch, calibrate,
};
use axbxp::workload::Model;

/// Most MACs of a network, and elements of its tensors together, for it to be computed.
const COMPUTED: (u64, u64) = (1 << 18, 1 << 18);

const PE: PeKind = PeKind::AxBxp {
    block_bits: 4,
    multipliers: 4,
};

static COMPLETE: LazyLock<Approximation> =
    LazyLock::new(|| Approximation::open("k4_l4").expect("shipped"));
static APPROXIMATE: LazyLock<Approximation> =
    LazyLock::new(|| Approximation::open("k4_l2").expect("shipped"));

/// Computes a network if it is small and all that it does can be computed.
pub fn compute(model: &Model) {
    let network = &model.network;
    let elements: u64 = network.tensors.iter().map(|tensor| tensor.elements()).sum();
    if network.total_macs() > COMPUTED.0 || elements > COMPUTED.1 {
        return;
    }
    if let Err(error) = configurations(model) {
        assert!(!error.to_string().is_empty());
    }
}

fn configurations(model: &Model) -> Result<(), InferError> {
    let float = FloatNetwork::new(model)?;
    let shape = float.input_shape();
    let count = 2 * shape.iter().product::<usize>();
    let values = (0..count).map(|i| ((i * 7919) % 257) as f32 / 64.0 - 2.0);
    let images = Images::from_values(shape, values.collect(), vec![0; 2]).expect("two images");
    let calibration = calibrate(&float, &images, &[0, 1], RangeRule::MinMax, 1, &|_| {})?;
    let base = Arc::new(QuantisedModel::new(model, &calibration)?);
    let exact = ConfiguredModel::exact(&base)?;
    let under = |file: &Approximation| {
        let precisions = resolve_network(file, &PE, &model.network).expect("fits every network");
        exact.with_precisions(&precisions)
    };
    let complete = under(&COMPLETE)?;
    let corrector = Corrector::new(exact.clone(), &images, &[0, 1], 1)?;
    let corrected = corrector.correct(under(&APPROXIMATE)?, Correction::Scale)?;
    let mut input = vec![0.0; images.elements()];
    let mut scratch = [(); 3].map(|()| Scratch::default());
    let [first, second, third] = &mut scratch;
    for index in 0..2 {
        images.input(index, &mut input)?;
        let logits = exact.logits(&input, first);
        assert_eq!(
            logits,
            complete.logits(&input, second),
            "all block products"
        );
        let corrected = corrected.logits(&input, third);
        assert!(
            corrected.iter().all(|logit| logit.is_finite()),
            "{corrected:?}"
        );
    }
    Ok(())
}
