//! A bank: its row, the times it allows commands, and the requests that compete for it.

use super::request::{Request, RequestKind};

/// Later than every time.
pub(super) const NEVER: u64 = u64::MAX;

/// What a bank can be asked to do for its requests. Indexes [`Times`].
pub(super) const ACTIVATE: usize = 0;
pub(super) const PRECHARGE: usize = 1;
pub(super) const READ: usize = 2;
pub(super) const WRITE: usize = 3;

/// A time for each of ACT, PRE, RD, WR.
pub(super) type Times = [u64; 4];

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
    queue: Vec<Request>,
}

impl Bank {
    pub fn new(depth: u32) -> Bank {
        Bank {
            row: CLOSED,
            column_commands: 0,
            earliest: [0; 4],
            read_hits: 0,
            write_hits: 0,
            queue: Vec::with_capacity(depth as usize),
        }
    }

    #[inline]
    pub fn is_open(&self) -> bool {
        self.row != CLOSED
    }

    pub fn open_row(&self) -> u32 {
        self.row
    }

    #[inline]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The request that opens the row when the bank is closed.
    #[inline]
    pub fn head(&self) -> Request {
        self.queue[0]
    }

    /// Raises an earliest time.
    #[inline]
    pub fn not_before(&mut self, command: usize, cycle: u64) {
        self.earliest[command] = self.earliest[command].max(cycle);
    }

    #[inline]
    pub fn open(&mut self, row: u32) {
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
    pub fn close(&mut self) {
        self.row = CLOSED;
        self.read_hits = 0;
        self.write_hits = 0;
    }

    #[inline]
    pub fn push(&mut self, request: Request) {
        let hit = u32::from(request.row == self.row) << self.queue.len();
        match request.kind {
            RequestKind::Read => self.read_hits |= hit,
            RequestKind::Write => self.write_hits |= hit,
        }
        self.queue.push(request);
    }

    /// Position of the first request that `command` (RD or WR) would serve.
    #[inline]
    pub fn first_hit(&self, command: usize) -> u32 {
        let hits = if command == READ {
            self.read_hits
        } else {
            self.write_hits
        };
        hits.trailing_zeros()
    }

    #[inline]
    pub fn has_hits(&self) -> bool {
        self.read_hits | self.write_hits != 0
    }

    #[inline]
    pub fn remove(&mut self, position: u32) -> Request {
        let below = (1u32 << position) - 1;
        let close_up = |hits: u32| (hits & below) | ((hits >> 1) & !below);
        self.read_hits = close_up(self.read_hits);
        self.write_hits = close_up(self.write_hits);
        self.queue.remove(position as usize)
    }

    /// Whether a queued request of this kind addresses the burst.
    pub fn holds(&self, kind: RequestKind, row: u32, column: u32) -> bool {
        self.queue
            .iter()
            .any(|r| r.kind == kind && r.row == row && r.column == column)
    }

    /// The earliest time of each command that the requests want, as far as this bank decides; `NEVER` for a
    /// command that none wants.
    ///
    /// First-ready first-come-first-served: hits go in order; a request for another row closes the row only from
    /// the head of the queue, and only when no hits wait behind it or the row has had its share of them.
    #[inline]
    pub fn wanted(&self, row_hit_cap: u32) -> Times {
        let when = |wanted: bool, command: usize| {
            if wanted {
                self.earliest[command]
            } else {
                NEVER
            }
        };
        let waiting = !self.queue.is_empty();
        let open = self.is_open();
        let hits = self.read_hits | self.write_hits;
        let head_misses = hits & 1 == 0;
        let may_close = head_misses & ((hits == 0) | (self.column_commands >= row_hit_cap));
        [
            when(waiting & !open, ACTIVATE),
            when(waiting & open & may_close, PRECHARGE),
            when(self.read_hits != 0, READ),
            when(self.write_hits != 0, WRITE),
        ]
    }
}
