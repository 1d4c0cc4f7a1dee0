//! Laws that every layer's run must keep, asserted in debug builds and by the tests.

use super::result::LayerResult;
use crate::arch::{Architecture, Dataflow, Operand, PerOperand};
use crate::dram::{DramCounts, DramSpec};
use crate::graph::{Program, ProgramStep, ProgramTransfer};
use crate::mapping::{ArrayTiming, TileGemm, Transfer, Work};

/// A law that a run broke, in words.
pub type Violation = String;

/// The widths of a machine: of its array, and at which it moves data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// PEs of the array.
    pub pes: u64,
    /// Bytes of a DRAM burst.
    pub burst_bytes: u32,
    /// Bits of the port of activation, weight and output buffer.
    pub port_bits: PerOperand<u32>,
}

impl Widths {
    /// Those of an architecture with this memory.
    pub fn of(arch: &Architecture, dram: &DramSpec) -> Widths {
        Widths {
            pes: arch.array.pes(),
            burst_bytes: dram.burst_bytes(),
            port_bits: PerOperand::of(|operand| arch.buffers[operand].port_bits),
        }
    }

    /// Port words of one burst, by buffer.
    fn words(&self) -> PerOperand<u64> {
        self.port_bits
            .map(|bits| u64::from((self.burst_bytes * 8).div_ceil(bits)))
    }
}

/// Collects what does not hold.
struct Laws {
    place: String,
    found: Vec<Violation>,
}

impl Laws {
    fn equal(&mut self, what: &str, left: u64, right: u64) {
        if left != right {
            self.found
                .push(format!("{}: {what}: {left} != {right}", self.place));
        }
    }

    fn at_least(&mut self, what: &str, left: u64, right: u64) {
        if left < right {
            self.found
                .push(format!("{}: {what}: {left} < {right}", self.place));
        }
    }
}

/// The laws for a layer of a program: nothing is lost between controller, array, DMA, DRAM and buffers.
pub fn violations(
    index: usize,
    program: &Program<'_>,
    result: &LayerResult,
    widths: &Widths,
) -> Vec<Violation> {
    let mut laws = Laws {
        place: format!("layer {index}"),
        found: Vec::new(),
    };
    laws.equal(
        "causes and PE-cycles",
        result.causes.total(),
        result.cycles() * widths.pes,
    );
    laws.equal(
        "steps scheduled and tiles started",
        program.steps_of(index).count() as u64,
        result.tiles,
    );
    let macs = program.layers[index].mapping.plan.macs();
    check_engines(&mut laws, result, program.steps_of(index), macs);
    check_transfers(&mut laws, result, index, program, widths);
    if let Some(timing) = &program.layers[index].timing {
        check_edges(&mut laws, result, program.steps_of(index), timing);
    }
    laws.found
}

fn check_engines<'a>(
    laws: &mut Laws,
    result: &LayerResult,
    steps: impl Iterator<Item = &'a ProgramStep> + Clone,
    macs: u64,
) {
    laws.equal("MACs done and MACs of the layer", result.array.macs, macs);
    let scheduled = steps.clone().map(|step| match step.work {
        Work::Array(tile) => tile.macs(),
        Work::Vector(_) => 0,
    });
    laws.equal(
        "MACs scheduled and MACs of the layer",
        scheduled.sum(),
        macs,
    );
    laws.equal(
        "values converted and finished",
        result.converted_values,
        result.array.finished_values,
    );
    let (mut operations, mut values) = (0, 0);
    for step in steps {
        if let Work::Vector(work) = step.work {
            operations += work.operations;
            values += work.values;
        }
    }
    laws.equal(
        "vector operations scheduled and done",
        operations,
        result.vector.operations,
    );
    laws.equal(
        "vector values scheduled and done",
        values,
        result.vector.values,
    );
}

