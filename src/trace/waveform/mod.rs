//! Waveforms: the signals of a stepped array, cycle by cycle, for a waveform viewer.
//!
//! | format | file | viewers |
//! |---|---|---|
//! | [`WaveFormat::Fst`] | `.fst` | GTKWave, Surfer |
//! | [`WaveFormat::Vcd`] | `.vcd` | the same and any other |
//!
//! Times are picoseconds. [`WaveRecorder`] observes a run; what it cannot tell it shows as `x`.

mod encoder;
mod fst;
mod recorder;
mod vcd;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::file::{end_of_links, partial};
use encoder::WaveEncoder;
pub use recorder::{WaveInfo, WaveRecorder, WaveSelection};

/// The form of a waveform file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaveFormat {
    /// Fast signal trace, compressed.
    Fst,
    /// Value change dump, text.
    Vcd,
}

impl WaveFormat {
    /// The format of a file of this name, if it is that of a waveform.
    pub fn of(path: &Path) -> Option<WaveFormat> {
        match path.extension()?.to_str()? {
            "fst" => Some(WaveFormat::Fst),
            "vcd" => Some(WaveFormat::Vcd),
            _ => None,
        }
    }
}

/// A signal to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Names of the scopes around it, outermost first.
    pub scope: Vec<String>,
    /// Its name.
    pub name: String,
    /// Its width, 1 to 64.
    pub bits: u32,
}

/// What a complete waveform holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaveSummary {
    /// Changes of signals written.
    pub changes: u64,
    /// Changes left out: outside the window, or more than were allowed.
    pub left_out: u64,
}

/// A waveform on its way into a file, which takes its name when it is complete.
pub struct WaveFile {
    encoder: Box<dyn WaveEncoder>,
    partial: TempPath,
    target: PathBuf,
}

impl WaveFile {
    /// Begins a waveform of `variables`, those of one scope side by side, that is to become `target`, or the
    /// file behind it if it is a link.
    ///
    /// # Errors
    /// When no file can be created in the folder of `target`.
    pub fn create(target: &Path, format: WaveFormat, variables: &[Variable]) -> io::Result<Self> {
        let target = end_of_links(target);
        let (file, partial) = partial(&target)?.into_parts();
        let out = BufWriter::new(file);
        let encoder: Box<dyn WaveEncoder> = match format {
            WaveFormat::Fst => Box::new(fst::Fst::new(out, variables)?),
            WaveFormat::Vcd => Box::new(vcd::Vcd::new(out, variables)?),
        };
        Ok(WaveFile {
            encoder,
            partial,
            target,
        })
    }

    /// Signal number `signal` has a value from `at_ps` on; none stands for unknown. Times do not go back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn change(&mut self, at_ps: u64, signal: usize, value: Option<u64>) -> io::Result<()> {
        self.encoder.change(at_ps, signal, value)
    }

    /// Completes the waveform and gives the file its name.
    ///
    /// # Errors
    /// When the file cannot be written or renamed.
    pub fn finish(self) -> io::Result<()> {
        let file: File = self.encoder.finish()?;
        file.sync_all()?;
        self.partial.persist(&self.target)?;
        Ok(())
    }
}

/// Opens and closes scopes so that each variable is declared in its own.
fn declare<S>(
    variables: &[Variable],
    state: &mut S,
    open: impl Fn(&mut S, &str) -> io::Result<()>,
    close: impl Fn(&mut S) -> io::Result<()>,
    mut variable: impl FnMut(&mut S, usize, &Variable) -> io::Result<()>,
) -> io::Result<()> {
    let mut path: Vec<&str> = Vec::new();
    for (index, declared) in variables.iter().enumerate() {
        let scope: Vec<&str> = declared.scope.iter().map(String::as_str).collect();
        let common = path.iter().zip(&scope).take_while(|(a, b)| a == b).count();
        for _ in common..path.len() {
            close(state)?;
        }
        for name in &scope[common..] {
            open(state, name)?;
        }
        path = scope;
        variable(state, index, declared)?;
    }
    for _ in path {
        close(state)?;
    }
    Ok(())
}

/// The bits of a value as characters, most significant first.
fn digits(value: Option<u64>, bits: u32) -> Vec<u8> {
    (0..bits)
        .rev()
        .map(|bit| match value {
            Some(value) => b'0' + ((value >> bit) & 1) as u8,
            None => b'x',
        })
        .collect()
}
