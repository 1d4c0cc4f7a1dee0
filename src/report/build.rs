//! From job results to a report.

use super::capacity::Capacity;
use super::columns::rule_name;
use super::comparison::comparison;
use super::model::{
    ArchitectureReport, CauseReport, DramReport, Engine, FidelityReport, LayerReport, OutputReport,
    Report, RunReport, SCHEMA, TrafficReport,
};
use super::performance::{
    Bound, Efficiency, MemoryPeak, OPERATIONS_PER_MAC, Peak, Roofline, Work, ratio,
};
use crate::approx::{LayerPrecision, OperandFormat};
use crate::arch::{MacRate, PeKind, WindowUse};
use crate::energy::{ACCURACY, EnergyBreakdown, switching_is_known};
use crate::hw::{Cause, CauseCycles, LayerResult};
use crate::mapping::{LayerPlan, Loop};
use crate::sweep::{DesignPoint, Iso, JobResult, LayerOutcome};
use crate::workload::Network;

/// Names a run in a report under construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunKey(usize);

/// Collects runs and comparisons.
#[derive(Debug)]
pub struct ReportBuilder {
    report: Report,
}

impl Default for ReportBuilder {
    fn default() -> Self {
        ReportBuilder {
            report: Report {
                schema: SCHEMA.to_string(),
                program_version: env!("CARGO_PKG_VERSION").to_string(),
                runs: Vec::new(),
                comparisons: Vec::new(),
                notes: ACCURACY.iter().map(ToString::to_string).collect(),
            },
        }
    }
}

impl ReportBuilder {
    /// Adds a run.
    pub fn add_run(
        &mut self,
        point: &DesignPoint,
        network: &Network,
        result: &JobResult,
    ) -> RunKey {
        let run = run_report(point, network, result);
        self.note_rule(&run.architecture);
        self.report.notes.extend(outputs_note(&run));
        self.report.runs.push(run);
        RunKey(self.report.runs.len() - 1)
    }

    /// Says once by which rule of which table PEs that do several MACs a cycle are priced.
    fn note_rule(&mut self, architecture: &ArchitectureReport) {
        let note = format!(
            "Energy table {}: PEs that do several MACs a cycle are priced by rule `{}`",
            architecture.energy_table,
            rule_name(architecture.parallel_macs)
        );
        if matches!(architecture.pe, PeKind::AxBxp { .. }) && !self.report.notes.contains(&note) {
            self.report.notes.push(note);
        }
    }

    /// Compares a run with another of the same workload, arrays as their files say.
    pub fn compare(&mut self, baseline: RunKey, run: RunKey) {
        self.compare_sized(baseline, run, &[Iso::None]);
    }

    /// Compares a run with another of the same workload, whose array was sized so.
    pub fn compare_sized(&mut self, baseline: RunKey, run: RunKey, iso: &[Iso]) {
        let comparison = comparison(&self.report.runs, baseline.0, run.0, iso);
        self.report.comparisons.push(comparison);
        let [base, this] = [baseline.0, run.0].map(|index| &self.report.runs[index]);
        for note in prices_differ(base, this) {
            if !self.report.notes.contains(&note) {
                self.report.notes.push(note);
            }
        }
    }

    /// The report.
    pub fn finish(self) -> Report {
        self.report
    }
}

/// What makes energies and areas of two runs hard to compare.
fn prices_differ(base: &RunReport, this: &RunReport) -> Vec<String> {
    let named = |of: fn(&ArchitectureReport) -> &String| {
        let [base_value, this_value] = [base, this].map(|run| of(&run.architecture));
        (base_value != this_value).then(|| {
            let [base, this] = [base, this].map(RunReport::point);
            format!("{base} with {base_value}, {this} with {this_value}")
        })
    };
    let tables = named(|architecture| &architecture.energy_table).map(|points| {
        format!("Energies and areas of different energy tables are compared: {points}")
    });
    let operands = named(|architecture| &architecture.operands)
        .map(|points| format!("PE energies on different operands are compared: {points}"));
    tables.into_iter().chain(operands).collect()
}

fn outputs_note(run: &RunReport) -> Option<String> {
    let checks = || run.layers.iter().filter_map(|layer| layer.outputs.as_ref());
    let checked: u64 = checks().map(|check| check.checked).sum();
    let layers = match checks().count() {
        1 => "1 layer".to_string(),
        layers => format!("{layers} layers"),
    };
    (checked > 0).then(|| {
        format!(
            "{} on {}: all {checked} outputs of the stepped array ({layers}) equal the layers \
             computed directly, bit for bit",
            run.workload,
            run.point(),
        )
    })
}

