//! Where in a PE the energy of its computing cycles goes.
//!
//! A measured cycle says what share its clock pins and its clocked cells take ([`Split`]); the rest is combinational
//! logic. The registers' share is divided by flip-flops: accumulator against operands. The logic's share is divided in
//! the proportion of the parts' measured energies, by the number of products in the cycle: n products are n
//! multiplications, n shifts, one addition to the 32-bit accumulator and n - 1 additions in the adder tree. A cycle
//! without a split is divided by the parts' energies alone, its flip-flops at the price of a register bit. Parts
//! without an entry weigh nothing; where nothing weighs anything, all is the multipliers'.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::Serialize;

use super::entry::{Action, Component, Split};
use super::table::EnergyTable;
use crate::arch::PeKind;

/// Flip-flops of the measured PEs' accumulators: 32 bits and the flag that clears them.
const ACCUMULATOR_FLIP_FLOPS: f64 = 33.0;
/// Width of the accumulator's adder and of those in the adder tree.
const ACCUMULATOR_BITS: u8 = 32;
const TREE_BITS: u8 = 16;
/// Block size of a Bit Fusion brick, and its number.
const BRICK: (u8, u32) = (2, 16);

/// Energy of computing PEs by part, in pJ; the sum is `pe_array_pj`. How it is divided: by the shares of clock pins and
/// clocked cells where they were measured, else by the energies of the parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct PeParts {
    /// Multipliers; a bit-serial PE's adder tree over its lanes.
    pub multipliers_pj: f64,
    /// Shifters behind the block multipliers.
    pub shifters_pj: f64,
    /// Adder tree, accumulator adder and accumulator register.
    pub accumulators_pj: f64,
    /// Operand registers.
    pub operand_registers_pj: f64,
    /// Clock pins of all flip-flops.
    pub clock_pj: f64,
}

impl PeParts {
    /// Parts with their names, in the order of the fields.
    pub fn components(&self) -> [(&'static str, f64); 5] {
        [
            ("multipliers", self.multipliers_pj),
            ("shifters", self.shifters_pj),
            ("accumulators", self.accumulators_pj),
            ("operand_registers", self.operand_registers_pj),
            ("clock", self.clock_pj),
        ]
    }

    /// Sum of the parts in pJ.
    pub fn total_pj(&self) -> f64 {
        self.components().iter().map(|(_, pj)| pj).sum()
    }

    /// `count` times as much.
    pub(super) fn times(&self, count: f64) -> PeParts {
        PeParts {
            multipliers_pj: count * self.multipliers_pj,
            shifters_pj: count * self.shifters_pj,
            accumulators_pj: count * self.accumulators_pj,
            operand_registers_pj: count * self.operand_registers_pj,
            clock_pj: count * self.clock_pj,
        }
    }
}

impl AddAssign for PeParts {
    fn add_assign(&mut self, other: Self) {
        self.multipliers_pj += other.multipliers_pj;
        self.shifters_pj += other.shifters_pj;
        self.accumulators_pj += other.accumulators_pj;
        self.operand_registers_pj += other.operand_registers_pj;
        self.clock_pj += other.clock_pj;
    }
}

/// What energies are divided by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weights {
    multipliers_pj: f64,
    shifters_pj: f64,
    adders_pj: f64,
    accumulator_bits: f64,
    operand_bits: f64,
}

impl Weights {
    /// A PE's cycle with `products` block products.
    pub(super) fn of_pe(table: &EnergyTable, pe: PeKind, products: u32) -> Weights {
        let pj = |component| operate_pj(table, component);
        let tree = |inputs: u32| {
            pj(Component::Adder {
                bits: ACCUMULATOR_BITS,
            }) + f64::from(inputs.saturating_sub(1)) * pj(Component::Adder { bits: TREE_BITS })
        };
        let blocks = |block_bits: u8, products: u32| Weights {
            multipliers_pj: f64::from(products) * pj(Component::BlockMultiplier { block_bits }),
            shifters_pj: f64::from(products) * pj(Component::Shifter { block_bits }),
            adders_pj: tree(products),
            ..Weights::default()
        };
        let weights = match pe {
            PeKind::Fxp { bits } => Weights {
                multipliers_pj: pj(Component::Multiplier { bits }),
                adders_pj: tree(1),
                ..Weights::default()
            },
            PeKind::AxBxp { block_bits, .. } => blocks(block_bits, products),
            PeKind::BitSerial { lanes, .. } => Weights {
                multipliers_pj: tree(lanes) - tree(1),
                adders_pj: tree(1),
                ..Weights::default()
            },
            PeKind::BitFusion {} => blocks(BRICK.0, BRICK.1),
        };
        let operand_bits = table
            .entry(Component::Pe(pe), Action::OperandBits)
            .map_or(2.0 * f64::from(pe.operand_bits()), |entry| {
                entry.value.number()
            });
        Weights {
            accumulator_bits: ACCUMULATOR_FLIP_FLOPS,
            operand_bits,
            ..weights
        }
    }

