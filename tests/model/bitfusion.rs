//! Bit Fusion: compute cycles of its simulator beside those of our `bit_fusion` PEs on the same array.
//!
//! `tests/data/bitfusion.csv` holds what its simulator reports. It streams the output pixels past 16 x 32 fusion
//! units that hold weights: 16 units share a filter's reduction, 32 filters lie side by side. Here that is a
//! weight-stationary array of 16 rows and 32 columns. Each row goes through the SCALE-Sim importer and the mapper as one
//! tile, and the cycles in which the array streams are counted, fold by fold. Weight load, fill and drain are left out
//! because Bit Fusion's simulator charges none.
//!
//! Ours cuts the flattened reduction (kernel x kernel x channels) to the array, so a layer takes
//! `pixels x ceil(filters / 32) x ceil(K K C / (16 v))` cycles with v MACs a unit and cycle. Bit Fusion's tiling, layer by
//! layer, either does the same (203 of 240 rows: equal to the cycle), or cuts the channels at each place of the kernel
//! (`K K ceil(C / (16 v))`), and pads the output plane to whole tiles in 20 rows. Those are taken apart exactly, too.

use axbxp::approx::{LayerPrecision, OperandFormat};
use axbxp::arch::{Dataflow, WindowUse};
use axbxp::blocked::Signedness;
use axbxp::graph::Program;
use axbxp::hw::{Cause, Fidelity, Unobserved, simulate};
use axbxp::mapping::{LayerNeeds, NetworkPlan, UnitEnergies, Work, plan};
use axbxp::source::SourceFile;
use axbxp::sweep::DesignPoint;
use axbxp::workload;

use crate::as_one_tile;

const ROWS: u64 = 16;
const COLUMNS: u64 = 32;

/// Tiles along a side of the output plane, in Bit Fusion's tiling of these layers.
const TILES: [u64; 3] = [1, 2, 4];

/// A line of the data file.
#[derive(Debug)]
struct Row {
    batch: u64,
    channels: u64,
    filters: u64,
    output: u64,
    kernel: u64,
    stride: u64,
    activation_bits: u8,
    weight_bits: u8,
    compute_cycles: u64,
}

impl Row {
    fn all() -> Vec<Row> {
        let text = include_str!("../data/bitfusion.csv");
        let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        lines.map(Row::parse).collect()
    }

    fn parse(line: &str) -> Row {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |index: usize| fields[index].parse::<u64>().expect("a number");
        let bits = |index: usize| fields[index].parse::<u8>().expect("bits");
        Row {
            batch: number(3),
            channels: number(4),
            filters: number(5),
            output: number(6),
            kernel: number(7),
            stride: number(8),
            activation_bits: bits(9),
            weight_bits: bits(10),
            compute_cycles: number(11),
        }
    }

    /// The layer alone, as a SCALE-Sim topology without padding.
    fn topology(&self) -> SourceFile {
        let side = (self.output - 1) * self.stride + self.kernel;
        let (kernel, channels, filters) = (self.kernel, self.channels, self.filters);
        let text = format!(
            "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n\
             layer, {side}, {side}, {kernel}, {kernel}, {channels}, {filters}, {},\n",
            self.stride
        );
        SourceFile::from_text("layer.csv", text)
    }

    fn precision(&self) -> LayerPrecision {
        let operand = |bits| OperandFormat::Bits {
            bits,
            signedness: Signedness::Signed,
        };
        LayerPrecision {
            activations: operand(self.activation_bits),
            weights: operand(self.weight_bits),
            products: None,
            windows: WindowUse::Exact,
        }
    }

    /// MACs of a fusion unit in a cycle: 5 to 7 bits cost as 8, and none less than 2.
    fn macs_per_cycle(&self) -> u64 {
        let fused = |bits: u8| 8 / u64::from(bits.max(2));
        fused(self.activation_bits) * fused(self.weight_bits)
    }

    /// Folds of the reduction where the channels are cut at each place of the kernel.
    fn folds_by_place(&self) -> u64 {
        self.kernel * self.kernel * self.channels.div_ceil(ROWS * self.macs_per_cycle())
    }

