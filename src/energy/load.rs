//! The rules an energy table has to keep.

use super::table::{Action, Component, EnergyTable, Entry, Quantity, SramFit};
use crate::arch::PeKind;
use crate::source::{Checker, Diagnostics, Place, SourceFile};

pub(super) fn check(file: &SourceFile, table: EnergyTable) -> Result<EnergyTable, Diagnostics> {
    let mut checker = Checker::new(file);
    let root = Place::root();
    for (field, text) in [("name", &table.name), ("technology", &table.technology)] {
        check_text(&mut checker, root.clone().field(field), field, text);
    }
    check_sram(&mut checker, &root.clone().field("sram"), &table.sram);
    for (index, entry) in table.entries.iter().enumerate() {
        let place = root.clone().field("entries").index(index);
        check_entry(&mut checker, &place, entry);
        let twin = table.entries[..index]
            .iter()
            .position(|other| other.component == entry.component && other.action == entry.action);
        if let Some(twin) = twin {
            checker.report(
                place,
                format!("`{} {}` is given twice", entry.component, entry.action),
                format!("entry {twin} (counted from 0) says it already"),
            );
        }
    }
    checker.finish(table)
}

fn check_entry(checker: &mut Checker<'_>, place: &Place, entry: &Entry) {
    check_text(
        checker,
        place.clone().field("source"),
        "source",
        &entry.source,
    );
    match unit_of(entry.component, entry.action) {
        None => checker.report(
            place.clone().field("action"),
            format!("`{}` does no `{}`", entry.component, entry.action),
            format!("expected {}", actions_of(entry.component)),
        ),
        Some(unit) if unit != entry.value.unit() => checker.report(
            place.clone().field("value"),
            format!("the value is in `{}`", entry.value.unit()),
            format!("expected `{unit}(..)`"),
        ),
        Some(_) => {}
    }
    let limit = match entry.value {
        Quantity::Pj(_) | Quantity::Uw(_) => 1e9,
        Quantity::Ratio(_) => 100.0,
        Quantity::Bits(_) => 65_536.0,
    };
    check_number(
        checker,
        place.clone().field("value"),
        "value",
        entry.value.number(),
        limit,
    );
}

fn check_sram(checker: &mut Checker<'_>, place: &Place, sram: &SramFit) {
    check_text(
        checker,
        place.clone().field("source"),
        "source",
        &sram.source,
    );
    for (field, value, limit) in [
        ("a_pj", sram.a_pj, 1e6),
        ("size_exponent", sram.size_exponent, 2.0),
        ("width_exponent", sram.width_exponent, 2.0),
        ("mean_error", sram.mean_error, 1.0),
        ("worst_error", sram.worst_error, 1.0),
        ("leakage_uw_per_kib", sram.leakage_uw_per_kib, 1e6),
    ] {
        check_number(checker, place.clone().field(field), field, value, limit);
    }
    for (field, (low, high)) in [("size_kib", sram.size_kib), ("port_bits", sram.port_bits)] {
        if low == 0 || low > high {
            checker.report(
                place.clone().field(field),
                format!("`{field}` goes from {low} to {high}"),
                "expected (smallest, largest), both above 0",
            );
        }
    }
}

fn check_text(checker: &mut Checker<'_>, place: Place, field: &str, text: &str) {
    if text.trim().is_empty() {
        checker.report(
            place,
            format!("`{field}` is empty"),
            match field {
                "source" => "expected where the value comes from",
                _ => "expected some text",
            },
        );
    }
}

fn check_number(checker: &mut Checker<'_>, place: Place, field: &str, value: f64, limit: f64) {
    // The negation also catches NaN.
    if !(0.0..=limit).contains(&value) {
        checker.report(
            place,
            format!("`{field}` is {value}"),
            format!("expected 0 to {limit}"),
        );
    }
}

/// Actions of a component, with the unit of their values.
fn units(component: Component) -> Vec<(&'static str, &'static str)> {
    match component {
        Component::Pe(PeKind::AxBxp { .. }) => vec![
            ("products", "pj"),
            ("idle", "pj"),
            ("operand_bits", "bits"),
            ("leak", "uw"),
        ],
        Component::Pe(_) => vec![("cycle", "pj"), ("idle", "pj"), ("leak", "uw")],
        Component::BlockLane { .. } => vec![("products", "pj")],
        Component::StaticWindow { .. } => vec![("products", "ratio")],
        Component::Register => vec![("write", "pj")],
        Component::Converter => vec![("convert", "pj")],
        Component::VectorLane => vec![("operate", "pj")],
        Component::Dma => vec![("burst", "pj"), ("byte", "pj")],
        Component::Controller => vec![("tile", "pj")],
    }
}

fn unit_of(component: Component, action: Action) -> Option<&'static str> {
    let name = match action {
        Action::Products(_) => "products".to_owned(),
        other => other.to_string(),
    };
    units(component)
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, unit)| unit)
}

fn actions_of(component: Component) -> String {
    let names: Vec<String> = units(component)
        .into_iter()
        .map(|(name, _)| match name {
            "products" => "`products(..)`".to_owned(),
            name => format!("`{name}`"),
        })
        .collect();
    names.join(", ")
}
