//! The plan of a whole network on one architecture under one approximation.

use super::array_plan::ArrayPlan;
use super::choose::Choices;
#[cfg(test)]
use super::cost::Cost;
use super::cost::{MemoryRates, UnitEnergies};
use super::file::Mapping;
use super::fixed::FixedLayer;
use super::planner::Planner;
use super::schedule::Schedule;
use super::vector_plan::VectorPlan;
use crate::approx::LayerPrecision;
use crate::arch::{Architecture, Operand};
use crate::workload::{Layer, LayerId, Network, TensorId};

/// Most tile steps of one layer: more would take minutes and gigabytes, and mean buffers out of all
/// proportion to the layer.
pub(super) const MAX_STEPS: u64 = 1 << 20;

/// What mapping must know of the DRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryShape {
    /// Bytes of one burst, a power of two.
    pub burst_bytes: u32,
    /// Bytes of all channels.
    pub capacity_bytes: u64,
    /// Peak bandwidth of all channels, in bytes per second.
    pub peak_bytes_per_second: u64,
    /// What long streams get of it.
    pub rates: MemoryRates,
}

/// What a layer that runs on the array needs to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNeeds {
    /// What it computes with.
    pub precision: LayerPrecision,
    /// What its activity costs.
    pub energies: UnitEnergies,
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
    /// A mapping file fixes what can not be.
    #[error("layer `{layer}`: {problem}")]
    Mapping {
        /// The layer.
        layer: String,
        /// Entry of the file.
        entry: usize,
        /// What can not be.
        problem: String,
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

impl PlanError {
    /// Of a layer for which a mapping file fixes what can not be.
    pub(super) fn mapping(layer: &Layer, fixed: &FixedLayer, problem: String) -> PlanError {
        PlanError::Mapping {
            layer: layer.name.clone(),
            entry: fixed.entry,
            problem,
        }
    }
}

/// A layer of a network with its plan.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedLayer {
    /// Which layer of the network it is.
    pub id: LayerId,
    /// How it is computed.
    pub plan: LayerPlan,
    /// What the plan of an array layer was chosen from, with its estimated cost.
    pub choices: Option<Choices>,
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

/// Plans `network`. `needs` has one entry for each layer that runs on the array, in order; what `mapping` fixes is not
/// chosen.
///
/// # Errors
/// [`PlanError`] naming the first layer that can not be run, or the memory that is too small.
///
/// # Panics
/// If there are fewer entries than layers that run on the array.
pub fn plan(
    arch: &Architecture,
    memory: &MemoryShape,
    network: &Network,
    needs: &[LayerNeeds],
    mapping: Option<&Mapping>,
) -> Result<NetworkPlan, PlanError> {
    let formats = stored_bits(arch, network, needs);
    let mut planner = Planner::new(arch, memory, network, mapping);
    planner.lay_out_tensors(&formats);
    let mut array_layers = needs.iter();
    let mut layers = Vec::with_capacity(network.layers.len());
    for id in network.layer_ids() {
        let layer = network.layer(id);
        let needs = if layer.op.runs_on_array() {
            array_layers.next()
        } else {
            None
        };
        let (plan, choices) = planner.layer(layer, needs)?;
        layers.push(MappedLayer { id, plan, choices });
    }
    let memory_bytes = planner.memory_bytes();
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

/// Of the plans that the choice for the network's only layer weighs the `most` with the lowest bounds, with what it takes
/// them to cost.
#[cfg(test)]
pub(crate) fn alternatives(
    arch: &Architecture,
    memory: &MemoryShape,
    network: &Network,
    needs: &[LayerNeeds],
    most: usize,
) -> Vec<(MappedLayer, Cost)> {
    let formats = stored_bits(arch, network, needs);
    let mut planner = Planner::new(arch, memory, network, None);
    planner.lay_out_tensors(&formats);
    let id = LayerId(0);
    let plans = planner
        .alternatives(network.layer(id), &needs[0], most)
        .into_iter();
    plans
        .map(|(plan, cost)| {
            let plan = LayerPlan::Array(Box::new(plan));
            let choices = None;
            (MappedLayer { id, plan, choices }, cost)
        })
        .collect()
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
fn stored_bits(arch: &Architecture, network: &Network, needs: &[LayerNeeds]) -> Vec<u32> {
    let mut wanted = vec![None::<u32>; network.tensors.len()];
    let mut want = |tensor: TensorId, bits: u32| {
        let entry = &mut wanted[tensor.index()];
        *entry = Some(entry.map_or(bits, |before| before.max(bits)));
    };
    let on_array = network
        .layers
        .iter()
        .filter(|layer| layer.op.runs_on_array());
    for (layer, needs) in on_array.zip(needs) {
        let precision = &needs.precision;
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
