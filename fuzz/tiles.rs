//! Plans of random valid networks on random valid machines: every MAC and every output value exactly once.

use std::collections::BTreeMap;
use std::ops::Range;

use axbxp::arch::{Dataflow, Objective, Operand};
use axbxp::mapping::{
    ArrayPlan, LayerPlan, Runs, Schedule, TensorLayout, TileBox, VectorPlan, Work,
};
use axbxp::source::SourceFile;
use axbxp::sweep::{DesignPoint, Job, JobError};
use axbxp::workload::{self, Network};

/// Most index tuples of a layer that are gone through one by one.
const MOST_PLACES: u64 = 50_000;

/// Takes numbers from bytes; zeros when they are used up.
struct Source<'a>(std::slice::Iter<'a, u8>);

impl Source<'_> {
    /// A number from `range`.
    fn number(&mut self, range: Range<u32>) -> u32 {
        let byte = self.0.next().copied().unwrap_or(0);
        range.start + u32::from(byte) % (range.end - range.start)
    }

    fn flag(&mut self) -> bool {
        self.number(0..2) == 1
    }

    fn ends(&self) -> bool {
        self.0.as_slice().is_empty()
    }
}

/// A plan of a random network on a random machine goes through its loops once, and ends.
pub fn mapping(data: &[u8]) {
    let mut source = Source(data.iter());
    let point = machine(&mut source);
    let Some(network) = network(&mut source) else {
        return;
    };
    let planned = match Job::new(&point, &network).plan() {
        Ok(planned) => planned,
        Err(JobError::File(diagnostics)) => return super::show(&diagnostics),
        Err(error) => panic!("{error}"),
    };
    for layer in planned.layers() {
        let layer = &layer.mapping.plan;
        let schedule = layer.schedule();
        assert_eq!(schedule.steps.len() as u64, layer.steps());
        match layer {
            LayerPlan::Array(plan) => check_array(plan, &schedule),
            LayerPlan::Vector(plan) => check_vector(plan, &schedule),
        }
    }
}

/// A shipped machine with sizes of its own, all of them within the ranges that `axbxp check` allows.
fn machine(source: &mut Source<'_>) -> DesignPoint {
    let names = [
        "fxp8_8x8",
        "axbxp_k4_8x8",
        "axbxp_k2_32x32_narrow",
        "bit_serial_32x32",
    ];
    let mut point = super::point(names[source.number(0..4) as usize]).clone();
    let mut arch = (*point.architecture).clone();
    arch.array.dataflow = [
        Dataflow::OutputStationary,
        Dataflow::WeightStationary,
        Dataflow::InputStationary,
    ][source.number(0..3) as usize];
    let output_stationary = arch.array.dataflow == Dataflow::OutputStationary;
    arch.array.operand_exchange = output_stationary && source.flag();
    arch.array.double_buffered_weights = !output_stationary && source.flag();
    arch.array.rows = source.number(1..40);
    arch.array.columns = source.number(1..40);
    for buffer in [
        &mut arch.buffers.activation,
        &mut arch.buffers.weight,
        &mut arch.buffers.output,
    ] {
        // With a port of 64 bits any size holds an access in each bank.
        buffer.port_bits = 64;
        buffer.banks = 2;
        buffer.size_kib = 1 << source.number(0..6);
        buffer.double_buffered = source.flag();
    }
    arch.tiling.psum_bits = [16, 24, 32][source.number(0..3) as usize];
    let objectives = [
        Objective::Latency,
        Objective::Energy,
        Objective::Edp,
        Objective::Traffic,
    ];
    arch.tiling.objective = objectives[source.number(0..4) as usize];
    point.architecture = arch.check(&point.source).expect("in range");
    point
}

/// One to four layers, each of any sort, behind each other; none if the file would be wrong.
fn network(source: &mut Source<'_>) -> Option<Network> {
    let batch = source.number(1..4);
    let (channels, height, width) = (
        source.number(1..97),
        source.number(1..25),
        source.number(1..25),
    );
    let mut layers = String::new();
    for index in 0..4 {
        layers += &format!("(name: \"layer{index}\", {}),\n", layer(source, index));
        if source.ends() {
            break;
        }
    }
    let text = format!(
        "(name: \"random\", batch: {batch}, inputs: [(name: \"image\", channels: {channels}, \
         height: {height}, width: {width})], layers: [{layers}])"
    );
    // A window larger than its image, or groups that do not divide the channels.
    workload::load(&SourceFile::from_text("random.ron", text)).ok()
}

