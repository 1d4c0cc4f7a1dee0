//! Planning layer by layer: formats and limits of each, its choice, and the places of its operands.

use std::collections::HashMap;

use super::array_plan::{ArrayPlan, SecondLayout};
use super::bursts::Layouts;
use super::choose::{Choices, Problem, choose, smallest};
#[cfg(test)]
use super::cost::Cost;
use super::cost::{Goal, UnitEnergies};
use super::file::Mapping;
use super::fixed::FixedLayer;
use super::fold::{ArrayTiming, EdgePort, OutputPath};
use super::lower::{Lowered, lower};
use super::memory::{Allocator, TensorLayout};
use super::nest::{Nest, SecondOperand};
use super::plan::{LayerNeeds, LayerPlan, MAX_STEPS, MemoryShape, PlanError};
use super::tiling::{DoesNotFit, Limits, Tiling};
use super::vector_plan::VectorPlan;
use crate::approx::LayerPrecision;
use crate::arch::{Architecture, PerOperand, Ports};
use crate::workload::{Layer, Network, TensorId};

/// What decides the choice for a layer; addresses do not, since every tensor begins at a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Question {
    nest: Nest,
    timing: ArrayTiming,
    limits: Limits,
    goal: Goal,
    layouts: Layouts,
    fixed: Option<FixedLayer>,
}

/// Plans layer after layer.
pub(super) struct Planner<'a> {
    arch: &'a Architecture,
    memory: &'a MemoryShape,
    network: &'a Network,
    mapping: Option<&'a Mapping>,
    layouts: Vec<TensorLayout>,
    allocator: Allocator,
    /// Choices found so far: networks repeat their layers.
    found: HashMap<Question, Choices>,
}

impl<'a> Planner<'a> {
    /// Nothing is laid out yet.
    pub(super) fn new(
        arch: &'a Architecture,
        memory: &'a MemoryShape,
        network: &'a Network,
        mapping: Option<&'a Mapping>,
    ) -> Self {
        Planner {
            arch,
            memory,
            network,
            mapping,
            layouts: Vec::new(),
            allocator: Allocator::default(),
            found: HashMap::new(),
        }
    }

