//! Slices and padding, value by value: what a tile of the output is made of is loaded with it; joined positions.

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::super::file::TileSizes;
use super::super::lower::{Lowered, VectorLayer, lower};
use super::super::memory::TensorLayout;
use super::super::schedule::{Schedule, Step, Transfer, VectorWork, Work};
use super::super::tiling::DoesNotFit;
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
    let Ok(plan) = fitted(vector, &[input], &output, IMAGES, capacity_bits) else {
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
    fitted(vector, inputs, output, 1, 1 << 20).expect("it fits")
}

/// The plan of a layer in buffers of `capacity_bits` each.
fn fitted(
    vector: VectorLayer,
    inputs: &[TensorLayout],
    output: &TensorLayout,
    images: u32,
    capacity_bits: u64,
) -> Result<VectorPlan, DoesNotFit> {
    let plan = VectorPlan {
        images,
        rows: vector.rows,
        columns: vector.columns,
        channels: vector.channels,
        operations_per_value: vector.operations_per_value,
        reach: vector.reach,
        pieces: vector.arrangement.pieces(inputs, output),
        tile: [1; 3],
        slots: PerOperand::same(1),
    };
    plan.fit(&limits([capacity_bits; 3]), &TileSizes::default())
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

/// The plan of a normalisation of values of `bits` bits, in buffers of `capacity_bits` each.
fn normalisation(
    shape: [u32; 3],
    function: &str,
    groups: u32,
    bits: u32,
    capacity_bits: u64,
) -> Result<VectorPlan, DoesNotFit> {
    let op = format!("normalisation(function: {function}, groups: {groups})");
    let network = network(shape, &op).expect("a network");
    let Lowered::Vector(vector) = lower(&network, &network.layers[0]) else {
        panic!("on the array")
    };
    let [channels, rows, columns] = shape;
    let input = TensorLayout::dense(0, channels, rows, columns, bits);
    let output = TensorLayout::dense(1 << 30, channels, rows, columns, bits);
    fitted(vector, &[input], &output, IMAGES, capacity_bits)
}

fn work_of(step: &Step) -> VectorWork {
    match step.work {
        Work::Vector(work) => work,
        Work::Array(_) => panic!("{step:?} on the array"),
    }
}

fn operations(schedule: &Schedule) -> u64 {
    let steps = schedule.steps.iter();
    steps.map(|step| work_of(step).operations).sum()
}

/// A softmax over 262,144 channels in 8 groups: several groups to a tile, one, or each in parts.
#[test]
fn whole_channels_are_cut_by_groups_and_in_passes() {
    let channels = 1 << 18;
    let values = u64::from(IMAGES) * 6 * u64::from(channels);
    let plan_in = |capacity_bits| normalisation([channels, 2, 3], "softmax", 8, 8, capacity_bits);
    // Bits of a tile are half of the buffer's; a group has 2^18.
    for (capacity_bits, of_tile, steps_per_pixel, reads) in [
        (1 << 22, 1 << 18, 1, 1),
        (1 << 21, 1 << 17, 2, 1),
        (1 << 19, 1 << 15, 8, 1),
        ((1 << 19) - 16, 1 << 14, 8 * 2 * 2, 2),
        (1 << 15, 1 << 11, 8 * 16 * 2, 2),
    ] {
        let plan = plan_in(capacity_bits).expect("it fits");
        assert_eq!(plan.tile, [1, 1, of_tile], "{capacity_bits}");
        assert_eq!(plan.steps(), u64::from(IMAGES) * 6 * steps_per_pixel);
        let schedule = plan.schedule();
        assert_eq!(schedule.steps.len() as u64, plan.steps());
        assert_eq!(schedule.bytes(), (reads * values, values));
        assert_eq!(operations(&schedule), 5 * values);
    }
}

/// Of the operations of a value so many are of the pass for the statistics.
#[test]
fn passes_share_the_operations() {
    for (function, statistics, result) in [
        ("softmax", 4, 1u64),
        ("layer_norm", 2, 3),
        ("rms_norm", 1, 2),
    ] {
        let plan = normalisation([96, 1, 1], function, 1, 8, 2 * 8 * 24).expect("it fits");
        assert!(plan.in_passes());
        let schedule = plan.schedule();
        let works: Vec<_> = schedule.steps.iter().map(work_of).collect();
        let step = |per_value: u64, written: u64| VectorWork {
            operations: 24 * per_value,
            input_bits: 24 * 8,
            output_bits: 8 * written,
            values: written,
        };
        let of_image = [[step(statistics, 0); 4], [step(result, 24); 4]].concat();
        assert_eq!(works, [&of_image[..], &of_image[..]].concat(), "{function}");
    }
}

/// The bytes in which the channels of a group of one pixel lie.
fn group_bytes(plan: &VectorPlan, image: u32, pixel: u32, channels: &Range<u32>) -> BTreeSet<u64> {
    let input = &plan.pieces[0].inputs[0];
    let (row, column) = (pixel / input.columns, pixel % input.columns);
    let runs = input.region(
        image..image + 1,
        row..row + 1,
        column..column + 1,
        channels.clone(),
    );
    runs.bursts(1).collect()
}

/// Goes through the schedule: a value is written once, by a step before which, or with which, all of its group was read.
fn assert_normalised(plan: &VectorPlan, group: u32) {
    let schedule = plan.schedule();
    let output = &plan.pieces[0].output;
    let bytes = |transfers: &Range<u32>| -> BTreeSet<u64> {
        schedule.transfers[transfers.start as usize..transfers.end as usize]
            .iter()
            .flat_map(|transfer: &Transfer| transfer.runs.bursts(1))
            .collect()
    };
    let mut read = BTreeSet::new();
    let (mut written, mut read_bits) = (0, 0);
    for step in &schedule.steps {
        read.extend(bytes(&step.loads.activation));
        let work = work_of(step);
        (written, read_bits) = (written + work.values, read_bits + work.input_bits);
        assert_eq!(step.begins.output, !step.stores.is_empty());
        let stored = bytes(&step.stores);
        for image in 0..plan.images {
            for pixel in 0..output.rows * output.columns {
                for channels in tiles(output.channels, group) {
                    let of_group = group_bytes(plan, image, pixel, &channels);
                    let moved = |byte: &u64| byte + output.base;
                    if of_group
                        .iter()
                        .map(moved)
                        .any(|byte| stored.contains(&byte))
                    {
                        assert!(of_group.is_subset(&read) || output.value_bits != 8);
                    }
                }
            }
        }
    }
    let values = u64::from(plan.images * output.rows * output.columns * output.channels);
    assert_eq!(written, values);
    let reads = if plan.in_passes() { 2 } else { 1 };
    assert_eq!(read_bits, reads * values * u64::from(output.value_bits));
    assert_eq!(
        operations(&schedule),
        values * u64::from(plan.operations_per_value)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn groups_are_read_before_they_are_written(
        (groups, of_group) in (1..5u32, 1..9u32),
        (rows, columns) in (1..3u32, 1..4u32),
        bits in 4..9u32,
        function in prop::sample::select(vec!["softmax", "layer_norm", "rms_norm"]),
        capacity_bits in 2 * 8..400u64,
    ) {
        let shape = [groups * of_group, rows, columns];
        let plan = normalisation(shape, function, groups, bits, capacity_bits).expect("it fits");
        prop_assert!(plan.footprint_bits(plan.tile).iter().all(|&bits| bits <= capacity_bits / 2));
        let schedule = plan.schedule();
        prop_assert_eq!(schedule.steps.len() as u64, plan.steps());
        assert_normalised(&plan, of_group);
    }
}