/// Bytes and bursts agree between schedule, DMA, buffers and DRAM.
fn check_transfers(
    laws: &mut Laws,
    result: &LayerResult,
    index: usize,
    program: &Program<'_>,
    widths: &Widths,
) {
    let dma = &result.dma;
    let transfers = program.transfers_of(index);
    let bytes = |store: bool| {
        let those = transfers
            .clone()
            .filter(move |what| what.store == store && !what.on_chip);
        those.map(|what| what.runs.bytes()).sum::<u64>()
    };
    let (loaded, stored) = (bytes(false), bytes(true));
    laws.equal("bytes loaded and scheduled", dma.loaded_bytes, loaded);
    laws.equal("bytes stored and scheduled", dma.stored_bytes, stored);
    laws.equal(
        "partial sums stored and loaded again",
        dma.stored_psum_bytes,
        dma.loaded_psum_bytes,
    );
    laws.equal(
        "transfers scheduled and done",
        transfers.clone().count() as u64,
        dma.transfers,
    );
    check_bursts(laws, result, transfers, widths);
}

/// Bursts and words agree between schedule, DMA and buffers.
fn check_bursts<'a>(
    laws: &mut Laws,
    result: &LayerResult,
    transfers: impl Iterator<Item = &'a ProgramTransfer>,
    widths: &Widths,
) {
    let dma = &result.dma;
    let mut bursts = [PerOperand::<u64>::default(); 2];
    let mut moved = [PerOperand::<u64>::default(); 2];
    let mut moved_bytes = 0;
    for transfer in transfers {
        if !transfer.on_chip {
            bursts[usize::from(transfer.store)][transfer.operand] += bursts_of(transfer, widths);
        } else if let Some(buffers) = transfer.moves_between() {
            moved_bytes += transfer.runs.bytes();
            for (words, operand) in moved.iter_mut().zip(buffers) {
                let port_bits = u64::from(widths.port_bits[operand]);
                words[operand] += (transfer.runs.bytes() * 8).div_ceil(port_bits);
            }
        }
    }
    laws.equal("bytes to be moved and moved", moved_bytes, dma.moved_bytes);
    let [read_to_move, written_to_move] = moved;
    let [read, written] = bursts;
    laws.equal(
        "bursts scheduled and read",
        read.iter().sum(),
        dma.read_bursts,
    );
    laws.equal(
        "bursts scheduled and written",
        written.iter().sum(),
        dma.written_bursts,
    );
    let words = widths.words();
    for operand in Operand::ALL {
        let buffer = &result.buffers[operand];
        laws.equal(
            &format!("words of loads and written to the {operand} buffer"),
            read[operand] * words[operand] + written_to_move[operand],
            buffer.dma_writes,
        );
        laws.equal(
            &format!("words of stores and read from the {operand} buffer"),
            written[operand] * words[operand] + read_to_move[operand],
            buffer.dma_reads,
        );
    }
}

fn bursts_of(transfer: &Transfer, widths: &Widths) -> u64 {
    transfer.runs.bursts(widths.burst_bytes).count() as u64
}

/// Values at the array's edges, by how often each dataflow passes an operand through the array.
#[derive(Default)]
struct Edges {
    activations: u64,
    weights: u64,
    results: u64,
    finished: u64,
    accumulated: u64,
}

impl Edges {
    fn add(&mut self, tile: &TileGemm, timing: &ArrayTiming) {
        let [groups, outputs, filters, reduction] =
            [tile.groups, tile.outputs, tile.filters, tile.reduction].map(u64::from);
        let (rows, columns) = (u64::from(timing.rows), u64::from(timing.columns));
        let activations = groups * outputs * reduction;
        let weights = groups * filters * reduction;
        let results = groups * outputs * filters;
        // A reduction longer than the array leaves in parts.
        let parts = reduction.div_ceil(rows * u64::from(timing.macs_per_step));
        let (activation_passes, weight_passes, parts) = match timing.dataflow {
            Dataflow::OutputStationary if timing.exchanged => {
                (filters.div_ceil(rows), outputs.div_ceil(columns), 1)
            }
            Dataflow::OutputStationary => (filters.div_ceil(columns), outputs.div_ceil(rows), 1),
            Dataflow::WeightStationary => (filters.div_ceil(columns), 1, parts),
            Dataflow::InputStationary => (1, outputs.div_ceil(columns), parts),
        };
        self.activations += activations * activation_passes;
        self.weights += weights * weight_passes;
        self.results += results * parts;
        self.finished += if tile.last { results } else { 0 };
        self.accumulated += results * (parts - u64::from(tile.first));
    }
}