fn run_report(point: &DesignPoint, network: &Network, result: &JobResult) -> RunReport {
    let layers: Vec<LayerReport> = result
        .layers
        .iter()
        .map(|layer| layer_report(point, network, layer))
        .collect();
    let capacity = result
        .layers
        .iter()
        .filter(|layer| layer.precision().is_some())
        .map(capacity)
        .sum();
    let area_mm2 = point.energy.area().total_mm2();
    let total = total(&layers, &capacity, memory_peak(point), area_mm2);
    let dram = dram_report(point, result, total.time_us);
    RunReport {
        workload: network.name.clone(),
        batch: network.batch,
        architecture: architecture_report(point),
        approximation: point.approximation.config().name.clone(),
        fidelity: match result.stepped {
            None => FidelityReport::Wavefront,
            Some(seed) => FidelityReport::Stepped { seed },
        },
        layers,
        total,
        dram,
        events: result.statistics.events,
    }
}

fn layer_report(point: &DesignPoint, network: &Network, layer: &LayerOutcome) -> LayerReport {
    let run = &layer.run;
    let macs = run.array.macs;
    let (engine, operations, peak) = match layer.precision() {
        Some(_) => (
            Engine::Array,
            2 * macs,
            array_peak(point, &layer.planned.point.rate),
        ),
        None => (
            Engine::VectorUnit,
            run.vector.operations,
            vector_peak(point),
        ),
    };
    let burst_bytes = u64::from(point.dram.burst_bytes());
    let to_us = |cycles: u64| cycles as f64 / point.architecture.core_clock_khz as f64 * 1e3;
    let time_us = to_us(run.cycles());
    let busy_cycles = run.end_cycle - run.begin_cycle;
    let energy_pj = layer.energy.total_pj();
    let area_mm2 = point.energy.area().total_mm2();
    let work = Work {
        operations,
        dram_bytes: (run.dram.reads + run.dram.writes).max(1) * burst_bytes,
        dma_bytes: run.dma.read_bursts.max(run.dma.written_bursts) * burst_bytes,
        // Of a layer that overlaps with others, the cycles that are its own may be fewer than it took.
        time_us: to_us(busy_cycles.max(run.cycles())),
    };
    let capacity = capacity(layer);
    let of_network = network.layer(layer.id());
    LayerReport {
        name: of_network.name.clone(),
        op: of_network.op.name().to_string(),
        engine,
        precision: layer.precision().map(precision_label).unwrap_or_default(),
        macs,
        cycles: run.cycles(),
        time_us,
        pe_utilization: capacity.pe_utilization(),
        multiplier_utilization: capacity.multiplier_utilization(),
        pe_cycles: causes(&run.causes),
        energy: layer.energy,
        energy_pj,
        efficiency: Efficiency::of(macs, time_us, energy_pj, area_mm2),
        roofline: Roofline::of(work, peak, memory_peak(point)),
        traffic: traffic(run, burst_bytes),
        begin_us: to_us(run.begin_cycle),
        end_us: to_us(run.end_cycle),
        tiles: run.tiles,
        tiling: tiling_label(&layer.planned.mapping.plan),
        outputs: run.outputs.map(|check| OutputReport {
            checked: check.outputs,
            hash: format!("{:016x}", check.hash),
        }),
    }
}

fn capacity(layer: &LayerOutcome) -> Capacity {
    let run = &layer.run;
    Capacity::of(
        run.causes.total(),
        run.array.macs,
        &layer.planned.point.rate,
    )
}

/// What the PEs could do at `rate`.
fn array_peak(point: &DesignPoint, rate: &MacRate) -> Peak {
    let macs_per_cycle =
        point.architecture.array.pes() as f64 * f64::from(rate.macs) / f64::from(rate.cycles);
    Peak {
        gops: OPERATIONS_PER_MAC * macs_per_cycle * clock_ghz(point),
        bound: Bound::Compute,
    }
}

/// What the lanes of the vector unit could do.
fn vector_peak(point: &DesignPoint) -> Peak {
    Peak {
        gops: f64::from(point.architecture.vector_unit.lanes) * clock_ghz(point),
        bound: Bound::Vector,
    }
}

fn clock_ghz(point: &DesignPoint) -> f64 {
    point.architecture.core_clock_khz as f64 / 1e6
}

