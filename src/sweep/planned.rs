//! A job whose layers are planned: all that can be wrong with its input has been looked at.

use super::job::{Job, JobError};
use super::point::DesignPoint;
use super::priced_counts::layer_counts;
use super::result::{JobResult, LayerOutcome};
use crate::arch::{MacRate, OperatingPoint, PeKind, WindowUse};
use crate::dram::DramCounts;
use crate::energy::{EnergyBreakdown, OperandStatistics};
use crate::graph::Program;
use crate::hw::stepped::SteppedWork;
use crate::hw::{Fidelity, LayerResult, MachineError, Observer, RunResult, simulate, tick_rate};
use crate::mapping::{LayerPlan, MappedLayer};
use crate::sim::Khz;
use crate::source::Diagnostics;
use crate::workload::{LayerId, Network};

/// Most PE-cycles of one layer on a stepped array: minutes.
const MAX_STEPPED_PE_CYCLES: u64 = 1 << 33;

/// Most operands of one tile, and most outputs of a layer, on a stepped array: a gigabyte.
const MAX_STEPPED_VALUES: u64 = 1 << 28;

/// What the PEs do in a layer of the vector unit: nothing, at the rate of one MAC a cycle.
const PES_UNUSED: OperatingPoint = OperatingPoint {
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
};

/// A layer that can be simulated and priced.
#[derive(Debug, Clone)]
pub struct PlannedLayer {
    /// Which layer it is, its precision and its tile steps.
    pub mapping: MappedLayer,
    /// What the PEs do.
    pub point: OperatingPoint,
    /// How its operands switch, if it is not as the energy table's `real` operands do.
    pub operands: Option<OperandStatistics>,
}

impl PlannedLayer {
    pub(super) fn new(
        mapping: MappedLayer,
        pe: &PeKind,
        operands: Option<OperandStatistics>,
    ) -> Self {
        let point = match mapping.plan.precision() {
            Some(precision) => precision.operating_point(pe),
            None => PES_UNUSED,
        };
        PlannedLayer {
            mapping,
            point,
            operands,
        }
    }
}

/// Refuses a layer for which every PE in every cycle is too much.
pub(super) fn check_steppable(network: &Network, layer: &MappedLayer) -> Result<(), JobError> {
    let LayerPlan::Array(array) = &layer.plan else {
        return Ok(());
    };
    let work = SteppedWork::of(array);
    for (what, amount, most) in [
        ("PE-cycles", work.pe_cycles, MAX_STEPPED_PE_CYCLES),
        ("operands in a tile", work.tile_operands, MAX_STEPPED_VALUES),
        ("outputs", work.outputs, MAX_STEPPED_VALUES),
    ] {
        if amount > most {
            return Err(JobError::TooMuchToStep {
                network: network.name.clone(),
                layer: network.layer(layer.id).name.clone(),
                amount,
                what,
                most,
            });
        }
    }
    Ok(())
}

/// A job that can be simulated: all that can be wrong with its input has been looked at.
#[derive(Debug, Clone)]
pub struct PlannedJob<'a> {
    job: Job<'a>,
    layers: Vec<PlannedLayer>,
}

impl<'a> PlannedJob<'a> {
    pub(super) fn new(job: Job<'a>, layers: Vec<PlannedLayer>) -> Self {
        PlannedJob { job, layers }
    }

    /// What was planned.
    pub fn job(&self) -> &Job<'a> {
        &self.job
    }

    /// Layers that will be simulated, in order.
    pub fn layers(&self) -> &[PlannedLayer] {
        &self.layers
    }

    /// Rate of the ticks in which observers are told the time.
    ///
    /// # Errors
    /// [`JobError::Machine`] when the clocks have no common tick.
    pub fn tick_rate(&self) -> Result<Khz, JobError> {
        let DesignPoint {
            architecture, dram, ..
        } = self.job.point;
        tick_rate(architecture, dram).map_err(|error| self.failed(MachineError::Clock(error)))
    }

    /// Most MACs of one output that a PE does in a step, over the layers.
    pub fn most_macs_per_step(&self) -> u32 {
        let macs = self.layers.iter().map(|layer| layer.point.rate.macs);
        macs.max().unwrap_or(1)
    }

    /// Simulates and prices. `progress` is told the index of each finished layer.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn run<O: Observer>(
        &self,
        observer: &mut O,
        progress: &dyn Fn(usize),
    ) -> Result<JobResult, JobError> {
        let point = self.job.point;
        let fidelity = match self.job.stepped {
            None => Fidelity::Wavefront,
            Some(seed) => Fidelity::Stepped { seed, given: &[] },
        };
        let layers = self.layers.iter().map(|layer| &layer.mapping);
        let program = Program::of(layers, &point.architecture, self.job.options());
        let run = simulate(
            &point.architecture,
            &point.dram,
            &program,
            fidelity,
            observer,
            progress,
        )
        .map_err(|error| self.failed(error))?;
        tracing::info!(
            architecture = point.architecture.name,
            workload = self.job.network.name,
            events = run.statistics.events,
            cycles = run.cycles(),
            "simulated"
        );
        self.result(run)
    }

    fn failed(&self, error: MachineError) -> JobError {
        JobError::Machine {
            architecture: self.job.point.architecture.name.clone(),
            error,
        }
    }

    /// Joins each layer with its run, which is checked and priced.
    fn result(&self, run: RunResult) -> Result<JobResult, JobError> {
        let last = run.layers.len().saturating_sub(1);
        let mut layers = Vec::with_capacity(run.layers.len());
        for (index, (planned, run_of_layer)) in self.layers.iter().zip(run.layers).enumerate() {
            self.check_outputs(planned.mapping.id, &run_of_layer)?;
            // The last layer answers for the writes that are done after it, not for the time they
            // wait: the run is over by then.
            let dram = match index == last {
                true => run_of_layer.dram.plus(&run.after.without_standby()),
                false => run_of_layer.dram,
            };
            layers.push(LayerOutcome {
                energy: self.price(planned, &run_of_layer, &dram)?,
                planned: planned.clone(),
                run: run_of_layer,
            });
        }
        Ok(JobResult {
            layers,
            after: run.after,
            read_latency: run.read_latency,
            statistics: run.statistics,
            stepped: self.job.stepped,
        })
    }

    fn check_outputs(&self, id: LayerId, run: &LayerResult) -> Result<(), JobError> {
        match run.outputs {
            Some(check) if check.different > 0 => Err(JobError::Outputs {
                network: self.job.network.name.clone(),
                layer: self.job.network.layer(id).name.clone(),
                different: check.different,
                outputs: check.outputs,
            }),
            _ => Ok(()),
        }
    }

    /// Energy of a layer with the DRAM commands that it answers for.
    fn price(
        &self,
        layer: &PlannedLayer,
        run: &LayerResult,
        dram: &DramCounts,
    ) -> Result<EnergyBreakdown, Diagnostics> {
        let design = self.job.point;
        let products = u64::from(layer.point.products);
        let counts = layer_counts(run, dram, products, design.dram.burst_bytes());
        let energy = design
            .energy
            .layer(&layer.point, &counts, layer.operands.as_ref());
        energy.map_err(|error| design.no_price(&error))
    }
}
