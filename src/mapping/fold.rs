//! Folds: how the GEMM of one tile is cut to the PE array, and the closed form of each cut's time.
//!
//! A fold is one residence of the array: up to `rows x columns` PEs, each with a fixed role, through
//! which operands stream. The array is causal and skewed: operand `k` reaches PE `(i, j)` `i + j`
//! cycles after it entered at the edge, and a result leaves the array after it was computed there.
//!
//! * Output stationary: rows are outputs pixels (`M`), columns filters (`N`), or the other way round
//!   when the operands are exchanged at the edges; the reduction (`K`) streams, `v` operands a step.
//!   Finished accumulators move into a second register and shift down their column, one a cycle, while
//!   the next fold streams: a fold alone takes `T + r + c + R - 2` cycles (`2R + C + T - 2` when full),
//!   and folds follow each other every `max(T, r)`.
//! * Weight stationary: rows are `K` (`v` a PE), columns `N`; `M` streams and psums flow down. Weights
//!   shift in from the top, one row a cycle, either before the stream or, with double-buffered weights,
//!   under the previous fold's stream. A fold alone takes `r + T + R + c - 2` cycles. A register is
//!   overwritten no earlier than the cycle after its last use.
//! * Input stationary: the same array with the operands exchanged (columns `M`, stream `N`).
//!
//! With [`FillDrain::Exposed`] no fold begins before its predecessor has left, and every fold pays the
//! fill and drain of the whole array, however little of it it uses: `2R + C + T - 2` in every dataflow.
//!
//! Times are core clock cycles. The mapper uses these forms to judge tilings, the PE array of [`crate::hw`]
//! to time; the two can not drift apart.

use std::ops::Range;

use super::port::PortDemand;
use crate::arch::{Dataflow, FillDrain};

/// One operand's path from its scratchpad buffer to the edge of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EdgePort {
    /// Bits of one operand in the buffer's format.
    pub value_bits: u32,
    /// Bits that the buffer delivers per cycle.
    pub port_bits: u32,
}

impl EdgePort {
    /// Port cycles that `values` operands take.
    pub fn cycles(&self, values: u64) -> u64 {
        (values * u64::from(self.value_bits)).div_ceil(u64::from(self.port_bits))
    }
}

/// The way of results out of the array: partial sums and finished values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutputPath {
    /// Bits of one partial sum.
    pub psum_bits: u32,
    /// Bits of one finished value in the format in which it is stored.
    pub value_bits: u32,
    /// Bits that the output buffer takes per cycle and direction.
    pub port_bits: u32,
    /// Reads and writes share one port (1RW).
    pub single_port: bool,
    /// Values per cycle through the format converter.
    pub converter_values_per_cycle: u32,
}

impl OutputPath {
    fn words(&self, values: u64, bits: u32) -> u64 {
        (values * u64::from(bits)).div_ceil(u64::from(self.port_bits))
    }
}

/// Everything about array, PE and ports that decides the time of a fold of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArrayTiming {
    /// PE rows.
    pub rows: u32,
    /// PE columns.
    pub columns: u32,
    /// What stays in the PEs.
    pub dataflow: Dataflow,
    /// Output stationary only: filters on the rows and pixels on the columns.
    pub exchanged: bool,
    /// The next fold's stationary operands load under the current stream.
    pub double_buffered_weights: bool,
    /// Whether folds overlap.
    pub fill_drain: FillDrain,
    /// MACs of one output that a PE does per step (`v`).
    pub macs_per_step: u32,
    /// Cycles of a step (`q`).
    pub cycles_per_step: u32,
    /// Activation buffer to array.
    pub activation: EdgePort,
    /// Weight buffer to array.
    pub weight: EdgePort,
    /// Array to output buffer.
    pub output: OutputPath,
}

