//! Configurations of SCALE-Sim (3.0.0): `.cfg` or `.ini`.
//!
//! # What a configuration becomes
//! | SCALE-Sim | here |
//! |---|---|
//! | `ArrayHeight`, `ArrayWidth`, `Dataflow` | an array of FxP8 PEs (its words are bytes), fill and drain exposed |
//! | `IfmapSramSzkB`, `FilterSramSzkB`, `OfmapSramSzkB` | buffers of that size in KiB, in two halves as there |
//! | `InterfaceBandwidth = CALC` | one stack of HBM2: 8 channels |
//! | `InterfaceBandwidth = USER`, `Bandwidth` | the fewest channels of HBM2 that carry `Bandwidth` bytes per cycle on each of the three interfaces |
//!
//! SCALE-Sim has no clock; the array runs at 1 GHz, where a channel of HBM2 carries 32 bytes per cycle at best.
//! Ports of buffers and the converter are as wide as array edges, setting up a tile and crossing the DMA take
//! no time, as there. DRAM is simulated: in `CALC` mode, which assumes a memory that never stalls, a run can
//! still wait for it. Energy is that of the table `ng45`.
//!
//! # What is ignored
//! What has no effect on results: `run_name`, address offsets (`IfmapOffset`, `FilterOffset`, `OfmapOffset`),
//! `Bandwidth` in `CALC` mode, the parameters of a sparsity or layout that is switched off, request queues
//! (`ReadRequestBuffer`, `WriteRequestBuffer`: used with Ramulator traces only) and keys that SCALE-Sim does not read
//! itself (`MemoryBanks`, `OnChipMemoryBanks`, `OnChipMemoryBankPorts`).
//!
//! # What is an error
//! `SparsitySupport`, `IfmapCustomLayout`, `FilterCustomLayout` or `UseRamulatorTrace` that is true, and
//! `[network_presets]`: nothing here does the same. Several different values of `Bandwidth`, more than one stack
//! carries, any unknown section or key.

use std::ops::Range;

use super::network::NetworkOptions;
use super::pe::PeKind;
use super::types::{
    ArchitectureFile, Array, Buffer, Buffers, BurstsPerCycle, Controller, Converter, Dataflow, Dma,
    DramChoice, FillDrain, Objective, Ports, Tiling, VectorUnit,
};
use crate::source::{Diagnostics, Entry, Ini, Place, Places, SourceFile, SpanChecker, nearest};

/// DRAM standard of every imported architecture.
const STANDARD: &str = "hbm2";
/// Channels of a stack: what SCALE-Sim's interfaces are given at most.
const STACK_CHANNELS: u64 = 8;
/// Peak bytes of one of its channels per cycle of 1 GHz: 128 bits at 2 Gb/s a pin.
const CHANNEL_BYTES_PER_CYCLE: u64 = 32;

/// Most rows, and columns, of an array.
const MAX_SIDE: u32 = 1024;
/// Largest buffer.
const MAX_KIB: u32 = 256 * 1024;
/// Buffers are no narrower: narrower memories have no price.
const MIN_PORT_BITS: u32 = 64;

