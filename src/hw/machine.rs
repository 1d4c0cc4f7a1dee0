//! The machine: all components, the dispatch of messages to them, and the run of a plan layer by layer.
//!
//! A layer begins when the one before it has its last output in DRAM; nothing of it is loaded ahead.
//! That costs each layer one exposed DRAM latency and first tile, and makes layers independent: run
//! alone or in a network, a layer does the same work.

use std::sync::Arc;

use super::buffer::{Buffer, BufferCounts};
use super::bus::{ARRAY, BUFFERS, Bus, CHANNELS, CONTROLLER, CONVERTER, Clocks, DMA, VECTOR_UNIT};
use super::channel::{DramChannel, empty_latencies};
use super::conservation::{self, Widths};
use super::controller::Controller;
use super::converter::Converter;
use super::dma::Dma;
use super::message::Message;
use super::observer::{Observer, Unobserved};
use super::pe_array::PeArray;
use super::result::{LayerResult, RunResult};
use super::stepped::{GivenOperands, SteppedLayer};
use super::vector_unit::VectorUnit;
use crate::arch::{Architecture, Operand, PeKind, PerOperand};
use crate::dram::{AddressMap, DramCounts, DramSpec};
use crate::mapping::{LayerPlan, MappedLayer, Schedule};
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

/// Running totals of components that count over the whole run.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    buffers: PerOperand<BufferCounts>,
    dram: DramCounts,
    converted: u64,
    tiles: u64,
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

/// The hardware with the layer it works on.
struct Machine<'a, O: Observer> {
    layers: Vec<&'a MappedLayer>,
    fidelity: Fidelity<'a>,
    pe: PeKind,
    clocks: Clocks,
    controller: Controller,
    dma: Dma,
    buffers: PerOperand<Buffer>,
    array: PeArray,
    converter: Converter,
    vector_unit: VectorUnit,
    channels: Vec<DramChannel>,
    widths: Widths,
    layer: usize,
    begin_cycle: u64,
    schedule: Schedule,
    before: Totals,
    results: Vec<LayerResult>,
    observer: &'a mut O,
    progress: &'a dyn Fn(usize),
}

impl<O: Observer> Machine<'_, O> {
    fn channel_totals(&mut self, scheduler: &Scheduler<Message>) -> DramCounts {
        let cycle = self.clocks.dram.cycle_of(scheduler.now());
        self.channels
            .iter_mut()
            .map(|channel| channel.totals_at(cycle))
            .sum()
    }

    /// The layer for a stepped array, if that is the fidelity and the layer is the array's.
    fn stepped_layer(&self, layer: &MappedLayer) -> Option<Box<SteppedLayer>> {
        let Fidelity::Stepped { seed, given } = self.fidelity else {
            return None;
        };
        let LayerPlan::Array(plan) = &layer.plan else {
            return None;
        };
        let stepped = SteppedLayer::new(plan, &self.pe, seed, u64::from(layer.id.0));
        let given = given.iter().find(|(id, _)| *id == layer.id);
        Some(Box::new(match given {
            Some((_, operands)) => stepped.with_values(operands),
            None => stepped,
        }))
    }

    /// Starts layer after layer until one has work to wait for.
    fn begin_layer(&mut self, scheduler: &mut Scheduler<Message>) {
        let cycle = self.clocks.core.cycle_of(scheduler.now());
        self.observer
            .layer_begins(self.layer as u32, scheduler.now());
        let layer = self.layers[self.layer];
        self.schedule = layer.plan.schedule();
        self.begin_cycle = cycle;
        self.dma.begin_layer(&self.schedule);
        self.array
            .begin_layer(self.schedule.timing, self.stepped_layer(layer), cycle);
        self.vector_unit.begin_layer(cycle);
        let mut bus = Bus {
            scheduler,
            clocks: self.clocks,
            schedule: &self.schedule,
            observer: self.observer,
        };
        self.controller.begin_layer(&mut bus);
    }

    fn end_layer(&mut self, scheduler: &mut Scheduler<Message>) {
        let end_cycle = self.clocks.core.cycle_of(scheduler.now());
        let totals = Totals {
            buffers: PerOperand::of(|operand| *self.buffers[operand].counts()),
            dram: self.channel_totals(scheduler),
            converted: self.converter.values(),
            tiles: self.controller.tiles(),
        };
        let on_array = self.schedule.timing.is_some();
        let core = self.clocks.core;
        // The observer hears of the engine that has the layer.
        let nobody = &mut Unobserved;
        let (array, (vector_causes, vector)) = if on_array {
            (
                self.array.end_layer(end_cycle, core, self.observer),
                self.vector_unit.end_layer(end_cycle, core, nobody),
            )
        } else {
            (
                self.array.end_layer(end_cycle, core, nobody),
                self.vector_unit.end_layer(end_cycle, core, self.observer),
            )
        };
        let result = LayerResult {
            begin_cycle: self.begin_cycle,
            end_cycle,
            causes: if on_array {
                array.causes
            } else {
                vector_causes
            },
            array: array.counts,
            outputs: array.outputs,
            vector,
            dma: *self.dma.counts(),
            buffers: PerOperand::of(|operand| {
                totals.buffers[operand].since(&self.before.buffers[operand])
            }),
            dram: totals.dram.since(&self.before.dram),
            converted_values: totals.converted - self.before.converted,
            tiles: totals.tiles - self.before.tiles,
        };
        let plan = &self.layers[self.layer].plan;
        conservation::check(self.layer, plan, &self.schedule, &result, &self.widths);
        self.results.push(result);
        self.before = totals;
        self.observer.layer_ends(self.layer as u32, scheduler.now());
        (self.progress)(self.layer);
        self.layer += 1;
        if self.layer < self.layers.len() {
            self.begin_layer(scheduler);
        }
    }
}