/// The GEMM `[outputs, reduction] x [reduction, filters]` that one tile asks of the array, once per group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileGemm {
    /// Independent GEMMs of this shape in the tile (convolution groups, heads).
    pub groups: u32,
    /// Output pixels or tokens, `M`.
    pub outputs: u32,
    /// Filters, `N`.
    pub filters: u32,
    /// Reduction length, `K`.
    pub reduction: u32,
    /// The first part of the reduction: there are no partial sums to add to.
    pub first: bool,
    /// The last part of the reduction: finished values leave through the converter.
    pub last: bool,
}

impl TileGemm {
    /// MACs of the tile.
    pub fn macs(&self) -> u64 {
        u64::from(self.groups)
            * u64::from(self.outputs)
            * u64::from(self.filters)
            * u64::from(self.reduction)
    }
}

/// The part of a tile that one fold works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldPart {
    /// Group of the tile.
    pub group: u32,
    /// What the rows hold: outputs or filters (output stationary), else a part of the reduction.
    pub rows: Range<u32>,
    /// What the columns hold: filters or outputs.
    pub columns: Range<u32>,
}

/// One fold, with its demand on array and ports. Cycles are core cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fold {
    /// PE rows in use.
    pub rows: u32,
    /// PE columns in use.
    pub columns: u32,
    /// Length of the reduction in the fold.
    pub reduction: u64,
    /// MACs done in the fold.
    pub macs: u64,
    /// Cycles the stream takes when nothing holds it up.
    pub compute_cycles: u64,
    /// Cycles to shift the stationary operand into the PEs, its port included (0: output stationary).
    pub load_cycles: u64,
    /// Activation port words under the stream.
    pub activation: PortDemand,
    /// Weight port words under the stream.
    pub weight: PortDemand,
    /// Output port words under the stream (weight and input stationary).
    pub output: PortDemand,
    /// Cycles of the converter under the stream (weight and input stationary).
    pub conversion: PortDemand,
    /// Bits of the stationary operand: of the last row in use, which enters first, and of every other.
    pub load_bits: [u64; 2],
    /// Output port cycles.
    pub output_port_cycles: u64,
    /// Cycles the converter needs for the fold's finished values.
    pub converter_cycles: u64,
    /// Cycles the output chain of the PEs is busy with this fold (output stationary).
    pub drain_chain_cycles: u64,
    /// Cycles from the last operand fed to the last result out of the array.
    pub tail_cycles: u64,
    /// Activations read from the buffer.
    pub activation_values: u64,
    /// Weights read from the buffer.
    pub weight_values: u64,
    /// Results that leave the array (psums or finished values).
    pub results: u64,
    /// Output buffer words read for accumulation.
    pub psum_read_words: u64,
    /// Output buffer words written.
    pub output_write_words: u64,
    /// The results are finished values and pass the converter.
    pub finished: bool,
    /// Partial sums are read back and added to.
    pub accumulates: bool,
}

impl Fold {
    /// Cycles during which the way out is taken by this fold's results.
    pub fn output_cycles(&self) -> u64 {
        self.drain_chain_cycles
            .max(self.output_port_cycles)
            .max(self.converter_cycles)
    }

    /// Cycles from the last operand fed to the last result out of the array; a way out that is slower than
    /// the PEs' chain delays it (output stationary, where results do not leave under the stream).
    pub fn exit_cycles(&self) -> u64 {
        let slower = match self.drain_chain_cycles {
            0 => 0,
            chain => self.output_cycles() - chain,
        };
        self.tail_cycles + slower
    }

    /// Cycles of the stream when it has every port for itself.
    pub fn unobstructed_cycles(&self) -> u64 {
        [
            &self.activation,
            &self.weight,
            &self.output,
            &self.conversion,
        ]
        .into_iter()
        .map(PortDemand::cycles)
        .fold(self.compute_cycles, u64::max)
    }
}

impl ArrayTiming {
    /// Number of folds of a tile.
    pub fn fold_count(&self, tile: &TileGemm) -> u64 {
        let (row_blocks, column_blocks) = self.blocks(tile);
        u64::from(tile.groups) * row_blocks * column_blocks
    }

