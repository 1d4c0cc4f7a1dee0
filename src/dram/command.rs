//! Commands on the bus, and those who watch them.

use super::address::Location;

/// Kind of a DRAM command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandKind {
    /// ACT: opens a row.
    Activate,
    /// PRE: closes the open row of one bank.
    Precharge,
    /// PREab: closes every open row of a rank.
    PrechargeAll,
    /// RD: reads one burst of the open row.
    Read,
    /// RDA: the same, and closes the row afterwards.
    ReadAutoPrecharge,
    /// WR: writes one burst to the open row.
    Write,
    /// WRA: the same, and closes the row afterwards.
    WriteAutoPrecharge,
    /// REFab: refreshes every bank of a rank.
    Refresh,
}

impl CommandKind {
    /// Whether the command moves data (and so uses the column command bus where there are two).
    pub fn is_column(self) -> bool {
        self.is_read() || self.is_write()
    }

    /// RD or RDA.
    pub fn is_read(self) -> bool {
        matches!(self, CommandKind::Read | CommandKind::ReadAutoPrecharge)
    }

    /// WR or WRA.
    pub fn is_write(self) -> bool {
        matches!(self, CommandKind::Write | CommandKind::WriteAutoPrecharge)
    }
}

/// A command and what it addresses. Of a rank command only channel and rank mean anything, of PRE also the bank
/// and the row that it closes; the rest is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// What it does.
    pub kind: CommandKind,
    /// To which part of the DRAM.
    pub location: Location,
}

/// Receives every command of a channel in order of time.
pub trait CommandSink {
    /// `command` is on the bus in `cycle`.
    fn command(&mut self, cycle: u64, command: Command);
}

/// Watches nothing, at no cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoSink;

impl CommandSink for NoSink {
    #[inline]
    fn command(&mut self, _cycle: u64, _command: Command) {}
}

/// Keeps every command: a trace.
impl CommandSink for Vec<(u64, Command)> {
    fn command(&mut self, cycle: u64, command: Command) {
        self.push((cycle, command));
    }
}

/// Receives the requests a channel has finished.
pub trait Completions {
    /// The last data of the read `tag` is there at the end of the cycle before `data_end`, so a consumer may use
    /// it from `data_end` on.
    fn read_done(&mut self, tag: u32, data_end: u64);

    /// The write `tag` is in the array: its last data is on the bus before `data_end`. A write that was replaced
    /// by a later one to the same burst is reported as well.
    fn write_done(&mut self, _tag: u32, _data_end: u64) {}
}

/// Only the reads, as `(tag, data_end)`.
impl<F: FnMut(u32, u64)> Completions for F {
    fn read_done(&mut self, tag: u32, data_end: u64) {
        self(tag, data_end);
    }
}
