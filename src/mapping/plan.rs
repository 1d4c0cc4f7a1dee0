//! The plan of a whole network on one architecture under one approximation.

use std::collections::HashMap;

use super::array_plan::{ArrayPlan, SecondLayout};
use super::choose::choose;
use super::fold::{ArrayTiming, EdgePort, OutputPath};
use super::lower::{Lowered, lower};
use super::memory::{Allocator, TensorLayout};
use super::nest::{Nest, SecondOperand};
use super::schedule::Schedule;
use super::tiling::{DoesNotFit, Limits, Tiling};
use super::vector_plan::VectorPlan;
use crate::approx::LayerPrecision;
use crate::arch::{Architecture, Operand, PerOperand, Ports};
use crate::workload::{Layer, LayerId, Network, TensorId};

/// Most tile steps of one layer: more would take minutes and gigabytes, and mean buffers out of all
/// proportion to the layer.
const MAX_STEPS: u64 = 1 << 20;

/// What mapping must know of the DRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryShape {
    /// Bytes of one burst, a power of two.
    pub burst_bytes: u32,
    /// Bytes of all channels.
    pub capacity_bytes: u64,
    /// Peak bandwidth of all channels, in bytes per second.
    pub peak_bytes_per_second: u64,
}

/// A layer that can not be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No tile is small enough.
    #[error(
        "layer `{layer}`: the smallest tile takes {needed_bits} bits of the {operand} buffer, which \
         has {available_bits} bits for a tile; enlarge the {operand} buffer or give up its double \
         buffering"
    )]
    DoesNotFit {
        /// The layer.
        layer: String,
        /// The buffer.
        operand: Operand,
        /// Bits of the smallest tile.
        needed_bits: u64,
        /// Bits that a tile may take.
        available_bits: u64,
    },
    /// The tiles would be too many.
    #[error(
        "layer `{layer}` would be cut into {steps} tiles, more than {MAX_STEPS}: the buffers are too \
         small for it"
    )]
    TooManySteps {
        /// The layer.
        layer: String,
        /// Its tiles.
        steps: u64,
    },
    /// The tensors do not fit the memory.
    #[error(
        "the network's tensors take {needed_bytes} bytes of DRAM, and there are {capacity_bytes}; use \
         more channels or a smaller batch"
    )]
    MemoryExceeded {
        /// Bytes of weights, activations and spilled partial sums.
        needed_bytes: u64,
        /// Bytes of all channels.
        capacity_bytes: u64,
    },
}

/// A layer of a network with its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedLayer {
    /// Which layer of the network it is.
    pub id: LayerId,
    /// How it is computed.
    pub plan: LayerPlan,
}

/// A layer's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerPlan {
    /// On the PE array.
    Array(Box<ArrayPlan>),
    /// On the vector unit.
    Vector(VectorPlan),
}

impl LayerPlan {
    /// The tile steps.
    pub fn schedule(&self) -> Schedule {
        match self {
            LayerPlan::Array(plan) => plan.schedule(),
            LayerPlan::Vector(plan) => plan.schedule(),
        }
    }

    /// The precision on the array; none for the vector unit.
    pub fn precision(&self) -> Option<&LayerPrecision> {
        match self {
            LayerPlan::Array(plan) => Some(&plan.precision),
            LayerPlan::Vector(_) => None,
        }
    }

    /// MACs on the array.
    pub fn macs(&self) -> u64 {
        match self {
            LayerPlan::Array(plan) => plan.nest.macs(),
            LayerPlan::Vector(_) => 0,
        }
    }

    /// Tile steps, without making them.
    pub fn steps(&self) -> u64 {
        match self {
            LayerPlan::Array(plan) => plan.tiling.trips(&plan.nest).steps(),
            LayerPlan::Vector(plan) => plan.steps(),
        }
    }
}

/// The plan of a network.
#[derive(Debug, Clone)]
pub struct NetworkPlan {
    /// Its layers, in order.
    pub layers: Vec<MappedLayer>,
    /// DRAM bytes in use.
    pub memory_bytes: u64,
}