fn memory_peak(point: &DesignPoint) -> MemoryPeak {
    MemoryPeak {
        dram_gbps: point.memory().peak_bytes_per_second as f64 / 1e9,
        dma_gbps: point.dma_peak_bytes_per_second() as f64 / 1e9,
    }
}

/// The rate at which the layers on the array together would take what each takes at its own peak.
fn peak_of_all(layers: &[LayerReport]) -> Peak {
    let on_array = || layers.iter().filter(|layer| layer.engine == Engine::Array);
    let operations: f64 = on_array()
        .map(|layer| layer.roofline.operations as f64)
        .sum();
    let least_ns: f64 = on_array()
        .map(|layer| ratio(layer.roofline.operations as f64, layer.roofline.peak_gops))
        .sum();
    Peak {
        gops: ratio(operations, least_ns),
        bound: Bound::Compute,
    }
}

fn total(
    layers: &[LayerReport],
    capacity: &Capacity,
    memory: MemoryPeak,
    area_mm2: f64,
) -> LayerReport {
    let sum = |of: fn(&LayerReport) -> u64| layers.iter().map(of).sum::<u64>();
    let energy: EnergyBreakdown = layers.iter().map(|layer| layer.energy).sum();
    let mut pe_cycles = CauseReport::default();
    let mut traffic = TrafficReport::default();
    for layer in layers {
        pe_cycles.add(&layer.pe_cycles);
        traffic.add(&layer.traffic);
    }
    let macs = sum(|layer| layer.macs);
    let time_us = layers.iter().map(|layer| layer.time_us).sum();
    let energy_pj = energy.total_pj();
    let work = Work {
        operations: 2 * macs,
        dram_bytes: sum(|layer| layer.roofline.dram_bytes),
        dma_bytes: traffic.dram_read_bytes.max(traffic.dram_written_bytes),
        time_us,
    };
    LayerReport {
        name: "total".to_string(),
        op: String::new(),
        engine: Engine::All,
        precision: String::new(),
        macs,
        cycles: sum(|layer| layer.cycles),
        time_us,
        pe_utilization: capacity.pe_utilization(),
        multiplier_utilization: capacity.multiplier_utilization(),
        pe_cycles,
        energy,
        energy_pj,
        efficiency: Efficiency::of(macs, time_us, energy_pj, area_mm2),
        roofline: Roofline::of(work, peak_of_all(layers), memory),
        traffic,
        begin_us: 0.0,
        end_us: layers.iter().map(|layer| layer.end_us).fold(0.0, f64::max),
        tiles: sum(|layer| layer.tiles),
        tiling: String::new(),
        outputs: None,
    }
}

impl CauseReport {
    fn add(&mut self, other: &CauseReport) {
        self.computing += other.computing;
        self.idle_mapping += other.idle_mapping;
        self.weight_load += other.weight_load;
        self.fill_drain += other.fill_drain;
        self.wait_weights += other.wait_weights;
        self.wait_activations += other.wait_activations;
        self.wait_output += other.wait_output;
        self.narrow_port += other.narrow_port;
        self.bank_conflict += other.bank_conflict;
        self.tile_setup += other.tile_setup;
        self.vector_unit += other.vector_unit;
    }
}

impl TrafficReport {
    fn add(&mut self, other: &TrafficReport) {
        self.dram_read_bytes += other.dram_read_bytes;
        self.dram_written_bytes += other.dram_written_bytes;
        self.loaded_bytes += other.loaded_bytes;
        self.stored_bytes += other.stored_bytes;
        self.psum_bytes += other.psum_bytes;
        self.moved_bytes += other.moved_bytes;
    }
}

fn causes(causes: &CauseCycles) -> CauseReport {
    CauseReport {
        computing: causes.get(Cause::Computing),
        idle_mapping: causes.get(Cause::IdleMapping),
        weight_load: causes.get(Cause::WeightLoad),
        fill_drain: causes.get(Cause::FillDrain),
        wait_weights: causes.get(Cause::WaitWeights),
        wait_activations: causes.get(Cause::WaitActivations),
        wait_output: causes.get(Cause::WaitOutput),
        narrow_port: causes.get(Cause::NarrowPort),
        bank_conflict: causes.get(Cause::BankConflict),
        tile_setup: causes.get(Cause::TileSetup),
        vector_unit: causes.get(Cause::VectorUnit),
    }
}

