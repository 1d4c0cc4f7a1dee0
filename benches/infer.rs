//! Inference beside `rten` 0.27 in one process: time per image on two threads.
//!
//! `cargo bench --bench infer`. Without `AXBXP_MODELS` a network of ResNet-20's shape with random weights; with it, which names a
//! folder of models, ResNet-20 and MobileNetV2. Rounds of all contenders alternate, and the best of each counts:
//! on a shared machine the rest is others' work.

#[path = "../tests/onnx/infer/networks.rs"]
mod networks;
#[path = "../tests/onnx/infer/onnx_file.rs"]
mod onnx_file;
#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Instant;

use axbxp::approx::{LayerPrecision, OperandFormat};
use axbxp::arch::WindowUse;
use axbxp::blocked::{BlockFormat, ProductSet, Rounding, Signedness, Window};
use axbxp::infer::{
    ConfiguredModel, FloatNetwork, Images, QuantisedModel, RangeRule, calibrate, classify,
};
use axbxp::workload::Model;
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use support::Random;

const THREADS: usize = 2;
const ROUNDS: usize = 9;

/// K, kept blocks of both operands, products: where all are computed and where not.
const CONFIGURATIONS: [(u8, u8, u32); 10] = [
    (4, 1, 1),
    (2, 2, 4),
    (2, 3, 9),
    (4, 2, 3),
    (4, 2, 2),
    (4, 2, 1),
    (2, 2, 3),
    (2, 3, 4),
    (2, 4, 8),
    (2, 4, 15),
];

fn precision(signedness: Signedness, block_bits: u8, kept: u8, products: u32) -> LayerPrecision {
    let format = |signedness| {
        BlockFormat::new(
            8,
            signedness,
            block_bits,
            kept,
            Window::Dynamic,
            Rounding::Nearest,
        )
        .expect("a format")
    };
    LayerPrecision {
        activations: OperandFormat::Blocks(format(signedness)),
        weights: OperandFormat::Blocks(format(Signedness::Signed)),
        products: Some(ProductSet::new(kept, kept, products).expect("a set of products")),
        windows: WindowUse::Dynamic,
    }
}

struct Contender<'a> {
    name: String,
    run: Box<dyn Fn() + 'a>,
    best_ms: f64,
}

fn bench(title: &str, model: &Model, onnx: Vec<u8>, images: &Images) {
    let indices: Vec<usize> = (0..images.len()).collect();
    let silent = |_| {};
    let float = FloatNetwork::new(model).expect("a network");
    let rule = RangeRule::MinMax;
    let calibration = calibrate(
        &float,
        images,
        &indices[..4.min(indices.len())],
        rule,
        THREADS,
        &silent,
    )
    .expect("calibrates");
    let base = Arc::new(QuantisedModel::new(model, &calibration).expect("quantises"));
    let signs: Vec<Signedness> = base
        .array_layers()
        .map(|id| base.network().input(id, 0).signedness)
        .collect();

    let mut models = vec![(
        "FxP8".to_owned(),
        ConfiguredModel::exact(&base).expect("exact"),
    )];
    for (block_bits, kept, products) in CONFIGURATIONS {
        let precisions: Vec<LayerPrecision> = signs
            .iter()
            .map(|&sign| precision(sign, block_bits, kept, products))
            .collect();
        let all = u32::from(kept * kept);
        let name = format!("K={block_bits} n={kept} L={products} of {all}");
        models.push((
            name,
            ConfiguredModel::new(&base, &precisions).expect("fits"),
        ));
    }

    let options = rten::RunOptions::default()
        .with_thread_pool(Some(Arc::new(rten::ThreadPool::with_num_threads(THREADS))));
    let oracle = rten::Model::load(onnx).expect("rten reads it");
    let [height, width, channels] = images.shape();
    let mut batch = NdTensor::zeros([images.len(), channels, height, width]);
    for &index in &indices {
        let image = networks::image(images, index);
        let mut values = image.iter();
        for row in 0..height {
            for column in 0..width {
                for (channel, &x) in (0..channels).zip(&mut values) {
                    batch[[index, channel, row, column]] = x;
                }
            }
        }
    }
    let mut contenders = vec![];
    // Files may fix the batch to 1.
    if oracle
        .run_one(batch.view().into(), Some(options.clone()))
        .is_ok()
    {
        contenders.push(Contender {
            name: "rten float, one batch".into(),
            run: Box::new(|| {
                let outputs = oracle.run_one(batch.view().into(), Some(options.clone()));
                outputs.expect("rten runs");
            }),
            best_ms: f64::MAX,
        });
    }
    contenders.push(Contender {
        name: "rten float, image by image".into(),
        run: Box::new(|| {
            for index in 0..indices.len() {
                let image = batch.slice((index..index + 1,));
                let image: NdTensor<f32, 4> = image.to_tensor();
                let outputs = oracle.run_one(image.view().into(), Some(options.clone()));
                outputs.expect("rten runs");
            }
        }),
        best_ms: f64::MAX,
    });
    let all = &indices[..];
    contenders.push(Contender {
        name: "float".into(),
        run: Box::new(|| {
            classify(&float, images, all, THREADS, &silent).expect("classifies");
        }),
        best_ms: f64::MAX,
    });
    for (name, model) in &models {
        contenders.push(Contender {
            name: name.clone(),
            run: Box::new(move || {
                classify(model, images, all, THREADS, &|_| {}).expect("classifies");
            }),
            best_ms: f64::MAX,
        });
    }
    for _ in 0..ROUNDS {
        for contender in &mut contenders {
            let start = Instant::now();
            (contender.run)();
            let ms = start.elapsed().as_secs_f64() * 1e3 / images.len() as f64;
            contender.best_ms = contender.best_ms.min(ms);
        }
    }
    let oracles = contenders.iter().filter(|one| one.name.starts_with("rten"));
    let reference = oracles.map(|one| one.best_ms).fold(f64::MAX, f64::min);
    println!("{title}, {} images, {THREADS} threads", images.len());
    for Contender { name, best_ms, .. } in &contenders {
        println!(
            "  {name:28} {best_ms:8.3} ms an image  {:5.2}x rten",
            best_ms / reference
        );
    }
}

/// A model of the folder, on random images.
fn trained(folder: &std::path::Path, name: &str, file: &str, count: usize) {
    let path = folder.join(file);
    let bytes = std::fs::read(&path).expect("a model");
    let model = axbxp::workload::onnx::import(name, &bytes).expect("imports");
    let images = networks::images(&model, count, &mut Random(1));
    bench(name, &model, bytes, &images);
}

fn main() {
    let Some(folder) = std::env::var_os("AXBXP_MODELS").map(std::path::PathBuf::from) else {
        let mut random = Random(1);
        let model = networks::model(&networks::resnet20(), &mut random);
        let images = networks::images(&model, 64, &mut random);
        let onnx = onnx_file::encode(&model);
        return bench("ResNet-20's shape, random weights", &model, onnx, &images);
    };
    let file = "resnet20_cifar10/resnet20_cifar10_fp32.onnx";
    trained(&folder, "ResNet-20", file, 64);
    let file = "mobilenetv2_imagenet/mobilenet_v2_1.0_224_qat_fp32.onnx";
    trained(&folder, "MobileNetV2", file, 4);
}
