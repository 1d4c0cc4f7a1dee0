//! The shipped networks against the published totals and well-known shapes.

use crate::blocked::Signedness;
use crate::source::{FileKind, shipped};
use crate::workload::{Network, Op, Parameters, open};

fn network(name: &str) -> Network {
    open(name).unwrap_or_else(|error| panic!("{error}"))
}

fn shape(network: &Network, tensor: &str) -> [u32; 3] {
    let mut tensors = network.tensors.iter();
    let tensor = tensors
        .find(|t| t.name == tensor)
        .expect("a tensor of this name");
    [tensor.channels, tensor.height, tensor.width]
}

/// `macs` within `percent` of `published`.
fn assert_close(macs: u64, published: u64, percent: f64) {
    let error = (macs as f64 / published as f64 - 1.0).abs() * 100.0;
    assert!(error <= percent, "{macs} MACs, published {published}");
}

#[test]
fn every_shipped_network_loads_and_agrees_with_what_it_says_is_published() {
    let names = shipped(FileKind::Workload);
    assert_eq!(names.len(), 10);
    for name in names {
        let network = network(name);
        assert_eq!(network.name, name);
        assert_eq!(network.batch, 1);
        assert_eq!(network.outputs().count(), 1, "{name}");
        let Some(published) = &network.published else {
            assert_eq!(name, "tiny");
            continue;
        };
        assert_eq!(
            network.total_parameters().total(),
            published.parameters,
            "{name}"
        );
        if let Some(macs) = published.macs {
            assert_close(network.total_macs(), macs, 1.0);
        }
    }
}

#[test]
fn alexnet() {
    let network = network("alexnet");
    // Krizhevsky et al. 2012, figure 2: 253,440 (as 55x55x48 per GPU) .. 4096, 4096, 1000 neurons.
    assert_eq!(shape(&network, "conv1"), [96, 55, 55]);
    assert_eq!(shape(&network, "pool1"), [96, 27, 27]);
    assert_eq!(shape(&network, "conv2"), [256, 27, 27]);
    assert_eq!(shape(&network, "conv3"), [384, 13, 13]);
    assert_eq!(shape(&network, "pool5"), [256, 6, 6]);
    // Sze et al., arXiv 1703.09039, table II: 666 M MACs and 2.3 M weights in the convolutions, 58.6 M
    // of each in the fully connected layers, 724 M MACs and 61 M weights in all.
    assert_eq!(network.total_macs(), 724_406_816);
    let total = network.total_parameters();
    assert_eq!((total.weights, total.biases), (60_954_656, 10_568));
    let convolutions = network
        .layer_ids()
        .filter(|&id| matches!(network.layer(id).op, Op::Conv(_)));
    assert_eq!(
        convolutions.map(|id| network.macs(id)).sum::<u64>(),
        665_784_864
    );
    let gemm = network
        .gemm(network.find("conv2").expect("conv2"))
        .expect("on the array");
    assert_eq!((gemm.groups, gemm.m, gemm.n, gemm.k), (2, 729, 128, 1200));
}

#[test]
fn resnets() {
    let resnet18 = network("resnet18");
    // torchvision documentation: 1.81 GFLOPS (meta data: 1.814), 11,689,512 parameters.
    assert_close(resnet18.total_macs(), 1_814_000_000, 0.03);
    assert_eq!(resnet18.total_parameters().total(), 11_689_512);
    let resnet50 = network("resnet50");
    // torchvision documentation: 4.09 GFLOPS (meta data: 4.089), 25,557,032 parameters.
    assert_close(resnet50.total_macs(), 4_089_000_000, 0.03);
    assert_eq!(resnet50.total_parameters().total(), 25_557_032);
    // arXiv 1512.03385, table 1: 112, 56, 28, 14, 7.
    assert_eq!(shape(&resnet50, "conv1"), [64, 112, 112]);
    assert_eq!(shape(&resnet50, "maxpool"), [64, 56, 56]);
    assert_eq!(shape(&resnet50, "layer1.2.add"), [256, 56, 56]);
    assert_eq!(shape(&resnet50, "layer2.0.conv1"), [128, 56, 56]);
    assert_eq!(shape(&resnet50, "layer2.0.conv2"), [128, 28, 28]);
    assert_eq!(shape(&resnet50, "layer4.2.add"), [2048, 7, 7]);
    assert_eq!(shape(&resnet50, "avgpool"), [2048, 1, 1]);
    // 53 convolutions and the classifier.
    assert_eq!(resnet50.array_layers().count(), 54);
    // The block's input goes to its first convolution and to its sum.
    let input = resnet50
        .layer(resnet50.find("layer1.1.conv1").expect("a layer"))
        .inputs[0];
    assert_eq!(resnet50.consumers(input).len(), 2);
}

#[test]
fn vgg16() {
    let network = network("vgg16");
    // torchvision documentation: 15.47 GFLOPS, 138,357,544 parameters.
    assert_close(network.total_macs(), 15_470_000_000, 0.03);
    assert_eq!(network.total_parameters().total(), 138_357_544);
    assert_eq!(shape(&network, "pool5"), [512, 7, 7]);
}

