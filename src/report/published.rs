//! Published figures that reports show beside ours.

use super::model::PublishedRange;

/// Networks of arXiv 2011.13000, by the names of the shipped workloads.
const NETWORKS: [&str; 3] = ["alexnet", "resnet50", "mobilenet_v2"];

/// The abstract of arXiv 2011.13000 v1 (2020-11-25): system performance and energy against FxP8 with one
/// configuration for the whole network; ranges over its three networks, not figures of each.
const NETWORK_LEVEL: PublishedRange = PublishedRange {
    speedup: (1.29, 1.6),
    energy_ratio: (1.11, 1.34),
    source: "arXiv 2011.13000 v1, abstract: one configuration per network, range over AlexNet, ResNet50, MobileNetV2",
};

/// The same abstract, with a configuration for each layer and data structure.
const PER_LAYER: PublishedRange = PublishedRange {
    speedup: (1.31, 1.93),
    energy_ratio: (1.14, 1.67),
    source: "arXiv 2011.13000 v1, abstract: a configuration for each layer and data structure, range over AlexNet, ResNet50, MobileNetV2",
};

/// Both ranges: one configuration for the network, and one for each layer and data structure.
pub(super) const BOTH: [PublishedRange; 2] = [NETWORK_LEVEL, PER_LAYER];

/// What was published for a workload: one configuration for the network, and one for each layer and data structure.
pub(super) fn ranges(workload: &str) -> Option<[PublishedRange; 2]> {
    NETWORKS.contains(&workload).then_some(BOTH)
}
