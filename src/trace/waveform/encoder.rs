//! What every waveform format does.

use std::fs::File;
use std::io;

/// Writes changes of declared signals.
pub(super) trait WaveEncoder {
    /// Signal number `signal` changes at `at_ps`, which is not before the last time.
    fn change(&mut self, at_ps: u64, signal: usize, value: Option<u64>) -> io::Result<()>;

    /// Writes what is left and gives the file back.
    fn finish(self: Box<Self>) -> io::Result<File>;
}
