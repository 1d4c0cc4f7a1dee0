//! Energy as a stack of components, in the order in which tables, bars and plots show it.

use crate::energy::EnergyBreakdown;

/// A component of the stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    /// Head of its column.
    pub head: &'static str,
    /// Its letter in a bar.
    pub letter: char,
    /// Its name in a plot.
    pub short: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Its energy in pJ.
    pub pj: f64,
}

/// Components of the stack.
pub(super) const PARTS: usize = 18;

/// The components of `energy` from the array outwards. They sum to its total.
#[expect(
    clippy::too_many_lines,
    reason = "a flat table: a part of the energy each"
)]
pub(super) fn stack(energy: &EnergyBreakdown) -> [Part; PARTS] {
    let pe = &energy.pe_parts;
    let parts = [
        (
            "mult",
            'M',
            "PE multipliers",
            "multipliers of PEs that compute",
            pe.multipliers_pj,
        ),
        (
            "shft",
            'S',
            "PE shifters",
            "shifters behind their block multipliers",
            pe.shifters_pj,
        ),
        (
            "acc",
            'A',
            "PE accumulators",
            "their adders and accumulators",
            pe.accumulators_pj,
        ),
        (
            "oprg",
            'R',
            "PE operand registers",
            "their operand registers",
            pe.operand_registers_pj,
        ),
        (
            "clk",
            'K',
            "PE clock",
            "clock pins of their flip-flops",
            pe.clock_pj,
        ),
        (
            "idle",
            'I',
            "PEs idle",
            "PEs clocked without computing",
            energy.pe_idle_pj,
        ),
        (
            "edge",
            'E',
            "array registers",
            "registers of the array outside computing PEs: skew, preload, drain",
            energy.array_registers_pj,
        ),
        (
            "conv",
            'C',
            "format converter",
            "format converter",
            energy.converter_pj,
        ),
        (
            "abuf",
            'a',
            "activation buffer",
            "activation buffer",
            energy.activation_buffer_pj,
        ),
        (
            "wbuf",
            'w',
            "weight buffer",
            "weight buffer",
            energy.weight_buffer_pj,
        ),
        (
            "obuf",
            'o',
            "output buffer",
            "output buffer",
            energy.output_buffer_pj,
        ),
        (
            "vec",
            'V',
            "vector unit",
            "vector unit",
            energy.vector_unit_pj,
        ),
        ("dma", 'D', "DMA engine", "DMA engine", energy.dma_pj),
        (
            "ctrl",
            'T',
            "tile controller",
            "tile controller",
            energy.controller_pj,
        ),
        (
            "leak",
            '.',
            "leakage",
            "leakage of everything but the DRAM over the time taken",
            energy.leakage_pj,
        ),
        (
            "dram",
            '#',
            "DRAM commands",
            "DRAM activates, precharges, reads and writes",
            energy.dram_dynamic_pj,
        ),
        (
            "bg",
            '=',
            "DRAM background",
            "DRAM standby and refresh",
            energy.dram_background_pj,
        ),
        (
            "io",
            '~',
            "DRAM interface",
            "DRAM interface",
            energy.dram_io_pj,
        ),
    ];
    parts.map(|(head, letter, short, meaning, pj)| Part {
        head,
        letter,
        short,
        meaning,
        pj,
    })
}

/// A bar of `width` characters, each part by its letter as long as its share; ends are rounded, so that parts of
/// less than a character may not show.
pub(super) fn bar(parts: &[Part], width: usize) -> String {
    let total: f64 = parts.iter().map(|part| part.pj).sum();
    let mut bar = String::with_capacity(width);
    let mut end_pj = 0.0;
    for part in parts {
        end_pj += part.pj;
        let end = (super::performance::ratio(end_pj, total) * width as f64).round() as usize;
        while bar.len() < end.min(width) {
            bar.push(part.letter);
        }
    }
    bar
}