fn check_edges<'a>(
    laws: &mut Laws,
    result: &LayerResult,
    steps: impl Iterator<Item = &'a ProgramStep>,
    timing: &ArrayTiming,
) {
    let mut edges = Edges::default();
    for step in steps {
        if let Work::Array(tile) = &step.work {
            edges.add(tile, timing);
        }
    }
    let array = &result.array;
    laws.equal(
        "activations in and of the folds",
        array.activation_values,
        edges.activations,
    );
    laws.equal(
        "weights in and of the folds",
        array.weight_values,
        edges.weights,
    );
    laws.equal("results out and of the folds", array.results, edges.results);
    laws.equal(
        "finished values out and of the tiles",
        array.finished_values,
        edges.finished,
    );
    laws.equal(
        "results accumulated and of the folds",
        array.accumulated_results,
        edges.accumulated,
    );
    // Every value passes a port; a fold wastes less than a word of it.
    let ports = [
        (
            Operand::Activation,
            timing.activation,
            array.activation_values,
        ),
        (Operand::Weight, timing.weight, array.weight_values),
    ];
    for (operand, port, values) in ports {
        let bits = result.buffers[operand].engine_reads * u64::from(port.port_bits);
        let needed = values * u64::from(port.value_bits);
        laws.at_least(
            &format!("bits read from the {operand} buffer"),
            bits,
            needed,
        );
        laws.at_least(
            &format!("bits wanted from the {operand} buffer"),
            needed + array.folds * u64::from(port.port_bits - 1),
            bits,
        );
    }
    laws.at_least(
        "PE-cycles computing and MACs",
        array.active_pe_cycles * u64::from(timing.macs_per_step),
        array.macs * u64::from(timing.cycles_per_step),
    );
}

/// The laws for a whole run, of which no layer can be held to: the cycles of the layers are those of the run, and writes that the DRAM controller has accepted
/// are done during later layers, or `after` the last one. At most `posted` of them may never be.
pub fn run_violations<'a>(
    layers: impl IntoIterator<Item = &'a LayerResult>,
    after: &DramCounts,
    posted: u64,
) -> Vec<Violation> {
    let mut laws = Laws {
        place: "run".to_string(),
        found: Vec::new(),
    };
    let written = |dram: &DramCounts| dram.writes + dram.merged_writes;
    let read = |dram: &DramCounts| dram.reads + dram.forwarded_reads + dram.merged_reads;
    let (mut requested, mut done) = (0, written(after));
    let (mut asked, mut answered) = (0, read(after));
    let (mut cycles, mut end) = (0, 0);
    for layer in layers {
        cycles += layer.cycles();
        end = end.max(layer.end_cycle);
        requested += layer.dma.written_bursts;
        done += written(&layer.dram);
        asked += layer.dma.read_bursts;
        answered += read(&layer.dram);
    }
    laws.equal("cycles of the layers and of the run", cycles, end);
    laws.equal("reads requested and done", asked, answered);
    laws.at_least("writes requested and done", requested, done);
    laws.at_least("writes done and requested", done + posted, requested);
    laws.found
}

/// Asserts [`violations`] to be empty for every layer, in debug builds.
pub(super) fn check(program: &Program<'_>, results: &[LayerResult], widths: &Widths) {
    if cfg!(debug_assertions) {
        let of_layer = |(index, result)| violations(index, program, result, widths);
        let found: Vec<Violation> = results.iter().enumerate().flat_map(of_layer).collect();
        assert!(
            found.is_empty(),
            "conservation violated:\n{}",
            found.join("\n")
        );
    }
}