    /// Extent of what the rows hold, of what one row block takes of it, and of what the columns hold.
    pub(super) fn extents(&self, tile: &TileGemm) -> (u32, u64, u32) {
        let rows = u64::from(self.rows);
        match self.dataflow {
            Dataflow::OutputStationary if self.exchanged => (tile.filters, rows, tile.outputs),
            Dataflow::OutputStationary => (tile.outputs, rows, tile.filters),
            Dataflow::WeightStationary => (
                tile.reduction,
                rows * u64::from(self.macs_per_step),
                tile.filters,
            ),
            Dataflow::InputStationary => (
                tile.reduction,
                rows * u64::from(self.macs_per_step),
                tile.outputs,
            ),
        }
    }

    fn blocks(&self, tile: &TileGemm) -> (u64, u64) {
        let (row_extent, per_row_block, column_extent) = self.extents(tile);
        (
            u64::from(row_extent).div_ceil(per_row_block),
            u64::from(column_extent).div_ceil(u64::from(self.columns)),
        )
    }

    /// What fold `index` of a tile works on: row blocks innermost, then column blocks, then groups.
    pub fn part(&self, tile: &TileGemm, index: u64) -> FoldPart {
        let (row_extent, per_row_block, column_extent) = self.extents(tile);
        let (row_blocks, column_blocks) = self.blocks(tile);
        let block = |index: u64, size: u64, extent: u32| {
            (index * size) as u32..((index + 1) * size).min(u64::from(extent)) as u32
        };
        FoldPart {
            group: (index / row_blocks / column_blocks) as u32,
            rows: block(index % row_blocks, per_row_block, row_extent),
            columns: block(
                index / row_blocks % column_blocks,
                u64::from(self.columns),
                column_extent,
            ),
        }
    }

    /// Fold `index` of a tile.
    pub fn fold(&self, tile: &TileGemm, index: u64) -> Fold {
        let part = self.part(tile, index);
        self.shape_fold(
            tile,
            u64::from(part.rows.end - part.rows.start),
            u64::from(part.columns.end - part.columns.start),
            part.rows.start == 0,
            part.rows.end == self.extents(tile).0,
        )
    }

    pub(super) fn shape_fold(
        &self,
        tile: &TileGemm,
        in_rows: u64,
        columns: u64,
        first_rows: bool,
        last_rows: bool,
    ) -> Fold {
        match self.dataflow {
            Dataflow::OutputStationary => self.output_stationary(tile, in_rows, columns),
            Dataflow::WeightStationary | Dataflow::InputStationary => self.operand_stationary(
                tile,
                in_rows,
                columns,
                tile.first && first_rows,
                tile.last && last_rows,
            ),
        }
    }

    fn output_stationary(&self, tile: &TileGemm, rows: u64, columns: u64) -> Fold {
        let reduction = u64::from(tile.reduction);
        let (row_values, column_values) = (rows * reduction, columns * reduction);
        let (activation_values, weight_values) = if self.exchanged {
            (column_values, row_values)
        } else {
            (row_values, column_values)
        };
        let steps = reduction.div_ceil(u64::from(self.macs_per_step));
        let mut fold = Fold {
            rows: rows as u32,
            columns: columns as u32,
            reduction,
            macs: rows * columns * reduction,
            compute_cycles: steps * u64::from(self.cycles_per_step),
            activation: self.demand(&self.activation, activation_values / reduction, reduction),
            weight: self.demand(&self.weight, weight_values / reduction, reduction),
            drain_chain_cycles: self.span(rows, self.rows),
            tail_cycles: self.span(rows, self.rows)
                + self.span(columns, self.columns)
                + u64::from(self.rows)
                - 2,
            activation_values,
            weight_values,
            ..Fold::default()
        };
        self.add_results(&mut fold, rows * columns, tile.first, tile.last);
        fold
    }

