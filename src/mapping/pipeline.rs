//! The time that a schedule takes, tile by tile: loads, computation and stores as far as they overlap.
//!
//! The same controller as in [`crate::hw`]: tiles are asked for in the order of the steps as far as buffers have room, a
//! step starts when its operands are there, and a stored tile frees its room. The DMA is a server of two queues, loads
//! and stores, that share the memory's attained bandwidth burst by burst; the array takes each tile's folds without a
//! gap. Left out: what single DRAM commands do to each other, and ports that DMA and array share.

use std::collections::VecDeque;

use super::cost::{Activity, Goal};
use super::fold::{ArrayTiming, TileGemm};
use super::schedule::{Schedule, Step, Work};
use super::tile_work::TileWork;
use crate::arch::{Operand, PerOperand};

/// Steps that an engine may hold: one at work and one queued behind it.
const STEPS_IN_ENGINE: u32 = 2;

/// The layer's activity under `schedule`.
pub(super) fn follow(
    schedule: &Schedule,
    timing: &ArrayTiming,
    goal: &Goal,
    burst_bytes: u32,
) -> Activity {
    let mut pipeline = Pipeline::new(schedule, timing, goal, burst_bytes);
    pipeline.run();
    pipeline.activity
}

/// A transfer in a queue of the DMA.
#[derive(Debug, Clone, Copy)]
struct Job {
    step: usize,
    operand: Operand,
    /// Bursts that are left.
    bursts: f64,
    /// Core cycles of each while the other queue is empty, and while it is not.
    cycles: [f64; 2],
}

struct Pipeline<'a> {
    schedule: &'a Schedule,
    timing: &'a ArrayTiming,
    goal: &'a Goal,
    burst_bytes: u32,
    now: f64,
    /// Loads and stores.
    queues: [VecDeque<Job>; 2],
    /// Loads on their way from the memory: (arrival, step, operand).
    arriving: VecDeque<(f64, usize, Operand)>,
    /// Steps in the engine: (all operands fed, step).
    feeding: VecDeque<(f64, usize)>,
    /// Steps of which results leave: (in the output buffer, step).
    leaving: VecDeque<(f64, usize)>,
    /// Stores on their way to the memory: when the room is free.
    storing: VecDeque<f64>,
    cursor: PerOperand<usize>,
    held: PerOperand<u32>,
    missing: Vec<PerOperand<u32>>,
    next_start: usize,
    in_engine: u32,
    engine_free: f64,
    works: Vec<(TileGemm, TileWork)>,
    activity: Activity,
}

impl<'a> Pipeline<'a> {
    fn new(
        schedule: &'a Schedule,
        timing: &'a ArrayTiming,
        goal: &'a Goal,
        burst_bytes: u32,
    ) -> Self {
        let transfers = |step: &Step| PerOperand::of(|o| step.loads[o].len() as u32);
        Pipeline {
            schedule,
            timing,
            goal,
            burst_bytes,
            now: 0.0,
            queues: [VecDeque::new(), VecDeque::new()],
            arriving: VecDeque::new(),
            feeding: VecDeque::new(),
            leaving: VecDeque::new(),
            storing: VecDeque::new(),
            cursor: PerOperand::default(),
            held: PerOperand::default(),
            missing: schedule.steps.iter().map(transfers).collect(),
            next_start: 0,
            in_engine: 0,
            engine_free: 0.0,
            works: Vec::new(),
            activity: Activity {
                steps: schedule.steps.len() as u64,
                ..Activity::default()
            },
        }
    }

    fn run(&mut self) {
        loop {
            self.advance();
            let Some(next) = self.next_event() else { break };
            self.move_bytes(next - self.now);
            self.now = next;
            self.handle_events();
        }
        self.activity.cycles = self.now;
    }

    /// Asks for tiles that there is room for and starts what can start.
    fn advance(&mut self) {
        while let Some(operand) = self.next_to_load() {
            let step = self.cursor[operand];
            self.cursor[operand] += 1;
            self.held[operand] += 1;
            for transfer in self.schedule.steps[step].loads[operand].clone() {
                self.enqueue(step, operand, transfer, false);
            }
        }
        while self.in_engine < STEPS_IN_ENGINE && self.can_start() {
            self.start();
        }
    }

    fn next_to_load(&mut self) -> Option<Operand> {
        let steps = &self.schedule.steps;
        for operand in Operand::ALL {
            let cursor = &mut self.cursor[operand];
            while *cursor < steps.len() && !steps[*cursor].begins[operand] {
                *cursor += 1;
            }
        }
        Operand::ALL
            .into_iter()
            .filter(|&operand| {
                self.cursor[operand] < steps.len()
                    && self.held[operand] < self.schedule.slots[operand]
            })
            .min_by_key(|&operand| self.cursor[operand])
    }

