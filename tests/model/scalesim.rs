//! SCALE-Sim: its files through the importers, and its figures beside those of the whole machine.
//!
//! `tests/golden/scalesim.csv` holds what SCALE-Sim 3.0.0 reports for the topologies in `tests/scalesim`. Each
//! layer is run on the whole machine from an imported configuration whose buffers hold all of it, as one tile
//! (the mapper would cut it to load one part under another, and a cut can cost folds), and every figure has
//! to be equal. What differs is written out here, with its name:
//!
//! * [`COUNTS_FROM_ZERO`]: SCALE-Sim reports the number of the last cycle, not how many there are.
//! * [`no_drain`]: its output-stationary folds do not pay for the results' way down the columns.
//! * [`idle_edge`]: its compute utilization is over `C - 1` more cycles per fold than it charges, weight and
//!   input stationary.
//! * [`ofmap_surplus`]: output stationary, it counts `R + C` more writes per fold than there are results.
//! * A `DP` layer is as many layers there as it has channels, and one here.

use std::collections::BTreeMap;

use axbxp::approx::{LayerPrecision, OperandFormat};
use axbxp::arch::{Dataflow, WindowUse};
use axbxp::blocked::Signedness;
use axbxp::graph::Program;
use axbxp::hw::{Cause, Fidelity, LayerResult, Unobserved, simulate};
use axbxp::mapping::{LayerNeeds, UnitEnergies, plan};
use axbxp::source::SourceFile;
use axbxp::sweep::{DesignPoint, Job, JobResult};
use axbxp::workload;

use crate::as_one_tile;
use crate::support::{axbxp, golden};

/// SCALE-Sim's "Total Cycles" is the number of the last cycle, counted from 0.
const COUNTS_FROM_ZERO: u64 = 1;

/// Cycles by which SCALE-Sim's output-stationary folds are too short: the last result of a column needs
/// `R` of them to leave the array, and in its own trace leaves before its operands arrive.
fn no_drain(row: &Row) -> u64 {
    match row.dataflow {
        "os" => row.folds() * row.rows,
        _ => 0,
    }
}

/// Cycles by which SCALE-Sim's "Compute Util" takes weight- and input-stationary folds to be longer than its
/// "Total Cycles" does.
fn idle_edge(row: &Row) -> u64 {
    match row.dataflow {
        "os" => 0,
        _ => row.folds() * (row.columns - 1),
    }
}

/// Writes that SCALE-Sim counts in output-stationary folds and that no result causes.
fn ofmap_surplus(row: &Row) -> u64 {
    match row.dataflow {
        "os" => row.folds() * (row.rows + row.columns),
        _ => 0,
    }
}

/// A line of the golden file.
struct Row<'t> {
    topology: &'t str,
    rows: u64,
    columns: u64,
    dataflow: &'t str,
    index: usize,
    layer: &'t str,
    /// M, N, K; then total cycles and reads and writes.
    sizes: [u64; 3],
    total_cycles: u64,
    /// Overall utilization, mapping efficiency, compute utilization, as printed.
    percent: [&'t str; 3],
    /// Ifmap reads, filter reads, ofmap writes.
    sram: [u64; 3],
}

