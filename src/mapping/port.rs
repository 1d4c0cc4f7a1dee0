//! How a fold's demand on one port is spread over its stream, and what other users of the port do to it.
//!
//! A port gives one word a cycle, ahead of need if it can: words wait at the array's edge until their
//! step is fed. A step of several cycles takes its operands in over these cycles in equal shares.

/// The words of one port that a fold needs, cycle of the stream by cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PortDemand {
    steps: u64,
    cycles_per_step: u64,
    /// Bits of each step but the last.
    step_bits: u64,
    /// Bits of the last step, no more than of the others.
    last_bits: u64,
    port_bits: u64,
}

impl PortDemand {
    /// `steps` steps of `cycles_per_step` cycles, each of `step_bits` bits but for the last one's
    /// `last_bits`, through a port of `port_bits`.
    pub fn of_steps(
        steps: u64,
        cycles_per_step: u64,
        (step_bits, last_bits): (u64, u64),
        port_bits: u32,
    ) -> Self {
        debug_assert!(last_bits <= step_bits);
        PortDemand {
            steps,
            cycles_per_step,
            step_bits,
            last_bits,
            port_bits: u64::from(port_bits),
        }
    }

    /// `words` words, spread evenly over a stream of `cycles` cycles.
    pub fn even(words: u64, cycles: u64) -> Self {
        PortDemand::of_steps(1, cycles, (words, words), 1)
    }

    /// Words in all.
    pub fn words(&self) -> u64 {
        if self.steps == 0 {
            return 0;
        }
        ((self.steps - 1) * self.step_bits + self.last_bits).div_ceil(self.port_bits)
    }

    /// Cycles of the stream when nothing holds it up.
    pub fn stream_cycles(&self) -> u64 {
        self.steps * self.cycles_per_step
    }

    /// Words that must be there when cycle `cycle` of the stream is fed (counted from 0, without stalls).
    pub fn words_through(&self, cycle: u64) -> u64 {
        let (step, phase) = (cycle / self.cycles_per_step, cycle % self.cycles_per_step);
        let bits = if step + 1 < self.steps {
            self.step_bits
        } else {
            self.last_bits
        };
        let per_step = u128::from(self.cycles_per_step);
        let scaled =
            u128::from(step * self.step_bits) * per_step + u128::from(bits) * u128::from(phase + 1);
        scaled.div_ceil(per_step * u128::from(self.port_bits)) as u64
    }

    /// The first cycle of the stream that needs more than `words` words, which is fewer than all.
    fn first_cycle_beyond(&self, words: u64) -> u64 {
        let per_step = u128::from(self.cycles_per_step);
        let there = u128::from(words) * per_step * u128::from(self.port_bits);
        let full_cycles = (self.steps - 1) * self.cycles_per_step;
        let full_bits = u128::from((self.steps - 1) * self.step_bits) * per_step;
        if there < full_bits {
            (there / u128::from(self.step_bits)) as u64
        } else {
            full_cycles + ((there - full_bits) / u128::from(self.last_bits)) as u64
        }
    }

    /// Words of all steps but the last.
    fn words_of_full_steps(&self) -> u64 {
        ((self.steps - 1) * self.step_bits).div_ceil(self.port_bits)
    }

    /// Cycles from the port's first word to the end of the stream if only this port holds it up.
    pub fn cycles(&self) -> u64 {
        self.cycles_from(0, 0)
    }

    /// The same for a port that has delivered `delivered` words and goes on in cycle `resume`.
    fn cycles_from(&self, delivered: u64, resume: u64) -> u64 {
        let words = self.words();
        if delivered >= words {
            return self.stream_cycles();
        }
        // Words come at a steady rate, and need rises at one rate up to the last step and at a lower
        // one in it: the stream waits longest for the first word, for the last full step, or for
        // the last word.
        let first = resume + self.stream_cycles() - self.first_cycle_beyond(delivered);
        let last = resume + words - delivered;
        let full = self.words_of_full_steps();
        let full = if full > delivered {
            resume + full - delivered + self.cycles_per_step
        } else {
            0
        };
        first.max(last).max(full)
    }
}

/// A port during a stream in which others take it now and then. Cycles count from the stream's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PortProgress {
    delivered: u64,
    resume: u64,
    /// No stream of this fold ends earlier.
    earliest_end: u64,
}

impl PortProgress {
    /// Somebody else has the port for `cycles` cycles from cycle `at` on. Nothing is lost if all words
    /// have been delivered by then.
    pub(super) fn take(&mut self, demand: &PortDemand, at: u64, cycles: u64) {
        let delivered = self.delivered + at.saturating_sub(self.resume);
        if delivered >= demand.words() {
            return;
        }
        self.delivered = delivered;
        self.resume = self.resume.max(at) + cycles;
        self.earliest_end = self
            .earliest_end
            .max(demand.cycles_from(self.delivered, self.resume));
    }

    /// Cycles from the stream's start to its end if only this port holds it up.
    pub(super) fn cycles(&self, demand: &PortDemand) -> u64 {
        self.earliest_end.max(demand.cycles())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The port word by word and the stream cycle by cycle: cycles to the stream's end.
    fn walk(demand: &PortDemand, taken: &[(u64, u64)]) -> u64 {
        let (mut delivered, mut fed, mut blocked) = (0, 0, 0);
        for now in 0.. {
            if fed == demand.stream_cycles() {
                return now;
            }
            if delivered < demand.words() {
                blocked += taken
                    .iter()
                    .filter(|&&(at, _)| at == now)
                    .map(|&(_, cycles)| cycles)
                    .sum::<u64>();
                if blocked > 0 {
                    blocked -= 1;
                } else {
                    delivered += 1;
                }
            }
            if demand.words_through(fed) <= delivered {
                fed += 1;
            }
        }
        unreachable!()
    }

    proptest! {
        #[test]
        fn closed_form_is_the_walk(
            steps in 1u64..12, cycles_per_step in 1u64..5, step_bits in 1u64..60, last in 1u64..60,
            port_bits in 1u32..40, mut taken in prop::collection::vec((0u64..60, 1u64..6), 0..4),
        ) {
            taken.sort_unstable();
            let demand = PortDemand::of_steps(
                steps, cycles_per_step, (step_bits, last.min(step_bits)), port_bits,
            );
            let mut progress = PortProgress::default();
            for &(at, cycles) in &taken {
                progress.take(&demand, at, cycles);
            }
            prop_assert_eq!(progress.cycles(&demand), walk(&demand, &taken));
        }

        #[test]
        fn even_demand_takes_the_longer_of_words_and_stream(words in 0u64..100, cycles in 1u64..100) {
            prop_assert_eq!(PortDemand::even(words, cycles).cycles(), words.max(cycles));
        }
    }
}
