//! The description of a DRAM standard as a preset file states it, unchecked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One DRAM channel of a standard, its timing, its controller and its currents, as a file states them. What is
/// simulated is a [`DramSpec`](super::DramSpec), which only the check makes of this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "DramSpec", deny_unknown_fields)]
#[schemars(
    description = "One DRAM channel of a standard, its timing, its controller and its currents."
)]
pub struct DramSpecFile {
    /// Short name, as in reports.
    pub name: String,
    /// What the preset describes: devices on the channel, how they are used.
    pub description: String,
    /// Where the numbers come from.
    pub source: String,
    /// Clock of the command bus in kHz; data moves on both edges.
    pub clock_khz: u64,
    /// Most channels a system of this standard may have (a power of two).
    pub max_channels: u32,
    /// Devices, banks, rows and columns of one channel.
    pub organisation: Organisation,
    /// Timing in clock cycles.
    pub timing: Timing,
    /// Order of the address fields, most significant first, two letters each, every one exactly once:
    /// `ch` channel, `ra` rank, `bg` bank group, `ba` bank, `ro` row, `co` column (bursts within a row).
    /// The bits of the byte address below one burst come under all of them. Notation of DRAMsim3.
    pub mapping: String,
    /// Queues and policies of the memory controller.
    pub controller: ControllerSpec,
    /// Supply, currents and I/O energy.
    pub power: Power,
}

/// Size of one channel. All counts are powers of two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Data pins of the channel, in bits.
    pub channel_width_bits: u32,
    /// Data pins of one device, in bits; a rank has `channel_width_bits / device_width_bits` of them in lock step.
    pub device_width_bits: u32,
    /// Beats of one burst; it occupies half as many clock cycles.
    pub burst_length: u32,
    /// Ranks that share the channel.
    pub ranks: u32,
    /// Bank groups of a rank; 1 where the standard has none.
    pub bank_groups: u32,
    /// Banks of one bank group.
    pub banks_per_group: u32,
    /// Rows of a bank.
    pub rows: u32,
    /// Columns of a row, each as wide as the channel.
    pub columns: u32,
}

/// Timing parameters in clock cycles, named as JEDEC names them without the leading t.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// CL: RD to first data.
    pub cl: u32,
    /// CWL: WR to first data.
    pub cwl: u32,
    /// tRCDRD: ACT to RD of the same bank.
    pub rcd_read: u32,
    /// tRCDWR: ACT to WR of the same bank.
    pub rcd_write: u32,
    /// tRP: precharge of one bank to its ACT, or to a refresh.
    pub rp: u32,
    /// tRPab: precharge of all banks to an ACT or a refresh.
    pub rp_all_bank: u32,
    /// tRAS: ACT to precharge of the same bank.
    pub ras: u32,
    /// tRC: ACT to ACT of the same bank.
    pub rc: u32,
    /// tRRD_S: ACT to ACT of another bank group.
    pub rrd_s: u32,
    /// tRRD_L: ACT to ACT within a bank group.
    pub rrd_l: u32,
    /// tFAW: window that may hold four ACTs of a rank.
    pub faw: u32,
    /// tCCD_S: column command to column command of another bank group.
    pub ccd_s: u32,
    /// tCCD_L: column command to column command within a bank group.
    pub ccd_l: u32,
    /// tWTR_S: end of write data to RD of another bank group.
    pub wtr_s: u32,
    /// tWTR_L: end of write data to RD within the bank group.
    pub wtr_l: u32,
    /// tWR: end of write data to precharge of the same bank.
    pub wr: u32,
    /// tRTP: RD to precharge of the same bank.
    pub rtp: u32,
    /// tRTRS: idle data-bus cycles when the bus changes direction after a read, or changes rank.
    pub rtrs: u32,
    /// tPPD: precharge to precharge of a rank; 0 where the standard has no such rule.
    pub ppd: u32,
    /// tRFC: all-bank refresh to the next command of the rank.
    pub rfc: u32,
    /// tREFI: mean interval of the all-bank refreshes of one rank.
    pub refi: u32,
}

/// Queues and policies of the memory controller. The defaults of the presets are those of DRAMsim3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControllerSpec {
    /// Reads that may wait to enter a bank queue.
    pub read_queue: u32,
    /// Posted writes that may wait to enter a bank queue.
    pub write_queue: u32,
    /// Requests one bank queue holds; only these compete for commands.
    pub bank_queue: u32,
    /// Column commands to an open row after which a request for another row at the head of the bank queue may
    /// precharge although row hits wait behind it.
    pub row_hit_cap: u32,
    /// Posted writes at which a write drain starts.
    pub write_high_watermark: u32,
    /// A write drain also starts when every bank queue is empty and more than this many writes are posted.
    pub write_idle_watermark: u32,
    /// With nothing but posted writes left for this many cycles after the last request, they are drained too.
    /// `None`: they stay until more arrive or the owner of the channel flushes it.
    pub idle_drain_cycles: Option<u32>,
    /// What becomes of a row after a column command.
    pub page_policy: PagePolicy,
    /// Whether row and column commands have a bus each.
    pub command_bus: CommandBus,
    /// Refresh scheme.
    pub refresh: RefreshPolicy,
    /// How a refresh closes the open banks of its rank.
    pub refresh_precharge: RefreshPrecharge,
    /// Which pending requests a new one is compared with as one for the same data.
    #[serde(default)]
    pub merge: Merge,
}

/// What becomes of an open row after a column command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PagePolicy {
    /// It stays open until another row of the bank or a refresh needs the bank.
    Open,
    /// Every column command carries an auto-precharge.
    Closed,
    /// A column command carries an auto-precharge when no other request in the bank queue needs its row.
    Adaptive,
}

/// Command buses of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandBus {
    /// One command a cycle.
    Single,
    /// One row command (ACT, PRE, REF) and one column command (RD, WR) a cycle, as in HBM.
    RowAndColumn,
}

/// Refresh scheme of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefreshPolicy {
    /// Each rank refreshes all its banks every tREFI, the ranks evenly staggered.
    AllBankStaggered,
    /// No refresh (for closed-form checks; real devices lose their data).
    Disabled,
}

/// How a refresh closes the open banks of its rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefreshPrecharge {
    /// One precharge for every open bank, as soon as each allows it.
    PerBank,
    /// One all-bank precharge once every open bank allows it.
    AllBank,
}

/// When two requests are for the same data: a read is then answered from the posted write or with the pending read,
/// and a write absorbed by the posted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// When they are for the same burst, wherever in it they point.
    #[default]
    Burst,
    /// When their byte addresses are equal, as in DRAMsim3: requests for two parts of a burst get a command each.
    Address,
}

/// Supply and currents of one device, and the energy of the channel's I/O.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Supply voltage in V.
    pub vdd_v: f64,
    /// IDD0 in mA: one bank activated and precharged every tRC.
    pub idd0_ma: f64,
    /// IDD2N in mA: precharge standby.
    pub idd2n_ma: f64,
    /// IDD3N in mA: active standby.
    pub idd3n_ma: f64,
    /// IDD4R in mA: burst reads.
    pub idd4r_ma: f64,
    /// IDD4W in mA: burst writes.
    pub idd4w_ma: f64,
    /// IDD5AB in mA: all-bank refresh, during tRFC.
    pub idd5ab_ma: f64,
    /// Energy of drivers, receivers and termination in pJ per bit read; the IDD currents leave it out.
    pub read_io_pj_per_bit: f64,
    /// The same per bit written.
    pub write_io_pj_per_bit: f64,
}
