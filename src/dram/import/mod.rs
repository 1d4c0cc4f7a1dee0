//! DRAMsim3 configurations (`.ini`), as they are.
//!
//! What the file says is taken over: organisation, timing, currents, mapping, queue depths and the number of channels.
//! What DRAMsim3's controller does without being told (row-hit cap 4, write drain at a full queue or above 8 writes
//! when idle, staggered all-bank refresh, requests told apart by byte address) is filled in. Protocols, queue
//! structures and policies that the controller here does not have are errors. Keys that DRAMsim3's shipped files leave
//! out have its defaults; where such a default decides something (tREFI, tRTP) a note says so.

mod keys;
mod known;

use crate::source::{Diagnostics, Place, SourceFile};

use super::spec_file::{
    CommandBus, ControllerSpec, DramSpecFile, Merge, Organisation, PagePolicy, Power,
    RefreshPolicy, RefreshPrecharge, Timing,
};
use keys::Keys;

/// Column commands to a row after which DRAMsim3 lets another row of the bank go first.
const ROW_HIT_CAP: u32 = 4;
/// Posted writes above which DRAMsim3 drains them when it has nothing else to do.
const IDLE_WATERMARK: u32 = 8;

/// A memory system as a DRAMsim3 configuration describes it, unchecked.
#[derive(Debug, Clone)]
pub(super) struct Imported {
    /// The configuration, with the place of each field of the specification.
    pub source: SourceFile,
    pub spec: DramSpecFile,
    pub channels: u32,
    /// Defaults that were taken, and what else a reader of results should know.
    pub notes: Vec<String>,
}

/// A protocol of DRAMsim3 that the model covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// One command bus, one tRCD.
    Plain,
    /// With a time between precharges, tPPD.
    Lpddr4,
    /// Two command buses; a "column" is two beats wide.
    Hbm,
}

/// Reads a DRAMsim3 configuration.
///
/// # Errors
/// It is no INI file, misses a section or key, has one that DRAMsim3 does not know, or asks for something that
/// the controller does not have.
pub(super) fn import(file: &SourceFile) -> Result<Imported, Diagnostics> {
    let mut keys = Keys::read(file);
    let Some(protocol) = protocol(&mut keys) else {
        // What else it lacks depends on the protocol.
        return Err(keys.refused());
    };
    let channels = channels(&mut keys);
    let organisation = organisation(&mut keys, protocol);
    let timing = timing(&mut keys, protocol, organisation.bank_groups);
    let (clock_khz, power) = (clock_khz(&mut keys), power(&mut keys));
    let controller = controller(&mut keys, protocol);
    let spec = DramSpecFile {
        name: file.stem().unwrap_or("imported").to_owned(),
        description: "imported from a DRAMsim3 configuration".to_owned(),
        source: file.name().to_owned(),
        clock_khz,
        max_channels: 64,
        organisation,
        timing,
        mapping: keys.text("system", "address_mapping", &Place::root().field("mapping")),
        controller,
        power,
    };
    let (source, notes) = keys.finish()?;
    Ok(Imported {
        source,
        spec,
        channels,
        notes,
    })
}

fn protocol(keys: &mut Keys<'_>) -> Option<Protocol> {
    let protocols = [
        ("DDR3", Protocol::Plain),
        ("DDR4", Protocol::Plain),
        ("LPDDR", Protocol::Plain),
        ("LPDDR3", Protocol::Plain),
        ("LPDDR4", Protocol::Lpddr4),
        ("HBM", Protocol::Hbm),
        ("HBM2", Protocol::Hbm),
    ];
    let why =
        "GDDR (bursts of other lengths, a window of 32 activates) and HMC (links) are not modelled";
    keys.choice("dram_structure", "protocol", None, &protocols, why)
}

fn channels(keys: &mut Keys<'_>) -> u32 {
    let channels = keys.integer("system", "channels", &[]);
    if !channels.is_power_of_two() || channels > 64 {
        let message = format!("{channels} channels are not possible");
        keys.refuse(
            "system",
            "channels",
            message,
            "expected a power of two from 1 to 64",
        );
    }
    channels
}

