//! Energy of one PE in one computing cycle.

use super::entry::{Action, Basis, Component, Split};
use super::error::EnergyError;
use super::file::ParallelMacRule;
use super::operands::OperandStatistics;
use super::parts::{Cycle, PeParts, Weights};
use super::table::EnergyTable;
use crate::arch::{OperatingPoint, PeKind, WindowUse};

/// A price and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Price {
    /// In pJ, or a ratio.
    pub(super) value: f64,
    pub(super) basis: Basis,
}

/// The price of a computing cycle, and where in the PE it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CyclePrice {
    pub(super) price: Price,
    /// They sum to the price.
    pub(super) parts: PeParts,
}

/// The price of a cycle in which the PE computes at `point`, on the table's `real` operands, or on those of which the
/// statistics are given and on which the energy of this kind of PE is known to depend.
pub(super) fn cycle(
    table: &EnergyTable,
    pe: PeKind,
    point: &OperatingPoint,
    operands: Option<&OperandStatistics>,
) -> Result<CyclePrice, EnergyError> {
    let mut cycle = Cycle::default();
    let mut basis = match pe {
        PeKind::AxBxp { .. } => blocks(table, pe, point, &mut cycle)?,
        _ => {
            let component = Component::Pe(pe);
            let (pj, basis) = table.value(component, Action::Cycle)?;
            let split = table
                .entry(component, Action::Cycle)
                .and_then(|entry| entry.split);
            cycle.add(table, 1.0, pj, split, &Weights::of_pe(table, pe, 1));
            basis
        }
    };
    match operands.and_then(|operands| operands.relative_switching(pe, point.products)) {
        Some(switching) => {
            cycle = switched(table, pe, point, switching, cycle)?;
            basis = Basis::Derived;
        }
        None if point.windows == WindowUse::Static => {
            cycle = with_static_windows(table, pe, point, cycle)?;
            basis = Basis::Derived;
        }
        None => {}
    }
    Ok(CyclePrice {
        price: Price {
            value: cycle.value_pj,
            basis,
        },
        parts: cycle.parts(),
    })
}

/// Adds up the cycle of an `ax_bxp` PE; gives what it rests on.
fn blocks(
    table: &EnergyTable,
    pe: PeKind,
    point: &OperatingPoint,
    cycle: &mut Cycle,
) -> Result<Basis, EnergyError> {
    let PeKind::AxBxp {
        block_bits,
        multipliers,
    } = pe
    else {
        return Ok(Basis::Measured);
    };
    let curve = Curve::of(table, Component::Pe(pe))?;
    let (v, products) = (point.rate.macs, point.products);
    // A MAC that takes several cycles keeps all multipliers fed.
    let fed = match table.parallel_macs {
        ParallelMacRule::Lanes if v > 1 => products,
        _ => (v * products).min(multipliers),
    };
    let base = curve.at(table, fed)?;
    let weights = Weights::of_pe(table, pe, fed);
    cycle.add(table, 1.0, base.value, base.split, &weights);
    let mut basis = base.basis;
    if v > 1 {
        basis = Basis::Derived;
        match table.parallel_macs {
            ParallelMacRule::ExactCycle => add_registers(table, pe, point, cycle)?,
            ParallelMacRule::Lanes => {
                let lane = Curve::of(table, Component::BlockLane { block_bits })?;
                let lane = lane.at(table, products)?;
                let weights = Weights::of_lane(table, block_bits, products);
                cycle.add(table, f64::from(v - 1), lane.value, lane.split, &weights);
            }
        }
    }
    Ok(basis)
}

/// The same cycle with windows that are chosen for a tensor. A static window of `real` operands drops small values to
/// zero; statistics of other operands are taken behind their windows, and say so themselves.
fn with_static_windows(
    table: &EnergyTable,
    pe: PeKind,
    point: &OperatingPoint,
    cycle: Cycle,
) -> Result<Cycle, EnergyError> {
    let PeKind::AxBxp { block_bits, .. } = pe else {
        return Ok(cycle);
    };
    let ratio = Curve::of(table, Component::StaticWindow { block_bits })?;
    let ratio = ratio.at(table, point.products)?;
    Ok(cycle.scaled(ratio.value, ratio.split))
}

