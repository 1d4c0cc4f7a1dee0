//! What the PE array does, counted: from the sizes of folds, or as a stepped array did it.

use super::stepped::SteppedLayer;
use crate::arch::Dataflow;
use crate::mapping::{ArrayTiming, Fold};

/// What the array did, as integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArrayCounts {
    /// Multiply-accumulates.
    pub macs: u64,
    /// Folds.
    pub folds: u64,
    /// PE-cycles in which a PE computed.
    pub active_pe_cycles: u64,
    /// Activations that entered at the edge.
    pub activation_values: u64,
    /// Weights that entered at the edge.
    pub weight_values: u64,
    /// Bits written into the skew registers at the edges: what enters row (or column) `i` passes `i`.
    pub skew_register_bits: u64,
    /// Bits written while stationary operands shift in: what stays in row `i` passes `i + 1` registers.
    pub preload_register_bits: u64,
    /// Bits written into registers that carry results out of the array past other PEs.
    pub drain_register_bits: u64,
    /// Results that left the array.
    pub results: u64,
    /// Finished values among them.
    pub finished_values: u64,
    /// Results that were added to a partial sum from the output buffer.
    pub accumulated_results: u64,
}

impl ArrayCounts {
    /// Adds what follows from the sizes of a fold.
    pub fn add_fold(&mut self, fold: &Fold, timing: &ArrayTiming) {
        let (rows, columns) = (u64::from(fold.rows), u64::from(fold.columns));
        self.macs += fold.macs;
        self.folds += 1;
        self.active_pe_cycles += rows * columns * fold.compute_cycles;
        self.activation_values += fold.activation_values;
        self.weight_values += fold.weight_values;
        let activation_bits = fold.activation_values * u64::from(timing.activation.value_bits);
        let weight_bits = fold.weight_values * u64::from(timing.weight.value_bits);
        let psum_bits = fold.results * u64::from(timing.output.psum_bits);
        let array_rows = u64::from(timing.rows);
        match timing.dataflow {
            Dataflow::OutputStationary => {
                let (by_row, by_column) = if timing.exchanged {
                    (weight_bits, activation_bits)
                } else {
                    (activation_bits, weight_bits)
                };
                self.skew_register_bits += (by_row * (rows - 1) + by_column * (columns - 1)) / 2;
                // The result of row i shifts through the registers of rows i .. R.
                self.drain_register_bits += psum_bits * (2 * array_rows + 1 - rows) / 2;
            }
            Dataflow::WeightStationary | Dataflow::InputStationary => {
                let (stream, stationary) = if timing.dataflow == Dataflow::WeightStationary {
                    (activation_bits, weight_bits)
                } else {
                    (weight_bits, activation_bits)
                };
                // Row i passes i registers on either side, its own included on its way down; what the last
                // row does not fill does not count.
                let lanes = u64::from(timing.macs_per_step);
                let empty = rows * lanes - fold.reduction;
                let passed = lanes * rows * (rows - 1) / 2 - empty * (rows - 1);
                self.skew_register_bits += stream / fold.reduction * passed;
                self.preload_register_bits +=
                    stationary / fold.reduction * (passed + fold.reduction);
                // Below the rows in use psums pass through idle PEs.
                self.drain_register_bits += psum_bits * (array_rows - rows);
            }
        }
        self.results += fold.results;
        if fold.finished {
            self.finished_values += fold.results;
        }
        if fold.accumulates {
            self.accumulated_results += fold.results;
        }
    }
}

impl ArrayCounts {
    /// Puts what a stepped array counted in the place of what follows from the sizes of folds.
    pub fn measure(&mut self, layer: &SteppedLayer, timing: &ArrayTiming) {
        let (counts, swapped) = layer.counts();
        let [left, top] = if swapped {
            [timing.weight, timing.activation]
        } else {
            [timing.activation, timing.weight]
        }
        .map(|port| u64::from(port.value_bits));
        self.macs = counts.macs;
        self.active_pe_cycles = counts.active_pe_cycles;
        (self.activation_values, self.weight_values) = if swapped {
            (counts.top_values, counts.left_values)
        } else {
            (counts.left_values, counts.top_values)
        };
        self.skew_register_bits = counts.left_skew_writes * left + counts.top_skew_writes * top;
        self.preload_register_bits = counts.preload_writes * top;
        self.drain_register_bits = counts.chain_writes * u64::from(timing.output.psum_bits);
    }
}
