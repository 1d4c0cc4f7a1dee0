//! One simulation: a network at a design point.

use super::activity::activity;
use super::misfit;
use super::point::DesignPoint;
use crate::approx::{ArrayLayer, LayerPrecision, resolve};
use crate::arch::{MacRate, OperatingPoint, WindowUse};
use crate::energy::EnergyBreakdown;
use crate::hw::{DramTotals, MachineError, Observer, RunResult, simulate};
use crate::mapping::{NetworkPlan, plan};
use crate::source::Diagnostics;
use crate::workload::{LayerId, Network};

/// A network at a design point.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The design point.
    pub point: &'a DesignPoint,
    /// The network.
    pub network: &'a Network,
    /// Layers to simulate; none for all.
    pub layers: Option<&'a [LayerId]>,
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
}

impl JobError {
    /// Whether the program is at fault rather than its input.
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            JobError::Machine {
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
}

impl Job<'_> {
    /// Plans, simulates and prices. `progress` is told of each finished layer.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run<O: Observer>(
        &self,
        observer: &mut O,
        progress: &dyn Fn(usize),
    ) -> Result<JobResult, JobError> {
        let architecture = &self.point.architecture;
        let precisions = self.precisions()?;
        let memory = self.point.memory();
        let plan = plan(architecture, &memory, self.network, &precisions)
            .map_err(|error| {
                misfit::plan(&self.point.source, architecture, &self.network.name, &error)
            })?
            .only(|id| self.layers.is_none_or(|layers| layers.contains(&id)));
        tracing::debug!(
            architecture = architecture.name,
            workload = self.network.name,
            layers = plan.layers.len(),
            memory_bytes = plan.memory_bytes,
            "planned"
        );
        let run = simulate(architecture, &self.point.dram, &plan, observer, progress).map_err(
            |error| JobError::Machine {
                architecture: architecture.name.clone(),
                error,
            },
        )?;
        tracing::info!(
            architecture = architecture.name,
            workload = self.network.name,
            events = run.statistics.events,
            cycles = run.cycles(),
            "simulated"
        );
        let mut by_layer = vec![None; self.network.layers.len()];
        for (id, precision) in self.network.array_layers().zip(precisions) {
            by_layer[id.index()] = Some(precision);
        }
        let precisions: Vec<_> = plan
            .ids
            .iter()
            .map(|id| by_layer[id.index()].clone())
            .collect();
        let points: Vec<_> = precisions
            .iter()
            .map(|p| self.operating_point(p.as_ref()))
            .collect();
        let burst_bytes = self.point.dram.burst_bytes();
        let energy = run
            .layers
            .iter()
            .zip(&points)
            .enumerate()
            .map(|(index, (layer, point))| {
                // The last layer answers for the writes that are done after it, not for the time they
                // wait: the run is over by then.
                let dram = if index + 1 == run.layers.len() {
                    layer.dram.plus(&DramTotals {
                        active_standby_cycles: 0,
                        precharge_standby_cycles: 0,
                        ..run.after
                    })
                } else {
                    layer.dram
                };
                let products = u64::from(point.products);
                let activity = activity(layer, &dram, products, burst_bytes);
                self.point.energy.layer(point, &activity)
            })
            .collect::<Result<_, _>>()
            .map_err(|error| misfit::price(&self.point.source, &error))?;
        Ok(JobResult {
            plan,
            precisions,
            points,
            run,
            energy,
        })
    }

    fn precisions(&self) -> Result<Vec<LayerPrecision>, Diagnostics> {
        let layers: Vec<ArrayLayer<'_>> = self
            .network
            .array_layers()
            .filter_map(|id| {
                let [activation_signedness, weight_signedness] =
                    self.network.operand_signedness(id)?;
                Some(ArrayLayer {
                    name: &self.network.layer(id).name,
                    activation_signedness,
                    weight_signedness,
                })
            })
            .collect();
        resolve(
            &self.point.approximation,
            &self.point.architecture.array.pe,
            &layers,
        )
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
