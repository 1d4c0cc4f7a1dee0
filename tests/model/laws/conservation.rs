//! What must hold for every run.

use axbxp::dram::DramCounts;
use axbxp::graph::Program;
use axbxp::hw::conservation::{Widths, run_violations, violations};
use axbxp::hw::{Cause, LayerResult};
use axbxp::mapping::LayerPlan;
use axbxp::sweep::JobResult;

use super::{Case, energy};

/// Collects what does not hold.
struct Laws {
    place: String,
    broken: Vec<String>,
}

impl Laws {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(format!("{}: {}", self.place, what()));
        }
    }

    fn equal(&mut self, what: &str, left: u64, right: u64) {
        self.expect(left == right, || format!("{what}: {left} != {right}"));
    }

    fn at_least(&mut self, what: &str, left: u64, right: u64) {
        self.expect(left >= right, || format!("{what}: {left} < {right}"));
    }
}

/// The laws that `result` breaks, in words.
pub fn broken(case: &Case, result: &JobResult) -> Vec<String> {
    let mut laws = Laws {
        place: case.name(),
        broken: Vec::new(),
    };
    let widths = Widths::of(&case.point.architecture, &case.point.dram);
    let mappings = result.layers.iter().map(|layer| &layer.planned.mapping);
    let program = Program::layer_by_layer(mappings);
    let mut end_before = 0;
    for (index, outcome) in result.layers.iter().enumerate() {
        let (id, layer) = (outcome.id(), &outcome.run);
        let plan = &outcome.planned.mapping.plan;
        let name = &case.network.layer(id).name;
        laws.place = format!("{}, layer {name}", case.name());
        // What a debug build asserts, in a release build too.
        let found = violations(index, &program, layer, &widths);
        laws.broken.extend(
            found
                .into_iter()
                .map(|what| format!("{}: {what}", laws.place)),
        );
        laws.equal(
            "begins at the end of the one before",
            layer.begin_cycle,
            end_before,
        );
        end_before = layer.end_cycle;
        laws.equal(
            "MACs done and of the network",
            layer.array.macs,
            case.network.macs(id),
        );
        laws.equal(
            "PE-cycles computing, as causes and as activity",
            layer.causes.get(Cause::Computing),
            layer.array.active_pe_cycles,
        );
        bounds(&mut laws, case, plan, layer);
        let last = index + 1 == result.layers.len();
        let dram = if last {
            with_trailing_writes(layer, &result.after)
        } else {
            layer.dram
        };
        let energy = &outcome.energy;
        let prices = energy::price(&case.point, &outcome.planned.point, layer, &dram);
        for ((component, ours), (_, stated)) in prices.into_iter().zip(energy.components()) {
            let near = (ours - stated).abs() <= 1e-9 * ours.abs();
            laws.expect(near, || {
                format!("energy of {component}: {ours} pJ, stated {stated} pJ")
            });
        }
        let leakage = energy.leakage_parts.logic_pj + energy.leakage_parts.sram_pj;
        for (whole, parts, stated) in [
            ("PEs", energy.pe_parts.total_pj(), energy.pe_array_pj),
            ("leakage", leakage, energy.leakage_pj),
        ] {
            laws.expect((parts - stated).abs() <= 1e-9 * stated, || {
                format!("parts of {whole}: {parts} pJ of {stated} pJ")
            });
        }
    }
    laws.place = case.name();
    memory(&mut laws, case, result);
    laws.broken
}

/// The last layer answers for writes that are done after it, but not for the time until then.
fn with_trailing_writes(layer: &LayerResult, after: &DramCounts) -> DramCounts {
    DramCounts {
        active_standby_cycles: layer.dram.active_standby_cycles,
        precharge_standby_cycles: layer.dram.precharge_standby_cycles,
        ..layer.dram.plus(after)
    }
}

