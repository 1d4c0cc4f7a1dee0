//! A design point: an architecture with its memory, its energy table and an approximation.

use super::misfit;
use crate::approx::ApproxFile;
use crate::arch::{self, Architecture};
use crate::energy::{DramEnergy, EnergyModel, EnergyTable};
use crate::hw::dram::{AddressMap, DramSpec, command_energies};
use crate::mapping::MemoryShape;
use crate::source::{self, LoadError, Shelf, SourceFile};

/// Everything that stays the same over workloads.
#[derive(Debug, Clone)]
pub struct DesignPoint {
    /// The architecture.
    pub architecture: Architecture,
    /// The file it came from.
    pub source: SourceFile,
    /// Its DRAM standard.
    pub dram: DramSpec,
    /// Its prices.
    pub energy: EnergyModel,
    /// The approximation.
    pub approximation: ApproxFile,
}

impl DesignPoint {
    /// Opens an architecture with all that it names, and an approximation: the given one, or the
    /// architecture's own. Both are shipped names or paths.
    ///
    /// # Errors
    /// The first file that can not be read or is wrong, or an architecture that asks for what its DRAM
    /// standard or its energy table does not have.
    pub fn open(architecture: &str, approximation: Option<&str>) -> Result<Self, LoadError> {
        Self::load(
            source::open(Shelf::Architecture, architecture)?,
            approximation,
        )
    }

    /// The architecture that this one names as its baseline, at that one's own approximation.
    ///
    /// # Errors
    /// As [`DesignPoint::open`].
    pub fn open_baseline(&self) -> Result<Option<Self>, LoadError> {
        let Some(baseline) = &self.architecture.baseline else {
            return Ok(None);
        };
        let source = source::open_beside(Shelf::Architecture, baseline, &self.source)?;
        Self::load(source, None).map(Some)
    }

    /// As [`DesignPoint::open`], of an architecture's file.
    ///
    /// # Errors
    /// As [`DesignPoint::open`].
    pub fn load(source: SourceFile, approximation: Option<&str>) -> Result<Self, LoadError> {
        let (source, architecture) = arch::read(source)?;
        let beside = |shelf, name: &str| source::open_beside(shelf, name, &source);
        let dram = DramSpec::from_source(&beside(Shelf::Dram, &architecture.dram.standard)?)?;
        AddressMap::new(&dram, architecture.dram.channels)
            .map_err(|error| misfit::channels(&source, &error))?;
        let table = EnergyTable::load(&beside(Shelf::Energy, &architecture.energy_table)?)?;
        let energy = EnergyModel::new(table, &architecture, dram_energy(&dram))
            .map_err(|error| misfit::price(&source, &error))?;
        let approximation = match approximation {
            Some(name) => source::open(Shelf::Approximation, name)?,
            None => beside(Shelf::Approximation, &architecture.approximation)?,
        };
        let approximation = ApproxFile::load(approximation)?;
        Ok(DesignPoint {
            architecture,
            source,
            dram,
            energy,
            approximation,
        })
    }

    /// What mapping must know of the memory.
    pub fn memory(&self) -> MemoryShape {
        let channels = u64::from(self.architecture.dram.channels);
        MemoryShape {
            burst_bytes: self.dram.burst_bytes(),
            capacity_bytes: self.dram.capacity_bytes() * channels,
            peak_bytes_per_second: self.dram.peak_bytes_per_second() * channels,
        }
    }
}

fn dram_energy(dram: &DramSpec) -> DramEnergy {
    let commands = command_energies(dram);
    DramEnergy {
        act_pre_pj: commands.activate_precharge_pj,
        read_pj: commands.read_pj,
        write_pj: commands.write_pj,
        refresh_pj: commands.refresh_pj,
        active_standby_pj_per_cycle: commands.active_standby_pj_per_cycle,
        precharge_standby_pj_per_cycle: commands.precharge_standby_pj_per_cycle,
        read_io_pj: commands.read_io_pj,
        write_io_pj: commands.write_io_pj,
    }
}