fn organisation(keys: &mut Keys<'_>, protocol: Protocol) -> Organisation {
    const SECTION: &str = "dram_structure";
    let place = |field: &str| [Place::root().field("organisation").field(field)];
    let mut bank_groups = keys.integer(SECTION, "bankgroups", &place("bank_groups"));
    let mut banks_per_group = keys.integer(SECTION, "banks_per_group", &place("banks_per_group"));
    if !keys.flag(SECTION, "bankgroup_enable", true) {
        banks_per_group = banks_per_group.saturating_mul(bank_groups);
        bank_groups = 1;
    }
    let columns = keys.integer(SECTION, "columns", &place("columns"));
    let burst_length = keys.integer(SECTION, "BL", &place("burst_length"));
    let mut organisation = Organisation {
        channel_width_bits: keys.integer("system", "bus_width", &place("channel_width_bits")),
        device_width_bits: keys.integer(SECTION, "device_width", &place("device_width_bits")),
        burst_length,
        ranks: 1,
        bank_groups,
        banks_per_group,
        rows: keys.integer(SECTION, "rows", &place("rows")),
        // DRAMsim3's HBM columns are two beats wide.
        columns: match protocol {
            Protocol::Hbm => columns.saturating_mul(2),
            _ => columns,
        },
    };
    organisation.ranks = ranks(keys, &organisation);
    organisation
}

/// As many ranks as `channel_size` (in MiB) holds, by DRAMsim3's reckoning in whole MiB.
fn ranks(keys: &mut Keys<'_>, organisation: &Organisation) -> u32 {
    let place = [Place::root().field("organisation").field("ranks")];
    let size = u64::from(keys.integer("system", "channel_size", &place));
    let o = organisation;
    if !keys.is_clean() || o.device_width_bits == 0 {
        return 1;
    }
    let wide = u64::from;
    let page_bytes = wide(o.columns) * wide(o.device_width_bits) / 8;
    let bank_mib = page_bytes.saturating_mul(wide(o.rows) / 1024) / 1024;
    let banks = wide(o.bank_groups).saturating_mul(wide(o.banks_per_group));
    let devices = wide(o.channel_width_bits / o.device_width_bits);
    let rank_mib = bank_mib.saturating_mul(banks).saturating_mul(devices);
    if rank_mib == 0 {
        let message = "a bank of this organisation has less than 1 MiB".to_owned();
        keys.refuse(
            "dram_structure",
            "rows",
            message,
            "expected rows of 1 MiB or more together",
        );
        return 1;
    }
    if size < rank_mib {
        keys.note(format!(
            "channel_size {size} MiB is less than one rank: one rank of {rank_mib} MiB, as in DRAMsim3"
        ));
    }
    u32::try_from((size / rank_mib).max(1)).unwrap_or(u32::MAX)
}

fn timing(keys: &mut Keys<'_>, protocol: Protocol, bank_groups: u32) -> Timing {
    let place = |field: &str| Place::root().field("timing").field(field);
    let mut cycles = |key: &str, field: &str| keys.integer("timing", key, &[place(field)]);
    let (cl, cwl) = (cycles("CL", "cl"), cycles("CWL", "cwl"));
    let (rcd_read, rcd_write) = match protocol {
        Protocol::Hbm => (cycles("tRCDRD", "rcd_read"), cycles("tRCDWR", "rcd_write")),
        _ => [cycles("tRCD", "rcd_read"); 2].into(),
    };
    let ras = cycles("tRAS", "ras");
    let faw = cycles("tFAW", "faw");
    let (wr, rfc) = (cycles("tWR", "wr"), cycles("tRFC", "rfc"));
    let mut short_and_long = |name: &str, field: &str| {
        let short = cycles(&format!("{name}_S"), &format!("{field}_s"));
        // With one bank group DRAMsim3 reads the long time and does not use it.
        let long = match bank_groups {
            1 => short,
            _ => cycles(&format!("{name}_L"), &format!("{field}_l")),
        };
        (short, long)
    };
    let (rrd_s, rrd_l) = short_and_long("tRRD", "rrd");
    let (ccd_s, ccd_l) = short_and_long("tCCD", "ccd");
    let (wtr_s, wtr_l) = short_and_long("tWTR", "wtr");
    let rp = keys.integer("timing", "tRP", &[place("rp"), place("rp_all_bank")]);
    let al = keys.integer_or("timing", "AL", 0, &[]);
    let rtp = keys.integer_or_noted("timing", "tRTP", 5, &[place("rtp")]);
    let timing = Timing {
        // Additive latency delays column commands inside the device: to the bus it is as if they were longer
        // and could come earlier after the row.
        cl: cl.saturating_add(al),
        cwl: cwl.saturating_add(al),
        rcd_read: rcd_read.saturating_sub(al),
        rcd_write: rcd_write.saturating_sub(al),
        rp,
        rp_all_bank: rp,
        ras,
        rc: ras.saturating_add(rp),
        rrd_s,
        rrd_l,
        faw,
        ccd_s,
        ccd_l,
        wtr_s,
        wtr_l,
        wr,
        rtp: rtp.saturating_add(al),
        rtrs: keys.integer_or("timing", "tRTRS", 2, &[place("rtrs")]),
        ppd: match protocol {
            Protocol::Lpddr4 => keys.integer_or("timing", "tPPD", 0, &[place("ppd")]),
            _ => 0,
        },
        rfc,
        refi: keys.integer_or_noted("timing", "tREFI", 7800, &[place("refi")]),
    };
    if keys.has("timing", "REFI") && !keys.has("timing", "tREFI") {
        keys.note("REFI is not read, by DRAMsim3 either".to_owned());
    }
    timing
}