/// No layer is faster than its MACs at the peak rate, or than its bytes at the peak bandwidth.
fn bounds(laws: &mut Laws, case: &Case, plan: &LayerPlan, layer: &LayerResult) {
    if let LayerPlan::Array(array) = plan {
        let timing = &array.timing;
        let pes = case.point.architecture.array.pes();
        let least = (layer.array.macs * u64::from(timing.cycles_per_step))
            .div_ceil(pes * u64::from(timing.macs_per_step));
        laws.at_least("cycles and MACs at the peak rate", layer.cycles(), least);
    }
    let dram = &case.point.dram;
    let channels = u64::from(case.point.architecture.dram.channels);
    let clocks = (case.point.architecture.core_clock_khz, dram.clock_khz);
    // DRAM cycles of the layer, those that it only touches included.
    let dram_cycles = (layer.cycles() * clocks.1).div_ceil(clocks.0) + 1;
    // Column commands of a channel are a burst apart: n of them span n - 1 bursts.
    let commands = layer.dram.reads + layer.dram.writes;
    laws.at_least(
        "DRAM cycles and bursts on the bus at the peak bandwidth",
        dram_cycles,
        commands.saturating_sub(channels).div_ceil(channels) * u64::from(dram.burst_cycles()),
    );
    // All that was asked for has crossed the bus, but for what the write queues still hold at the end.
    let posted = u64::from(dram.controller.write_queue) * channels;
    let asked = layer.dma.read_bursts + layer.dma.written_bursts;
    let spared = layer.dram.merged_reads + layer.dram.forwarded_reads + layer.dram.merged_writes;
    laws.at_least(
        "DRAM cycles and bursts asked for at the peak bandwidth",
        dram_cycles,
        asked
            .saturating_sub(spared + posted + channels)
            .div_ceil(channels)
            * u64::from(dram.burst_cycles()),
    );
}

/// Commands of the whole run agree with each other, with the requests and with the time.
fn memory(laws: &mut Laws, case: &Case, result: &JobResult) {
    let spec = &case.point.dram;
    let channels = u64::from(case.point.architecture.dram.channels);
    let ranks = u64::from(spec.organisation.ranks) * channels;
    let banks = u64::from(spec.banks_per_rank()) * ranks;
    let posted = match spec.controller.idle_drain_cycles {
        Some(_) => 0,
        None => u64::from(spec.controller.write_queue) * channels,
    };
    let layers = result.layers.iter().map(|layer| &layer.run);
    laws.broken
        .extend(run_violations(layers.clone(), &result.after, posted));
    let in_layers = layers.fold(DramCounts::default(), |sum, run| sum.plus(&run.dram));
    let all = in_layers.plus(&result.after);
    let columns = all.reads + all.writes;
    laws.at_least(
        "activates and column commands that were no hits",
        all.activates,
        columns - all.row_hits,
    );
    laws.at_least("activates and precharges", all.activates, all.precharges);
    laws.at_least(
        "precharges with open banks, and activates",
        all.precharges + banks,
        all.activates,
    );
    laws.equal(
        "recorded latencies and reads",
        result.read_latency.len(),
        reads(result),
    );
    // Every rank is in one of two states in every DRAM cycle of the run.
    let clocks = (case.point.architecture.core_clock_khz, spec.clock_khz);
    let dram_cycles = result.cycles() * clocks.1 / clocks.0;
    let standby = in_layers.active_standby_cycles + in_layers.precharge_standby_cycles;
    laws.equal(
        "rank-cycles in either state and of the run",
        standby,
        ranks * dram_cycles,
    );
    // One refresh a rank and interval, the last of which may be on its way.
    let refreshes = ranks * dram_cycles / u64::from(spec.timing.refi);
    laws.expect(in_layers.refreshes.abs_diff(refreshes) <= ranks, || {
        format!("{} refreshes, {refreshes} due", in_layers.refreshes)
    });
}

fn reads(result: &JobResult) -> u64 {
    let layers = result.layers.iter();
    layers.map(|layer| layer.run.dma.read_bursts).sum()
}