impl<O: Observer> Model for Machine<'_, O> {
    type Message = Message;

    fn handle(&mut self, to: ComponentId, message: Message, scheduler: &mut Scheduler<Message>) {
        let mut bus = Bus {
            scheduler,
            clocks: self.clocks,
            schedule: &self.schedule,
            observer: self.observer,
        };
        match to {
            CONTROLLER => {
                self.controller.handle(message, &mut bus);
                if self.controller.layer_is_done() {
                    self.end_layer(scheduler);
                }
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
        self.layer == self.layers.len()
    }

    fn waiting(&self) -> Vec<Waiting> {
        let mut report = self.controller.waiting(&self.schedule);
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

/// Runs the layers of a plan on an architecture with the memory `dram`. `progress` is called with each finished
/// layer's index.
///
/// # Errors
/// [`MachineError`] for clocks or a memory that can not be built; [`MachineError::Run`] for a run that
/// did not come to its end, which is a defect of this program.
pub fn simulate<'a, O: Observer>(
    arch: &Architecture,
    dram: &DramSpec,
    layers: impl IntoIterator<Item = &'a MappedLayer>,
    fidelity: Fidelity<'_>,
    observer: &mut O,
    progress: &dyn Fn(usize),
) -> Result<RunResult, MachineError> {
    let (_, clocks) = clocks(arch, dram)?;
    let map = AddressMap::new(dram, arch.dram.channels)?;
    let channels = (0..arch.dram.channels)
        .map(|index| {
            DramChannel::new(
                dram,
                map,
                index,
                arch.dma.outstanding_bursts,
                arch.dma.response_latency_cycles,
            )
        })
        .collect();
    let layers: Vec<&MappedLayer> = layers.into_iter().collect();
    let mut machine = Machine {
        results: Vec::with_capacity(layers.len()),
        layers,
        fidelity,
        pe: arch.array.pe,
        clocks,
        controller: Controller::new(arch.controller.tile_setup_cycles),
        dma: Dma::new(arch, map, dram.burst_bytes()),
        buffers: PerOperand::of(|operand| Buffer::new(operand, &arch.buffers[operand])),
        array: PeArray::new(arch.array.pes(), arch.controller.tile_setup_cycles),
        converter: Converter::new(&arch.converter),
        vector_unit: VectorUnit::new(arch),
        channels,
        widths: Widths::of(arch, dram),
        layer: 0,
        begin_cycle: 0,
        schedule: Schedule::default(),
        before: Totals::default(),
        observer,
        progress,
    };
    let mut scheduler = Scheduler::new();
    if !machine.layers.is_empty() {
        machine.begin_layer(&mut scheduler);
    }
    let statistics = run(&mut machine, &mut scheduler)?;
    let after = machine
        .channel_totals(&scheduler)
        .since(&machine.before.dram);
    let mut read_latency = empty_latencies();
    for channel in &machine.channels {
        // Same bounds on both sides: the sum can not fail.
        let _ = read_latency.add(channel.latency());
    }
    Ok(RunResult {
        layers: machine.results,
        read_latency,
        after,
        statistics,
    })
}
