//! One simulation: a network at a design point.

use std::collections::BTreeMap;

use super::incompatible;
use super::planned::{PlannedJob, PlannedLayer, check_steppable};
use super::point::DesignPoint;
use super::result::JobResult;
use crate::arch::NetworkOptions;
use crate::energy::OperandStatistics;
use crate::hw::{MachineError, Unobserved};
use crate::mapping::{Mapping, NetworkPlan, plan};
use crate::parallel::map_parallel;
use crate::source::Diagnostics;
use crate::workload::{LayerId, Network};

/// A network at a design point: all layers, on an array in closed form, unless said otherwise.
///
/// ```
/// use axbxp::sweep::{DesignPoint, Job};
/// use axbxp::workload;
///
/// let point = DesignPoint::open("fxp8_8x8", None)?;
/// let network = workload::open("tiny")?;
/// let first = [network.layer_ids().next().ok_or("no layers")?];
/// let result = Job::new(&point, &network).layers(&first).stepped(1).run()?;
/// assert_eq!(result.layers.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Job<'a> {
    /// The design point.
    pub point: &'a DesignPoint,
    /// The network.
    pub network: &'a Network,
    /// Layers to simulate; none for all.
    pub layers: Option<&'a [LayerId]>,
    /// Seed of the operand values for a stepped array; none for the array's closed form.
    pub stepped: Option<u64>,
    /// What is fixed of the mapping.
    pub mapping: Option<&'a Mapping>,
    /// What the machine does across layers; none for what its architecture says.
    pub across: Option<NetworkOptions>,
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

impl<'a> Job<'a> {
    /// All layers of a network at a design point, on an array in closed form.
    pub fn new(point: &'a DesignPoint, network: &'a Network) -> Self {
        Job {
            point,
            network,
            layers: None,
            stepped: None,
            mapping: None,
            across: None,
        }
    }

    /// The same job of these layers alone.
    #[must_use]
    pub fn layers(self, layers: &'a [LayerId]) -> Self {
        Job {
            layers: Some(layers),
            ..self
        }
    }

    /// The same job on an array that is stepped PE by PE, with operand values drawn from `seed`.
    #[must_use]
    pub fn stepped(self, seed: u64) -> Self {
        Job {
            stepped: Some(seed),
            ..self
        }
    }

    /// The same job with what `mapping` fixes.
    #[must_use]
    pub fn mapping(self, mapping: &'a Mapping) -> Self {
        Job {
            mapping: Some(mapping),
            ..self
        }
    }

    /// The same job on a machine that does `options` across layers.
    #[must_use]
    pub fn across(self, options: NetworkOptions) -> Self {
        Job {
            across: Some(options),
            ..self
        }
    }

    /// What the machine does across layers. Layers that were chosen are run one by one: what they read and who reads them
    /// is not all there.
    pub fn options(&self) -> NetworkOptions {
        match self.layers {
            Some(_) => NetworkOptions::OFF,
            None => self.across.unwrap_or(self.point.architecture.network),
        }
    }

    /// Resolves precisions, plans every layer and looks for a price of what the PEs do.
    ///
    /// # Errors
    /// [`JobError::File`] for files that do not fit each other; [`JobError::TooMuchToStep`].
    pub fn plan(self) -> Result<PlannedJob<'a>, JobError> {
        let NetworkPlan {
            layers,
            memory_bytes,
        } = self.network_plan()?;
        let statistics = self.operands()?;
        let pe = &self.point.architecture.array.pe;
        let layers: Vec<PlannedLayer> = layers
            .into_iter()
            .map(|mapping| {
                let operands = statistics.get(&mapping.id).copied();
                PlannedLayer::new(mapping, pe, operands)
            })
            .collect();
        for layer in &layers {
            let energy = &self.point.energy;
            let price = energy.pe_cycle_pj(&layer.point, layer.operands.as_ref());
            price.map_err(|error| self.point.no_price(&error))?;
        }
        if self.stepped.is_some() {
            for layer in &layers {
                check_steppable(self.network, &layer.mapping)?;
            }
        }
        tracing::debug!(
            architecture = self.point.architecture.name,
            workload = self.network.name,
            layers = layers.len(),
            memory_bytes,
            "planned"
        );
        Ok(PlannedJob::new(self, layers))
    }

    /// Plans, simulates and prices, observed by nobody. [`PlannedJob::run`] takes an observer.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run(self) -> Result<JobResult, JobError> {
        self.plan()?.run(&mut Unobserved, &|_| {})
    }

    /// The plan of every layer that is asked for.
    ///
    /// # Errors
    /// Files that do not fit each other.
    pub fn network_plan(&self) -> Result<NetworkPlan, Diagnostics> {
        let architecture = &self.point.architecture;
        let needs = self.point.layer_needs(self.network)?;
        let memory = self.point.memory();
        if let Some(mapping) = self.mapping {
            mapping.check(self.network)?;
        }
        let plan = plan(architecture, &memory, self.network, &needs, self.mapping);
        let plan = plan.map_err(|error| {
            let source = &self.point.source;
            incompatible::plan(
                source,
                architecture,
                &self.network.name,
                self.mapping,
                &error,
            )
        })?;
        Ok(plan.only(|id| self.layers.is_none_or(|layers| layers.contains(&id))))
    }

    /// The statistics of the operands of the network's layers on the array, where the design point has some.
    fn operands(&self) -> Result<BTreeMap<LayerId, OperandStatistics>, Diagnostics> {
        let Some(file) = &self.point.operands else {
            return Ok(BTreeMap::new());
        };
        let names: Vec<&str> = self
            .network
            .array_layers()
            .map(|id| self.network.layer(id).name.as_str())
            .collect();
        let statistics = file.resolve(&names)?;
        Ok(self.network.array_layers().zip(statistics).collect())
    }
}

/// Plans all jobs before the first is simulated, so that what does not fit is said at once.
///
/// # Errors
/// That of the first job, in their order, that can not be run.
pub(super) fn plan_all<'a>(
    jobs: &[Job<'a>],
    threads: usize,
) -> Result<Vec<PlannedJob<'a>>, JobError> {
    map_parallel(jobs, threads, |_, job| job.plan())
        .into_iter()
        .collect()
}
