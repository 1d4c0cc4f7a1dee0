//! Random models and inputs.

use axbxp::infer::Images;
use axbxp::source::SourceFile;
use axbxp::workload::{self, LayerWeights, Model};

use crate::support::Random;

/// The network that a RON text describes, with random weights that keep values of size 1.
pub fn model(ron: &str, random: &mut Random) -> Model {
    let file = SourceFile::from_text("test.ron", ron);
    let network = workload::load(&file).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let weights = network.layer_ids().map(|id| {
        let gemm = network.gemm(id)?;
        let spread = (3.0 / gemm.k as f32).sqrt();
        let count = gemm.weight_elements();
        Some(LayerWeights {
            values: (0..count).map(|_| random.unit() * spread).collect(),
            bias: (0..gemm.n * gemm.groups)
                .map(|_| random.unit() * 0.3)
                .collect(),
        })
    });
    Model {
        weights: weights.collect(),
        ranges: vec![None; network.tensors.len()],
        network,
    }
}

/// Random images for a model, `[height, width, channels]` each.
pub fn images(model: &Model, count: usize, random: &mut Random) -> Images {
    let input = &model.network.tensors[0];
    let shape = [input.height, input.width, input.channels].map(|size| size as usize);
    let length = shape.iter().product::<usize>() * count;
    let unsigned = input.signedness == axbxp::blocked::Signedness::Unsigned;
    let values = (0..length).map(|_| {
        let value = random.unit();
        if unsigned { value.abs() } else { value }
    });
    Images::from_values(shape, values.collect(), vec![0; count]).unwrap()
}

/// One image.
pub fn image(images: &Images, index: usize) -> Vec<f32> {
    let mut values = vec![0.0; images.elements()];
    images.input(index, &mut values).unwrap();
    values
}

/// ResNet-20 for CIFAR-10, with shortcuts that drop rows and columns and add channels of zeros.
pub fn resnet20() -> String {
    let mut layers = vec![
        "(name: \"conv1\", op: conv(out_channels: 16, kernel: (3, 3), padding: (1, 1, 1, 1)), activation: Some(relu))"
            .to_owned(),
    ];
    let mut previous = "conv1".to_owned();
    for stage in 0..3_u32 {
        let channels = 16 << stage;
        for block in 0..3 {
            let name = format!("s{stage}b{block}");
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let mut shortcut = previous.clone();
            if stride == 2 {
                layers.push(format!(
                    "(name: \"{name}_cut\", op: slice(rows: Some({0}), row_step: 2, columns: Some({0}), column_step: 2), inputs: Some([\"{previous}\"]))",
                    32 >> stage
                ));
                layers.push(format!(
                    "(name: \"{name}_pad\", op: pad(channels: ({0}, {0})))",
                    channels / 4
                ));
                shortcut = format!("{name}_pad");
            }
            layers.push(format!(
                "(name: \"{name}_1\", op: conv(out_channels: {channels}, kernel: (3, 3), stride: ({stride}, {stride}), padding: (1, 1, 1, 1)), activation: Some(relu), inputs: Some([\"{previous}\"]))"
            ));
            layers.push(format!(
                "(name: \"{name}_2\", op: conv(out_channels: {channels}, kernel: (3, 3), padding: (1, 1, 1, 1)))"
            ));
            layers.push(format!(
                "(name: \"{name}\", op: elementwise(function: add), activation: Some(relu), inputs: Some([\"{name}_2\", \"{shortcut}\"]))"
            ));
            previous = name;
        }
    }
    layers.push("(name: \"pool\", op: global_pool(kind: average))".to_owned());
    layers.push("(name: \"linear\", op: fully_connected(out_features: 10))".to_owned());
    format!(
        "(name: \"resnet20\", inputs: [(name: \"image\", channels: 3, height: 32, width: 32)], layers: [{}])",
        layers.join(",\n")
    )
}
