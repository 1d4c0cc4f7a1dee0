//! A design point: an architecture with its memory, its energy table and an approximation.

use super::incompatible;
use super::iso::ArraySize;
use super::prices::PriceChoice;
use crate::approx::{Approximation, LayerPrecision, resolve_network};
use crate::arch::{self, Architecture};
use crate::dram::{AddressMap, Attained, DramSpec, Stream, command_energies};
use crate::energy::{EnergyError, EnergyModel, OperandActivity};
use crate::mapping::{LayerNeeds, MemoryRates, MemoryShape, UnitEnergies};
use crate::source::{self, Diagnostics, FileKind, LoadError, SourceFile};
use crate::workload::Network;

/// Everything that stays the same over workloads.
#[derive(Debug, Clone)]
pub struct DesignPoint {
    /// The architecture.
    pub architecture: Architecture,
    /// The file it came from.
    pub source: SourceFile,
    /// Its DRAM standard.
    pub dram: DramSpec,
    /// What a channel of it gives to long streams.
    attained: Attained,
    /// Its prices.
    pub energy: EnergyModel,
    /// The approximation.
    pub approximation: Approximation,
    /// How the operands of each layer switch, if it is not as the energy table's `real` operands do.
    pub operands: Option<OperandActivity>,
    /// Where its prices came from.
    prices: PriceChoice,
}

impl DesignPoint {
    /// Opens an architecture with all that it names, and an approximation: the given one, or the
    /// architecture's own. Both are shipped names or paths.
    ///
    /// # Errors
    /// The first file that can not be read or is wrong, or an architecture that asks for what its DRAM
    /// standard or its energy table does not have.
    pub fn open(architecture: &str, approximation: Option<&str>) -> Result<Self, LoadError> {
        Self::open_priced(architecture, approximation, &PriceChoice::default())
    }

    /// As [`DesignPoint::open`], with a choice of prices.
    ///
    /// # Errors
    /// As [`DesignPoint::open`].
    pub fn open_priced(
        architecture: &str,
        approximation: Option<&str>,
        prices: &PriceChoice,
    ) -> Result<Self, LoadError> {
        let source = source::open(FileKind::Architecture, architecture)?;
        Self::load_priced(source, approximation, prices)
    }

    /// The architecture that this one names as its baseline, at that one's own approximation and with the
    /// same choice of prices.
    ///
    /// # Errors
    /// As [`DesignPoint::open`].
    pub fn open_baseline(&self) -> Result<Option<Self>, LoadError> {
        let Some(baseline) = &self.architecture.baseline else {
            return Ok(None);
        };
        let source = source::open_beside(FileKind::Architecture, baseline, &self.source)?;
        Self::load_priced(source, None, &self.prices).map(Some)
    }

    /// What this one is compared with: the architecture `asked` for, at its own approximation and with the same choice of
    /// prices, `none`, or without a wish the one that this one names as its baseline.
    ///
    /// # Errors
    /// As [`DesignPoint::open`].
    pub fn open_compared(&self, asked: Option<&str>) -> Result<Option<Self>, LoadError> {
        match asked {
            None => self.open_baseline(),
            Some("none") => Ok(None),
            Some(name) => Self::open_priced(name, None, &self.prices).map(Some),
        }
    }

    /// As [`DesignPoint::open`], of an architecture's file.
    ///
    /// # Errors
    /// As [`DesignPoint::open`].
    pub fn load(source: SourceFile, approximation: Option<&str>) -> Result<Self, LoadError> {
        Self::load_priced(source, approximation, &PriceChoice::default())
    }

    fn load_priced(
        source: SourceFile,
        approximation: Option<&str>,
        prices: &PriceChoice,
    ) -> Result<Self, LoadError> {
        let (source, architecture) = arch::read(source)?;
        let beside = |kind, name: &str| source::open_beside(kind, name, &source);
        let dram = DramSpec::from_source(&beside(FileKind::Dram, &architecture.dram.standard)?)?;
        AddressMap::new(&dram, architecture.dram.channels)
            .map_err(|error| incompatible::channels(&source, &error))?;
        let table = prices.table(&architecture.energy_table, &source)?;
        let energy = EnergyModel::new(table, &architecture, command_energies(&dram))
            .map_err(|error| incompatible::price(&source, prices, &error))?;
        let approximation = match approximation {
            Some(name) => source::open(FileKind::Approximation, name)?,
            None => beside(FileKind::Approximation, &architecture.approximation)?,
        };
        let approximation = Approximation::load(approximation)?;
        let operands = prices.activity.as_deref().map(OperandActivity::open);
        Ok(DesignPoint {
            architecture,
            source,
            attained: Attained::measure(&dram),
            dram,
            energy,
            approximation,
            operands: operands.transpose()?,
            prices: prices.clone(),
        })
    }

    /// The same design with an array of another size. The converter at the array's edge gets as many more
    /// values a cycle as the array gets columns (rounded up); buffers, ports, DRAM and clock stay.
    ///
    /// # Errors
    /// A price that the energy table does not have.
    pub fn resized(&self, size: ArraySize) -> Result<Self, Diagnostics> {
        let architecture = size.of(&self.architecture);
        let table = self.energy.table().clone();
        let energy = EnergyModel::new(table, &architecture, command_energies(&self.dram))
            .map_err(|error| self.no_price(&error))?;
        Ok(DesignPoint {
            architecture,
            energy,
            ..self.clone()
        })
    }