fn layer(source: &mut Source<'_>, index: u32) -> String {
    let before = match index {
        0 => "image".to_string(),
        _ => format!("layer{}", index - 1),
    };
    let sort = source.number(0..12);
    let window = |source: &mut Source<'_>| {
        format!(
            "kernel: ({}, {}), stride: ({}, {}), padding: ({}, {}, {}, {})",
            source.number(1..6),
            source.number(1..6),
            source.number(1..5),
            source.number(1..5),
            source.number(0..4),
            source.number(0..4),
            source.number(0..4),
            source.number(0..4),
        )
    };
    match sort {
        0..=3 => {
            let groups = [1, 1, 2, 3, 4][source.number(0..5) as usize];
            format!(
                "op: conv(out_channels: {}, {}, dilation: ({}, {}), groups: {groups})",
                source.number(1..65) * groups,
                window(source),
                source.number(1..4),
                source.number(1..4),
            )
        }
        4 => format!(
            "op: fully_connected(out_features: {})",
            source.number(1..200)
        ),
        5 => format!(
            "op: fully_connected(out_features: {}, per_position: true)",
            source.number(1..200)
        ),
        6 => format!(
            "op: matmul(heads: {}, transpose_b: true), inputs: [\"{before}\", \"{before}\"]",
            source.number(1..5)
        ),
        7 => format!(
            "op: matmul(heads: {}), inputs: [\"{before}\", \"{before}\"]",
            source.number(1..5)
        ),
        8 => format!("op: pool(kind: max, {})", window(source)),
        9 => {
            let mut span = |one: &str, many: &str| {
                format!(
                    "first_{one}: {}, {many}: {}, {one}_step: {}",
                    source.number(0..6),
                    source.number(1..6),
                    source.number(1..4),
                )
            };
            format!(
                "op: slice({}, {}, {})",
                span("channel", "channels"),
                span("row", "rows"),
                span("column", "columns"),
            )
        }
        10 => {
            let mut sides = || format!("({}, {})", source.number(0..9), source.number(0..9));
            format!(
                "op: pad(channels: {}, rows: {}, columns: {})",
                sides(),
                sides(),
                sides(),
            )
        }
        _ => format!(
            "op: concat(axis: {}), inputs: [\"{before}\", \"{before}\"]",
            if source.flag() {
                "channels"
            } else {
                "positions"
            }
        ),
    }
}

fn length(range: &Range<u32>) -> u64 {
    u64::from(range.end - range.start)
}

/// The ranges of a box, outputs first.
fn ranges(tile: &TileBox) -> [Range<u32>; 7] {
    [
        tile.repeat..tile.repeat + 1,
        tile.groups.clone(),
        tile.images.clone(),
        tile.rows.clone(),
        tile.columns.clone(),
        tile.filters.clone(),
        tile.channels.clone(),
    ]
}

/// Counts how often each place of a box of `extents` is covered.
struct Cover {
    extents: Vec<u32>,
    seen: Vec<u8>,
}

impl Cover {
    fn new(extents: &[u32]) -> Cover {
        let places: u64 = extents.iter().map(|&extent| u64::from(extent)).product();
        Cover {
            extents: extents.to_vec(),
            seen: vec![0; places as usize],
        }
    }

    fn add(&mut self, ranges: &[Range<u32>]) {
        let mut places = vec![0usize];
        for (range, &extent) in ranges.iter().zip(&self.extents) {
            assert!(
                !range.is_empty() && range.end <= extent,
                "{range:?} of {extent}"
            );
            places = places
                .iter()
                .flat_map(|&at| {
                    range
                        .clone()
                        .map(move |i| at * extent as usize + i as usize)
                })
                .collect();
        }
        for place in places {
            self.seen[place] += 1;
        }
    }

    fn assert_once(&self, what: &str) {
        let wrong = self.seen.iter().filter(|&&count| count != 1).count();
        assert_eq!(wrong, 0, "{what} not exactly once");
    }
}

