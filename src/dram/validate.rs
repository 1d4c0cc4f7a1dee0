//! Whether a description makes a DRAM that could work.

use crate::source::{Checker, Place};

use super::mapping::{Field, parse_mapping};
use super::spec_file::{DramSpecFile, Organisation};

/// Bank groups of all ranks of a channel.
const MOST_GROUPS: u32 = 16;
/// Banks of all ranks of a channel; one bit each in a word.
const MOST_BANKS: u32 = 64;
/// Requests in a bank queue; one bit each in a word.
const MOST_BANK_QUEUE: u32 = 32;
/// Requests in a wait queue.
const MOST_WAIT_QUEUE: u32 = 4096;
/// Cycles of any one parameter.
const MOST_CYCLES: u32 = 1_000_000;
/// Kilohertz of the command clock: 20 GHz.
const MOST_KHZ: u64 = 20_000_000;

/// Reports everything wrong with a description; the fields of its mapping, most significant first.
pub(super) fn check(checker: &mut Checker<'_>, spec: &DramSpecFile) -> [Field; 6] {
    check_identity(checker, spec);
    check_organisation(checker, &spec.organisation);
    check_timing_range(checker, spec);
    check_timing_relations(checker, spec);
    let address_fields = check_mapping(checker, &spec.mapping);
    check_controller(checker, spec);
    check_power(checker, spec);
    address_fields
}

fn check_identity(checker: &mut Checker<'_>, spec: &DramSpecFile) {
    if spec.name.trim().is_empty() {
        checker.report(
            Place::root().field("name"),
            "the preset has no name",
            "a short name",
        );
    }
    if spec.clock_khz == 0 || spec.clock_khz > MOST_KHZ {
        checker.report(
            Place::root().field("clock_khz"),
            format!("a clock of {} kHz is out of range", spec.clock_khz),
            format!("1 to {MOST_KHZ} kHz"),
        );
    }
    power_of_two(
        checker,
        Place::root().field("max_channels"),
        spec.max_channels,
        1..=64,
    );
}

fn power_of_two(
    checker: &mut Checker<'_>,
    place: Place,
    value: u32,
    range: std::ops::RangeInclusive<u32>,
) {
    if !value.is_power_of_two() || !range.contains(&value) {
        checker.report(
            place,
            format!("{value} is not possible here"),
            format!("a power of two from {} to {}", range.start(), range.end()),
        );
    }
}

fn check_organisation(checker: &mut Checker<'_>, organisation: &Organisation) {
    let place = |field: &str| Place::root().field("organisation").field(field);
    let fields = [
        (
            "channel_width_bits",
            organisation.channel_width_bits,
            8..=1024,
        ),
        (
            "device_width_bits",
            organisation.device_width_bits,
            1..=1024,
        ),
        ("burst_length", organisation.burst_length, 2..=64),
        ("ranks", organisation.ranks, 1..=8),
        ("bank_groups", organisation.bank_groups, 1..=16),
        ("banks_per_group", organisation.banks_per_group, 1..=64),
        ("rows", organisation.rows, 1..=1 << 24),
        ("columns", organisation.columns, 1..=1 << 16),
    ];
    for (field, value, range) in fields {
        power_of_two(checker, place(field), value, range);
    }
    if organisation.device_width_bits > organisation.channel_width_bits {
        checker.report(
            place("device_width_bits"),
            format!(
                "a device of {} bits is wider than its channel of {}",
                organisation.device_width_bits, organisation.channel_width_bits
            ),
            "at most the width of the channel",
        );
    }
    if organisation.columns < organisation.burst_length {
        checker.report(
            place("columns"),
            format!(
                "a row of {} columns is shorter than a burst of {}",
                organisation.columns, organisation.burst_length
            ),
            "at least one burst",
        );
    }
    let groups = u64::from(organisation.ranks) * u64::from(organisation.bank_groups);
    if groups > u64::from(MOST_GROUPS) {
        checker.report(
            place("bank_groups"),
            format!("the ranks have {groups} bank groups together"),
            format!("at most {MOST_GROUPS}"),
        );
    }
    let banks = groups * u64::from(organisation.banks_per_group);
    if banks > u64::from(MOST_BANKS) {
        checker.report(
            place("banks_per_group"),
            format!("the ranks have {banks} banks together"),
            format!("at most {MOST_BANKS}"),
        );
    }
}

