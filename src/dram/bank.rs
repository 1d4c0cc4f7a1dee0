//! A bank: its row, the times it allows commands, and the requests that compete for it.

use super::index::{BankCommand, Times};
use super::request::{Request, RequestKind};

/// Later than every time.
pub(super) const NEVER: u64 = u64::MAX;

const CLOSED: u32 = u32::MAX;

/// State and queue of one bank.
#[derive(Debug, Clone)]
pub(super) struct Bank {
    /// The open row, or `CLOSED`.
    row: u32,
    /// Column commands since the row was opened.
    pub column_commands: u32,
    /// Earliest times as far as commands to this bank decide.
    pub earliest: Times,
    /// Bit i: the request at position i of the queue reads from the open row.
    read_hits: u32,
    /// Bit i: it writes to the open row.
    write_hits: u32,
    /// Bit i: it writes to a burst that a request before it in the queue reads, and waits for that. Only where
    /// requests are told apart by address do both come here; else the write waits before the queue.
    held_writes: u32,
    queue: Vec<Request>,
}

impl Bank {
    pub(super) fn new(depth: u32) -> Bank {
        Bank {
            row: CLOSED,
            column_commands: 0,
            earliest: Times::default(),
            read_hits: 0,
            write_hits: 0,
            held_writes: 0,
            queue: Vec::with_capacity(depth as usize),
        }
    }

    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.row != CLOSED
    }

    pub(super) fn open_row(&self) -> u32 {
        self.row
    }

    #[inline]
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The request that opens the row when the bank is closed.
    #[inline]
    pub(super) fn head(&self) -> Request {
        self.queue[0]
    }

    #[inline]
    pub(super) fn open(&mut self, row: u32) {
        self.row = row;
        self.column_commands = 0;
        self.read_hits = 0;
        self.write_hits = 0;
        for (position, request) in self.queue.iter().enumerate() {
            let hit = u32::from(request.row == row) << position;
            match request.kind {
                RequestKind::Read => self.read_hits |= hit,
                RequestKind::Write => self.write_hits |= hit,
            }
        }
    }

    #[inline]
    pub(super) fn close(&mut self) {
        self.row = CLOSED;
        self.read_hits = 0;
        self.write_hits = 0;
    }

    #[inline]
    pub(super) fn push(&mut self, request: Request) {
        let position = self.queue.len();
        let hit = u32::from(request.row == self.row) << position;
        match request.kind {
            RequestKind::Read => self.read_hits |= hit,
            RequestKind::Write => {
                self.write_hits |= hit;
                self.held_writes |= u32::from(self.is_read_before(position, request)) << position;
            }
        }
        self.queue.push(request);
    }

    /// Whether a request before this position of the queue reads the burst of `request`.
    #[inline]
    fn is_read_before(&self, position: usize, request: Request) -> bool {
        self.queue[..position]
            .iter()
            .any(|earlier| earlier.kind == RequestKind::Read && earlier.is_same_burst(request))
    }

    /// Position of the first read hit; beyond the queue if there is none.
    #[inline]
    pub(super) fn first_read(&self) -> u32 {
        self.read_hits.trailing_zeros()
    }

    /// Position of the first write hit that waits for no read; beyond the queue if there is none.
    #[inline]
    pub(super) fn first_write(&self) -> u32 {
        (self.write_hits & !self.held_writes).trailing_zeros()
    }

    #[inline]
    pub(super) fn has_hits(&self) -> bool {
        self.read_hits | self.write_hits != 0
    }

    /// Takes the first request that a column command serves, and counts the command.
    #[inline]
    pub(super) fn take_hit(&mut self, command: BankCommand) -> Request {
        self.column_commands += 1;
        let position = match command {
            BankCommand::Read => self.first_read(),
            _ => self.first_write(),
        };
        let below = (1u32 << position) - 1;
        let close_up = |hits: u32| (hits & below) | ((hits >> 1) & !below);
        self.read_hits = close_up(self.read_hits);
        self.write_hits = close_up(self.write_hits);
        let request = self.queue.remove(position as usize);
        if self.held_writes != 0 {
            self.hold_writes();
        }
        request
    }

    /// Finds out anew which writes wait for a read.
    fn hold_writes(&mut self) {
        self.held_writes = 0;
        for (position, &request) in self.queue.iter().enumerate() {
            let is_write = request.kind == RequestKind::Write;
            let is_held = is_write && self.is_read_before(position, request);
            self.held_writes |= u32::from(is_held) << position;
        }
    }

    /// Whether a request of this kind to the place of `request` is queued.
    pub(super) fn holds(&self, kind: RequestKind, request: Request) -> bool {
        self.queue
            .iter()
            .any(|queued| queued.kind == kind && queued.is_same_place(request))
    }

    /// The earliest time of each command that the requests want, as far as this bank decides; `NEVER` for a
    /// command that none wants.
    ///
    /// First-ready first-come-first-served: hits go in order; a request for another row closes the row only from
    /// the head of the queue, and only when no hits wait behind it or the row has had its share of them.
    #[inline]
    pub(super) fn wanted(&self, row_hit_cap: u32) -> Times {
        let waiting = !self.queue.is_empty();
        let open = self.is_open();
        let hits = self.read_hits | self.write_hits;
        let head_misses = hits & 1 == 0;
        let may_close = head_misses & ((hits == 0) | (self.column_commands >= row_hit_cap));
        Times::by(|command| {
            let is_wanted = match command {
                BankCommand::Activate => waiting & !open,
                BankCommand::Precharge => waiting & open & may_close,
                BankCommand::Read => self.read_hits != 0,
                BankCommand::Write => self.write_hits & !self.held_writes != 0,
            };
            if is_wanted {
                self.earliest[command]
            } else {
                NEVER
            }
        })
    }
}
