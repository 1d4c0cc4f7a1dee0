//! Clock domains with exact edges.

use super::{Khz, Tick};

/// A clock whose edges all fall on whole ticks; edge 0 is at tick zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockDomain {
    frequency: Khz,
    ticks_per_cycle: u64,
}

/// Why clock domains cannot share a tick.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// A clock without edges.
    #[error("clock {index} has a frequency of 0 kHz")]
    ZeroFrequency {
        /// Which of the frequencies given, from 0.
        index: usize,
    },
    /// The least common multiple does not fit in 64 bits.
    #[error(
        "the clocks {} have no common tick: the least common multiple exceeds 2^64 kHz",
        listed(frequencies)
    )]
    NoCommonTick {
        /// The frequencies given.
        frequencies: Vec<Khz>,
    },
}

fn listed(frequencies: &[Khz]) -> String {
    let each: Vec<String> = frequencies.iter().map(Khz::to_string).collect();
    each.join(", ")
}

/// The tick rate shared by clocks of the given frequencies, and the clocks.
///
/// The rate is the least common multiple of the frequencies (1 kHz when there are none).
///
/// # Errors
///
/// [`ClockError`] when a frequency is zero or the rate does not fit in 64 bits.
pub fn clock_domains<const N: usize>(
    frequencies: [Khz; N],
) -> Result<(Khz, [ClockDomain; N]), ClockError> {
    if let Some(index) = frequencies.iter().position(|each| each.0 == 0) {
        return Err(ClockError::ZeroFrequency { index });
    }
    let rate = frequencies
        .iter()
        .try_fold(1, |rate, each| least_common_multiple(rate, each.0))
        .ok_or_else(|| ClockError::NoCommonTick {
            frequencies: frequencies.to_vec(),
        })?;
    let domains = frequencies.map(|frequency| ClockDomain {
        frequency,
        ticks_per_cycle: rate / frequency.0,
    });
    Ok((Khz(rate), domains))
}

fn least_common_multiple(a: u64, b: u64) -> Option<u64> {
    (a / greatest_common_divisor(a, b)).checked_mul(b)
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

impl ClockDomain {
    /// The frequency of the clock.
    #[must_use]
    pub fn frequency(self) -> Khz {
        self.frequency
    }

    /// Ticks from one edge to the next.
    #[must_use]
    pub fn ticks_per_cycle(self) -> u64 {
        self.ticks_per_cycle
    }

    /// The tick of edge `cycle`, or [`Tick::NEVER`] when it does not fit.
    #[inline]
    #[must_use]
    pub fn edge(self, cycle: u64) -> Tick {
        Tick(cycle.saturating_mul(self.ticks_per_cycle))
    }

    /// Ticks taken by `cycles` cycles; `u64::MAX` when they do not fit.
    #[inline]
    #[must_use]
    pub fn ticks(self, cycles: u64) -> u64 {
        cycles.saturating_mul(self.ticks_per_cycle)
    }

    /// The first edge at or after `tick`, or [`Tick::NEVER`] when it does not fit.
    #[inline]
    #[must_use]
    pub fn next_edge_at_or_after(self, tick: Tick) -> Tick {
        self.edge(tick.0.div_ceil(self.ticks_per_cycle))
    }

    /// The first edge after `tick`, or [`Tick::NEVER`] when it does not fit.
    #[inline]
    #[must_use]
    pub fn next_edge_after(self, tick: Tick) -> Tick {
        self.edge((tick.0 / self.ticks_per_cycle).saturating_add(1))
    }

    /// The cycle in which `tick` lies: the number of the last edge at or before it.
    #[inline]
    #[must_use]
    pub fn cycle_of(self, tick: Tick) -> u64 {
        tick.0 / self.ticks_per_cycle
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FREQUENCIES: [Khz; 4] = [Khz(1_000_000), Khz(1_200_000), Khz(1_600_000), Khz(933_333)];

    #[test]
    fn edges_are_exact() {
        let (rate, domains) = clock_domains(FREQUENCIES).unwrap();
        // 24 GHz for the first three; 933,333 = 3 * 311,111 brings the rest.
        assert_eq!(rate, Khz(24_000_000 * 311_111));
        for (domain, frequency) in domains.iter().zip(FREQUENCIES) {
            assert_eq!(domain.frequency(), frequency);
            // Edge f of a clock of f kHz is at one millisecond: at `rate` ticks, without error.
            assert_eq!(domain.edge(frequency.0), Tick(rate.0));
            assert_eq!(domain.ticks_per_cycle() * frequency.0, rate.0);
            assert_eq!(domain.edge(frequency.0).picoseconds(rate), 1_000_000_000);
        }
        assert_eq!(domains[0].edge(1).picoseconds(rate), 1_000);
        assert_eq!(domains[2].edge(1).picoseconds(rate), 625);
        assert_eq!(domains[1].edge(1).picoseconds(rate), 833);
    }

    #[test]
    fn one_clock_ticks_once_a_cycle() {
        let (rate, [domain]) = clock_domains([Khz(1_200_000)]).unwrap();
        assert_eq!((rate, domain.edge(7)), (Khz(1_200_000), Tick(7)));
    }

    #[test]
    fn no_common_tick_is_an_error() {
        let primes = [Khz(4_294_967_291), Khz(4_294_967_279), Khz(4_294_967_231)];
        let error = clock_domains(primes).unwrap_err();
        assert_eq!(
            error,
            ClockError::NoCommonTick {
                frequencies: primes.to_vec()
            }
        );
        assert!(error.to_string().contains("4294967279 kHz"));
    }

    #[test]
    fn zero_frequency_is_an_error() {
        assert_eq!(
            clock_domains([Khz(1), Khz(0)]),
            Err(ClockError::ZeroFrequency { index: 1 })
        );
    }

    #[test]
    fn what_does_not_fit_is_never() {
        let (_, [slow, _]) = clock_domains([Khz(1), Khz(1_000)]).unwrap();
        assert_eq!(slow.edge(u64::MAX / 1_000), Tick(u64::MAX / 1_000 * 1_000));
        assert_eq!(slow.edge(u64::MAX / 1_000 + 1), Tick::NEVER);
        assert_eq!(slow.next_edge_at_or_after(Tick(u64::MAX - 1)), Tick::NEVER);
        assert_eq!(slow.next_edge_after(Tick::NEVER), Tick::NEVER);
        assert_eq!(slow.ticks(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn edges_around_a_tick(
            a in 1_u64..4_000_000, b in 1_u64..4_000_000, tick in 0_u64..(1 << 60),
        ) {
            let (rate, domains) = clock_domains([Khz(a), Khz(b)]).unwrap();
            prop_assert!(rate.0 % a == 0 && rate.0 % b == 0);
            let tick = Tick(tick);
            for domain in domains {
                let cycle = domain.cycle_of(tick);
                let before = domain.edge(cycle);
                prop_assert!(before <= tick && tick < domain.edge(cycle + 1));
                prop_assert_eq!(domain.next_edge_after(tick), domain.edge(cycle + 1));
                let at_or_after = if before == tick { tick } else { domain.edge(cycle + 1) };
                prop_assert_eq!(domain.next_edge_at_or_after(tick), at_or_after);
            }
        }
    }
}
