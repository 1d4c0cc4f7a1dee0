//! What an array did of what it could do.

use std::iter::Sum;

use super::performance::ratio;
use crate::arch::MacRate;

/// Work done and work that could have been done, for utilizations.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Capacity {
    macs: f64,
    possible_macs: f64,
    multiplications: f64,
    possible_multiplications: f64,
}

impl Capacity {
    pub(super) fn of(pe_cycles: u64, macs: u64, rate: &MacRate) -> Capacity {
        let steps = pe_cycles as f64 / f64::from(rate.cycles);
        let per_mac = f64::from(rate.busy_multipliers) / f64::from(rate.macs);
        Capacity {
            macs: macs as f64,
            possible_macs: steps * f64::from(rate.macs),
            multiplications: macs as f64 * per_mac,
            possible_multiplications: pe_cycles as f64 * f64::from(rate.multipliers),
        }
    }

    pub(super) fn pe_utilization(&self) -> f64 {
        ratio(self.macs, self.possible_macs)
    }

    pub(super) fn multiplier_utilization(&self) -> f64 {
        ratio(self.multiplications, self.possible_multiplications)
    }
}

impl Sum for Capacity {
    fn sum<I: Iterator<Item = Capacity>>(all: I) -> Capacity {
        all.fold(Capacity::default(), |sum, one| Capacity {
            macs: sum.macs + one.macs,
            possible_macs: sum.possible_macs + one.possible_macs,
            multiplications: sum.multiplications + one.multiplications,
            possible_multiplications: sum.possible_multiplications + one.possible_multiplications,
        })
    }
}
