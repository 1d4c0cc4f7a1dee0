//! What the mapper chose for each layer, what it takes that to cost, and how near its bounds that is. Its JSON form is
//! these types as they are; its version is [`MAPPING_SCHEMA`].

mod csv;
mod table;

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::render::Render;
use crate::arch::{Objective, Operand};
use crate::mapping::{
    ArrayPlan, Choice, LayerPlan, Loop, MappedLayer, NetworkPlan, SecondLayout, Tiling,
};
use crate::sweep::Job;

/// Name and version of the JSON form.
pub const MAPPING_SCHEMA: &str = "axbxp.mapping/1";

/// The mapping of a network on a design point.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MappingReport {
    /// `axbxp.mapping/1`.
    pub schema: String,
    /// Version of the program.
    pub program_version: String,
    /// The architecture.
    pub architecture: String,
    /// The approximation configuration.
    pub approximation: String,
    /// The network.
    pub workload: String,
    /// Images or sequences at once.
    pub batch: u32,
    /// What mappings are chosen for.
    pub objective: String,
    /// The layers, in order.
    pub layers: Vec<LayerMappingReport>,
    /// What the estimates leave out.
    pub notes: Vec<String>,
}

/// One layer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LayerMappingReport {
    /// Its name.
    pub layer: String,
    /// Extents of a tile.
    pub tile: String,
    /// The loops over tiles, outermost first; none for a layer of the vector unit.
    pub order: Option<Vec<String>>,
    /// Operands come in at each other's edge of the array.
    pub exchanged: bool,
    /// Operands that stay in their buffer while the loop that does not move them goes round.
    pub kept: Vec<String>,
    /// Input rows that the next tile reads too stay.
    pub halos_kept: bool,
    /// Tile steps.
    pub steps: u64,
    /// What the mapper weighed; none for a layer of the vector unit.
    pub estimate: Option<EstimateReport>,
}

/// The estimated cost of a layer's mapping beside what it can not be less than.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EstimateReport {
    /// Core cycles.
    pub cycles: f64,
    /// Energy in picojoules: array, buffers, DMA, DRAM and leakage; not converter and vector unit.
    pub energy_pj: f64,
    /// Bytes over the DRAM bus, in whole bursts.
    pub dram_bytes: u64,
    /// Core cycles that its MACs take on an array without an idle PE.
    pub compute_bound_cycles: f64,
    /// Core cycles that its operands take, each moved once, at the bandwidth of long streams.
    pub memory_bound_cycles: f64,
    /// Bytes of its operands, each once.
    pub compulsory_bytes: u64,
    /// Cycles over the larger of the two bounds.
    pub over_bound: f64,
    /// Bytes over the compulsory ones.
    pub over_compulsory: f64,
    /// The next best mapping.
    pub next_best: Option<NextBestReport>,
}

/// A mapping that was not chosen.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NextBestReport {
    /// Extents of a tile.
    pub tile: String,
    /// The loops over tiles, outermost first.
    pub order: Vec<String>,
    /// Its value of the objective over that of the choice.
    pub ratio: f64,
}

impl MappingReport {
    /// The mapping `plan` of what `job` asks for.
    pub fn new(job: &Job<'_>, plan: &NetworkPlan) -> MappingReport {
        let point = job.point;
        let objective = point.architecture.tiling.objective;
        let layers = plan.into_iter().map(|layer| LayerMappingReport {
            layer: job.network.layer(layer.id).name.clone(),
            ..LayerMappingReport::new(job, layer, objective)
        });
        MappingReport {
            schema: MAPPING_SCHEMA.to_string(),
            program_version: env!("CARGO_PKG_VERSION").to_string(),
            architecture: point.architecture.name.clone(),
            approximation: point.approximation.config().name.clone(),
            workload: job.network.name.clone(),
            batch: job.network.batch,
            objective: objective.name().to_string(),
            layers: layers.collect(),
            notes: vec![
                "cycles and energy are the mapper's estimates, tile by tile at the memory's attained \
                 bandwidth; `axbxp run` simulates them down to DRAM commands"
                    .to_string(),
            ],
        }
    }
}

