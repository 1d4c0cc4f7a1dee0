//! Slices and padding, value by value: what a tile of the output is made of is loaded with it; joined positions.

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::super::file::TileSizes;
use super::super::lower::{Lowered, VectorLayer, lower};
use super::super::memory::TensorLayout;
use super::super::vector_plan::VectorPlan;
use super::cases::limits;
use super::schedule::bytes_of;
use crate::arch::PerOperand;
use crate::source::SourceFile;
use crate::workload::{self, Network, Op, Slice, Span};

const IMAGES: u32 = 2;

/// A network of one layer on an image.
fn network(shape: [u32; 3], op: &str) -> Option<Network> {
    let [channels, height, width] = shape;
    let text = format!(
        "(name: \"net\", batch: {IMAGES}, inputs: [(name: \"image\", channels: {channels}, height: {height}, \
         width: {width})], layers: [(name: \"x\", op: {op})])"
    );
    workload::load(&SourceFile::from_text("net.ron", text)).ok()
}

/// The input position (channel, row, column) behind an output's; none where it is a zero.
fn source(op: &Op, shape: [u32; 3], output: [u32; 3]) -> Option<[u32; 3]> {
    match op {
        Op::Slice(Slice {
            channels,
            rows,
            columns,
        }) => {
            let from = |span: &Option<Span>, at: u32| span.map_or(at, |s| s.first + at * s.step);
            let [c, y, x] = output;
            Some([from(channels, c), from(rows, y), from(columns, x)])
        }
        Op::Pad(op) => {
            let before = [op.channels[0], op.rows[0], op.columns[0]];
            let mut at = [0; 3];
            for axis in 0..3 {
                at[axis] = output[axis].checked_sub(before[axis])?;
                if at[axis] >= shape[axis] {
                    return None;
                }
            }
            Some(at)
        }
        other => panic!("{other:?}"),
    }
}

fn tiles(extent: u32, size: u32) -> Vec<Range<u32>> {
    (0..extent.div_ceil(size))
        .map(|index| index * size..((index + 1) * size).min(extent))
        .collect()
}

fn assert_loaded(shape: [u32; 3], network: &Network, bits: u32, capacity_bits: u64) {
    let layer = &network.layers[0];
    let Lowered::Vector(vector) = lower(network, layer) else {
        panic!("{:?} on the array", layer.op)
    };
    let [channels, rows, columns] = shape;
    let input = TensorLayout::dense(4096, channels, rows, columns, bits);
    let made = network.output(workload::LayerId(0));
    let output = TensorLayout::dense(1 << 20, made.channels, made.height, made.width, bits);
    let plan = VectorPlan {
        images: IMAGES,
        rows: vector.rows,
        columns: vector.columns,
        channels: vector.channels,
        operations_per_value: vector.operations_per_value,
        whole_channels: vector.whole_channels,
        pieces: vector.arrangement.pieces(&[input], &output),
        tile: [1; 3],
        slots: PerOperand::same(1),
    };
    let Ok(plan) = plan.fit(&limits([capacity_bits; 3]), &TileSizes::default()) else {
        return;
    };
    let schedule = plan.schedule();
    let mut steps = schedule.steps.iter();
    let mut all = BTreeSet::new();
    let [tile_rows, tile_columns, tile_channels] = plan.tile;
    for image in 0..IMAGES {
        for ys in tiles(made.height, tile_rows) {
            for xs in tiles(made.width, tile_columns) {
                for cs in tiles(made.channels, tile_channels) {
                    let step = steps.next().expect("a step for each tile");
                    let loads =
                        step.loads.activation.start as usize..step.loads.activation.end as usize;
                    let loaded: BTreeSet<u64> = schedule.transfers[loads]
                        .iter()
                        .flat_map(bytes_of)
                        .collect();
                    for [c, y, x] in places(&cs, &ys, &xs) {
                        let Some([c, y, x]) = source(&layer.op, shape, [c, y, x]) else {
                            continue;
                        };
                        let pixel = input.base
                            + u64::from(image) * input.image_bytes
                            + u64::from(y) * input.row_pitch
                            + u64::from(x) * input.pixel_pitch;
                        let bit = u64::from(c * bits);
                        let last = bit + u64::from(bits) - 1;
                        for byte in pixel + bit / 8..=pixel + last / 8 {
                            assert!(loaded.contains(&byte), "channel {c}, row {y}, column {x}");
                        }
                    }
                    all.extend(loaded);
                }
            }
        }
    }
    assert!(steps.next().is_none());
    let end = input.base + u64::from(IMAGES) * input.image_bytes;
    assert!(all.iter().all(|byte| (input.base..end).contains(byte)));
}

