//! Counts to picojoules.

use super::area::{self, AreaBreakdown};
use super::breakdown::{EnergyBreakdown, LeakageParts};
use super::counts::{AccessCounts, LayerCounts};
use super::entry::{Action, Basis, Component};
use super::error::EnergyError;
use super::hardware::Hardware;
use super::leakage::Leakage;
use super::operands::OperandStatistics;
use super::pe::{self, Price};
use super::sram::{self, BufferPrice};
use super::table::EnergyTable;
use crate::arch::{Architecture, Operand, OperatingPoint, PeKind, PerOperand};
use crate::dram::CommandEnergies;

/// A table, an architecture and a DRAM: prices the activity of layers.
#[derive(Debug, Clone)]
pub struct EnergyModel {
    table: EnergyTable,
    architecture: Architecture,
    dram: CommandEnergies,
    buffers: PerOperand<BufferPrice>,
    prices: Prices,
    leakage: Leakage,
    area: AreaBreakdown,
}

/// Prices that no layer changes.
#[derive(Debug, Clone, Copy)]
struct Prices {
    pe_idle: Price,
    register_write: Price,
    convert: Price,
    /// Behind PEs without blocks there is none.
    block_select: Option<Price>,
    operate: Price,
    burst: Price,
    byte: Price,
    tile: Price,
}

/// Prices of single events, in pJ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitPrices {
    /// A port word read from or written to each buffer.
    pub word_pj: PerOperand<f64>,
    /// A burst through the DMA.
    pub dma_burst_pj: f64,
    /// A byte through the DMA.
    pub dma_byte_pj: f64,
    /// A tile set up.
    pub tile_pj: f64,
    /// A PE for a cycle in which it computes.
    pub active_pe_cycle_pj: f64,
    /// A PE for a cycle in which it is clocked and does nothing.
    pub idle_pe_cycle_pj: f64,
    /// Leakage of everything in a core cycle.
    pub leakage_pj_per_cycle: f64,
}

impl EnergyModel {
    /// Looks up every price that does not depend on the layer.
    ///
    /// # Errors
    /// An entry the table does not have, or a buffer outside the grid of its SRAM data.
    pub fn new(
        table: EnergyTable,
        architecture: &Architecture,
        dram: CommandEnergies,
    ) -> Result<EnergyModel, EnergyError> {
        let pe = Component::Pe(architecture.array.pe);
        let price = |component, action| {
            table
                .value(component, action)
                .map(|(value, basis)| Price { value, basis })
        };
        let prices = Prices {
            pe_idle: price(pe, Action::Idle)?,
            register_write: price(Component::Register, Action::Write)?,
            convert: price(Component::Converter, Action::Convert)?,
            block_select: match architecture.array.pe {
                PeKind::AxBxp { .. } => Some(price(Component::BlockSelect, Action::Convert)?),
                _ => None,
            },
            operate: price(Component::VectorLane, Action::Operate)?,
            burst: price(Component::Dma, Action::Burst)?,
            byte: price(Component::Dma, Action::Byte)?,
            tile: price(Component::Controller, Action::Tile)?,
        };
        let buffers = PerOperand::try_of(|operand| {
            sram::price(table.sram(), operand, &architecture.buffers[operand])
        })?;
        let hardware = Hardware::of(&table, architecture)?;
        Ok(EnergyModel {
            architecture: architecture.clone(),
            dram,
            buffers,
            prices,
            leakage: Leakage::of(&table, pe, &hardware, &buffers)?,
            area: area::area(&table, architecture, &hardware, &buffers)?,
            table,
        })
    }

    /// The table in use.
    pub fn table(&self) -> &EnergyTable {
        &self.table
    }

    /// Area of the accelerator by component.
    pub fn area(&self) -> &AreaBreakdown {
        &self.area
    }

    /// Energy of one PE in one computing cycle at `point`, in pJ, and what it rests on; on the table's `real` operands
    /// or on others of which the statistics are given.
    ///
    /// # Errors
    /// An entry the table does not have.
    pub fn pe_cycle_pj(
        &self,
        point: &OperatingPoint,
        operands: Option<&OperandStatistics>,
    ) -> Result<(f64, Basis), EnergyError> {
        let cycle = pe::cycle(&self.table, self.architecture.array.pe, point, operands)?;
        Ok((cycle.price.value, cycle.price.basis))
    }

    /// Energy of one MAC in a PE that is fully fed at `point` with `real` operands, in pJ.
    ///
    /// # Errors
    /// An entry the table does not have.
    pub fn pe_pj_per_mac(&self, point: &OperatingPoint) -> Result<f64, EnergyError> {
        let (cycle_pj, _) = self.pe_cycle_pj(point, None)?;
        Ok(cycle_pj * f64::from(point.rate.cycles) / f64::from(point.rate.macs.max(1)))
    }

