//! SRAM tables: the fit against the grid, and what lies between the grid's points.

use proptest::prelude::*;

use super::{TINY_SRAM, table};
use crate::energy::SramTable;
use crate::source::{FileKind, SourceFile, shipped};

fn sram(name: &str) -> SramTable {
    SramTable::open(name).unwrap_or_else(|error| panic!("{error}"))
}

/// The stated errors against every measured point; stated a hundredth too small they are refused.
#[test]
fn every_fit_is_within_its_stated_error() {
    let names = shipped(FileKind::Sram);
    assert_eq!(names.len(), 6);
    for name in names {
        let sram = sram(name);
        assert_eq!(sram.name, name);
        let grid = &sram.grid;
        let mut errors = Vec::new();
        for (row, &kib) in grid.size_kib.iter().enumerate() {
            for (column, &bits) in grid.port_bits.iter().enumerate() {
                let mean = (grid.read_pj[row][column] + grid.write_pj[row][column]) / 2.0;
                let fitted = sram.access_pj(f64::from(kib), f64::from(bits));
                errors.push((fitted / mean - 1.0).abs());
            }
        }
        assert_eq!(errors.len(), 44);
        let worst = errors.iter().copied().fold(0.0, f64::max);
        let mean = errors.iter().sum::<f64>() / 44.0;
        let (stated_worst, stated_mean) = (sram.access.worst_error, sram.access.mean_error);
        assert!((worst..worst + 2e-4).contains(&stated_worst), "{name}");
        assert!((mean..mean + 2e-4).contains(&stated_mean), "{name}");
    }
}

/// Points of CACTI 7 at 350 K, copied a second time: KiB, bits, read and write pJ, leakage uW, area um2.
#[test]
fn grids_are_what_was_measured() {
    for (name, kib, bits, read, write, leakage, area) in [
        ("cacti_45_lstp", 2, 64, 1.974, 5.706, 0.389, 6_736.0),
        ("cacti_45_lstp", 64, 512, 50.548, 172.06, 11.954, 203_663.0),
        ("cacti_22_lstp", 16, 256, 3.749, 10.459, f64::NAN, f64::NAN),
        (
            "cacti_22_lstp",
            2048,
            512,
            155.508,
            144.958,
            f64::NAN,
            1_938_203.0,
        ),
    ] {
        let sram = sram(name);
        let row = sram
            .grid
            .size_kib
            .iter()
            .position(|&size| size == kib)
            .expect("on the grid");
        let column = sram
            .grid
            .port_bits
            .iter()
            .position(|&port| port == bits)
            .expect("on the grid");
        for (matrix, value) in [
            (&sram.grid.read_pj, read),
            (&sram.grid.write_pj, write),
            (&sram.grid.leakage_uw, leakage),
            (&sram.grid.area_um2, area),
        ] {
            let is = matrix[row][column];
            assert!(
                value.is_nan() || (is / value - 1.0).abs() < 5e-4,
                "{name} {kib} {bits}: {is}, {value}"
            );
        }
    }
}

#[test]
fn a_point_of_the_grid_is_itself() {
    for name in shipped(FileKind::Sram) {
        let sram = sram(name);
        for (row, &kib) in sram.grid.size_kib.iter().enumerate() {
            for (column, &bits) in sram.grid.port_bits.iter().enumerate() {
                let (kib, bits) = (f64::from(kib), f64::from(bits));
                assert_eq!(
                    sram.leakage_uw(kib, bits),
                    Some(sram.grid.leakage_uw[row][column])
                );
                assert_eq!(
                    sram.area_um2(kib, bits),
                    Some(sram.grid.area_um2[row][column])
                );
            }
        }
    }
}

/// Straight in the logarithms: the geometric mean half way, and a power law is met.
#[test]
fn between_two_points_by_hand() {
    let text = TINY_SRAM;
    let sram = SramTable::load(&SourceFile::from_text("sram.ron", text)).expect("right");
    let close = |is: Option<f64>, should: f64| {
        let is = is.expect("inside");
        assert!((is / should - 1.0).abs() < 1e-12, "{is} {should}");
    };
    // Between 2 KiB (512 um2) and 8 KiB (2048): area as capacity, so 4 KiB has 1024.
    close(sram.area_um2(4.0, 64.0), 1024.0);
    // Between 64 bits (2048) and 128 bits (3072) at 8 KiB.
    close(
        sram.area_um2(8.0, 64.0 * 2.0_f64.sqrt()),
        (2048.0_f64 * 3072.0).sqrt(),
    );
    // Both: the mean of the logarithms of 512, 1024, 2048 and 3072.
    let four = 512.0_f64 * 1024.0 * 2048.0 * 3072.0;
    close(
        sram.area_um2(4.0, 64.0 * 2.0_f64.sqrt()),
        four.sqrt().sqrt(),
    );
    for (kib, bits) in [(1.99, 64.0), (16.01, 64.0), (2.0, 63.0), (2.0, 129.0)] {
        assert_eq!(sram.area_um2(kib, bits), None);
        assert_eq!(sram.leakage_uw(kib, bits), None);
    }
    assert_eq!(sram.area_um2(f64::NAN, 64.0), None);
}

proptest! {
    /// Between two sizes values go one way, from one point to the other.
    #[test]
    fn monotone_between_points(row in 0_usize..10, column in 0_usize..4, a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
        let ng45 = table("ng45");
        let grid = &ng45.sram().grid;
        let (low, high) = (f64::from(grid.size_kib[row]), f64::from(grid.size_kib[row + 1]));
        let bits = f64::from(grid.port_bits[column]);
        let (near, far) = (a.min(b), a.max(b));
        let at = |part: f64| ng45.sram().area_um2(low + part * (high - low), bits).expect("inside");
        let ends = [grid.area_um2[row][column], grid.area_um2[row + 1][column]];
        let values = [ends[0], at(near), at(far), ends[1]];
        let slack = 1e-12 * ends[1];
        if ends[0] <= ends[1] {
            prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1] + slack), "{values:?}");
        } else {
            prop_assert!(values.windows(2).all(|pair| pair[0] + slack >= pair[1]), "{values:?}");
        }
    }
}
