//! A scratchpad buffer: takes tiles from the DMA, serves array and vector unit, and says when its one
//! port is wanted twice.
//!
//! The two halves of a double-buffered scratchpad lie in different banks, so that DMA and array do
//! not meet; with a single bank, or without double buffering where the DMA drains what the array
//! still fills, they share the port and the array yields: DMA words are few, and a burst that has
//! arrived can not wait.

use super::bus::{ARRAY, Bus, CONTROLLER, DATA};
use super::message::Message;
use super::observer::Observer;
use crate::arch::{Buffer as BufferSpec, Operand, Ports};

/// Accesses of whole port words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BufferCounts {
    /// Words read by array or vector unit.
    pub engine_reads: u64,
    /// Words written by array or vector unit.
    pub engine_writes: u64,
    /// Words read by the DMA.
    pub dma_reads: u64,
    /// Words written by the DMA.
    pub dma_writes: u64,
}

/// One buffer.
#[derive(Debug, Clone)]
pub(super) struct Buffer {
    operand: Operand,
    /// DMA accesses meet the array's at a single port.
    shared_port: bool,
    /// By layer.
    counts: Vec<BufferCounts>,
}

impl Buffer {
    /// The buffer of `operand`, for a program of so many layers.
    pub(super) fn new(operand: Operand, spec: &BufferSpec, layers: usize) -> Self {
        let halves_apart = spec.double_buffered && spec.banks >= 2;
        Buffer {
            operand,
            shared_port: spec.ports == Ports::SinglePort && !halves_apart,
            counts: vec![BufferCounts::default(); layers],
        }
    }

    /// Accesses of a layer so far.
    pub(super) fn counts(&self, layer: usize) -> &BufferCounts {
        &self.counts[layer]
    }

    /// Handles a message.
    pub(super) fn handle<O: Observer>(&mut self, message: Message, bus: &mut Bus<'_, O>) {
        match message {
            Message::Fill {
                transfer,
                access,
                last,
            } => {
                let layer = bus.program.transfers[transfer as usize].layer as usize;
                self.counts[layer].dma_writes += u64::from(access.words);
                self.conflict(access.port_cycles, bus);
                if last {
                    bus.send(bus.cycle(), DATA, CONTROLLER, Message::Filled { transfer });
                }
            }
            Message::Drain { transfer, access } => {
                let layer = bus.program.transfers[transfer as usize].layer as usize;
                self.counts[layer].dma_reads += u64::from(access.words);
                self.conflict(access.port_cycles, bus);
            }
            Message::Used {
                step,
                reads,
                writes,
            } => {
                let layer = bus.program.steps[step as usize].layer as usize;
                self.counts[layer].engine_reads += reads;
                self.counts[layer].engine_writes += writes;
            }
            other => debug_assert!(false, "buffer got {other:?}"),
        }
    }

    fn conflict<O: Observer>(&self, cycles: u32, bus: &mut Bus<'_, O>) {
        if self.shared_port && cycles > 0 {
            let message = Message::Conflict {
                operand: self.operand,
                cycles,
            };
            bus.send(bus.cycle(), DATA, ARRAY, message);
        }
    }
}
