//! Fast signal trace, by the crate `fst-writer`.

use std::fs::File;
use std::io::{self, BufWriter};

use fst_writer::{
    FstBodyWriter, FstFileType, FstHeaderWriter, FstInfo, FstScopeType, FstSignalId, FstSignalType,
    FstVarDirection, FstVarType,
};

use super::encoder::WaveEncoder;
use super::{Variable, declare, digits};

/// Changes are kept in memory up to this many bytes before they are compressed and written.
const BLOCK_BYTES: usize = 16 << 20;

/// An FST file.
pub(super) struct Fst {
    body: FstBodyWriter<BufWriter<File>>,
    signals: Vec<(FstSignalId, u32)>,
    now: Option<u64>,
}

impl Fst {
    /// Writes the header and the names.
    pub(super) fn new(out: BufWriter<File>, variables: &[Variable]) -> io::Result<Self> {
        let info = FstInfo {
            start_time: 0,
            timescale_exponent: -12,
            version: concat!("axbxp ", env!("CARGO_PKG_VERSION")).to_string(),
            // No date: the same run gives the same bytes.
            date: String::new(),
            file_type: FstFileType::Verilog,
        };
        let mut header = FstHeaderWriter::new(out, &info).map_err(io::Error::other)?;
        let mut signals = Vec::with_capacity(variables.len());
        declare(
            variables,
            &mut header,
            |header, name| {
                header
                    .scope(name, "", FstScopeType::Module)
                    .map_err(io::Error::other)
            },
            |header| header.up_scope().map_err(io::Error::other),
            |header, _, variable| {
                let kind = FstSignalType::bit_vec(variable.bits);
                let name = match variable.bits {
                    1 => variable.name.clone(),
                    bits => format!("{} [{}:0]", variable.name, bits - 1),
                };
                let id = header
                    .var(
                        name,
                        kind,
                        FstVarType::Wire,
                        FstVarDirection::Implicit,
                        None,
                    )
                    .map_err(io::Error::other)?;
                signals.push((id, variable.bits));
                Ok(())
            },
        )?;
        Ok(Fst {
            body: header.finish().map_err(io::Error::other)?,
            signals,
            now: None,
        })
    }
}

impl WaveEncoder for Fst {
    fn change(&mut self, at_ps: u64, signal: usize, value: Option<u64>) -> io::Result<()> {
        if self.now != Some(at_ps) {
            if self.body.size() > BLOCK_BYTES {
                self.body.flush().map_err(io::Error::other)?;
            }
            self.body.time_change(at_ps).map_err(io::Error::other)?;
            self.now = Some(at_ps);
        }
        let (id, bits) = self.signals[signal];
        self.body
            .signal_change(id, &digits(value, bits))
            .map_err(io::Error::other)
    }

    fn finish(self: Box<Self>) -> io::Result<File> {
        let out = self.body.finish().map_err(io::Error::other)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)
    }
}
