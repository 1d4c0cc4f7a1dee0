use proptest::prelude::*;

use crate::source::SourceFile;
use crate::workload::{Gemm, Network, load};

const CONV: &str = "Layer name, H, W, Fh, Fw, C, N, Strides,\n";

fn network(text: &str) -> Network {
    load(&SourceFile::from_text("net.csv", text)).expect("imports")
}

fn gemms(network: &Network) -> Vec<Gemm> {
    let ids = network.layer_ids();
    ids.map(|id| network.gemm(id).expect("an array layer"))
        .collect()
}

#[test]
fn names_keep_their_characters_and_repeated_ones_get_a_number() {
    let lines =
        "FC (a/b), 1, 1, 1, 1, 2, 3, 1,\nÜ-1, 1, 1, 1, 1, 2, 3, 1,\nÜ-1, 1, 1, 1, 1, 2, 3, 1,#dw\n";
    let network = network(&format!(
        "{CONV}\n , , ,\n{lines}Ü-1#2, 1, 1, 1, 1, 2, 3, 1,"
    ));
    let names: Vec<_> = network
        .layers
        .iter()
        .map(|layer| layer.name.as_str())
        .collect();
    assert_eq!(names, ["FC (a/b)", "Ü-1", "Ü-1#2", "Ü-1#2#2"]);
    for layer in network.layer_ids() {
        let input = network.input(layer, 0);
        assert_eq!(input.name, format!("{}.ifmap", network.layer(layer).name));
        assert!(input.producer.is_none());
    }
}

#[test]
fn depthwise_layers_are_groups() {
    let network = network(&format!("{CONV}xDPy, 9, 9, 3, 3, 6, 2, 1,\n"));
    let [gemm] = gemms(&network)[..] else {
        panic!("one layer");
    };
    assert_eq!((gemm.groups, gemm.m, gemm.n, gemm.k), (6, 49, 2, 9));
}

#[test]
fn more_positions_than_a_dimension_holds_lie_in_rows_and_columns() {
    let network = network("Layer,M,N,K,\nConv1a,4186116,64,9,\n");
    let [gemm] = gemms(&network)[..] else {
        panic!("one layer");
    };
    assert_eq!((gemm.groups, gemm.m, gemm.n, gemm.k), (1, 4_186_116, 64, 9));
}

proptest! {
    /// Its own formula, `ceil((H - F + s) / s)`, whether the stride divides or not.
    #[test]
    fn outputs_are_as_many_as_there(
        filter in (1u64..12, 1u64..12),
        beyond in (0u64..40, 0u64..40),
        stride in 1u64..9,
        depth in (1u64..9, 1u64..9),
    ) {
        let (height, width) = (filter.0 + beyond.0, filter.1 + beyond.1);
        let line = format!(
            "a, {height}, {width}, {}, {}, {}, {}, {stride},",
            filter.0, filter.1, depth.0, depth.1
        );
        let network = network(&format!("{CONV}{line}\n"));
        let outputs = |size: u64, filter: u64| (size - filter + stride).div_ceil(stride);
        let expected = Gemm {
            groups: 1,
            m: outputs(height, filter.0) * outputs(width, filter.1),
            n: depth.1,
            k: filter.0 * filter.1 * depth.0,
        };
        prop_assert_eq!(gemms(&network), vec![expected]);
    }

    #[test]
    fn no_text_is_too_odd(text in "(L,M,N,K,|a,H,W,F,F,C,N,S,)\n([aD ]{0,3}(,[0-9:# -]{0,3}){0,10}\n){0,4}") {
        let _ = load(&SourceFile::from_text("net.csv", text));
    }
}