    /// The demand of `lines` rows or columns that take `reduction` operands each, `macs_per_step` a step.
    fn demand(&self, port: &EdgePort, lines: u64, reduction: u64) -> PortDemand {
        let macs = u64::from(self.macs_per_step);
        let steps = reduction.div_ceil(macs);
        let bits = lines * u64::from(port.value_bits);
        let last = reduction - (steps - 1) * macs;
        let full = if steps > 1 { macs } else { last };
        PortDemand::of_steps(
            steps,
            u64::from(self.cycles_per_step),
            (full * bits, last * bits),
            port.port_bits,
        )
    }

    fn operand_stationary(
        &self,
        tile: &TileGemm,
        reduction: u64,
        columns: u64,
        first: bool,
        last: bool,
    ) -> Fold {
        let weights_stay = self.dataflow == Dataflow::WeightStationary;
        let stream = u64::from(if weights_stay {
            tile.outputs
        } else {
            tile.filters
        });
        let rows = reduction.div_ceil(u64::from(self.macs_per_step));
        let (streamed, stationary) = (stream * reduction, reduction * columns);
        let (stream_port, load_port) = if weights_stay {
            (self.activation, self.weight)
        } else {
            (self.weight, self.activation)
        };
        let row_bits = columns * u64::from(load_port.value_bits);
        let last_row = reduction - (rows - 1) * u64::from(self.macs_per_step);
        let step_bits = reduction * u64::from(stream_port.value_bits);
        let demand = PortDemand::of_steps(
            stream,
            u64::from(self.cycles_per_step),
            (step_bits, step_bits),
            stream_port.port_bits,
        );
        let mut fold = Fold {
            rows: rows as u32,
            columns: columns as u32,
            reduction,
            macs: stream * reduction * columns,
            compute_cycles: stream * u64::from(self.cycles_per_step),
            load_cycles: load_port.cycles(stationary).max(self.span(rows, self.rows)),
            load_bits: [
                last_row * row_bits,
                u64::from(self.macs_per_step) * row_bits,
            ],
            tail_cycles: u64::from(self.rows) + self.span(columns, self.columns) - 2,
            ..Fold::default()
        };
        if weights_stay {
            fold.activation_values = streamed;
            fold.weight_values = stationary;
            fold.activation = demand;
        } else {
            fold.activation_values = stationary;
            fold.weight_values = streamed;
            fold.weight = demand;
        }
        self.add_results(&mut fold, stream * columns, first, last);
        fold.output = PortDemand::even(fold.output_port_cycles, fold.compute_cycles);
        fold.conversion = PortDemand::even(fold.converter_cycles, fold.compute_cycles);
        fold
    }

    fn add_results(&self, fold: &mut Fold, results: u64, first: bool, last: bool) {
        let path = &self.output;
        fold.results = results;
        fold.finished = last;
        fold.accumulates = !first;
        fold.psum_read_words = if first {
            0
        } else {
            path.words(results, path.psum_bits)
        };
        fold.output_write_words = if last {
            path.words(results, path.value_bits)
        } else {
            path.words(results, path.psum_bits)
        };
        fold.output_port_cycles = if path.single_port {
            fold.psum_read_words + fold.output_write_words
        } else {
            fold.psum_read_words.max(fold.output_write_words)
        };
        if last {
            fold.converter_cycles = results.div_ceil(u64::from(path.converter_values_per_cycle));
        }
    }

    /// Rows or columns over which a fold that uses `used` of `all` fills and drains.
    fn span(&self, used: u64, all: u32) -> u64 {
        match self.fill_drain {
            FillDrain::Overlapped => used,
            FillDrain::Exposed => u64::from(all),
        }
    }

    /// Cycles from a fold's beginning to that of a successor that is there in time.
    pub(super) fn period(&self, fold: &Fold) -> u64 {
        if self.fill_drain == FillDrain::Exposed {
            return fold.load_cycles + fold.unobstructed_cycles() + fold.exit_cycles();
        }
        let stream = fold.unobstructed_cycles().max(fold.output_cycles());
        if self.double_buffered_weights {
            stream.max(fold.load_cycles)
        } else {
            stream + fold.load_cycles
        }
    }
}