fn check_timing_range(checker: &mut Checker<'_>, spec: &DramSpecFile) {
    let timing = &spec.timing;
    let fields = [
        ("cl", timing.cl, 1),
        ("cwl", timing.cwl, 1),
        ("rcd_read", timing.rcd_read, 1),
        ("rcd_write", timing.rcd_write, 1),
        ("rp", timing.rp, 1),
        ("rp_all_bank", timing.rp_all_bank, 1),
        ("ras", timing.ras, 1),
        ("rc", timing.rc, 1),
        ("rrd_s", timing.rrd_s, 1),
        ("rrd_l", timing.rrd_l, 1),
        ("faw", timing.faw, 1),
        ("ccd_s", timing.ccd_s, 1),
        ("ccd_l", timing.ccd_l, 1),
        ("wtr_s", timing.wtr_s, 1),
        ("wtr_l", timing.wtr_l, 1),
        ("wr", timing.wr, 1),
        ("rtp", timing.rtp, 1),
        ("rtrs", timing.rtrs, 0),
        ("ppd", timing.ppd, 0),
        ("rfc", timing.rfc, 1),
        ("refi", timing.refi, 1),
    ];
    for (field, cycles, least) in fields {
        if cycles < least || cycles > MOST_CYCLES {
            checker.report(
                Place::root().field("timing").field(field),
                format!("{cycles} cycles is out of range"),
                format!("{least} to {MOST_CYCLES} cycles"),
            );
        }
    }
}

/// Relations that hold in every standard. Each reports one parameter as too small against others.
fn check_timing_relations(checker: &mut Checker<'_>, spec: &DramSpecFile) {
    let t = &spec.timing;
    let wide = u64::from;
    let ranks = wide(spec.organisation.ranks.max(1));
    let relations = [
        ("cl", wide(t.cl), "cwl", wide(t.cwl)),
        ("rc", wide(t.rc), "ras + rp", wide(t.ras) + wide(t.rp)),
        ("ras", wide(t.ras), "rcd_read", wide(t.rcd_read)),
        ("rp_all_bank", wide(t.rp_all_bank), "rp", wide(t.rp)),
        ("rrd_l", wide(t.rrd_l), "rrd_s", wide(t.rrd_s)),
        ("faw", wide(t.faw), "rrd_s", wide(t.rrd_s)),
        ("ccd_l", wide(t.ccd_l), "ccd_s", wide(t.ccd_s)),
        ("wtr_l", wide(t.wtr_l), "wtr_s", wide(t.wtr_s)),
        // Otherwise a channel could do nothing but refresh.
        (
            "refi",
            wide(t.refi) / ranks,
            "rfc + rc",
            wide(t.rfc) + wide(t.rc),
        ),
    ];
    for (field, value, bound, least) in relations {
        if value < least {
            let divided = if field == "refi" && ranks > 1 {
                format!(" / {ranks} ranks")
            } else {
                String::new()
            };
            checker.report(
                Place::root().field("timing").field(field),
                format!("{field}{divided} is {value} cycles, less than {bound} = {least}"),
                format!("at least {bound}"),
            );
        }
    }
}

fn check_mapping(checker: &mut Checker<'_>, mapping: &str) -> [Field; 6] {
    parse_mapping(mapping).unwrap_or_else(|faults| {
        for fault in faults {
            checker.report_with_help(
                Place::root().field("mapping"),
                format!("{fault} in the address mapping"),
                "each of ch, ra, bg, ba, ro, co once",
                "the most significant field comes first, such as `rorabgbachco`",
            );
        }
        // Any order: what was reported keeps it from being used.
        Field::ALL.map(|(_, field)| field)
    })
}

