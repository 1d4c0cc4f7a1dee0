//! DRAMsim3 configurations: what is taken over and what is refused.

use super::*;
use crate::source::SourceFile;

/// A configuration with the figures of the shipped DDR4 preset.
const DDR4: &str = "\
# a comment
[dram_structure]
protocol = DDR4 ; another
bankgroups = 4
banks_per_group = 4
rows = 65536
columns = 1024
device_width = 8
BL = 8
[timing]
tCK = 0.83333333
CL = 17
CWL = 12
tRCD = 17
tRP = 17
tRAS = 39
tRFC = 420
tREFI = 9360
tRRD_S = 4
tRRD_L = 6
tWTR_S = 3
tWTR_L = 9
tFAW = 26
tWR = 18
tRTP = 9
tCCD_S = 4
tCCD_L = 6
tRTRS = 1
tRFC4 = 192
[power]
VDD = 1.2
IDD0 = 48
IDD2N = 34
IDD3N = 43
IDD4W = 123
IDD4R = 135
IDD5AB = 250
[system]
channel_size = 16384
channels = 2
bus_width = 64
address_mapping = rorabacobgch
queue_structure = PER_BANK
refresh_policy = RANK_LEVEL_STAGGERED
row_buf_policy = OPEN_PAGE
cmd_queue_size = 8
trans_queue_size = 32
[other]
epoch_period = 100000
";

fn import(text: &str) -> Result<DramSystem, String> {
    DramSystem::from_source(&SourceFile::from_text("my.ini", text))
        .map_err(|diagnostics| diagnostics.render(false))
}

fn changed(from: &str, to: &str) -> Result<DramSystem, String> {
    assert_eq!(DDR4.matches(from).count(), 1, "{from}");
    import(&DDR4.replace(from, to))
}

#[test]
fn a_configuration_becomes_the_preset_of_the_same_figures() {
    let system = import(DDR4).expect("right");
    let expected = altered(&preset("ddr4_2400"), |file| {
        file.name = "my".to_owned();
        file.description.clone_from(&system.spec.description);
        file.source = "my.ini".to_owned();
        file.max_channels = 64;
        file.controller.idle_drain_cycles = None;
        file.controller.merge = Merge::Address;
        file.power.read_io_pj_per_bit = 0.0;
        file.power.write_io_pj_per_bit = 0.0;
    });
    assert_eq!(system.spec, expected);
    assert_eq!(system.channels, 2);
    assert!(system.notes.is_empty());
}

#[test]
fn protocols_differ_in_what_they_read() {
    let hbm = DDR4
        .replace("protocol = DDR4", "protocol = HBM2")
        .replace("tRCD = 17", "tRCDRD = 14\ntRCDWR = 12");
    let spec = import(&hbm).expect("right").spec;
    assert_eq!((spec.timing.rcd_read, spec.timing.rcd_write), (14, 12));
    assert_eq!(spec.organisation.columns, 2048);
    assert_eq!(spec.organisation.ranks, 1);
    assert_eq!(spec.controller.command_bus, CommandBus::RowAndColumn);
    let single = hbm.replace("BL = 8", "BL = 8\nhbm_dual_cmd = False");
    let spec = import(&single).expect("right").spec;
    assert_eq!(spec.controller.command_bus, CommandBus::Single);
    // tPPD is LPDDR4's alone.
    let with_ppd = DDR4.replace("tRP = 17", "tRP = 17\ntPPD = 5");
    assert_eq!(import(&with_ppd).expect("right").spec.timing.ppd, 0);
    let lpddr4 = with_ppd.replace("= DDR4", "= LPDDR4");
    assert_eq!(import(&lpddr4).expect("right").spec.timing.ppd, 5);
}

#[test]
fn what_is_left_out_has_the_defaults_of_dramsim3() {
    let system = import(&DDR4.replace("tRTP = 9\n", "").replace("tREFI", "REFI")).expect("right");
    assert_eq!((system.spec.timing.rtp, system.spec.timing.refi), (5, 7800));
    assert_eq!(system.notes.len(), 3, "{:?}", system.notes);
    let system = changed("tRTRS = 1\n", "").expect("right");
    assert_eq!(system.spec.timing.rtrs, 2);
}

#[test]
fn additive_latency_is_folded_into_the_others() {
    let spec = changed("CL = 17", "CL = 17\nAL = 3").expect("right").spec;
    let t = &spec.timing;
    assert_eq!(
        (t.cl, t.cwl, t.rcd_read, t.rcd_write, t.rtp),
        (20, 15, 14, 14, 12)
    );
}

