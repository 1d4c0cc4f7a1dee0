//! How many bursts pass a port in a core cycle.

/// When a burst passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Its core cycle, the first if it takes several.
    pub at: u64,
    /// Core cycles that it takes; 0 if it passes beside a burst before it.
    pub cycles: u32,
}

/// A port that lets several bursts through in a core cycle, or one in several.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots {
    /// Bursts that pass together.
    together: u32,
    /// Core cycles that they take; 1 where there can be several.
    cycles: u32,
    /// First core cycle in which the next burst can pass.
    next: u64,
    /// Bursts that pass in it already.
    taken: u32,
}

impl Slots {
    /// `bursts` in each core cycle.
    pub(super) fn each_cycle(bursts: u32) -> Slots {
        Slots {
            together: bursts.max(1),
            cycles: 1,
            next: 0,
            taken: 0,
        }
    }

    /// The port of a buffer: as many whole bursts of `burst_bits` as fit into its `port_bits`, but no more than `most`;
    /// one burst in several cycles where it is narrower.
    pub(super) fn of_buffer(port_bits: u32, burst_bits: u32, most: u32) -> Slots {
        Slots {
            cycles: burst_bits.div_ceil(port_bits),
            ..Slots::each_cycle((port_bits / burst_bits).min(most))
        }
    }

    /// Core cycles that a burst takes.
    pub(super) fn cycles(&self) -> u32 {
        self.cycles
    }

    /// First core cycle in which the next burst can pass.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Takes the whole port for `cycles` from the first cycle that is free, `earliest` or later; gives that cycle.
    pub(super) fn occupy(&mut self, earliest: u64, cycles: u64) -> u64 {
        let free = self.next
            + if self.taken > 0 {
                u64::from(self.cycles)
            } else {
                0
            };
        let start = free.max(earliest);
        self.next = start + cycles;
        self.taken = 0;
        start
    }

    /// The first slot that is free in cycle `earliest` or later.
    pub(super) fn take(&mut self, earliest: u64) -> Slot {
        if earliest > self.next {
            self.next = earliest;
            self.taken = 0;
        }
        let slot = Slot {
            at: self.next,
            cycles: if self.taken == 0 { self.cycles } else { 0 },
        };
        self.taken += 1;
        if self.taken == self.together {
            self.next += u64::from(self.cycles);
            self.taken = 0;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(slots: &mut Slots, earliest: &[u64]) -> Vec<(u64, u32)> {
        let take = |&at| {
            let slot = slots.take(at);
            (slot.at, slot.cycles)
        };
        earliest.iter().map(take).collect()
    }

    #[test]
    fn a_cycle_has_so_many_slots() {
        let mut one = Slots::each_cycle(1);
        let taken = cycles(&mut one, &[5, 5, 5, 9]);
        assert_eq!(taken, [(5, 1), (6, 1), (7, 1), (9, 1)]);
        let mut two = Slots::each_cycle(2);
        let taken = cycles(&mut two, &[5, 5, 5, 9, 0, 0]);
        let expected = [(5, 1), (5, 0), (6, 1), (9, 1), (9, 0), (10, 1)];
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_port_that_is_occupied_lets_nothing_pass() {
        let mut two = Slots::each_cycle(2);
        assert_eq!(two.take(3).at, 3);
        assert_eq!(two.occupy(2, 10), 4);
        assert_eq!(two.take(5).at, 14);
        assert_eq!(two.occupy(20, 1), 20);
        assert_eq!(two.take(0).at, 21);
    }

    #[test]
    fn a_buffer_takes_whole_bursts() {
        let mut narrow = Slots::of_buffer(192, 512, 8);
        assert_eq!(cycles(&mut narrow, &[0, 0, 4]), [(0, 3), (3, 3), (6, 3)]);
        for (port_bits, most, expected) in [(512, 8, 1), (1023, 8, 1), (1024, 8, 2), (4096, 4, 4)] {
            let mut port = Slots::of_buffer(port_bits, 512, most);
            let in_first = (0..64).filter(|_| port.take(0).at == 0).count();
            assert_eq!(in_first, expected, "{port_bits} bits");
        }
    }
}
