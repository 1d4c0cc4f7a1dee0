//! Energies on operands other than the table's.

use super::{FXP8, K2, K4, model, point, table};
use crate::arch::{PeKind, WindowUse};
use crate::energy::{Action, Basis, Component, OperandStatistics, SignMagnitude, TwosComplement};

/// `idle + (random - idle) x s`, whatever the entry at `real` operands says; bit-serial PEs take no notice.
#[test]
fn energy_follows_the_operands() {
    let operands = |share: f64| OperandStatistics {
        twos_complement: TwosComplement {
            operand_toggle_rate: 0.5 * share,
            partial_product_toggle_rate: 0.375 * share,
        },
        sign_magnitude: SignMagnitude {
            partial_product_toggle_rate: 0.375 * share,
            changed_products: share,
        },
    };
    for (pe, products, idle, random) in [
        (FXP8, 1, 0.344, 1.1446),
        (K4, 4, 0.3861, 1.8921),
        (K2, 16, 0.4703, 2.1676),
    ] {
        let model = model(table("ng45"), pe);
        let point = point(pe, products, WindowUse::Exact, (8, 8));
        for share in [0.0, 0.25, 1.0] {
            let (pj, basis) = model
                .pe_cycle_pj(&point, Some(&operands(share)))
                .unwrap_or_else(|error| panic!("{error}"));
            let expected = idle + share * (random - idle);
            assert!(
                (pj - expected).abs() < 1e-9,
                "{pe} {share}: {pj} {expected}"
            );
            assert_eq!(basis, Basis::Derived);
        }
    }
    let serial = PeKind::BitSerial {
        serial_bits: 1,
        lanes: 8,
    };
    let model = model(table("ng45"), serial);
    let point = point(serial, 1, WindowUse::Exact, (8, 8));
    assert_eq!(
        model
            .pe_cycle_pj(&point, Some(&operands(0.5)))
            .expect("there"),
        model.pe_cycle_pj(&point, None).expect("there")
    );
}

/// Gate-level energies for the stimulus `dnn` from the net toggles counted with them, which `random` and idle did not see.
#[test]
fn energy_is_linear_in_toggles() {
    for (pe, random_toggles, dnn_toggles, dnn_pj) in [
        (FXP8, 151.2, 75.36, 0.7354),
        (K4, 281.0, 129.1, 1.0798),
        (K2, 304.3, 134.7, 1.249),
    ] {
        let table = table("ng45");
        let value = |action| {
            table
                .entry(Component::Pe(pe), action)
                .expect("there")
                .value
                .number()
        };
        let (idle, random) = (value(Action::Idle), value(Action::Random));
        let line = idle + (random - idle) * dnn_toggles / random_toggles;
        assert!((line / dnn_pj - 1.0).abs() < 0.025, "{pe}: {line} {dnn_pj}");
    }
}
