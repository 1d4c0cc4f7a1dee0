//! Every command of a replay as text.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use super::super::{Command, CommandKind, CommandSink, Location};

/// Bytes of a command in a log.
const RECORD_BYTES: usize = 32;
type Record = [u8; RECORD_BYTES];

const KINDS: [CommandKind; 8] = [
    CommandKind::Activate,
    CommandKind::Precharge,
    CommandKind::PrechargeAll,
    CommandKind::Read,
    CommandKind::ReadAutoPrecharge,
    CommandKind::Write,
    CommandKind::WriteAutoPrecharge,
    CommandKind::Refresh,
];

/// The commands of one channel in a nameless temporary file: channels are played one after the other, and their
/// commands are put in order of time at the end.
#[derive(Debug)]
pub struct CommandLog {
    file: BufWriter<File>,
    error: Option<io::Error>,
}

impl CommandLog {
    /// An empty log.
    ///
    /// # Errors
    /// No temporary file can be made.
    pub fn new() -> io::Result<CommandLog> {
        Ok(CommandLog {
            file: BufWriter::new(tempfile::tempfile()?),
            error: None,
        })
    }

    fn into_reader(self) -> io::Result<BufReader<File>> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(BufReader::new(file))
    }
}

impl CommandSink for CommandLog {
    fn command(&mut self, cycle: u64, command: Command) {
        if self.error.is_none()
            && let Err(error) = self.file.write_all(&encode(cycle, command))
        {
            self.error = Some(error);
        }
    }
}

fn encode(cycle: u64, command: Command) -> Record {
    let l = command.location;
    let kind = KINDS.iter().position(|&kind| kind == command.kind);
    let mut record = [0; RECORD_BYTES];
    record[..8].copy_from_slice(&cycle.to_le_bytes());
    record[8] = kind.unwrap_or(0) as u8;
    // Of the counts of a channel only rows and columns take more than 16 bits.
    record[9] = l.rank as u8;
    record[10..12].copy_from_slice(&(l.bank_group as u16).to_le_bytes());
    for (field, value) in [l.channel, l.bank, l.row, l.column].into_iter().enumerate() {
        let at = 12 + 4 * field;
        record[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    record
}

fn decode(record: &Record) -> (u64, Command) {
    let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| record[at + byte]));
    let cycle = u64::from(word(0)) | u64::from(word(4)) << 32;
    let location = Location {
        channel: word(12),
        rank: record[9].into(),
        bank_group: u16::from_le_bytes([record[10], record[11]]).into(),
        bank: word(16),
        row: word(20),
        column: word(24),
        offset: 0,
    };
    let kind = KINDS[usize::from(record[8]) % KINDS.len()];
    (cycle, Command { kind, location })
}

fn next_command(log: &mut BufReader<File>) -> io::Result<Option<(u64, Command)>> {
    let mut record = [0; RECORD_BYTES];
    match log.read_exact(&mut record) {
        Ok(()) => Ok(Some(decode(&record))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the commands of all channels, sorted by cycle and then by channel, in the layout of DRAMsim3's command
/// traces: cycle, command, channel, rank, bank group, bank, row, column. A field that means nothing to a command is
/// -1: the column of ACT and PRE; all below the rank of a refresh or all-bank precharge. The row of a PRE is the one
/// that it closes. Returns how many there are.
///
/// # Errors
/// A log or `out` fails.
pub fn write_commands(logs: Vec<CommandLog>, out: &mut impl Write) -> io::Result<u64> {
    let mut logs: Vec<BufReader<File>> = logs
        .into_iter()
        .map(CommandLog::into_reader)
        .collect::<io::Result<_>>()?;
    let mut heads = Vec::with_capacity(logs.len());
    for log in &mut logs {
        heads.push(next_command(log)?);
    }
    let mut written = 0;
    // The first of equal cycles is that of the lowest channel.
    while let Some((channel, (cycle, command))) = heads
        .iter()
        .enumerate()
        .filter_map(|(channel, head)| head.map(|head| (channel, head)))
        .min_by_key(|(_, (cycle, _))| *cycle)
    {
        write_command(cycle, command, out)?;
        heads[channel] = next_command(&mut logs[channel])?;
        written += 1;
    }
    Ok(written)
}

fn write_command(cycle: u64, command: Command, out: &mut impl Write) -> io::Result<()> {
    let l = command.location;
    let name = match command.kind {
        CommandKind::Activate => "activate",
        CommandKind::Precharge => "precharge",
        CommandKind::PrechargeAll => "precharge_all",
        CommandKind::Read => "read",
        CommandKind::ReadAutoPrecharge => "read_p",
        CommandKind::Write => "write",
        CommandKind::WriteAutoPrecharge => "write_p",
        CommandKind::Refresh => "refresh",
    };
    write!(
        out,
        "{cycle:<18} {name:<20} {:>3} {:>3} ",
        l.channel, l.rank
    )?;
    match command.kind {
        CommandKind::PrechargeAll | CommandKind::Refresh => {
            writeln!(out, " -1  -1     -0x1     -0x1")
        }
        CommandKind::Activate | CommandKind::Precharge => {
            writeln!(
                out,
                "{:>3} {:>3} {:>#8x}     -0x1",
                l.bank_group, l.bank, l.row
            )
        }
        _ => writeln!(
            out,
            "{:>3} {:>3} {:>#8x} {:>#8x}",
            l.bank_group, l.bank, l.row, l.column
        ),
    }
}
