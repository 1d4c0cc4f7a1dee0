//! Sections and keys of DRAMsim3's configurations (commit 2981759: what its source reads and its shipped files
//! carry).

/// A section.
pub(super) struct Section {
    pub name: &'static str,
    /// Whether a channel cannot be described without it.
    pub is_required: bool,
    /// Its keys; `None` where any may stand, for nothing of it concerns the model.
    pub keys: Option<&'static [&'static str]>,
}

/// Every section.
pub(super) const SECTIONS: [Section; 7] = [
    Section {
        name: "dram_structure",
        is_required: true,
        keys: Some(&[
            "protocol",
            "bankgroups",
            "banks_per_group",
            "bankgroup_enable",
            "rows",
            "columns",
            "device_width",
            "BL",
            "num_dies",
            "hbm_dual_cmd",
        ]),
    },
    Section {
        name: "timing",
        is_required: true,
        keys: Some(TIMING),
    },
    Section {
        name: "power",
        is_required: true,
        keys: Some(POWER),
    },
    Section {
        name: "system",
        is_required: true,
        keys: Some(&[
            "channel_size",
            "channels",
            "bus_width",
            "address_mapping",
            "queue_structure",
            "refresh_policy",
            "row_buf_policy",
            "cmd_queue_size",
            "trans_queue_size",
            "unified_queue",
            "write_buf_size",
            "enable_self_refresh",
            "sref_threshold",
            "aggressive_precharging_enabled",
        ]),
    },
    Section {
        name: "other",
        is_required: false,
        keys: None,
    },
    Section {
        name: "thermal",
        is_required: false,
        keys: None,
    },
    Section {
        name: "hmc",
        is_required: false,
        keys: None,
    },
];

/// Many of these are in shipped files but unread: the second refresh rates, preambles, power-down.
const TIMING: &[&str] = &[
    "tCK",
    "AL",
    "CL",
    "CWL",
    "tCCD_L",
    "tCCD_S",
    "tRTRS",
    "tRTP",
    "tRTP_L",
    "tRTP_S",
    "tWTR_L",
    "tWTR_S",
    "tWR",
    "tWR2",
    "tRP",
    "tRRD_L",
    "tRRD_S",
    "tRAS",
    "tRCD",
    "tRCDRD",
    "tRCDWR",
    "tRFC",
    "tRFC2",
    "tRFC4",
    "tRFCb",
    "tRFCPB",
    "tREFI",
    "tREFIb",
    "REFI",
    "REFRESH_PERIOD",
    "tRREFD",
    "tCKE",
    "tCKESR",
    "tCKSRE",
    "tXS",
    "tXP",
    "tFAW",
    "t32AW",
    "tRPRE",
    "tWPRE",
    "tPPD",
    "tCAS",
    "tCMD",
    "tCWD",
    "activation_window_depth",
    "ideal_memory_latency",
];

/// Only some are read; the others are power-down, self refresh and currents that no command here takes.
const POWER: &[&str] = &[
    "VDD", "VPP", "IDD0", "IDD1", "IPP0", "IDD2P", "IDD2N", "IDD2Q", "IDD3P", "IDD3Pf", "IDD3Ps",
    "IDD3N", "IDD4R", "IDD4W", "IDD5", "IDD5AB", "IDD5PB", "IDD6", "IDD6L", "IDD6x", "IDD7",
];
