//! Value change dump (IEEE 1364-2005, clause 18).

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::encoder::WaveEncoder;
use super::{Variable, declare, digits};

/// A VCD file.
pub(super) struct Vcd {
    out: BufWriter<File>,
    bits: Vec<u32>,
    now: Option<u64>,
}

/// The printable characters `!` to `~` as digits.
fn identifier(mut signal: usize) -> String {
    let mut code = String::new();
    loop {
        code.push((b'!' + (signal % 94) as u8) as char);
        signal /= 94;
        if signal == 0 {
            return code;
        }
        signal -= 1;
    }
}

impl Vcd {
    /// Writes the header and the names.
    pub(super) fn new(mut out: BufWriter<File>, variables: &[Variable]) -> io::Result<Self> {
        writeln!(out, "$version axbxp {} $end", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "$timescale 1 ps $end")?;
        declare(
            variables,
            &mut out,
            |out, name| writeln!(out, "$scope module {name} $end"),
            |out| writeln!(out, "$upscope $end"),
            |out, index, Variable { name, bits, .. }| {
                let code = identifier(index);
                match bits {
                    1 => writeln!(out, "$var wire 1 {code} {name} $end"),
                    _ => writeln!(out, "$var wire {bits} {code} {name} [{}:0] $end", bits - 1),
                }
            },
        )?;
        writeln!(out, "$enddefinitions $end")?;
        Ok(Vcd {
            out,
            bits: variables.iter().map(|variable| variable.bits).collect(),
            now: None,
        })
    }
}

impl WaveEncoder for Vcd {
    fn change(&mut self, at_ps: u64, signal: usize, value: Option<u64>) -> io::Result<()> {
        if self.now != Some(at_ps) {
            writeln!(self.out, "#{at_ps}")?;
            self.now = Some(at_ps);
        }
        let bits = self.bits[signal];
        if bits > 1 {
            self.out.write_all(b"b")?;
        }
        self.out.write_all(&digits(value, bits))?;
        let gap = if bits > 1 { " " } else { "" };
        writeln!(self.out, "{gap}{}", identifier(signal))
    }

    fn finish(self: Box<Self>) -> io::Result<File> {
        self.out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
    }
}
