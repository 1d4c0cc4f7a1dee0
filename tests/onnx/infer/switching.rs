//! How operands switch: against what stands at the multipliers of the stepped array cycle by cycle, bit by bit, and
//! against what can be said without counting.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axbxp::approx::{Approximation, LayerPrecision, OperandFormat, resolve_network};
use axbxp::arch::{Dataflow, PeKind};
use axbxp::blocked::{BlockFormat, ProductSet, Rounding, Signedness, Window};
use axbxp::energy::{OperandActivity, OperandStatistics, SignMagnitude, TwosComplement};
use axbxp::hw::{ArrayProbe, Observer};
use axbxp::infer::model_file::{ModelBundle, SetName};
use axbxp::infer::switching::{
    LayerSwitching, MagnitudeToggles, Sampling, TwosComplementToggles, operand_switching,
};
use axbxp::infer::{
    Calibration, ConfiguredModel, FloatNetwork, Images, QuantisedModel, RangeRule, calibrate,
};
use axbxp::mapping::Mapping;
use axbxp::sim::Tick;
use axbxp::source::SourceFile;
use axbxp::workload::{LayerWeights, Model};

use super::accumulators::{LAYERS, precision};
use super::{networks, stepped};
use crate::support::{self, Random, thorough};

const FXP8: PeKind = PeKind::Fxp { bits: 8 };
const K4: PeKind = PeKind::AxBxp {
    block_bits: 4,
    multipliers: 4,
};
const K2: PeKind = PeKind::AxBxp {
    block_bits: 2,
    multipliers: 16,
};

/// All MACs in the order of an array.
fn all(dataflow: Dataflow) -> Sampling {
    Sampling {
        dataflow,
        macs: u64::MAX,
    }
}

fn quantised(model: &Model, greatest: f32) -> Arc<QuantisedModel> {
    let scales = model.network.tensors.iter().map(|tensor| {
        greatest
            / match tensor.signedness {
                Signedness::Signed => 127.0,
                Signedness::Unsigned => 255.0,
            }
    });
    let calibration = Calibration {
        scales: scales.collect(),
    };
    Arc::new(QuantisedModel::new(model, &calibration).unwrap())
}

/// Pairs of activation and weight, one after the other.
type Line = Vec<(i32, i32)>;

/// What each PE multiplies in each fold of each layer: step by step, in a step lane by lane.
#[derive(Default)]
struct Watch {
    layer: u32,
    rows: u32,
    columns: u32,
    /// Of layer, row, column and fold: steps, and pairs.
    lines: BTreeMap<(u32, u32, u32, u64), (usize, Line)>,
}

impl Observer for Watch {
    fn layer_begins(&mut self, index: u32, _at: Tick) {
        self.layer = index;
    }

    fn array_cycle(&mut self, array: &dyn ArrayProbe, _at: Tick) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                let pe = array.pe(row, column);
                let Some(token) = pe.token else { continue };
                assert_eq!(token.phase, 0, "one cycle a step");
                let place = (self.layer, row, column, token.fold);
                let (steps, line) = self.lines.entry(place).or_default();
                assert_eq!(*steps, token.step);
                *steps += 1;
                line.extend(pe.activations.into_iter().zip(pe.weights));
            }
        }
    }
}

/// The bits of a value, the lowest first.
fn bits(value: u32, count: u32) -> impl Iterator<Item = bool> + Clone {
    (0..count).map(move |bit| value >> bit & 1 == 1)
}

/// Each bit of one with each of the other.
fn partial_products(
    a: impl Iterator<Item = bool>,
    w: impl Iterator<Item = bool> + Clone,
) -> Vec<bool> {
    a.flat_map(|a| w.clone().map(move |w| a && w)).collect()
}

/// Partial products of 8-bit codes.
fn twos_complement((a, w): (i32, i32)) -> (Vec<bool>, Vec<bool>) {
    let [a, w] = [a, w].map(|x| u32::from(x as u8));
    let operands = bits(a, 8).chain(bits(w, 8)).collect();
    (operands, partial_products(bits(a, 8), bits(w, 8)))
}

/// Partial products of the block products that are computed.
fn computed(
    (a, w): (&BlockFormat, &BlockFormat),
    products: &ProductSet,
    pair: (i32, i32),
) -> Vec<bool> {
    let (activation, weight) = (a.encode(pair.0).unwrap(), w.encode(pair.1).unwrap());
    let width = u32::from(a.block_bits());
    let blocks = products
        .iter()
        .map(|(u, v)| (a.block(activation, u) as u32, w.block(weight, v) as u32));
    blocks
        .flat_map(|(a, w)| partial_products(bits(a, width), bits(w, width)))
        .collect()
}

