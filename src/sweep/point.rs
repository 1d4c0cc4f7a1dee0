//! A design point: an architecture with its memory, its energy table and an approximation.

use crate::approx::ApproxFile;
use crate::arch::{self, Architecture};
use crate::energy::{DramEnergy, EnergyError, EnergyModel, EnergyTable};
use crate::hw::dram::{DramSpec, command_energies};
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

/// A file of a design point that can not be used.
#[derive(Debug, thiserror::Error)]
pub enum PointError {
    /// A file that can not be read or is wrong.
    #[error(transparent)]
    File(#[from] LoadError),
    /// The energy table.
    #[error(transparent)]
    Energy(#[from] EnergyError),
}

impl DesignPoint {
    /// Opens an architecture with all that it names, and an approximation: the given one, or the
    /// architecture's own. Both are shipped names or paths.
    ///
    /// # Errors
    /// [`PointError`] for the first file that can not be read or is wrong.
    pub fn open(architecture: &str, approximation: Option<&str>) -> Result<Self, PointError> {
        let source = source::open(Shelf::Architecture, architecture).map_err(LoadError::from)?;
        Self::from_source(source, approximation)
    }

    /// The architecture that this one names as its baseline, at that one's own approximation.
    ///
    /// # Errors
    /// As [`DesignPoint::open`].
    pub fn open_baseline(&self) -> Result<Option<Self>, PointError> {
        let Some(baseline) = &self.architecture.baseline else {
            return Ok(None);
        };
        let source = source::open_beside(Shelf::Architecture, baseline, &self.source)
            .map_err(LoadError::from)?;
        Self::from_source(source, None).map(Some)
    }

    fn from_source(source: SourceFile, approximation: Option<&str>) -> Result<Self, PointError> {
        let architecture = arch::load(&source).map_err(LoadError::from)?;
        let beside = |shelf, name: &str| source::open_beside(shelf, name, &source);
        let dram = beside(Shelf::Dram, &architecture.dram.standard).map_err(LoadError::from)?;
        let dram = DramSpec::from_source(&dram).map_err(LoadError::from)?;
        let table = beside(Shelf::Energy, &architecture.energy_table).map_err(LoadError::from)?;
        let table = EnergyTable::load(&table).map_err(LoadError::from)?;
        let energy = EnergyModel::new(table, &architecture, dram_energy(&dram))?;
        let approximation = match approximation {
            Some(name) => source::open(Shelf::Approximation, name),
            None => beside(Shelf::Approximation, &architecture.approximation),
        };
        let approximation =
            ApproxFile::load(approximation.map_err(LoadError::from)?).map_err(LoadError::from)?;
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
        // The same both ways in every shipped preset.
        io_pj_per_bit: commands.read_io_pj / f64::from(dram.burst_bytes() * 8),
    }
}
