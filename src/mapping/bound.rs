//! What a tiling can not cost less than: found without going through its tiles.
//!
//! Time is at least the first tile's load, all computation and the last tile's store one behind the other, and at least
//! what the memory needs for the fewest bursts. Activity is at least what the array does and what these bursts take. A
//! schedule followed tile by tile (`pipeline`) never comes out below: a test looks.

use super::bursts::{InputExtents, Layouts, LeastBursts};
use super::choose::Problem;
use super::cost::{Activity, Cost};
use super::fold::{ArrayTiming, TileGemm};
use super::nest::Nest;
use super::tile_work::TileWork;
use super::tiling::{Loop, Tiling, Trips, split};
use crate::arch::{Operand, PerOperand};

/// Bounds of the tilings with the same tile of output pixels.
pub(super) struct TileBounds {
    input: InputExtents,
    layouts: Layouts,
    /// All tiles together, but for the slow start of the first and the end of the last.
    work: TileWork,
    /// The smallest tile's cycles from its last operand to its last result.
    exit_cycles: u64,
    /// With halos fetched again, and with halos kept.
    bursts: [LeastBursts; 2],
}

impl TileBounds {
    /// For tilings with the pixel tile of `tile`.
    pub(super) fn of(tile: &Tiling, problem: &Problem<'_>) -> TileBounds {
        let template = problem.template;
        TileBounds {
            input: InputExtents::of(tile, &template.nest),
            layouts: Layouts::of(template),
            work: TileWork::default(),
            exit_cycles: 0,
            bursts: [LeastBursts::default(); 2],
        }
    }

    /// Goes on to the tilings with all tile sizes and the exchange of `tile`.
    pub(super) fn begin(&mut self, tile: &Tiling, problem: &Problem<'_>) {
        let nest = &problem.template.nest;
        self.bursts = [false, true].map(|halos| {
            let tile = Tiling { halos, ..*tile };
            tile.least_bursts(nest, problem.limits, &self.layouts, &self.input)
        });
        let timing = ArrayTiming {
            exchanged: tile.exchanged,
            ..problem.template.timing
        };
        self.work = TileWork::default();
        self.exit_cycles = u64::MAX;
        for (gemm, count) in tile_shapes(tile, nest) {
            let work = timing.tile_work(&gemm);
            self.exit_cycles = self.exit_cycles.min(work.exit_cycles);
            self.work.cycles += count * work.cycles;
            self.work.active_pe_cycles += count * work.active_pe_cycles;
            for operand in Operand::ALL {
                self.work.words[operand] += count * work.words[operand];
            }
        }
    }

    /// The bound of a tiling.
    pub(super) fn bound(&self, tiling: &Tiling, trips: &Trips, problem: &Problem<'_>) -> Cost {
        let goal = problem.goal;
        let least = &self.bursts[usize::from(tiling.halos)];
        let passes = PerOperand::of(|operand| tiling.passes(trips, operand));
        let spilled = (passes.output - 1) * least.psums;
        let bursts = PerOperand {
            activation: least.pass.activation * passes.activation,
            weight: least.pass.weight * passes.weight,
            output: least.pass.output + 2 * spilled,
        };
        let read_bursts = bursts.activation + bursts.weight + spilled;
        let written_bursts = least.pass.output + spilled;
        let words = PerOperand::of(|operand| {
            self.work.words[operand] + bursts[operand] * goal.port_cycles[operand]
        });
        let activity = Activity {
            cycles: self.cycles(tiling, problem, read_bursts, written_bursts),
            steps: trips.steps(),
            read_bursts,
            written_bursts,
            words,
            active_pe_cycles: self.work.active_pe_cycles,
            busy_cycles: self.work.cycles,
        };
        activity.cost(goal)
    }

