//! Which step of the program last writes what a step reads, from the addresses alone.

use std::collections::BTreeMap;
use std::ops::Range;

use super::program::Program;
use crate::mapping::Runs;

/// Every byte between the first and the last of some runs.
pub(super) fn extent(runs: &Runs) -> Range<u64> {
    let last: u64 = runs
        .counts
        .iter()
        .zip(runs.strides)
        .map(|(&count, stride)| u64::from(count.saturating_sub(1)) * stride)
        .sum();
    runs.base..runs.base + last + runs.run_bytes
}

/// The stores of a layer: first byte, and the number of leading steps of the program after which all stores up to there
/// are made. In the order of addresses.
#[derive(Debug, Default)]
struct Writes {
    end: u64,
    stores: Vec<(u64, u32)>,
}

/// What has been written by the steps so far.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The outputs of layers, by their first byte.
    tensors: BTreeMap<u64, Writes>,
    /// Partial sums that are in DRAM: their first byte, and the number of leading steps that write them.
    psums: BTreeMap<u64, u32>,
}

impl Written {
    /// Takes note of the outputs of a layer all of whose steps are in the program.
    pub(super) fn add_layer(&mut self, program: &Program<'_>, layer: usize) {
        let mut first = u64::MAX;
        let mut writes = Writes::default();
        for what in program.transfers_of(layer) {
            if what.store && !what.psums && what.runs.bytes() > 0 {
                let bytes = extent(&what.runs);
                first = first.min(bytes.start);
                writes.end = writes.end.max(bytes.end);
                writes.stores.push((bytes.start, what.step + 1));
            }
        }
        writes.stores.sort_unstable();
        let mut most = 0;
        for (_, steps) in &mut writes.stores {
            most = most.max(*steps);
            *steps = most;
        }
        if !writes.stores.is_empty() {
            self.tensors.insert(first, writes);
        }
    }

    /// The number of leading steps of the program after which the bytes of `runs` have been written. It is exact where
    /// a layer writes its output in the order of addresses, and never too small.
    pub(super) fn steps_before(&self, runs: &Runs) -> u32 {
        if runs.bytes() == 0 {
            return 0;
        }
        let bytes = extent(runs);
        let of_tensor = |writes: &Writes| {
            let count = writes
                .stores
                .partition_point(|&(start, _)| start < bytes.end);
            count.checked_sub(1).map_or(0, |last| writes.stores[last].1)
        };
        self.tensors
            .range(..bytes.end)
            .rev()
            .take_while(|(_, writes)| writes.end > bytes.start)
            .map(|(_, writes)| of_tensor(writes))
            .max()
            .unwrap_or(0)
    }

    /// Partial sums were written by a step.
    pub(super) fn psums_written(&mut self, runs: &Runs, step: u32) {
        self.psums.insert(runs.base, step + 1);
    }

    /// The number of leading steps after which partial sums have been written.
    pub(super) fn steps_before_psums(&self, runs: &Runs) -> u32 {
        self.psums.get(&runs.base).copied().unwrap_or(0)
    }
}
