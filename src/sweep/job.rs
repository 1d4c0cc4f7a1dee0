//! One simulation: a network at a design point.

use super::incompatible;
use super::point::DesignPoint;
use super::priced_counts::layer_counts;
use crate::approx::{LayerPrecision, resolve_network};
use crate::arch::{MacRate, OperatingPoint, WindowUse};
use crate::energy::{EnergyBreakdown, OperandStatistics};
use crate::hw::stepped::SteppedWork;
use crate::hw::{Fidelity, MachineError, Observer, RunResult, simulate, tick_rate};
use crate::mapping::{LayerPlan, NetworkPlan, plan};
use crate::parallel::map_parallel;
use crate::sim::Khz;
use crate::source::Diagnostics;
use crate::workload::{LayerId, Network};

/// Most PE-cycles of one layer on a stepped array: minutes.
const MAX_STEPPED_PE_CYCLES: u64 = 1 << 33;

/// Most operands of one tile, and most outputs of a layer, on a stepped array: a gigabyte.
const MAX_STEPPED_VALUES: u64 = 1 << 28;

/// A network at a design point.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The design point.
    pub point: &'a DesignPoint,
    /// The network.
    pub network: &'a Network,
    /// Layers to simulate; none for all.
    pub layers: Option<&'a [LayerId]>,
    /// Seed of the operand values for a stepped array; none for the array's closed form.
    pub stepped: Option<u64>,
}

/// Why a job has no result.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Files that do not fit each other: the approximation the PEs or the network, the network the
    /// architecture, the energy table what the PEs do.
    #[error(transparent)]
    File(#[from] Diagnostics),
    /// The machine could not be built, or its run did not end.
    #[error("architecture `{architecture}`: {error}")]
    Machine {
        /// The architecture.
        architecture: String,
        /// What happened.
        error: MachineError,
    },
    /// More work than a stepped array gets through.
    #[error(
        "layer `{layer}` of `{network}` would take {amount} {what} on a stepped array, more than \
         {most}: choose smaller layers (--layers), a smaller array, or a smaller network"
    )]
    TooMuchToStep {
        /// The network.
        network: String,
        /// The layer.
        layer: String,
        /// How much.
        amount: u64,
        /// Of what.
        what: &'static str,
        /// And the bound.
        most: u64,
    },
    /// A stepped array's outputs are not those of the layer: an error in this program.
    #[error(
        "layer `{layer}` of `{network}`: {different} of {outputs} outputs of the stepped array differ \
         from the layer computed directly"
    )]
    Outputs {
        /// The network.
        network: String,
        /// The layer.
        layer: String,
        /// Outputs that differ.
        different: u64,
        /// All outputs.
        outputs: u64,
    },
}

impl JobError {
    /// Whether the program is at fault rather than its input.
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            JobError::Outputs { .. }
                | JobError::Machine {
                    error: MachineError::Run(_),
                    ..
                }
        )
    }
}

/// A job's outcome.
#[derive(Debug, Clone)]
pub struct JobResult {
    /// The plan it followed.
    pub plan: NetworkPlan,
    /// Per simulated layer: the precision on the array, none for the vector unit.
    pub precisions: Vec<Option<LayerPrecision>>,
    /// Per simulated layer: what the PEs do.
    pub points: Vec<OperatingPoint>,
    /// Time and counts.
    pub run: RunResult,
    /// Per simulated layer: energy.
    pub energy: Vec<EnergyBreakdown>,
    /// Seed of the operand values of a stepped array.
    pub stepped: Option<u64>,
}

/// A job that can be simulated: all that can be wrong with its input has been looked at.
#[derive(Debug, Clone)]
pub struct PlannedJob<'a> {
    job: Job<'a>,
    plan: NetworkPlan,
    precisions: Vec<Option<LayerPrecision>>,
    points: Vec<OperatingPoint>,
    operands: Vec<Option<OperandStatistics>>,
}

