//! The design points of a comparison with their arrays sized against the first one's.

use super::incompatible;
use super::iso::{ArraySize, Iso, largest_within};
use super::point::DesignPoint;
use crate::energy::array_mm2;
use crate::source::Diagnostics;

/// A design point whose array has been sized.
#[derive(Debug, Clone)]
pub struct SizedPoint {
    /// The design point.
    pub point: DesignPoint,
    /// The sizings that give this array, in the order asked for.
    pub iso: Vec<Iso>,
}

/// The points at each of the sizings, point by point. The first point is the baseline that the others are sized
/// against and keeps its array. Sizings that give a point the same array share an entry.
///
/// # Errors
/// A table without an area that is needed, or a PE that alone takes more area than the baseline's array.
pub(super) fn size_points(
    points: &[DesignPoint],
    sizings: &[Iso],
) -> Result<Vec<SizedPoint>, Diagnostics> {
    let mut sized: Vec<SizedPoint> = Vec::new();
    let Some(baseline) = points.first() else {
        return Ok(sized);
    };
    for (index, point) in points.iter().enumerate() {
        let first_of_point = sized.len();
        for &iso in sizings {
            let size = match index {
                0 => ArraySize::from_architecture(&point.architecture),
                _ => size_of(point, baseline, iso)?,
            };
            let same = |entry: &&mut SizedPoint| {
                ArraySize::from_architecture(&entry.point.architecture) == size
            };
            match sized[first_of_point..].iter_mut().find(same) {
                Some(entry) if entry.iso.contains(&iso) => {}
                Some(entry) => entry.iso.push(iso),
                None => sized.push(SizedPoint {
                    point: point.resized(size)?,
                    iso: vec![iso],
                }),
            }
        }
    }
    Ok(sized)
}

fn size_of(
    point: &DesignPoint,
    baseline: &DesignPoint,
    iso: Iso,
) -> Result<ArraySize, Diagnostics> {
    let own = ArraySize::from_architecture(&point.architecture);
    let base = ArraySize::from_architecture(&baseline.architecture);
    match iso {
        Iso::None => Ok(own),
        Iso::Pes if own.pes() == base.pes() => Ok(own),
        Iso::Pes => {
            let pes = |size: ArraySize| Ok::<f64, Diagnostics>(size.pes() as f64);
            // One PE fits everywhere.
            Ok(largest_within(own, base.pes() as f64, pes)?.unwrap_or(own))
        }
        Iso::Area => {
            let budget_mm2 = area(baseline, base)?;
            largest_within(own, budget_mm2, |size| area(point, size))?.ok_or_else(|| {
                let least = ArraySize {
                    rows: 1,
                    columns: 1,
                };
                match area(point, least) {
                    Ok(least_mm2) => incompatible::no_array(
                        &point.source,
                        &point.architecture.name,
                        least_mm2,
                        &baseline.architecture.name,
                        budget_mm2,
                    ),
                    Err(error) => error,
                }
            })
        }
    }
}

/// Area of a design point's array with its edge at another size, in mm2.
fn area(point: &DesignPoint, size: ArraySize) -> Result<f64, Diagnostics> {
    array_mm2(point.energy.table(), &size.of(&point.architecture))
        .map_err(|error| point.no_price(&error))
}

#[cfg(test)]
mod tests;
