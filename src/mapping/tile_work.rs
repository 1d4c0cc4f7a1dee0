//! What a tile asks of the array and of the buffers' ports, from the folds that it is cut to.

use super::fold::{ArrayTiming, Fold, TileGemm};
use crate::arch::{Dataflow, FillDrain, PerOperand};

/// One tile on the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TileWork {
    /// Core cycles from the first operand to the last when the folds follow each other without a gap.
    pub cycles: u64,
    /// PE-cycles in which a PE multiplies.
    pub active_pe_cycles: u64,
    /// Port words that the array reads and writes.
    pub words: PerOperand<u64>,
    /// Core cycles of the first stationary operands' way into an array that has waited for them.
    pub first_load_cycles: u64,
    /// Core cycles from the last operand to the last result out of the array.
    pub exit_cycles: u64,
    /// Finished values that pass the converter.
    pub finished_values: u64,
}

/// Folds of one shape.
struct Block {
    size: u64,
    count: u64,
    first: bool,
    last: bool,
}

impl ArrayTiming {
    /// The work of a tile.
    pub(crate) fn tile_work(&self, tile: &TileGemm) -> TileWork {
        let (row_extent, per_row_block, column_extent) = self.extents(tile);
        let mut work = TileWork::default();
        for columns in blocks(u64::from(column_extent), u64::from(self.columns)) {
            for rows in self.row_blocks(u64::from(row_extent), per_row_block) {
                let fold = self.shape_fold(tile, rows.size, columns.size, rows.first, rows.last);
                let count = u64::from(tile.groups) * rows.count * columns.count;
                work.add(&fold, count, self);
                if rows.first && columns.first {
                    work.first_load_cycles = self.exposed_load(&fold);
                }
                if rows.last && columns.last {
                    work.exit_cycles = fold.exit_cycles();
                }
            }
        }
        work
    }

    /// Blocks of rows; along a reduction the first and the last differ from those between them.
    fn row_blocks(&self, extent: u64, block: u64) -> impl Iterator<Item = Block> {
        let count = extent.div_ceil(block);
        let last = extent - (count - 1) * block;
        let apart = self.dataflow != Dataflow::OutputStationary && count > 2;
        let one = |size: u64, count: u64, first: bool, last: bool| Block {
            size,
            count,
            first,
            last,
        };
        let parts = if count == 1 {
            [Some(one(extent, 1, true, true)), None, None]
        } else if apart {
            [
                Some(one(block, 1, true, false)),
                Some(one(block, count - 2, false, false)),
                Some(one(last, 1, false, true)),
            ]
        } else {
            [
                Some(one(block, count - 1, true, false)),
                Some(one(last, 1, false, true)),
                None,
            ]
        };
        parts.into_iter().flatten()
    }

    /// Cycles by which a fold's stationary operands hold up an array that was empty.
    fn exposed_load(&self, fold: &Fold) -> u64 {
        match self.fill_drain {
            // Every fold pays its load anyway.
            FillDrain::Exposed => 0,
            FillDrain::Overlapped if self.double_buffered_weights => fold.load_cycles,
            FillDrain::Overlapped => 0,
        }
    }
}

impl TileWork {
    fn add(&mut self, fold: &Fold, count: u64, timing: &ArrayTiming) {
        self.cycles += count * timing.period(fold);
        self.active_pe_cycles +=
            count * u64::from(fold.rows) * u64::from(fold.columns) * fold.compute_cycles;
        self.words.activation += count * timing.activation.cycles(fold.activation_values);
        self.words.weight += count * timing.weight.cycles(fold.weight_values);
        self.words.output += count * (fold.psum_read_words + fold.output_write_words);
        if fold.finished {
            self.finished_values += count * fold.results;
        }
    }
}

/// The blocks that cover `extent`.
fn blocks(extent: u64, block: u64) -> impl Iterator<Item = Block> {
    let (full, rest) = (extent / block, extent % block);
    let full_is_last = rest == 0;
    [
        Block {
            size: block,
            count: full,
            first: true,
            last: full_is_last,
        },
        Block {
            size: rest,
            count: 1,
            first: full == 0,
            last: true,
        },
    ]
    .into_iter()
    .filter(|part| part.size > 0 && part.count > 0)
}
