//! The stepped array inside the machine: operands for the folds of tile steps, results to their outputs.

use std::collections::VecDeque;
use std::sync::Arc;

use super::SteppedCounts;
use super::layer::{GivenOperands, LayerOperands, OutputCheck, TileOperands, fold_operands};
use super::mac::MacUnit;
use super::sequencer::{CycleEnd, FoldWork, Sequencer};
use crate::arch::{Operand, PeKind};
use crate::hw::ArrayProbe;
use crate::mapping::{ArrayPlan, ArrayTiming, FoldPart, TileGemm, Work};

/// Names one fold: a step of the schedule, its GEMM, and the fold's index in it.
#[derive(Debug, Clone, Copy)]
pub struct FoldName {
    /// The step.
    pub step: u32,
    /// Its GEMM.
    pub gemm: TileGemm,
    /// The fold.
    pub index: u64,
}

/// What a layer asks of a stepped array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SteppedWork {
    /// Cycles of the streams times PEs.
    pub pe_cycles: u64,
    /// Operands of the largest tile.
    pub tile_operands: u64,
    /// Outputs of the layer.
    pub outputs: u64,
}

impl SteppedWork {
    /// The work of a layer.
    pub fn of(plan: &ArrayPlan) -> Self {
        let timing = &plan.timing;
        let pes = u64::from(timing.rows) * u64::from(timing.columns);
        let mut work = SteppedWork {
            outputs: plan.nest.output_values(),
            ..SteppedWork::default()
        };
        for step in &plan.schedule().steps {
            let Work::Array(gemm) = step.work else {
                continue;
            };
            let lines = u64::from(gemm.outputs) + u64::from(gemm.filters);
            let operands = lines * u64::from(gemm.groups) * u64::from(gemm.reduction);
            work.tile_operands = work.tile_operands.max(operands);
            let pe_cycles = timing.tile_work(&gemm).cycles.saturating_mul(pes);
            work.pe_cycles = work.pe_cycles.saturating_add(pe_cycles);
        }
        work
    }
}

/// A fold in the array, and where its results go.
#[derive(Debug, Clone)]
struct Destination {
    step: u32,
    part: FoldPart,
}

/// A layer on the stepped array.
#[derive(Debug, Clone)]
pub struct SteppedLayer {
    timing: ArrayTiming,
    sequencer: Sequencer,
    operands: LayerOperands,
    /// Tiles with folds in the array, oldest first.
    tiles: VecDeque<(u32, TileOperands)>,
    destinations: VecDeque<Destination>,
    exited: u64,
}

impl SteppedLayer {
    /// Layer number `layer` of a run, with operands drawn from `seed`.
    pub fn new(plan: &ArrayPlan, pe: &PeKind, seed: u64, layer: u64) -> Self {
        SteppedLayer {
            timing: plan.timing,
            sequencer: Sequencer::new(plan.timing, MacUnit::new(pe, &plan.precision)),
            operands: LayerOperands::new(plan, pe, seed, layer),
            tiles: VecDeque::new(),
            destinations: VecDeque::new(),
            exited: 0,
        }
    }

    /// The same layer with operand values that are given.
    pub fn with_values(mut self, operands: &Arc<GivenOperands>) -> Self {
        self.operands = self.operands.with_values(operands);
        self
    }

    /// Starts a fold in cycle `now`.
    pub fn launch(&mut self, now: u64, name: &FoldName) {
        if self.sequencer.has_next() {
            self.sequencer.launch_next(now);
        } else {
            let work = self.work(name);
            self.sequencer.launch(now, work);
        }
    }

    fn work(&mut self, name: &FoldName) -> FoldWork {
        if self.tiles.back().is_none_or(|(step, _)| *step != name.step) {
            let tile = self.operands.tile(name.step, &name.gemm);
            self.tiles.push_back((name.step, tile));
        }
        let part = self.timing.part(&name.gemm, name.index);
        let (_, tile) = &self.tiles[self.tiles.len() - 1];
        let operands = fold_operands(&self.timing, tile, &part);
        self.destinations.push_back(Destination {
            step: name.step,
            part,
        });
        FoldWork {
            fold: self.timing.fold(&name.gemm, name.index),
            operands,
        }
    }

    /// Somebody else takes the port of an operand's buffer from cycle `now` on.
    pub fn take_port(&mut self, operand: Operand, now: u64, cycles: u64) {
        self.sequencer.take_port(operand, now, cycles);
    }

    /// Does cycle `now`; `next` is the fold behind the one at work, if it is known.
    pub fn cycle(&mut self, now: u64, next: Option<&FoldName>) -> CycleEnd {
        self.sequencer.begin_cycle(now);
        if let Some(name) = next
            && self.sequencer.wants_next()
        {
            let work = self.work(name);
            self.sequencer.offer_next(work);
        }
        let end = self.sequencer.end_cycle(now, true, true);
        for result in self.sequencer.leaving() {
            let to = &self.destinations[(result.fold - self.exited) as usize];
            let tile = self.tiles.iter().find(|(step, _)| *step == to.step);
            debug_assert!(tile.is_some(), "the tile of a result is gone");
            if let Some((_, tile)) = tile {
                let result = (result.row, result.column, result.value);
                self.operands.accept(tile, &self.timing, &to.part, result);
            }
        }
        while self.exited < end.exited {
            self.destinations.pop_front();
            self.exited += 1;
        }
        if let Some(oldest) = self.destinations.front().map(|to| to.step) {
            while self.tiles.front().is_some_and(|(step, _)| *step < oldest) {
                self.tiles.pop_front();
            }
        }
        end
    }

    /// The array as it is after the last cycle.
    pub fn probe(&self) -> &dyn ArrayProbe {
        &self.sequencer
    }

    /// Whether nothing is in the array.
    pub fn is_idle(&self) -> bool {
        self.sequencer.is_idle()
    }

    /// What was done, and whether weights entered from the left.
    pub fn counts(&self) -> (SteppedCounts, bool) {
        (self.sequencer.counts(), self.sequencer.swapped())
    }

    /// The outputs beside a direct computation.
    pub fn check(&self) -> OutputCheck {
        self.operands.check()
    }
}