impl<'a> Job<'a> {
    /// Resolves precisions, plans every layer and looks for a price of what the PEs do.
    ///
    /// # Errors
    /// [`JobError::File`] for files that do not fit each other.
    pub fn plan(self) -> Result<PlannedJob<'a>, JobError> {
        let architecture = &self.point.architecture;
        let source = &self.point.source;
        let array_precisions = self.precisions()?;
        let memory = self.point.memory();
        let plan = plan(architecture, &memory, self.network, &array_precisions)
            .map_err(|error| incompatible::plan(source, architecture, &self.network.name, &error))?
            .only(|id| self.layers.is_none_or(|layers| layers.contains(&id)));
        let mut by_layer = vec![None; self.network.layers.len()];
        for (id, precision) in self.network.array_layers().zip(array_precisions) {
            by_layer[id.index()] = Some(precision);
        }
        let precisions: Vec<_> = plan
            .ids
            .iter()
            .map(|id| by_layer[id.index()].take())
            .collect();
        let points: Vec<_> = precisions
            .iter()
            .map(|precision| self.operating_point(precision.as_ref()))
            .collect();
        let operands = self.operands(&plan.ids)?;
        for (point, operands) in points.iter().zip(&operands) {
            let price = self.point.energy.pe_cycle_pj(point, operands.as_ref());
            price.map_err(|error| self.point.no_price(&error))?;
        }
        if self.stepped.is_some() {
            self.check_steppable(&plan)?;
        }
        tracing::debug!(
            architecture = architecture.name,
            workload = self.network.name,
            layers = plan.layers.len(),
            memory_bytes = plan.memory_bytes,
            "planned"
        );
        Ok(PlannedJob {
            job: self,
            plan,
            precisions,
            points,
            operands,
        })
    }

    /// Plans, simulates and prices. `progress` is told of each finished layer.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run<O: Observer>(
        self,
        observer: &mut O,
        progress: &dyn Fn(usize),
    ) -> Result<JobResult, JobError> {
        self.plan()?.run(observer, progress)
    }

    fn precisions(&self) -> Result<Vec<LayerPrecision>, Diagnostics> {
        resolve_network(
            &self.point.approximation,
            &self.point.architecture.array.pe,
            self.network,
        )
    }

    /// The statistics of the operands of each of `layers`, where the design point has some; none for the vector unit.
    fn operands(&self, layers: &[LayerId]) -> Result<Vec<Option<OperandStatistics>>, Diagnostics> {
        let Some(file) = &self.point.operands else {
            return Ok(vec![None; layers.len()]);
        };
        let on_array: Vec<LayerId> = self.network.array_layers().collect();
        let names: Vec<&str> = on_array
            .iter()
            .map(|&id| self.network.layer(id).name.as_str())
            .collect();
        let statistics = file.resolve(&names)?;
        let of = |id: &LayerId| on_array.binary_search(id).ok();
        Ok(layers
            .iter()
            .map(|id| of(id).map(|index| statistics[index]))
            .collect())
    }

    /// Refuses layers for which every PE in every cycle is too much.
    fn check_steppable(&self, plan: &NetworkPlan) -> Result<(), JobError> {
        for (layer, &id) in plan.layers.iter().zip(&plan.ids) {
            let LayerPlan::Array(array) = layer else {
                continue;
            };
            let work = SteppedWork::of(array);
            for (what, amount, most) in [
                ("PE-cycles", work.pe_cycles, MAX_STEPPED_PE_CYCLES),
                ("operands in a tile", work.tile_operands, MAX_STEPPED_VALUES),
                ("outputs", work.outputs, MAX_STEPPED_VALUES),
            ] {
                if amount > most {
                    return Err(JobError::TooMuchToStep {
                        network: self.network.name.clone(),
                        layer: self.network.layer(id).name.clone(),
                        amount,
                        what,
                        most,
                    });
                }
            }
        }
        Ok(())
    }

    /// What the PEs do in a layer; in a layer of the vector unit they do nothing.
    fn operating_point(&self, precision: Option<&LayerPrecision>) -> OperatingPoint {
        match precision {
            Some(precision) => precision.operating_point(&self.point.architecture.array.pe),
            None => OperatingPoint {
                rate: MacRate {
                    macs: 1,
                    cycles: 1,
                    busy_multipliers: 1,
                    multipliers: 1,
                },
                products: 1,
                windows: WindowUse::Exact,
                activation_bits: 8,
                weight_bits: 8,
            },
        }
    }
}