impl LayerMappingReport {
    fn new(job: &Job<'_>, layer: &MappedLayer, objective: Objective) -> LayerMappingReport {
        let unnamed = LayerMappingReport {
            layer: String::new(),
            tile: String::new(),
            order: None,
            exchanged: false,
            kept: Vec::new(),
            halos_kept: false,
            steps: layer.plan.steps(),
            estimate: None,
        };
        match &layer.plan {
            LayerPlan::Vector(plan) => LayerMappingReport {
                tile: plan.tile.map(|extent| extent.to_string()).join("x"),
                ..unnamed
            },
            LayerPlan::Array(plan) => LayerMappingReport {
                tile: tile(&plan.tiling),
                order: Some(order(&plan.tiling)),
                exchanged: plan.tiling.exchanged,
                kept: Operand::ALL
                    .into_iter()
                    .filter(|&operand| plan.tiling.kept[operand])
                    .map(|operand| operand.to_string())
                    .collect(),
                halos_kept: plan.tiling.halos,
                estimate: layer.choices.as_ref().map(|choices| {
                    let next = choices.next_best.as_ref();
                    EstimateReport::new(job, plan, &choices.best, next, objective)
                }),
                ..unnamed
            },
        }
    }
}

impl EstimateReport {
    fn new(
        job: &Job<'_>,
        plan: &ArrayPlan,
        best: &Choice,
        next: Option<&Choice>,
        objective: Objective,
    ) -> EstimateReport {
        let timing = &plan.timing;
        let pes = u64::from(timing.rows) * u64::from(timing.columns);
        let steps = plan.nest.macs() as f64 / (pes * u64::from(timing.macs_per_step)) as f64;
        let compute = steps * f64::from(timing.cycles_per_step);
        let burst_bytes = u64::from(plan.burst_bytes);
        let [read, written] = compulsory_bytes(plan);
        let rates = job.point.memory().rates;
        let ticks = |bytes: u64, ticks: u64| bytes as f64 / burst_bytes as f64 * ticks as f64;
        let memory = (ticks(read, rates.read_ticks) + ticks(written, rates.write_ticks)) / 1024.0;
        let dram_bytes = best.cost.bursts * burst_bytes;
        let value = best.cost.under(objective);
        EstimateReport {
            cycles: best.cost.cycles,
            energy_pj: best.cost.energy_pj,
            dram_bytes,
            compute_bound_cycles: compute,
            memory_bound_cycles: memory,
            compulsory_bytes: read + written,
            over_bound: best.cost.cycles / compute.max(memory),
            over_compulsory: dram_bytes as f64 / (read + written) as f64,
            next_best: next.map(|next| NextBestReport {
                tile: tile(&next.tiling),
                order: order(&next.tiling),
                ratio: next.cost.under(objective) / value,
            }),
        }
    }
}

/// Bytes of the operands that have to be read, and of the output.
fn compulsory_bytes(plan: &ArrayPlan) -> [u64; 2] {
    let nest = &plan.nest;
    let images = u64::from(nest.images) * u64::from(nest.repeats);
    let bytes = |values: u64, bits: u32| (values * u64::from(bits)).div_ceil(8);
    let channels = u64::from(nest.groups) * u64::from(nest.channels);
    let inputs = images * u64::from(nest.in_rows) * u64::from(nest.in_columns) * channels;
    let weights = nest.weights(nest.groups, nest.filters, nest.channels);
    let second = match plan.second {
        SecondLayout::Weights { value_bits, .. } => bytes(weights, value_bits),
        SecondLayout::Activation(layout) => {
            bytes(weights * u64::from(nest.repeats), layout.value_bits)
        }
    };
    [
        bytes(inputs, plan.input.value_bits) + second,
        bytes(nest.output_values(), plan.output.value_bits),
    ]
}

/// Images x rows x columns of output pixels, then groups, filters, channels.
fn tile(tiling: &Tiling) -> String {
    format!(
        "{}x{}x{} g{} f{} c{}",
        tiling.images,
        tiling.out_rows,
        tiling.out_columns,
        tiling.groups,
        tiling.filters,
        tiling.channels
    )
}

fn order(tiling: &Tiling) -> Vec<String> {
    tiling.order.map(Loop::name).map(str::to_string).to_vec()
}

impl Render for MappingReport {
    type View = ();

    fn table(&self, _views: &[()], notes: bool) -> String {
        table::render(self, notes)
    }

    fn csv(&self) -> io::Result<Option<Vec<u8>>> {
        csv::render(self).map(Some)
    }
}
