//! A rate over time from single moves of bytes.

use super::{CounterId, TraceSink};
use crate::sim::{Khz, Tick};

/// Values of one counter after which its window doubles.
const VALUES_PER_DOUBLING: u32 = 1 << 14;
/// kHz to windows of a microsecond.
const WINDOWS_PER_MILLISECOND: u64 = 1_000;
const BYTES_PER_GIGABYTE: f64 = 1e9;
const HERTZ_PER_KILOHERTZ: f64 = 1e3;

/// A counter of GB/s over windows of a microsecond.
///
/// After every 2^14 values the window doubles, so that the number of values grows with the logarithm
/// of the time only. A value is that of its whole window, and is written when the window is over; one
/// that equals the value before it is not written.
#[derive(Debug)]
pub(super) struct Bandwidth {
    counter: CounterId,
    rate: Khz,
    /// The window at hand.
    start: Tick,
    window_ticks: u64,
    bytes: u64,
    /// What was written last.
    shown: f64,
    values: u32,
}

impl Bandwidth {
    pub(super) fn new(counter: CounterId, rate: Khz) -> Self {
        Bandwidth {
            counter,
            rate,
            start: Tick::ZERO,
            window_ticks: (rate.0 / WINDOWS_PER_MILLISECOND).max(1),
            bytes: 0,
            shown: 0.0,
            values: 0,
        }
    }

    /// `bytes` moved at `at`, which is not before the moves told earlier.
    #[inline]
    pub(super) fn moved(&mut self, sink: &mut impl TraceSink, bytes: u32, at: Tick) {
        if at.since(self.start) >= self.window_ticks {
            self.close(sink);
            self.skip_idle(sink, at);
        }
        self.bytes += u64::from(bytes);
    }

    /// Writes the last window and what follows it.
    pub(super) fn finish(&mut self, sink: &mut impl TraceSink) {
        self.close(sink);
        self.show(sink, 0.0);
    }

    /// Ends the window at hand; the next one begins.
    fn close(&mut self, sink: &mut impl TraceSink) {
        let seconds = self.window_ticks as f64 / (self.rate.0.max(1) as f64 * HERTZ_PER_KILOHERTZ);
        self.show(sink, self.bytes as f64 / BYTES_PER_GIGABYTE / seconds);
        self.start = self.start.after(self.window_ticks);
        self.bytes = 0;
        if self.values >= VALUES_PER_DOUBLING {
            self.values = 0;
            self.window_ticks = self.window_ticks.saturating_mul(2);
        }
    }

    /// Moves the window, if it ends before `at`, to where `at` lies within.
    fn skip_idle(&mut self, sink: &mut impl TraceSink, at: Tick) {
        let windows = at.since(self.start) / self.window_ticks;
        if windows > 0 {
            self.show(sink, 0.0);
            self.start = self.start.after(windows * self.window_ticks);
        }
    }

    /// Says that the rate is `gigabytes_per_second` from the start of the window at hand.
    fn show(&mut self, sink: &mut impl TraceSink, gigabytes_per_second: f64) {
        if gigabytes_per_second != self.shown {
            sink.value(
                self.counter,
                self.start.picoseconds(self.rate),
                gigabytes_per_second,
            );
            self.shown = gigabytes_per_second;
            self.values += 1;
        }
    }
}
