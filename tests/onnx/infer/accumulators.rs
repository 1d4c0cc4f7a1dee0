//! Accumulators against products composed one by one, and codes against plain integer arithmetic.

use std::sync::Arc;

use axbxp::approx::{LayerPrecision, OperandFormat};
use axbxp::arch::WindowUse;
use axbxp::blocked::{BlockFormat, ProductSet, Rounding, Signedness, Window, multiply};
use axbxp::infer::{Calibration, ConfiguredModel, QuantisedModel, Scratch};
use axbxp::workload::{Conv, LayerId, Model, Network, Op};

use super::networks;
use crate::support::Random;

/// 0 to `end - 1`.
pub fn below(random: &mut Random, end: usize) -> usize {
    (random.bits() % end as u64) as usize
}

/// Two operands' product in the hardware.
type Product = Box<dyn Fn(u8, i8) -> i32>;

pub fn operand(code: u8, signedness: Signedness) -> i32 {
    match signedness {
        Signedness::Signed => i32::from(code as i8),
        Signedness::Unsigned => i32::from(code),
    }
}

/// The product of every pair under a precision of blocks, one by one.
fn product_of(precision: &LayerPrecision) -> Product {
    let (OperandFormat::Blocks(a), OperandFormat::Blocks(w)) =
        (&precision.activations, &precision.weights)
    else {
        panic!("blocks");
    };
    let (a, w) = (*a, *w);
    let products = precision.products.unwrap();
    Box::new(move |activation, weight| {
        let activation = a.encode(operand(activation, a.signedness())).unwrap();
        let weight = w.encode(i32::from(weight)).unwrap();
        multiply((&a, activation), (&w, weight), &products)
    })
}

/// The sums of a convolution (or fully connected layer) loop by loop, wrapping at 32 bits.
fn direct(
    network: &Network,
    id: LayerId,
    inputs: &[u8],
    weights: &[i8],
    product: &Product,
) -> Vec<i32> {
    let (input, output) = (network.input(id, 0), network.output(id));
    let sizes = |n: u32| n as usize;
    let [height, width, channels] = [input.height, input.width, input.channels].map(sizes);
    let whole;
    let conv = match &network.layer(id).op {
        Op::Conv(conv) => conv,
        _ => {
            whole = Conv {
                out_channels: output.channels,
                kernel: [input.height, input.width],
                stride: [1, 1],
                padding: Default::default(),
                dilation: [1, 1],
                groups: 1,
                bias: true,
                batch_norm: false,
            };
            &whole
        }
    };
    let [kernel_height, kernel_width] = conv.kernel.map(sizes);
    let per_group = channels / sizes(conv.groups);
    let outputs_per_group = sizes(conv.out_channels) / sizes(conv.groups);
    let mut sums = vec![];
    for row in 0..sizes(output.height) {
        for column in 0..sizes(output.width) {
            for out in 0..sizes(output.channels) {
                let mut sum = 0i32;
                for channel in 0..per_group {
                    for tap in 0..kernel_height * kernel_width {
                        let place = |output: usize, tap: usize, axis: usize, before: u32, size| {
                            (output * sizes(conv.stride[axis]) + tap * sizes(conv.dilation[axis]))
                                .checked_sub(sizes(before))
                                .filter(|&place| place < size)
                        };
                        let y = place(row, tap / kernel_width, 0, conv.padding.top, height);
                        let x = place(column, tap % kernel_width, 1, conv.padding.left, width);
                        let (Some(y), Some(x)) = (y, x) else { continue };
                        let in_channel = out / outputs_per_group * per_group + channel;
                        let code = inputs[(y * width + x) * channels + in_channel];
                        let index =
                            (out * per_group + channel) * kernel_height * kernel_width + tap;
                        sum = sum.wrapping_add(product(code, weights[index]));
                    }
                }
                sums.push(sum);
            }
        }
    }
    sums
}

