//! The rules an energy table has to keep.

use super::entry::{Action, Component, Entry, Quantity, Split};
use super::file::EnergyTableFile;
use crate::arch::PeKind;
use crate::source::{Checker, Diagnostics, FileKind, Place, SourceFile};

/// The table, with the file of the SRAM table that it names.
pub(super) fn check(
    file: &SourceFile,
    table: EnergyTableFile,
) -> Result<(EnergyTableFile, SourceFile), Diagnostics> {
    let mut checker = Checker::new(file);
    let root = Place::root();
    for (field, text) in [("name", &table.name), ("technology", &table.technology)] {
        check_text(&mut checker, root.clone().field(field), field, text);
    }
    let sram = checker.open_reference(root.clone().field("sram"), FileKind::Sram, &table.sram);
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
    check_idle(&mut checker, &table);
    match sram {
        Some(sram) => checker.finish((table, sram)),
        // That it could not be opened has been reported.
        None => Err(checker.into_diagnostics()),
    }
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
        Quantity::Pj(_) | Quantity::Uw(_) | Quantity::Um2(_) => 1e9,
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
    if let Some(split) = entry.split {
        check_split(checker, place, entry, split);
    }
}

/// What a PE's cycle costs above an idle one is scaled by how its operands switch: there has to be something.
fn check_idle(checker: &mut Checker<'_>, table: &EnergyTableFile) {
    for (index, entry) in table.entries.iter().enumerate() {
        let scaled = matches!(
            entry.action,
            Action::Cycle | Action::Products(_) | Action::Random
        ) && matches!(entry.component, Component::Pe(_));
        let idle = table.entry(entry.component, Action::Idle);
        if let Some(idle) = idle.filter(|_| scaled)
            && entry.value.number() <= idle.value.number()
        {
            checker.report(
                Place::root().field("entries").index(index).field("value"),
                format!(
                    "`{} {}` costs no more than an idle cycle",
                    entry.component, entry.action
                ),
                format!("expected more than {} pJ", idle.value.number()),
            );
        }
    }
}

/// Only energies of cycles and of register writes divide, and no more than all of them.
fn check_split(checker: &mut Checker<'_>, place: &Place, entry: &Entry, split: Split) {
    let place = place.clone().field("split");
    if !matches!(
        entry.action,
        Action::Cycle | Action::Products(_) | Action::Write
    ) {
        checker.report(
            place,
            format!("`{}` has a split", entry.action),
            "expected one at `cycle`, `products(..)` or `write` only",
        );
        return;
    }
    for (field, share) in [("clock", split.clock), ("registers", split.registers)] {
        check_number(checker, place.clone().field(field), field, share, 1.0);
    }
    if split.clock + split.registers > 1.0 {
        checker.report(
            place,
            format!("the shares add up to {}", split.clock + split.registers),
            "expected 1 at most",
        );
    }
}

pub(super) fn check_text(checker: &mut Checker<'_>, place: Place, field: &str, text: &str) {
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

pub(super) fn check_number(
    checker: &mut Checker<'_>,
    place: Place,
    field: &str,
    value: f64,
    limit: f64,
) {
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
fn units(component: Component) -> &'static [(&'static str, &'static str)] {
    match component {
        Component::Pe(PeKind::AxBxp { .. }) => &[
            ("products", "pj"),
            ("random", "pj"),
            ("idle", "pj"),
            ("operand_bits", "bits"),
            ("leak", "uw"),
            ("area", "um2"),
        ],
        Component::Pe(_) => &[
            ("cycle", "pj"),
            ("random", "pj"),
            ("idle", "pj"),
            ("operand_bits", "bits"),
            ("leak", "uw"),
            ("area", "um2"),
        ],
        Component::BlockLane { .. } => &[("products", "pj")],
        Component::StaticWindow { .. } => &[("products", "ratio")],
        Component::Register => &[("write", "pj"), ("leak", "uw"), ("area", "um2")],
        Component::Converter | Component::BlockSelect => {
            &[("convert", "pj"), ("leak", "uw"), ("area", "um2")]
        }
        Component::VectorLane => &[("operate", "pj"), ("leak", "uw"), ("area", "um2")],
        Component::Dma => &[
            ("burst", "pj"),
            ("byte", "pj"),
            ("leak", "uw"),
            ("area", "um2"),
        ],
        Component::Controller => &[("tile", "pj"), ("leak", "uw"), ("area", "um2")],
        Component::Multiplier { .. }
        | Component::BlockMultiplier { .. }
        | Component::Shifter { .. }
        | Component::Adder { .. } => &[("operate", "pj")],
    }
}

fn unit_of(component: Component, action: Action) -> Option<&'static str> {
    let name = match action {
        Action::Products(_) => "products".to_owned(),
        other => other.to_string(),
    };
    units(component)
        .iter()
        .find(|(known, _)| *known == name)
        .map(|&(_, unit)| unit)
}

fn actions_of(component: Component) -> String {
    let names: Vec<String> = units(component)
        .iter()
        .map(|&(name, _)| match name {
            "products" => "`products(..)`".to_owned(),
            name => format!("`{name}`"),
        })
        .collect();
    names.join(", ")
}