    /// Cycles in which nothing is computed because a buffer holds one tile at a time: the next one is asked for when the
    /// array is through with the one before, or when that has been stored.
    fn serial_cycles(tiling: &Tiling, problem: &Problem<'_>) -> u64 {
        let nest = &problem.template.nest;
        let memory = &problem.goal.memory;
        let trips = tiling.trips(nest);
        let alone = |operand: Operand, latency: u64| {
            let moving = Loop::ALL.into_iter().filter(|over| over.moves(operand));
            let tiles = trips.group_sets * moving.map(|over| trips.of(over)).product::<u64>();
            let times = tiles * tiling.passes(&trips, operand);
            match tiling.slots[operand] {
                1 => (times - 1) * latency,
                _ => 0,
            }
        };
        let weights = alone(Operand::Weight, memory.read_latency_cycles);
        weights.max(alone(Operand::Output, memory.write_latency_cycles))
    }

    fn cycles(&self, tiling: &Tiling, problem: &Problem<'_>, read: u64, written: u64) -> f64 {
        let (goal, nest) = (problem.goal, &problem.template.nest);
        let memory = &goal.memory;
        let (shared, copied) = (memory.copy_ticks, 2 * memory.copy_ticks);
        let quickest = shared.min(memory.read_ticks).min(memory.write_ticks);
        let ticks = (read * memory.read_ticks.min(copied))
            .max(written * memory.write_ticks.min(copied))
            .max((read + written) * quickest);
        let latency = memory.read_latency_cycles + memory.write_latency_cycles;
        let streamed = ticks as f64 / 1024.0 + memory.read_latency_cycles as f64;
        // The first tile's weights come before it can start; its activations may be padding for the most part.
        let burst_bits = u64::from(problem.limits.burst_bytes) * 8;
        let weights = nest.weights(tiling.groups, tiling.filters, tiling.channels);
        let first = (weights * u64::from(problem.limits.weight_bits)).div_ceil(burst_bits);
        let first = first * memory.read_ticks.max(goal.port_cycles.weight * 1024);
        let computed = self.work.cycles
            + latency
            + goal.tile_setup_cycles
            + goal.converter_cycles
            + self.exit_cycles;
        let waits = Self::serial_cycles(tiling, problem);
        streamed.max((computed + waits) as f64 + first as f64 / 1024.0)
    }
}

/// The shapes of a tiling's tiles, and how many there are of each.
fn tile_shapes(tile: &Tiling, nest: &Nest) -> Vec<(TileGemm, u64)> {
    let mut shapes = Vec::with_capacity(12);
    for (groups, group_count) in split(nest.groups, tile.groups) {
        for (outputs, output_count) in pixel_shapes(tile, nest) {
            for (filters, filter_count) in split(nest.filters, tile.filters) {
                let count = u64::from(nest.repeats) * group_count * output_count * filter_count;
                for part in channel_parts(nest.channels, tile.channels) {
                    let gemm = TileGemm {
                        groups,
                        outputs,
                        filters,
                        reduction: nest.reduction(part.channels) as u32,
                        first: part.first,
                        last: part.last,
                    };
                    shapes.push((gemm, count * part.tiles));
                }
            }
        }
    }
    shapes
}

/// Output pixels of the tiles, and how many tiles have so many.
fn pixel_shapes(tile: &Tiling, nest: &Nest) -> Vec<(u32, u64)> {
    let mut shapes = Vec::with_capacity(8);
    for (images, image_count) in split(nest.images, tile.images) {
        for (rows, row_count) in split(nest.out_rows, tile.out_rows) {
            for (columns, column_count) in split(nest.out_columns, tile.out_columns) {
                let count = image_count * row_count * column_count;
                shapes.push((images * rows * columns, count));
            }
        }
    }
    shapes
}

/// Tiles of so many channels.
struct ChannelPart {
    channels: u32,
    tiles: u64,
    first: bool,
    last: bool,
}

/// The tiles along the reduction; the first and the last differ from those between them.
fn channel_parts(channels: u32, tile: u32) -> impl Iterator<Item = ChannelPart> {
    let count = channels.div_ceil(tile);
    let part = |channels, tiles, first, last| ChannelPart {
        channels,
        tiles,
        first,
        last,
    };
    let rest = channels - (count - 1) * tile;
    let parts = match count {
        1 => [Some(part(channels, 1, true, true)), None, None],
        _ => [
            Some(part(tile, 1, true, false)),
            (count > 2).then(|| part(tile, u64::from(count) - 2, false, false)),
            Some(part(rest, 1, false, true)),
        ],
    };
    parts.into_iter().flatten()
}
