//! The machine: all components, the dispatch of messages to them, and the run of a program.
//!
//! Counts belong to the layer whose step or transfer is counted. Commands of the DRAM, which does not know layers,
//! belong to the layer that is the next to be complete.

use std::sync::Arc;

use super::buffer::Buffer;
use super::bus::{ARRAY, BUFFERS, Bus, CHANNELS, CONTROLLER, CONVERTER, Clocks, DMA, VECTOR_UNIT};
use super::cause::StallReason;
use super::channel::{DramChannel, empty_latencies};
use super::conservation::{self, Widths};
use super::controller::Controller;
use super::converter::Converter;
use super::dma::Dma;
use super::ledger::Ledger;
use super::message::Message;
use super::observer::{Engine, Observer};
use super::pe_array::PeArray;
use super::result::{LayerResult, RunResult};
use super::stepped::GivenOperands;
use super::vector_unit::VectorUnit;
use crate::arch::{Architecture, Operand, PerOperand};
use crate::dram::{AddressMap, DramCounts, DramSpec};
use crate::graph::Program;
use crate::sim::{
    ClockError, ComponentId, Khz, Model, RunError, Scheduler, Waiting, clock_domains, run,
};
use crate::workload::LayerId;

/// Why a run could not be made or did not end.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The clocks have no common tick.
    #[error("core and DRAM clock: {0}")]
    Clock(#[from] ClockError),
    /// The memory can not be built as asked.
    #[error("DRAM: {0}")]
    Memory(#[from] crate::dram::AddressMapError),
    /// The events ended early: an error in this program, not in the input.
    #[error("{0}")]
    Run(#[from] RunError),
}

/// The end of a layer.
#[derive(Debug, Clone, Copy)]
struct LayerEnd {
    cycle: u64,
    /// DRAM commands since the end of the layer before.
    dram: DramCounts,
}

/// How the PE array is simulated.
#[derive(Debug, Clone, Copy, Default)]
pub enum Fidelity<'a> {
    /// A fold is one event; its time is a closed form.
    #[default]
    Wavefront,
    /// Every PE and every block multiplier works every cycle, on operand values drawn from `seed`.
    Stepped {
        /// Seed of the operand values.
        seed: u64,
        /// Operand values of layers for which they are not drawn from the seed.
        given: &'a [(LayerId, Arc<GivenOperands>)],
    },
}

/// The hardware with the program that it runs.
struct Machine<'a, O: Observer> {
    program: &'a Program<'a>,
    ledger: Ledger,
    clocks: Clocks,
    controller: Controller,
    dma: Dma,
    buffers: PerOperand<Buffer>,
    array: PeArray<'a>,
    converter: Converter,
    vector_unit: VectorUnit,
    channels: Vec<DramChannel>,
    /// Layers that are complete.
    ends: Vec<LayerEnd>,
    /// DRAM commands up to the end of the last of them.
    dram_before: DramCounts,
    observer: &'a mut O,
    progress: &'a dyn Fn(usize),
}

impl<'a, O: Observer> Machine<'a, O> {
    fn new(
        arch: &Architecture,
        dram: &DramSpec,
        program: &'a Program<'a>,
        fidelity: Fidelity<'a>,
        observer: &'a mut O,
        progress: &'a dyn Fn(usize),
    ) -> Result<Self, MachineError> {
        let (_, clocks) = clocks(arch, dram)?;
        let map = AddressMap::new(dram, arch.dram.channels)?;
        let channel = |index| {
            let dma = &arch.dma;
            let (bursts, latency) = (dma.outstanding_bursts, dma.response_latency_cycles);
            DramChannel::new(dram, map, index, bursts, latency)
        };
        let layers = program.layers.len();
        Ok(Machine {
            program,
            ledger: Ledger::new(arch.array.pes(), arch.controller.tile_setup_cycles, layers),
            clocks,
            controller: Controller::new(arch, program),
            dma: Dma::new(arch, map, dram.burst_bytes(), program),
            buffers: PerOperand::of(|operand| Buffer::new(operand, &arch.buffers[operand], layers)),
            array: PeArray::new(arch.array.pe, fidelity, layers),
            converter: Converter::new(&arch.converter, layers),
            vector_unit: VectorUnit::new(arch, layers),
            channels: (0..arch.dram.channels).map(channel).collect(),
            ends: Vec::with_capacity(layers),
            dram_before: DramCounts::default(),
            observer,
            progress,
        })
    }

    fn channel_totals(&mut self, scheduler: &Scheduler<Message>) -> DramCounts {
        let cycle = self.clocks.dram.cycle_of(scheduler.now());
        self.channels
            .iter_mut()
            .map(|channel| channel.totals_at(cycle))
            .sum()
    }

    /// Asks for the first tiles, and for more after each message to the controller.
    fn advance(&mut self, scheduler: &mut Scheduler<Message>) {
        let mut bus = Bus {
            scheduler,
            clocks: self.clocks,
            program: self.program,
            ledger: &mut self.ledger,
            observer: self.observer,
        };
        self.controller.advance(&mut bus);
    }

    /// Whether all steps of the next layer to end are complete.
    fn layer_is_complete(&self) -> bool {
        self.program
            .layers
            .get(self.ends.len())
            .is_some_and(|layer| layer.steps.end <= self.controller.complete())
    }

    fn end_layer(&mut self, scheduler: &mut Scheduler<Message>) {
        let layer = self.ends.len();
        let cycle = self.clocks.core.cycle_of(scheduler.now());
        if self.controller.waited_for_stores(self.program) {
            self.account_stores(layer as u32, cycle);
        }
        let totals = self.channel_totals(scheduler);
        self.ends.push(LayerEnd {
            cycle,
            dram: totals.since(&self.dram_before),
        });
        self.dram_before = totals;
        self.observer.layer_ends(layer as u32, scheduler.now());
        (self.progress)(layer);
    }

