//! Energy of one PE in one computing cycle.

use super::error::EnergyError;
use super::table::{Action, Basis, Component, EnergyTable, ParallelMacRule};
use crate::arch::{OperatingPoint, PeKind, WindowUse};

/// A price and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Price {
    /// In pJ, or a ratio.
    pub(super) value: f64,
    pub(super) basis: Basis,
}

/// The price of a cycle in which the PE computes at `point`.
pub(super) fn cycle(
    table: &EnergyTable,
    pe: PeKind,
    point: &OperatingPoint,
) -> Result<Price, EnergyError> {
    let PeKind::AxBxp {
        block_bits,
        multipliers,
    } = pe
    else {
        let (value, basis) = table.value(Component::Pe(pe), Action::Cycle)?;
        return Ok(Price { value, basis });
    };
    let curve = Curve::of(table, Component::Pe(pe))?;
    let v = point.rate.macs;
    let products = point.products;
    let mut price = if v == 1 {
        // A MAC that takes several cycles keeps all multipliers fed.
        curve.at(table, products.min(multipliers))?
    } else {
        let value = match table.parallel_macs {
            ParallelMacRule::ExactCycle => {
                let fed = curve.at(table, (v * products).min(multipliers))?.value;
                fed + added_registers_pj(table, pe, point)?
            }
            ParallelMacRule::Lanes => {
                let lane = Curve::of(table, Component::BlockLane { block_bits })?;
                curve.at(table, products)?.value
                    + f64::from(v - 1) * lane.at(table, products)?.value
            }
        };
        Price {
            value,
            basis: Basis::Derived,
        }
    };
    if point.windows == WindowUse::Static {
        let ratio = Curve::of(table, Component::StaticWindow { block_bits })?;
        price = Price {
            value: price.value * ratio.at(table, products)?.value,
            basis: Basis::Derived,
        };
    }
    Ok(price)
}

/// Registers for the operand bits that v MACs need beyond those of the measured PE.
fn added_registers_pj(
    table: &EnergyTable,
    pe: PeKind,
    point: &OperatingPoint,
) -> Result<f64, EnergyError> {
    let (measured_bits, _) = table.value(Component::Pe(pe), Action::OperandBits)?;
    let (write_pj, _) = table.value(Component::Register, Action::Write)?;
    let bits = f64::from(point.rate.macs) * f64::from(point.activation_bits + point.weight_bits);
    Ok((bits - measured_bits).max(0.0) * write_pj)
}

/// A component's values by the number of products, made monotone: the scatter of the measurement (a K = 2 PE with 4
/// of 16 multipliers fed came out 3 % above the one with 16) must not make fewer products cost more, so no value is
/// above that of a point with more.
struct Curve {
    component: Component,
    points: Vec<(u32, Price)>,
}

impl Curve {
    fn of(table: &EnergyTable, component: Component) -> Result<Curve, EnergyError> {
        let mut points: Vec<(u32, Price)> = table
            .entries
            .iter()
            .filter(|entry| entry.component == component)
            .filter_map(|entry| match entry.action {
                Action::Products(products) => Some((
                    products,
                    Price {
                        value: entry.value.number(),
                        basis: entry.basis,
                    },
                )),
                _ => None,
            })
            .collect();
        points.sort_by_key(|(products, _)| *products);
        let mut lowest = f64::INFINITY;
        for (_, price) in points.iter_mut().rev() {
            if price.value > lowest {
                *price = Price {
                    value: lowest,
                    basis: Basis::Derived,
                };
            }
            lowest = price.value;
        }
        if points.is_empty() {
            return Err(table.missing(component, "products(..)"));
        }
        Ok(Curve { component, points })
    }

    /// The value at `products`: a point of the table, or between two of them on the straight line (derived).
    fn at(&self, table: &EnergyTable, products: u32) -> Result<Price, EnergyError> {
        let above = self.points.iter().position(|(n, _)| *n >= products);
        match above {
            Some(index) if self.points[index].0 == products => Ok(self.points[index].1),
            Some(index) if index > 0 => {
                let (low, low_price) = self.points[index - 1];
                let (high, high_price) = self.points[index];
                let part = f64::from(products - low) / f64::from(high - low);
                Ok(Price {
                    value: low_price.value + part * (high_price.value - low_price.value),
                    basis: Basis::Derived,
                })
            }
            _ => Err(table.missing(self.component, &Action::Products(products).to_string())),
        }
    }
}