    /// DRAM bytes in use so far.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.allocator.used()
    }

    /// Gives every tensor a place, `bits` for each of its values.
    pub(super) fn lay_out_tensors(&mut self, bits: &[u32]) {
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

    /// The plan of a layer.
    pub(super) fn layer(
        &mut self,
        layer: &Layer,
        needs: Option<&LayerNeeds>,
    ) -> Result<(LayerPlan, Option<Choices>), PlanError> {
        let fixed = self.mapping.and_then(|mapping| mapping.of(&layer.name));
        let does_not_fit = |error| does_not_fit(layer, fixed.as_ref(), error);
        let plan = match (lower(self.network, layer), needs) {
            (Lowered::Array(nest), Some(needs)) => {
                if let Some(fixed) = &fixed {
                    let problem = fixed.check(&nest);
                    problem.map_err(|problem| PlanError::mapping(layer, fixed, problem))?;
                }
                let (plan, choices) = self
                    .array_layer(layer, nest, needs, fixed.as_ref())
                    .map_err(does_not_fit)?;
                (LayerPlan::Array(Box::new(plan)), Some(choices))
            }
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
                if let Some(fixed) = &fixed {
                    let problem = fixed.check_vector();
                    problem.map_err(|problem| PlanError::mapping(layer, fixed, problem))?;
                }
                let tile = fixed.map(|fixed| fixed.tile).unwrap_or_default();
                let plan = plan.fit(&self.limits(0, 0, 0), &tile);
                (LayerPlan::Vector(plan.map_err(does_not_fit)?), None)
            }
            #[expect(clippy::unreachable, reason = "the caller's part: see `plan`")]
            (Lowered::Array(_), None) => unreachable!("every array layer has a precision"),
        };
        let steps = plan.0.steps();
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
        needs: &LayerNeeds,
        fixed: Option<&FixedLayer>,
    ) -> Result<(ArrayPlan, Choices), DoesNotFit> {
        let (template, limits) = self.template(layer, nest, needs);
        let problem = Problem {
            template: &template,
            limits: &limits,
            goal: &self.goal(needs.energies),
            fixed,
        };
        let choices = self.choices(&problem)?;
        let plan = self.placed(template, choices.best.tiling, limits.weight_bits);
        Ok((plan, choices))
    }

    /// The plan of a layer but for its tiles and the places of weights and partial sums.
    fn template(&self, layer: &Layer, nest: Nest, needs: &LayerNeeds) -> (ArrayPlan, Limits) {
        let precision = &needs.precision;
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
        let template = ArrayPlan {
            nest,
            precision: precision.clone(),
            tiling: smallest(&nest),
            timing: self.timing(precision, &limits),
            input,
            second: match second {
                Some(layout) => SecondLayout::Activation(layout),
                None => SecondLayout::Weights {
                    base: 0,
                    value_bits: weight_bits,
                },
            },
            output,
            psum_base: 0,
            burst_bytes: self.memory.burst_bytes,
        };
        (template, limits)
    }

    /// The template with a tiling, and with places for weights and partial sums.
    fn placed(&mut self, template: ArrayPlan, tiling: Tiling, weight_bits: u32) -> ArrayPlan {
        let (nest, burst_bytes) = (&template.nest, template.burst_bytes);
        let psum_bits = self.arch.tiling.psum_bits;
        let (weight_bytes, psum_bytes) =
            ArrayPlan::region_bytes(nest, &tiling, weight_bits, psum_bits, burst_bytes);
        let weight_base = self.allocator.take(weight_bytes);
        let psum_base = self.allocator.take(psum_bytes);
        ArrayPlan {
            tiling,
            timing: ArrayTiming {
                exchanged: tiling.exchanged,
                ..template.timing
            },
            second: match template.second {
                SecondLayout::Weights { value_bits, .. } => SecondLayout::Weights {
                    base: weight_base,
                    value_bits,
                },
                activation => activation,
            },
            psum_base,
            ..template
        }
    }

    fn choices(&mut self, problem: &Problem<'_>) -> Result<Choices, DoesNotFit> {
        let anywhere = |layout: TensorLayout| TensorLayout { base: 0, ..layout };
        let layouts = Layouts::of(problem.template);
        let question = Question {
            nest: problem.template.nest,
            timing: problem.template.timing,
            limits: *problem.limits,
            goal: *problem.goal,
            layouts: Layouts {
                input: anywhere(layouts.input),
                second: layouts.second.map(anywhere),
                output: anywhere(layouts.output),
            },
            fixed: problem.fixed.copied(),
        };
        if let Some(&choices) = self.found.get(&question) {
            return Ok(choices);
        }
        let choices = choose(problem)?;
        self.found.insert(question, choices);
        Ok(choices)
    }

    fn goal(&self, energies: UnitEnergies) -> Goal {
        let arch = self.arch;
        let burst_bits = self.memory.burst_bytes * 8;
        Goal {
            objective: arch.tiling.objective,
            memory: self.memory.rates,
            energies,
            port_cycles: PerOperand::of(|operand| {
                u64::from(burst_bits.div_ceil(arch.buffers[operand].port_bits))
            }),
            tile_setup_cycles: u64::from(arch.controller.tile_setup_cycles),
            converter_cycles: u64::from(arch.converter.latency_cycles),
            pes: arch.array.pes(),
        }
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
        Limits {
            activation_bits,
            weight_bits,
            output_bits,
            psum_bits: self.arch.tiling.psum_bits,
            capacity_bits: buffers.map(|buffer| buffer.size_bytes() * 8),
            double_buffered: buffers.map(|buffer| buffer.double_buffered),
            burst_bytes: self.memory.burst_bytes,
            operand_exchange: self.arch.array.operand_exchange,
        }
    }

    /// The plans of an array layer with the lowest bounds that the choice weighs, with what it takes it to cost.
    #[cfg(test)]
    pub(super) fn alternatives(
        &mut self,
        layer: &Layer,
        needs: &LayerNeeds,
        most: usize,
    ) -> Vec<(ArrayPlan, Cost)> {
        let Lowered::Array(nest) = lower(self.network, layer) else {
            return Vec::new();
        };
        let (template, limits) = self.template(layer, nest, needs);
        let goal = self.goal(needs.energies);
        let problem = Problem {
            template: &template,
            limits: &limits,
            goal: &goal,
            fixed: None,
        };
        let mut tilings = problem.bounds();
        let least = |(_, bound): &(Tiling, Cost)| bound.under(goal.objective);
        tilings.sort_by(|a, b| least(a).total_cmp(&least(b)));
        tilings.truncate(most);
        let tilings = tilings.into_iter();
        tilings
            .map(|(tiling, _)| {
                let plan = self.placed(template.clone(), tiling, limits.weight_bits);
                (plan, problem.follow(tiling))
            })
            .collect()
    }
}

/// What to say of a tile that is too large: as fixed by a mapping file, or any tile at all.
fn does_not_fit(layer: &Layer, fixed: Option<&FixedLayer>, error: DoesNotFit) -> PlanError {
    let Some(fixed) = fixed else {
        return PlanError::DoesNotFit {
            layer: layer.name.clone(),
            operand: error.operand,
            needed_bits: error.needed_bits,
            available_bits: error.available_bits,
        };
    };
    let problem = match error.needed_bits.checked_sub(error.available_bits) {
        None | Some(0) => "nothing that the array can do has all that is fixed".to_string(),
        Some(excess) => format!(
            "its tile takes {} bits of the {} buffer, {excess} more than the {} that there are for a tile",
            error.needed_bits, error.operand, error.available_bits
        ),
    };
    PlanError::mapping(layer, fixed, problem)
}