fn traffic(layer: &LayerResult, burst_bytes: u64) -> TrafficReport {
    TrafficReport {
        dram_read_bytes: layer.dma.read_bursts * burst_bytes,
        dram_written_bytes: layer.dma.written_bursts * burst_bytes,
        loaded_bytes: layer.dma.loaded_bytes,
        stored_bytes: layer.dma.stored_bytes,
        psum_bytes: layer.dma.loaded_psum_bytes + layer.dma.stored_psum_bytes,
        moved_bytes: layer.dma.moved_bytes,
    }
}

fn architecture_report(point: &DesignPoint) -> ArchitectureReport {
    let arch = &point.architecture;
    let memory = memory_peak(point);
    ArchitectureReport {
        name: arch.name.clone(),
        pe: arch.array.pe,
        rows: arch.array.rows,
        columns: arch.array.columns,
        dataflow: arch.array.dataflow.name().to_string(),
        core_clock_mhz: arch.core_clock_khz as f64 / 1e3,
        dram: point.dram.name.clone(),
        dram_channels: arch.dram.channels,
        dram_peak_gbps: memory.dram_gbps,
        dma_peak_gbps: memory.dma_gbps,
        energy_table: point.energy.table().name.clone(),
        operands: operands(point),
        parallel_macs: point.energy.table().parallel_macs,
        area: *point.energy.area(),
        area_mm2: point.energy.area().total_mm2(),
    }
}

fn operands(point: &DesignPoint) -> String {
    match &point.operands {
        Some(file) if switching_is_known(point.architecture.array.pe) => {
            file.activity().name.clone()
        }
        _ => "real".to_string(),
    }
}

fn dram_report(point: &DesignPoint, result: &JobResult, time_us: f64) -> DramReport {
    let totals = result
        .layers
        .iter()
        .fold(result.after, |sum, layer| sum.plus(&layer.run.dram));
    let latency = &result.read_latency;
    let to_ns = |cycles: f64| cycles * 1e6 / point.dram.clock_khz as f64;
    let bursts = totals.reads + totals.writes;
    let bytes = bursts * u64::from(point.dram.burst_bytes());
    DramReport {
        activates: totals.activates,
        precharges: totals.precharges,
        reads: totals.reads,
        writes: totals.writes,
        refreshes: totals.refreshes,
        row_hit_rate: ratio(totals.row_hits as f64, bursts as f64),
        mean_bandwidth_gbps: ratio(bytes as f64, time_us * 1e3),
        read_latency_mean_ns: to_ns(latency.mean()),
        read_latency_p50_ns: to_ns(latency.value_at_quantile(0.5) as f64),
        read_latency_p95_ns: to_ns(latency.value_at_quantile(0.95) as f64),
        read_latency_p99_ns: to_ns(latency.value_at_quantile(0.99) as f64),
        read_latency_max_ns: to_ns(latency.max() as f64),
    }
}

/// `a2 w1 L2 dynamic`: blocks kept of activations and weights, products computed, choice of windows;
/// `a4b w4b`: bits of each; `exact`.
fn precision_label(precision: &LayerPrecision) -> String {
    if precision.is_exact() {
        return "exact".to_string();
    }
    let operand = |format: &OperandFormat| match format {
        OperandFormat::Exact { bits, .. } | OperandFormat::Bits { bits, .. } => format!("{bits}b"),
        OperandFormat::Blocks(format) => format.kept().to_string(),
    };
    let mut label = format!(
        "a{} w{}",
        operand(&precision.activations),
        operand(&precision.weights)
    );
    if let Some(products) = &precision.products {
        label += &format!(" L{}", products.computed());
    }
    label
        + match precision.windows {
            WindowUse::Exact => "",
            WindowUse::Static => " static",
            WindowUse::Dynamic => " dynamic",
        }
}

fn tiling_label(plan: &LayerPlan) -> String {
    match plan {
        LayerPlan::Array(plan) => {
            let tiling = &plan.tiling;
            let order: String = tiling
                .order
                .iter()
                .map(|over| match over {
                    Loop::Outputs => 'M',
                    Loop::Filters => 'N',
                    Loop::Channels => 'K',
                })
                .collect();
            format!(
                "{}x{}x{} pixels, {} groups, {} filters, {} channels, loops {order}{}",
                tiling.images,
                tiling.out_rows,
                tiling.out_columns,
                tiling.groups,
                tiling.filters,
                tiling.channels,
                if tiling.exchanged {
                    ", operands exchanged"
                } else {
                    ""
                },
            )
        }
        LayerPlan::Vector(plan) => {
            let [rows, columns, channels] = plan.tile;
            let passes = if plan.in_passes() { ", two passes" } else { "" };
            format!("{rows}x{columns} pixels, {channels} channels{passes}")
        }
    }
}