/// Every sort of array layer, one after the other.
pub const LAYERS: &str = "(name: \"layers\", inputs: [(name: \"image\", channels: 3, height: 8, width: 7)], layers: [
    (name: \"first\", op: conv(out_channels: 18, kernel: (3, 3), padding: (1, 1, 1, 1)), activation: Some(relu)),
    (name: \"signed\", op: conv(out_channels: 12, kernel: (1, 1))),
    (name: \"strided\", op: conv(out_channels: 20, kernel: (3, 2), stride: (1, 2), padding: (1, 0, 1, 0)), activation: Some(relu6)),
    (name: \"depthwise\", op: conv(out_channels: 20, kernel: (3, 3), padding: (1, 1, 1, 1), groups: 20), activation: Some(relu)),
    (name: \"groups\", op: conv(out_channels: 8, kernel: (3, 3), dilation: (2, 1), padding: (2, 2, 0, 1), groups: 4)),
    (name: \"logits\", op: fully_connected(out_features: 7)),
])";

struct Case {
    model: Model,
    base: Arc<QuantisedModel>,
    image: Vec<f32>,
}

fn case(random: &mut Random) -> Case {
    let model = networks::model(LAYERS, random);
    let scales = model.network.tensors.iter().map(|tensor| {
        2.5 / match tensor.signedness {
            Signedness::Signed => 127.0,
            Signedness::Unsigned => 255.0,
        }
    });
    let calibration = Calibration {
        scales: scales.collect(),
    };
    let base = Arc::new(QuantisedModel::new(&model, &calibration).unwrap());
    let images = networks::images(&model, 1, random);
    let image = networks::image(&images, 0);
    Case { model, base, image }
}

/// Compares all layers under `precisions`.
fn compare(case: &Case, precisions: &[LayerPrecision]) {
    let configured = ConfiguredModel::new(&case.base, precisions).unwrap();
    let mut index = 0;
    let mut see = |id: LayerId, observed: axbxp::infer::Observed<'_>| {
        let product = product_of(&precisions[index]);
        let weights = case.base.weights(index);
        let expected = direct(&case.model.network, id, observed.inputs, weights, &product);
        let name = &case.model.network.layer(id).name;
        assert!(
            observed.accumulators == expected,
            "{name} under {:?}",
            precisions[index]
        );
        let requantiser = case.base.requantiser(index);
        let channels = requantiser.bias.len();
        for (at, (&accumulator, &code)) in expected.iter().zip(observed.codes).enumerate() {
            let channel = at % channels;
            let scaler = requantiser.scalers[channel];
            let sum = i128::from(accumulator) + i128::from(requantiser.bias[channel]);
            let scaled = sum * i128::from(scaler.multiplier);
            let half = if scaler.shift == 0 {
                0
            } else {
                1i128 << (scaler.shift - 1)
            };
            let rounded = ((scaled.abs() + half) >> scaler.shift) * scaled.signum();
            let range = requantiser.range;
            let clamped = rounded.clamp(i128::from(range.low), i128::from(range.high));
            assert_eq!(code, clamped as u8, "{name}: code of {accumulator}");
        }
        index += 1;
    };
    configured.observe(&case.image, &mut Scratch::default(), &mut see);
    assert_eq!(index, precisions.len());
}

pub fn precision(
    signedness: Signedness,
    block_bits: u8,
    (kept_activation, kept_weight): (u8, u8),
    window: Window,
    rounding: Rounding,
    products: u32,
) -> LayerPrecision {
    let format = |signedness, kept| {
        let blocks = BlockFormat::exact(8, signedness, block_bits)
            .unwrap()
            .blocks();
        let window = match window {
            Window::Static { top: Some(top) } => Window::Static {
                top: Some(top.clamp(kept - 1, blocks - 1)),
            },
            other => other,
        };
        BlockFormat::new(8, signedness, block_bits, kept, window, rounding).unwrap()
    };
    LayerPrecision {
        activations: OperandFormat::Blocks(format(signedness, kept_activation)),
        weights: OperandFormat::Blocks(format(Signedness::Signed, kept_weight)),
        products: Some(ProductSet::new(kept_activation, kept_weight, products).unwrap()),
        windows: WindowUse::Dynamic,
    }
}

fn signedness(base: &QuantisedModel) -> Vec<Signedness> {
    let network = base.network();
    base.array_layers()
        .map(|id| network.input(id, 0).signedness)
        .collect()
}

/// All numbers of kept blocks, of products, windows and roundings, on every sort of layer.
#[test]
fn accumulators_are_the_sums_of_composed_products() {
    let mut random = Random(1);
    let case = case(&mut random);
    let signs = signedness(&case.base);
    assert!(signs.contains(&Signedness::Signed) && signs.contains(&Signedness::Unsigned));
    let thorough = crate::support::thorough();
    let mut configurations = 0;
    for block_bits in [1, 2, 3, 4, 8] {
        let blocks = 7u8.div_ceil(block_bits);
        for kept_activation in 1..=blocks {
            for kept_weight in 1..=blocks {
                for products in 1..=u32::from(kept_activation) * u32::from(kept_weight) {
                    // Blocks of 4 and 2 bits whole; of others a sample.
                    if !thorough && below(&mut random, if block_bits == 4 { 1 } else { 8 }) > 0 {
                        continue;
                    }
                    let windows = [
                        Window::Dynamic,
                        Window::Static { top: None },
                        Window::Static { top: Some(1) },
                    ];
                    let window = windows[below(&mut random, 3)];
                    let rounding = [Rounding::Truncate, Rounding::Nearest][below(&mut random, 2)];
                    let kept = (kept_activation, kept_weight);
                    let of = |&sign| precision(sign, block_bits, kept, window, rounding, products);
                    compare(&case, &signs.iter().map(of).collect::<Vec<_>>());
                    configurations += 1;
                }
            }
        }
    }
    assert!(configurations > 20);
}

/// A block count of unsigned operands that signed ones do not have.
#[test]
fn layers_take_different_precisions() {
    let mut random = Random(2);
    let case = case(&mut random);
    let precisions: Vec<LayerPrecision> = signedness(&case.base)
        .into_iter()
        .enumerate()
        .map(|(index, sign)| {
            let kept = (1 + index as u8 % 4, 4 - index as u8 % 4);
            let products = 1 + below(&mut random, usize::from(kept.0 * kept.1)) as u32;
            precision(sign, 2, kept, Window::Dynamic, Rounding::Nearest, products)
        })
        .collect();
    compare(&case, &precisions);
}