/// What may stand behind a key.
#[derive(Clone, Copy)]
enum Use {
    /// It is read, or has no effect on results.
    Known,
    /// Only false: why.
    Unsupported(&'static str),
}

const SPARSITY: &str = "sparse weights are not modelled";
const LAYOUT: &str = "bank conflicts of a data layout are not modelled";
const RAMULATOR: &str = "DRAM is simulated here; latencies of a Ramulator run can not be read";

const SECTIONS: [(&str, &[(&str, Use)]); 6] = [
    ("general", &[("run_name", Use::Known)]),
    (
        "architecture_presets",
        &[
            ("ArrayHeight", Use::Known),
            ("ArrayWidth", Use::Known),
            ("IfmapSramSzkB", Use::Known),
            ("FilterSramSzkB", Use::Known),
            ("OfmapSramSzkB", Use::Known),
            ("IfmapOffset", Use::Known),
            ("FilterOffset", Use::Known),
            ("OfmapOffset", Use::Known),
            ("Dataflow", Use::Known),
            ("Bandwidth", Use::Known),
            ("ReadRequestBuffer", Use::Known),
            ("WriteRequestBuffer", Use::Known),
            ("MemoryBanks", Use::Known),
            ("OnChipMemoryBanks", Use::Known),
            ("OnChipMemoryBankPorts", Use::Known),
        ],
    ),
    (
        "layout",
        &[
            ("IfmapCustomLayout", Use::Unsupported(LAYOUT)),
            ("IfmapSRAMBankBandwidth", Use::Known),
            ("IfmapSRAMBankNum", Use::Known),
            ("IfmapSRAMBankPort", Use::Known),
            ("FilterCustomLayout", Use::Unsupported(LAYOUT)),
            ("FilterSRAMBankBandwidth", Use::Known),
            ("FilterSRAMBankNum", Use::Known),
            ("FilterSRAMBankPort", Use::Known),
        ],
    ),
    (
        "sparsity",
        &[
            ("SparsitySupport", Use::Unsupported(SPARSITY)),
            ("SparseRep", Use::Known),
            ("OptimizedMapping", Use::Known),
            ("BlockSize", Use::Known),
            ("RandomNumberGeneratorSeed", Use::Known),
        ],
    ),
    (
        "run_presets",
        &[
            ("InterfaceBandwidth", Use::Known),
            ("UseRamulatorTrace", Use::Unsupported(RAMULATOR)),
        ],
    ),
    ("network_presets", &[]),
];

/// Imports the configuration in `file`; the file comes back with the places of what it says.
///
/// # Errors
/// Everything that is no configuration of SCALE-Sim or can not be expressed, each at its place.
pub fn import(file: &SourceFile) -> Result<(SourceFile, ArchitectureFile), Diagnostics> {
    let mut checker = SpanChecker::new(file);
    let ini = Ini::read(file, &mut checker);
    let mut importer = Importer {
        ini: &ini,
        checker,
        places: Places::default(),
    };
    importer.check_sections();
    importer.check_keys();
    let architecture = importer.architecture(file);
    // What is missing has been reported.
    let Some(architecture) = architecture else {
        return Err(importer.checker.into_diagnostics());
    };
    let architecture = importer.checker.finish(architecture)?;
    Ok((file.with_places(importer.places), architecture))
}

struct Importer<'i, 'f> {
    ini: &'i Ini<'f>,
    checker: SpanChecker<'f>,
    places: Places,
}

impl Importer<'_, '_> {
    fn check_sections(&mut self) {
        for (name, range) in &self.ini.sections {
            if *name == "network_presets" {
                let message = "the section `[network_presets]` is not supported";
                let help = "the topology is given by --workload";
                self.checker
                    .report(range.clone(), message, "expected no topology here", help);
            } else if !SECTIONS.iter().any(|(known, _)| known == name) {
                let names = SECTIONS.iter().map(|(known, _)| *known);
                let message =
                    format!("there is no section `[{name}]` in a SCALE-Sim configuration");
                let help = did_you_mean(name, names);
                self.checker
                    .report(range.clone(), message, "unknown section", help);
            }
        }
        for required in ["architecture_presets", "run_presets"] {
            if self.ini.section(required).is_none() {
                let message = format!("the section `[{required}]` is missing");
                let expected = "a SCALE-Sim configuration has it";
                self.checker.report(self.end(), message, expected, "");
            }
        }
    }

    fn check_keys(&mut self) {
        for entry in &self.ini.entries {
            let Some((_, keys)) = SECTIONS.iter().find(|(name, _)| *name == entry.section) else {
                continue;
            };
            if entry.section == "network_presets" {
                continue;
            }
            let known = keys
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(entry.key));
            match known {
                None => {
                    let message = format!("`[{}]` has no key `{}`", entry.section, entry.key);
                    let help = did_you_mean(entry.key, keys.iter().map(|(key, _)| *key));
                    self.checker
                        .report(entry.key_range.clone(), message, "unknown key", help);
                }
                Some((_, Use::Unsupported(reason))) => self.check_off(entry, reason),
                Some(_) => {}
            }
        }
    }