fn differ(a: &[bool], b: &[bool]) -> u64 {
    a.iter().zip(b).filter(|(a, b)| a != b).count() as u64
}

/// Each pair and the one `distance` before it.
fn successive(line: &Line, distance: usize) -> impl Iterator<Item = [(i32, i32); 2]> {
    line.iter()
        .zip(&line[distance.min(line.len())..])
        .map(|(&before, &now)| [before, now])
}

fn count_twos_complement(lines: &[Line]) -> TwosComplementToggles {
    let mut counts = TwosComplementToggles::default();
    for pair in lines.iter().flat_map(|line| successive(line, 1)) {
        let [before, now] = pair.map(twos_complement);
        counts.macs += 1;
        counts.operand_bits += differ(&before.0, &now.0);
        counts.partial_products += differ(&before.1, &now.1);
    }
    assert!(counts.macs > 0);
    counts
}

fn count_magnitudes(lines: &[Line], lanes: usize, precision: &LayerPrecision) -> MagnitudeToggles {
    let (OperandFormat::Blocks(a), OperandFormat::Blocks(w)) =
        (&precision.activations, &precision.weights)
    else {
        panic!("blocks");
    };
    let mut counts = MagnitudeToggles::default();
    for pair in lines.iter().flat_map(|line| successive(line, lanes)) {
        let products = precision.products.as_ref().unwrap();
        let [before, now] = pair.map(|pair| computed((a, w), products, pair));
        counts.macs += 1;
        counts.partial_products += differ(&before, &now);
        counts.changed_products += u64::from(before.contains(&true) || now.contains(&true));
    }
    assert!(counts.macs > 0);
    counts
}

/// Runs the array on the operands that inference finds, and gives what its PEs multiply in each layer of the array, fold by
/// fold.
fn lines_of(
    model: &Model,
    configured: &ConfiguredModel,
    image: &[f32],
    architecture: &str,
    (rows, columns): (u32, u32),
    mapping: Option<&Mapping>,
) -> Vec<Vec<Line>> {
    let mut watch = Watch {
        rows,
        columns,
        ..Watch::default()
    };
    stepped::watch(model, configured, image, architecture, mapping, &mut watch);
    let mut by_layer: Vec<Vec<Line>> = vec![vec![]; model.network.layers.len()];
    for ((layer, ..), (_, line)) in watch.lines {
        by_layer[layer as usize].push(line);
    }
    by_layer.retain(|lines| !lines.is_empty());
    by_layer
}

/// Folds of `reduction` MACs an output, where those of a reduction that is cut into tiles follow each other in a PE; what is
/// beyond the reduction are lanes that its last step leaves empty.
fn reductions(folds: &[Line], reduction: usize) -> Vec<Line> {
    let mut whole: Vec<Line> = vec![];
    for fold in folds {
        match whole.last_mut() {
            Some(last) if last.len() < reduction => last.extend(fold),
            _ => whole.push(fold.clone()),
        }
    }
    for line in &mut whole {
        assert!(line.len() >= reduction);
        line.truncate(reduction);
    }
    whole
}

/// Every sort of array layer, with one to four MACs a cycle: the order of the array, bit by bit.
#[test]
fn operands_come_as_in_the_stepped_array() {
    let mut random = Random(21);
    let model = networks::model(LAYERS, &mut random);
    let base = quantised(&model, 2.5);
    let images = networks::images(&model, 1, &mut random);
    let image = networks::image(&images, 0);
    let signs: Vec<Signedness> = base
        .array_layers()
        .map(|id| model.network.input(id, 0).signedness)
        .collect();
    let order = all(Dataflow::OutputStationary);

    let lengths: Vec<usize> = base
        .array_layers()
        .map(|id| model.network.gemm(id).unwrap().k as usize)
        .collect();

    let exact = ConfiguredModel::exact(&base).unwrap();
    let folds = lines_of(&model, &exact, &image, "fxp8_8x8", (8, 8), None);
    let counted = operand_switching(&exact, &FXP8, &images, &[0], order, 1).unwrap();
    assert_eq!((counted.len(), folds.len()), (6, 6));
    for ((counted, folds), &length) in counted.iter().zip(&folds).zip(&lengths) {
        let expected = count_twos_complement(&reductions(folds, length));
        assert_eq!(counted.twos_complement, expected);
    }

    for (kept, products, window, rounding) in [
        ((2, 2), 4, Window::Dynamic, Rounding::Truncate),
        ((2, 2), 3, Window::Dynamic, Rounding::Truncate),
        ((2, 1), 2, Window::Dynamic, Rounding::Nearest),
        ((1, 2), 2, Window::Static { top: None }, Rounding::Truncate),
        ((2, 2), 1, Window::Dynamic, Rounding::Truncate),
        ((1, 1), 1, Window::Dynamic, Rounding::Nearest),
    ] {
        let precisions: Vec<LayerPrecision> = signs
            .iter()
            .map(|&sign| precision(sign, 4, kept, window, rounding, products))
            .collect();
        let configured = ConfiguredModel::new(&base, &precisions).unwrap();
        let folds = lines_of(&model, &configured, &image, "axbxp_k4_8x8", (8, 8), None);
        let counted = operand_switching(&configured, &K4, &images, &[0], order, 1).unwrap();
        let lanes = 4 / products as usize;
        for (index, (counted, folds)) in counted.iter().zip(&folds).enumerate() {
            let lines = reductions(folds, lengths[index]);
            let expected = count_magnitudes(&lines, lanes, &precisions[index]);
            assert_eq!(counted.sign_magnitude, expected, "{:?}", precisions[index]);
        }
    }
}

