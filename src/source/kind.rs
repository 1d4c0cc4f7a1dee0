//! The kinds of files.

use std::fmt;

/// What a file describes, which decides the folder it ships in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// An accelerator: `arch-configs/*.ron`.
    Architecture,
    /// The approximation of each layer: `arch-configs/approx/*.ron`.
    Approximation,
    /// A DRAM standard: `arch-configs/dram/*.ron`.
    Dram,
    /// Energy and area of each component: `arch-configs/energy/*.ron`.
    Energy,
    /// How operands switch: `arch-configs/activity/*.ron`.
    Activity,
    /// Measured SRAM macros: `arch-configs/sram/*.ron`.
    Sram,
    /// A network: `workloads/*.ron`.
    Workload,
    /// A trained network with its images: `workloads/models/*.ron`.
    Model,
    /// What is fixed of the mapping of layers; none ships.
    Mapping,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [FileKind; 9] = [
        FileKind::Architecture,
        FileKind::Approximation,
        FileKind::Dram,
        FileKind::Energy,
        FileKind::Activity,
        FileKind::Sram,
        FileKind::Workload,
        FileKind::Model,
        FileKind::Mapping,
    ];

    /// The folder in the repository, such as `arch-configs/dram`.
    pub fn folder(self) -> &'static str {
        match self {
            FileKind::Architecture => "arch-configs",
            FileKind::Approximation => "arch-configs/approx",
            FileKind::Dram => "arch-configs/dram",
            FileKind::Energy => "arch-configs/energy",
            FileKind::Activity => "arch-configs/activity",
            FileKind::Sram => "arch-configs/sram",
            FileKind::Workload => "workloads",
            FileKind::Model => "workloads/models",
            FileKind::Mapping => "mappings",
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Architecture => "arch",
            FileKind::Approximation => "approx",
            FileKind::Dram => "dram",
            FileKind::Energy => "energy",
            FileKind::Activity => "activity",
            FileKind::Sram => "sram",
            FileKind::Workload => "workload",
            FileKind::Model => "model",
            FileKind::Mapping => "mapping",
        }
    }

    /// As in "this is an architecture".
    pub(super) fn with_article(self) -> String {
        let article = match self {
            FileKind::Architecture
            | FileKind::Approximation
            | FileKind::Energy
            | FileKind::Sram => "an ",
            FileKind::Dram | FileKind::Workload | FileKind::Model | FileKind::Mapping => "a ",
            FileKind::Activity => "",
        };
        format!("{article}{self}")
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::Architecture => "architecture",
            FileKind::Approximation => "approximation configuration",
            FileKind::Dram => "DRAM standard",
            FileKind::Energy => "energy table",
            FileKind::Activity => "operand activity",
            FileKind::Sram => "SRAM table",
            FileKind::Workload => "network",
            FileKind::Model => "trained network",
            FileKind::Mapping => "mapping",
        })
    }
}