fn check_controller(checker: &mut Checker<'_>, spec: &DramSpecFile) {
    let controller = &spec.controller;
    let place = |field: &str| Place::root().field("controller").field(field);
    let fields = [
        ("read_queue", controller.read_queue, 1..=MOST_WAIT_QUEUE),
        ("write_queue", controller.write_queue, 1..=MOST_WAIT_QUEUE),
        ("bank_queue", controller.bank_queue, 1..=MOST_BANK_QUEUE),
        ("row_hit_cap", controller.row_hit_cap, 1..=u32::MAX),
        (
            "write_high_watermark",
            controller.write_high_watermark,
            1..=controller.write_queue.max(1),
        ),
    ];
    for (field, value, range) in fields {
        if !range.contains(&value) {
            checker.report(
                place(field),
                format!("{value} is out of range"),
                format!("{} to {}", range.start(), range.end()),
            );
        }
    }
    if controller.write_idle_watermark >= controller.write_high_watermark {
        checker.report(
            place("write_idle_watermark"),
            format!(
                "{} is not below the high watermark of {}",
                controller.write_idle_watermark, controller.write_high_watermark
            ),
            "less than write_high_watermark",
        );
    }
    if controller.idle_drain_cycles == Some(0) {
        checker.report(
            place("idle_drain_cycles"),
            "a wait of no cycles is no wait",
            "a number of cycles, or None for never",
        );
    }
}

fn check_power(checker: &mut Checker<'_>, spec: &DramSpecFile) {
    let power = &spec.power;
    let place = |field: &str| Place::root().field("power").field(field);
    let fields = [
        ("vdd_v", power.vdd_v, 0.1, 5.0, "V"),
        ("idd0_ma", power.idd0_ma, 1e-3, 1e5, "mA"),
        ("idd2n_ma", power.idd2n_ma, 1e-3, 1e5, "mA"),
        ("idd3n_ma", power.idd3n_ma, 1e-3, 1e5, "mA"),
        ("idd4r_ma", power.idd4r_ma, 1e-3, 1e5, "mA"),
        ("idd4w_ma", power.idd4w_ma, 1e-3, 1e5, "mA"),
        ("idd5ab_ma", power.idd5ab_ma, 1e-3, 1e5, "mA"),
        (
            "read_io_pj_per_bit",
            power.read_io_pj_per_bit,
            0.0,
            1e3,
            "pJ",
        ),
        (
            "write_io_pj_per_bit",
            power.write_io_pj_per_bit,
            0.0,
            1e3,
            "pJ",
        ),
    ];
    for (field, value, least, most, unit) in fields {
        // Not a number is in no range.
        if !(least..=most).contains(&value) {
            checker.report(
                place(field),
                format!("{value} is out of range"),
                format!("{least} to {most} {unit}"),
            );
        }
    }
    for (field, value) in [
        ("idd4r_ma", power.idd4r_ma),
        ("idd4w_ma", power.idd4w_ma),
        ("idd5ab_ma", power.idd5ab_ma),
    ] {
        if value < power.idd3n_ma {
            checker.report(
                place(field),
                format!(
                    "{value} mA is less than the standby current idd3n_ma = {}",
                    power.idd3n_ma
                ),
                "at least idd3n_ma",
            );
        }
    }
    check_activation_current(checker, spec);
}

/// An activation takes more than standby does over the same time.
fn check_activation_current(checker: &mut Checker<'_>, spec: &DramSpecFile) {
    let (power, t) = (&spec.power, &spec.timing);
    let standby =
        power.idd3n_ma * f64::from(t.ras) + power.idd2n_ma * f64::from(t.rc.saturating_sub(t.ras));
    if power.idd0_ma * f64::from(t.rc) < standby {
        checker.report(
            Place::root().field("power").field("idd0_ma"),
            format!(
                "{} mA over tRC is less than standby takes over the same time",
                power.idd0_ma
            ),
            "more than the standby currents idd3n_ma and idd2n_ma average to",
        );
    }
}