/// Where weights or activations stay, operands come position by position or filter by filter. The view into the array
/// leaves out its last column, and so does the layer of which the switching is counted: a filter, or an output.
#[test]
fn operands_come_as_in_arrays_where_they_stay() {
    for (architecture, dataflow, [height, width, filters], counted) in [
        (
            "fxp8_32x32_ws",
            Dataflow::WeightStationary,
            [6, 5, 32],
            [6, 5, 31],
        ),
        (
            "fxp8_32x32_is",
            Dataflow::InputStationary,
            [1, 32, 20],
            [1, 31, 20],
        ),
    ] {
        let of = |[height, width, filters]: [usize; 3]| {
            let ron = format!(
                "(name: \"wide\", inputs: [(name: \"image\", channels: 32, height: {height}, width: {width})],
                  layers: [(name: \"only\", op: conv(out_channels: {filters}, kernel: (1, 1)))])"
            );
            let mut model = networks::model(&ron, &mut Random(22));
            let images = networks::images(&model, 1, &mut Random(23));
            // Biases are drawn after weights, of which there may be fewer.
            model.weights[0].as_mut().unwrap().bias.fill(0.0);
            let exact = ConfiguredModel::exact(&quantised(&model, 2.0)).unwrap();
            (model, exact, images)
        };
        let (model, exact, images) = of([height, width, filters]);
        let image = networks::image(&images, 0);
        // One tile: in another, operands begin anew.
        let text = "(mappings: [(layers: \"only\", tile: (rows: 32, columns: 32, filters: 32, channels: 32))])";
        let whole = Mapping::load(SourceFile::from_text("whole.ron", text)).unwrap();
        let lines = lines_of(&model, &exact, &image, architecture, (32, 32), Some(&whole));
        let expected = count_twos_complement(&lines[0]);
        let (_, exact, images) = of(counted);
        let counted = operand_switching(&exact, &FXP8, &images, &[0], all(dataflow), 1).unwrap();
        assert_eq!(counted[0].twos_complement, expected, "{architecture}");
    }
}

/// A layer of 1 x 1 kernels with these codes of activations (`[positions][channels]`) and of weights
/// (`[filters][channels]`), of which one of each filter is 127 or all are zero.
fn one_layer(activations: &[Vec<u8>], weights: &[Vec<i8>]) -> (ConfiguredModel, Images) {
    let (positions, channels) = (activations.len(), activations[0].len());
    let ron = format!(
        "(name: \"one\", inputs: [(name: \"image\", channels: {channels}, height: 1, width: {positions}, signed: false)],
          layers: [(name: \"only\", op: conv(out_channels: {}, kernel: (1, 1)))])",
        weights.len()
    );
    let mut model = networks::model(&ron, &mut Random(0));
    model.weights[0] = Some(LayerWeights {
        values: weights.iter().flatten().map(|&w| f32::from(w)).collect(),
        bias: vec![0.0; weights.len()],
    });
    let scales = vec![1.0; model.network.tensors.len()];
    let base = Arc::new(QuantisedModel::new(&model, &Calibration { scales }).unwrap());
    let values = activations.iter().flatten().map(|&a| f32::from(a));
    let images = Images::from_values([1, positions, channels], values.collect(), vec![0]).unwrap();
    let exact = precision(
        Signedness::Unsigned,
        4,
        (2, 2),
        Window::Dynamic,
        Rounding::Truncate,
        4,
    );
    (ConfiguredModel::new(&base, &[exact]).unwrap(), images)
}

fn count(model: &(ConfiguredModel, Images), pe: &PeKind) -> LayerSwitching {
    let order = all(Dataflow::OutputStationary);
    operand_switching(&model.0, pe, &model.1, &[0], order, 1).unwrap()[0]
}

#[test]
fn operands_that_stay_do_not_switch() {
    let model = one_layer(&[vec![85; 10], vec![85; 10]], &[vec![127; 10]]);
    let counts = count(&model, &K4);
    let (two, sign) = (counts.twos_complement, counts.sign_magnitude);
    assert_eq!(
        (two.macs, two.operand_bits, two.partial_products),
        (18, 0, 0)
    );
    // The accumulator goes on changing.
    assert_eq!(
        (sign.macs, sign.partial_products, sign.changed_products),
        (18, 0, 18)
    );
}

#[test]
fn alternating_operands_switch_all_that_there_is() {
    // 255 and 0 with 127: eight bits of sixteen, eight times seven partial products.
    let alternating: Vec<u8> = (0..10).map(|k| if k % 2 == 0 { 255 } else { 0 }).collect();
    let model = one_layer(&[alternating], &[vec![127; 10]]);
    let counts = count(&model, &K4);
    let two = counts.twos_complement;
    assert_eq!((two.macs, two.operand_bits), (9, 9 * 8));
    assert_eq!(two.partial_products, 9 * 56);
    assert_eq!(counts.sign_magnitude.partial_products, 9 * 56);
    assert_eq!(counts.sign_magnitude.changed_products, 9);

    // Zeros with 127 and -127 (01111111, 10000001): seven bits of the weight, and nothing else.
    let signs: Vec<i8> = (0..10)
        .map(|k| if k % 2 == 0 { 127 } else { -127 })
        .collect();
    let counts = count(&one_layer(&[vec![0; 10]], &[signs]), &K4);
    assert_eq!(counts.twos_complement.operand_bits, 9 * 7);
    assert_eq!(counts.twos_complement.partial_products, 0);
    let sign = counts.sign_magnitude;
    assert_eq!((sign.partial_products, sign.changed_products), (0, 0));

    // 255, 0, 0, 255, ...: only a zero after a zero leaves the accumulator alone.
    let pairs: Vec<u8> = (0..9).map(|k| if k % 3 == 0 { 255 } else { 0 }).collect();
    let counts = count(&one_layer(&[pairs], &[vec![127; 9]]), &K4);
    assert_eq!(counts.sign_magnitude.changed_products, 8 - 3);
}

/// A reduction of one MAC follows that of another output.
#[test]
fn reductions_of_one_mac() {
    let activations: Vec<Vec<u8>> = (0..20).map(|_| vec![15]).collect();
    let counts = count(&one_layer(&activations, &[vec![127], vec![127]]), &K4);
    // The first of 40 follows zeros: four bits and seven.
    assert_eq!(counts.twos_complement.macs, 40);
    assert_eq!(counts.twos_complement.operand_bits, 11);
    assert_eq!(counts.twos_complement.partial_products, 28);
    assert_eq!(counts.sign_magnitude.partial_products, 28);
    assert_eq!(counts.sign_magnitude.changed_products, 40);
}

fn statistics(counts: &LayerSwitching, block_bits: u8, products: u32) -> OperandStatistics {
    let (two, sign) = (counts.twos_complement, counts.sign_magnitude);
    let mean = |sum: u64, macs: u64| sum as f64 / macs as f64;
    OperandStatistics {
        twos_complement: TwosComplement::of_toggles(
            mean(two.operand_bits, two.macs),
            mean(two.partial_products, two.macs),
        ),
        sign_magnitude: SignMagnitude::of_toggles(
            mean(sign.partial_products, sign.macs),
            block_bits,
            products,
            mean(sign.changed_products, sign.macs),
        ),
    }
}

/// The fields of statistics.
fn rates(statistics: &OperandStatistics) -> [f64; 4] {
    let (two, sign) = (&statistics.twos_complement, &statistics.sign_magnitude);
    [
        two.operand_toggle_rate,
        two.partial_product_toggle_rate,
        sign.partial_product_toggle_rate,
        sign.changed_products,
    ]
}

/// Uniformly random operands switch as the shipped file of that name says.
#[test]
fn random_operands_switch_as_uniform_ones() {
    let ron = "(name: \"random\", inputs: [(name: \"image\", channels: 400, height: 8, width: 8)], layers: [
        (name: \"only\", op: conv(out_channels: 16, kernel: (1, 1)))])";
    let mut random = Random(23);
    let model = networks::model(ron, &mut random);
    let base = quantised(&model, 1.0);
    let images = networks::images(&model, 1, &mut random);
    let file = OperandActivity::open("uniform").unwrap();
    let expected = rates(&file.resolve(&["only"]).unwrap()[0]);
    for (pe, block_bits, blocks) in [(K4, 4, 2u8), (K2, 2, 4)] {
        let all_products = u32::from(blocks * blocks);
        let exact = precision(
            Signedness::Signed,
            block_bits,
            (blocks, blocks),
            Window::Dynamic,
            Rounding::Truncate,
            all_products,
        );
        let configured = ConfiguredModel::new(&base, &[exact]).unwrap();
        let order = all(Dataflow::OutputStationary);
        let counts = operand_switching(&configured, &pe, &images, &[0], order, 1).unwrap();
        let found = rates(&statistics(&counts[0], block_bits, all_products));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 0.01, "{found} {expected}");
        }
    }
}

/// A trained network under a configuration, and images of its report.
fn trained(description: &str, root: Option<&Path>, approximation: &str, count: u64) -> Trained {
    let file = ModelBundle::open(description, root).unwrap();
    let trained = file.trained().unwrap();
    let float = FloatNetwork::new(&trained.model).unwrap();
    let calibration = file.images_for(&float, SetName::Calibration, Some(50));
    let calibration = calibration.unwrap();
    let indices: Vec<usize> = (0..calibration.len()).collect();
    let ranges = calibrate(
        &float,
        &calibration,
        &indices,
        RangeRule::MinMax,
        2,
        &|_| {},
    );
    let base = Arc::new(QuantisedModel::new(&trained.model, &ranges.unwrap()).unwrap());
    let approximation = Approximation::open(approximation).unwrap();
    let precisions = resolve_network(&approximation, &K4, &trained.model.network).unwrap();
    Trained {
        configured: ConfiguredModel::new(&base, &precisions).unwrap(),
        precisions,
        images: file
            .images_for(&float, SetName::Report, Some(count))
            .unwrap(),
    }
}

struct Trained {
    configured: ConfiguredModel,
    precisions: Vec<LayerPrecision>,
    images: Images,
}

impl Trained {
    /// Of all images, or of some.
    fn rates(&self, macs: u64, indices: &[usize], threads: usize) -> Vec<[f64; 4]> {
        let sampling = Sampling {
            dataflow: Dataflow::OutputStationary,
            macs,
        };
        let counts = operand_switching(
            &self.configured,
            &K4,
            &self.images,
            indices,
            sampling,
            threads,
        );
        let layers = counts.unwrap().into_iter().zip(&self.precisions);
        layers
            .map(|(counts, precision)| {
                let products = precision.products.as_ref().unwrap().computed();
                rates(&statistics(&counts, 4, products))
            })
            .collect()
    }
}

/// The greatest difference of a rate between two samples.
fn difference(first: &[[f64; 4]], second: &[[f64; 4]]) -> f64 {
    let rates = first.iter().flatten().zip(second.iter().flatten());
    rates.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The sample that `axbxp accuracy` takes, beside all MACs of the same images, and beside half of the images.
fn compare_sample(name: &str, trained: &Trained) -> f64 {
    let indices: Vec<usize> = (0..trained.images.len()).collect();
    let sample = trained.rates(16_384, &indices, 2);
    assert_eq!(sample, trained.rates(16_384, &indices, 1));
    let whole = trained.rates(u64::MAX, &indices, 2);
    let halves = indices.split_at(indices.len() / 2);
    let [first, second] = [halves.0, halves.1].map(|indices| trained.rates(u64::MAX, indices, 2));
    let worst = difference(&sample, &whole);
    println!(
        "{name}, {} images: a sample differs from all MACs by {worst:.4}, one half of the images from the other by {:.4}",
        indices.len(),
        difference(&first, &second)
    );
    worst
}

#[test]
fn a_sample_is_like_all_macs() {
    let images = if thorough() { 64 } else { 8 };
    let worst = compare_sample(
        "fashion_cnn",
        &trained("fashion_cnn", None, "k4_l2", images),
    );
    assert!(worst < 0.01, "{worst}");
}

/// As above, of ResNet-8 in the folder that `AXBXP_MODELS` names.
#[test]
fn a_sample_of_resnet8() {
    let Some(root) = support::models() else {
        return;
    };
    let images = if thorough() { 64 } else { 4 };
    let path = support::path("tests/models/resnet8.ron");
    let trained = trained(path.to_str().unwrap(), Some(&root), "k4_l2", images);
    let worst = compare_sample("resnet8", &trained);
    assert!(worst < 0.01, "{worst}");
}