    /// Cycles with those folds, the output plane padded to `tiles` equal tiles along a side.
    fn cycles_by_place(&self, tiles: u64) -> u64 {
        let side = tiles * self.output.div_ceil(tiles);
        self.batch * side * side * self.filters.div_ceil(COLUMNS) * self.folds_by_place()
    }
}

/// Bit Fusion's array with buffers that hold every layer.
fn design() -> DesignPoint {
    let mut point = DesignPoint::open("bit_fusion_32x32", None).expect("shipped");
    let mut architecture = (*point.architecture).clone();
    let array = &mut architecture.array;
    array.rows = ROWS as u32;
    array.columns = COLUMNS as u32;
    array.dataflow = Dataflow::WeightStationary;
    array.operand_exchange = false;
    let buffers = &mut architecture.buffers;
    for buffer in [
        &mut buffers.activation,
        &mut buffers.weight,
        &mut buffers.output,
    ] {
        buffer.size_kib = 256 * 1024;
    }
    point.architecture = architecture.check(&point.source).expect("in range");
    point
}

/// The row's layer as one tile.
fn plan_of(row: &Row, point: &DesignPoint) -> NetworkPlan {
    let mut network = workload::load(&row.topology()).expect("imports");
    network.batch = row.batch as u32;
    let needs = [LayerNeeds {
        precision: row.precision(),
        energies: UnitEnergies::default(),
    }];
    let mut plan =
        plan(&point.architecture, &point.memory(), &network, &needs, None).expect("fits");
    as_one_tile(&mut plan);
    plan
}

/// Cycles in which operands stream, over all folds of all tiles.
fn streamed_cycles(plan: &NetworkPlan) -> u64 {
    let mut cycles = 0;
    for layer in plan {
        let schedule = layer.plan.schedule();
        let timing = schedule.timing.expect("a layer of the array");
        for step in &schedule.steps {
            let Work::Array(tile) = step.work else {
                panic!("a layer of the array")
            };
            let folds = 0..timing.fold_count(&tile);
            cycles += folds
                .map(|i| timing.fold(&tile, i).compute_cycles)
                .sum::<u64>();
        }
    }
    cycles
}

#[test]
fn every_layer_takes_as_many_cycles_but_for_what_its_tiling_adds() {
    let point = design();
    let rows = Row::all();
    assert_eq!(rows.len(), 240);
    let (mut equal, mut by_place, mut padded) = (0, 0, 0);
    for row in &rows {
        let ours = streamed_cycles(&plan_of(row, &point));
        if row.compute_cycles == ours {
            equal += 1;
            continue;
        }
        let tiles = TILES
            .into_iter()
            .find(|&tiles| row.compute_cycles == row.cycles_by_place(tiles));
        match tiles {
            Some(1) => by_place += 1,
            Some(_) => padded += 1,
            None => panic!("{row:?}: {ours} cycles here"),
        }
        // Cutting at each place of the kernel and padding both cost cycles.
        assert!(row.compute_cycles > ours, "{row:?}: {ours} cycles here");
    }
    assert_eq!([equal, by_place, padded], [203, 17, 20]);
}

#[test]
fn the_machine_streams_for_as_long() {
    let point = design();
    // One tile whose loads, fill and drain the machine does simulate: they have causes of their own.
    let rows = Row::all();
    let small = rows
        .iter()
        .filter(|row| row.output == 7 && row.channels == 512 && row.macs_per_cycle() >= 4);
    let mut compared = 0;
    for row in small {
        let plan = plan_of(row, &point);
        let run = simulate(
            &point.architecture,
            &point.dram,
            &Program::layer_by_layer(&plan),
            Fidelity::Wavefront,
            &mut Unobserved,
            &|_| {},
        )
        .expect("runs");
        let causes = &run.layers[0].causes;
        let streaming = causes.get(Cause::Computing) + causes.get(Cause::IdleMapping);
        assert_eq!(streaming, row.compute_cycles * ROWS * COLUMNS, "{row:?}");
        assert!(causes.get(Cause::FillDrain) > 0 && causes.get(Cause::WeightLoad) > 0);
        compared += 1;
    }
    assert!(compared > 0);
}