/// Plans all jobs before the first is simulated, so that what does not fit is said at once.
///
/// # Errors
/// That of the first job, in their order, that can not be run.
pub fn plan_all<'a>(jobs: &[Job<'a>], threads: usize) -> Result<Vec<PlannedJob<'a>>, JobError> {
    map_parallel(jobs, threads, |_, job| job.plan())
        .into_iter()
        .collect()
}

impl<'a> PlannedJob<'a> {
    /// What was planned.
    pub fn job(&self) -> &Job<'a> {
        &self.job
    }

    /// The plan.
    pub fn plan(&self) -> &NetworkPlan {
        &self.plan
    }

    /// Layers that will be simulated.
    pub fn layers(&self) -> &[LayerId] {
        &self.plan.ids
    }

    /// Rate of the ticks in which observers are told the time.
    ///
    /// # Errors
    /// [`JobError::Machine`] when the clocks have no common tick.
    pub fn tick_rate(&self) -> Result<Khz, JobError> {
        let DesignPoint {
            architecture, dram, ..
        } = self.job.point;
        tick_rate(architecture, dram).map_err(|error| JobError::Machine {
            architecture: architecture.name.clone(),
            error: MachineError::Clock(error),
        })
    }

    /// Most MACs of one output that a PE does in a step, over the layers.
    pub fn most_macs_per_step(&self) -> u32 {
        let macs = self.points.iter().map(|point| point.rate.macs);
        macs.max().unwrap_or(1)
    }

    /// Simulates and prices. `progress` is told of each finished layer.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run<O: Observer>(
        &self,
        observer: &mut O,
        progress: &dyn Fn(usize),
    ) -> Result<JobResult, JobError> {
        let point = self.job.point;
        let architecture = &point.architecture;
        let fidelity = match self.job.stepped {
            None => Fidelity::Wavefront,
            Some(seed) => Fidelity::Stepped {
                precisions: &self.precisions,
                seed,
                given: &[],
            },
        };
        let run = simulate(
            architecture,
            &point.dram,
            &self.plan,
            fidelity,
            observer,
            progress,
        )
        .map_err(|error| JobError::Machine {
            architecture: architecture.name.clone(),
            error,
        })?;
        self.check_outputs(&run)?;
        tracing::info!(
            architecture = architecture.name,
            workload = self.job.network.name,
            events = run.statistics.events,
            cycles = run.cycles(),
            "simulated"
        );
        Ok(JobResult {
            energy: self.price(&run)?,
            plan: self.plan.clone(),
            precisions: self.precisions.clone(),
            points: self.points.clone(),
            run,
            stepped: self.job.stepped,
        })
    }

    fn check_outputs(&self, run: &RunResult) -> Result<(), JobError> {
        for (layer, &id) in run.layers.iter().zip(&self.plan.ids) {
            if let Some(check) = layer.outputs
                && check.different > 0
            {
                return Err(JobError::Outputs {
                    network: self.job.network.name.clone(),
                    layer: self.job.network.layer(id).name.clone(),
                    different: check.different,
                    outputs: check.outputs,
                });
            }
        }
        Ok(())
    }

    /// Energy of each layer.
    fn price(&self, run: &RunResult) -> Result<Vec<EnergyBreakdown>, Diagnostics> {
        let design = self.job.point;
        let burst_bytes = design.dram.burst_bytes();
        let prices = self.points.iter().zip(&self.operands);
        let layers = run.layers.iter().zip(prices).enumerate();
        layers
            .map(|(index, (layer, (point, operands)))| {
                // The last layer answers for the writes that are done after it, not for the time they
                // wait: the run is over by then.
                let dram = if index + 1 == run.layers.len() {
                    layer.dram.plus(&run.after.without_standby())
                } else {
                    layer.dram
                };
                let products = u64::from(point.products);
                let counts = layer_counts(layer, &dram, products, burst_bytes);
                design.energy.layer(point, &counts, operands.as_ref())
            })
            .collect::<Result<_, _>>()
            .map_err(|error| design.no_price(&error))
    }
}