    /// A switch that has to be off.
    fn check_off(&mut self, entry: &Entry<'_>, reason: &str) {
        let is = |words: &[&str]| {
            words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(entry.value))
        };
        let message = if is(&["false", "no", "off", "0"]) {
            return;
        } else if is(&["true", "yes", "on", "1"]) {
            format!("`{}` is not supported", entry.key)
        } else {
            format!("`{}` is `{}`", entry.key, entry.value)
        };
        self.checker
            .report(entry.value_range.clone(), message, "expected false", reason);
    }

    fn architecture(&mut self, file: &SourceFile) -> Option<ArchitectureFile> {
        let array = Place::root().field("array");
        let rows = self.number("ArrayHeight", MAX_SIDE, &[array.clone().field("rows")]);
        let columns = self.number("ArrayWidth", MAX_SIDE, &[array.field("columns")]);
        let ifmap_kib = self.number("IfmapSramSzkB", MAX_KIB, &buffer_places("activation"));
        let filter_kib = self.number("FilterSramSzkB", MAX_KIB, &buffer_places("weight"));
        let ofmap_kib = self.number("OfmapSramSzkB", MAX_KIB, &buffer_places("output"));
        let dataflow = self.dataflow();
        let channels = self.channels();
        let (rows, columns) = (rows?, columns?);
        // The narrower of the two edges never needs more.
        let edge_bits = rows.max(columns).saturating_mul(8);
        let psum_edge_bits = columns.saturating_mul(32);
        Some(ArchitectureFile {
            name: architecture_name(file),
            description: "imported from a SCALE-Sim configuration".to_owned(),
            array: Array {
                rows,
                columns,
                dataflow: dataflow?,
                pe: PeKind::Fxp { bits: 8 },
                double_buffered_weights: false,
                fill_drain: FillDrain::Exposed,
                operand_exchange: false,
            },
            buffers: Buffers {
                activation: buffer(ifmap_kib?, edge_bits),
                weight: buffer(filter_kib?, edge_bits),
                output: buffer(ofmap_kib?, psum_edge_bits),
            },
            dma: Dma {
                outstanding_bursts: 1024,
                request_latency_cycles: 0,
                response_latency_cycles: 0,
                bursts_per_cycle: BurstsPerCycle::default(),
            },
            dram: DramChoice {
                standard: STANDARD.to_owned(),
                channels: channels?,
            },
            core_clock_khz: 1_000_000,
            converter: Converter {
                values_per_cycle: columns,
                latency_cycles: 0,
            },
            vector_unit: VectorUnit {
                lanes: columns,
                latency_cycles: 0,
            },
            controller: Controller {
                tile_setup_cycles: 0,
            },
            tiling: Tiling {
                objective: Objective::default(),
                psum_bits: 32,
            },
            network: NetworkOptions::OFF,
            energy_table: "ng45".to_owned(),
            approximation: "exact".to_owned(),
            baseline: None,
        })
    }

    /// A required key.
    fn required(&mut self, section: &str, key: &str) -> Option<(String, Range<usize>)> {
        let found = self.ini.get(section, key);
        if found.is_none()
            && let Some(range) = self.ini.section(section)
        {
            let message = format!("`[{section}]` has no `{key}`");
            self.checker
                .report(range, message, format!("expected `{key}` in here"), "");
        }
        found.map(|entry| (entry.value.to_owned(), entry.value_range.clone()))
    }

    /// A whole number of `[architecture_presets]` from 1 to `most`, which becomes `places`.
    fn number(&mut self, key: &str, most: u32, places: &[Place]) -> Option<u32> {
        let (value, range) = self.required("architecture_presets", key)?;
        for place in places {
            self.places.insert(place, range.clone());
        }
        let number = value.parse().ok();
        let number = number.filter(|number| (1..=most).contains(number));
        if number.is_none() {
            let message = format!("`{key}` is `{value}`");
            let expected = format!("expected a whole number from 1 to {most}");
            self.checker.report(range, message, expected, "");
        }
        number
    }

    fn dataflow(&mut self) -> Option<Dataflow> {
        let (value, range) = self.required("architecture_presets", "Dataflow")?;
        let place = Place::root().field("array").field("dataflow");
        self.places.insert(&place, range.clone());
        match value.as_str() {
            "os" => Some(Dataflow::OutputStationary),
            "ws" => Some(Dataflow::WeightStationary),
            "is" => Some(Dataflow::InputStationary),
            _ => {
                let message = format!("there is no dataflow `{value}`");
                let help = "output, weight or input stationary";
                self.checker
                    .report(range, message, "expected `os`, `ws` or `is`", help);
                None
            }
        }
    }

    /// Channels of DRAM for the bandwidth that is asked for.
    fn channels(&mut self) -> Option<u32> {
        let (mode, range) = self.required("run_presets", "InterfaceBandwidth")?;
        let place = Place::root().field("dram");
        self.places.insert(&place, range.clone());
        match mode.as_str() {
            "CALC" => Some(STACK_CHANNELS as u32),
            "USER" => self.channels_for_bandwidth(),
            _ => {
                let message = format!("`InterfaceBandwidth` is `{mode}`");
                self.checker
                    .report(range, message, "expected `CALC` or `USER`", "");
                None
            }
        }
    }

    fn channels_for_bandwidth(&mut self) -> Option<u32> {
        let (value, range) = self.required("architecture_presets", "Bandwidth")?;
        let numbers: Option<Vec<u64>> = value
            .split(',')
            .map(|number| number.trim().parse().ok().filter(|&number| number > 0))
            .collect();
        let Some(numbers) = numbers else {
            let message = format!("`Bandwidth` is `{value}`");
            let expected = "expected a whole number of words per cycle, 1 or more";
            self.checker.report(range, message, expected, "");
            return None;
        };
        if numbers.iter().any(|&number| number != numbers[0]) {
            let message = "different values of `Bandwidth` are not supported";
            let help = "one DRAM serves all three interfaces here";
            self.checker
                .report(range, message, "expected one number", help);
            return None;
        }
        // Ifmap, filter and ofmap have an interface each; a word is a byte.
        let channels = numbers[0]
            .saturating_mul(3)
            .div_ceil(CHANNEL_BYTES_PER_CYCLE);
        if channels > STACK_CHANNELS {
            let most = STACK_CHANNELS * CHANNEL_BYTES_PER_CYCLE / 3;
            let message = format!(
                "a bandwidth of {} words per cycle on each of three interfaces needs {channels} channels of \
                 {STANDARD}",
                numbers[0]
            );
            let help = format!("a stack of {STANDARD} has {STACK_CHANNELS} channels");
            self.checker
                .report(range, message, format!("expected at most {most}"), help);
            return None;
        }
        Some(channels.next_power_of_two() as u32)
    }

    /// Behind the last section.
    fn end(&self) -> Range<usize> {
        let last = self.ini.sections.last();
        last.map_or(0..0, |(_, range)| range.clone())
    }
}

/// The name of the file, as far as an architecture can be called that.
fn architecture_name(file: &SourceFile) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name: String = file
        .stem()
        .unwrap_or("scalesim")
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect();
    if name.is_empty() {
        "scalesim".to_owned()
    } else {
        name
    }
}

fn did_you_mean<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, names.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known: {}", names.collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests;

/// What the size of a buffer becomes.
fn buffer_places(name: &str) -> [Place; 2] {
    let buffer = Place::root().field("buffers").field(name);
    [buffer.clone(), buffer.field("size_kib")]
}

fn buffer(size_kib: u32, port_bits: u32) -> Buffer {
    Buffer {
        size_kib,
        // A half of its own for the DMA, and banks of a MiB at most.
        banks: (size_kib.div_ceil(1024).max(2))
            .checked_next_power_of_two()
            .unwrap_or(2),
        port_bits: port_bits.max(MIN_PORT_BITS),
        ports: Ports::DualPort,
        double_buffered: true,
    }
}