fn check_array(plan: &ArrayPlan, schedule: &Schedule) {
    let nest = &plan.nest;
    assert_eq!(schedule.macs(), nest.macs());
    let extents = [
        nest.repeats,
        nest.groups,
        nest.images,
        nest.out_rows,
        nest.out_columns,
        nest.filters,
        nest.channels,
    ];
    let places: u64 = extents.iter().map(|&extent| u64::from(extent)).product();
    if places > MOST_PLACES {
        return;
    }
    let mut macs = Cover::new(&extents);
    let mut outputs = Cover::new(&extents[..6]);
    let mut stored = Bytes::of(&plan.output, nest.images * nest.repeats);
    let mut spilled: BTreeMap<u64, Runs> = BTreeMap::new();
    for (index, step) in schedule.steps.iter().enumerate() {
        let tile = plan.step_box(index as u64);
        let ranges = ranges(&tile);
        // The window is never cut: a place stands for all of its taps.
        macs.add(&ranges);
        let Work::Array(gemm) = step.work else {
            panic!("{:?} on the array", step.work)
        };
        let pixels = length(&tile.images) * length(&tile.rows) * length(&tile.columns);
        assert_eq!(u64::from(gemm.groups), length(&tile.groups));
        assert_eq!(u64::from(gemm.outputs), pixels);
        assert_eq!(u64::from(gemm.filters), length(&tile.filters));
        let reduction = length(&tile.channels) * u64::from(nest.rows.kernel * nest.columns.kernel);
        assert_eq!(u64::from(gemm.reduction), reduction);
        assert_eq!(gemm.first, tile.channels.start == 0);
        assert_eq!(gemm.last, tile.channels.end == nest.channels);
        for load in
            &schedule.transfers[step.loads.output.start as usize..step.loads.output.end as usize]
        {
            assert_eq!((load.store, load.psums, gemm.first), (false, true, false));
            assert_eq!(
                spilled.remove(&load.runs.base),
                Some(load.runs),
                "partial sums"
            );
        }
        for store in &schedule.transfers[step.stores.start as usize..step.stores.end as usize] {
            assert_eq!((store.store, store.operand), (true, Operand::Output));
            assert_eq!(store.psums, !gemm.last);
            if gemm.last {
                outputs.add(&ranges[..6]);
                stored.add(&store.runs);
            } else {
                assert_eq!(
                    spilled.insert(store.runs.base, store.runs),
                    None,
                    "spilled twice"
                );
            }
        }
    }
    macs.assert_once("MACs");
    outputs.assert_once("outputs");
    assert!(spilled.is_empty(), "partial sums that nobody came back for");
    stored.assert_stored();
}

fn check_vector(plan: &VectorPlan, schedule: &Schedule) {
    let of_piece = |out: &TensorLayout| {
        u64::from(plan.images)
            * u64::from(out.rows)
            * u64::from(out.columns)
            * u64::from(out.channels)
    };
    let values: u64 = plan
        .pieces
        .iter()
        .map(|piece| of_piece(&piece.output))
        .sum();
    // One piece is the whole tensor; of several only the count is looked at.
    let mut stored = match plan.pieces.as_slice() {
        [piece] => Some(Bytes::of(&piece.output, plan.images)),
        _ => None,
    };
    let mut done = 0;
    for step in &schedule.steps {
        let Work::Vector(work) = step.work else {
            panic!("{:?} on the vector unit", step.work)
        };
        done += work.values;
        for store in &schedule.transfers[step.stores.start as usize..step.stores.end as usize] {
            assert!(store.store && !store.psums);
            if let Some(stored) = &mut stored {
                stored.add(&store.runs);
            }
        }
    }
    assert_eq!(done, values, "values of the vector unit");
    if let Some(stored) = stored {
        stored.assert_stored();
    }
}

/// How often each byte of a tensor was stored.
struct Bytes<'a> {
    tensor: &'a TensorLayout,
    images: u32,
    times: Vec<u8>,
}

impl Bytes<'_> {
    fn of(tensor: &TensorLayout, images: u32) -> Bytes<'_> {
        Bytes {
            tensor,
            images,
            times: vec![0; (u64::from(images) * tensor.image_bytes) as usize],
        }
    }

    fn add(&mut self, runs: &Runs) {
        for i in 0..u64::from(runs.counts[0]) {
            for j in 0..u64::from(runs.counts[1]) {
                for k in 0..u64::from(runs.counts[2]) {
                    let at =
                        runs.base + i * runs.strides[0] + j * runs.strides[1] + k * runs.strides[2];
                    let from = (at - self.tensor.base) as usize;
                    for times in &mut self.times[from..from + runs.run_bytes as usize] {
                        *times += 1;
                    }
                }
            }
        }
    }

    /// The tensor's bytes are stored, each once but for those that tiles share; no other byte is.
    fn assert_stored(&self) {
        let tensor = self.tensor;
        // Values of up to 8 / bits tiles, and one more at each end, lie in a byte.
        let most = match tensor.value_bits {
            8 => 1,
            bits => (8 / bits + 2) as u8,
        };
        let pixel_bytes = (u64::from(tensor.channels) * u64::from(tensor.value_bits)).div_ceil(8);
        let mut inside = 0;
        for image in 0..u64::from(self.images) {
            for row in 0..u64::from(tensor.rows) {
                for column in 0..u64::from(tensor.columns) {
                    let pixel = (image * tensor.image_bytes
                        + row * tensor.row_pitch
                        + column * tensor.pixel_pitch) as usize;
                    let times = &self.times[pixel..pixel + pixel_bytes as usize];
                    assert!(
                        times.iter().all(|times| (1..=most).contains(times)),
                        "{times:?}"
                    );
                    inside += times.len();
                }
            }
        }
        let stored = self.times.iter().filter(|&&times| times > 0).count();
        assert_eq!(stored, inside, "bytes beyond the output");
    }
}