/// The same cycle on operands that switch `switching` times as much as uniformly random ones: what is above an idle
/// cycle is in proportion to the switching. For one MAC a cycle that is `idle + (random - idle) x switching`.
fn switched(
    table: &EnergyTable,
    pe: PeKind,
    point: &OperatingPoint,
    switching: f64,
    cycle: Cycle,
) -> Result<Cycle, EnergyError> {
    let component = Component::Pe(pe);
    let (idle_pj, _) = table.value(component, Action::Idle)?;
    let (random_pj, _) = table.value(component, Action::Random)?;
    let one_mac_pj = match pe {
        PeKind::AxBxp { multipliers, .. } => {
            let fed = point.products.min(multipliers);
            Curve::of(table, component)?.at(table, fed)?.value
        }
        _ => table.value(component, Action::Cycle)?.0,
    };
    let real_switching = (one_mac_pj - idle_pj) / (random_pj - idle_pj);
    Ok(cycle.switched(idle_pj, switching / real_switching))
}

/// Registers for the operand bits that v MACs need beyond those of the measured PE.
fn add_registers(
    table: &EnergyTable,
    pe: PeKind,
    point: &OperatingPoint,
    cycle: &mut Cycle,
) -> Result<(), EnergyError> {
    let (measured_bits, _) = table.value(Component::Pe(pe), Action::OperandBits)?;
    let (write_pj, _) = table.value(Component::Register, Action::Write)?;
    let bits = f64::from(point.rate.macs) * f64::from(point.activation_bits + point.weight_bits);
    let added_bits = (bits - measured_bits).max(0.0);
    let split = table
        .entry(Component::Register, Action::Write)
        .and_then(|entry| entry.split);
    let weights = Weights::of_registers(added_bits);
    cycle.add(table, 1.0, added_bits * write_pj, split, &weights);
    Ok(())
}

/// A component's values by the number of products, made monotone: the scatter of the measurement (a K = 2 PE with 4
/// of 16 multipliers fed came out 3 % above the one with 16) must not make fewer products cost more, so no value is
/// above that of a point with more.
struct Curve {
    component: Component,
    points: Vec<(u32, Point)>,
}

/// One value of a curve.
#[derive(Debug, Clone, Copy)]
struct Point {
    value: f64,
    basis: Basis,
    split: Option<Split>,
}

impl Curve {
    fn of(table: &EnergyTable, component: Component) -> Result<Curve, EnergyError> {
        let mut points: Vec<(u32, Point)> = table
            .entries
            .iter()
            .filter(|entry| entry.component == component)
            .filter_map(|entry| match entry.action {
                Action::Products(products) => Some((
                    products,
                    Point {
                        value: entry.value.number(),
                        basis: entry.basis,
                        split: entry.split,
                    },
                )),
                _ => None,
            })
            .collect();
        points.sort_by_key(|(products, _)| *products);
        let mut above: Option<Point> = None;
        for (_, point) in points.iter_mut().rev() {
            if let Some(above) = above.filter(|above| point.value > above.value) {
                *point = Point {
                    basis: Basis::Derived,
                    ..above
                };
            }
            above = Some(*point);
        }
        if points.is_empty() {
            return Err(table.missing(component, "products(..)"));
        }
        Ok(Curve { component, points })
    }

    /// The value at `products`: a point of the table, or between two of them on the straight line (derived).
    fn at(&self, table: &EnergyTable, products: u32) -> Result<Point, EnergyError> {
        let above = self.points.iter().position(|(n, _)| *n >= products);
        match above {
            Some(index) if self.points[index].0 == products => Ok(self.points[index].1),
            Some(index) if index > 0 => {
                let (low, low_point) = self.points[index - 1];
                let (high, high_point) = self.points[index];
                let part = f64::from(products - low) / f64::from(high - low);
                Ok(low_point.towards(&high_point, part))
            }
            _ => Err(table.missing(self.component, &Action::Products(products).to_string())),
        }
    }
}

impl Point {
    /// The point at `part` of the straight line to `other`, shares of the split too.
    fn towards(&self, other: &Point, part: f64) -> Point {
        let between = |low: f64, high: f64| low + part * (high - low);
        let split = self.split.zip(other.split).map(|(low, high)| Split {
            clock: between(low.clock, high.clock),
            registers: between(low.registers, high.registers),
        });
        Point {
            value: between(self.value, other.value),
            basis: Basis::Derived,
            split,
        }
    }
}