#[test]
fn one_group_and_small_queues() {
    let one = DDR4
        .replace("bankgroups = 4", "bankgroups = 1")
        .replace("tCCD_L = 6\n", "");
    let spec = import(&one).expect("right").spec;
    let t = &spec.timing;
    assert_eq!((t.rrd_l, t.ccd_l, t.wtr_l), (4, 4, 3));
    let disabled = changed("BL = 8", "BL = 8\nbankgroup_enable = false").expect("right");
    let o = &disabled.spec.organisation;
    assert_eq!((o.bank_groups, o.banks_per_group), (1, 16));
    let small = changed("trans_queue_size = 32", "trans_queue_size = 4").expect("right");
    let c = &small.spec.controller;
    assert_eq!(
        (c.read_queue, c.write_high_watermark, c.write_idle_watermark),
        (4, 4, 3)
    );
    // Less than a rank is a rank.
    let system = changed("channel_size = 16384", "channel_size = 512").expect("right");
    assert_eq!((system.spec.organisation.ranks, system.notes.len()), (1, 1));
}

/// Line, and a piece of what is said.
#[test]
fn what_is_wrong_or_not_supported_is_placed() {
    let cases = [
        (
            "protocol = DDR4",
            "protocol = GDDR6",
            "my.ini:3:12",
            "DDR3, DDR4, LPDDR",
        ),
        ("protocol = DDR4", "protocol = ", "my.ini:3:13", "no value"),
        ("= PER_BANK", "= PER_RANK", "my.ini:43:19", "PER_BANK"),
        (
            "= OPEN_PAGE",
            "= HALF_PAGE",
            "my.ini:45:18",
            "OPEN_PAGE, CLOSE_PAGE",
        ),
        (
            "RANK_LEVEL_STAGGERED",
            "BANK_LEVEL_STAGGERED",
            "my.ini:44:18",
            "RANK_LEVEL_STAGGERED",
        ),
        (
            "channels = 2",
            "channels = 3",
            "my.ini:40:12",
            "power of two",
        ),
        (
            "channels = 2",
            "channels = 2\nunified_queue = True",
            "my.ini:41:17",
            "unified_queue",
        ),
        (
            "channels = 2",
            "channels = 2\nenable_self_refresh = 1",
            "my.ini:41:23",
            "self refresh",
        ),
        (
            "tRCD = 17",
            "tRDC = 17",
            "my.ini:14:1",
            "did you mean `tRCD`?",
        ),
        ("tRCD = 17\n", "", "my.ini:10:1", "`tRCD` is missing"),
        ("tRCD = 17", "tRCD =", "my.ini:14", "no value"),
        ("tRCD = 17", "tRCD = 17.5", "my.ini:14:8", "a whole number"),
        (
            "tRCD = 17",
            "tRCD 17",
            "my.ini:14:1",
            "neither a section nor a key",
        ),
        (
            "tRAS = 39",
            "tRAS = 16",
            "my.ini:16:8",
            "less than rcd_read",
        ),
        ("tRP = 17", "tRP = 17\ntRP = 18", "my.ini:16:1", "twice"),
        (
            "rows = 65536",
            "rows = 65535",
            "my.ini:6:8",
            "65535 is not possible",
        ),
        ("rows = 65536", "rows = 4", "my.ini:6:8", "less than 1 MiB"),
        ("BL = 8", "BL = 0", "my.ini:9:6", "0 is not possible"),
        ("IDD5AB = 250", "IDD5AB = many", "my.ini:37:10", "a number"),
        (
            "IDD5AB = 250",
            "IDD5AB = 5",
            "my.ini:37:10",
            "standby current",
        ),
        ("tCK = 0.83333333", "tCK = 0", "my.ini:11:7", "not possible"),
        (
            "tCK = 0.83333333",
            "tCK = 1e-300",
            "my.ini:11:7",
            "out of range",
        ),
        ("tCK = 0.83333333", "tCK = inf", "my.ini:11:7", "a number"),
        (
            "[timing]",
            "[timings]",
            "my.ini:10:1",
            "did you mean `timing`?",
        ),
        (
            "rorabacobgch",
            "rorabacobgco",
            "my.ini:42:19",
            "`co` appears more than once",
        ),
        (
            "channel_size = 16384",
            "channel_size = 4294967295",
            "my.ini:39:16",
            "not possible",
        ),
        (
            "cmd_queue_size = 8",
            "cmd_queue_size = 64",
            "my.ini:46:18",
            "1 to 32",
        ),
        (
            "device_width = 8",
            "device_width = 0",
            "my.ini:8:16",
            "not possible",
        ),
    ];
    for (from, to, place, piece) in cases {
        let said = changed(from, to).expect_err(to);
        assert!(said.contains(place) && said.contains(piece), "{to}: {said}");
    }
}

#[test]
fn missing_sections_are_named() {
    for section in ["dram_structure", "timing", "power", "system"] {
        let start = DDR4.find(&format!("[{section}]")).expect("there");
        let length = DDR4[start + 1..].find('[').expect("a section after it");
        let without = format!("{}{}", &DDR4[..start], &DDR4[start + 1 + length..]);
        let said = import(&without).expect_err(section);
        assert!(
            said.contains(&format!("the section `[{section}]` is missing")),
            "{said}"
        );
    }
    let said = import("\u{1}\n[").expect_err("nothing");
    assert!(said.contains("neither a section"), "{said}");
}