/// Plans `network`. `precisions` has one entry for each layer that runs on the array, in order.
///
/// # Errors
/// [`PlanError`] naming the first layer that can not be run, or the memory that is too small.
///
/// # Panics
/// If there are fewer precisions than layers that run on the array.
pub fn plan(
    arch: &Architecture,
    memory: &MemoryShape,
    network: &Network,
    precisions: &[LayerPrecision],
) -> Result<NetworkPlan, PlanError> {
    let formats = stored_bits(arch, network, precisions);
    let mut planner = Planner {
        arch,
        memory,
        network,
        layouts: Vec::new(),
        allocator: Allocator::default(),
        tilings: HashMap::new(),
    };
    planner.lay_out_tensors(&formats);
    let mut array_layers = precisions.iter();
    let mut layers = Vec::with_capacity(network.layers.len());
    for id in network.layer_ids() {
        let layer = network.layer(id);
        let precision = if layer.op.runs_on_array() {
            array_layers.next()
        } else {
            None
        };
        let plan = planner.layer(layer, precision)?;
        layers.push(MappedLayer { id, plan });
    }
    let memory_bytes = planner.allocator.used();
    if memory_bytes > memory.capacity_bytes {
        return Err(PlanError::MemoryExceeded {
            needed_bytes: memory_bytes,
            capacity_bytes: memory.capacity_bytes,
        });
    }
    Ok(NetworkPlan {
        layers,
        memory_bytes,
    })
}

impl NetworkPlan {
    /// The plan of the chosen layers alone, each at the place it has in the whole.
    #[must_use]
    pub fn only(mut self, chosen: impl Fn(LayerId) -> bool) -> NetworkPlan {
        self.layers.retain(|layer| chosen(layer.id));
        self
    }
}

/// Its layers, in order.
impl<'a> IntoIterator for &'a NetworkPlan {
    type Item = &'a MappedLayer;
    type IntoIter = std::slice::Iter<'a, MappedLayer>;

    fn into_iter(self) -> Self::IntoIter {
        self.layers.iter()
    }
}

/// Bits of one stored value of each tensor: the most that any array layer that reads it wants, full
/// precision where none does.
fn stored_bits(arch: &Architecture, network: &Network, precisions: &[LayerPrecision]) -> Vec<u32> {
    let mut wanted = vec![None::<u32>; network.tensors.len()];
    let mut want = |tensor: TensorId, bits: u32| {
        let entry = &mut wanted[tensor.index()];
        *entry = Some(entry.map_or(bits, |before| before.max(bits)));
    };
    let on_array = network
        .layers
        .iter()
        .filter(|layer| layer.op.runs_on_array());
    for (layer, precision) in on_array.zip(precisions) {
        want(layer.inputs[0], precision.activations.bits_per_operand());
        if let Some(&second) = layer.inputs.get(1) {
            want(second, precision.weights.bits_per_operand());
        }
    }
    let full = u32::from(arch.array.pe.operand_bits());
    wanted
        .into_iter()
        .map(|bits| bits.unwrap_or(full))
        .collect()
}

struct Planner<'a> {
    arch: &'a Architecture,
    memory: &'a MemoryShape,
    network: &'a Network,
    layouts: Vec<TensorLayout>,
    allocator: Allocator,
    /// Tilings found so far: networks repeat their layers.
    tilings: HashMap<(Nest, Limits, ArrayTiming), Tiling>,
}

