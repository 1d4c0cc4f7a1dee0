//! Energy worked out a second time, from the counts of a layer, the entries of the table and the currents of the
//! DRAM preset. Nothing of `axbxp::energy` is called but for the table's values.

use axbxp::arch::{Buffer, Operand, OperatingPoint, PeKind, WindowUse};
use axbxp::dram::DramCounts;
use axbxp::energy::{Action, Component, EnergyTable, ParallelMacRule};
use axbxp::hw::{BufferCounts, Cause, LayerResult};
use axbxp::sweep::DesignPoint;

use super::leakage::leakage_uw;

/// Component by component in the report's order, in pJ.
pub fn price(
    point: &DesignPoint,
    operating: &OperatingPoint,
    layer: &LayerResult,
    dram: &DramCounts,
) -> [(&'static str, f64); 14] {
    let table = point.energy.table();
    let arch = &point.architecture;
    let pe = Component::Pe(arch.array.pe);
    let array = &layer.array;
    // Clocked and not computing: gated are the waits of the whole array, and an array that the layer does not use.
    let unused = if array.active_pe_cycles == 0 {
        layer.causes.total()
    } else {
        0
    };
    let idle: u64 = layer.causes.total()
        - [
            Cause::Computing,
            Cause::WaitWeights,
            Cause::WaitActivations,
            Cause::WaitOutput,
            Cause::TileSetup,
            Cause::VectorUnit,
        ]
        .map(|cause| layer.causes.get(cause))
        .iter()
        .sum::<u64>();
    let idle = idle.saturating_sub(unused);
    let register_bits =
        array.skew_register_bits + array.preload_register_bits + array.drain_register_bits;
    let bursts = layer.dma.read_bursts + layer.dma.written_bursts;
    let bytes = bursts * u64::from(point.dram.burst_bytes());
    let of = |count: u64, component, action| count as f64 * value(table, component, action);
    let [activation, weight, output] = Operand::ALL
        .map(|operand| accesses_pj(table, &arch.buffers[operand], &layer.buffers[operand]));
    // 1 mW for 1 us is 1 nJ.
    let time_us = layer.cycles() as f64 * 1e3 / arch.core_clock_khz as f64;
    let leakage_uw: f64 = leakage_uw(table, arch).iter().sum();
    let [dynamic, background, io] = dram_pj(point, dram);
    [
        (
            "pe_array",
            array.active_pe_cycles as f64 * pe_cycle_pj(table, arch.array.pe, operating),
        ),
        ("pe_idle", of(idle, pe, Action::Idle)),
        (
            "array_registers",
            of(register_bits, Component::Register, Action::Write),
        ),
        (
            "converter",
            of(
                layer.converted_values,
                Component::Converter,
                Action::Convert,
            ) + match arch.array.pe {
                PeKind::AxBxp { .. } => of(
                    layer.converted_values,
                    Component::BlockSelect,
                    Action::Convert,
                ),
                _ => 0.0,
            },
        ),
        ("activation_buffer", activation),
        ("weight_buffer", weight),
        ("output_buffer", output),
        (
            "vector_unit",
            of(
                layer.vector.operations,
                Component::VectorLane,
                Action::Operate,
            ),
        ),
        (
            "dma",
            of(bursts, Component::Dma, Action::Burst) + of(bytes, Component::Dma, Action::Byte),
        ),
        (
            "controller",
            of(layer.tiles, Component::Controller, Action::Tile),
        ),
        ("dram_dynamic", dynamic),
        ("dram_background", background),
        ("dram_io", io),
        ("leakage", leakage_uw * time_us),
    ]
}

pub fn value(table: &EnergyTable, component: Component, action: Action) -> f64 {
    let entry = table
        .entries
        .iter()
        .find(|entry| entry.component == component && entry.action == action);
    entry
        .unwrap_or_else(|| panic!("no {component} {action}"))
        .value
        .number()
}

/// A component's value at a number of products: the least of all points at it or above, on straight lines between.
fn at_products(table: &EnergyTable, component: Component, products: u32) -> f64 {
    let points: Vec<(u32, f64)> = table
        .entries
        .iter()
        .filter(|entry| entry.component == component)
        .filter_map(|entry| match entry.action {
            Action::Products(n) => Some((n, entry.value.number())),
            _ => None,
        })
        .collect();
    let least_from = |n: u32| {
        let above = points.iter().filter(|point| point.0 >= n);
        above.map(|point| point.1).fold(f64::INFINITY, f64::min)
    };
    let below = points
        .iter()
        .map(|point| point.0)
        .filter(|&n| n <= products)
        .max();
    let above = points
        .iter()
        .map(|point| point.0)
        .filter(|&n| n >= products)
        .min();
    let (below, above) = (below.expect("a point below"), above.expect("a point above"));
    let (low, high) = (least_from(below), least_from(above));
    if below == above {
        return low;
    }
    low + (high - low) * f64::from(products - below) / f64::from(above - below)
}

fn pe_cycle_pj(table: &EnergyTable, pe: PeKind, operating: &OperatingPoint) -> f64 {
    let PeKind::AxBxp {
        block_bits,
        multipliers,
    } = pe
    else {
        return value(table, Component::Pe(pe), Action::Cycle);
    };
    let pe = Component::Pe(pe);
    let (macs, products) = (operating.rate.macs, operating.products);
    let dynamic = if macs == 1 {
        at_products(table, pe, products.min(multipliers))
    } else if table.parallel_macs == ParallelMacRule::Lanes {
        let lane = at_products(table, Component::BlockLane { block_bits }, products);
        at_products(table, pe, products) + f64::from(macs - 1) * lane
    } else {
        let bits = f64::from(macs * (operating.activation_bits + operating.weight_bits));
        let added = (bits - value(table, pe, Action::OperandBits)).max(0.0);
        at_products(table, pe, macs * products)
            + added * value(table, Component::Register, Action::Write)
    };
    match operating.windows {
        WindowUse::Static => {
            dynamic * at_products(table, Component::StaticWindow { block_bits }, products)
        }
        _ => dynamic,
    }
}

/// A bank wider than the widest macro is several macros side by side, all of which an access pays.
fn accesses_pj(table: &EnergyTable, buffer: &Buffer, counts: &BufferCounts) -> f64 {
    let fit = &table.sram().access;
    let widest = table.sram().grid.port_bits.last().copied().expect("a grid");
    let macros = f64::from(buffer.port_bits.div_ceil(widest));
    let kib = f64::from(buffer.size_kib) / f64::from(buffer.banks) / macros;
    let words = f64::from(buffer.port_bits) / macros / 64.0;
    let access = macros * fit.a_pj * kib.powf(fit.size_exponent) * words.powf(fit.width_exponent);
    let accesses =
        counts.engine_reads + counts.engine_writes + counts.dma_reads + counts.dma_writes;
    accesses as f64 * access
}

/// Commands, background and interface, from the currents: V x mA x ns = pJ.
fn dram_pj(point: &DesignPoint, dram: &DramCounts) -> [f64; 3] {
    let spec = &point.dram;
    let (power, timing) = (&spec.power, &spec.timing);
    let organisation = &spec.organisation;
    let devices = f64::from(organisation.channel_width_bits / organisation.device_width_bits);
    let volt_ns = power.vdd_v * 1e6 / spec.clock_khz as f64 * devices;
    let [rc, ras, rfc] = [timing.rc, timing.ras, timing.rfc].map(f64::from);
    let beats = f64::from(organisation.burst_length) / 2.0;
    let burst_bits = f64::from(organisation.burst_length * organisation.channel_width_bits);
    let row = power.idd0_ma * rc - power.idd3n_ma * ras - power.idd2n_ma * (rc - ras);
    let [activates, reads, writes, refreshes, active, precharged] = [
        dram.activates,
        dram.reads,
        dram.writes,
        dram.refreshes,
        dram.active_standby_cycles,
        dram.precharge_standby_cycles,
    ]
    .map(|count| count as f64);
    let columns =
        reads * (power.idd4r_ma - power.idd3n_ma) + writes * (power.idd4w_ma - power.idd3n_ma);
    [
        volt_ns * (activates * row + columns * beats),
        volt_ns
            * (refreshes * (power.idd5ab_ma - power.idd3n_ma) * rfc
                + active * power.idd3n_ma
                + precharged * power.idd2n_ma),
        burst_bits * (reads * power.read_io_pj_per_bit + writes * power.write_io_pj_per_bit),
    ]
}