    /// The prices by which schedules of a layer at `point` differ, on the table's `real` operands.
    ///
    /// # Errors
    /// An entry the table does not have.
    pub fn unit_prices(&self, point: &OperatingPoint) -> Result<UnitPrices, EnergyError> {
        let cycle_ns = 1e6 / self.architecture.core_clock_khz.max(1) as f64;
        let leakage_uw = self.leakage.logic_uw() + self.leakage.sram_uw;
        Ok(UnitPrices {
            word_pj: PerOperand::of(|operand| self.buffers[operand].access_pj(0)),
            dma_burst_pj: self.prices.burst.value,
            dma_byte_pj: self.prices.byte.value,
            tile_pj: self.prices.tile.value,
            active_pe_cycle_pj: self.pe_cycle_pj(point, None)?.0,
            idle_pe_cycle_pj: self.prices.pe_idle.value,
            leakage_pj_per_cycle: leakage_uw * cycle_ns * 1e-3,
        })
    }

    /// Energy of a layer's activity at its operating point, on the table's `real` operands or on others of which the
    /// statistics are given.
    ///
    /// # Errors
    /// An entry the table does not have.
    pub fn layer(
        &self,
        point: &OperatingPoint,
        counts: &LayerCounts,
        operands: Option<&OperandStatistics>,
    ) -> Result<EnergyBreakdown, EnergyError> {
        let compute = pe::cycle(&self.table, self.architecture.array.pe, point, operands)?;
        let mut energy = EnergyBreakdown::default();
        let mut pay = |count: u64, price: Price| {
            let pj = count as f64 * price.value;
            energy.basis.add(price.basis, pj);
            pj
        };
        let array = &counts.array;
        let register_bits =
            array.operand_register_bits + array.weight_register_bits + array.drain_register_bits;
        let prices = &self.prices;
        let pe_array_pj = pay(array.pe_cycles_active, compute.price);
        let pe_idle_pj = pay(array.pe_cycles_clocked_idle, prices.pe_idle);
        let array_registers_pj = pay(register_bits, prices.register_write);
        let converter_pj = pay(counts.converter_values, prices.convert)
            + prices
                .block_select
                .map_or(0.0, |price| pay(counts.converter_values, price));
        let vector_unit_pj = pay(counts.vector_operations, prices.operate);
        let dma_pj = pay(counts.dma_bursts, prices.burst) + pay(counts.dma_bytes, prices.byte);
        let controller_pj = pay(counts.controller_tiles, prices.tile);
        let accessed = PerOperand {
            activation: &counts.activation_buffer,
            weight: &counts.weight_buffer,
            output: &counts.output_buffer,
        };
        let buffers_pj = PerOperand::of(|operand| {
            let buffer = accessed[operand];
            pay(accesses(buffer), self.access_price(operand, buffer))
        });
        energy.pe_array_pj = pe_array_pj;
        energy.pe_parts = compute.parts.times(array.pe_cycles_active as f64);
        energy.pe_idle_pj = pe_idle_pj;
        energy.array_registers_pj = array_registers_pj;
        energy.converter_pj = converter_pj;
        energy.vector_unit_pj = vector_unit_pj;
        energy.dma_pj = dma_pj;
        energy.controller_pj = controller_pj;
        energy.activation_buffer_pj = buffers_pj.activation;
        energy.weight_buffer_pj = buffers_pj.weight;
        energy.output_buffer_pj = buffers_pj.output;
        self.add_leakage(&mut energy, counts.core_cycles);
        self.add_dram(&mut energy, counts);
        Ok(energy)
    }

    fn access_price(&self, operand: Operand, buffer: &AccessCounts) -> Price {
        Price {
            value: self.buffers[operand].access_pj(buffer.access_bits),
            basis: Basis::Derived,
        }
    }

    /// Everything leaks all the time, clocked or gated; a gated cycle costs nothing else.
    fn add_leakage(&self, energy: &mut EnergyBreakdown, core_cycles: u64) {
        let time_ns = core_cycles as f64 * 1e6 / self.architecture.core_clock_khz.max(1) as f64;
        // 1 uW for 1 ns is 1e-3 pJ.
        let pj = |power_uw: f64| power_uw * time_ns * 1e-3;
        energy.leakage_parts = LeakageParts {
            logic_pj: pj(self.leakage.logic_uw()),
            sram_pj: pj(self.leakage.sram_uw),
        };
        energy.leakage_pj = energy.leakage_parts.logic_pj + energy.leakage_parts.sram_pj;
        for (basis, power_uw) in self.leakage.by_basis() {
            energy.basis.add(basis, pj(power_uw));
        }
    }

    fn add_dram(&self, energy: &mut EnergyBreakdown, counts: &LayerCounts) {
        let dram = self.dram.price(&counts.dram);
        energy.dram_dynamic_pj = dram.dynamic_pj();
        energy.dram_background_pj = dram.background_pj();
        energy.dram_io_pj = dram.io_pj;
        energy.basis.dram_preset_pj += energy.dram_pj();
    }
}

fn accesses(buffer: &AccessCounts) -> u64 {
    buffer.read_accesses + buffer.write_accesses
}