fn clock_khz(keys: &mut Keys<'_>) -> u64 {
    let cycle_ns = keys.real("timing", "tCK", &[Place::root().field("clock_khz")]);
    if cycle_ns <= 0.0 {
        let message = format!("a cycle of {cycle_ns} ns is not possible");
        keys.refuse("timing", "tCK", message, "expected more than 0");
        return 1;
    }
    // A float too large saturates, and is refused with the other ranges.
    (1e6 / cycle_ns).round() as u64
}

fn power(keys: &mut Keys<'_>) -> Power {
    let mut value = |key: &str, field: &str| {
        keys.real("power", key, &[Place::root().field("power").field(field)])
    };
    Power {
        vdd_v: value("VDD", "vdd_v"),
        idd0_ma: value("IDD0", "idd0_ma"),
        idd2n_ma: value("IDD2N", "idd2n_ma"),
        idd3n_ma: value("IDD3N", "idd3n_ma"),
        idd4r_ma: value("IDD4R", "idd4r_ma"),
        idd4w_ma: value("IDD4W", "idd4w_ma"),
        idd5ab_ma: value("IDD5AB", "idd5ab_ma"),
        read_io_pj_per_bit: 0.0,
        write_io_pj_per_bit: 0.0,
    }
}

fn controller(keys: &mut Keys<'_>, protocol: Protocol) -> ControllerSpec {
    const SECTION: &str = "system";
    let place = |field: &str| Place::root().field("controller").field(field);
    let queues = [("PER_BANK", ())];
    keys.choice(
        SECTION,
        "queue_structure",
        None,
        &queues,
        "the controller has a queue for each bank",
    );
    let pages = [
        ("OPEN_PAGE", PagePolicy::Open),
        ("CLOSE_PAGE", PagePolicy::Closed),
    ];
    let page_policy = keys.choice(SECTION, "row_buf_policy", None, &pages, "");
    let refreshes = [("RANK_LEVEL_STAGGERED", RefreshPolicy::AllBankStaggered)];
    let staggered = Some(RefreshPolicy::AllBankStaggered);
    let why = "ranks refresh all their banks, one rank after the other";
    let refresh = keys.choice(SECTION, "refresh_policy", staggered, &refreshes, why);
    for (key, why) in [
        (
            "unified_queue",
            "reads and writes wait in queues of their own",
        ),
        ("enable_self_refresh", "ranks do not enter self refresh"),
    ] {
        if keys.flag(SECTION, key, false) {
            let message = format!("`{key} = true` is not supported: {why}");
            keys.refuse(SECTION, key, message, "expected false");
        }
    }
    let depth_places = ["read_queue", "write_queue", "write_high_watermark"].map(place);
    let depth = keys.integer(SECTION, "trans_queue_size", &depth_places);
    let dual = protocol == Protocol::Hbm && keys.flag("dram_structure", "hbm_dual_cmd", true);
    ControllerSpec {
        read_queue: depth,
        write_queue: depth,
        bank_queue: keys.integer(SECTION, "cmd_queue_size", &[place("bank_queue")]),
        row_hit_cap: ROW_HIT_CAP,
        write_high_watermark: depth,
        // A queue of no more than 8 writes is only drained when it is full.
        write_idle_watermark: IDLE_WATERMARK.min(depth.saturating_sub(1)),
        idle_drain_cycles: None,
        page_policy: page_policy.unwrap_or(PagePolicy::Open),
        command_bus: if dual {
            CommandBus::RowAndColumn
        } else {
            CommandBus::Single
        },
        refresh: refresh.unwrap_or(RefreshPolicy::AllBankStaggered),
        refresh_precharge: RefreshPrecharge::PerBank,
        merge: Merge::Address,
    }
}