    /// The same design with another approximation.
    pub fn with_approximation(&self, approximation: Approximation) -> Self {
        DesignPoint {
            approximation,
            ..self.clone()
        }
    }

    /// What to say where the energy table has no price for something.
    pub(super) fn no_price(&self, error: &EnergyError) -> Diagnostics {
        incompatible::price(&self.source, &self.prices, error)
    }

    /// What the DMA can ask the DRAM for at most, in bytes per second: reads, and beside them as many writes. The
    /// memory gives no more than this and no more than [`MemoryShape::peak_bytes_per_second`].
    pub fn dma_peak_bytes_per_second(&self) -> u64 {
        let arch = &self.architecture;
        let bursts = arch.dma.bursts_per_cycle.of_all(arch.dram.channels);
        let bytes_per_cycle = u64::from(bursts) * u64::from(self.dram.burst_bytes());
        bytes_per_cycle * arch.core_clock_khz * 1000
    }

    /// What mapping must know of the memory.
    pub fn memory(&self) -> MemoryShape {
        let channels = u64::from(self.architecture.dram.channels);
        MemoryShape {
            burst_bytes: self.dram.burst_bytes(),
            capacity_bytes: self.dram.capacity_bytes() * channels,
            peak_bytes_per_second: self.dram.peak_bytes_per_second() * channels,
            rates: self.memory_rates(),
        }
    }

    /// What long streams get: no more than the DRAM gives, the DMA can ask for, and its bursts under way allow.
    fn memory_rates(&self) -> MemoryRates {
        let arch = &self.architecture;
        let channels = u64::from(arch.dram.channels);
        let to_core = |dram_cycles: u64| {
            let core = u128::from(dram_cycles) * u128::from(arch.core_clock_khz);
            u64::try_from(core.div_ceil(u128::from(self.dram.clock_khz))).unwrap_or(u64::MAX)
        };
        let dma = u64::from(arch.dma.request_latency_cycles + arch.dma.response_latency_cycles);
        // A read moves through the controller's stations in three cycles.
        let read_latency_cycles = dma + to_core(u64::from(self.dram.read_latency_cycles()) + 3);
        let asked = 1024 / u64::from(arch.dma.bursts_per_cycle.of_all(arch.dram.channels));
        let under_way = read_latency_cycles * 1024 / u64::from(arch.dma.outstanding_bursts);
        let ticks = |stream: &Stream, asked: u64| {
            let given = to_core(stream.cycles_per_1024_bursts).div_ceil(channels);
            given.max(asked).max(under_way).max(1)
        };
        MemoryRates {
            read_ticks: ticks(&self.attained.read, asked),
            write_ticks: ticks(&self.attained.write, asked),
            copy_ticks: ticks(&self.attained.copy, asked / 2),
            read_latency_cycles,
            write_latency_cycles: dma + 2,
        }
    }

    /// Precision and prices of each layer of a network that runs on the array, in order: what mapping needs.
    ///
    /// # Errors
    /// An approximation that fits PEs or network not, or a price that the energy table does not have.
    pub fn layer_needs(&self, network: &Network) -> Result<Vec<LayerNeeds>, Diagnostics> {
        let pe = &self.architecture.array.pe;
        let precisions = resolve_network(&self.approximation, pe, network)?;
        let needs = precisions.into_iter().map(|precision| {
            let energies = self.unit_energies(&precision);
            Ok(LayerNeeds {
                energies: energies.map_err(|error| self.no_price(&error))?,
                precision,
            })
        });
        needs.collect()
    }

    /// What the mapper takes the activity of a layer to cost.
    ///
    /// # Errors
    /// A price that the energy table does not have.
    fn unit_energies(&self, precision: &LayerPrecision) -> Result<UnitEnergies, EnergyError> {
        let pe = &self.architecture.array.pe;
        let prices = self.energy.unit_prices(&precision.operating_point(pe))?;
        let fj = |pj: f64| (pj * 1000.0).round() as u64;
        let channels = u64::from(self.architecture.dram.channels);
        let dram_khz = u128::from(self.dram.clock_khz);
        let background = u128::from(self.attained.background_fj_per_cycle * channels) * dram_khz
            / u128::from(self.architecture.core_clock_khz);
        let dma_fj =
            fj(prices.dma_burst_pj + prices.dma_byte_pj * f64::from(self.dram.burst_bytes()));
        Ok(UnitEnergies {
            read_burst_fj: self.attained.read.fj_per_burst + dma_fj,
            written_burst_fj: self.attained.write.fj_per_burst + dma_fj,
            word_fj: prices.word_pj.map(fj),
            tile_fj: fj(prices.tile_pj),
            core_cycle_fj: fj(prices.leakage_pj_per_cycle)
                + u64::try_from(background).unwrap_or(u64::MAX),
            active_pe_cycle_fj: fj(prices.active_pe_cycle_pj),
            idle_pe_cycle_fj: fj(prices.idle_pe_cycle_pj),
        })
    }
}