#[test]
fn mobilenet_v2() {
    let network = network("mobilenet_v2");
    // torchvision documentation: 0.30 GFLOPS (meta data: 0.301), 3,504,872 parameters.
    assert_close(network.total_macs(), 301_000_000, 0.1);
    assert_eq!(network.total_parameters().total(), 3_504_872);
    // arXiv 1801.04381, table 2: input sizes 112x112x32 .. 7x7x320, 7x7x1280.
    assert_eq!(shape(&network, "features.0"), [32, 112, 112]);
    assert_eq!(shape(&network, "features.2.depthwise"), [96, 56, 56]);
    assert_eq!(shape(&network, "features.7.project"), [64, 14, 14]);
    assert_eq!(shape(&network, "features.17.project"), [320, 7, 7]);
    assert_eq!(shape(&network, "features.18"), [1280, 7, 7]);
    // A depthwise convolution is as many products as channels, each of one column.
    let gemm = network.gemm(network.find("features.2.depthwise").expect("a layer"));
    let gemm = gemm.expect("on the array");
    assert_eq!((gemm.groups, gemm.m, gemm.n, gemm.k), (96, 56 * 56, 1, 9));
    // The bottleneck is linear, so its output is signed; what relu6 made is not.
    let signs = |name| {
        network
            .output(network.find(name).expect("a layer"))
            .signedness
    };
    assert_eq!(signs("features.3.add"), Signedness::Signed);
    assert_eq!(signs("features.3.depthwise"), Signedness::Unsigned);
}

#[test]
fn bert_base() {
    let network = network("bert_base");
    // Closed form: 12 layers of 4 H^2 + 2 H F weights at 128 tokens, two products of 128 x 128 x H, and
    // the pooler. Published: 22.5 G FLOPs, that is 11.25 G MACs (arXiv 2004.02984).
    let layer = 128 * (4 * 768 * 768 + 2 * 768 * 3072) + 2 * 128 * 128 * 768;
    assert_eq!(network.total_macs(), 12 * layer + 768 * 768);
    assert_close(network.total_macs(), 11_250_000_000, 1.0);
    // 7,087,872 parameters a layer; the pooler has 590,592. With 23,837,184 of the embeddings they are
    // the 109,482,240 of bert-base-uncased.
    assert_eq!(network.total_parameters().total(), 12 * 7_087_872 + 590_592);
    assert_eq!(network.total_parameters().total() + 23_837_184, 109_482_240);
    assert_eq!(
        shape(&network, "encoder.0.attention.scores"),
        [12 * 128, 128, 1]
    );
    assert_eq!(shape(&network, "encoder.11.norm"), [768, 128, 1]);
    assert_eq!(shape(&network, "pooler"), [768, 1, 1]);
    let scores = network.find("encoder.3.attention.scores").expect("a layer");
    let gemm = network.gemm(scores).expect("on the array");
    assert_eq!((gemm.groups, gemm.m, gemm.n, gemm.k), (12, 128, 128, 64));
    assert_eq!(network.parameters(scores), Parameters::default());
    let context = network
        .find("encoder.3.attention.context")
        .expect("a layer");
    let signs = Some([Signedness::Unsigned, Signedness::Signed]);
    assert_eq!(network.operand_signedness(context), signs);
}

#[test]
fn vit_b16() {
    let network = network("vit_b16");
    // torchvision documentation: 17.56 GFLOPS (meta data: 17.564), 86,567,656 parameters.
    assert_close(network.total_macs(), 17_564_000_000, 0.01);
    let total = network.total_parameters();
    assert_eq!(total.total(), 86_567_656);
    // A class token and 197 positions of 768.
    assert_eq!(total.embeddings, 198 * 768);
    assert_eq!(shape(&network, "conv_proj"), [768, 14, 14]);
    assert_eq!(shape(&network, "tokens"), [768, 197, 1]);
    assert_eq!(shape(&network, "encoder.11.mlp.0"), [3072, 197, 1]);
    assert_eq!(shape(&network, "head"), [1000, 1, 1]);
}

#[test]
fn llama_blocks() {
    // LLaMA-7B has 6,738,415,616 parameters: 32 blocks, embedding and output matrix of 32,000 x 4,096,
    // and the last norm.
    let block = (6_738_415_616 - 2 * 32_000 * 4096 - 4096) / 32;
    let prefill = network("llama7b_block_prefill");
    let decode = network("llama7b_block_decode");
    assert_eq!(prefill.total_parameters().total(), block);
    assert_eq!(decode.total_parameters().total(), block);
    // Each token goes through every weight, and sees 512 keys and values in 4,096 channels.
    let weights = 4 * 4096 * 4096 + 3 * 4096 * 11008;
    let token = weights + 2 * 512 * 4096;
    assert_eq!(decode.total_macs(), token);
    assert_eq!(prefill.total_macs(), 512 * token);
    assert_eq!(shape(&decode, "attention.keys"), [4096, 512, 1]);
    assert_eq!(shape(&decode, "attention.scores"), [32 * 512, 1, 1]);
    assert_eq!(shape(&prefill, "attention.scores"), [32 * 512, 512, 1]);
    assert_eq!(shape(&prefill, "ffn.multiply"), [11008, 512, 1]);
}

#[test]
fn tiny() {
    let network = network("tiny");
    assert_eq!(shape(&network, "pool"), [8, 8, 8]);
    // 16 x 16 x 8 x 27, 16 x 16 x 8 x 9, 512 x 10.
    let macs: Vec<u64> = network.layer_ids().map(|id| network.macs(id)).collect();
    assert_eq!(macs, [55_296, 18_432, 0, 0, 5_120]);
    assert_eq!(
        network.total_parameters().total(),
        (216 + 8) + (72 + 8) + (5120 + 10)
    );
}