    /// A lane of a dot-product unit with `products` block products behind one shifter.
    pub(super) fn of_lane(table: &EnergyTable, block_bits: u8, products: u32) -> Weights {
        let pj = |component| operate_pj(table, component);
        let n = f64::from(products);
        Weights {
            multipliers_pj: n * pj(Component::BlockMultiplier { block_bits }),
            shifters_pj: pj(Component::Shifter { block_bits }),
            adders_pj: n * pj(Component::Adder { bits: TREE_BITS }),
            accumulator_bits: 0.0,
            operand_bits: 2.0 * n * f64::from(block_bits),
        }
    }

    /// `bits` operand register bits and nothing else.
    pub(super) fn of_registers(bits: f64) -> Weights {
        Weights {
            operand_bits: bits,
            ..Weights::default()
        }
    }

    fn add(&mut self, other: &Weights, times: f64) {
        self.multipliers_pj += times * other.multipliers_pj;
        self.shifters_pj += times * other.shifters_pj;
        self.adders_pj += times * other.adders_pj;
        self.accumulator_bits += times * other.accumulator_bits;
        self.operand_bits += times * other.operand_bits;
    }

    fn logic_pj(&self) -> f64 {
        self.multipliers_pj + self.shifters_pj + self.adders_pj
    }

    fn bits(&self) -> f64 {
        self.accumulator_bits + self.operand_bits
    }

    /// The split of an energy of which none is known.
    fn split(&self, table: &EnergyTable) -> Split {
        let write = table.entry(Component::Register, Action::Write);
        let registers_pj = self.bits() * write.map_or(0.0, |entry| entry.value.number());
        let all_pj = registers_pj + self.logic_pj();
        if all_pj == 0.0 {
            return Split {
                clock: 0.0,
                registers: 0.0,
            };
        }
        let clock = write
            .and_then(|entry| entry.split)
            .map_or(0.0, |split| split.clock);
        let share = registers_pj / all_pj;
        Split {
            clock: clock * share,
            registers: (1.0 - clock) * share,
        }
    }
}

fn operate_pj(table: &EnergyTable, component: Component) -> f64 {
    table
        .entry(component, Action::Operate)
        .map_or(0.0, |entry| entry.value.number())
}

/// The energy of one cycle as it adds up, in pJ.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cycle {
    pub(super) value_pj: f64,
    clock_pj: f64,
    registers_pj: f64,
    weights: Weights,
}

impl Cycle {
    /// Adds `times` an energy of `pj` with its split, if it has one.
    pub(super) fn add(
        &mut self,
        table: &EnergyTable,
        times: f64,
        pj: f64,
        split: Option<Split>,
        weights: &Weights,
    ) {
        let split = split.unwrap_or_else(|| weights.split(table));
        self.value_pj += times * pj;
        self.clock_pj += times * pj * split.clock;
        self.registers_pj += times * pj * split.registers;
        self.weights.add(weights, times);
    }

    /// The same cycle at `ratio` of its energy, with another split if one is given.
    pub(super) fn scaled(self, ratio: f64, split: Option<Split>) -> Cycle {
        let value_pj = ratio * self.value_pj;
        let (clock_pj, registers_pj) = match split {
            Some(split) => (value_pj * split.clock, value_pj * split.registers),
            None => (ratio * self.clock_pj, ratio * self.registers_pj),
        };
        Cycle {
            value_pj,
            clock_pj,
            registers_pj,
            ..self
        }
    }

    /// The same cycle with `growth` times as much above a clocked cycle of `idle_pj`, which is in clock pins and clocked
    /// cells: clock pins do not depend on operands, of the clocked cells what is above idle does, and all logic.
    pub(super) fn switched(self, idle_pj: f64, growth: f64) -> Cycle {
        let idle_registers_pj = idle_pj - self.clock_pj;
        Cycle {
            value_pj: idle_pj + growth * (self.value_pj - idle_pj),
            registers_pj: idle_registers_pj + growth * (self.registers_pj - idle_registers_pj),
            ..self
        }
    }

    /// The parts of the energy.
    pub(super) fn parts(&self) -> PeParts {
        let weights = &self.weights;
        let in_logic_pj = self.value_pj - self.clock_pj - self.registers_pj;
        let share = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
        let (logic_pj, bits) = (weights.logic_pj(), weights.bits());
        let shifters_pj = in_logic_pj * share(weights.shifters_pj, logic_pj);
        let adders_pj = in_logic_pj * share(weights.adders_pj, logic_pj);
        let accumulator_pj = self.registers_pj * share(weights.accumulator_bits, bits);
        PeParts {
            multipliers_pj: in_logic_pj - shifters_pj - adders_pj,
            shifters_pj,
            accumulators_pj: adders_pj + accumulator_pj,
            operand_registers_pj: self.registers_pj - accumulator_pj,
            clock_pj: self.clock_pj,
        }
    }
}
