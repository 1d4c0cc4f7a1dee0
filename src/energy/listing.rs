//! An energy table laid out for reading: every value with unit, basis and source, the SRAM behind it, and how far to
//! trust it.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::ACCURACY;
use super::entry::{Basis, Entry};
use super::file::ParallelMacRule;
use super::sram::SramTable;
use super::table::EnergyTable;

/// Version of the JSON that [`Listing`] makes.
pub const LISTING_SCHEMA: &str = "axbxp.energy-table/1";

/// Columns that the text is wrapped to.
const TEXT_COLUMNS: usize = 100;
/// Columns before source and condition in the text.
const HEAD_COLUMNS: usize = 42;
const SRAM_HEAD_COLUMNS: usize = 16;

/// An energy table for print.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listing {
    /// [`LISTING_SCHEMA`].
    pub schema: &'static str,
    /// The table's name.
    pub name: String,
    /// The file it was read from.
    pub file: String,
    /// Libraries, voltages, temperatures.
    pub technology: String,
    /// How a PE that does several MACs a cycle is priced.
    pub parallel_macs: ParallelMacRule,
    /// Every entry, in the table's order.
    pub values: Vec<ListedValue>,
    /// The SRAM of the buffers.
    pub sram: SramTable,
    /// How far the values can be trusted.
    pub accuracy: [&'static str; ACCURACY.len()],
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedValue {
    /// What does it, as it is written in RON.
    pub component: String,
    /// What it does, as it is written in RON.
    pub action: String,
    /// What that costs, in `unit`.
    pub value: f64,
    /// pJ, uW, um2, bits or nothing.
    pub unit: &'static str,
    /// What the value rests on.
    pub basis: Basis,
    /// Where it comes from.
    pub source: String,
    /// Under which condition it holds.
    pub condition: String,
    /// Share of clock pins, 0 to 1, where it is known.
    pub clock_share: Option<f64>,
    /// Share of flip-flops without clock pins, where it is known.
    pub registers_share: Option<f64>,
}

impl Listing {
    /// Lays out `table`.
    pub fn of(table: &EnergyTable) -> Listing {
        Listing {
            schema: LISTING_SCHEMA,
            name: table.name.clone(),
            file: table.file().to_owned(),
            technology: table.technology.clone(),
            parallel_macs: table.parallel_macs,
            values: table.entries.iter().map(ListedValue::of).collect(),
            sram: table.sram().clone(),
            accuracy: ACCURACY,
        }
    }

    /// As text: the entries of each component under its name.
    pub fn text(&self) -> String {
        let rule = match self.parallel_macs {
            ParallelMacRule::ExactCycle => "exact_cycle",
            ParallelMacRule::Lanes => "lanes",
        };
        let mut text = format!("{} ({})\n", self.name, self.file);
        text += &wrapped(&self.technology, 0, 0);
        let _ = writeln!(text, "several MACs a cycle: rule `{rule}`");
        let mut component = "";
        for value in &self.values {
            if value.component != component {
                component = &value.component;
                let _ = write!(text, "\n{component}\n");
            }
            text += &value.line();
        }
        text += &self.sram_text();
        text.push('\n');
        for note in self.accuracy {
            text += &wrapped(&format!("note: {note}"), 0, 6);
        }
        text
    }

    fn sram_text(&self) -> String {
        let (sram, fit) = (&self.sram, &self.sram.access);
        let access = format!(
            "{} pJ x KiB^{} x (bits / 64)^{}, within {:.2} % on average and {:.2} % at worst. {}",
            fit.a_pj,
            fit.size_exponent,
            fit.width_exponent,
            fit.mean_error * 100.0,
            fit.worst_error * 100.0,
            fit.source,
        );
        let mut text = format!("\nsram {} ({})\n", sram.name, sram.file());
        for (name, says) in [
            ("access", access.as_str()),
            (
                "leak, area",
                "between the points of the grid, straight in the logarithms",
            ),
            ("grid", &format!("{}. {}", sram.bounds(), sram.grid.source)),
        ] {
            let says = wrapped(says, SRAM_HEAD_COLUMNS, SRAM_HEAD_COLUMNS);
            let _ = write!(text, "  {name:13} {}", says.trim_start());
        }
        text
    }

    /// As comma-separated values: a line for each entry, for the SRAM fit's parameters and for each value of the
    /// grid.
    ///
    /// # Errors
    /// What writing gives.
    pub fn write_csv(&self, to: impl io::Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(to);
        for value in self.values.iter().cloned().chain(self.sram_values()) {
            writer.serialize(value).map_err(io::Error::from)?;
        }
        writer.flush()
    }

    fn sram_values(&self) -> Vec<ListedValue> {
        let (fit, grid) = (&self.sram.access, &self.sram.grid);
        let mut values: Vec<ListedValue> = [
            ("a", fit.a_pj, "pJ"),
            ("size_exponent", fit.size_exponent, ""),
            ("width_exponent", fit.width_exponent, ""),
            ("mean_error", fit.mean_error, ""),
            ("worst_error", fit.worst_error, ""),
        ]
        .into_iter()
        .map(|(action, value, unit)| ListedValue {
            component: "sram access".to_owned(),
            action: action.to_owned(),
            value,
            unit,
            basis: Basis::Derived,
            source: fit.source.clone(),
            condition: "a x KiB^size_exponent x (bits / 64)^width_exponent".to_owned(),
            clock_share: None,
            registers_share: None,
        })
        .collect();
        for (row, kib) in grid.size_kib.iter().enumerate() {
            for (column, bits) in grid.port_bits.iter().enumerate() {
                for (action, matrix, unit) in [
                    ("read", &grid.read_pj, "pJ"),
                    ("write", &grid.write_pj, "pJ"),
                    ("leak", &grid.leakage_uw, "uW"),
                    ("area", &grid.area_um2, "um2"),
                ] {
                    values.push(ListedValue {
                        component: format!("sram macro(kib: {kib}, port_bits: {bits})"),
                        action: action.to_owned(),
                        value: matrix[row][column],
                        unit,
                        basis: Basis::Measured,
                        source: grid.source.clone(),
                        condition: String::new(),
                        clock_share: None,
                        registers_share: None,
                    });
                }
            }
        }
        values
    }
}

impl ListedValue {
    fn of(entry: &Entry) -> ListedValue {
        ListedValue {
            component: entry.component.to_string(),
            action: entry.action.to_string(),
            value: entry.value.number(),
            unit: match entry.value.unit() {
                "pj" => "pJ",
                "uw" => "uW",
                "ratio" => "",
                unit => unit,
            },
            basis: entry.basis,
            source: entry.source.clone(),
            condition: entry.condition.clone(),
            clock_share: entry.split.map(|split| split.clock),
            registers_share: entry.split.map(|split| split.registers),
        }
    }

    /// Action, value and basis in columns, then source and condition with a hanging indent.
    fn line(&self) -> String {
        let basis = match self.basis {
            Basis::Measured => "measured",
            Basis::Derived => "derived",
            Basis::Assumed => "assumed",
        };
        let mut rest = self.source.clone();
        if let (Some(clock), Some(registers)) = (self.clock_share, self.registers_share) {
            let _ = write!(
                rest,
                " [clock {:.0} %, registers {:.0} %]",
                clock * 100.0,
                registers * 100.0
            );
        }
        if !self.condition.is_empty() {
            let _ = write!(rest, " ({})", self.condition);
        }
        let head = format!(
            "  {:13} {:>10} {:4}  {basis:8} ",
            self.action, self.value, self.unit
        );
        let wrapped = wrapped(&rest, HEAD_COLUMNS, HEAD_COLUMNS);
        head + wrapped.trim_start()
    }
}

/// `text` in lines of at most [`TEXT_COLUMNS`] (a word longer than that stays whole), the first indented by `first`,
/// the others by `others`.
fn wrapped(text: &str, first: usize, others: usize) -> String {
    let mut lines = String::new();
    let mut line = " ".repeat(first);
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > TEXT_COLUMNS {
            lines += &line;
            lines.push('\n');
            line = " ".repeat(others);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines + &line + "\n"
}