fn places<'r>(
    cs: &'r Range<u32>,
    ys: &'r Range<u32>,
    xs: &'r Range<u32>,
) -> impl Iterator<Item = [u32; 3]> + 'r {
    cs.clone().flat_map(move |c| {
        ys.clone()
            .flat_map(move |y| xs.clone().map(move |x| [c, y, x]))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn tiles_load_what_they_are_made_of(
        shape in prop::array::uniform3(1..9u32),
        spans in prop::array::uniform3((0..4u32, 1..4u32, 1..4u32)),
        sides in prop::array::uniform6(0..4u32),
        bits in 1..9u32,
        capacity_bits in prop::sample::select(vec![64u64, 600, 1 << 20]),
    ) {
        let [c, y, x] = spans;
        let slice = format!(
            "slice(first_channel: {}, channels: {}, channel_step: {}, first_row: {}, rows: {}, row_step: {}, \
             first_column: {}, columns: {}, column_step: {})",
            c.0, c.1, c.2, y.0, y.1, y.2, x.0, x.1, x.2
        );
        let [a, b, d, e, f, g] = sides;
        let pad = format!("pad(channels: ({a}, {b}), rows: ({d}, {e}), columns: ({f}, {g}))");
        for op in [slice, pad] {
            if let Some(network) = network(shape, &op) {
                assert_loaded(shape, &network, bits, capacity_bits);
            }
        }
    }
}

/// The plan of a layer for one image, in buffers of a mebibit each.
fn planned(vector: VectorLayer, inputs: &[TensorLayout], output: &TensorLayout) -> VectorPlan {
    let plan = VectorPlan {
        images: 1,
        rows: vector.rows,
        columns: vector.columns,
        channels: vector.channels,
        operations_per_value: vector.operations_per_value,
        whole_channels: vector.whole_channels,
        pieces: vector.arrangement.pieces(inputs, output),
        tile: [1; 3],
        slots: PerOperand::same(1),
    };
    plan.fit(&limits([1 << 20; 3]), &TileSizes::default())
        .expect("it fits")
}

/// A padded image is loaded once; rows of zeros load nothing.
#[test]
fn padding_loads_the_image_once() {
    let shape = [4, 3, 5];
    let network = network(shape, "pad(rows: (20, 0), columns: (2, 1))").expect("a network");
    let Lowered::Vector(vector) = lower(&network, &network.layers[0]) else {
        panic!("on the array")
    };
    let input = TensorLayout::dense(0, 4, 3, 5, 8);
    let output = TensorLayout::dense(4096, 4, 23, 8, 8);
    let plan = planned(vector, &[input], &output);
    assert_eq!(plan.schedule().bytes(), (4 * 3 * 5, 4 * 23 * 8));
}

/// A concatenation along positions moves every position of maps of several columns too.
#[test]
fn positions_of_maps_are_all_joined() {
    let text = r#"(name: "joined", inputs: [(name: "token", channels: 4), (name: "map", channels: 4, height: 3, width: 5)],
        layers: [(name: "layer", op: concat(axis: positions), inputs: ["token", "map"])])"#;
    let file = SourceFile::from_text("joined.ron", text.to_string());
    let network = workload::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
    let Lowered::Vector(vector) = lower(&network, &network.layers[0]) else {
        panic!("on the array")
    };
    let token = TensorLayout::dense(0, 4, 1, 1, 8);
    let map = TensorLayout::dense(4096, 4, 3, 5, 8);
    let output = TensorLayout::dense(8192, 4, 16, 1, 8);
    let plan = planned(vector, &[token, map], &output);
    assert_eq!(plan.schedule().bytes(), (4 * 16, 4 * 16));
}