    fn enqueue(&mut self, step: usize, operand: Operand, transfer: u32, store: bool) {
        let runs = &self.schedule.transfers[transfer as usize].runs;
        let bursts = runs.count_bursts(self.burst_bytes);
        let port = self.goal.port_cycles[operand];
        self.activity.words[operand] += bursts * port;
        let memory = &self.goal.memory;
        let alone = if store {
            self.activity.written_bursts += bursts;
            memory.write_ticks
        } else {
            self.activity.read_bursts += bursts;
            memory.read_ticks
        };
        if bursts == 0 {
            // A tile that lies in the padding, or all of which is there.
            if store {
                self.storing.push_back(self.now);
            } else {
                self.missing[step][operand] -= 1;
            }
            return;
        }
        // Of two queues each gets every other burst.
        let cycles = [alone, 2 * memory.copy_ticks].map(|ticks| ticks.max(port * 1024) as f64);
        self.queues[usize::from(store)].push_back(Job {
            step,
            operand,
            bursts: bursts as f64,
            cycles: cycles.map(|ticks| ticks / 1024.0),
        });
    }

    fn can_start(&self) -> bool {
        self.next_start < self.schedule.steps.len()
            && Operand::ALL.into_iter().all(|operand| {
                self.cursor[operand] > self.next_start
                    && self.missing[self.next_start][operand] == 0
            })
    }

    fn start(&mut self) {
        let step = self.next_start;
        self.next_start += 1;
        self.in_engine += 1;
        let Work::Array(gemm) = self.schedule.steps[step].work else {
            return;
        };
        let work = self.work(&gemm);
        let arrival = self.now + self.goal.tile_setup_cycles as f64;
        let mut begin = arrival.max(self.engine_free);
        if arrival > self.engine_free {
            begin += work.first_load_cycles as f64;
        }
        let fed = begin + work.cycles as f64;
        self.engine_free = fed;
        self.feeding.push_back((fed, step));
        let converter = match work.finished_values {
            0 => 0,
            _ => self.goal.converter_cycles,
        };
        let done = fed + (work.exit_cycles + converter) as f64;
        let after = self.leaving.back().map_or(0.0, |&(at, _)| at);
        self.leaving.push_back((done.max(after), step));
        self.activity.busy_cycles += work.cycles;
        self.activity.active_pe_cycles += work.active_pe_cycles;
        for operand in Operand::ALL {
            self.activity.words[operand] += work.words[operand];
        }
    }

    fn work(&mut self, gemm: &TileGemm) -> TileWork {
        match self.works.iter().find(|(known, _)| known == gemm) {
            Some((_, work)) => *work,
            None => {
                let work = self.timing.tile_work(gemm);
                self.works.push((*gemm, work));
                work
            }
        }
    }

    /// Core cycles of each burst at the head of a queue.
    fn pace(&self, queue: usize) -> f64 {
        let both = self.queues.iter().all(|queue| !queue.is_empty());
        self.queues[queue]
            .front()
            .map_or(0.0, |job| job.cycles[usize::from(both)])
    }

    fn next_event(&self) -> Option<f64> {
        let moved = (0..2).filter_map(|queue| {
            let job = self.queues[queue].front()?;
            Some(self.now + job.bursts * self.pace(queue))
        });
        let first = |queue: &VecDeque<(f64, usize)>| queue.front().map(|&(at, _)| at);
        let others = [
            self.arriving.front().map(|&(at, ..)| at),
            first(&self.feeding),
            first(&self.leaving),
            self.storing.front().copied(),
        ];
        moved
            .chain(others.into_iter().flatten())
            .min_by(f64::total_cmp)
    }

    fn move_bytes(&mut self, cycles: f64) {
        let paces = [self.pace(0), self.pace(1)];
        for (queue, pace) in self.queues.iter_mut().zip(paces) {
            if let Some(job) = queue.front_mut() {
                job.bursts -= cycles / pace;
            }
        }
    }

    fn handle_events(&mut self) {
        // Less than this of a burst is rounding.
        const NOTHING: f64 = 1e-6;
        let memory = &self.goal.memory;
        for store in [false, true] {
            if let Some(&job) = self.queues[usize::from(store)].front()
                && job.bursts <= NOTHING
            {
                self.queues[usize::from(store)].pop_front();
                if store {
                    let taken = self.now + memory.write_latency_cycles as f64;
                    self.storing.push_back(taken);
                } else {
                    let there = self.now + memory.read_latency_cycles as f64;
                    self.arriving.push_back((there, job.step, job.operand));
                }
            }
        }
        while let Some(&(at, step, operand)) = self.arriving.front()
            && at <= self.now
        {
            self.arriving.pop_front();
            self.missing[step][operand] -= 1;
        }
        while let Some(&(at, step)) = self.feeding.front()
            && at <= self.now
        {
            self.feeding.pop_front();
            self.in_engine -= 1;
            for operand in [Operand::Activation, Operand::Weight] {
                self.held[operand] -= u32::from(self.schedule.steps[step].ends[operand]);
            }
        }
        while let Some(&(at, step)) = self.leaving.front()
            && at <= self.now
        {
            self.leaving.pop_front();
            for transfer in self.schedule.steps[step].stores.clone() {
                self.enqueue(step, Operand::Output, transfer, true);
            }
        }
        while let Some(&at) = self.storing.front()
            && at <= self.now
        {
            self.storing.pop_front();
            self.held.output -= 1;
        }
    }
}