impl<'t> Row<'t> {
    fn all(text: &'t str) -> Vec<Row<'t>> {
        let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        lines.map(Row::parse).collect()
    }

    fn parse(line: &'t str) -> Row<'t> {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |index: usize| fields[index].parse().expect("a number");
        Row {
            topology: fields[0],
            rows: number(1),
            columns: number(2),
            dataflow: fields[3],
            index: fields[4].parse().expect("a number"),
            layer: fields[5],
            sizes: [6, 7, 8].map(number),
            total_cycles: number(9),
            percent: [fields[10], fields[11], fields[12]],
            sram: [13, 14, 15].map(number),
        }
    }

    /// Folds of one SCALE-Sim layer: what lies along rows and columns, cut to the array.
    fn folds(&self) -> u64 {
        let [m, n, k] = self.sizes;
        let (along_rows, along_columns) = match self.dataflow {
            "os" => (m, n),
            "ws" => (k, n),
            _ => (k, m),
        };
        along_rows.div_ceil(self.rows) * along_columns.div_ceil(self.columns)
    }
}

/// A configuration whose buffers hold every layer of the golden file.
fn configuration(row: &Row) -> String {
    format!(
        "[architecture_presets]\nArrayHeight: {}\nArrayWidth: {}\nIfmapSramSzkB: 16384\n\
         FilterSramSzkB: 16384\nOfmapSramSzkB: 16384\nDataflow: {}\n\n\
         [run_presets]\nInterfaceBandwidth: CALC\n",
        row.rows, row.columns, row.dataflow
    )
}

/// Cycles in which the array loads, streams, or fills and drains: all but those in which it waits.
fn array_cycles(layer: &LayerResult, pes: u64) -> u64 {
    let waits = [
        Cause::WaitWeights,
        Cause::WaitActivations,
        Cause::WaitOutput,
        Cause::TileSetup,
        Cause::VectorUnit,
    ];
    let busy: u64 = Cause::ALL
        .into_iter()
        .filter(|cause| !waits.contains(cause))
        .map(|cause| layer.causes.get(cause))
        .sum();
    assert_eq!(busy % pes, 0);
    busy / pes
}

/// Words of SCALE-Sim.
fn bytes() -> LayerPrecision {
    let byte = OperandFormat::Exact {
        bits: 8,
        signedness: Signedness::Signed,
    };
    LayerPrecision {
        activations: byte.clone(),
        weights: byte,
        products: None,
        windows: WindowUse::Exact,
    }
}

fn percent(part: u64, of: u64) -> String {
    format!("{:.10}", part as f64 * 100.0 / of as f64)
}

fn compare(row: &Row, layer: &LayerResult, channels: u64) {
    let what = format!(
        "{} {}x{} {} {}",
        row.topology, row.rows, row.columns, row.dataflow, row.layer
    );
    assert_eq!(layer.tiles, 1, "{what}: cut into tiles");
    let pes = row.rows * row.columns;
    let [m, n, k] = row.sizes;
    assert_eq!(layer.array.macs, channels * m * n * k, "{what}: MACs");
    assert_eq!(layer.array.folds, channels * row.folds(), "{what}: folds");
    let charged = row.total_cycles + COUNTS_FROM_ZERO;
    assert_eq!(
        array_cycles(layer, pes),
        channels * (charged + no_drain(row)),
        "{what}: cycles"
    );
    let streaming = layer.causes.get(Cause::Computing) + layer.causes.get(Cause::IdleMapping);
    let macs = layer.array.macs;
    assert_eq!(
        [
            percent(macs, channels * row.total_cycles * pes),
            percent(layer.causes.get(Cause::Computing), streaming),
            percent(macs, channels * (charged + idle_edge(row)) * pes),
        ],
        row.percent,
        "{what}: overall utilization, mapping efficiency, compute utilization"
    );
    assert_eq!(
        [
            layer.array.activation_values,
            layer.array.weight_values,
            layer.array.results
        ],
        [
            channels * row.sram[0],
            channels * row.sram[1],
            channels * (row.sram[2] - ofmap_surplus(row)),
        ],
        "{what}: ifmap reads, filter reads, ofmap writes"
    );
}

#[test]
fn every_figure_equals_that_of_scale_sim() {
    let golden = include_str!("../golden/scalesim.csv");
    let rows = Row::all(golden);
    // 117 that were handed in, and 15 of depthwise layers and strides that do not divide.
    assert_eq!(rows.len(), 132);
    let mut runs: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        let run = (row.topology, row.rows, row.columns, row.dataflow);
        runs.entry(run).or_default().push(row);
    }
    for ((topology, ..), rows) in runs {
        let source = SourceFile::from_text("big.cfg", configuration(rows[0]));
        let point = DesignPoint::load(source, None).expect("a configuration");
        let network = workload::open(&format!("tests/scalesim/{topology}.csv")).expect("imports");
        assert_eq!(network.layers.len(), rows.len());
        let needs = vec![
            LayerNeeds {
                precision: bytes(),
                energies: UnitEnergies::default(),
            };
            network.layers.len()
        ];
        let mut plan = plan(&point.architecture, &point.memory(), &network, &needs, None)
            .expect("fits the buffers");
        as_one_tile(&mut plan);
        let run = simulate(
            &point.architecture,
            &point.dram,
            &Program::layer_by_layer(&plan),
            Fidelity::Wavefront,
            &mut Unobserved,
            &|_| {},
        )
        .expect("runs");
        for row in rows {
            let id = network.find(row.layer).expect("a layer of this name");
            assert_eq!(id.index(), row.index);
            let gemm = network.gemm(id).expect("an array layer");
            assert_eq!([gemm.m, gemm.n, gemm.k], row.sizes, "{}", row.layer);
            let layer = &run.layers[id.index()];
            compare(row, layer, gemm.groups);
        }
    }
}

#[test]
fn dataflows_are_imported_by_their_names() {
    for (name, dataflow) in [
        ("os", Dataflow::OutputStationary),
        ("ws", Dataflow::WeightStationary),
        ("is", Dataflow::InputStationary),
    ] {
        let row = Row::all(include_str!("../golden/scalesim.csv"));
        let row = row.iter().find(|row| row.dataflow == name).expect("a row");
        let source = SourceFile::from_text("a.cfg", configuration(row));
        let point = DesignPoint::load(source, None).expect("a configuration");
        assert_eq!(point.architecture.array.dataflow, dataflow);
    }
}

/// The example in README.md.
#[test]
fn its_own_files_run_as_they_are() {
    axbxp(&["run", "--quiet", "--arch", "tests/scalesim/os_32x32.cfg"])
        .args(["--workload", "tests/scalesim/alexnet.csv"])
        .assert()
        .success()
        .stderr_eq("")
        .stdout_eq(golden("run_scalesim.txt"));
}

#[test]
fn a_stepped_array_takes_the_same_cycles() {
    let network = workload::open("tests/scalesim/depthwise.csv").expect("imports");
    for row in Row::all(include_str!("../golden/scalesim.csv")) {
        if row.topology != "depthwise" || row.index > 0 {
            continue;
        }
        let source = SourceFile::from_text("a.cfg", configuration(&row));
        let point = DesignPoint::load(source, None).expect("a configuration");
        let job = Job::new(&point, &network);
        let [closed_form, stepped] = [job, job.stepped(7)].map(|job| job.run().expect("runs"));
        let runs = |result: JobResult| result.layers.into_iter().map(|layer| layer.run);
        for (expected, layer) in runs(closed_form).zip(runs(stepped)) {
            assert_eq!(layer.cycles(), expected.cycles(), "{}", row.dataflow);
            assert_eq!(layer.causes, expected.causes, "{}", row.dataflow);
            assert_eq!(layer.array, expected.array, "{}", row.dataflow);
        }
    }
}
