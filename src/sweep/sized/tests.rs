//! Design points with arrays of equal size.

use super::{SizedPoint, size_points};
use crate::energy::array_mm2;
use crate::sweep::{DesignPoint, Iso};

fn open(name: &str) -> DesignPoint {
    DesignPoint::open(name, None).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn sized(names: &[&str], sizings: &[Iso]) -> Vec<SizedPoint> {
    let points: Vec<DesignPoint> = names.iter().map(|name| open(name)).collect();
    size_points(&points, sizings).unwrap_or_else(|error| panic!("{error}"))
}

fn arrays(points: &[SizedPoint]) -> Vec<(&str, u32, u32, Vec<Iso>)> {
    points
        .iter()
        .map(|sized| {
            let array = &sized.point.architecture.array;
            let name = sized.point.architecture.name.as_str();
            (name, array.rows, array.columns, sized.iso.clone())
        })
        .collect()
}

#[test]
fn without_a_sizing_arrays_are_as_their_files_say() {
    assert_eq!(
        arrays(&sized(&["fxp8_32x32", "axbxp_k4_8x8"], &[Iso::None])),
        [
            ("fxp8_32x32", 32, 32, vec![Iso::None]),
            ("axbxp_k4_8x8", 8, 8, vec![Iso::None]),
        ]
    );
}

#[test]
fn as_many_pes_grows_and_leaves_alone() {
    assert_eq!(
        arrays(&sized(
            &["fxp8_32x32", "axbxp_k4_8x8", "axbxp_k2_32x32"],
            &[Iso::Pes]
        )),
        [
            ("fxp8_32x32", 32, 32, vec![Iso::Pes]),
            ("axbxp_k4_8x8@32x32", 32, 32, vec![Iso::Pes]),
            ("axbxp_k2_32x32", 32, 32, vec![Iso::Pes]),
        ]
    );
}

#[test]
fn sizings_of_one_array_share_an_entry() {
    let points = sized(
        &["fxp8_32x32", "axbxp_k4_32x32"],
        &[Iso::None, Iso::Pes, Iso::Area],
    );
    let all = vec![Iso::None, Iso::Pes, Iso::Area];
    let arrays = arrays(&points);
    assert_eq!(arrays.len(), 3);
    assert_eq!(arrays[0], ("fxp8_32x32", 32, 32, all));
    assert_eq!(
        arrays[1],
        ("axbxp_k4_32x32", 32, 32, vec![Iso::None, Iso::Pes])
    );
    assert_eq!(arrays[2].3, [Iso::Area]);
}

/// The PE of the same kind as the baseline's has the same area, so that its array stays, whatever its buffers.
#[test]
fn the_baseline_and_its_like_keep_their_arrays() {
    let points = sized(&["fxp8_32x32", "fxp8_32x32", "fxp8_8x8"], &[Iso::Area]);
    for sized in &points[..2] {
        assert_eq!(sized.point.architecture, open("fxp8_32x32").architecture);
    }
    let grown = &points[2].point.architecture;
    assert_eq!((grown.array.rows, grown.array.columns), (32, 32));
}

#[test]
fn as_much_area_and_no_more() {
    let names = [
        "fxp8_32x32",
        "axbxp_k4_32x32",
        "axbxp_k2_32x32",
        "bit_serial_32x32",
        "bit_fusion_32x32",
        "axbxp_k4_128x128_server",
        "fxp8_32x32_ws",
    ];
    let points = sized(&names, &[Iso::Area]);
    let area = |point: &DesignPoint| {
        array_mm2(point.energy.table(), &point.architecture).expect("shipped areas")
    };
    let budget_mm2 = area(&points[0].point);
    for (sized, name) in points.iter().zip(names).skip(1) {
        let array = &sized.point.architecture.array;
        assert_eq!(array.rows, array.columns, "{name}: the aspect");
        assert!(area(&sized.point) <= budget_mm2, "{name}");
        let mut next = sized.point.architecture.clone();
        next.array.rows += 1;
        next.array.columns += 1;
        let next_mm2 = array_mm2(sized.point.energy.table(), &next).expect("shipped areas");
        assert!(next_mm2 > budget_mm2, "{name}");
        // The model that prices the run is that of the resized array.
        assert!((sized.point.energy.area().array_mm2() - area(&sized.point)).abs() < 1e-12);
    }
    // A PE with four multipliers and their shifters is about 1.5 times an FxP8 PE: about 26 of 32 rows.
    let k4 = &points[1].point.architecture.array;
    assert!((24..=27).contains(&k4.rows), "{}", k4.rows);
}

#[test]
fn an_array_of_no_area_has_no_room_for_a_pe() {
    let mut baseline = open("fxp8_8x8");
    baseline.architecture.array.rows = 1;
    baseline.architecture.array.columns = 1;
    baseline.architecture.converter.values_per_cycle = 1;
    let error = size_points(&[baseline, open("axbxp_k2_32x32")], &[Iso::Area])
        .expect_err("a K = 2 PE is larger than an FxP8 PE")
        .to_string();
    assert!(
        error.contains("axbxp_k2_32x32") && error.contains("fxp8_8x8"),
        "{error}"
    );
}