impl Planner<'_> {
    fn lay_out_tensors(&mut self, bits: &[u32]) {
        for (tensor, &value_bits) in self.network.tensors.iter().zip(bits) {
            let layout =
                TensorLayout::dense(0, tensor.channels, tensor.height, tensor.width, value_bits);
            let base = self
                .allocator
                .take(layout.image_bytes * u64::from(self.network.batch));
            self.layouts.push(TensorLayout { base, ..layout });
        }
    }

    fn layout(&self, tensor: TensorId) -> TensorLayout {
        self.layouts[tensor.index()]
    }

    fn layer(
        &mut self,
        layer: &Layer,
        precision: Option<&LayerPrecision>,
    ) -> Result<LayerPlan, PlanError> {
        let does_not_fit = |error: DoesNotFit| PlanError::DoesNotFit {
            layer: layer.name.clone(),
            operand: error.operand,
            needed_bits: error.needed_bits,
            available_bits: error.available_bits,
        };
        let plan = match (lower(self.network, layer), precision) {
            (Lowered::Array(nest), Some(precision)) => LayerPlan::Array(Box::new(
                self.array_layer(layer, nest, precision)
                    .map_err(does_not_fit)?,
            )),
            (Lowered::Vector(vector), _) => {
                let inputs: Vec<_> = layer
                    .inputs
                    .iter()
                    .map(|&input| self.layout(input))
                    .collect();
                let pieces = vector
                    .arrangement
                    .pieces(&inputs, &self.layout(layer.output));
                let plan = VectorPlan {
                    images: self.network.batch,
                    rows: vector.rows,
                    columns: vector.columns,
                    channels: vector.channels,
                    operations_per_value: vector.operations_per_value,
                    reach: vector.reach,
                    pieces,
                    tile: [1; 3],
                    slots: PerOperand::same(1),
                };
                LayerPlan::Vector(plan.fit(&self.limits(0, 0, 0)).map_err(does_not_fit)?)
            }
            #[expect(clippy::unreachable, reason = "the caller's part: see `plan`")]
            (Lowered::Array(_), None) => unreachable!("every array layer has a precision"),
        };
        let steps = plan.steps();
        if steps > MAX_STEPS {
            return Err(PlanError::TooManySteps {
                layer: layer.name.clone(),
                steps,
            });
        }
        Ok(plan)
    }

    fn array_layer(
        &mut self,
        layer: &Layer,
        nest: Nest,
        precision: &LayerPrecision,
    ) -> Result<ArrayPlan, DoesNotFit> {
        let [row_stride, column_stride] = nest.sampling;
        let mut input = self
            .layout(layer.inputs[0])
            .sampled(row_stride, column_stride);
        let mut output = self.layout(layer.output);
        let mut second = None;
        if nest.second != SecondOperand::Weights {
            (input, output) = (input.flattened(), output.flattened());
            second = Some(self.layout(layer.inputs[1]).flattened());
        }
        let weight_bits = second.map_or(precision.weights.bits_per_operand(), |layout| {
            layout.value_bits
        });
        let limits = self.limits(input.value_bits, weight_bits, output.value_bits);
        let timing = self.timing(precision, &limits);
        let tiling = match self.tilings.get(&(nest, limits, timing)) {
            Some(&tiling) => tiling,
            None => {
                let tiling = choose(&nest, &limits, &timing)?;
                self.tilings.insert((nest, limits, timing), tiling);
                tiling
            }
        };
        let burst_bytes = self.memory.burst_bytes;
        let psum_bits = self.arch.tiling.psum_bits;
        let (weight_bytes, psum_bytes) =
            ArrayPlan::region_bytes(&nest, &tiling, weight_bits, psum_bits, burst_bytes);
        let weight_base = self.allocator.take(weight_bytes);
        let psum_base = self.allocator.take(psum_bytes);
        Ok(ArrayPlan {
            nest,
            precision: precision.clone(),
            tiling,
            timing: ArrayTiming {
                exchanged: tiling.exchanged,
                ..timing
            },
            input,
            second: match second {
                Some(layout) => SecondLayout::Activation(layout),
                None => SecondLayout::Weights {
                    base: weight_base,
                    value_bits: weight_bits,
                },
            },
            output,
            psum_base,
            burst_bytes,
        })
    }

    fn timing(&self, precision: &LayerPrecision, limits: &Limits) -> ArrayTiming {
        let array = &self.arch.array;
        let buffers = &self.arch.buffers;
        let rate = precision.rate(&array.pe);
        ArrayTiming {
            rows: array.rows,
            columns: array.columns,
            dataflow: array.dataflow,
            exchanged: false,
            double_buffered_weights: array.double_buffered_weights,
            fill_drain: array.fill_drain,
            macs_per_step: rate.macs,
            cycles_per_step: rate.cycles,
            activation: EdgePort {
                value_bits: limits.activation_bits,
                port_bits: buffers.activation.port_bits,
            },
            weight: EdgePort {
                value_bits: limits.weight_bits,
                port_bits: buffers.weight.port_bits,
            },
            output: OutputPath {
                psum_bits: limits.psum_bits,
                value_bits: limits.output_bits,
                port_bits: buffers.output.port_bits,
                single_port: buffers.output.ports == Ports::SinglePort,
                converter_values_per_cycle: self.arch.converter.values_per_cycle,
            },
        }
    }

    fn limits(&self, activation_bits: u32, weight_bits: u32, output_bits: u32) -> Limits {
        let buffers = PerOperand::of(|operand| &self.arch.buffers[operand]);
        let core_hz = u128::from(self.arch.core_clock_khz) * 1000;
        let per_kilocycle = u128::from(self.memory.peak_bytes_per_second) * 1024 / core_hz.max(1);
        Limits {
            activation_bits,
            weight_bits,
            output_bits,
            psum_bits: self.arch.tiling.psum_bits,
            capacity_bits: buffers.map(|buffer| buffer.size_bytes() * 8),
            double_buffered: buffers.map(|buffer| buffer.double_buffered),
            burst_bytes: self.memory.burst_bytes,
            dram_bytes_per_kilocycle: u64::try_from(per_kilocycle).unwrap_or(u64::MAX),
            tile_setup_cycles: self.arch.controller.tile_setup_cycles,
            traffic_slack_percent: self.arch.tiling.traffic_slack_percent,
            operand_exchange: self.arch.array.operand_exchange,
        }
    }
}