    /// Both engines have waited for the last stores of a layer.
    fn account_stores(&mut self, layer: u32, cycle: u64) {
        let mut stall = |engine, reason, until| {
            self.ledger
                .account_stall((engine, layer), reason, until, self.clocks, self.observer);
        };
        let engine = match self.program.layers[layer as usize].timing {
            Some(_) => Engine::Array,
            None => Engine::VectorUnit,
        };
        if let Some((on_array, exit)) = self.array.last_exit()
            && on_array == layer
        {
            stall(engine, StallReason::Drain, exit.min(cycle));
        }
        stall(engine, StallReason::Output, cycle);
    }

    /// What each layer came to, when all have ended.
    fn results(&mut self) -> Vec<LayerResult> {
        self.array.leave_layer();
        let results = self
            .ends
            .iter()
            .enumerate()
            .map(|(layer, end)| LayerResult {
                begin_cycle: self.controller.begin_cycle(layer),
                end_cycle: end.cycle,
                cycles: self.ledger.cycles(layer),
                causes: self.ledger.causes(layer),
                array: *self.array.counts(layer),
                outputs: self.array.outputs(layer),
                vector: *self.vector_unit.counts(layer),
                dma: *self.dma.counts(layer),
                buffers: PerOperand::of(|operand| *self.buffers[operand].counts(layer)),
                dram: end.dram,
                converted_values: self.converter.values(layer),
                tiles: self.controller.tiles(layer),
            });
        results.collect()
    }
}

impl<O: Observer> Model for Machine<'_, O> {
    type Message = Message;

    fn handle(&mut self, to: ComponentId, message: Message, scheduler: &mut Scheduler<Message>) {
        let mut bus = Bus {
            scheduler,
            clocks: self.clocks,
            program: self.program,
            ledger: &mut self.ledger,
            observer: self.observer,
        };
        match to {
            CONTROLLER => {
                self.controller.handle(message, &mut bus);
                while self.layer_is_complete() {
                    self.end_layer(scheduler);
                }
                self.advance(scheduler);
            }
            DMA => self.dma.handle(message, &mut bus),
            ARRAY => self.array.handle(message, &mut bus),
            CONVERTER => self.converter.handle(message, &mut bus),
            VECTOR_UNIT => self.vector_unit.handle(message, &mut bus),
            ComponentId(id) if id >= CHANNELS.0 => {
                self.channels[(id - CHANNELS.0) as usize].handle(message, &mut bus);
            }
            ComponentId(id) => {
                self.buffers[Operand::ALL[(id - BUFFERS.0) as usize]].handle(message, &mut bus);
            }
        }
    }

    fn is_done(&self) -> bool {
        self.ends.len() == self.program.layers.len()
    }

    fn waiting(&self) -> Vec<Waiting> {
        let mut report = self.controller.waiting(self.program);
        let mut say = |component: &str, on: String| {
            report.push(Waiting {
                component: component.into(),
                on,
            });
        };
        if self.dma.under_way() + self.dma.queued() > 0 {
            say(
                "dma",
                format!(
                    "{} bursts under way, with {} transfers queued",
                    self.dma.under_way(),
                    self.dma.queued()
                ),
            );
        }
        if self.array.is_busy() {
            say("pe array", "the end of a fold".into());
        }
        if self.vector_unit.is_busy() {
            say("vector unit", "the end of a step".into());
        }
        for (index, channel) in self.channels.iter().enumerate() {
            if !channel.is_idle() {
                let on = format!(
                    "commands for its queues ({} behind them)",
                    channel.waiting()
                );
                say(&format!("dram channel {index}"), on);
            }
        }
        report
    }
}

/// Rate of the ticks in which [`simulate`] tells an observer the time.
///
/// # Errors
/// When the clocks of core and DRAM have no common tick.
pub fn tick_rate(arch: &Architecture, dram: &DramSpec) -> Result<Khz, ClockError> {
    clocks(arch, dram).map(|(rate, _)| rate)
}

fn clocks(arch: &Architecture, dram: &DramSpec) -> Result<(Khz, Clocks), ClockError> {
    let (rate, [core, dram]) = clock_domains([Khz(arch.core_clock_khz), Khz(dram.clock_khz)])?;
    Ok((rate, Clocks { core, dram }))
}

/// Runs a program on an architecture with the memory `dram`. `progress` is called with the index of each layer that is
/// complete.
///
/// # Errors
/// [`MachineError`] for clocks or a memory that can not be built; [`MachineError::Run`] for a run that
/// did not come to its end, which is a defect of this program.
pub fn simulate<O: Observer>(
    arch: &Architecture,
    dram: &DramSpec,
    program: &Program<'_>,
    fidelity: Fidelity<'_>,
    observer: &mut O,
    progress: &dyn Fn(usize),
) -> Result<RunResult, MachineError> {
    let mut machine = Machine::new(arch, dram, program, fidelity, observer, progress)?;
    let mut scheduler = Scheduler::new();
    machine.advance(&mut scheduler);
    let statistics = run(&mut machine, &mut scheduler)?;
    let after = machine
        .channel_totals(&scheduler)
        .since(&machine.dram_before);
    let mut read_latency = empty_latencies();
    for channel in &machine.channels {
        // Same bounds on both sides: the sum can not fail.
        let _ = read_latency.add(channel.latency());
    }
    let layers = machine.results();
    conservation::check(program, &layers, &Widths::of(arch, dram));
    Ok(RunResult {
        layers,
        read_latency,
        after,
        statistics,
    })
}
